//! Requests to define, change and remove ranges.

use std::net::IpAddr;

use ipnet::IpNet;

use super::setters;
use crate::net::{HostPolicy, IpRange};
use crate::{NetworkInfo, Patch, Properties, RangeId, RangePolicy, SpaceId, Tags, Vlan};

/// Request to define a range.
///
/// ```
/// use ipam_core::net::IpRange;
/// use ipam_core::{DefineRange, IpamProvider, IpamProviderExt, MemoryProvider};
///
/// # futures_executor::block_on(async {
/// let ipam = MemoryProvider::new();
/// let request = DefineRange::new("lan", "192.0.2.0/24".parse()?)
///     .with_name("Office")
///     .with_gateway([192, 0, 2, 1].into())
///     .with_reserved(["192.0.2.2-192.0.2.9".parse::<IpRange>()?]);
/// let range = ipam.define_range(&request).await?;
/// assert_eq!(range.addresses.to_string(), "192.0.2.1-192.0.2.254");
/// assert_eq!(ipam.allocate_one("lan", "vm-42").await?.address.to_string(), "192.0.2.10");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct DefineRange {
    /// Id, unique in the provider.
    pub id: RangeId,
    /// Address space; [`SpaceId::DEFAULT`] by default.
    #[cfg_attr(feature = "serde", serde(default))]
    pub space: SpaceId,
    /// Name for people; the id if empty.
    #[cfg_attr(feature = "serde", serde(default))]
    pub name: String,
    /// Description for people.
    #[cfg_attr(feature = "serde", serde(default))]
    pub description: Option<String>,
    /// Prefix, without host bits.
    pub net: IpNet,
    /// First and last address. By default those that `hosts` counts as usable.
    #[cfg_attr(feature = "serde", serde(default))]
    // `None` is kept and resolved by the provider: a caller that changes `net` or `hosts` later would otherwise keep
    // the addresses of the first one.
    pub addresses: Option<IpRange>,
    /// Policy that decides which addresses of the prefix are usable. It counts only if `addresses` is `None`.
    #[cfg_attr(feature = "serde", serde(default))]
    pub hosts: HostPolicy,
    /// Gateway, DNS servers, domains and VLAN.
    #[cfg_attr(feature = "serde", serde(default))]
    pub network: NetworkInfo,
    /// Reserved addresses: never allocated. They have to lie in the prefix, not necessarily in `addresses`.
    #[cfg_attr(feature = "serde", serde(default))]
    pub reserved: Vec<IpRange>,
    /// Order of allocations, and quarantine. Any but the default needs the capability `policies`.
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
    /// Makes a request for a range of the usable addresses of `net`.
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
        /// Sets the description; `None` for none.
        with_description => description: Option<String>;
        /// Sets first and last address.
        with_addresses => addresses: Option<IpRange>;
        /// Sets the policy for usable addresses of the prefix.
        with_hosts => hosts: HostPolicy;
        /// Sets gateway, DNS servers, domains and VLAN at once.
        with_network => network: NetworkInfo;
        /// Sets the reserved addresses.
        with_reserved => reserved: Vec<IpRange>;
        /// Sets order of allocations, and quarantine.
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

/// Request to change a range. A field that is not set stays as it is; prefix and address space never change.
///
/// ```
/// use ipam_core::{DefineRange, IpamProvider, MemoryProvider, Patch, UpdateRange, Vlan};
///
/// # futures_executor::block_on(async {
/// let ipam = MemoryProvider::new();
/// let lan = DefineRange::new("lan", "192.0.2.0/24".parse()?).with_gateway([192, 0, 2, 1].into());
/// ipam.define_range(&lan).await?;
/// let update = UpdateRange::new("lan").with_gateway(Patch::Clear).with_vlan(Vlan::new(12));
/// let range = ipam.update_range(&update).await?;
/// assert_eq!((range.network.gateway, range.network.vlan), (None, Some(Vlan::new(12))));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct UpdateRange {
    /// Range to change.
    pub id: RangeId,
    /// Change to the name for people; clearing makes it the id.
    #[cfg_attr(feature = "serde", serde(default))]
    pub name: Patch<String>,
    /// Change to the description.
    #[cfg_attr(feature = "serde", serde(default))]
    pub description: Patch<String>,
    /// Change to first and last address. Clearing sets the usable addresses of the prefix, by the
    /// [`hosts`](DefineRange::hosts) of the definition: a range that was defined with
    /// [`HostPolicy::All`] gets all addresses. The provider keeps that policy, although
    /// [`Range`](crate::Range) does not show it. A range that was allocated from a block gets those of
    /// [`HostPolicy::Hosts`].
    #[cfg_attr(feature = "serde", serde(default))]
    pub addresses: Patch<IpRange>,
    /// Change to the gateway.
    #[cfg_attr(feature = "serde", serde(default))]
    // A patch for each part of `NetworkInfo` and not one for all: two programs that change the gateway and the DNS
    // servers do not undo each other's change.
    pub gateway: Patch<IpAddr>,
    /// Change to the DNS servers; the new ones replace all.
    #[cfg_attr(feature = "serde", serde(default))]
    pub dns_servers: Patch<Vec<IpAddr>>,
    /// Change to the DNS search domains; the new ones replace all.
    #[cfg_attr(feature = "serde", serde(default))]
    pub search_domains: Patch<Vec<String>>,
    /// Change to the DNS domain.
    #[cfg_attr(feature = "serde", serde(default))]
    pub domain: Patch<String>,
    /// Change to the VLAN.
    #[cfg_attr(feature = "serde", serde(default))]
    pub vlan: Patch<Vlan>,
    /// Change to the reserved addresses; the new ones replace all.
    #[cfg_attr(feature = "serde", serde(default))]
    pub reserved: Patch<Vec<IpRange>>,
    /// Change to order of allocations, and quarantine.
    #[cfg_attr(feature = "serde", serde(default))]
    pub policy: Patch<RangePolicy>,
    /// Change to the tags; the new ones replace all.
    #[cfg_attr(feature = "serde", serde(default))]
    pub tags: Patch<Tags>,
    /// Change to the properties; the new ones replace all.
    #[cfg_attr(feature = "serde", serde(default))]
    pub properties: Patch<Properties>,
}

impl UpdateRange {
    /// Makes a request for the range `id` that changes nothing yet.
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
        /// Changes the description. `None` keeps it; [`Patch::Clear`] clears it.
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
        /// Changes the reserved addresses; the new ones replace all.
        with_reserved => reserved: Patch<Vec<IpRange>>;
        /// Changes order of allocations, and quarantine.
        with_policy => policy: Patch<RangePolicy>;
        /// Changes the tags; the new ones replace all.
        with_tags => tags: Patch<Tags>;
        /// Changes the properties; the new ones replace all.
        with_properties => properties: Patch<Properties>;
    }
}

/// Request to remove a range.
///
/// ```
/// use ipam_core::{DefineRange, IpamProvider, IpamProviderExt, MemoryProvider, RemoveRange};
///
/// # futures_executor::block_on(async {
/// let ipam = MemoryProvider::new();
/// ipam.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse()?)).await?;
/// ipam.allocate_one("lan", "vm-42").await?;
/// assert!(ipam.remove_range(&RemoveRange::new("lan")).await.unwrap_err().is_conflict());
/// let removed = ipam.remove_range(&RemoveRange::new("lan").with_allocations(true)).await?;
/// assert_eq!(removed.freed.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct RemoveRange {
    /// Range to remove.
    pub id: RangeId,
    /// True to deallocate the allocated addresses of the range with it. By default the request fails if there are any.
    #[cfg_attr(feature = "serde", serde(default))]
    pub with_allocations: bool,
}

impl RemoveRange {
    /// Makes a request to remove the range `id` if none of its addresses is allocated.
    pub fn new(id: impl Into<RangeId>) -> Self {
        Self { id: id.into(), with_allocations: false }
    }

    setters! {
        /// Sets whether allocated addresses of the range are deallocated with it.
        with_allocations => with_allocations: bool;
    }
}
