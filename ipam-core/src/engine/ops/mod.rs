//! Operations of the provider's trait, by topic.

mod allocate;
mod blocks;
mod changes;
mod child_prefixes;
mod deallocate;
mod find;
mod ranges;
mod records;
mod restore;
mod same_record;
mod update;
mod usage;

pub(crate) use allocate::{allocate, preview};
pub(crate) use blocks::{define_block, remove_block, update_block};
pub(crate) use changes::changes;
pub(crate) use child_prefixes::{allocate_range, deallocate_range};
pub(crate) use deallocate::deallocate;
pub(crate) use find::{find, list_blocks, list_ranges};
pub(crate) use ranges::{define_range, remove_range, update_range};
pub(crate) use records::list_records;
pub(crate) use restore::restore_records;
pub(crate) use update::update;
pub(crate) use usage::usage;
