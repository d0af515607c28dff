//! Lowest free addresses, and those that were quarantined longest ago.

use std::collections::BTreeMap;

use super::super::page::{Page, locate_number, set_bits};
use super::{BATCH, PageReader, Selection};
use crate::Result;

impl<R: PageReader + ?Sized> Selection<'_, R> {
    /// Returns the lowest page at or after `from` with a free address, and the bits of its other addresses.
    pub(super) fn next_open(&mut self, from: u128) -> Result<Option<(u128, Page)>> {
        let mut next = self.layout.next_page(from);
        while let Some(from) = next {
            let written = self.reader.next_open(from)?;
            // A page that was never written may lie below the lowest open one.
            let unwritten = self.unwritten(from, written.map(|(no, _)| no))?;
            let Some((no, page)) = unwritten.map(|no| (no, Page::default())).or(written) else { return Ok(None) };
            let blocked = page.union(self.layout.mask(no));
            if !blocked.is_full() {
                return Ok(Some((no, blocked)));
            }
            next = no.checked_add(1).and_then(|no| self.layout.next_page(no));
        }
        Ok(None)
    }

    /// Returns the lowest page at or after `from` and below `bound` that is not written.
    fn unwritten(&mut self, from: u128, bound: Option<u128>) -> Result<Option<u128>> {
        let high_water = self.reader.high_water();
        // Pages that turn out to be written raise the mark, if the walk begins at or below it: then none is left out.
        let learns = from <= high_water;
        let Some(mut no) = self.layout.next_page(from.max(high_water)) else { return Ok(None) };
        let mut batch: Vec<(u128, Page)> = Vec::new();
        let mut index = 0;
        let mut complete = false;
        let mut first = true;
        while bound.is_none_or(|bound| no < bound) {
            // The first page is nearly always unwritten, and reading one is cheaper than a batch (bar E1).
            let written = if first {
                first = false;
                self.reader.page(no)?.is_some()
            } else {
                if index == batch.len() && !complete {
                    batch = self.reader.pages(no, BATCH)?;
                    complete = batch.len() < BATCH;
                    index = 0;
                }
                while batch.get(index).is_some_and(|(written, _)| *written < no) {
                    index += 1;
                }
                if index == batch.len() && !complete {
                    continue;
                }
                batch.get(index).is_some_and(|(written, _)| *written == no)
            };
            if !written {
                return Ok(Some(no));
            }
            if learns {
                self.reader.raise_high_water(no + 1);
            }
            match self.layout.next_page(no + 1) {
                Some(next) => no = next,
                None => return Ok(None),
            }
        }
        Ok(None)
    }

    /// Returns the lowest free addresses, at most `count`.
    pub(super) fn first_free(&mut self, count: u32) -> Result<Option<Vec<u128>>> {
        let count = count as usize;
        let mut found = Vec::with_capacity(count.min(4096));
        let mut from = 0;
        while found.len() < count {
            let Some((no, blocked)) = self.next_open(from)? else { break };
            found.extend(set_bits(no, blocked.complement()).take(count - found.len()));
            from = no + 1;
        }
        Ok(Some(found))
    }

    /// Returns addresses that were never used in order, then those quarantined longest ago.
    pub(super) fn least_recently_used(&mut self, count: u32) -> Result<Option<Vec<u128>>> {
        let mut found = self.first_free(count)?.unwrap_or_default();
        let count = count as usize;
        let missing = count - found.len();
        let mut limit = missing;
        while found.len() < count {
            let (mut released, complete) = self.reader.released(limit)?;
            released.retain(|at| self.layout.holds(*at));
            if released.len() >= missing {
                released.truncate(missing);
                found.extend(released);
            } else if complete {
                return Ok(None);
            } else {
                // Some released addresses are excluded by the line. Ask for more.
                limit = limit.saturating_mul(4).max(BATCH);
            }
        }
        found.sort_unstable();
        Ok(Some(found))
    }

    /// Returns the bits of all addresses whose quarantine is over, by page.
    pub(super) fn all_released(&mut self) -> Result<BTreeMap<u128, Page>> {
        let mut limit = BATCH;
        let released = loop {
            let (released, complete) = self.reader.released(limit)?;
            if complete {
                break released;
            }
            limit = limit.saturating_mul(8);
        };
        let mut pages: BTreeMap<u128, Page> = BTreeMap::new();
        for at in released {
            let (no, bit) = locate_number(at);
            pages.entry(no).or_default().insert(bit);
        }
        Ok(pages)
    }
}
