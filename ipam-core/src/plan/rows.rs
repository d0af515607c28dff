//! Rows of a plan: blocks, ranges and allocations, each with its place in the file.

use std::fmt;
use std::net::IpAddr;

use crate::{Allocate, AllocateLine, AllocationKey, DefineBlock, DefineRange, Labels, Owner, RangeId};

/// Item of a plan, and its place in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Row<T> {
    /// Place for people, such as `line 7`, `ranges[3]` or `subnets data[12]`.
    pub at: String,
    /// The item.
    pub item: T,
    /// Id under which earlier versions imported the same thing. The check reports a conflict if the provider has it under
    /// that id, so that it is not added a second time.
    pub former_id: Option<String>,
}

impl<T> Row<T> {
    /// An item at a place.
    pub fn new(at: impl Into<String>, item: T) -> Self {
        Self { at: at.into(), item, former_id: None }
    }

    /// Sets the id that earlier versions gave it.
    #[must_use]
    pub fn with_former_id(mut self, id: impl Into<String>) -> Self {
        self.former_id = Some(id.into());
        self
    }
}

/// What a row describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum RowKind {
    /// A block.
    Block,
    /// A range.
    Range,
    /// An address that is taken.
    Allocation,
}

impl RowKind {
    /// The kinds, in the order in which they are applied.
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

/// Address that is taken, and its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlannedAllocation {
    /// The range.
    pub range: RangeId,
    /// The address.
    pub address: IpAddr,
    /// The key of the request that takes it, which makes importing the same row twice the same request.
    pub key: AllocationKey,
    /// The owner.
    pub owner: Owner,
    /// Host name, description, MAC address and tags.
    pub labels: Labels,
}

impl PlannedAllocation {
    /// An address of a range, for the owner `plan`, with a key made from range and address.
    pub fn new(range: impl Into<RangeId>, address: IpAddr) -> Self {
        let range = range.into();
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

    /// Returns the request that takes the address.
    pub fn to_request(&self) -> Allocate {
        let line = AllocateLine::exactly(self.range.clone(), self.address).with_labels(self.labels.clone());
        Allocate::new(self.owner.clone()).with_key(self.key.clone()).with_line(line)
    }
}

/// A subnet plan. See the [module](super) for an example.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AddressPlan {
    /// The blocks.
    pub blocks: Vec<Row<DefineBlock>>,
    /// The ranges.
    pub ranges: Vec<Row<DefineRange>>,
    /// The addresses that are taken.
    pub allocations: Vec<Row<PlannedAllocation>>,
    /// What the reader of a foreign format understood and had to put differently.
    pub notes: Vec<Row<String>>,
}

impl AddressPlan {
    /// How many rows a plan may have.
    pub const MAX_ROWS: usize = 1_000_000;
    /// How many bytes the text of a plan may have.
    pub const MAX_BYTES: usize = 256 << 20;

    /// A plan without rows.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many rows it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.blocks.len() + self.ranges.len() + self.allocations.len()
    }

    /// Tells whether it has no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
