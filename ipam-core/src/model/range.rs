//! Range and its policy.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;

use super::network::{NetworkInfo, Properties, Tags};
use crate::net::IpRange;
use crate::{AllocationKey, BlockId, Owner, RangeId, SpaceId};

/// Order in which the free addresses of a range are allocated.
///
/// ```
/// use ipam_core::{DefineRange, IpamProvider, IpamProviderExt, MemoryProvider, Order, RangePolicy};
///
/// # futures_executor::block_on(async {
/// let ipam = MemoryProvider::new();
/// let policy = RangePolicy::default().with_order(Order::LeastRecentlyUsed);
/// ipam.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse()?).with_policy(policy)).await?;
/// let first = ipam.allocate_one("lan", "vm-42").await?;
/// ipam.deallocate(&ipam_core::Deallocate::id(first.id)).await?;
/// // Addresses that were never allocated come before those that were.
/// assert_eq!(ipam.allocate_one("lan", "vm-43").await?.address.to_string(), "192.0.2.2");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Order {
    /// Lowest free address, or one of the lowest if several callers allocate at once. This is the default.
    #[default]
    FirstFree,
    /// Random free address, so that the next one cannot be guessed.
    Random,
    /// Address that has been unused for the longest time: addresses that were never allocated, from the lowest on, then
    /// the one whose deallocation is longest ago.
    LeastRecentlyUsed,
}

/// Policy of a range: the order of its allocations, and the quarantine after a deallocation.
///
/// The default is [`Order::FirstFree`] and no quarantine. Any other policy needs the capability `policies`.
///
/// ```
/// use std::time::Duration;
/// use ipam_core::{Order, RangePolicy};
///
/// let policy = RangePolicy::default().with_order(Order::Random).with_quarantine(Duration::from_secs(3600));
/// assert_eq!(policy.quarantine.as_secs(), 3600);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
// Both parts may be missing in JSON: a caller that wants a quarantine need not know the orders.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
#[non_exhaustive]
pub struct RangePolicy {
    /// Order of allocations; [`Order::FirstFree`] by default.
    pub order: Order,
    /// Time after a deallocation or expiry in which an address is not allocated again; zero by default. There is no
    /// maximum: about 8000 years are as good as without end. The embedded store rounds up to microseconds.
    #[cfg_attr(feature = "serde", serde(with = "crate::text::seconds"))]
    pub quarantine: Duration,
}

impl RangePolicy {
    /// Sets the order.
    #[must_use]
    pub const fn with_order(mut self, order: Order) -> Self {
        self.order = order;
        self
    }

    /// Sets the quarantine. It applies to deallocations from then on.
    #[must_use]
    pub const fn with_quarantine(mut self, quarantine: Duration) -> Self {
        self.quarantine = quarantine;
        self
    }
}

/// Range: contiguous addresses inside one prefix, from which addresses are allocated.
///
/// Several ranges may share a prefix, as parts of one subnet, if their addresses do not overlap.
///
/// ```
/// use ipam_core::Range;
/// use ipam_core::net::{HostPolicy, hosts};
///
/// // What the author of a provider returns for a subnet:
/// let net = "192.0.2.0/24".parse()?;
/// let mut range = Range::new("17", "default", net, hosts(net, HostPolicy::Hosts));
/// range.name = "Office".to_owned();
/// range.network.gateway = Some([192, 0, 2, 1].into());
/// assert!(!range.can_allocate([192, 0, 2, 1].into()), "the gateway");
/// assert!(range.can_allocate([192, 0, 2, 2].into()));
/// # Ok::<(), ipnet::AddrParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Range {
    /// Id, unique in the provider.
    pub id: RangeId,
    /// Address space.
    pub space: SpaceId,
    /// Smallest block that contains the prefix, if there is one.
    pub block: Option<BlockId>,
    /// Name for people.
    pub name: String,
    /// Description for people.
    pub description: Option<String>,
    /// Prefix. Its length is the prefix length of the machines' interfaces.
    pub net: IpNet,
    /// First and last address that may be allocated.
    pub addresses: IpRange,
    /// Gateway, DNS servers, domains and VLAN.
    pub network: NetworkInfo,
    /// Reserved addresses: never allocated. The gateway is not listed here, and never allocated either.
    // As they were defined, and not merged into a set: people compare the list with what they wrote.
    pub reserved: Vec<IpRange>,
    /// Order of allocations, and quarantine.
    pub policy: RangePolicy,
    /// Tags.
    pub tags: Tags,
    /// Free-form properties.
    pub properties: Properties,
    /// Key of the request that allocated it from a block; `None` for a range that was defined.
    pub key: Option<AllocationKey>,
    /// Owner of a range that was allocated from a block.
    pub owner: Option<Owner>,
}

impl Range {
    /// Makes a range of `addresses` in `net` with the id as name and nothing else set, for authors of providers.
    pub fn new(id: impl Into<RangeId>, space: impl Into<SpaceId>, net: IpNet, addresses: IpRange) -> Self {
        let id = id.into();
        Self {
            name: id.to_string(),
            id,
            space: space.into(),
            block: None,
            description: None,
            net,
            addresses,
            network: NetworkInfo::default(),
            reserved: Vec::new(),
            policy: RangePolicy::default(),
            tags: Tags::new(),
            properties: Properties::new(),
            key: None,
            owner: None,
        }
    }

    /// Returns true if `address` may be allocated from this range at some time: it lies inside, is not the gateway and
    /// not reserved. It may be allocated or quarantined at the moment.
    #[must_use]
    pub fn can_allocate(&self, address: IpAddr) -> bool {
        // Allocations and quarantine are left out: they change with every call, and only the store can look at them in
        // the same transaction that allocates.
        self.addresses.contains(address)
            && self.network.gateway != Some(address)
            && !self.reserved.iter().any(|reserved| reserved.contains(address))
    }
}
