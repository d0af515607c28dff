//! Pages of one range.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::Page;

/// Number of neighbouring pages in a chunk: one bit each in a `u64`.
// One look-up in the tree serves 16 384 addresses, so that a /16 has four entries (bars M1, M2, M5); a tree of single
// pages would have 64 times as many.
const CHUNK: u128 = 64;

/// Pages by number, with an index of the open ones.
#[derive(Debug, Default)]
pub(super) struct Pages {
    chunks: BTreeMap<u128, Chunk>,
    /// Chunks with an open page.
    open: BTreeSet<u128>,
    used: u128,
}

/// Stored pages among 64 neighbouring ones.
#[derive(Debug, Default)]
struct Chunk {
    /// One bit for each page that is stored.
    stored: u64,
    /// One bit for each page that is open.
    open: u64,
    /// Stored pages, in order. The number of bits below a page in `stored` is its index.
    pages: Vec<Page>,
}

/// Returns the chunk of a page and its place in the chunk.
fn split(no: u128) -> (u128, u32) {
    #[allow(clippy::cast_possible_truncation, reason = "the low six bits are what is wanted")]
    let place = (no % CHUNK) as u32;
    (no / CHUNK, place)
}

/// Returns a mask of the bits at and above a place.
const fn upwards(place: u32) -> u64 {
    u64::MAX << place
}

impl Chunk {
    /// Returns the number of stored pages before a place.
    fn rank(&self, place: u32) -> usize {
        (self.stored & !upwards(place)).count_ones() as usize
    }

    fn get(&self, place: u32) -> Option<Page> {
        if self.stored >> place & 1 == 0 {
            return None;
        }
        self.pages.get(self.rank(place)).copied()
    }

    /// Stores a page. Returns the previous one.
    fn put(&mut self, place: u32, page: Page, open: bool) -> Option<Page> {
        let (bit, rank) = (1 << place, self.rank(place));
        self.open = if open { self.open | bit } else { self.open & !bit };
        if self.stored & bit != 0 {
            return self.pages.get_mut(rank).map(|old| std::mem::replace(old, page));
        }
        self.stored |= bit;
        if self.pages.is_empty() {
            // In a /64 with scattered addresses most chunks have one page and never get another; the default capacity
            // of four pages would waste 96 bytes for each (bar M7).
            self.pages.reserve_exact(1);
        }
        self.pages.insert(rank, page);
        None
    }

    /// Returns the stored pages at or after a place.
    fn from(&self, place: u32) -> impl Iterator<Item = (u32, Page)> + '_ {
        let mut left = self.stored & upwards(place);
        let places = std::iter::from_fn(move || {
            let place = (left != 0).then(|| left.trailing_zeros())?;
            left &= left - 1;
            Some(place)
        });
        places.zip(self.pages.iter().skip(self.rank(place)).copied())
    }
}

impl Pages {
    pub(super) fn get(&self, no: u128) -> Option<Page> {
        let (chunk, place) = split(no);
        self.chunks.get(&chunk)?.get(place)
    }

    pub(super) fn put(&mut self, no: u128, page: Page, open: bool) {
        let (number, place) = split(no);
        let chunk = self.chunks.entry(number).or_default();
        let was_open = chunk.open != 0;
        let was = chunk.put(place, page, open).map_or(0, |page| page.count());
        self.used = self.used - u128::from(was) + u128::from(page.count());
        match (was_open, chunk.open != 0) {
            (false, true) => {
                self.open.insert(number);
            }
            (true, false) => {
                self.open.remove(&number);
            }
            _ => {}
        }
    }

    pub(super) fn next_open(&self, from: u128) -> Option<(u128, Page)> {
        let (first, place) = split(from);
        for number in self.open.range(first..) {
            let chunk = self.chunks.get(number)?;
            let open = if *number == first { chunk.open & upwards(place) } else { chunk.open };
            if open != 0 {
                let place = open.trailing_zeros();
                return Some((number * CHUNK + u128::from(place), chunk.get(place)?));
            }
        }
        None
    }

    pub(super) fn from(&self, from: u128) -> impl Iterator<Item = (u128, Page)> + '_ {
        let (first, place) = split(from);
        self.chunks.range(first..).flat_map(move |(number, chunk)| {
            let place = if *number == first { place } else { 0 };
            chunk.from(place).map(move |(place, page)| (number * CHUNK + u128::from(place), page))
        })
    }

    /// Returns the number of set bits.
    pub(super) const fn used(&self) -> u128 {
        self.used
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Numbers around the ends of chunks and at both ends of all numbers, each put twice.
    #[test]
    fn they_are_a_map_from_numbers_to_pages() {
        let numbers = [70u128, 0, 63, 64, 127, 5, 128, 1 << 70, (1 << 120) - 1, 62, 191, 192];
        let (mut pages, mut map) = (Pages::default(), BTreeMap::new());
        for round in 0..2u8 {
            for (step, no) in (0u8..).zip(numbers) {
                let (page, open) = (Page::span(step, 100 + round), (step + round) % 3 != 0);
                pages.put(no, page, open);
                map.insert(no, (page, open));
                assert_eq!(pages.used(), map.values().map(|(page, _)| u128::from(page.count())).sum::<u128>());
                for from in numbers.into_iter().flat_map(|no| [no, no + 1]) {
                    assert_eq!(pages.get(from), map.get(&from).map(|(page, _)| *page));
                    assert!(pages.from(from).eq(map.range(from..).map(|(no, (page, _))| (*no, *page))));
                    let open = map.range(from..).find(|(_, (_, open))| *open).map(|(no, (page, _))| (*no, *page));
                    assert_eq!(pages.next_open(from), open);
                }
            }
        }
    }
}
