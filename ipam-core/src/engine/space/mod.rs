//! Addresses as bits of pages, and the choice of free ones. Nothing in this module reads from a store.

pub(super) mod buddy;
pub(super) mod layout;
pub(super) mod page;
pub(super) mod select;
pub(super) mod small_map;
