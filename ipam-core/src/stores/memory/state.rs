//! State of the provider, and the public values that are made of it.

use std::net::IpAddr;

use super::feed::Feed;
use super::inventory::Inventory;
use super::key::{Memo, Place};
use super::quarantine::QuarantineEntry;
use super::records::{Details, Records, View};
use crate::engine::{Quarantined, Record, StoredRange};
use crate::{Allocation, AllocationId, AllocationState, Range, SpaceId};

/// State of the provider.
#[derive(Debug)]
pub(crate) struct State {
    pub(super) inventory: Inventory,
    pub(super) records: Records,
    pub(super) feed: Feed,
    /// Number of allocations that were ever made. It becomes part of their ids.
    pub(super) serial: u64,
    pub(super) memo: Memo,
}

impl State {
    pub(crate) fn new(feed_limit: usize) -> Self {
        Self {
            inventory: Inventory::default(),
            records: Records::default(),
            feed: Feed::new(feed_limit),
            serial: 0,
            memo: Memo::default(),
        }
    }

    /// Returns the number of changes in the feed.
    #[cfg(test)]
    pub(crate) fn feed_len(&self) -> usize {
        self.feed.len()
    }

    pub(super) fn place(&self, space: &SpaceId, address: IpAddr) -> Option<Place> {
        self.inventory.space_number(space).map(|space| Place::new(space, address))
    }

    /// Returns the number of the allocation of this id.
    // The id holds the address, so that it needs no index of its own (bar M7); the serial number tells whether the
    // allocation at the address is still the same one.
    pub(super) fn of_id(&mut self, id: &AllocationId) -> Option<u32> {
        let (place, serial) = self.memo.of_id(id)?;
        let index = self.records.at(place)?;
        (self.records.view(index)?.slot.serial.get() == serial).then_some(index)
    }

    /// Returns an allocation as callers see it.
    pub(super) fn allocation_of(&self, view: &View<'_>) -> Option<Allocation> {
        // Built on demand: kept as it is returned, an allocation would take several hundred bytes (bar M7).
        let slot = view.slot;
        let range = &self.inventory.range(slot.range)?.stored.range;
        let id = self.memo.id(slot.place, slot.serial.get());
        let mut allocation = Allocation::new(id, range.space.clone(), range.id.clone(), slot.place.ip());
        allocation.key = Some(view.key());
        allocation.owner = Some(view.owner.clone());
        if let Some(labels) = view.labels {
            allocation.labels.clone_from(labels);
        }
        allocation.created = Some(view.created);
        allocation.updated = Some(view.updated);
        allocation.expires = view.expires;
        Some(allocation)
    }

    /// Returns a quarantined address as callers see it.
    pub(super) fn quarantined_allocation(&self, range: &Range, place: Place, entry: QuarantineEntry) -> Allocation {
        let id = place.id(entry.serial);
        let mut allocation = Allocation::new(id, range.space.clone(), range.id.clone(), place.ip());
        allocation.state = AllocationState::Quarantined;
        allocation
    }

    pub(super) fn record(&self, index: u32) -> Option<Record> {
        let view = self.records.view(index)?;
        let line = u32::from(view.slot.line);
        Some(Record { allocation: Box::new(self.allocation_of(&view)?), line })
    }

    pub(super) fn quarantined(&self, number: u128, entry: QuarantineEntry, range: &StoredRange) -> Option<Quarantined> {
        let range = &range.range;
        let family = if range.addresses.is_ipv4() { crate::Family::V4 } else { crate::Family::V6 };
        let address = crate::engine::address(family, number)?;
        let place = self.place(&range.space, address)?;
        let allocation = place.id(entry.serial);
        let (since, until) = (entry.since, entry.until);
        Some(Quarantined { space: range.space.clone(), range: range.id.clone(), address, allocation, since, until })
    }

    pub(super) fn details(allocation: &Allocation) -> Details<'_> {
        Details {
            labels: &allocation.labels,
            created: allocation.created,
            updated: allocation.updated,
            expires: allocation.expires,
        }
    }
}
