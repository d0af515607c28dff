//! Rows of a plan: blocks, ranges and allocations, each with its place in the file.

use std::fmt;
use std::net::IpAddr;

use crate::{Allocate, AllocateLine, AllocationKey, DefineBlock, DefineRange, Labels, Owner, RangeId};

/// Item of a plan, with its place in the file.
///
/// ```
/// use ipam_core::DefineRange;
/// use ipam_core::plan::{AddressPlan, Row};
///
/// let mut plan = AddressPlan::new();
/// plan.ranges.push(Row::new("line 7", DefineRange::new("lan", "192.0.2.0/24".parse()?)));
/// assert_eq!(plan.ranges[0].at, "line 7");
/// # Ok::<(), ipnet::AddrParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Row<T> {
    /// Place for people, such as `line 7`, `ranges[3]` or `subnets data[12]`.
    pub at: String,
    /// The item.
    pub item: T,
    /// Id under which an earlier version of the importing program added the same item. A program sets it after it has
    /// changed its ids. The check reports a conflict if the provider has the item under that id, so that it is not
    /// added twice.
    pub former_id: Option<String>,
}

impl<T> Row<T> {
    /// Makes a row of an item at a place.
    pub fn new(at: impl Into<String>, item: T) -> Self {
        Self { at: at.into(), item, former_id: None }
    }

    /// Sets the id that an earlier version of the importing program used.
    #[must_use]
    pub fn with_former_id(mut self, id: impl Into<String>) -> Self {
        self.former_id = Some(id.into());
        self
    }
}

/// Kind of a row.
///
/// ```
/// use ipam_core::plan::RowKind;
///
/// assert_eq!(RowKind::ALL.map(RowKind::as_str), ["block", "range", "allocation"]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum RowKind {
    /// Block.
    Block,
    /// Range.
    Range,
    /// Allocated address.
    Allocation,
}

impl RowKind {
    /// Kinds in the order in which they are added.
    pub const ALL: [Self; 3] = [Self::Block, Self::Range, Self::Allocation];

    /// Returns the word in the `kind` column of CSV: `block`, `range` or `allocation`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Range => "range",
            Self::Allocation => "allocation",
        }
    }

    /// Returns the name of the list in JSON.
    pub(super) const fn list(self) -> &'static str {
        match self {
            Self::Block => "blocks",
            Self::Range => "ranges",
            Self::Allocation => "allocations",
        }
    }
}

impl fmt::Display for RowKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Allocated address of a plan, with its owner, key and labels.
///
/// ```
/// use ipam_core::Labels;
/// use ipam_core::plan::PlannedAllocation;
///
/// let planned = PlannedAllocation::new("lan", [192, 0, 2, 7].into())
///     .with_owner("vm-42")
///     .with_labels(Labels::default().with_hostname("web1"));
/// assert_eq!(planned.key.as_str(), "plan/lan/192.0.2.7");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlannedAllocation {
    /// Range.
    pub range: RangeId,
    /// Address.
    pub address: IpAddr,
    /// Key of the request that allocates it. With it, a second import of the same row is the same request.
    pub key: AllocationKey,
    /// Owner.
    pub owner: Owner,
    /// Host name, description, MAC address and tags.
    pub labels: Labels,
}

impl PlannedAllocation {
    /// Makes an allocation of an address for the owner `plan`, with the key `plan/RANGE/ADDRESS`.
    pub fn new(range: impl Into<RangeId>, address: IpAddr) -> Self {
        let range = range.into();
        // Made from what identifies the row, and not at random: a second import of the plan finds its own addresses
        // instead of a conflict.
        let key = AllocationKey::new(format!("plan/{range}/{address}"));
        Self { range, address, key, owner: "plan".into(), labels: Labels::default() }
    }

    /// Sets the key.
    #[must_use]
    pub fn with_key(mut self, key: impl Into<AllocationKey>) -> Self {
        self.key = key.into();
        self
    }

    /// Sets the owner.
    #[must_use]
    pub fn with_owner(mut self, owner: impl Into<Owner>) -> Self {
        self.owner = owner.into();
        self
    }

    /// Sets host name, description, MAC address and tags.
    #[must_use]
    pub fn with_labels(mut self, labels: Labels) -> Self {
        self.labels = labels;
        self
    }

    /// Returns the request that allocates the address.
    pub fn to_request(&self) -> Allocate {
        let line = AllocateLine::exactly(self.range.clone(), self.address).with_labels(self.labels.clone());
        Allocate::new(self.owner.clone()).with_key(self.key.clone()).with_line(line)
    }
}

/// Address plan: blocks, ranges and allocated addresses. The [module](super) shows how one is imported.
///
/// ```
/// use ipam_core::plan::AddressPlan;
///
/// let plan = AddressPlan::from_csv("kind,id,net\nblock,campus,10.0.0.0/8\nrange,lan,10.0.7.0/24\n")?;
/// assert_eq!((plan.blocks.len(), plan.ranges.len(), plan.len()), (1, 1, 2));
/// # Ok::<(), ipam_core::plan::PlanError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AddressPlan {
    /// Blocks.
    pub blocks: Vec<Row<DefineBlock>>,
    /// Ranges.
    pub ranges: Vec<Row<DefineRange>>,
    /// Allocated addresses.
    pub allocations: Vec<Row<PlannedAllocation>>,
    /// Warnings of a reader of another format: what it read, but had to convert with a loss. Readers of CSV and JSON
    /// leave it empty.
    pub notes: Vec<Row<String>>,
}

impl AddressPlan {
    /// Maximum number of rows of a plan: 1 000 000.
    // The check keeps all rows in memory and sorts them together with as many items of the provider.
    pub const MAX_ROWS: usize = 1_000_000;
    /// Maximum length of the text of a plan: 256 MiB.
    // Some 256 bytes for each of the rows, which is a long row.
    pub const MAX_BYTES: usize = 256 << 20;

    /// Makes a plan without rows.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the number of rows; notes are not counted.
    #[must_use]
    pub fn len(&self) -> usize {
        self.blocks.len() + self.ranges.len() + self.allocations.len()
    }

    /// Returns true if the plan has no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
