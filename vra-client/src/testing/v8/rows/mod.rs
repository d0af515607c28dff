//! Rows of the store that are more than the JSON that was sent.

mod deployment;
mod item;
mod job;
mod range;
mod tracker;
mod upload;

pub(super) use deployment::{Deployment, Effect, Machine, Nic, Request, Source};
pub(super) use item::CatalogItem;
pub(super) use job::{Job, Purpose};
pub(super) use range::{AddressRecord, AddressState, IpRange, decimal};
pub(super) use tracker::{Outcome, Tracker};
pub(super) use upload::Upload;
