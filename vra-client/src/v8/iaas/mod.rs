//! IaaS service, `/iaas/api`: infrastructure, networks and addresses.

mod about;
mod common;
mod projects;

pub use about::{About, ApiDescription, DeprecationPolicy};
pub use common::Tag;
pub use projects::{Project, ProjectBody, ProjectUser, Projects, ZoneAssignment};
