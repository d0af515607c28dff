//! Records in memory, as the engine asks for them.

mod allocations;
mod blocks;
mod feed;
mod pages;
mod quarantine;
mod ranges;
mod requests;

use crate::{Error, ErrorKind, Operation};

/// The engine names only what is stored; anything else is a bug of this crate.
fn missing(what: &str) -> Error {
    Error::new(ErrorKind::Corrupt, Operation::Open, format!("{what} is not in the store"))
}
