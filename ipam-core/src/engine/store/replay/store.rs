//! Traits of the store over the fetched records and the log.

use std::net::IpAddr;
use std::time::SystemTime;

use ipnet::IpNet;

use super::{Read, Replay, Value, Write};
use crate::engine::Page;
use crate::engine::store::{
    Ahead, Allocations, Blocks, Feed, Pages, Quarantine, Quarantined, Ranges, ReadAhead, Record, RequestRecord,
    Requests, StoredRange,
};
use crate::{
    Allocation, AllocationId, AllocationKey, Block, BlockFilter, BlockId, Change, ChangePosition, Changes, Find, Range,
    RangeFilter, RangeId, Result, SpaceId,
};

/// Unwraps the value of a read, if it is of the kind that the read has.
macro_rules! take {
    ($self:ident.$read:ident($($argument:expr),*), $kind:ident) => {
        match $self.$read($($argument),*)? {
            Value::$kind(value) => Ok(value),
            _ => Err($self.mismatch()),
        }
    };
}

// Reads of pages, ranges and requests combine the fetched result with the log, because each allocation of a batch
// writes them and the next one reads them. Other reads are rare, and `read` flushes the log first if it touches them.
impl Replay {
    // Never fails here. The database may refuse the write when it is sent.
    fn write(&mut self, write: Write) -> Result<()> {
        self.progress.writes.push(write);
        Ok(())
    }
}

impl ReadAhead for Replay {
    fn read_ahead(&mut self, reads: &dyn Fn() -> Vec<Ahead>) -> Result<()> {
        self.fetch_ahead(reads().into_iter().map(Read::from))
    }
}

impl Ranges for Replay {
    fn range(&mut self, id: &RangeId) -> Result<Option<StoredRange>> {
        take!(self.range_with_log(id), Range)
    }
    fn insert_range(&mut self, range: &StoredRange) -> Result<()> {
        self.write(Write::InsertRange(range.clone()))
    }
    fn update_range(&mut self, range: &StoredRange) -> Result<()> {
        self.write(Write::UpdateRange(range.clone()))
    }
    fn remove_range(&mut self, id: &RangeId) -> Result<()> {
        self.write(Write::RemoveRange(id.clone()))
    }
    fn set_high_water(&mut self, id: &RangeId, high_water: u128) -> Result<()> {
        self.write(Write::SetHighWater { range: id.clone(), high_water })
    }
    fn ranges_overlapping(&mut self, space: &SpaceId, net: IpNet) -> Result<Vec<StoredRange>> {
        take!(self.read(Read::RangesOverlapping { space: space.clone(), net }), Ranges)
    }
    fn list_ranges(&mut self, filter: &RangeFilter, after: Option<&RangeId>, limit: usize) -> Result<Vec<Range>> {
        let filter = Box::new(filter.clone());
        take!(self.read(Read::ListRanges { filter, after: after.cloned(), limit }), RangeList)
    }
    fn range_of_key(&mut self, key: &AllocationKey) -> Result<Option<StoredRange>> {
        take!(self.read(Read::RangeOfKey(key.clone())), Range)
    }
}

impl Blocks for Replay {
    fn block(&mut self, id: &BlockId) -> Result<Option<Block>> {
        take!(self.read(Read::Block(id.clone())), Block)
    }
    fn insert_block(&mut self, block: &Block) -> Result<()> {
        self.write(Write::InsertBlock(Box::new(block.clone())))
    }
    fn update_block(&mut self, block: &Block) -> Result<()> {
        self.write(Write::UpdateBlock(Box::new(block.clone())))
    }
    fn remove_block(&mut self, id: &BlockId) -> Result<()> {
        self.write(Write::RemoveBlock(id.clone()))
    }
    fn nets_within(&mut self, space: &SpaceId, net: IpNet) -> Result<Vec<IpNet>> {
        take!(self.read(Read::NetsWithin { space: space.clone(), net }), Nets)
    }
    fn free_child(&mut self, space: &SpaceId, net: IpNet, prefix_len: u8) -> Result<Option<IpNet>> {
        take!(self.read(Read::FreeChild { space: space.clone(), net, prefix_len }), Net)
    }
    fn block_of_net(&mut self, space: &SpaceId, net: IpNet) -> Result<Option<Block>> {
        take!(self.read(Read::BlockOfNet { space: space.clone(), net }), Block)
    }
    fn block_around(&mut self, space: &SpaceId, net: IpNet) -> Result<Option<BlockId>> {
        take!(self.read(Read::BlockAround { space: space.clone(), net }), BlockId)
    }
    fn list_blocks(&mut self, filter: &BlockFilter, after: Option<&BlockId>, limit: usize) -> Result<Vec<Block>> {
        let filter = Box::new(filter.clone());
        take!(self.read(Read::ListBlocks { filter, after: after.cloned(), limit }), BlockList)
    }
}

impl Pages for Replay {
    fn page(&mut self, range: &RangeId, no: u128) -> Result<Option<Page>> {
        take!(self.page_with_log(range, no), Page)
    }
    fn put_page(&mut self, range: &RangeId, no: u128, page: &Page, open: bool) -> Result<()> {
        self.write(Write::PutPage { range: range.clone(), no, page: *page, open })
    }
    fn next_open_page(&mut self, range: &RangeId, from: u128) -> Result<Option<(u128, Page)>> {
        take!(self.open_page_with_log(range, from, false), NumberedPage)
    }
    fn lock_open_page(&mut self, range: &RangeId, from: u128) -> Result<Option<(u128, Page)>> {
        take!(self.open_page_with_log(range, from, true), NumberedPage)
    }
    fn pages(&mut self, range: &RangeId, from: u128, limit: usize) -> Result<Vec<(u128, Page)>> {
        take!(self.pages_with_log(range, from, limit), Pages)
    }
    fn used_bits(&mut self, range: &RangeId) -> Result<u128> {
        take!(self.read(Read::UsedBits(range.clone())), Number)
    }
}

impl Allocations for Replay {
    fn allocation_at(&mut self, space: &SpaceId, address: IpAddr) -> Result<Option<Record>> {
        take!(self.read(Read::AllocationAt { space: space.clone(), address }), Record)
    }
    fn allocation(&mut self, id: &AllocationId) -> Result<Option<Record>> {
        take!(self.read(Read::Allocation(id.clone())), Record)
    }
    fn allocations_of_key(&mut self, key: &AllocationKey) -> Result<Vec<Record>> {
        take!(self.read(Read::AllocationsOfKey(key.clone())), Records)
    }
    fn count_of_key(&mut self, key: &AllocationKey, limit: u32) -> Result<u32> {
        // The whole number is read: with the limit, it could not be provided before the limit is known.
        let count: Result<u32> = take!(self.read(Read::CountOfKey(key.clone())), Count);
        Ok(count?.min(limit))
    }
    fn allocations_in(&mut self, range: &RangeId, from: IpAddr, limit: usize) -> Result<Vec<Record>> {
        take!(self.read(Read::AllocationsIn { range: range.clone(), from, limit }), Records)
    }
    fn new_allocation_id(&mut self, space: &SpaceId, address: IpAddr) -> Result<AllocationId> {
        Ok(self.next_id((space.clone(), address)))
    }
    fn insert_allocation(&mut self, allocation: &Allocation, line: u32) -> Result<()> {
        self.write(Write::InsertAllocation { allocation: Box::new(allocation.clone()), line })
    }
    fn update_allocation(&mut self, record: &Record) -> Result<()> {
        self.write(Write::UpdateAllocation(record.clone()))
    }
    fn remove_allocation(&mut self, record: &Record) -> Result<()> {
        self.write(Write::RemoveAllocation(record.clone()))
    }
    fn find(
        &mut self,
        request: &Find,
        now: SystemTime,
        after: Option<&(SpaceId, IpAddr)>,
        limit: usize,
    ) -> Result<Vec<Allocation>> {
        let request = Box::new(request.clone());
        take!(self.read(Read::Find { request, now, after: after.cloned(), limit }), Allocations)
    }
    fn expired(&mut self, range: Option<&RangeId>, now: SystemTime, limit: usize) -> Result<Vec<Record>> {
        take!(self.read(Read::Expired { range: range.cloned(), now, limit }), Records)
    }
    fn count_expired(&mut self, range: &RangeId, now: SystemTime) -> Result<u128> {
        take!(self.read(Read::CountExpired { range: range.clone(), now }), Number)
    }
}

impl Requests for Replay {
    fn request(&mut self, key: &AllocationKey) -> Result<Option<RequestRecord>> {
        take!(self.request_with_log(key), Request)
    }
    fn insert_request(&mut self, request: &RequestRecord) -> Result<()> {
        self.write(Write::InsertRequest(request.clone()))
    }
    fn update_request(&mut self, request: &RequestRecord) -> Result<()> {
        self.write(Write::UpdateRequest(request.clone()))
    }
    fn remove_request(&mut self, key: &AllocationKey) -> Result<()> {
        self.write(Write::RemoveRequest(key.clone()))
    }
}

impl Quarantine for Replay {
    fn insert_quarantined(&mut self, quarantined: &Quarantined) -> Result<()> {
        self.write(Write::InsertQuarantined(quarantined.clone()))
    }
    fn remove_quarantined(&mut self, space: &SpaceId, address: IpAddr) -> Result<()> {
        self.write(Write::RemoveQuarantined { space: space.clone(), address })
    }
    fn quarantined_at(&mut self, space: &SpaceId, address: IpAddr) -> Result<Option<Quarantined>> {
        take!(self.read(Read::QuarantinedAt { space: space.clone(), address }), Quarantined)
    }
    fn released(&mut self, range: &RangeId, now: SystemTime, limit: usize) -> Result<Vec<Quarantined>> {
        take!(self.read(Read::Released { range: range.clone(), now, limit }), Released)
    }
    fn count_quarantined(&mut self, range: &RangeId, now: SystemTime) -> Result<(u128, u128)> {
        take!(self.read(Read::CountQuarantined { range: range.clone(), now }), Numbers)
    }
}

impl Feed for Replay {
    fn append_change(&mut self, change: Change) -> Result<()> {
        self.write(Write::AppendChange(Box::new(change)))
    }
    fn changes(&mut self, since: Option<&ChangePosition>, limit: usize) -> Result<Changes> {
        take!(self.read(Read::Changes { since: since.cloned(), limit }), Changes)
    }
}
