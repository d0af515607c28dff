//! Neighbour table: hosts that replied to ARP (IPv4) or neighbour discovery (IPv6).

mod netlink;
#[cfg(target_os = "linux")]
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::SystemTime;

use async_trait::async_trait;
use ipam_core::MacAddr;
use ipnet::IpNet;

use super::{Probe, ProbeTarget};
use crate::scan::{Coverage, Evidence, Host, Observation};
pub(super) use netlink::{Neighbour, State};

/// Probe that reads the kernel's neighbour table, and sends nothing.
///
/// A host is found if the kernel has its reply to ARP or neighbour discovery of the last half minute or so (`REACHABLE`),
/// however the packets came about: run it after, or beside, a probe that sends some, as [`Probes`](super::Probes) does. It
/// finds hosts that block everything else, and the addresses of an IPv6 prefix that the scanning machine talks to.
///
/// It covers no address: a host that is not in the table is not silent. Only hosts on a network of the scanning machine can be
/// in the table. It needs no rights; it needs Linux, and sockets of netlink, which a sandbox may forbid (systemd's
/// `RestrictAddressFamilies=` needs `AF_NETLINK`).
///
/// ```
/// use phpipam_client::scan::{NeighbourProbe, Probe, ProbeTarget};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let target = ProbeTarget::whole("2001:db8::/64".parse()?);
/// let observation = NeighbourProbe::new().probe(&target).await;
/// assert!(!observation.covers("2001:db8::5".parse()?), "silence is not noticed");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct NeighbourProbe {}

impl NeighbourProbe {
    /// Creates the probe.
    #[must_use]
    pub const fn new() -> Self {
        Self {}
    }
}

#[async_trait]
impl Probe for NeighbourProbe {
    fn name(&self) -> &str {
        "neighbours"
    }

    async fn probe(&self, target: &ProbeTarget) -> Observation {
        match read().await {
            Ok(table) => observe(target, &table, SystemTime::now()),
            Err(reason) => Observation::incomplete(target.net, reason),
        }
    }
}

/// Reads the table.
#[cfg(target_os = "linux")]
pub(super) async fn read() -> Result<Vec<Neighbour>, String> {
    // The calls take microseconds, but may sleep in the kernel while interfaces change.
    let table = tokio::task::spawn_blocking(table::read).await;
    let failed = |error: &dyn std::fmt::Display| {
        format!("the neighbour table cannot be read ({error}); permit sockets of netlink (AF_NETLINK) to the scanner")
    };
    table.map_err(|error| failed(&error))?.map_err(|error| failed(&error))
}

/// Reads the table.
#[cfg(not(target_os = "linux"))]
pub(super) async fn read() -> Result<Vec<Neighbour>, String> {
    Err("the neighbour table is read on Linux only; run the scanner there".to_owned())
}

/// Returns the hosts of the target that have replied lately.
pub(super) fn observe(target: &ProbeTarget, table: &[Neighbour], now: SystemTime) -> Observation {
    let wanted = |address: &IpAddr| target.only.as_ref().is_none_or(|only| only.contains(address));
    let hosts = table.iter().filter_map(|neighbour| match neighbour.state {
        State::Reachable(mac, age) if target.net.contains(&neighbour.address) && wanted(&neighbour.address) => {
            let seen = now.checked_sub(age).unwrap_or(now);
            Some(Host::new(neighbour.address, Evidence::Neighbour, seen).with_mac(mac))
        }
        _ => None,
    });
    Observation::new(target.net, Coverage::Addresses(BTreeSet::new()), hosts)
}

/// Returns the addresses of the prefix that the table knows, and of which nothing is known but that they were there.
pub(super) fn unconfirmed(net: IpNet, table: &[Neighbour]) -> impl Iterator<Item = IpAddr> {
    let open = move |neighbour: &&Neighbour| {
        matches!(neighbour.state, State::Unconfirmed(_)) && net.contains(&neighbour.address)
    };
    table.iter().filter(open).map(|neighbour| neighbour.address)
}

/// Returns the addresses of the prefix that did not reply to ARP or neighbour discovery. None where the table cannot be read.
pub(super) async fn silent(net: IpNet) -> BTreeSet<IpAddr> {
    let table = read().await.unwrap_or_default();
    let silent = table.into_iter().filter(|entry| matches!(entry.state, State::Silent) && net.contains(&entry.address));
    silent.map(|entry| entry.address).collect()
}

/// Fills in the MAC addresses that hosts lack and the table knows, even if the entry proves no reply.
pub(super) fn complete(observation: &mut Observation, table: &[Neighbour]) {
    let macs: BTreeMap<IpAddr, MacAddr> = table
        .iter()
        .filter_map(|neighbour| match neighbour.state {
            State::Reachable(mac, _) | State::Unconfirmed(mac) | State::Permanent(mac) => {
                Some((neighbour.address, mac))
            }
            State::Silent => None,
        })
        .collect();
    for host in &mut observation.hosts {
        host.mac = host.mac.or_else(|| macs.get(&host.address).copied());
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use std::time::Duration;

    use super::*;

    fn mac(last: u8) -> MacAddr {
        MacAddr::new([2, 0, 0, 0, 0, last])
    }

    fn neighbour(address: &str, state: State) -> Neighbour {
        Neighbour { address: address.parse().unwrap(), state }
    }

    fn table() -> [Neighbour; 5] {
        [
            neighbour("10.0.0.5", State::Reachable(mac(5), Duration::from_secs(3))),
            neighbour("10.0.0.6", State::Unconfirmed(mac(6))),
            neighbour("10.0.0.7", State::Silent),
            neighbour("10.0.1.8", State::Reachable(mac(8), Duration::ZERO)),
            neighbour("10.0.0.9", State::Reachable(mac(9), Duration::MAX)),
        ]
    }

    #[test]
    fn only_a_reply_is_evidence_and_no_address_is_covered() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
        let target = ProbeTarget::whole("10.0.0.0/24".parse().unwrap());
        let observation = observe(&target, &table(), now);
        let found: Vec<String> = observation.hosts.iter().map(|host| host.address.to_string()).collect();
        assert_eq!(found, ["10.0.0.5", "10.0.0.9"]);
        assert_eq!(observation.hosts[0].seen, now - Duration::from_secs(3));
        assert_eq!(observation.hosts[1].seen, now, "an impossible age counts as none");
        assert!(!observation.covers("10.0.0.7".parse().unwrap()));
        let few = ProbeTarget::addresses("10.0.0.0/24".parse().unwrap(), ["10.0.0.9".parse().unwrap()]);
        assert_eq!(observe(&few, &table(), now).hosts.len(), 1);
    }

    #[test]
    fn an_old_entry_gives_a_mac_to_a_host_that_was_found_otherwise() {
        let echo = |address: &str| Host::new(address.parse().unwrap(), Evidence::Echo, SystemTime::now());
        let hosts = [echo("10.0.0.6"), echo("10.0.0.7"), echo("10.0.0.5").with_mac(mac(77))];
        let mut observation = Observation::new("10.0.0.0/24".parse().unwrap(), Coverage::Whole, hosts);
        complete(&mut observation, &table());
        let macs: Vec<Option<MacAddr>> = observation.hosts.iter().map(|host| host.mac).collect();
        assert_eq!(macs, [Some(mac(77)), Some(mac(6)), None]);
        assert_eq!(observation.hosts.len(), 3, "no host is found by it");
        let open: Vec<IpAddr> = unconfirmed("10.0.0.0/24".parse().unwrap(), &table()).collect();
        assert_eq!(open, ["10.0.0.6".parse::<IpAddr>().unwrap()]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_table_of_this_machine_can_be_read_without_rights() {
        let table = table::read().unwrap();
        assert!(table.iter().all(|neighbour| !neighbour.address.is_multicast()), "{table:?}");
    }
}
