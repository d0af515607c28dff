//! Results of calls, for layers that handle every operation alike.

use crate::{
    Allocated, AllocatedRange, Allocation, Block, Changes, Deallocated, Health, Page, PortableRecord, Preview, Range,
    RangeId, RemovedRange, RestoredRecords, Swept, Usage,
};

mod sealed {
    use crate::Changes;

    #[allow(unnameable_types, reason = "a trait that cannot be named cannot be implemented elsewhere")]
    pub trait Sealed {
        /// Returns the part of the feed if the result is one. For the layers of this crate only.
        fn changes_mut(&mut self) -> Option<&mut Changes> {
            None
        }
    }
}

/// Result of a call, of any operation. The results of all methods of [`IpamProvider`](crate::IpamProvider) implement
/// it; the trait is sealed.
///
/// ```
/// use ipam_core::layers::Reply;
/// use ipam_core::{RangeId, Usage};
///
/// let mut usage = vec![Usage::new("lan", 254, 3, 1, 0), Usage::new("dmz", 254, 0, 1, 0)];
/// usage.retain_ranges(&mut |range: &RangeId| range.as_str() == "lan");
/// assert_eq!(usage.items(), 1);
/// ```
pub trait Reply: sealed::Sealed + Send {
    /// Removes the items of ranges for which `keep` returns false. A result that is a single range or allocation stays.
    ///
    /// A part of the feed that has lost all of its changes looks like the end of the feed. Use
    /// [`ScopeLayer`](super::ScopeLayer) to leave ranges out: it reads on until a change is left.
    // Does nothing for single items: what a request names is refused before the call, and need not be filtered after
    // it.
    fn retain_ranges(&mut self, keep: &mut dyn FnMut(&RangeId) -> bool) {
        let _ = keep;
    }

    /// Returns the number of items: ranges, allocations, blocks, changes.
    fn items(&self) -> usize;
}

/// Implements [`Reply`] for the result of each method.
macro_rules! replies {
    ($($type:ty: |$reply:pat_param| $items:expr $(, |$all:ident, $keep:ident| $retain:expr)?;)*) => {
        $(
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

/// Seals a result that is no part of the feed.
macro_rules! sealed {
    ($($type:ty),*) => { $(impl sealed::Sealed for $type {})* };
}

sealed! {
    (), Health, Page<Range>, Page<Allocation>, Page<Block>, Allocated, Deallocated, Preview, Allocation, Vec<Usage>,
    Range, RemovedRange, Block, Option<Block>, AllocatedRange, Swept, Page<PortableRecord>, RestoredRecords
}

impl sealed::Sealed for Changes {
    fn changes_mut(&mut self) -> Option<&mut Changes> {
        Some(self)
    }
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
    Page<PortableRecord>: |page| page.items.len();
    RestoredRecords: |restored| restored.restored;
    Swept: |swept| swept.claims.len(), |swept, keep| swept.claims.retain(|claim| keep(&claim.range));
}
