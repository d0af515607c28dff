//! Client of vRealize Automation 6.2 to 7.6.
//!
//! [`Client`] has a method per service. The documentation of each method names its *Evidence*: the source that is known
//! for the call, in the words of the [front page](crate#evidence), which also says what *the manual* is.
//!
//! | service | type | subject |
//! | --- | --- | --- |
//! | identity | [`Identity`] | tokens, tenants, identity stores, users and groups, roles, business groups |
//! | catalog | [`Catalog`] | items, requests, resources, actions |
//! | work items | [`WorkItems`] | approvals and other tasks that wait for a user |
//! | approval | [`Approvals`] | approval policies |
//! | reservation | [`Reservations`] | reservations, their types, schemas and values |
//! | reservation | [`ReservationPolicies`] | reservation policies |
//! | IaaS | [`NetworkProfiles`] | network profiles with ranges and addresses |
//! | IaaS | [`KeyPairs`] | key pairs |
//! | component registry | [`ComponentRegistry`] | services of the server and their status |
//! | IPAM | [`IpamGateway`] | ranges and address spaces of the server's IPAM endpoints |
//!
//! # Calls and async methods
//! - A method that is one HTTP request returns a [`Call`], and one that reads a list returns a [`List`]. They send
//!   nothing until they are awaited or read.
//! - A method that can refuse its argument before anything is sent returns a `Result` with a `Call`. Examples are
//!   [`Catalog::template_of`], whose link may be unusable, and [`NetworkProfiles::replace`], whose profile may have no
//!   ranges.
//! - A method that needs several requests, or evaluates the response, is `async` and sends when it is awaited. Examples
//!   are [`Catalog::item_named`], [`Catalog::wait_for`] and [`Identity::token_is_valid`].
//!
//! # Terms
//! Times are UTC. Users are `user@domain`, groups `group@domain`. A business group is called *subtenant* by the API.

mod catalog;
mod client;
mod component_registry;
mod identity;
mod ipam;
mod key_pair;
mod literal;
mod login;
mod network_profile;
mod reservation;
mod reservation_policy;
mod schema;
mod work_item;

// Shared by all versions, and re-exported so that one path is enough.
pub use crate::call::{Call, Created, RawResponse};
pub use crate::list::{Link, List, Page, PageCounts, PageMetadata, Paging, Row};
pub use catalog::{
    Catalog, CatalogItem, CatalogItemRequestBody, CatalogItemView, CatalogRequest, CatalogService, Costs, Deployment,
    DeploymentComponent, DeploymentOwner, EntitledCatalogItem, EntitledItem, EntitledOperation, EntitledService,
    Entitlement, Forms, Lease, MachineNetwork, MachineValues, Organization, Owner, ProviderBinding, Quote, Reference,
    RequestCompletion, RequestPhase, RequestState, RequestTemplate, Resource, ResourceActionRequestBody,
    ResourceOperation, ResourceType, ResourceView, SubmittedRequest,
};
pub use client::{Client, ClientBuilder};
pub use component_registry::{ComponentRegistry, ServiceEndpoint, ServiceInfo, ServiceState, ServiceStatus};
pub use identity::{
    About, DirectoryBody, DirectoryStatus, DirectorySync, GroupBody, Identity, IdentityStore, Permission, Principal,
    PrincipalId, Subtenant, SubtenantBody, SubtenantRole, SystemRole, Tenant, TenantBody, UserBody,
};
pub use ipam::{AddressSpace, IpamGateway, IpamRange};
pub use key_pair::{KeyPair, KeyPairBody, KeyPairs};
pub use literal::{Complex, EntityRef, Entry, Literal, LiteralMap, Money, MoneyTimeRate, Multiple, TimeSpan};
pub use login::IssuedToken;
pub use network_profile::{
    AddressState, DhcpConfig, NatType, NetworkProfile, NetworkProfileBody, NetworkProfiles, ProfileAddress,
    ProfileRange, ProfileType, RangeBody, RangeSummary,
};
pub use reservation::{
    Alert, AlertPolicy, AlertType, Reservation, ReservationBody, ReservationType, ReservationValues, Reservations,
    StorageShare,
};
pub use reservation_policy::{
    COMPUTE_RESOURCE_POLICY, ReservationPolicies, ReservationPolicy, ReservationPolicyBody, STORAGE_POLICY,
};
pub use schema::{
    DataType, Facet, FacetValue, FieldState, FormReference, PermissibleValue, PermissibleValues, Schema, SchemaField,
    ValuesRequest,
};
pub use work_item::{
    APPROVE, ApprovalPhaseType, ApprovalPolicy, ApprovalPolicyType, Approvals, Assignee, Icon, ListView, REJECT,
    WorkItem, WorkItemAction, WorkItemCompletion, WorkItemForms, WorkItemRequest, WorkItemType, WorkItems,
};
