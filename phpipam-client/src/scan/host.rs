//! Hosts that a probe found.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ipam_core::MacAddr;
use ipnet::IpNet;

/// Kind of evidence that a host is up.
///
/// ```
/// use phpipam_client::scan::Evidence;
///
/// assert!(Evidence::Neighbour < Evidence::Echo, "the strongest kind comes first");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Evidence {
    /// Reply to ARP (IPv4) or neighbour discovery (IPv6). A host that blocks all else still sends it.
    Neighbour,
    /// ICMP echo reply.
    Echo,
    /// TCP port that accepted or refused a connection.
    Tcp,
    /// Another reply that a probe program counted as "up".
    Other,
}

/// Host that replied to a probe.
///
/// ```
/// use std::time::{Duration, SystemTime, UNIX_EPOCH};
///
/// use phpipam_client::scan::{Evidence, Host};
///
/// let host = Host::new("10.0.0.5".parse()?, Evidence::Echo, SystemTime::now()).with_mac("00:11:22:aa:bb:cc".parse()?);
/// assert!(host.evidence.contains(&Evidence::Echo));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Host {
    /// Address that replied.
    pub address: IpAddr,
    /// Evidence; at least one kind.
    pub evidence: BTreeSet<Evidence>,
    /// MAC address, known only if the host is on a network of the scanning machine.
    pub mac: Option<MacAddr>,
    /// Name of the host's PTR record, as [`host_name`](super::host_name) leaves it.
    pub hostname: Option<String>,
    /// Time of the last reply.
    pub seen: SystemTime,
}

impl Host {
    /// Host with one kind of evidence.
    #[must_use]
    pub fn new(address: IpAddr, evidence: Evidence, seen: SystemTime) -> Self {
        Self { address, evidence: BTreeSet::from([evidence]), mac: None, hostname: None, seen }
    }

    /// Sets the MAC address.
    #[must_use]
    pub const fn with_mac(mut self, mac: MacAddr) -> Self {
        self.mac = Some(mac);
        self
    }

    /// Sets the host name.
    #[must_use]
    pub fn with_hostname(mut self, hostname: impl Into<String>) -> Self {
        self.hostname = Some(hostname.into());
        self
    }

    /// Adds what another probe knows of the same address.
    fn merge(&mut self, other: Self) {
        // The neighbour table is the source of MAC addresses; a probe program may have read it before an address moved.
        if other.mac.is_some() && (self.mac.is_none() || other.evidence.contains(&Evidence::Neighbour)) {
            self.mac = other.mac;
        }
        self.evidence.extend(other.evidence);
        self.seen = self.seen.max(other.seen);
        if self.hostname.is_none() {
            self.hostname = other.hostname;
        }
    }
}

/// Addresses that a probe asked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Coverage {
    /// Every address of the prefix.
    Whole,
    /// These addresses only. For an IPv6 prefix, whose addresses are too many to ask each.
    Addresses(BTreeSet<IpAddr>),
    /// Unknown part, because the probe failed or ended early; with the reason.
    Incomplete(String),
}

/// Result of probing one prefix.
///
/// ```
/// use std::time::{Duration, SystemTime, UNIX_EPOCH};
///
/// use phpipam_client::scan::{Coverage, Evidence, Host, Observation};
///
/// let host = Host::new("10.0.0.5".parse()?, Evidence::Echo, SystemTime::now());
/// let mut observation = Observation::new("10.0.0.0/24".parse()?, Coverage::Whole, [host]);
/// observation.merge(Observation::incomplete("10.0.0.0/24".parse()?, "nmap was ended by a signal"));
/// assert!(!observation.covers("10.0.0.9".parse()?), "the second probe may have missed it");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Observation {
    /// Prefix.
    pub net: IpNet,
    /// Addresses that were asked.
    pub coverage: Coverage,
    /// Hosts that replied, in order of address; each address once.
    pub hosts: Vec<Host>,
    /// Addresses of the scanning machine itself, which reply whatever the state of the network is.
    pub own: BTreeSet<IpAddr>,
    /// End of the probe, from which on nothing is known; `None` for the time of the comparison.
    pub ended: Option<SystemTime>,
    /// Remarks for the report, such as the kind of probe that took the place of a missing one; each text once.
    pub notes: Vec<String>,
}

impl Observation {
    /// Observation of these hosts. Several entries of one address are merged; addresses outside the prefix are left out.
    pub fn new(net: IpNet, coverage: Coverage, hosts: impl IntoIterator<Item = Host>) -> Self {
        let mut observation =
            Self { net, coverage, hosts: Vec::new(), own: BTreeSet::new(), ended: None, notes: Vec::new() };
        observation.add(hosts);
        observation
    }

    /// Observation of a probe that failed before it found a host.
    pub fn incomplete(net: IpNet, reason: impl Into<String>) -> Self {
        Self::new(net, Coverage::Incomplete(reason.into()), [])
    }

    /// Sets the addresses of the scanning machine itself. Their replies say nothing about the network.
    #[must_use]
    pub fn with_own(mut self, own: impl IntoIterator<Item = IpAddr>) -> Self {
        self.own = own.into_iter().collect();
        self
    }

    /// Sets the end of the probe. Silence is measured until then.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    ///
    /// use phpipam_client::scan::{Coverage, KnownHost, Observation, Policy, Presence, reconcile};
    ///
    /// let now = SystemTime::now();
    /// let ago = |seconds| now - Duration::from_secs(seconds);
    /// let policy = Policy::default().with_accept_all_silent(true);
    /// // Seen five minutes ago, and a report of yesterday arrives.
    /// let known = [KnownHost::new(1, "10.0.0.5".parse()?, Presence::Used).with_last_seen(ago(300))];
    /// let late = Observation::new("10.0.0.0/24".parse()?, Coverage::Whole, []).with_ended(ago(86_400));
    /// assert!(reconcile(&known, &late, &policy, now).changes.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn with_ended(mut self, ended: SystemTime) -> Self {
        self.ended = Some(ended);
        self
    }

    /// Adds a remark for the report.
    #[must_use]
    pub fn with_note(mut self, note: impl Into<String>) -> Self {
        self.note(note.into());
        self
    }

    /// Returns true if a reply of this address would have been seen.
    #[must_use]
    pub fn covers(&self, address: IpAddr) -> bool {
        match &self.coverage {
            Coverage::Whole => self.net.contains(&address),
            Coverage::Addresses(asked) => asked.contains(&address),
            Coverage::Incomplete(_) => false,
        }
    }

    /// Returns the host with this address.
    #[must_use]
    pub fn host(&self, address: IpAddr) -> Option<&Host> {
        let index = self.hosts.binary_search_by(|host| host.address.cmp(&address)).ok()?;
        self.hosts.get(index)
    }

    /// Adds the observation of another probe of the same prefix. If one of the two is incomplete, so is the result.
    pub fn merge(&mut self, other: Self) {
        self.coverage = match (std::mem::replace(&mut self.coverage, Coverage::Whole), other.coverage) {
            (Coverage::Incomplete(reason), _) | (_, Coverage::Incomplete(reason)) => Coverage::Incomplete(reason),
            (Coverage::Whole, _) | (_, Coverage::Whole) => Coverage::Whole,
            (Coverage::Addresses(mut asked), Coverage::Addresses(more)) => {
                asked.extend(more);
                Coverage::Addresses(asked)
            }
        };
        self.add(other.hosts);
        self.own.extend(other.own);
        self.ended = self.ended.max(other.ended);
        other.notes.into_iter().for_each(|note| self.note(note));
    }

    fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Takes silence for proof at these addresses only.
    pub(super) fn limit_to(&mut self, addresses: &BTreeSet<IpAddr>) {
        let proven = addresses.iter().copied().filter(|address| self.covers(*address)).collect();
        if !matches!(self.coverage, Coverage::Incomplete(_)) {
            self.coverage = Coverage::Addresses(proven);
        }
    }

    /// Returns true if a host of the network replied, and not the scanning machine alone.
    pub(super) fn has_reply(&self) -> bool {
        self.hosts.iter().any(|host| !self.own.contains(&host.address))
    }

    /// Cuts the times to whole seconds, which is what an IPAM keeps: a fraction would look later than the recorded time.
    pub(super) fn cut_to_seconds(&mut self) {
        for host in &mut self.hosts {
            let since = host.seen.duration_since(UNIX_EPOCH).unwrap_or_default();
            host.seen = UNIX_EPOCH.checked_add(Duration::from_secs(since.as_secs())).unwrap_or(host.seen);
        }
    }

    fn add(&mut self, hosts: impl IntoIterator<Item = Host>) {
        for host in hosts {
            // A probe program may report a neighbour of another network; it is not part of this subnet's record.
            if !self.net.contains(&host.address) {
                continue;
            }
            // A device that replies with the address of a group is broken or hostile; no host has one.
            let host = Host { mac: host.mac.filter(|mac| is_of_one_host(*mac)), ..host };
            match self.hosts.binary_search_by(|known| known.address.cmp(&host.address)) {
                Ok(index) => {
                    if let Some(known) = self.hosts.get_mut(index) {
                        known.merge(host);
                    }
                }
                Err(index) => self.hosts.insert(index, host),
            }
        }
    }
}

/// Returns true for the MAC address of one interface: not that of a group (IEEE 802, the lowest bit of the first octet), nor
/// the one of zeros.
fn is_of_one_host(mac: MacAddr) -> bool {
    let octets = mac.octets();
    octets[0] & 1 == 0 && octets != [0; 6]
}
