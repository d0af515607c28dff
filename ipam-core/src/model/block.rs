//! Block, and the child prefixes allocated from one.

use ipnet::IpNet;

use super::allocation::Allocation;
use super::network::{NetworkInfo, Properties, Tags};
use super::range::Range;
use crate::{AllocationKey, BlockId, SpaceId};

/// A prefix that ranges may be carved from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Block {
    /// Its name in the provider.
    pub id: BlockId,
    /// The address space.
    pub space: SpaceId,
    /// Its name for people.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// The prefix.
    pub net: IpNet,
    /// DNS, domain and VLAN that ranges carved from it start with.
    pub network: NetworkInfo,
    /// Tags.
    pub tags: Tags,
    /// Free-form properties.
    pub properties: Properties,
}

impl Block {
    /// A block over `net`, with nothing else set. For a provider's author.
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

/// What [`allocate_range`](crate::IpamProvider::allocate_range) carved.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct AllocatedRange {
    /// The request's key, or the one the provider made.
    pub key: AllocationKey,
    /// The new range.
    pub range: Range,
    /// Whether an earlier call with this key had carved it.
    pub repeated: bool,
}

impl AllocatedRange {
    /// What a provider answers.
    #[must_use]
    pub const fn new(key: AllocationKey, range: Range, repeated: bool) -> Self {
        Self { key, range, repeated }
    }
}

/// What [`remove_range`](crate::IpamProvider::remove_range) or
/// [`deallocate_range`](crate::IpamProvider::deallocate_range) took away.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct RemovedRange {
    /// The range as it was; `None` if it was gone already, or belongs to an unexpected owner.
    pub range: Option<Range>,
    /// The allocations that ended with it.
    pub freed: Vec<Allocation>,
}

impl RemovedRange {
    /// What a provider answers.
    #[must_use]
    pub const fn new(range: Option<Range>, freed: Vec<Allocation>) -> Self {
        Self { range, freed }
    }

    /// Whether there was nothing to take away.
    #[must_use]
    pub const fn was_free(&self) -> bool {
        self.range.is_none()
    }
}
