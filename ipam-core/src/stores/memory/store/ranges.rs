//! Ranges in memory.

use ipnet::IpNet;

use super::super::state::State;
use super::missing;
use crate::engine::{Ranges, StoredRange};
use crate::{AllocationKey, Range, RangeFilter, RangeId, Result, SpaceId};

impl Ranges for State {
    fn range(&mut self, id: &RangeId) -> Result<Option<StoredRange>> {
        Ok(self.inventory.recall(id).map(|state| state.stored.clone()))
    }

    fn insert_range(&mut self, range: &StoredRange) -> Result<()> {
        self.inventory.insert_range(range.clone());
        Ok(())
    }

    fn update_range(&mut self, range: &StoredRange) -> Result<()> {
        self.inventory.update_range(range.clone());
        Ok(())
    }

    fn remove_range(&mut self, id: &RangeId) -> Result<()> {
        self.inventory.remove_range(id);
        Ok(())
    }

    fn set_high_water(&mut self, id: &RangeId, high_water: u128) -> Result<()> {
        let state = self.inventory.range_of_mut(id).ok_or_else(|| missing("a range"))?;
        state.stored.high_water = high_water;
        Ok(())
    }

    fn ranges_overlapping(&mut self, space: &SpaceId, net: IpNet) -> Result<Vec<StoredRange>> {
        Ok(self.inventory.overlapping(space, net).map(|state| state.stored.clone()).collect())
    }

    fn list_ranges(&mut self, filter: &RangeFilter, after: Option<&RangeId>, limit: usize) -> Result<Vec<Range>> {
        // Ranges by id are looked up, and not searched among all.
        if !filter.ids.is_empty() {
            let mut ids: Vec<&RangeId> = filter.ids.iter().filter(|id| after.is_none_or(|after| *id > after)).collect();
            ids.sort_unstable();
            ids.dedup();
            let found = ids.into_iter().filter_map(|id| self.inventory.range_of(id)).map(|state| &state.stored.range);
            return Ok(found
                .filter(|range| filter.matches(range))
                .take(limit)
                .map(|range| (**range).clone())
                .collect());
        }
        let found = self.inventory.ranges_after(after).map(|state| &state.stored.range);
        Ok(found.filter(|range| filter.matches(range)).take(limit).map(|range| (**range).clone()).collect())
    }

    fn range_of_key(&mut self, key: &AllocationKey) -> Result<Option<StoredRange>> {
        Ok(self.inventory.range_of_key(key).map(|state| state.stored.clone()))
    }
}
