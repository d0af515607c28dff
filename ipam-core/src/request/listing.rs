//! Listing and finding, page by page.

use std::net::IpAddr;
use std::num::NonZeroU32;

use ipnet::IpNet;

use super::setters;
use crate::{
    Allocation, AllocationId, AllocationKey, AllocationState, Block, BlockId, Family, MacAddr, Owner, PageToken,
    Properties, Range, RangeId, SpaceId, Tags,
};

/// Which page of a listing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
#[non_exhaustive]
pub struct PageRequest {
    /// At most so many items; the provider's choice if nothing is said. A provider may give fewer.
    pub size: Option<NonZeroU32>,
    /// Where to go on: [`Page::next`](crate::Page::next) of the page before. From the start if nothing is said.
    pub token: Option<PageToken>,
}

impl PageRequest {
    /// The first page, of at most `size` items; 0 leaves the size to the provider.
    #[must_use]
    pub const fn of(size: u32) -> Self {
        Self { size: NonZeroU32::new(size), token: None }
    }

    setters! {
        /// Sets where to go on.
        with_token => token: Option<PageToken>;
    }
}

/// Which ranges. All conditions have to hold; an empty one holds for all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
#[non_exhaustive]
pub struct RangeFilter {
    /// One of these.
    pub ids: Vec<RangeId>,
    /// In this address space.
    pub space: Option<SpaceId>,
    /// Directly in this block.
    pub block: Option<BlockId>,
    /// IPv4 only or IPv6 only.
    pub family: Option<Family>,
    /// Of exactly this name.
    pub name: Option<String>,
    /// With all of these tags.
    pub tags: Tags,
    /// With all of these properties.
    pub properties: Properties,
    /// Whose prefix is this one, or lies inside it.
    pub within: Option<IpNet>,
}

impl RangeFilter {
    /// Whether `range` meets all conditions.
    #[must_use]
    pub fn matches(&self, range: &Range) -> bool {
        (self.ids.is_empty() || self.ids.contains(&range.id))
            && self.space.as_ref().is_none_or(|space| *space == range.space)
            && self.block.as_ref().is_none_or(|block| Some(block) == range.block.as_ref())
            && self.family.is_none_or(|family| family == Family::of(&range.net))
            && self.name.as_ref().is_none_or(|name| *name == range.name)
            && self.tags.is_subset(&range.tags)
            && has_properties(&range.properties, &self.properties)
            && self.within.is_none_or(|outer| outer.contains(&range.net))
    }
}

/// A request to list ranges.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
#[non_exhaustive]
pub struct ListRanges {
    /// Which ranges.
    pub filter: RangeFilter,
    /// Which page.
    pub page: PageRequest,
}

impl ListRanges {
    /// All ranges, from the first page.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// Only the range `id`.
    pub fn id(id: impl Into<RangeId>) -> Self {
        Self::default().with_id(id)
    }

    /// Adds a range to choose from.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<RangeId>) -> Self {
        self.filter.ids.push(id.into());
        self
    }

    setters! {
        /// Sets which ranges.
        with_filter => filter: RangeFilter;
        /// Sets which page.
        with_page => page: PageRequest;
    }
}

/// Which blocks. All conditions have to hold; an empty one holds for all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
#[non_exhaustive]
pub struct BlockFilter {
    /// One of these.
    pub ids: Vec<BlockId>,
    /// In this address space.
    pub space: Option<SpaceId>,
    /// IPv4 only or IPv6 only.
    pub family: Option<Family>,
    /// Of exactly this name.
    pub name: Option<String>,
    /// With all of these tags.
    pub tags: Tags,
    /// With all of these properties.
    pub properties: Properties,
}

/// Whether every wanted property is there with that value.
fn has_properties(properties: &Properties, wanted: &Properties) -> bool {
    wanted.iter().all(|(name, value)| properties.get(name) == Some(value))
}

impl BlockFilter {
    /// Whether `block` meets all conditions.
    #[must_use]
    pub fn matches(&self, block: &Block) -> bool {
        (self.ids.is_empty() || self.ids.contains(&block.id))
            && self.space.as_ref().is_none_or(|space| *space == block.space)
            && self.family.is_none_or(|family| family == Family::of(&block.net))
            && self.name.as_ref().is_none_or(|name| *name == block.name)
            && self.tags.is_subset(&block.tags)
            && has_properties(&block.properties, &self.properties)
    }
}

/// A request to list blocks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
#[non_exhaustive]
pub struct ListBlocks {
    /// Which blocks.
    pub filter: BlockFilter,
    /// Which page.
    pub page: PageRequest,
}

impl ListBlocks {
    /// All blocks, from the first page.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    setters! {
        /// Sets which blocks.
        with_filter => filter: BlockFilter;
        /// Sets which page.
        with_page => page: PageRequest;
    }
}

/// Which allocations. All conditions have to hold; an empty one holds for all.
///
/// ```
/// use ipam_core::Find;
///
/// let request = Find::default().with_hostname("web1").with_range("lan");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
#[non_exhaustive]
pub struct Find {
    /// This allocation.
    pub id: Option<AllocationId>,
    /// Of this address, in whatever space.
    pub address: Option<IpAddr>,
    /// Of this host name, capitals or not.
    pub hostname: Option<String>,
    /// Of this MAC address.
    pub mac: Option<MacAddr>,
    /// Of the request with this key.
    pub key: Option<AllocationKey>,
    /// Of this owner.
    pub owner: Option<Owner>,
    /// In this range.
    pub range: Option<RangeId>,
    /// In this address space.
    pub space: Option<SpaceId>,
    /// Whether to list addresses that rest after they were given back, too.
    pub quarantined: bool,
    /// Which page.
    pub page: PageRequest,
}

impl Find {
    setters! {
        /// Asks for this allocation.
        with_id => id: Option<AllocationId>;
        /// Asks for this address.
        with_address => address: Option<IpAddr>;
        /// Asks for this MAC address.
        with_mac => mac: Option<MacAddr>;
        /// Says whether to list resting addresses, too.
        with_quarantined => quarantined: bool;
        /// Sets which page.
        with_page => page: PageRequest;
    }

    /// Asks for this host name.
    #[must_use]
    pub fn with_hostname(mut self, hostname: impl Into<String>) -> Self {
        self.hostname = Some(hostname.into());
        self
    }

    /// Asks for the request with this key.
    #[must_use]
    pub fn with_key(mut self, key: impl Into<AllocationKey>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Asks for this owner.
    #[must_use]
    pub fn with_owner(mut self, owner: impl Into<Owner>) -> Self {
        self.owner = Some(owner.into());
        self
    }

    /// Asks for this range.
    #[must_use]
    pub fn with_range(mut self, range: impl Into<RangeId>) -> Self {
        self.range = Some(range.into());
        self
    }

    /// Asks for this address space.
    #[must_use]
    pub fn with_space(mut self, space: impl Into<SpaceId>) -> Self {
        self.space = Some(space.into());
        self
    }

    /// Whether `allocation` meets all conditions.
    #[must_use]
    pub fn matches(&self, allocation: &Allocation) -> bool {
        self.id.as_ref().is_none_or(|id| *id == allocation.id)
            && self.address.is_none_or(|address| address == allocation.address)
            && self.hostname.as_ref().is_none_or(|name| {
                allocation.labels.hostname.as_ref().is_some_and(|hostname| hostname.eq_ignore_ascii_case(name))
            })
            && self.mac.is_none_or(|mac| allocation.labels.mac == Some(mac))
            && self.key.as_ref().is_none_or(|key| allocation.key.as_ref() == Some(key))
            && self.owner.as_ref().is_none_or(|owner| allocation.owner.as_ref() == Some(owner))
            && self.range.as_ref().is_none_or(|range| *range == allocation.range)
            && self.space.as_ref().is_none_or(|space| *space == allocation.space)
            && (self.quarantined || allocation.state != AllocationState::Quarantined)
    }
}
