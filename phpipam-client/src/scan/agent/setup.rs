//! Settings of an agent, as all steps of a run use them.

use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use tokio::sync::Semaphore;

use crate::client::Client;
use crate::models::JsonObject;
use crate::scan::plan::PlanCache;
use crate::scan::relay::Delivery;
use crate::scan::zone::ServerZone;
use crate::scan::{Policy, Probe, ReverseLookup};

/// Settings of an agent.
#[derive(Debug)]
pub(super) struct Setup {
    pub(super) client: Client,
    pub(super) code: String,
    pub(super) probe: Option<Arc<dyn Probe>>,
    pub(super) names: Arc<dyn ReverseLookup>,
    pub(super) policy: Policy,
    pub(super) zone: ServerZone,
    pub(super) cache: Option<PlanCache>,
    pub(super) delivery: Option<Arc<dyn Delivery>>,
    pub(super) custom: JsonObject,
    pub(super) only: Vec<IpNet>,
    pub(super) subnets_at_once: usize,
    pub(super) permits: Semaphore,
    pub(super) changes_at_once: usize,
    pub(super) names_at_once: usize,
    pub(super) time_limit: Duration,
}
