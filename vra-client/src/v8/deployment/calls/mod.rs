//! Calls, by subject.

mod actions;
mod deployments;
mod requests;
mod resources;
