//! Plan of a run: the subnets that are assigned to an agent.

mod cache;
mod model;
mod read;

pub(super) use cache::Cached;
pub use cache::PlanCache;
pub use model::{Plan, PlanNote, PlannedSubnet};
pub(super) use read::{assignment, find_agent};
