//! Feed of changes.

use std::net::IpAddr;
use std::time::SystemTime;

use crate::{AllocationId, AllocationKey, BlockId, ChangePosition, Owner, RangeId, SpaceId};

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

/// Entry of the feed: the kind of the change, the item, the actor and the time.
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
