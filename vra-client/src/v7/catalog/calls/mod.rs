//! Calls of the catalog service, by subject.

mod actions;
mod items;
mod requests;
mod resources;
mod submit;
