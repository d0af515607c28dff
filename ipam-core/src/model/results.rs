//! Results of allocating and deallocating addresses.

use std::net::IpAddr;

use super::allocation::Allocation;
use crate::{AllocationKey, RangeId};

/// What [`allocate`](crate::IpamProvider::allocate) took.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Allocated {
    /// The request's key, or the one the provider made.
    pub key: AllocationKey,
    /// For each line of the request, in that order, its addresses, in ascending order.
    pub lines: Vec<Vec<Allocation>>,
    /// Whether an earlier call with this key had taken them.
    pub repeated: bool,
}

impl Allocated {
    /// What a provider answers.
    #[must_use]
    pub const fn new(key: AllocationKey, lines: Vec<Vec<Allocation>>, repeated: bool) -> Self {
        Self { key, lines, repeated }
    }

    /// All allocations, line after line.
    pub fn iter(&self) -> impl Iterator<Item = &Allocation> {
        self.lines.iter().flatten()
    }
}

/// An address that [`preview_allocate`](crate::IpamProvider::preview_allocate) would take.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Candidate {
    /// The range.
    pub range: RangeId,
    /// The address.
    pub address: IpAddr,
}

impl Candidate {
    /// An address of a range.
    pub fn new(range: impl Into<RangeId>, address: IpAddr) -> Self {
        Self { range: range.into(), address }
    }
}

/// What an [`allocate`](crate::IpamProvider::allocate) would take now. Nothing is held: another caller may be quicker.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Preview {
    /// For each line of the request, in that order, its addresses.
    pub lines: Vec<Vec<Candidate>>,
}

impl Preview {
    /// What a provider answers.
    #[must_use]
    pub const fn new(lines: Vec<Vec<Candidate>>) -> Self {
        Self { lines }
    }
}

/// What became of one target of a [`deallocate`](crate::IpamProvider::deallocate).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct DeallocatedTarget {
    /// The allocations that ended. Empty if it was free already, or belongs to an unexpected owner.
    pub freed: Vec<Allocation>,
}

impl DeallocatedTarget {
    /// What a provider answers for one target.
    #[must_use]
    pub const fn new(freed: Vec<Allocation>) -> Self {
        Self { freed }
    }

    /// Whether there was nothing to free.
    #[must_use]
    pub fn was_free(&self) -> bool {
        self.freed.is_empty()
    }
}

/// What [`deallocate`](crate::IpamProvider::deallocate) gave back.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Deallocated {
    /// For each target of the request, in that order, what became of it.
    pub targets: Vec<DeallocatedTarget>,
}

impl Deallocated {
    /// What a provider answers.
    #[must_use]
    pub const fn new(targets: Vec<DeallocatedTarget>) -> Self {
        Self { targets }
    }

    /// All allocations that ended.
    pub fn freed(&self) -> impl Iterator<Item = &Allocation> {
        self.targets.iter().flat_map(|target| &target.freed)
    }

    /// Whether nothing at all was freed.
    #[must_use]
    pub fn was_free(&self) -> bool {
        self.targets.iter().all(DeallocatedTarget::was_free)
    }
}
