//! Defining, changing and removing ranges.

use std::net::IpAddr;

use ipnet::IpNet;

use super::setters;
use crate::net::{HostPolicy, IpRange};
use crate::{NetworkInfo, Patch, Properties, RangeId, RangePolicy, SpaceId, Tags, Vlan};

/// A request to define a range.
///
/// ```
/// use ipam_core::DefineRange;
///
/// let request = DefineRange::new("lan", "192.0.2.0/24".parse()?).with_name("Office");
/// # Ok::<(), ipnet::AddrParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct DefineRange {
    /// Its name in the provider; unique in it.
    pub id: RangeId,
    /// The address space; [`SpaceId::DEFAULT`] if nothing is said.
    #[cfg_attr(feature = "serde", serde(default))]
    pub space: SpaceId,
    /// Its name for people; the id if empty.
    #[cfg_attr(feature = "serde", serde(default))]
    pub name: String,
    /// What it is for.
    #[cfg_attr(feature = "serde", serde(default))]
    pub description: Option<String>,
    /// The prefix. Without host bits.
    pub net: IpNet,
    /// First and last address; all that `hosts` leaves of the prefix if nothing is said.
    #[cfg_attr(feature = "serde", serde(default))]
    pub addresses: Option<IpRange>,
    /// Which addresses of the prefix count as usable where `addresses` is not given.
    #[cfg_attr(feature = "serde", serde(default))]
    pub hosts: HostPolicy,
    /// Gateway, DNS, VLAN.
    #[cfg_attr(feature = "serde", serde(default))]
    pub network: NetworkInfo,
    /// Addresses never handed out.
    #[cfg_attr(feature = "serde", serde(default))]
    pub reserved: Vec<IpRange>,
    /// How its addresses are handed out.
    #[cfg_attr(feature = "serde", serde(default))]
    pub policy: RangePolicy,
    /// Tags.
    #[cfg_attr(feature = "serde", serde(default))]
    pub tags: Tags,
    /// Free-form properties.
    #[cfg_attr(feature = "serde", serde(default))]
    pub properties: Properties,
}

impl DefineRange {
    /// A range over the usable addresses of `net`.
    pub fn new(id: impl Into<RangeId>, net: IpNet) -> Self {
        Self {
            id: id.into(),
            space: SpaceId::default(),
            name: String::new(),
            description: None,
            net,
            addresses: None,
            hosts: HostPolicy::default(),
            network: NetworkInfo::default(),
            reserved: Vec::new(),
            policy: RangePolicy::default(),
            tags: Tags::new(),
            properties: Properties::new(),
        }
    }

    setters! {
        /// Sets the address space.
        with_space => space: SpaceId;
        /// Sets the name for people.
        with_name => name: String;
        /// Sets what it is for.
        with_description => description: Option<String>;
        /// Sets first and last address.
        with_addresses => addresses: Option<IpRange>;
        /// Sets which addresses of the prefix count as usable.
        with_hosts => hosts: HostPolicy;
        /// Sets gateway, DNS and VLAN at once.
        with_network => network: NetworkInfo;
        /// Sets the addresses never handed out.
        with_reserved => reserved: Vec<IpRange>;
        /// Sets how its addresses are handed out.
        with_policy => policy: RangePolicy;
        /// Sets the tags.
        with_tags => tags: Tags;
        /// Sets the properties.
        with_properties => properties: Properties;
    }

    /// Sets the gateway.
    #[must_use]
    pub const fn with_gateway(mut self, gateway: IpAddr) -> Self {
        self.network.gateway = Some(gateway);
        self
    }

    /// Sets the DNS servers, in the order to try.
    #[must_use]
    pub fn with_dns_servers(mut self, servers: impl IntoIterator<Item = IpAddr>) -> Self {
        self.network.dns_servers = servers.into_iter().collect();
        self
    }
}

/// A change to a range. What is not named stays as it is; its prefix and address space never change.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct UpdateRange {
    /// Which range.
    pub id: RangeId,
    /// The name for people; clearing makes it the id.
    #[cfg_attr(feature = "serde", serde(default))]
    pub name: Patch<String>,
    /// What it is for.
    #[cfg_attr(feature = "serde", serde(default))]
    pub description: Patch<String>,
    /// First and last address. Clearing goes back to the usable addresses of the prefix.
    #[cfg_attr(feature = "serde", serde(default))]
    pub addresses: Patch<IpRange>,
    /// The gateway.
    #[cfg_attr(feature = "serde", serde(default))]
    pub gateway: Patch<IpAddr>,
    /// The DNS servers.
    #[cfg_attr(feature = "serde", serde(default))]
    pub dns_servers: Patch<Vec<IpAddr>>,
    /// The DNS search domains.
    #[cfg_attr(feature = "serde", serde(default))]
    pub search_domains: Patch<Vec<String>>,
    /// The DNS domain.
    #[cfg_attr(feature = "serde", serde(default))]
    pub domain: Patch<String>,
    /// The VLAN.
    #[cfg_attr(feature = "serde", serde(default))]
    pub vlan: Patch<Vlan>,
    /// Addresses never handed out.
    #[cfg_attr(feature = "serde", serde(default))]
    pub reserved: Patch<Vec<IpRange>>,
    /// How its addresses are handed out.
    #[cfg_attr(feature = "serde", serde(default))]
    pub policy: Patch<RangePolicy>,
    /// All tags.
    #[cfg_attr(feature = "serde", serde(default))]
    pub tags: Patch<Tags>,
    /// All properties.
    #[cfg_attr(feature = "serde", serde(default))]
    pub properties: Patch<Properties>,
}

impl UpdateRange {
    /// A change to the range `id` that changes nothing yet.
    pub fn new(id: impl Into<RangeId>) -> Self {
        Self {
            id: id.into(),
            name: Patch::Keep,
            description: Patch::Keep,
            addresses: Patch::Keep,
            gateway: Patch::Keep,
            dns_servers: Patch::Keep,
            search_domains: Patch::Keep,
            domain: Patch::Keep,
            vlan: Patch::Keep,
            reserved: Patch::Keep,
            policy: Patch::Keep,
            tags: Patch::Keep,
            properties: Patch::Keep,
        }
    }

    setters! {
        /// Changes the name for people.
        with_name => name: Patch<String>;
        /// Changes what it is for.
        with_description => description: Patch<String>;
        /// Changes first and last address.
        with_addresses => addresses: Patch<IpRange>;
        /// Changes the gateway.
        with_gateway => gateway: Patch<IpAddr>;
        /// Changes the DNS servers.
        with_dns_servers => dns_servers: Patch<Vec<IpAddr>>;
        /// Changes the DNS search domains.
        with_search_domains => search_domains: Patch<Vec<String>>;
        /// Changes the DNS domain.
        with_domain => domain: Patch<String>;
        /// Changes the VLAN.
        with_vlan => vlan: Patch<Vlan>;
        /// Changes the addresses never handed out.
        with_reserved => reserved: Patch<Vec<IpRange>>;
        /// Changes how its addresses are handed out.
        with_policy => policy: Patch<RangePolicy>;
        /// Changes all tags.
        with_tags => tags: Patch<Tags>;
        /// Changes all properties.
        with_properties => properties: Patch<Properties>;
    }
}

/// A request to take a range away.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct RemoveRange {
    /// Which range.
    pub id: RangeId,
    /// Whether to take it away though addresses of it are allocated; they end with it.
    #[cfg_attr(feature = "serde", serde(default))]
    pub with_allocations: bool,
}

impl RemoveRange {
    /// Takes the range `id` away if none of its addresses is allocated.
    pub fn new(id: impl Into<RangeId>) -> Self {
        Self { id: id.into(), with_allocations: false }
    }

    setters! {
        /// Says whether the allocations in it end with it.
        with_allocations => with_allocations: bool;
    }
}
