//! Pages of a range as the request sees them: its changes over the stored pages.

use std::time::SystemTime;

use super::RangeOverlay;
use crate::Result;
use crate::engine::space::page::{Page, number};
use crate::engine::space::select::PageReader;
use crate::engine::store::{Quarantined, Store};

/// Permissions of a choice besides reading.
#[derive(Debug, Clone, Copy)]
pub(in crate::engine) struct Access {
    /// True if the choice takes addresses, so that it locks pages.
    pub(in crate::engine) takes: bool,
    /// True if the choice sees the whole range, so that it may raise the high-water mark. A line with exclusions passes
    /// over pages that may be unwritten.
    pub(in crate::engine) whole: bool,
}

/// Range of an overlay and the store beneath it.
pub(in crate::engine) struct OverlayPages<'a, S: ?Sized> {
    pub(in crate::engine) range: &'a mut RangeOverlay,
    pub(in crate::engine) store: &'a mut S,
    pub(in crate::engine) now: SystemTime,
    pub(in crate::engine) access: Access,
}

impl<S: Store + ?Sized> PageReader for OverlayPages<'_, S> {
    fn page(&mut self, no: u128) -> Result<Option<Page>> {
        self.range.page(self.store, no)
    }

    fn pages(&mut self, from: u128, limit: usize) -> Result<Vec<(u128, Page)>> {
        let mut pages = self.store.pages(self.range.id(), from, limit)?;
        for (no, touched) in self.range.pages.from(from) {
            match pages.binary_search_by_key(&no, |(no, _)| *no) {
                Ok(index) => pages[index].1 = touched.now,
                Err(index) if index < limit => pages.insert(index, (no, touched.now)),
                // Behind a full batch: stored pages that were not read may come before this one.
                Err(_) => break,
            }
        }
        pages.truncate(limit);
        Ok(pages)
    }

    fn next_open(&mut self, from: u128) -> Result<Option<(u128, Page)>> {
        let id = self.range.id();
        let stored = if self.access.takes {
            self.store.lock_open_page(id, from)?
        } else {
            self.store.next_open_page(id, from)?
        };
        let layout = &*self.range.stored.layout;
        let mut changed = self.range.pages.from(from).map(|(no, touched)| (no, touched.now));
        let changed = changed.find(|(no, page)| layout.is_open(*no, page));
        Ok(match (stored, changed) {
            (Some(stored), Some(changed)) if changed.0 <= stored.0 => Some(changed),
            // A page that the request itself has filled is returned as full; the choice passes over it.
            (Some((no, page)), _) => Some((no, self.range.pages.get(&no).map_or(page, |touched| touched.now))),
            (None, changed) => changed,
        })
    }

    fn high_water(&self) -> u128 {
        self.range.high_water
    }

    fn raise_high_water(&mut self, no: u128) {
        if self.access.whole {
            self.range.high_water = self.range.high_water.max(no);
        }
    }

    fn released(&mut self, limit: usize) -> Result<(Vec<u128>, bool)> {
        let range = &*self.range;
        // Addresses that the request has released are still in the store: ask for as many more.
        let asked = limit.saturating_add(range.released.len());
        let stored = self.store.released(range.id(), self.now, asked)?;
        let complete = stored.len() < asked;
        let mut all: Vec<Quarantined> =
            stored.into_iter().filter(|entry| !range.released.contains(&number(entry.address))).collect();
        all.extend(range.quarantined.values().filter(|entry| entry.until <= self.now).cloned());
        all.sort_by_key(|entry| (entry.since, entry.address));
        let complete = complete && all.len() <= limit;
        all.truncate(limit);
        Ok((all.iter().map(|entry| number(entry.address)).collect(), complete))
    }
}
