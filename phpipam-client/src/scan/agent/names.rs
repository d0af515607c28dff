//! Host names of what was found.

use std::net::IpAddr;
use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::time::{Instant, timeout_at};

use super::setup::Setup;
use crate::scan::plan::PlannedSubnet;
use crate::scan::{Observation, host_name};

const YEAR: Duration = Duration::from_secs(365 * 86_400);

/// Looks up the names of the hosts that are wanted, by the name servers of the subnet. Names that are not found within the
/// time limit are left out.
pub(super) async fn look_up(
    agent: &Setup,
    subnet: &PlannedSubnet,
    observation: &mut Observation,
    wanted: &(dyn Fn(&IpAddr) -> bool + Send + Sync),
) {
    // An instant cannot hold any duration, and no run takes a year.
    let until = Instant::now() + agent.time_limit.min(YEAR);
    let asked: Vec<(usize, IpAddr)> = observation
        .hosts
        .iter()
        .enumerate()
        .filter(|(_, host)| host.hostname.is_none() && wanted(&host.address))
        .map(|(index, host)| (index, host.address))
        .collect();
    let mut names = futures_util::stream::iter(asked)
        .map(|(index, address)| async move { (index, address, agent.names.name(address, &subnet.nameservers).await) })
        .buffer_unordered(agent.names_at_once);
    while let Ok(Some((index, address, name))) = timeout_at(until, names.next()).await {
        if let (Some(host), Some(name)) = (observation.hosts.get_mut(index), name) {
            host.hostname = host_name(address, &name);
        }
    }
}
