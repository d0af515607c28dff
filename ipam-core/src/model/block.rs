//! Block, and results of allocating and removing ranges.

use ipnet::IpNet;

use super::allocation::Allocation;
use super::network::{NetworkInfo, Properties, Tags};
use super::range::Range;
use crate::{AllocationKey, BlockId, SpaceId};

/// Block: a prefix from which child prefixes are allocated.
///
/// A block needs no ranges, and a range no block. A block may lie in a larger one.
///
/// ```
/// use ipam_core::{AllocateRange, DefineBlock, IpamProvider, MemoryProvider};
///
/// # futures_executor::block_on(async {
/// let ipam = MemoryProvider::new();
/// let block = ipam.define_block(&DefineBlock::new("campus", "10.0.0.0/8".parse()?)).await?;
/// let child = ipam.allocate_range(&AllocateRange::prefix_len("tenant-7", block.id.clone(), 26)).await?;
/// assert!(block.net.contains(&child.range.net));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Block {
    /// Id, unique in the provider.
    pub id: BlockId,
    /// Address space.
    pub space: SpaceId,
    /// Name for people.
    pub name: String,
    /// Description for people.
    pub description: Option<String>,
    /// Prefix.
    pub net: IpNet,
    /// DNS servers, domains and VLAN that a range allocated from the block starts with. It has no gateway.
    pub network: NetworkInfo,
    /// Tags.
    pub tags: Tags,
    /// Free-form properties.
    pub properties: Properties,
}

impl Block {
    /// Makes a block of the prefix `net` with the id as name and nothing else set, for authors of providers.
    pub fn new(id: impl Into<BlockId>, space: impl Into<SpaceId>, net: IpNet) -> Self {
        let id = id.into();
        Self {
            name: id.to_string(),
            id,
            space: space.into(),
            description: None,
            net,
            network: NetworkInfo::default(),
            tags: Tags::new(),
            properties: Properties::new(),
        }
    }
}

/// Result of [`allocate_range`](crate::IpamProvider::allocate_range).
///
/// ```
/// use ipam_core::{AllocateRange, DefineBlock, IpamProvider, MemoryProvider};
///
/// # futures_executor::block_on(async {
/// let ipam = MemoryProvider::new();
/// ipam.define_block(&DefineBlock::new("campus", "10.0.0.0/8".parse()?)).await?;
/// let request = AllocateRange::prefix_len("tenant-7", "campus", 26).with_key("tenant-7/net-1");
/// let first = ipam.allocate_range(&request).await?;
/// assert_eq!((first.range.net.to_string().as_str(), first.repeated), ("10.0.0.0/26", false));
/// assert!(ipam.allocate_range(&request).await?.repeated);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct AllocatedRange {
    /// Key of the request, or the one that the provider made.
    pub key: AllocationKey,
    /// Range of the child prefix.
    pub range: Range,
    /// True if an earlier call with this key allocated it.
    pub repeated: bool,
}

impl AllocatedRange {
    /// Makes a result, for authors of providers.
    #[must_use]
    pub const fn new(key: AllocationKey, range: Range, repeated: bool) -> Self {
        Self { key, range, repeated }
    }
}

/// Result of [`remove_range`](crate::IpamProvider::remove_range) and
/// [`deallocate_range`](crate::IpamProvider::deallocate_range).
///
/// ```
/// use ipam_core::{DefineRange, IpamProvider, MemoryProvider, RemoveRange};
///
/// # futures_executor::block_on(async {
/// let ipam = MemoryProvider::new();
/// ipam.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse()?)).await?;
/// let removed = ipam.remove_range(&RemoveRange::new("lan")).await?;
/// assert!(removed.range.is_some() && removed.freed.is_empty());
/// assert!(ipam.remove_range(&RemoveRange::new("lan")).await?.was_free());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct RemovedRange {
    /// Range as it was; `None` if it does not exist, or does not meet the precondition.
    // The whole range and not the id: afterwards it cannot be looked up any more.
    pub range: Option<Range>,
    /// Allocations that ended with it.
    pub freed: Vec<Allocation>,
}

impl RemovedRange {
    /// Makes a result, for authors of providers.
    #[must_use]
    pub const fn new(range: Option<Range>, freed: Vec<Allocation>) -> Self {
        Self { range, freed }
    }

    /// Returns true if no range was removed: it did not exist, or it does not meet the precondition and still exists.
    #[must_use]
    pub const fn was_free(&self) -> bool {
        self.range.is_none()
    }
}
