//! Comparison of known addresses with an observation.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use ipam_core::MacAddr;
use ipnet::IpNet;

use super::{Coverage, Host, HostnameRule, KnownHost, Observation, Policy, Presence};

/// Change of one address in the IPAM.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change<I> {
    /// Creates an address that the IPAM does not know.
    Create {
        /// Address.
        address: IpAddr,
        /// Host name.
        hostname: Option<String>,
        /// MAC address.
        mac: Option<MacAddr>,
        /// Time of the last reply.
        seen: SystemTime,
    },
    /// Records that a known host replied.
    Seen {
        /// Id in the IPAM.
        id: I,
        /// Address.
        address: IpAddr,
        /// New time; `None` if the IPAM has a later one, or one that is not due by
        /// [`Policy::last_seen_interval`].
        seen: Option<SystemTime>,
        /// New host name; `None` to keep the present one.
        hostname: Option<String>,
        /// New MAC address; `None` to keep the present one.
        mac: Option<MacAddr>,
        /// True if the host was marked offline and is marked as used again.
        online: bool,
    },
    /// Marks a silent host offline.
    Offline {
        /// Id in the IPAM.
        id: I,
        /// Address.
        address: IpAddr,
        /// Time of its last reply.
        last_seen: SystemTime,
    },
    /// Deletes a silent address that the agent created.
    Remove {
        /// Id in the IPAM.
        id: I,
        /// Address.
        address: IpAddr,
        /// Time of its last reply.
        last_seen: SystemTime,
    },
}

impl<I> Change<I> {
    /// Returns true if the host is as the IPAM records it, so that nothing is written.
    pub const fn is_unchanged(&self) -> bool {
        matches!(self, Self::Seen { seen: None, hostname: None, mac: None, online: false, .. })
    }

    /// Returns the address.
    pub const fn address(&self) -> IpAddr {
        match self {
            Self::Create { address, .. }
            | Self::Seen { address, .. }
            | Self::Offline { address, .. }
            | Self::Remove { address, .. } => *address,
        }
    }
}

/// Reason why silent hosts were left as they are.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Withheld {
    /// The probe did not reach every address.
    #[error("the scan is incomplete ({0}), so silence proves nothing; no host was marked offline or removed")]
    Incomplete(String),
    /// No host of the prefix but the scanner itself replied.
    #[error(
        "none of the {known} hosts that were seen before replied, nor any other but the scanner itself, which points to the \
         network and not to the hosts; no host was marked offline or removed. Check the scanner's connection, or accept it with accept_all_silent"
    )]
    AllSilent {
        /// Number of known hosts that were up at the last scan.
        known: usize,
    },
}

/// Changes that bring the IPAM in line with an observation.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reconciliation<I> {
    /// Changes, in order of address.
    pub changes: Vec<Change<I>>,
    /// Reason why silent hosts were left as they are; `None` if they were looked at.
    pub withheld: Option<Withheld>,
}

/// Compares the known addresses of a prefix with an observation at the time `now`.
///
/// `now`, the times of the observation and those of the IPAM are on one clock; for phpIPAM this is the server's. The result of
/// equal inputs is equal, and applying it twice changes nothing the second time.
///
/// - An unknown address that replied is created, but never the network or the broadcast address of an IPv4 prefix.
/// - A known address that replied gets the time, the MAC address that was found, and a host name by
///   [`Policy::hostnames`]. Its state stays, except that [`Presence::Offline`] becomes used. A reply that is older than the
///   recorded one, of a report that was late, changes neither state nor MAC address.
/// - A known address that was asked and did not reply is marked offline after [`Policy::offline_after`] of silence. If the
///   agent created it and an earlier scan marked it offline, it is removed after [`Policy::remove_after`]. One that no scan
///   has ever found stays as it is: its machine may not have been started yet. Silence is measured until the
///   [end of the probe](Observation::ended).
/// - An incomplete observation, or one in which no host but the [scanner itself](Observation::own) replied where hosts were
///   up before, marks and removes none ([`Reconciliation::withheld`]).
///
/// ```
/// use std::time::{Duration, SystemTime};
///
/// use phpipam_client::scan::{Change, Coverage, Evidence, Host, KnownHost, Observation, Policy, Presence, reconcile};
///
/// let now = SystemTime::now();
/// let yesterday = now - Duration::from_secs(86_400);
/// let known = [
///     KnownHost::new(1, "10.0.0.5".parse()?, Presence::Used).with_last_seen(yesterday),
///     KnownHost::new(2, "10.0.0.6".parse()?, Presence::Used).with_last_seen(yesterday),
/// ];
/// let found = Host::new("10.0.0.6".parse()?, Evidence::Echo, now);
/// let observation = Observation::new("10.0.0.0/24".parse()?, Coverage::Whole, [found]);
///
/// let changes = reconcile(&known, &observation, &Policy::default(), now).changes;
/// assert!(matches!(changes[0], Change::Offline { id: 1, .. }));
/// assert!(matches!(changes[1], Change::Seen { id: 2, .. }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn reconcile<I: Clone>(
    known: &[KnownHost<I>],
    observation: &Observation,
    policy: &Policy,
    now: SystemTime,
) -> Reconciliation<I> {
    let mut changes = Vec::new();
    let ended = observation.ended.map_or(now, |ended| ended.min(now));
    let withheld = policy.check.then(|| withheld(known, observation, policy)).flatten();
    for entry in known {
        let change = match observation.host(entry.address) {
            Some(host) => Some(seen(entry, host, policy, now)),
            // A probe that was cut short may have missed the host, so its silence is not looked at.
            None if withheld.is_some() || !policy.check || !observation.covers(entry.address) => None,
            None => silent(entry, policy, ended),
        };
        changes.extend(change);
    }
    if policy.discover {
        let addresses: BTreeSet<IpAddr> = known.iter().map(|entry| entry.address).collect();
        let unknown = observation.hosts.iter().filter(|host| !addresses.contains(&host.address));
        changes.extend(unknown.filter(|host| is_host(observation.net, host.address)).map(create));
    }
    changes.sort_by_key(Change::address);
    Reconciliation { changes, withheld }
}

/// Returns the reason why silence proves nothing.
fn withheld<I>(known: &[KnownHost<I>], observation: &Observation, policy: &Policy) -> Option<Withheld> {
    if let Coverage::Incomplete(reason) = &observation.coverage {
        return Some(Withheld::Incomplete(reason.clone()));
    }
    let up = |entry: &&KnownHost<I>| {
        entry.last_seen.is_some()
            && entry.presence != Presence::Offline
            && !entry.excluded
            && !observation.own.contains(&entry.address)
            && observation.covers(entry.address)
    };
    let known = known.iter().filter(up).count();
    (!observation.has_reply() && known > 0 && !policy.accept_all_silent).then_some(Withheld::AllSilent { known })
}

fn create<I>(host: &Host) -> Change<I> {
    Change::Create { address: host.address, hostname: host.hostname.clone(), mac: host.mac, seen: host.seen }
}

fn seen<I: Clone>(entry: &KnownHost<I>, host: &Host, policy: &Policy, now: SystemTime) -> Change<I> {
    // Not of an old report. A recorded time that is in the future, after a clock was set back, proves nothing.
    let is_new = entry.last_seen.is_none_or(|last| host.seen > last || last > now);
    let hostname = host.hostname.clone().filter(|found| match policy.hostnames {
        HostnameRule::Keep => false,
        HostnameRule::FillIn => entry.hostname.is_none(),
        // Names are compared without case, as DNS does, so that a record of another case is no change.
        HostnameRule::Replace => entry.hostname.as_ref().is_none_or(|present| !present.eq_ignore_ascii_case(found)),
    });
    let mac = host.mac.filter(|found| (is_new || entry.mac.is_none()) && entry.mac != Some(*found));
    let online = is_new && policy.check && !entry.excluded && entry.presence == Presence::Offline;
    // If the address is written anyway, the time goes along.
    let written = hostname.is_some() || mac.is_some() || online;
    let due = match entry.last_seen {
        None => true,
        // A clock that was set back must not hide a later success.
        Some(last) => host
            .seen
            .duration_since(last)
            .is_ok_and(|age| age > Duration::ZERO && (written || age >= policy.write_interval())),
    };
    Change::Seen { id: entry.id.clone(), address: entry.address, seen: due.then_some(host.seen), hostname, mac, online }
}

fn silent<I: Clone>(entry: &KnownHost<I>, policy: &Policy, ended: SystemTime) -> Option<Change<I>> {
    let last_seen = entry.last_seen?;
    if entry.excluded {
        return None;
    }
    // A time in the future, after a clock was set back, counts as no silence at all.
    let silence = ended.duration_since(last_seen).unwrap_or(Duration::ZERO);
    let (id, address) = (entry.id.clone(), entry.address);
    // A removal takes two silent scans, of which the first marks it. A state that a person chose, such as "reserved",
    // protects it.
    if entry.created_by_agent
        && entry.presence == Presence::Offline
        && policy.remove_after.is_some_and(|limit| silence >= limit)
    {
        return Some(Change::Remove { id, address, last_seen });
    }
    (entry.presence == Presence::Used && silence >= policy.offline_after).then_some(Change::Offline {
        id,
        address,
        last_seen,
    })
}

/// Returns true if the address can be that of a host.
fn is_host(net: IpNet, address: IpAddr) -> bool {
    // A broadcast address replies in place of hosts. A /31 (RFC 3021) and a /32 have none, and neither has IPv6.
    match net {
        IpNet::V4(net) if net.prefix_len() < 31 => address != net.network() && address != net.broadcast(),
        _ => true,
    }
}

/// Number of changes of each kind, for a report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct ChangeCounts {
    /// Addresses that are created.
    pub created: usize,
    /// Known hosts that replied.
    pub seen: usize,
    /// Hosts among [`seen`](Self::seen) that are marked as used again.
    pub online: usize,
    /// Hosts that are marked offline.
    pub offline: usize,
    /// Addresses that are deleted.
    pub removed: usize,
}

impl<I> Reconciliation<I> {
    /// Counts the changes.
    #[must_use]
    pub fn counts(&self) -> ChangeCounts {
        let mut counts = ChangeCounts::default();
        for change in &self.changes {
            match change {
                Change::Create { .. } => counts.created += 1,
                Change::Seen { online, .. } => {
                    counts.seen += 1;
                    counts.online += usize::from(*online);
                }
                Change::Offline { .. } => counts.offline += 1,
                Change::Remove { .. } => counts.removed += 1,
            }
        }
        counts
    }
}
