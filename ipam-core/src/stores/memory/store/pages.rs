//! Pages in memory.

use super::super::state::State;
use super::missing;
use crate::engine::{Page, Pages};
use crate::{RangeId, Result};

impl Pages for State {
    fn page(&mut self, range: &RangeId, no: u128) -> Result<Option<Page>> {
        Ok(self.inventory.range_of(range).and_then(|state| state.pages.get(no)))
    }

    fn put_page(&mut self, range: &RangeId, no: u128, page: &Page, open: bool) -> Result<()> {
        let state = self.inventory.range_of_mut(range).ok_or_else(|| missing("a range"))?;
        state.pages.put(no, *page, open);
        Ok(())
    }

    fn next_open_page(&mut self, range: &RangeId, from: u128) -> Result<Option<(u128, Page)>> {
        Ok(self.inventory.range_of(range).and_then(|state| state.pages.next_open(from)))
    }

    fn pages(&mut self, range: &RangeId, from: u128, limit: usize) -> Result<Vec<(u128, Page)>> {
        Ok(self.inventory.range_of(range).into_iter().flat_map(|state| state.pages.from(from)).take(limit).collect())
    }

    fn used_bits(&mut self, range: &RangeId) -> Result<u128> {
        Ok(self.inventory.range_of(range).map_or(0, |state| state.pages.used()))
    }
}
