//! Records that a request will most likely read.

use std::net::IpAddr;

use crate::{AllocationId, AllocationKey, RangeId};

/// Address with its range.
pub(super) type Place = (RangeId, IpAddr);

/// Use that a request makes of the allocations that it names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Purpose {
    /// None.
    #[default]
    Unread,
    /// They are compared with others.
    Compared,
    /// They end.
    Ended,
}

/// Records that a request will most likely read, to be read in advance.
#[derive(Debug, Clone, Default)]
pub(super) struct Hint {
    /// Keys of the request, or of requests that it names.
    pub(super) keys: Vec<AllocationKey>,
    /// Ranges from which it allocates.
    pub(super) ranges: Vec<RangeId>,
    /// Allocations that it names.
    pub(super) ids: Vec<AllocationId>,
    /// Addresses that it names.
    pub(super) places: Vec<Place>,
    /// Use of the allocations that it names.
    pub(super) purpose: Purpose,
    /// Lock of a transaction whose commit was lost, and on whose end the job waits.
    pub(super) after: Option<i64>,
}
