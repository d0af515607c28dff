//! Pages of a range as the request sees them: those it has changed over those that are stored.

use std::time::SystemTime;

use super::RangeOverlay;
use crate::Result;
use crate::engine::space::page::{Page, number};
use crate::engine::space::select::PageReader;
use crate::engine::store::{Quarantined, Store};

/// What a choice may do besides reading.
#[derive(Debug, Clone, Copy)]
pub(in crate::engine) struct Access {
    /// Whether what is chosen is taken, so that pages are locked.
    pub(in crate::engine) takes: bool,
    /// Whether the choice sees the whole range, so that it can tell how far its pages are written.
    pub(in crate::engine) whole: bool,
}

/// A range of an overlay and the store beneath it.
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
            // The request may have filled it.
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
        let asked = limit.saturating_add(range.released.len());
        let stored = self.store.released(range.id(), self.now, asked)?;
        let complete = stored.len() < asked;
        let mut all: Vec<Quarantined> =
            stored.into_iter().filter(|due| !range.released.contains(&number(due.address))).collect();
        all.extend(range.quarantined.values().filter(|due| due.until <= self.now).cloned());
        all.sort_by_key(|due| (due.since, due.address));
        let complete = complete && all.len() <= limit;
        all.truncate(limit);
        Ok((all.iter().map(|due| number(due.address)).collect(), complete))
    }
}
