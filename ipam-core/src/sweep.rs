//! Requests and results of a sweep.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use crate::request::setters;
use crate::{AllocationKey, Owner, RangeId};

/// Request to undo abandoned claims: what processes left that died between taking an address and acknowledging it.
///
/// ```
/// use std::time::Duration;
/// use ipam_core::{IpamProvider, MemoryProvider, Sweep};
///
/// # futures_executor::block_on(async {
/// let ipam = MemoryProvider::new();
/// let swept = ipam.sweep(&Sweep::new().with_older_than(Duration::from_secs(3600)).with_dry_run(true)).await?;
/// assert!(swept.claims.is_empty(), "this provider writes all of a request at once and leaves no claims");
/// # Ok::<(), ipam_core::Error>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
#[non_exhaustive]
pub struct Sweep {
    /// Minimum age of a claim. The provider's own claim time, after which a claim counts as abandoned, is the default
    /// and the lower limit: a shorter time is raised to it.
    #[cfg_attr(feature = "serde", serde(default, with = "crate::text::option_seconds"))]
    pub older_than: Option<Duration>,
    /// Lists what would be undone, and undoes nothing.
    pub dry_run: bool,
    /// Maximum number of claims to undo in this call.
    pub limit: u32,
}

impl Sweep {
    /// Maximum number of claims of a call, if nothing else is set.
    pub const DEFAULT_LIMIT: u32 = 1_000;

    /// A sweep with the provider's own claim time.
    #[must_use]
    pub const fn new() -> Self {
        Self { older_than: None, dry_run: false, limit: Self::DEFAULT_LIMIT }
    }

    setters! {
        /// Sets the minimum age of a claim.
        with_older_than => older_than: Option<Duration>;
        /// Sets whether to list only.
        with_dry_run => dry_run: bool;
    }

    /// Sets the maximum number of claims to undo.
    #[must_use]
    pub const fn with_limit(mut self, limit: u32) -> Self {
        self.limit = limit;
        self
    }
}

impl Default for Sweep {
    fn default() -> Self {
        Self::new()
    }
}

/// Result of a sweep.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Swept {
    /// What was undone, or would be in a dry run.
    pub claims: Vec<AbandonedClaim>,
    /// Whether the limit cut the sweep short; call it again.
    pub more: bool,
}

impl Swept {
    /// A sweep that undid `claims`.
    #[must_use]
    pub const fn new(claims: Vec<AbandonedClaim>, more: bool) -> Self {
        Self { claims, more }
    }
}

/// An address, or a child prefix, that a process claimed and never acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct AbandonedClaim {
    /// Range of the address, or the range that was claimed as a child prefix.
    pub range: RangeId,
    /// Claimed address; `None` for a child prefix.
    pub address: Option<IpAddr>,
    /// Key of the request, as far as it is known.
    pub key: Option<AllocationKey>,
    /// Owner named by the request, as far as it is known.
    pub owner: Option<Owner>,
    /// Time of the claim, as far as it is known.
    #[cfg_attr(feature = "serde", serde(default, with = "crate::text::option_time"))]
    pub claimed: Option<SystemTime>,
}

impl AbandonedClaim {
    /// A claim of an address, or of a child prefix if there is none.
    #[must_use]
    pub fn new(range: impl Into<RangeId>, address: Option<IpAddr>) -> Self {
        Self { range: range.into(), address, key: None, owner: None, claimed: None }
    }

    setters! {
        /// Sets the key of the request.
        with_key => key: Option<AllocationKey>;
        /// Sets the owner named by the request.
        with_owner => owner: Option<Owner>;
        /// Sets the time of the claim.
        with_claimed => claimed: Option<SystemTime>;
    }
}
