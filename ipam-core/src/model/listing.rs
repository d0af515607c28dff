//! Page of a list, and usage of a range.

use crate::{PageToken, RangeId};

/// How full a range is. The four parts add up to `total`.
///
/// In JSON a count is a number up to 2^53 − 1, and a string of decimal digits above (RFC 7493 §2.2); both are read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Usage {
    /// The range.
    pub range: RangeId,
    /// How many addresses lie between the first and the last, both included.
    #[cfg_attr(feature = "serde", serde(with = "crate::count"))]
    pub total: u128,
    /// How many are allocated.
    #[cfg_attr(feature = "serde", serde(with = "crate::count"))]
    pub allocated: u128,
    /// How many are never handed out: reservations and the gateway, where they lie inside.
    #[cfg_attr(feature = "serde", serde(with = "crate::count"))]
    pub reserved: u128,
    /// How many rest after they were given back.
    #[cfg_attr(feature = "serde", serde(with = "crate::count"))]
    pub quarantined: u128,
    /// How many can be handed out now.
    #[cfg_attr(feature = "serde", serde(with = "crate::count"))]
    pub free: u128,
}

impl Usage {
    /// The usage of a range; what is left of `total` is free.
    pub fn new(range: impl Into<RangeId>, total: u128, allocated: u128, reserved: u128, quarantined: u128) -> Self {
        let used = allocated.saturating_add(reserved).saturating_add(quarantined);
        Self { range: range.into(), total, allocated, reserved, quarantined, free: total.saturating_sub(used) }
    }
}

/// One page of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Page<T> {
    /// The items, in an order that does not change from page to page.
    pub items: Vec<T>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<PageToken>,
}

impl<T> Page<T> {
    /// A page and where the next one begins.
    #[must_use]
    pub const fn new(items: Vec<T>, next: Option<PageToken>) -> Self {
        Self { items, next }
    }
}
