//! What every store of ours shares: which addresses a request gets, and what a request may do.
//!
//! Everything here is synchronous and without I/O of its own: the clock and the randomness come in with [`Context`], the
//! state through [`Store`](store::Store). A store is one transaction's view of the records; `stores::memory` keeps them
//! in maps, `stores::embedded` in rows. None keeps a second truth, and none decides anything.
//!
//! Data flows one way: a provider opens a transaction, calls one function of this module with the store, and commits or
//! rolls back. A function reads and decides on a [`overlay`] of what it is about to write, and writes it at the end. So a
//! store without roll-back (memory) is left as it was when a request fails.
//!
//! | module | is about |
//! | --- | --- |
//! | `space` | 256 addresses as bits; which of a range's can be handed out; which free ones are chosen; free prefixes of a block |
//! | `ops` | one operation of the trait each |
//! | `store` | what is asked of a store |
//! | `overlay`, `keys` | the write set of a request; what a key names |
//! | `verify` | the invariants between the records of a store |
//! | `context`, `hex`, `random` | clock and chance of a request; numbers in ids; randomness |

mod context;
mod hex;
mod keys;
mod ops;
mod overlay;
mod random;
mod space;
mod store;

#[cfg(test)]
mod tests;
#[cfg(any(test, feature = "embedded"))]
mod verify;

pub(crate) use context::Context;
pub(crate) use hex::Hex;
pub(crate) use ops::{
    allocate, allocate_range, changes, deallocate, deallocate_range, define_block, define_range, find, list_blocks,
    list_ranges, preview, remove_block, remove_range, update, update_block, update_range, usage,
};
pub(crate) use random::{Random, SeededRandom, SystemRandom};
pub(crate) use space::buddy::FreePrefixes;
pub(crate) use space::layout::Layout;
pub(crate) use space::page::{PAGE_SIZE, Page, address, number};
#[cfg(feature = "embedded")]
pub(crate) use store::Origin;
#[cfg(test)]
pub(crate) use store::Store;
pub(crate) use store::{
    Allocations, Blocks, Feed, Pages, Quarantine, Quarantined, Ranges, Record, RequestKind, RequestRecord, Requests,
    StoredRange,
};
#[cfg(feature = "embedded")]
pub(crate) use verify::{Findings, MAX_FINDINGS, OpenKeys};
#[cfg(any(test, feature = "embedded"))]
pub(crate) use verify::{Lookups, verify};
