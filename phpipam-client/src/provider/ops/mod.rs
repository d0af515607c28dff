//! Operations of the provider, one file each.

mod allocate;
mod allocate_range;
mod check;
mod deallocate;
mod deallocate_range;
mod find;
mod list;
mod page;
mod preview;
mod records;
mod sweep;
mod update;
mod usage;
