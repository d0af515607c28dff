//! Allocations in memory.

use std::net::IpAddr;
use std::num::NonZeroU64;
use std::time::SystemTime;

use super::super::find::find;
use super::super::key::Place;
use super::super::records::NewSlot;
use super::super::state::State;
use super::missing;
use crate::engine::{Allocations, Record, number};
use crate::{Allocation, AllocationId, AllocationKey, Find, RangeId, Result, SpaceId};

impl Allocations for State {
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
        let Some(state) = self.inventory.range_of(range) else { return Ok(Vec::new()) };
        let found = state.used_from(number(from)).filter_map(|address| {
            let index = self.records.at(Place::new(state.space, address))?;
            self.record(index)
        });
        Ok(found.take(limit).collect())
    }

    fn new_allocation_id(&mut self, space: &SpaceId, address: IpAddr) -> Result<AllocationId> {
        let place = self.place(space, address).ok_or_else(|| missing("a space"))?;
        self.serial += 1;
        Ok(self.memo.new_id(place, self.serial))
    }

    fn insert_allocation(&mut self, allocation: &Allocation, line: u32) -> Result<()> {
        let id = self.memo.of_id(&allocation.id).and_then(|(place, serial)| Some((place, NonZeroU64::new(serial)?)));
        let (place, serial) = id.ok_or_else(|| missing("an id"))?;
        let range = self.inventory.range_number(&allocation.range).ok_or_else(|| missing("a range"))?;
        let line = u16::try_from(line).map_err(|_| missing("a line"))?;
        let key = allocation.key.as_ref().ok_or_else(|| missing("a key"))?;
        let (key, details) = (&self.memo.key(key), Self::details(allocation));
        if self.records.insert(&NewSlot { serial, place, range, line, key, details }) {
            return Ok(());
        }
        Err(missing("a request"))
    }

    fn update_allocation(&mut self, record: &Record) -> Result<()> {
        let index = self.of_id(&record.allocation.id).ok_or_else(|| missing("an allocation"))?;
        self.records.update(index, &Self::details(&record.allocation));
        Ok(())
    }

    fn remove_allocation(&mut self, record: &Record) -> Result<()> {
        let index = self.of_id(&record.allocation.id).ok_or_else(|| missing("an allocation"))?;
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
        let number = match range.map(|id| self.inventory.range_number(id)) {
            Some(None) => return Ok(Vec::new()),
            Some(number) => number,
            None => None,
        };
        Ok(self.records.expired(number, now).take(limit).filter_map(|index| self.record(index)).collect())
    }

    fn count_expired(&mut self, range: &RangeId, now: SystemTime) -> Result<u128> {
        let number = self.inventory.range_number(range);
        Ok(number.map_or(0, |number| self.records.expired(Some(number), now).count() as u128))
    }
}
