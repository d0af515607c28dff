//! Operations of the provider, one file each.

pub(crate) mod allocate;
pub(crate) mod allocate_range;
pub(crate) mod check;
pub(crate) mod deallocate;
pub(crate) mod find;
pub(crate) mod list;
pub(crate) mod sweep;
