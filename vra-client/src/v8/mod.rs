//! Client of vRealize Automation 8, Aria Automation 8 and VCF Automation 9.
//!
//! [`Client`] has a method per service. The documentation of each method names its *Evidence*: the source that is known
//! for the call, in the words of the front page of the crate.
//!
//! | service | type | subject |
//! | --- | --- | --- |
//! | IaaS | [`Projects`], [`Zones`], [`Regions`] | projects: users with the zones that they deploy to, in regions |
//! | IaaS | [`FabricNetworks`], [`Networks`], [`NetworkProfiles`] | networks, network domains, and what machines get of them |
//! | IaaS | [`NetworkIpRanges`] | IP ranges of the product's own address management, with their addresses |
//! | IaaS | [`ExternalIpRanges`], [`ExternalIpBlocks`] | ranges and blocks of an external IPAM |
//! | IaaS | [`Integrations`], [`PackageImport`] | other systems such as an IPAM, and the packages of their plug-ins |
//! | IaaS | [`Machines`], [`FlavorsAndImages`] | machines with their network cards; sizes and images |
//! | IaaS | [`RequestTrackers`] | progress of calls that the server carries out later |
//! | catalog | [`Catalog`] | items, requests, prices, sources, entitlements |
//! | blueprint | [`Blueprints`] | cloud templates |
//! | deployment | [`Deployments`] | deployments, their resources, actions and requests |
//! | deployment | [`Resources`] | resources of all deployments |
//! | extensibility | [`Abx`] | actions that the server runs, and their runs |
//!
//! # Calls and async methods
//! - A method that is one HTTP request returns a [`Call`], and one that reads a list returns a [`List`]. They send
//!   nothing until they are awaited or read.
//! - A method that can refuse its argument before anything is sent returns a `Result` with a `Call`.
//! - A method that needs several requests, or evaluates the response, is `async` and sends when it is awaited.
//!
//! # Versions of the API
//! Each call names the version of the API that it was written for in the parameter `apiVersion`: without one the
//! catalog and deployment services use their latest version, and the IaaS service its oldest.
//! [`ClientBuilder::with_iaas_version`] and [`ClientBuilder::with_service_version`] set others.
//!
//! # Ids and links
//! Ids are opaque texts; only some of them are UUIDs. References to other objects are in [`Links`], whose last path
//! segment is the id.

mod abx;
mod base64;
mod catalog;
mod client;
mod conditions;
mod deployment;
mod iaas;
mod inputs;
mod links;
mod login;
#[cfg(feature = "v8-provider")]
pub mod provider;
mod reference;

// Shared by all versions, and re-exported so that one path is enough.
pub use crate::call::{Call, Created, RawResponse};
pub use crate::list::{Link, List, Page, PageCounts, PageMetadata, Paging, Row};
pub use abx::{Abx, AbxAction, AbxRun, AbxRunBody, AbxRunState};
pub use catalog::{
    Blueprint, BlueprintStatus, Blueprints, Catalog, CatalogItem, CatalogItemPatch, CatalogItemQuery,
    CatalogItemRequestBody, CatalogItemType, CatalogItemVersion, CatalogSource, CatalogSourceBody, ContentDefinition,
    Entitlement, EntitlementBody, PriceStatus, RequestedDeployment, ResourceUpfrontPrice, UpfrontPrice,
};
pub use client::{Client, ClientBuilder, Product};
pub use deployment::{
    Deployment, DeploymentCount, DeploymentExpansion, DeploymentQuery, DeploymentReference, DeploymentRequest,
    DeploymentRequestStatus, DeploymentResource, DeploymentResourceQuery, DeploymentStatus, DeploymentUpdateBody,
    Deployments, EventLog, Expense, ExpenseHistory, ExpenseValue, MachineNetwork, RequestEvent, Resource,
    ResourceAction, ResourceActionRequestBody, ResourceBody, ResourceQuery, ResourceType, Resources, SubmittedResource,
    UserEvent,
};
pub use iaas::{
    About, AllocateAddressesBody, AllocationType, ApiDescription, ConfigurationProperty, DeprecationPolicy,
    ExistingPackage, ExternalIpBlocks, ExternalIpRange, ExternalIpRanges, FabricNetwork, FabricNetworkBody,
    FabricNetworks, FlavorMappings, FlavorProfile, FlavorsAndImages, ImageMapping, ImportedPackage, Integration,
    IntegrationBody, Integrations, IpAddressStatus, IpVersion, IsolationType, Machine, MachineOperation, Machines,
    Network, NetworkBody, NetworkDomain, NetworkInterface, NetworkInterfaceBody, NetworkIpAddress, NetworkIpRange,
    NetworkIpRangeBody, NetworkIpRanges, NetworkProfile, NetworkProfileBody, NetworkProfiles, Networks, PackageImport,
    PowerState, Project, ProjectBody, ProjectUser, Projects, RELEASE_PERIOD_MINUTES, Region, Regions,
    ReleaseAddressesBody, RequestStatus, RequestTracker, RequestTrackers, Tag, Zone, ZoneAssignment, ZoneBody, Zones,
};
pub use links::{Href, Links};
pub use login::{AccessToken, IssuedToken};
pub use reference::ResourceReference;
