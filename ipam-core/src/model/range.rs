//! Range and its policy.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;

use super::network::{NetworkInfo, Properties, Tags};
use crate::net::IpRange;
use crate::{AllocationKey, BlockId, Owner, RangeId, SpaceId};

/// In which order the free addresses of a range are handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Order {
    /// The lowest free address.
    #[default]
    FirstFree,
    /// A free address at random, so that the next one cannot be guessed.
    Random,
    /// The address that has rested longest: never used ones in order, then the one given back longest ago.
    LeastRecentlyUsed,
}

/// How the addresses of a range are handed out and taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
#[non_exhaustive]
pub struct RangePolicy {
    /// Which free address comes next.
    pub order: Order,
    /// How long an address rests after it was given back before it is handed out again. It counts as used meanwhile.
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

    /// Sets the rest time.
    #[must_use]
    pub const fn with_quarantine(mut self, rest: Duration) -> Self {
        self.quarantine = rest;
        self
    }
}

/// A contiguous set of addresses inside one prefix, from which addresses are allocated.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Range {
    /// Its name in the provider.
    pub id: RangeId,
    /// The address space.
    pub space: SpaceId,
    /// The smallest block around it, if there is one.
    pub block: Option<BlockId>,
    /// Its name for people.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// The prefix; it gives the machines their prefix length.
    pub net: IpNet,
    /// The first and the last address that may be allocated.
    pub addresses: IpRange,
    /// Gateway, DNS, VLAN.
    pub network: NetworkInfo,
    /// Addresses never handed out. The gateway is not listed, but counts among them.
    pub reserved: Vec<IpRange>,
    /// How its addresses are handed out.
    pub policy: RangePolicy,
    /// Tags.
    pub tags: Tags,
    /// Free-form properties.
    pub properties: Properties,
    /// The key of the request that carved it from a block.
    pub key: Option<AllocationKey>,
    /// Who it was carved for.
    pub owner: Option<Owner>,
}

impl Range {
    /// A range over `addresses` of `net`, with nothing else set. For a provider's author.
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

    /// Whether `address` is one that this range may hand out: inside, not the gateway, not reserved.
    #[must_use]
    pub fn can_allocate(&self, address: IpAddr) -> bool {
        self.addresses.contains(address)
            && self.network.gateway != Some(address)
            && !self.reserved.iter().any(|reserved| reserved.contains(address))
    }
}
