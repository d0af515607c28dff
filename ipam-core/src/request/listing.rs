//! Requests to list ranges and blocks, and to find allocations.

use std::net::IpAddr;

use ipnet::IpNet;

use super::{PageRequest, setters};
use crate::{
    Allocation, AllocationId, AllocationKey, AllocationState, Block, BlockId, Family, MacAddr, Owner, Properties,
    Range, RangeId, SpaceId, Tag, Tags,
};

/// Filter for ranges. A range has to meet all conditions; a condition that is not set is met by all ranges.
///
/// Names, tags and properties are compared byte by byte.
///
/// ```
/// use ipam_core::{DefineRange, Family, IpamProvider, ListRanges, MemoryProvider, RangeFilter};
///
/// # futures_executor::block_on(async {
/// let ipam = MemoryProvider::new();
/// ipam.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse()?)).await?;
/// ipam.define_range(&DefineRange::new("lan6", "2001:db8::/64".parse()?)).await?;
/// let filter = RangeFilter::default().with_family(Family::V4).with_within("192.0.0.0/16".parse()?);
/// let page = ipam.list_ranges(&ListRanges::all().with_filter(filter)).await?;
/// assert_eq!(page.items.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
#[non_exhaustive]
pub struct RangeFilter {
    /// Ids; the range has one of them. Empty for any.
    pub ids: Vec<RangeId>,
    /// Address space.
    pub space: Option<SpaceId>,
    /// Smallest block around the range. Ranges in blocks inside this one are not matched.
    pub block: Option<BlockId>,
    /// Address family.
    pub family: Option<Family>,
    /// Name for people; the whole name, and case counts.
    pub name: Option<String>,
    /// Tags; the range has all of them.
    pub tags: Tags,
    /// Properties; the range has all of them, with these values.
    pub properties: Properties,
    /// Prefix that contains the prefix of the range, or is equal to it.
    pub within: Option<IpNet>,
}

impl RangeFilter {
    /// Adds an id.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<RangeId>) -> Self {
        self.ids.push(id.into());
        self
    }

    /// Sets the address space.
    #[must_use]
    pub fn with_space(mut self, space: impl Into<SpaceId>) -> Self {
        self.space = Some(space.into());
        self
    }

    /// Sets the smallest block around the range.
    #[must_use]
    pub fn with_block(mut self, block: impl Into<BlockId>) -> Self {
        self.block = Some(block.into());
        self
    }

    /// Sets the address family.
    #[must_use]
    pub const fn with_family(mut self, family: Family) -> Self {
        self.family = Some(family);
        self
    }

    /// Sets the name.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Adds a tag.
    #[must_use]
    pub fn with_tag(mut self, tag: Tag) -> Self {
        self.tags.insert(tag);
        self
    }

    /// Adds a property.
    #[must_use]
    pub fn with_property(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.properties.insert(name.into(), value.into());
        self
    }

    /// Sets the prefix around the range.
    #[must_use]
    pub const fn with_within(mut self, within: IpNet) -> Self {
        self.within = Some(within);
        self
    }

    /// Returns true if `range` meets all conditions.
    #[must_use]
    pub fn matches(&self, range: &Range) -> bool {
        // Providers share this function, so that a filter matches alike in memory, on disk and over HTTP, where the
        // server may filter too coarsely.
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

/// Request to list ranges.
///
/// ```
/// use ipam_core::{DefineRange, IpamProvider, ListRanges, MemoryProvider};
///
/// # futures_executor::block_on(async {
/// let ipam = MemoryProvider::new();
/// ipam.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse()?)).await?;
/// assert_eq!(ipam.list_ranges(&ListRanges::all()).await?.items.len(), 1);
/// assert!(ipam.list_ranges(&ListRanges::id("dmz")).await?.items.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
#[non_exhaustive]
pub struct ListRanges {
    /// Filter; all ranges by default.
    pub filter: RangeFilter,
    /// Page; the first one by default.
    pub page: PageRequest,
}

impl ListRanges {
    /// Makes a request for the first page of all ranges.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// Makes a request for the range `id`.
    pub fn id(id: impl Into<RangeId>) -> Self {
        Self::default().with_id(id)
    }

    /// Adds an id to the filter.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<RangeId>) -> Self {
        self.filter.ids.push(id.into());
        self
    }

    setters! {
        /// Sets the filter.
        with_filter => filter: RangeFilter;
        /// Sets the page.
        with_page => page: PageRequest;
    }
}

/// Filter for blocks. A block has to meet all conditions; a condition that is not set is met by all blocks.
///
/// Names, tags and properties are compared byte by byte.
///
/// ```
/// use ipam_core::{Block, BlockFilter};
///
/// let filter = BlockFilter::default().with_name("campus");
/// assert!(filter.matches(&Block::new("campus", "default", "10.0.0.0/8".parse()?)));
/// assert!(!filter.matches(&Block::new("Campus", "default", "10.0.0.0/8".parse()?)));
/// # Ok::<(), ipnet::AddrParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
#[non_exhaustive]
pub struct BlockFilter {
    /// Ids; the block has one of them. Empty for any.
    pub ids: Vec<BlockId>,
    /// Address space.
    pub space: Option<SpaceId>,
    /// Address family.
    pub family: Option<Family>,
    /// Name for people; the whole name, and case counts.
    pub name: Option<String>,
    /// Tags; the block has all of them.
    pub tags: Tags,
    /// Properties; the block has all of them, with these values.
    pub properties: Properties,
}

/// Returns true if every wanted property is there with that value.
fn has_properties(properties: &Properties, wanted: &Properties) -> bool {
    // As a subset: servers and people add properties of their own, which must not hide an item.
    wanted.iter().all(|(name, value)| properties.get(name) == Some(value))
}

impl BlockFilter {
    /// Adds an id.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<BlockId>) -> Self {
        self.ids.push(id.into());
        self
    }

    /// Sets the address space.
    #[must_use]
    pub fn with_space(mut self, space: impl Into<SpaceId>) -> Self {
        self.space = Some(space.into());
        self
    }

    /// Sets the address family.
    #[must_use]
    pub const fn with_family(mut self, family: Family) -> Self {
        self.family = Some(family);
        self
    }

    /// Sets the name.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Adds a tag.
    #[must_use]
    pub fn with_tag(mut self, tag: Tag) -> Self {
        self.tags.insert(tag);
        self
    }

    /// Adds a property.
    #[must_use]
    pub fn with_property(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.properties.insert(name.into(), value.into());
        self
    }

    /// Returns true if `block` meets all conditions.
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

/// Request to list blocks.
///
/// ```
/// use ipam_core::{BlockFilter, DefineBlock, IpamProvider, ListBlocks, MemoryProvider};
///
/// # futures_executor::block_on(async {
/// let ipam = MemoryProvider::new();
/// ipam.define_block(&DefineBlock::new("campus", "10.0.0.0/8".parse()?)).await?;
/// let request = ListBlocks::all().with_filter(BlockFilter::default().with_id("campus"));
/// assert_eq!(ipam.list_blocks(&request).await?.items.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
#[non_exhaustive]
pub struct ListBlocks {
    /// Filter; all blocks by default.
    pub filter: BlockFilter,
    /// Page; the first one by default.
    pub page: PageRequest,
}

impl ListBlocks {
    /// Makes a request for the first page of all blocks.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    setters! {
        /// Sets the filter.
        with_filter => filter: BlockFilter;
        /// Sets the page.
        with_page => page: PageRequest;
    }
}

/// Request to find allocations. An allocation has to meet all conditions; a condition that is not set is met by all.
///
/// ```
/// use ipam_core::{Allocate, AllocateLine, DefineRange, Find, IpamProvider, Labels, MemoryProvider};
///
/// # futures_executor::block_on(async {
/// let ipam = MemoryProvider::new();
/// ipam.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse()?)).await?;
/// let line = AllocateLine::next("lan", 1).with_labels(Labels::default().with_hostname("web1"));
/// ipam.allocate(&Allocate::new("vm-42").with_line(line)).await?;
/// let found = ipam.find(&Find::default().with_hostname("WEB1").with_range("lan")).await?;
/// assert_eq!(found.items[0].address.to_string(), "192.0.2.1");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
#[non_exhaustive]
pub struct Find {
    /// Id of the allocation.
    pub id: Option<AllocationId>,
    /// Address, in any address space unless `space` is set.
    pub address: Option<IpAddr>,
    /// Host name; the whole name, in any case of the letters A to Z.
    pub hostname: Option<String>,
    /// MAC address.
    pub mac: Option<MacAddr>,
    /// Key of the request.
    pub key: Option<AllocationKey>,
    /// Owner.
    pub owner: Option<Owner>,
    /// Range.
    pub range: Option<RangeId>,
    /// Address space.
    pub space: Option<SpaceId>,
    /// True to list quarantined addresses as well. The default is false.
    pub quarantined: bool,
    /// Page; the first one by default.
    pub page: PageRequest,
}

impl Find {
    setters! {
        /// Sets the id of the allocation.
        with_id => id: Option<AllocationId>;
        /// Sets the address.
        with_address => address: Option<IpAddr>;
        /// Sets the MAC address.
        with_mac => mac: Option<MacAddr>;
        /// Sets whether quarantined addresses are listed as well.
        with_quarantined => quarantined: bool;
        /// Sets the page.
        with_page => page: PageRequest;
    }

    /// Sets the host name.
    #[must_use]
    pub fn with_hostname(mut self, hostname: impl Into<String>) -> Self {
        self.hostname = Some(hostname.into());
        self
    }

    /// Sets the key of the request.
    #[must_use]
    pub fn with_key(mut self, key: impl Into<AllocationKey>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Sets the owner.
    #[must_use]
    pub fn with_owner(mut self, owner: impl Into<Owner>) -> Self {
        self.owner = Some(owner.into());
        self
    }

    /// Sets the range.
    #[must_use]
    pub fn with_range(mut self, range: impl Into<RangeId>) -> Self {
        self.range = Some(range.into());
        self
    }

    /// Sets the address space.
    #[must_use]
    pub fn with_space(mut self, space: impl Into<SpaceId>) -> Self {
        self.space = Some(space.into());
        self
    }

    /// Returns true if `allocation` meets all conditions.
    #[must_use]
    pub fn matches(&self, allocation: &Allocation) -> bool {
        self.id.as_ref().is_none_or(|id| *id == allocation.id)
            && self.address.is_none_or(|address| address == allocation.address)
            && self.hostname.as_ref().is_none_or(|name| {
                // Host names are compared without case (RFC 4343), and only for the letters of ASCII.
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
