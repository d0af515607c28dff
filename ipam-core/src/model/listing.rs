//! Page of a list, and usage of a range.

use crate::{PageToken, RangeId};

/// Usage of a range, in numbers of addresses: `total` is the sum of `allocated`, `reserved`, `quarantined` and `free`.
///
/// An allocation that has expired counts as quarantined if the range has a quarantine that is not over, and as free
/// otherwise, even if the provider has not removed it yet.
///
/// In JSON a count is a number up to 2^53 − 1, and a string of decimal digits above (RFC 7493 §2.2); both are read.
///
/// ```
/// use ipam_core::Usage;
///
/// let usage = Usage::new("lan", 254, 100, 4, 0); // total, allocated, reserved, quarantined
/// assert_eq!(usage.free, 150);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Usage {
    /// Range.
    pub range: RangeId,
    /// Number of addresses from the first to the last one of the range, both included.
    // `u128` in all counts, because a /64 has 2^64 addresses, which is one more than a `u64` holds.
    #[cfg_attr(feature = "serde", serde(with = "crate::count"))]
    pub total: u128,
    /// Number of allocated addresses.
    #[cfg_attr(feature = "serde", serde(with = "crate::count"))]
    pub allocated: u128,
    /// Number of addresses that are never allocated: reserved ones and the gateway, if they lie between first and last.
    #[cfg_attr(feature = "serde", serde(with = "crate::count"))]
    pub reserved: u128,
    /// Number of quarantined addresses.
    #[cfg_attr(feature = "serde", serde(with = "crate::count"))]
    pub quarantined: u128,
    /// Number of addresses that can be allocated now.
    #[cfg_attr(feature = "serde", serde(with = "crate::count"))]
    pub free: u128,
}

impl Usage {
    /// Makes the usage of a range. The part of `total` that is not in the other three numbers is free.
    pub fn new(range: impl Into<RangeId>, total: u128, allocated: u128, reserved: u128, quarantined: u128) -> Self {
        // Saturating: the numbers of a server may contradict one another, and a count must not panic.
        let used = allocated.saturating_add(reserved).saturating_add(quarantined);
        Self { range: range.into(), total, allocated, reserved, quarantined, free: total.saturating_sub(used) }
    }
}

/// One page of a listing. See [`PageRequest`](crate::PageRequest) for a loop over all pages.
///
/// ```
/// use ipam_core::{Page, PageToken};
///
/// // What the author of a provider returns:
/// let last = Page::new(vec!["a", "b"], None);
/// assert_eq!((last.items.len(), last.next), (2, None::<PageToken>));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Page<T> {
    /// Items, in an order that does not change from page to page.
    pub items: Vec<T>,
    /// Token of the next page; `None` on the last one. A page may be empty and still have a next one.
    pub next: Option<PageToken>,
}

impl<T> Page<T> {
    /// Makes a page, for authors of providers.
    #[must_use]
    pub const fn new(items: Vec<T>, next: Option<PageToken>) -> Self {
        Self { items, next }
    }
}
