//! Feed of changes.

use std::net::IpAddr;
use std::time::SystemTime;

use crate::{Allocation, AllocationId, AllocationKey, Block, BlockId, ChangePosition, Owner, Range, RangeId, SpaceId};

/// Kind of a change in the feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum ChangeKind {
    /// An address was allocated.
    Allocated,
    /// Labels or expiry of an allocation were changed.
    Updated,
    /// An address was deallocated.
    Deallocated,
    /// An allocation expired.
    Expired,
    /// A range was defined, or allocated from a block.
    RangeDefined,
    /// A range was changed.
    RangeUpdated,
    /// A range was removed.
    RangeRemoved,
    /// A block was defined.
    BlockDefined,
    /// A block was changed.
    BlockUpdated,
    /// A block was removed.
    BlockRemoved,
}

/// State of the item of a change: an allocation, a range or a block.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum ChangedItem {
    /// Allocation.
    Allocation(Allocation),
    /// Range. Its block is the one at the time of the change.
    Range(Range),
    /// Block.
    Block(Block),
}

impl ChangedItem {
    /// Returns the allocation; `None` for a range or a block.
    #[must_use]
    pub const fn allocation(&self) -> Option<&Allocation> {
        match self {
            Self::Allocation(allocation) => Some(allocation),
            Self::Range(_) | Self::Block(_) => None,
        }
    }

    /// Returns the range; `None` for an allocation or a block.
    #[must_use]
    pub const fn range(&self) -> Option<&Range> {
        match self {
            Self::Range(range) => Some(range),
            Self::Allocation(_) | Self::Block(_) => None,
        }
    }

    /// Returns the block; `None` for an allocation or a range.
    #[must_use]
    pub const fn block(&self) -> Option<&Block> {
        match self {
            Self::Block(block) => Some(block),
            Self::Allocation(_) | Self::Range(_) => None,
        }
    }
}

/// Entry of the feed: the kind of the change, the item with its state before and after, the actor and the time.
///
/// A reader that applies all entries in order has the state of the provider: it removes what is in `before`, and adds
/// what is in `after`.
///
/// ```
/// use ipam_core::{ChangeKind, DefineRange, IpamProvider, IpamProviderExt, MemoryProvider};
///
/// # futures_executor::block_on(async {
/// let ipam = MemoryProvider::builder().with_actor("provisioner").build();
/// ipam.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse()?)).await?;
/// ipam.allocate_one("lan", "vm-42").await?;
/// let changes = ipam.changes(None, 100).await?;
/// let last = changes.items.last().ok_or("no change")?;
/// assert_eq!((last.kind, last.actor.as_deref()), (ChangeKind::Allocated, Some("provisioner")));
/// let after = last.after.as_ref().and_then(|item| item.allocation()).ok_or("no state")?;
/// assert_eq!((after.address.to_string().as_str(), &last.before), ("192.0.2.1", &None));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
// One flat struct and not an enum with data: a reader filters all kinds by the same fields, and a new kind needs no new
// type.
pub struct Change {
    /// Position in the feed.
    pub position: ChangePosition,
    /// Time of the change, by the clock of the provider.
    #[cfg_attr(feature = "serde", serde(with = "crate::text::time"))]
    pub at: SystemTime,
    /// Kind of the change.
    pub kind: ChangeKind,
    /// Name of the program that made the change, as its provider was opened with.
    pub actor: Option<String>,
    /// Owner of the address or the range.
    pub owner: Option<Owner>,
    /// Address space.
    pub space: SpaceId,
    /// Range, for changes of a range or one of its addresses.
    pub range: Option<RangeId>,
    /// Block, for changes of a block.
    pub block: Option<BlockId>,
    /// Address, for changes of an allocation.
    pub address: Option<IpAddr>,
    /// Allocation, for changes of one.
    pub allocation: Option<AllocationId>,
    /// Key of the request that made the allocation or the range.
    pub key: Option<AllocationKey>,
    /// State of the item before the change. `None` if it did not exist, or the provider did not record it: an entry of
    /// an older program, or one about an address that was restored in quarantine.
    // Boxed, because an entry without states, as many readers keep it, would otherwise be several times as large.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub before: Option<Box<ChangedItem>>,
    /// State of the item after the change. `None` if it does not exist any more, or the provider did not record it.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub after: Option<Box<ChangedItem>>,
}

impl Change {
    /// Makes an entry for `space` with nothing else set, for authors of providers.
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
            before: None,
            after: None,
        }
    }
}

/// Part of the feed: some changes, and the position after them.
///
/// ```
/// use ipam_core::{DefineRange, IpamProvider, IpamProviderExt, MemoryProvider};
///
/// # futures_executor::block_on(async {
/// let ipam = MemoryProvider::new();
/// ipam.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse()?)).await?;
/// ipam.allocate_one("lan", "vm-42").await?;
/// let first = ipam.changes(None, 1).await?;
/// let second = ipam.changes(Some(&first.next), 1).await?;
/// assert_eq!((first.items.len(), second.items.len()), (1, 1));
/// assert!(ipam.changes(Some(&second.next), 1).await?.items.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Changes {
    /// Changes, oldest first.
    pub items: Vec<Change>,
    /// Position to continue at. It is set also if there are no changes yet.
    // Not an `Option`: a reader that starts on an empty feed would otherwise start at the oldest change again, and miss
    // without an error those that the store has removed by then.
    pub next: ChangePosition,
}

impl Changes {
    /// Makes a part of the feed, for authors of providers.
    #[must_use]
    pub const fn new(items: Vec<Change>, next: ChangePosition) -> Self {
        Self { items, next }
    }
}
