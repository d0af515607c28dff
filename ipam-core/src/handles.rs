//! Handles of a provider: `Arc` and `Box` pass every call on.

use std::pin::Pin;
use std::sync::Arc;

use crate::{
    Allocate, AllocateRange, Allocated, AllocatedRange, Allocation, Block, Capabilities, ChangePosition, Changes,
    Deallocate, DeallocateRange, Deallocated, DefineBlock, DefineRange, Find, Health, IpamProvider, ListBlocks,
    ListRanges, ListRecords, Page, PortableRecord, Preview, Range, RangeId, RemoveBlock, RemoveRange, RemovedRange,
    RestoreRecords, RestoredRecords, Result, Sweep, Swept, Update, UpdateBlock, UpdateRange, Usage,
};

/// Future of a method, as `async_trait` writes it.
type MethodFuture<'f, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'f>>;

/// Writes a method of a handle that returns the future of the provider behind it.
// Not by `async_trait`, which would box one more future around it: callers hold an `Arc`, and pay that on every call.
macro_rules! pass_on {
    ($name:ident, $request:ty, $reply:ty) => {
        fn $name<'s, 'r, 'f>(&'s self, request: &'r $request) -> MethodFuture<'f, $reply>
        where
            's: 'f,
            'r: 'f,
            Self: 'f,
        {
            (**self).$name(request)
        }
    };
}

/// Writes the `impl` of a handle: all methods of the trait, also those with a default.
macro_rules! forward {
    ($($outer:tt)*) => {
        #[deny(clippy::missing_trait_methods)]
        $($outer)* {
            fn capabilities(&self) -> Capabilities {
                (**self).capabilities()
            }
            fn validate_allocate(&self, request: &Allocate) -> Result<()> {
                (**self).validate_allocate(request)
            }
            fn check<'s, 'f>(&'s self) -> MethodFuture<'f, Health>
            where
                's: 'f,
                Self: 'f,
            {
                (**self).check()
            }
            pass_on!(list_ranges, ListRanges, Page<Range>);
            pass_on!(allocate, Allocate, Allocated);
            pass_on!(deallocate, Deallocate, Deallocated);
            pass_on!(find, Find, Page<Allocation>);
            pass_on!(preview_allocate, Allocate, Preview);
            pass_on!(update, Update, Allocation);
            pass_on!(usage, [RangeId], Vec<Usage>);
            pass_on!(define_range, DefineRange, Range);
            pass_on!(update_range, UpdateRange, Range);
            pass_on!(remove_range, RemoveRange, RemovedRange);
            pass_on!(list_blocks, ListBlocks, Page<Block>);
            pass_on!(define_block, DefineBlock, Block);
            pass_on!(update_block, UpdateBlock, Block);
            pass_on!(remove_block, RemoveBlock, Option<Block>);
            pass_on!(allocate_range, AllocateRange, AllocatedRange);
            pass_on!(deallocate_range, DeallocateRange, RemovedRange);
            fn changes<'s, 'r, 'f>(&'s self, since: Option<&'r ChangePosition>, limit: u32) -> MethodFuture<'f, Changes>
            where
                's: 'f,
                'r: 'f,
                Self: 'f,
            {
                (**self).changes(since, limit)
            }
            pass_on!(sweep, Sweep, Swept);
            pass_on!(list_records, ListRecords, Page<PortableRecord>);
            pass_on!(restore_records, RestoreRecords, RestoredRecords);
            fn close<'s, 'f>(&'s self) -> MethodFuture<'f, ()>
            where
                's: 'f,
                Self: 'f,
            {
                (**self).close()
            }
        }
    };
}

forward!(impl<P: IpamProvider + ?Sized> IpamProvider for Arc<P>);
forward!(impl<P: IpamProvider + ?Sized> IpamProvider for Box<P>);
