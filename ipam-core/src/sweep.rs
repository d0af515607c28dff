//! Request and result of a sweep.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use crate::request::setters;
use crate::{AllocationKey, Owner, RangeId};

/// Request to undo abandoned claims: addresses and child prefixes that a process has taken on a server, and not
/// acknowledged before it ended. See [`IpamProvider::sweep`](crate::IpamProvider::sweep).
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
    /// True to list the claims that would be undone, and undo nothing. The default is false.
    pub dry_run: bool,
    /// Maximum number of claims to undo in this call. The default is [`DEFAULT_LIMIT`](Self::DEFAULT_LIMIT).
    pub limit: u32,
}

impl Sweep {
    /// Default of [`limit`](Self::limit): 1000 claims.
    pub const DEFAULT_LIMIT: u32 = 1_000;

    /// Makes a sweep with the claim time of the provider.
    #[must_use]
    pub const fn new() -> Self {
        Self { older_than: None, dry_run: false, limit: Self::DEFAULT_LIMIT }
    }

    setters! {
        /// Sets the minimum age of a claim.
        with_older_than => older_than: Option<Duration>;
        /// Sets [`dry_run`](Self::dry_run): true to list only.
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
///
/// ```
/// use ipam_core::{AbandonedClaim, Swept};
///
/// let claim = AbandonedClaim::new("lan", Some([192, 0, 2, 7].into()));
/// let swept = Swept::new(vec![claim], true);
/// assert!(swept.more, "the limit was reached; sweep again");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Swept {
    /// Claims that were undone, or would be in a dry run.
    pub claims: Vec<AbandonedClaim>,
    /// True if the limit was reached and other claims may be left: sweep again.
    pub more: bool,
}

impl Swept {
    /// Makes the result of a sweep that undid `claims`.
    #[must_use]
    pub const fn new(claims: Vec<AbandonedClaim>, more: bool) -> Self {
        Self { claims, more }
    }
}

/// Address or child prefix that a process claimed and did not acknowledge.
///
/// ```
/// use ipam_core::{AbandonedClaim, AllocationKey};
///
/// let claim = AbandonedClaim::new("lan", Some([192, 0, 2, 7].into())).with_key(AllocationKey::new("vm-42/nic-0"));
/// assert_eq!(claim.key.as_ref().map(AllocationKey::as_str), Some("vm-42/nic-0"));
/// ```
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
    /// Makes a claim of an address, or with `None` of the child prefix that is the range.
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
