//! What one connection knows of the store without asking.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use crate::RangeId;
use crate::engine::{Page, StoredRange};

/// What a connection remembers of the store from one transaction to the next, so that an allocation does not read what
/// the last one wrote. Dropped as soon as another connection has written, and after every roll-back.
#[derive(Default)]
pub(super) struct Memo {
    /// Ranges, decoded.
    pub(super) ranges: HashMap<RangeId, StoredRange>,
    /// Where ranges have room.
    pub(super) open_pages: HashMap<RangeId, OpenPage>,
    /// The ranges whose open page is not written yet, and maybe others.
    pub(super) unwritten_pages: Vec<RangeId>,
    /// No allocation expires before.
    pub(super) first_expiry: Option<i64>,
    /// No address of the range has rested long enough before.
    pub(super) first_released: HashMap<RangeId, i64>,
    /// The number of the last change.
    pub(super) last_event: Option<i64>,
    /// The last serial number given.
    pub(super) last_serial: i64,
    /// The serial numbers of the request that was stored last.
    pub(super) serials: Option<RangeInclusive<i64>>,
}

/// The lowest open page of a range at or after a number.
pub(super) struct OpenPage {
    pub(super) from: u128,
    pub(super) no: u128,
    pub(super) page: Page,
    /// Whether its row is still to be written: one page serves many requests of a transaction, and is written once.
    pub(super) unwritten: bool,
}
