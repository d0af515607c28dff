//! Catalog service: items, requests, resources and their actions.

mod action_link;
mod body;
mod calls;
mod cost;
mod deployment;
mod forms;
mod item;
mod reference;
mod request;
mod resource;
mod service;

pub use body::{CatalogItemRequestBody, MachineValues, ResourceActionRequestBody};
pub use cost::{Costs, Lease, Quote};
pub use deployment::{Deployment, DeploymentComponent, DeploymentOwner};
pub use forms::Forms;
pub use item::{
    CatalogItem, CatalogItemView, CatalogService, EntitledCatalogItem, EntitledItem, EntitledOperation,
    EntitledService, Entitlement,
};
pub use reference::{Organization, Owner, ProviderBinding, Reference};
pub use request::{CatalogRequest, RequestCompletion, RequestPhase, RequestState, RequestTemplate, SubmittedRequest};
pub use resource::{MachineNetwork, Resource, ResourceOperation, ResourceType, ResourceView};
pub use service::Catalog;
