//! Traits that a store implements for the engine.
//!
//! A [`Store`] is the view of one transaction on the records, in eight traits, one per file. Rules for all of them:
//!
//! - A method does what its name says and checks nothing but that the store is sound.
//! - Ordered results come in the order their doc names, because pages are cut from them. "After" is exclusive.
//! - The cost follows what is returned, not what is stored, unless the doc says otherwise.
//! - An operation of the engine first reads, then writes: no read follows its first write. So a read may fail and the
//!   operation be run again (`replay`), and a refused request has written nothing.
//! - The store isolates: what a transaction has read stays true until it commits, or the commit fails. A store with
//!   several writers locks what the writing transaction reads of the range it takes from
//!   ([`Pages::lock_open_page`]).

mod ahead;
mod allocations;
mod blocks;
mod feed;
mod pages;
mod quarantine;
mod ranges;
mod records;
#[cfg(any(test, feature = "postgres"))]
pub(crate) mod replay;
mod requests;

pub(crate) use ahead::{Ahead, ReadAhead};
pub(crate) use allocations::Allocations;
pub(crate) use blocks::Blocks;
pub(super) use feed::no_position;
pub(crate) use feed::{AllocationChange, Feed, dropped_position, unknown_position};
pub(crate) use pages::Pages;
pub(crate) use quarantine::Quarantine;
pub(crate) use ranges::Ranges;
pub(crate) use records::{BY_POSITION, Origin, Quarantined, Record, RequestKind, RequestRecord, StoredRange};
pub(crate) use requests::Requests;

/// View of one transaction on the records.
pub(crate) trait Store:
    Ranges + Blocks + Pages + Allocations + Requests + Quarantine + Feed + ReadAhead
{
}

impl<S: Ranges + Blocks + Pages + Allocations + Requests + Quarantine + Feed + ReadAhead + ?Sized> Store for S {}
