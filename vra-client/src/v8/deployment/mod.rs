//! Deployment service, `/deployment/api`: deployments, their resources, actions and requests.

mod action;
mod calls;
mod event;
mod machine;
mod model;
mod progress;
mod query;
mod request;
mod resource;
mod service;

pub use action::{ResourceAction, ResourceActionRequestBody};
pub use event::{EventLog, ExpenseHistory, ExpenseValue, RequestEvent, UserEvent};
pub use machine::MachineNetwork;
pub use model::{Deployment, DeploymentCount, DeploymentStatus, DeploymentUpdateBody};
pub use query::{DeploymentExpansion, DeploymentQuery, DeploymentResourceQuery, ResourceQuery};
pub use request::{DeploymentRequest, DeploymentRequestStatus};
pub use resource::{
    DeploymentReference, DeploymentResource, Expense, Resource, ResourceBody, ResourceType, SubmittedResource,
};
pub use service::{Deployments, Resources};
