//! Requests: one type per operation, required values in `new`, the others by `with_*`.

mod addresses;
mod blocks;
mod fingerprint;
mod listing;
mod paging;
mod ranges;
mod records;
mod resolve;
mod supported;
mod validate;

pub use addresses::{Allocate, AllocateLine, Deallocate, Placement, Precondition, Selection, Target, Update};
pub use blocks::{AllocateRange, ChildPrefix, DeallocateRange, DefineBlock, RangeTarget, RemoveBlock, UpdateBlock};
pub use fingerprint::Fingerprint;
pub use listing::{BlockFilter, Find, ListBlocks, ListRanges, RangeFilter};
pub use paging::PageRequest;
pub use ranges::{DefineRange, RemoveRange, UpdateRange};
pub use records::{ListRecords, RestoreRecords};
pub(crate) use validate::range_parts;
pub use validate::{MAX_ADDRESSES, MAX_LINES, MAX_PAGE_SIZE, MAX_TEXT_LEN};

/// Writes setters that take and return the request, so that calls can be chained.
// One macro, and not a derive: each setter keeps a doc of its own.
macro_rules! setters {
    ($($(#[$doc:meta])* $setter:ident => $field:ident: $type:ty;)*) => {
        $(
            $(#[$doc])*
            #[must_use]
            pub fn $setter(mut self, value: impl Into<$type>) -> Self {
                self.$field = value.into();
                self
            }
        )*
    };
}
pub(crate) use setters;
