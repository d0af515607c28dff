//! Tokens, tenants, identity stores, principals, roles and business groups.

mod body;
mod calls;
mod model;
mod service;

pub use body::{DirectoryBody, GroupBody, SubtenantBody, TenantBody, UserBody};
pub use model::{
    About, DirectoryStatus, DirectorySync, IdentityStore, Permission, Principal, PrincipalId, Subtenant, SubtenantRole,
    SystemRole, Tenant,
};
pub use service::Identity;
