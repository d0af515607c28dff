//! A provider that keeps everything in memory.
//!
//! Records lie in numbered places (`slab`), found by address, key, owner, host name and MAC address (`records`); pages of
//! bits say which addresses are used (`pages`), as everywhere; the plan of spaces, ranges and blocks has ordered maps by
//! address (`plan`). All of it together is the `state`, which the engine sees as a `store`.

mod feed;
mod find;
mod key;
mod pages;
mod plan;
mod provider;
mod quarantine;
mod records;
mod slab;
mod state;
mod store;

#[cfg(test)]
pub(crate) use state::State;

pub use provider::{MemoryProvider, MemoryProviderBuilder};
