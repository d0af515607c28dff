//! Contiguous runs of free addresses.

use std::collections::BTreeMap;

use super::super::page::{PAGE_SIZE, Page};
use super::{PageReader, Selection, Written};
use crate::Result;

impl<R: PageReader + ?Sized> Selection<'_, R> {
    /// Returns a contiguous run of `count` addresses from `from` on, the first a multiple of `align`. Set bits that are
    /// also in `released` count as free.
    ///
    /// Reads each stored page at most once, and skips full pages below the high-water mark.
    pub(super) fn run(
        &mut self,
        from: u128,
        count: u32,
        align: u128,
        released: &BTreeMap<u128, Page>,
    ) -> Result<Option<Vec<u128>>> {
        let mut run = Run { count: u128::from(count), align, first: None, end: from };
        let mut pages = Written::default();
        let mut next = self.layout.next_page(from / PAGE_SIZE);
        while let Some(mut no) = next {
            if run.first.is_none() && no < self.reader.high_water() {
                no = self.skip_full(no, released)?;
            }
            let known = pages.next(self.reader, no)?;
            // Addresses before the next stored page are free, as far as the layout has them.
            let known_from = known.map(|(known, _)| known * PAGE_SIZE);
            let mut at = no * PAGE_SIZE;
            while let Some((first, last)) = self.layout.run(at.max(from)) {
                if known_from.is_some_and(|known| first >= known) {
                    break;
                }
                // `known_from` is above `first`, so that the subtraction does not underflow.
                let last = known_from.map_or(last, |known| last.min(known - 1));
                if let Some(found) = run.extend(first, last) {
                    return Ok(Some(found));
                }
                match last.checked_add(1) {
                    Some(after) => at = after,
                    None => break,
                }
            }
            let Some((no, page)) = known else { return Ok(None) };
            let page = released.get(&no).map_or(page, |released| page.without(*released));
            let free = page.union(self.layout.mask(no)).complement();
            for (first, last) in free.runs() {
                let (first, last) = (no * PAGE_SIZE + u128::from(first), no * PAGE_SIZE + u128::from(last));
                if last < from {
                    continue;
                }
                if let Some(found) = run.extend(first.max(from), last) {
                    return Ok(Some(found));
                }
            }
            // A run that does not reach the end of the page cannot continue on the next one.
            if !free.contains(u8::MAX) {
                run.first = None;
            }
            next = no.checked_add(1).and_then(|no| self.layout.next_page(no));
        }
        Ok(None)
    }

    /// Returns the lowest page at or after `no` that may have room, for a page below the high-water mark.
    // Below the mark all pages are written, so that the next open one is found through the index of open pages. Not
    // while a run is under way: it needs each page on its way.
    fn skip_full(&mut self, no: u128, released: &BTreeMap<u128, Page>) -> Result<u128> {
        let open = self.reader.next_open(no)?.map(|(no, _)| no);
        let released = released.range(no..).next().map(|(no, _)| *no);
        Ok([open, released].into_iter().flatten().fold(self.reader.high_water(), u128::min))
    }
}

/// Contiguous run of free addresses, which grows from below.
struct Run {
    count: u128,
    align: u128,
    first: Option<u128>,
    /// Address after the last.
    end: u128,
}

impl Run {
    /// Adds free addresses, which continue the run or begin another. Returns the run if it is long enough.
    fn extend(&mut self, first: u128, last: u128) -> Option<Vec<u128>> {
        let start = match self.first {
            Some(start) if self.end == first => start,
            _ => first,
        };
        self.first = Some(start);
        self.end = last.saturating_add(1);
        let start = start.checked_next_multiple_of(self.align)?;
        let till = start.checked_add(self.count - 1)?;
        (till <= last).then(|| (start..=till).collect())
    }
}
