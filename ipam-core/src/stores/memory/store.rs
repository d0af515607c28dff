//! What is kept, as the engine sees it.

use std::net::IpAddr;
use std::num::NonZeroU64;
use std::time::SystemTime;

use ipnet::IpNet;

use super::find::find;
use super::key::Place;
use super::records::NewSlot;
use super::resting::Rest;
use super::state::State;
use crate::engine::{Due, Page, Record, RequestRecord, Store, StoredRange, number};
use crate::{
    Allocation, AllocationId, AllocationKey, Block, BlockFilter, BlockId, Change, ChangeKind, ChangePosition, Changes,
    Error, ErrorKind, Find, Range, RangeFilter, RangeId, Result, SpaceId,
};

/// The engine names what is there; anything else is a mistake of ours.
fn broken(what: &str) -> Error {
    Error::new(ErrorKind::Corrupt, "memory", format!("{what} is not in the store"))
}

impl Store for State {
    fn range(&mut self, id: &RangeId) -> Result<Option<StoredRange>> {
        Ok(self.plan.recall(id).map(|state| state.stored.clone()))
    }

    fn insert_range(&mut self, range: &StoredRange) -> Result<()> {
        self.plan.insert_range(range.clone());
        Ok(())
    }

    fn update_range(&mut self, range: &StoredRange) -> Result<()> {
        self.plan.update_range(range.clone());
        Ok(())
    }

    fn remove_range(&mut self, id: &RangeId) -> Result<()> {
        self.plan.remove_range(id);
        Ok(())
    }

    fn set_frontier(&mut self, id: &RangeId, frontier: u128) -> Result<()> {
        let state = self.plan.range_of_mut(id).ok_or_else(|| broken("a range"))?;
        state.stored.frontier = frontier;
        Ok(())
    }

    fn ranges_overlapping(&mut self, space: &SpaceId, net: IpNet) -> Result<Vec<StoredRange>> {
        Ok(self.plan.overlapping(space, net).map(|state| state.stored.clone()).collect())
    }

    fn list_ranges(&mut self, filter: &RangeFilter, after: Option<&RangeId>, limit: usize) -> Result<Vec<Range>> {
        // A few ranges by name are not looked for among all.
        if !filter.ids.is_empty() {
            let mut ids: Vec<&RangeId> = filter.ids.iter().filter(|id| after.is_none_or(|after| *id > after)).collect();
            ids.sort_unstable();
            ids.dedup();
            let found = ids.into_iter().filter_map(|id| self.plan.range_of(id)).map(|state| &state.stored.range);
            return Ok(found
                .filter(|range| filter.matches(range))
                .take(limit)
                .map(|range| (**range).clone())
                .collect());
        }
        let found = self.plan.ranges_after(after).map(|state| &state.stored.range);
        Ok(found.filter(|range| filter.matches(range)).take(limit).map(|range| (**range).clone()).collect())
    }

    fn range_of_key(&mut self, key: &AllocationKey) -> Result<Option<StoredRange>> {
        Ok(self.plan.range_of_key(key).map(|state| state.stored.clone()))
    }

    fn block(&mut self, id: &BlockId) -> Result<Option<Block>> {
        Ok(self.plan.block(id).cloned())
    }

    fn insert_block(&mut self, block: &Block) -> Result<()> {
        self.plan.insert_block(block.clone());
        Ok(())
    }

    fn update_block(&mut self, block: &Block) -> Result<()> {
        self.plan.update_block(block.clone());
        Ok(())
    }

    fn remove_block(&mut self, id: &BlockId) -> Result<()> {
        self.plan.remove_block(id);
        Ok(())
    }

    fn nets_within(&mut self, space: &SpaceId, net: IpNet) -> Result<Vec<IpNet>> {
        Ok(self.plan.nets_within(space, net))
    }

    fn free_child(&mut self, space: &SpaceId, net: IpNet, prefix_len: u8) -> Result<Option<IpNet>> {
        Ok(self.plan.free_child(space, net, prefix_len))
    }

    fn block_of_net(&mut self, space: &SpaceId, net: IpNet) -> Result<Option<Block>> {
        Ok(self.plan.block_of_net(space, net).cloned())
    }

    fn block_around(&mut self, space: &SpaceId, net: IpNet) -> Result<Option<BlockId>> {
        let space = self.plan.space_number(space);
        Ok(space.and_then(|space| self.plan.block_id_around(space, net)))
    }

    fn list_blocks(&mut self, filter: &BlockFilter, after: Option<&BlockId>, limit: usize) -> Result<Vec<Block>> {
        let found = self.plan.blocks_after(after).filter(|block| filter.matches(block));
        Ok(found.take(limit).cloned().collect())
    }

    fn page(&mut self, range: &RangeId, no: u128) -> Result<Option<Page>> {
        Ok(self.plan.range_of(range).and_then(|state| state.pages.get(no)))
    }

    fn put_page(&mut self, range: &RangeId, no: u128, page: &Page, open: bool) -> Result<()> {
        let state = self.plan.range_of_mut(range).ok_or_else(|| broken("a range"))?;
        state.pages.put(no, *page, open);
        Ok(())
    }

    fn next_open_page(&mut self, range: &RangeId, from: u128) -> Result<Option<(u128, Page)>> {
        Ok(self.plan.range_of(range).and_then(|state| state.pages.next_open(from)))
    }

    fn pages(&mut self, range: &RangeId, from: u128, limit: usize) -> Result<Vec<(u128, Page)>> {
        Ok(self.plan.range_of(range).into_iter().flat_map(|state| state.pages.from(from)).take(limit).collect())
    }

    fn used_bits(&mut self, range: &RangeId) -> Result<u128> {
        Ok(self.plan.range_of(range).map_or(0, |state| state.pages.used()))
    }

    fn allocation_at(&mut self, space: &SpaceId, address: IpAddr) -> Result<Option<Record>> {
        let index = self.place(space, address).and_then(|place| self.records.at(place));
        Ok(index.and_then(|index| self.record(index)))
    }

    fn allocation(&mut self, id: &AllocationId) -> Result<Option<Record>> {
        Ok(self.of_id(id).and_then(|index| self.record(index)))
    }

    fn allocations_of_key(&mut self, key: &AllocationKey) -> Result<Vec<Record>> {
        let indexes = self.records.of_key(&self.memo.key(key));
        let mut records: Vec<Record> = indexes.filter_map(|index| self.record(index)).collect();
        records.sort_by_key(|record| (record.line, record.allocation.address));
        Ok(records)
    }

    fn count_of_key(&mut self, key: &AllocationKey, limit: u32) -> Result<u32> {
        let count = self.records.of_key(&self.memo.key(key)).take(limit as usize).count();
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    fn allocations_in(&mut self, range: &RangeId, from: IpAddr, limit: usize) -> Result<Vec<Record>> {
        let Some(state) = self.plan.range_of(range) else { return Ok(Vec::new()) };
        let found = state.used_from(number(from)).filter_map(|address| {
            let index = self.records.at(Place::new(state.space, address))?;
            self.record(index)
        });
        Ok(found.take(limit).collect())
    }

    fn new_allocation_id(&mut self, space: &SpaceId, address: IpAddr) -> Result<AllocationId> {
        let place = self.place(space, address).ok_or_else(|| broken("a space"))?;
        self.serial += 1;
        Ok(self.memo.new_id(place, self.serial))
    }

    fn insert_allocation(&mut self, allocation: &Allocation, line: u32) -> Result<()> {
        let id = self.memo.of_id(&allocation.id).and_then(|(place, serial)| Some((place, NonZeroU64::new(serial)?)));
        let (place, serial) = id.ok_or_else(|| broken("an id"))?;
        let range = self.plan.range_number(&allocation.range).ok_or_else(|| broken("a range"))?;
        let line = u16::try_from(line).map_err(|_| broken("a line"))?;
        let key = allocation.key.as_ref().ok_or_else(|| broken("a key"))?;
        let (key, details) = (&self.memo.key(key), Self::details(allocation));
        if self.records.insert(&NewSlot { serial, place, range, line, key, details }) {
            return Ok(());
        }
        Err(broken("a request"))
    }

    fn update_allocation(&mut self, record: &Record) -> Result<()> {
        let index = self.of_id(&record.allocation.id).ok_or_else(|| broken("an allocation"))?;
        self.records.update(index, &Self::details(&record.allocation));
        Ok(())
    }

    fn remove_allocation(&mut self, record: &Record) -> Result<()> {
        let index = self.of_id(&record.allocation.id).ok_or_else(|| broken("an allocation"))?;
        self.records.remove(index);
        Ok(())
    }

    fn find(
        &mut self,
        request: &Find,
        now: SystemTime,
        after: Option<&(SpaceId, IpAddr)>,
        limit: usize,
    ) -> Result<Vec<Allocation>> {
        Ok(find(self, request, now, after, limit))
    }

    fn expired(&mut self, range: Option<&RangeId>, now: SystemTime, limit: usize) -> Result<Vec<Record>> {
        if self.records.none_expires() {
            return Ok(Vec::new());
        }
        let number = match range.map(|id| self.plan.range_number(id)) {
            Some(None) => return Ok(Vec::new()),
            Some(number) => number,
            None => None,
        };
        Ok(self.records.expired(number, now).take(limit).filter_map(|index| self.record(index)).collect())
    }

    fn count_expired(&mut self, range: &RangeId, now: SystemTime) -> Result<u128> {
        let number = self.plan.range_number(range);
        Ok(number.map_or(0, |number| self.records.expired(Some(number), now).count() as u128))
    }

    fn request(&mut self, key: &AllocationKey) -> Result<Option<RequestRecord>> {
        Ok(self.records.request(&self.memo.key(key)))
    }

    fn insert_request(&mut self, request: &RequestRecord) -> Result<()> {
        let key = self.memo.key(&request.key);
        self.records.insert_request(key, request);
        Ok(())
    }

    fn update_request(&mut self, request: &RequestRecord) -> Result<()> {
        self.records.set_returned(&self.memo.key(&request.key), &request.returned);
        Ok(())
    }

    fn remove_request(&mut self, key: &AllocationKey) -> Result<()> {
        self.records.remove_request(&self.memo.key(key));
        Ok(())
    }

    fn insert_resting(&mut self, due: &Due) -> Result<()> {
        let serial = Place::of_id(&due.allocation).map_or(0, |(_, serial)| serial);
        let state = self.plan.range_of_mut(&due.range).ok_or_else(|| broken("a range"))?;
        state.resting.insert(number(due.address), Rest { since: due.since, until: due.until, serial });
        Ok(())
    }

    fn remove_resting(&mut self, space: &SpaceId, address: IpAddr) -> Result<()> {
        if let Some(range) = self.plan.range_at(space, address)
            && let Some(state) = self.plan.range_mut(range)
        {
            state.resting.remove(number(address));
        }
        Ok(())
    }

    fn resting_at(&mut self, space: &SpaceId, address: IpAddr) -> Result<Option<Due>> {
        let range = self.plan.range_at(space, address).and_then(|number| self.plan.range(number));
        let found = range.and_then(|state| Some((state.resting.get(number(address))?, &state.stored)));
        Ok(found.and_then(|(rest, stored)| self.due(number(address), rest, stored)))
    }

    fn rested(&mut self, range: &RangeId, now: SystemTime, limit: usize) -> Result<Vec<Due>> {
        let Some(state) = self.plan.range_of_mut(range) else { return Ok(Vec::new()) };
        let over = state.resting.over(now, limit);
        if over.is_empty() {
            return Ok(Vec::new());
        }
        let stored = state.stored.clone();
        Ok(over.into_iter().filter_map(|(number, rest)| self.due(number, rest, &stored)).collect())
    }

    fn count_resting(&mut self, range: &RangeId, now: SystemTime) -> Result<(u128, u128)> {
        Ok(self.plan.range_of(range).map_or((0, 0), |state| state.resting.count(now)))
    }

    fn append_change(&mut self, change: Change) -> Result<()> {
        self.feed.append(change);
        Ok(())
    }

    fn append_allocation_change(
        &mut self,
        allocation: &Allocation,
        kind: ChangeKind,
        at: SystemTime,
        actor: Option<&str>,
    ) -> Result<()> {
        let id = self.memo.of_id(&allocation.id).ok_or_else(|| broken("an id"))?;
        let key = allocation.key.as_ref().map(|key| self.memo.key(key));
        let range = self.plan.range_of(&allocation.range).ok_or_else(|| broken("a range"))?;
        self.feed.append_allocation(allocation.owner.clone(), id, key, &range.home, (kind, at), actor);
        Ok(())
    }

    fn changes(&mut self, since: Option<&ChangePosition>, limit: usize) -> Result<Changes> {
        self.feed.read(since, limit)
    }
}
