//! Feed of changes.

use std::net::IpAddr;
use std::time::SystemTime;

use crate::{AllocationId, AllocationKey, BlockId, ChangePosition, Owner, RangeId, SpaceId};

/// What happened to what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum ChangeKind {
    /// An address was taken.
    Allocated,
    /// An allocation's labels or expiry changed.
    Updated,
    /// An address was given back.
    Deallocated,
    /// An allocation ended by itself.
    Expired,
    /// A range was defined or carved.
    RangeDefined,
    /// A range was changed.
    RangeUpdated,
    /// A range was taken away.
    RangeRemoved,
    /// A block was defined.
    BlockDefined,
    /// A block was changed.
    BlockUpdated,
    /// A block was taken away.
    BlockRemoved,
}

/// One entry of the feed: who did what to what, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Change {
    /// Where it stands in the feed.
    pub position: ChangePosition,
    /// When it happened, by the provider's clock.
    #[cfg_attr(feature = "serde", serde(with = "crate::text::time"))]
    pub at: SystemTime,
    /// What happened.
    pub kind: ChangeKind,
    /// Who did it: the name the provider was opened with.
    pub actor: Option<String>,
    /// Whose address or range it is.
    pub owner: Option<Owner>,
    /// The address space.
    pub space: SpaceId,
    /// The range, if it is about a range or an address of it.
    pub range: Option<RangeId>,
    /// The block, if it is about a block.
    pub block: Option<BlockId>,
    /// The address, if it is about one.
    pub address: Option<IpAddr>,
    /// The allocation, if it is about one.
    pub allocation: Option<AllocationId>,
    /// The key of the request that took it.
    pub key: Option<AllocationKey>,
}

impl Change {
    /// An entry about `space` with nothing else set. For a provider's author.
    pub fn new(position: ChangePosition, at: SystemTime, kind: ChangeKind, space: SpaceId) -> Self {
        Self {
            position,
            at,
            kind,
            actor: None,
            owner: None,
            space,
            range: None,
            block: None,
            address: None,
            allocation: None,
            key: None,
        }
    }
}

/// A part of the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Changes {
    /// The entries, oldest first.
    pub items: Vec<Change>,
    /// Where to read on, also when there is nothing new yet.
    pub next: ChangePosition,
}

impl Changes {
    /// Entries and where to read on.
    #[must_use]
    pub const fn new(items: Vec<Change>, next: ChangePosition) -> Self {
        Self { items, next }
    }
}
