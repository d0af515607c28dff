//! Engine: the rules of allocation that all stores of this crate share.
//!
//! Everything here is synchronous and without I/O: the clock and the randomness come in with [`Context`], the records
//! through [`Store`](store::Store), which is the view of one transaction. `stores::memory` keeps the records in maps,
//! `stores::embedded` in rows. Stores decide nothing.
//!
//! A provider opens a transaction, calls one function of this module with the store, and commits or rolls back. The
//! function reads and decides over an [`overlay`] of its writes, and writes them at the end. So a store without
//! roll-back (memory) is unchanged when a request fails.
//!
//! | module | content |
//! | --- | --- |
//! | `space` | pages of 256 addresses as bits, addresses a range may hand out, choice of free ones, free prefixes of a block |
//! | `ops` | operations of the trait, one per file |
//! | `store` | traits that a store implements |
//! | `overlay`, `keys` | write set of a request; look-up of its key |
//! | `unkeyed` | allocations without a key of a caller |
//! | `verify` | invariants between the records of a store |
//! | `context`, `hex`, `random` | clock and randomness of a request; numbers in ids; random numbers |
//!
//! # Words
//! - *Page*: 256 neighbouring addresses. A set bit is a used address, which is allocated or quarantined.
//! - *Open page*: a page with an address that can be handed out now.
//! - *High-water mark* of a range: the number of a page. Below it, every page with an address that can be handed out is
//!   stored. From it on, a page that is not stored was never used, so that a /64 costs what is allocated in it.
//! - *Quarantined*: deallocated or expired, and not handed out before its release time.
//! - *Released*: past its release time; the bit is cleared by the next request of the range.

mod context;
mod hex;
mod keys;
mod ops;
mod overlay;
mod random;
mod space;
mod store;
mod unkeyed;

#[cfg(test)]
mod tests;
#[cfg(any(test, feature = "embedded", feature = "postgres"))]
mod verify;

pub(crate) use context::Context;
pub(crate) use hex::Hex;
pub(crate) use ops::{
    allocate, allocate_range, changes, deallocate, deallocate_range, define_block, define_range, find, list_blocks,
    list_ranges, list_records, preview, remove_block, remove_range, restore_records, update, update_block,
    update_range, usage,
};
#[cfg(feature = "postgres")]
pub(crate) use overlay::REMEMBERED;
pub(crate) use random::{Random, SeededRandom, SystemRandom};
pub(crate) use space::buddy::FreePrefixes;
pub(crate) use space::layout::Layout;
#[cfg(feature = "postgres")]
pub(crate) use space::page::locate;
pub(crate) use space::page::{PAGE_SIZE, Page, address, number};
#[cfg(any(feature = "embedded", feature = "postgres"))]
pub(crate) use store::Origin;
#[cfg(test)]
pub(crate) use store::Store;
#[cfg(feature = "postgres")]
pub(crate) use store::replay;
pub(crate) use store::{
    AllocationChange, Allocations, Blocks, Feed, Pages, Quarantine, Quarantined, Ranges, ReadAhead, Record,
    RequestKind, RequestRecord, Requests, StoredRange, dropped_position, unknown_position,
};
#[cfg(any(feature = "embedded", feature = "postgres"))]
pub(crate) use verify::{Findings, MAX_FINDINGS, OpenKeys};
#[cfg(any(test, feature = "embedded", feature = "postgres"))]
pub(crate) use verify::{Lookups, verify};
