//! What every store of ours shares: which addresses a request gets, and what a request may do.
//!
//! Everything here is synchronous and without I/O of its own: the clock and the randomness come in with [`Context`], the
//! state through [`Store`]. A store is one transaction's view of the records; `memory` keeps them in maps, `embedded` in
//! rows. None keeps a second truth, and none decides anything.
//!
//! Data flows one way: a provider validates, opens a transaction, calls one function of this module with the store, and
//! commits or rolls back. The functions check everything before they write the first record, so that a store without
//! roll-back (memory) is left as it was when they fail; what they may have written by then is only what is true anyway,
//! such as that an expired allocation has ended.

mod allocate;
mod blocks;
mod buddy;
mod carve;
mod changes;
mod choose;
mod deallocate;
mod draft;
mod find;
mod keys;
mod layout;
mod page;
mod random;
mod ranges;
mod store;
mod update;
mod usage;
mod verify;

#[cfg(test)]
mod tests;

pub(crate) use allocate::{allocate, preview};
pub(crate) use blocks::{define_block, remove_block, update_block};
pub(crate) use buddy::FreePrefixes;
pub(crate) use carve::{allocate_range, deallocate_range};
pub(crate) use changes::changes;
pub(crate) use deallocate::deallocate;
pub(crate) use find::{find, list_blocks, list_ranges};
pub(crate) use layout::Layout;
pub(crate) use page::{PAGE_SIZE, Page, address, locate, number};
pub(crate) use random::{SeededRandom, SystemRandom};
pub(crate) use ranges::{define_range, remove_range, update_range};
pub(crate) use store::{Context, Due, Origin, Random, Record, RequestKind, RequestRecord, Store, StoredRange};
pub(crate) use update::update;
pub(crate) use usage::usage;
pub(crate) use verify::verify;
