//! Traits of the engine's store over the state in memory. Each has the file of its name.

mod allocations;
mod blocks;
mod feed;
mod pages;
mod quarantine;
mod ranges;
mod requests;

use super::state::State;
use crate::engine::ReadAhead;
use crate::{Error, ErrorKind, Operation};

impl ReadAhead for State {}

/// Returns the error for a record that is not stored. The engine refers only to stored records, so that this is a
/// defect of this crate.
fn missing(record: &str) -> Error {
    Error::new(ErrorKind::Corrupt, Operation::Open, format!("{record} is not in the store; this is a defect"))
}
