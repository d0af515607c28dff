//! Writes of a store as values, and the reads that each changes.

use std::net::IpAddr;

use super::Read;
#[cfg(test)]
use crate::Result;
use crate::engine::Page;
#[cfg(test)]
use crate::engine::store::Store;
use crate::engine::store::{Quarantined, Record, RequestRecord, StoredRange};
use crate::{Allocation, AllocationKey, Block, BlockId, Change, RangeId, SpaceId};

/// Write of a store, with the parameters of its statement. The method of the same name in the store's traits documents
/// it.
///
/// The order of writes matters: a request comes before its allocations, and a range is updated after the pages in it.
#[derive(Debug, Clone)]
pub(crate) enum Write {
    InsertRange(StoredRange),
    UpdateRange(StoredRange),
    RemoveRange(RangeId),
    SetHighWater {
        range: RangeId,
        high_water: u128,
    },
    InsertBlock(Box<Block>),
    UpdateBlock(Box<Block>),
    RemoveBlock(BlockId),
    PutPage {
        range: RangeId,
        no: u128,
        page: Page,
        open: bool,
    },
    InsertAllocation {
        allocation: Box<Allocation>,
        line: u32,
    },
    UpdateAllocation(Record),
    RemoveAllocation(Record),
    InsertRequest(RequestRecord),
    UpdateRequest(RequestRecord),
    RemoveRequest(AllocationKey),
    InsertQuarantined(Quarantined),
    RemoveQuarantined {
        space: SpaceId,
        address: IpAddr,
    },
    /// Appends a change. The database issues its position.
    AppendChange(Box<Change>),
}

impl Write {
    /// Does the write on a store that can be written directly.
    #[cfg(test)]
    pub(crate) fn write_to<S: Store + ?Sized>(self, store: &mut S) -> Result<()> {
        match self {
            Self::InsertRange(range) => store.insert_range(&range),
            Self::UpdateRange(range) => store.update_range(&range),
            Self::RemoveRange(id) => store.remove_range(&id),
            Self::SetHighWater { range, high_water } => store.set_high_water(&range, high_water),
            Self::InsertBlock(block) => store.insert_block(&block),
            Self::UpdateBlock(block) => store.update_block(&block),
            Self::RemoveBlock(id) => store.remove_block(&id),
            Self::PutPage { range, no, page, open } => store.put_page(&range, no, &page, open),
            Self::InsertAllocation { allocation, line } => store.insert_allocation(&allocation, line),
            Self::UpdateAllocation(record) => store.update_allocation(&record),
            Self::RemoveAllocation(record) => store.remove_allocation(&record),
            Self::InsertRequest(request) => store.insert_request(&request),
            Self::UpdateRequest(request) => store.update_request(&request),
            Self::RemoveRequest(key) => store.remove_request(&key),
            Self::InsertQuarantined(entry) => store.insert_quarantined(&entry),
            Self::RemoveQuarantined { space, address } => store.remove_quarantined(&space, address),
            Self::AppendChange(change) => store.append_change(*change),
        }
    }

    /// Returns true if this write may change the result of a read. A needless true costs a round trip; a wrong false
    /// would let an operation decide on an old value.
    pub(crate) fn touches(&self, read: &Read) -> bool {
        match self {
            // A range or a block affects all that is derived from the prefixes around and inside it.
            Self::InsertRange(_)
            | Self::UpdateRange(_)
            | Self::RemoveRange(_)
            | Self::InsertBlock(_)
            | Self::UpdateBlock(_)
            | Self::RemoveBlock(_) => !matches!(read, Read::Request(_) | Read::Changes { .. }),
            Self::SetHighWater { range, .. } => match read {
                Read::Range(id) => id == range,
                Read::RangesOverlapping { .. } | Read::RangeOfKey(_) => true,
                _ => false,
            },
            Self::PutPage { range, no, .. } => match read {
                Read::Page { range: of, no: read } => of == range && no == read,
                Read::NextOpenPage { range: of, from }
                | Read::LockOpenPage { range: of, from }
                | Read::Pages { range: of, from, .. } => of == range && from <= no,
                Read::UsedBits(of) => of == range,
                _ => false,
            },
            Self::InsertAllocation { allocation, .. } => touches_allocation(read, allocation),
            // The expiry before the update is not known here, so that any read of expired allocations may change.
            Self::UpdateAllocation(record) => {
                touches_allocation(read, &record.allocation)
                    || matches!(read, Read::Expired { .. } | Read::CountExpired { .. })
            }
            Self::RemoveAllocation(record) => touches_allocation(read, &record.allocation),
            Self::InsertRequest(RequestRecord { key, .. })
            | Self::UpdateRequest(RequestRecord { key, .. })
            | Self::RemoveRequest(key) => matches!(read, Read::Request(read) if read == key),
            Self::InsertQuarantined(entry) => touches_quarantine(read, &entry.space, entry.address),
            Self::RemoveQuarantined { space, address } => touches_quarantine(read, space, *address),
            Self::AppendChange(_) => matches!(read, Read::Changes { .. }),
        }
    }
}

fn touches_allocation(read: &Read, allocation: &Allocation) -> bool {
    let expired = |now| allocation.expires.is_some_and(|expires| expires <= now);
    match read {
        Read::AllocationAt { space, address } => *space == allocation.space && *address == allocation.address,
        Read::Allocation(id) => *id == allocation.id,
        Read::AllocationsOfKey(key) | Read::CountOfKey(key) => allocation.key.as_ref() == Some(key),
        Read::AllocationsIn { range, .. } => *range == allocation.range,
        Read::Expired { now, .. } | Read::CountExpired { now, .. } => expired(*now),
        Read::Find { .. } => true,
        _ => false,
    }
}

// A write that removes an entry does not name its range, so that all ranges are affected.
fn touches_quarantine(read: &Read, space: &SpaceId, address: IpAddr) -> bool {
    match read {
        Read::QuarantinedAt { space: of, address: at } => of == space && *at == address,
        Read::Released { .. } | Read::CountQuarantined { .. } | Read::Find { .. } => true,
        _ => false,
    }
}
