//! Results of allocating and deallocating addresses.

use std::net::IpAddr;

use super::allocation::Allocation;
use crate::{AllocationKey, RangeId};

/// Result of [`allocate`](crate::IpamProvider::allocate).
///
/// ```
/// use ipam_core::{Allocate, AllocateLine, DefineRange, IpamProvider, MemoryProvider};
///
/// # futures_executor::block_on(async {
/// let ipam = MemoryProvider::new();
/// ipam.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse()?)).await?;
/// ipam.define_range(&DefineRange::new("dmz", "198.51.100.0/24".parse()?)).await?;
/// let request =
///     Allocate::new("vm-42").with_line(AllocateLine::next("lan", 2)).with_line(AllocateLine::next("dmz", 1));
/// let allocated = ipam.allocate(&request).await?;
/// assert_eq!(allocated.lines[1][0].address.to_string(), "198.51.100.1"); // the second line
/// assert_eq!(allocated.iter().count(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Allocated {
    /// Key of the request, or the one that the provider made.
    pub key: AllocationKey,
    /// Allocations of each line, in the order of the lines; those of a line by ascending address.
    // A list per line and not one list: a caller has a line for each network card, and has to give the right card its
    // address.
    pub lines: Vec<Vec<Allocation>>,
    /// True if an earlier call with this key allocated them.
    pub repeated: bool,
}

impl Allocated {
    /// Makes a result, for authors of providers.
    #[must_use]
    pub const fn new(key: AllocationKey, lines: Vec<Vec<Allocation>>, repeated: bool) -> Self {
        Self { key, lines, repeated }
    }

    /// Returns all allocations, line after line.
    pub fn iter(&self) -> impl Iterator<Item = &Allocation> {
        self.lines.iter().flatten()
    }
}

/// Address that [`preview_allocate`](crate::IpamProvider::preview_allocate) found.
///
/// ```
/// use ipam_core::Candidate;
///
/// let candidate = Candidate::new("lan", [192, 0, 2, 7].into());
/// assert_eq!((candidate.range.as_str(), candidate.address.is_ipv4()), ("lan", true));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
// Without id, key and owner: nothing is allocated yet, and an id would be taken for one that can be deallocated.
pub struct Candidate {
    /// Range.
    pub range: RangeId,
    /// Address.
    pub address: IpAddr,
}

impl Candidate {
    /// Makes a candidate, for authors of providers.
    pub fn new(range: impl Into<RangeId>, address: IpAddr) -> Self {
        Self { range: range.into(), address }
    }
}

/// Result of [`preview_allocate`](crate::IpamProvider::preview_allocate): the addresses that an allocation would take
/// now.
///
/// Nothing is held. Another caller may allocate them first.
///
/// ```
/// use ipam_core::{Allocate, DefineRange, IpamProvider, MemoryProvider};
///
/// # futures_executor::block_on(async {
/// let ipam = MemoryProvider::new();
/// ipam.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse()?)).await?;
/// let preview = ipam.preview_allocate(&Allocate::one("vm-42", "lan")).await?;
/// assert_eq!(preview.lines[0][0].address.to_string(), "192.0.2.1");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Preview {
    /// Addresses of each line, in the order of the lines.
    pub lines: Vec<Vec<Candidate>>,
}

impl Preview {
    /// Makes a result, for authors of providers.
    #[must_use]
    pub const fn new(lines: Vec<Vec<Candidate>>) -> Self {
        Self { lines }
    }
}

/// Result of one target of a [`deallocate`](crate::IpamProvider::deallocate).
///
/// ```
/// use ipam_core::DeallocatedTarget;
///
/// assert!(DeallocatedTarget::new(Vec::new()).was_free());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
// A struct and not the list itself, so that a later release can say more about a target without breaking callers.
pub struct DeallocatedTarget {
    /// Allocations that were deallocated. Empty if the target was free already, or does not meet the precondition.
    pub freed: Vec<Allocation>,
}

impl DeallocatedTarget {
    /// Makes the result of one target, for authors of providers.
    #[must_use]
    pub const fn new(freed: Vec<Allocation>) -> Self {
        Self { freed }
    }

    /// Returns true if nothing was deallocated for this target.
    ///
    /// The target was free already, **or** is allocated to another owner or key and does not meet the
    /// [`Precondition`](crate::Precondition) of the request.
    #[must_use]
    pub fn was_free(&self) -> bool {
        self.freed.is_empty()
    }
}

/// Result of [`deallocate`](crate::IpamProvider::deallocate).
///
/// ```
/// use ipam_core::{Deallocate, DefineRange, IpamProvider, IpamProviderExt, MemoryProvider};
///
/// # futures_executor::block_on(async {
/// let ipam = MemoryProvider::new();
/// ipam.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse()?)).await?;
/// let taken = ipam.allocate_one("lan", "vm-42").await?;
/// let request = Deallocate::id(taken.id.clone());
/// let deallocated = ipam.deallocate(&request).await?;
/// assert_eq!(deallocated.freed().next(), Some(&taken));
/// assert!(ipam.deallocate(&request).await?.was_free());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Deallocated {
    /// Result of each target, in the order of the targets.
    pub targets: Vec<DeallocatedTarget>,
}

impl Deallocated {
    /// Makes a result, for authors of providers.
    #[must_use]
    pub const fn new(targets: Vec<DeallocatedTarget>) -> Self {
        Self { targets }
    }

    /// Returns all allocations that were deallocated.
    pub fn freed(&self) -> impl Iterator<Item = &Allocation> {
        self.targets.iter().flat_map(|target| &target.freed)
    }

    /// Returns true if nothing was deallocated.
    ///
    /// It does not tell that the addresses are free: it is true as well if all of them belong to another owner or key,
    /// and were left alone because of the [`Precondition`](crate::Precondition) of the request.
    #[must_use]
    pub fn was_free(&self) -> bool {
        self.targets.iter().all(DeallocatedTarget::was_free)
    }
}
