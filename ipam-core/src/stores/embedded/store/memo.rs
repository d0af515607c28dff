//! Memo of a connection: values that the next allocation would otherwise read again.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use crate::RangeId;
use crate::engine::{Page, StoredRange};

/// Values that a connection remembers from one transaction to the next. Dropped when another connection has written,
/// and after every roll-back.
// An allocation then reads nothing but its key (bars E1 to E3). The memo is no second source of truth: `data_version`
// is read in every transaction, before the memo is used. After a roll-back it may hold values that were never
// committed.
#[derive(Default)]
pub(super) struct Memo {
    /// Ranges, decoded.
    pub(super) ranges: HashMap<RangeId, StoredRange>,
    /// Open pages by range.
    pub(super) open_pages: HashMap<RangeId, OpenPage>,
    /// Ranges whose open page may still have to be written. May list others too.
    pub(super) unwritten_pages: Vec<RangeId>,
    /// Time before which no allocation expires.
    pub(super) first_expiry: Option<i64>,
    /// Times by range before which no quarantined address of the range is released.
    pub(super) first_released: HashMap<RangeId, i64>,
    /// Number of the last change.
    pub(super) last_event: Option<i64>,
    /// Last serial number that was issued.
    pub(super) last_serial: i64,
    /// Serial numbers of the request that was stored last.
    pub(super) serials: Option<RangeInclusive<i64>>,
}

/// Lowest open page of a range at or after page `from`.
pub(super) struct OpenPage {
    pub(super) from: u128,
    pub(super) no: u128,
    pub(super) page: Page,
    /// True if the row is still to be written.
    // One page serves many requests of a transaction and is written once (bar E2).
    pub(super) unwritten: bool,
}
