//! Results of calls, as far as every layer may look into them.

use crate::{
    Allocated, AllocatedRange, Allocation, Block, Changes, Deallocated, Health, Page, Preview, Range, RangeId,
    RemovedRange, Swept, Usage,
};

mod sealed {
    #[allow(unnameable_types, reason = "a trait that cannot be named cannot be implemented elsewhere")]
    pub trait Sealed {}
}

/// Result of a call: what a layer passes on, whichever operation it belongs to.
///
/// Sealed: the results of the trait's methods implement it.
pub trait Reply: sealed::Sealed + Send {
    /// Removes the items that belong to ranges for which `keep` is false. Results of a single range or allocation stay.
    fn retain_ranges(&mut self, keep: &mut dyn FnMut(&RangeId) -> bool) {
        let _ = keep;
    }

    /// Returns the number of items: ranges, allocations, blocks, changes.
    fn items(&self) -> usize;
}

macro_rules! replies {
    ($($type:ty: |$reply:pat_param| $items:expr $(, |$all:ident, $keep:ident| $retain:expr)?;)*) => {
        $(
            impl sealed::Sealed for $type {}
            impl Reply for $type {
                fn items(&self) -> usize {
                    let $reply = self;
                    $items
                }
                $(fn retain_ranges(&mut self, $keep: &mut dyn FnMut(&RangeId) -> bool) {
                    let $all = self;
                    $retain
                })?
            }
        )*
    };
}

replies! {
    (): |_| 0;
    Health: |_| 1;
    Page<Range>: |page| page.items.len(), |page, keep| page.items.retain(|range| keep(&range.id));
    Page<Allocation>: |page| page.items.len(), |page, keep| page.items.retain(|allocation| keep(&allocation.range));
    Page<Block>: |page| page.items.len();
    Allocated: |allocated| allocated.iter().count();
    Deallocated: |deallocated| deallocated.freed().count();
    Preview: |preview| preview.lines.iter().flatten().count();
    Allocation: |_| 1;
    Vec<Usage>: |usage| usage.len(), |usage, keep| usage.retain(|usage| keep(&usage.range));
    Range: |_| 1;
    RemovedRange: |removed| usize::from(removed.range.is_some());
    Block: |_| 1;
    Option<Block>: |block| usize::from(block.is_some());
    AllocatedRange: |_| 1;
    Changes: |changes| changes.items.len(),
        |changes, keep| changes.items.retain(|change| change.range.as_ref().is_none_or(&mut *keep));
    Swept: |swept| swept.claims.len(), |swept, keep| swept.claims.retain(|claim| keep(&claim.range));
}
