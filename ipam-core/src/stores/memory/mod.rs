//! Provider that keeps everything in memory.
//!
//! | module | holds |
//! | --- | --- |
//! | `slab` | records by number |
//! | `records` | allocations and requests, with indexes by address, key, owner, host name and MAC address |
//! | `pages` | used addresses of a range, as bits |
//! | `inventory` | spaces, ranges and blocks, in ordered maps by address |
//! | `state` | all of these; `store` gives the engine access to it |

mod feed;
mod find;
mod inventory;
mod key;
mod pages;
mod provider;
mod quarantine;
mod records;
mod slab;
mod state;
mod store;

#[cfg(test)]
pub(crate) use state::State;

pub use provider::{MemoryProvider, MemoryProviderBuilder};
