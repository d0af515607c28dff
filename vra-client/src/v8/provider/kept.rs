//! Ranges that were read, and are kept for a while.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use ipam_core::{Range, RangeId};

/// Snapshot of the ranges, by their ids.
pub(super) type Snapshot = BTreeMap<RangeId, Arc<Range>>;

/// Snapshot that is kept, with its time.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) at: Instant,
    pub(super) snapshot: Arc<Snapshot>,
}
