//! Blocks, and ranges carved from them on demand.

use ipnet::IpNet;

use super::{Precondition, setters};
use crate::{AllocationKey, BlockId, NetworkInfo, Owner, Patch, Properties, RangeId, RangePolicy, SpaceId, Tags};

/// A request to define a block.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct DefineBlock {
    /// Its name in the provider; unique in it.
    pub id: BlockId,
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
    /// DNS, domain and VLAN that ranges carved from it start with.
    #[cfg_attr(feature = "serde", serde(default))]
    pub network: NetworkInfo,
    /// Tags.
    #[cfg_attr(feature = "serde", serde(default))]
    pub tags: Tags,
    /// Free-form properties.
    #[cfg_attr(feature = "serde", serde(default))]
    pub properties: Properties,
}

impl DefineBlock {
    /// A block over `net`.
    pub fn new(id: impl Into<BlockId>, net: IpNet) -> Self {
        Self {
            id: id.into(),
            space: SpaceId::default(),
            name: String::new(),
            description: None,
            net,
            network: NetworkInfo::default(),
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
        /// Sets what ranges carved from it start with.
        with_network => network: NetworkInfo;
        /// Sets the tags.
        with_tags => tags: Tags;
        /// Sets the properties.
        with_properties => properties: Properties;
    }
}

/// A change to a block. What is not named stays as it is; its prefix and address space never change.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct UpdateBlock {
    /// Which block.
    pub id: BlockId,
    /// The name for people; clearing makes it the id.
    #[cfg_attr(feature = "serde", serde(default))]
    pub name: Patch<String>,
    /// What it is for.
    #[cfg_attr(feature = "serde", serde(default))]
    pub description: Patch<String>,
    /// What ranges carved from it start with; all of it at once.
    #[cfg_attr(feature = "serde", serde(default))]
    pub network: Patch<NetworkInfo>,
    /// All tags.
    #[cfg_attr(feature = "serde", serde(default))]
    pub tags: Patch<Tags>,
    /// All properties.
    #[cfg_attr(feature = "serde", serde(default))]
    pub properties: Patch<Properties>,
}

impl UpdateBlock {
    /// A change to the block `id` that changes nothing yet.
    pub fn new(id: impl Into<BlockId>) -> Self {
        Self {
            id: id.into(),
            name: Patch::Keep,
            description: Patch::Keep,
            network: Patch::Keep,
            tags: Patch::Keep,
            properties: Patch::Keep,
        }
    }

    setters! {
        /// Changes the name for people.
        with_name => name: Patch<String>;
        /// Changes what it is for.
        with_description => description: Patch<String>;
        /// Changes what ranges carved from it start with.
        with_network => network: Patch<NetworkInfo>;
        /// Changes all tags.
        with_tags => tags: Patch<Tags>;
        /// Changes all properties.
        with_properties => properties: Patch<Properties>;
    }
}

/// A request to take a block away. Ranges inside it stay, without a block or in the next larger one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct RemoveBlock {
    /// Which block.
    pub id: BlockId,
}

impl RemoveBlock {
    /// Takes the block `id` away.
    pub fn new(id: impl Into<BlockId>) -> Self {
        Self { id: id.into() }
    }
}

/// A request to carve a range out of the first of several blocks that can give it.
///
/// ```
/// use ipam_core::AllocateRange;
///
/// let request = AllocateRange::prefix_len("tenant-7", "campus", 26).with_key("tenant-7/net-1");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct AllocateRange {
    /// Names the request: repeating it with the same key gives the same range. Without one the provider makes it.
    #[cfg_attr(feature = "serde", serde(default))]
    pub key: Option<AllocationKey>,
    /// Who the range is for.
    pub owner: Owner,
    /// The blocks to try, in this order.
    pub blocks: Vec<BlockId>,
    /// Which prefix.
    pub prefix: ChildPrefix,
    /// The new range's name for people; its prefix if empty.
    #[cfg_attr(feature = "serde", serde(default))]
    pub name: String,
    /// What it is for.
    #[cfg_attr(feature = "serde", serde(default))]
    pub description: Option<String>,
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

impl AllocateRange {
    /// `prefix` out of `block`, for `owner`.
    pub fn new(owner: impl Into<Owner>, block: impl Into<BlockId>, prefix: ChildPrefix) -> Self {
        Self {
            key: None,
            owner: owner.into(),
            blocks: vec![block.into()],
            prefix,
            name: String::new(),
            description: None,
            policy: RangePolicy::default(),
            tags: Tags::new(),
            properties: Properties::new(),
        }
    }

    /// The next free prefix of this length.
    pub fn prefix_len(owner: impl Into<Owner>, block: impl Into<BlockId>, prefix_len: u8) -> Self {
        Self::new(owner, block, ChildPrefix::PrefixLen(prefix_len))
    }

    /// Adds a block to try when those before it have no room.
    #[must_use]
    pub fn or_from(mut self, block: impl Into<BlockId>) -> Self {
        self.blocks.push(block.into());
        self
    }

    /// Names the request.
    #[must_use]
    pub fn with_key(mut self, key: impl Into<AllocationKey>) -> Self {
        self.key = Some(key.into());
        self
    }

    setters! {
        /// Sets the name for people.
        with_name => name: String;
        /// Sets what it is for.
        with_description => description: Option<String>;
        /// Sets how its addresses are handed out.
        with_policy => policy: RangePolicy;
        /// Sets the tags.
        with_tags => tags: Tags;
        /// Sets the properties.
        with_properties => properties: Properties;
    }
}

/// Which prefix to carve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum ChildPrefix {
    /// The lowest free one of this length that leaves the larger gaps whole.
    PrefixLen(u8),
    /// This one.
    Exact(IpNet),
}

/// A request to give a carved range back. Repeatable: what is gone already counts as done.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct DeallocateRange {
    /// Which range.
    pub target: RangeTarget,
    /// Whose it has to be; see [`Precondition`].
    #[cfg_attr(feature = "serde", serde(default))]
    pub precondition: Precondition,
    /// Whether to give it back though addresses of it are allocated; they end with it.
    #[cfg_attr(feature = "serde", serde(default))]
    pub with_allocations: bool,
}

impl DeallocateRange {
    /// Gives the range `id` back if none of its addresses is allocated.
    pub fn id(id: impl Into<RangeId>) -> Self {
        Self { target: RangeTarget::Id(id.into()), precondition: Precondition::Anyone, with_allocations: false }
    }

    /// Gives back the range that the request `key` carved.
    pub fn key(key: impl Into<AllocationKey>) -> Self {
        Self { target: RangeTarget::Key(key.into()), precondition: Precondition::Anyone, with_allocations: false }
    }

    setters! {
        /// Says whose it has to be. For callers that may be late.
        with_precondition => precondition: Precondition;
        /// Says whether the allocations in it end with it.
        with_allocations => with_allocations: bool;
    }
}

/// Which carved range to give back.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum RangeTarget {
    /// The range of this id.
    Id(RangeId),
    /// The range that this request carved.
    Key(AllocationKey),
}
