//! Rows of the store: data and its changes, without the forms in which the server shows it.

mod catalog_item;
mod compute;
mod profile;
mod request;
mod resource;
mod token;
mod work_item;

pub(super) use catalog_item::CatalogItem;
pub(super) use compute::Compute;
pub(super) use profile::{Address, Profile, Range, State};
pub(super) use request::{Request, RequestKind, Stage};
pub(super) use resource::{Kind, Machine, NetworkPlacement, Resource, days_after};
pub(super) use token::Token;
pub(super) use work_item::WorkItem;
