//! Quarantined addresses in memory.

use std::net::IpAddr;
use std::time::SystemTime;

use super::super::key::Place;
use super::super::quarantine::QuarantineEntry;
use super::super::state::State;
use super::missing;
use crate::engine::{Quarantine, Quarantined, number};
use crate::{RangeId, Result, SpaceId};

impl Quarantine for State {
    fn insert_quarantined(&mut self, entry: &Quarantined) -> Result<()> {
        let serial = Place::of_id(&entry.allocation).map_or(0, |(_, serial)| serial);
        let state = self.inventory.range_of_mut(&entry.range).ok_or_else(|| missing("a range"))?;
        let (since, until) = (entry.since, entry.until);
        state.quarantine.insert(number(entry.address), QuarantineEntry { since, until, serial });
        Ok(())
    }

    fn remove_quarantined(&mut self, space: &SpaceId, address: IpAddr) -> Result<()> {
        if let Some(range) = self.inventory.range_at(space, address)
            && let Some(state) = self.inventory.range_mut(range)
        {
            state.quarantine.remove(number(address));
        }
        Ok(())
    }

    fn quarantined_at(&mut self, space: &SpaceId, address: IpAddr) -> Result<Option<Quarantined>> {
        let range = self.inventory.range_at(space, address).and_then(|number| self.inventory.range(number));
        let found = range.and_then(|state| Some((state.quarantine.get(number(address))?, &state.stored)));
        Ok(found.and_then(|(entry, stored)| self.quarantined(number(address), entry, stored)))
    }

    fn released(&mut self, range: &RangeId, now: SystemTime, limit: usize) -> Result<Vec<Quarantined>> {
        let Some(state) = self.inventory.range_of_mut(range) else { return Ok(Vec::new()) };
        let over = state.quarantine.over(now, limit);
        if over.is_empty() {
            return Ok(Vec::new());
        }
        let stored = state.stored.clone();
        Ok(over.into_iter().filter_map(|(number, entry)| self.quarantined(number, entry, &stored)).collect())
    }

    fn count_quarantined(&mut self, range: &RangeId, now: SystemTime) -> Result<(u128, u128)> {
        Ok(self.inventory.range_of(range).map_or((0, 0), |state| state.quarantine.count(now)))
    }
}
