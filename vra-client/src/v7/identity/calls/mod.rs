//! Calls of the identity service, by subject.

mod directories;
mod principals;
mod roles;
mod subtenants;
mod tenants;
mod tokens;
