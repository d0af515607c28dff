//! What every store of ours shares: which addresses a request gets, and what a request may do.
//!
//! Everything here is synchronous and without I/O of its own: the clock and the randomness come in with [`Context`], the
//! state through [`Store`]. A store is one transaction's view of the records; `memory` keeps them in maps, `embedded` in
//! rows. None keeps a second truth, and none decides anything.
//!
//! Data flows one way: a provider opens a transaction, calls one function of this module with the store, and commits or
//! rolls back. A function reads and decides on a [`draft`] of what it is about to write, and writes it at the end. So a
//! store without roll-back (memory) is left as it was when a request fails.
//!
//! | file | is about |
//! | --- | --- |
//! | `store` | what is asked of a store |
//! | `page`, `layout`, `buddy` | 256 addresses as bits; which of a range's can be handed out; free prefixes of a block |
//! | `draft`, `choose`, `keys` | what is about to be written; which free addresses; what a key names |
//! | `few`, `hex` | a map of mostly one entry; numbers in ids |
//! | the others | one operation each |

mod allocate;
mod blocks;
mod buddy;
mod carve;
mod change;
mod changes;
mod choose;
mod deallocate;
mod draft;
mod few;
mod find;
mod hex;
mod keys;
mod layout;
mod page;
mod random;
mod ranges;
mod store;
mod update;
mod usage;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod verify;

pub(crate) use allocate::{allocate, preview};
pub(crate) use blocks::{define_block, remove_block, update_block};
pub(crate) use buddy::FreePrefixes;
pub(crate) use carve::{allocate_range, deallocate_range};
pub(crate) use changes::changes;
pub(crate) use deallocate::deallocate;
pub(crate) use find::{find, list_blocks, list_ranges};
pub(crate) use hex::Hex;
pub(crate) use layout::Layout;
#[cfg(feature = "embedded")]
pub(crate) use page::locate;
pub(crate) use page::{PAGE_SIZE, Page, address, number};
pub(crate) use random::{SeededRandom, SystemRandom};
pub(crate) use ranges::{define_range, remove_range, update_range};
#[cfg(feature = "embedded")]
pub(crate) use store::Origin;
pub(crate) use store::{Context, Due, Random, Record, RequestKind, RequestRecord, Store, StoredRange};
pub(crate) use update::update;
pub(crate) use usage::usage;
#[cfg(test)]
pub(crate) use verify::verify;
