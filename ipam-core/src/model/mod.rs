//! Objects that a provider returns: ranges, blocks, allocations, changes.

mod allocation;
mod block;
mod change;
mod listing;
mod network;
mod range;
mod record;
mod results;

pub use allocation::{Allocation, AllocationState, Labels};
pub use block::{AllocatedRange, Block, RemovedRange};
pub use change::{Change, ChangeKind, ChangedItem, Changes};
pub use listing::{Page, Usage};
pub use network::{NetworkInfo, Properties, Tag, Tags, Vlan};
pub use range::{Order, Range, RangePolicy};
pub use record::{
    PortableAllocation, PortableQuarantine, PortableRange, PortableRecord, PortableRequest, RestoredRecords,
};
pub use results::{Allocated, Candidate, Deallocated, DeallocatedTarget, Preview};
