//! Random free addresses.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::super::page::{PAGE_SIZE, Page, locate_number, set_bits};
use super::{PageReader, Selection, Written};
use crate::Result;
use crate::engine::random::{Random, below};

/// Number of guesses at a free address before pages are searched.
// In a range that is half full, one in 65 536 requests uses up all guesses; in a sparse IPv6 range the first guess is
// nearly always free.
const GUESSES: u32 = 16;

/// Largest number of pages that are read to choose evenly among all free addresses: those of 262 144 addresses.
const EVEN_PAGES: u128 = 1024;

impl<R: PageReader + ?Sized> Selection<'_, R> {
    /// Returns free addresses at random.
    pub(super) fn at_random(&mut self, count: u32, random: &mut dyn Random) -> Result<Option<Vec<u128>>> {
        let mut picked: BTreeMap<u128, Page> = BTreeMap::new();
        let mut missing = count;
        'next: while missing > 0 {
            for _ in 0..GUESSES {
                let Some(at) = self.layout.nth(below(random, self.layout.size())) else { return Ok(None) };
                let (no, bit) = locate_number(at);
                let used = self.reader.page(no)?.unwrap_or_default();
                let mine = picked.entry(no).or_default();
                if !used.contains(bit) && !mine.contains(bit) {
                    mine.insert(bit);
                    missing -= 1;
                    continue 'next;
                }
            }
            // The range is nearly full. A small range is read as a whole, a large one from a random page on.
            let enough = match self.all_free(&picked)? {
                Some(free) => evenly(&free, missing, &mut picked, random),
                None => self.after_random_pages(missing, &mut picked, random)?,
            };
            if !enough {
                return Ok(None);
            }
            missing = 0;
        }
        Ok(Some(picked.into_iter().flat_map(|(no, page)| set_bits(no, page)).collect()))
    }

    /// Returns the free addresses by page, as set bits; `None` if there are more than [`EVEN_PAGES`].
    fn all_free(&mut self, picked: &BTreeMap<u128, Page>) -> Result<Option<Vec<(u128, Page)>>> {
        let mut pages = Vec::new();
        let mut written = Written::default();
        let mut next = self.layout.next_page(0);
        while let Some(no) = next {
            if pages.len() as u128 == EVEN_PAGES {
                return Ok(None);
            }
            let page = written.next(self.reader, no)?.filter(|(written, _)| *written == no);
            let mut blocked = page.map_or(Page::default(), |(_, page)| page).union(self.layout.mask(no));
            if let Some(mine) = picked.get(&no) {
                blocked = blocked.union(*mine);
            }
            if !blocked.is_full() {
                pages.push((no, blocked.complement()));
            }
            next = no.checked_add(1).and_then(|no| self.layout.next_page(no));
        }
        Ok(Some(pages))
    }

    /// Picks free addresses of the next open pages after random ones. Returns true if there were enough.
    // Not quite even: an address after a long run of full pages is more likely. Even would mean to read a range of any
    // size.
    fn after_random_pages(
        &mut self,
        count: u32,
        picked: &mut BTreeMap<u128, Page>,
        random: &mut dyn Random,
    ) -> Result<bool> {
        let mut missing = count;
        while missing > 0 {
            let Some(start) = self.layout.nth(below(random, self.layout.size())).map(|at| at / PAGE_SIZE) else {
                return Ok(false);
            };
            let Some((no, free)) = self.unpicked(start, picked)? else { return Ok(false) };
            let bit = free.complement().nth_clear(index_below(random, free.count()));
            let Some(bit) = bit else { return Ok(false) };
            picked.entry(no).or_default().insert(bit);
            missing -= 1;
        }
        Ok(true)
    }

    /// Returns the next page with free addresses that are not picked yet, and these as set bits. Searches from `start`
    /// to the end, and then from the beginning to `start`.
    fn unpicked(&mut self, start: u128, picked: &BTreeMap<u128, Page>) -> Result<Option<(u128, Page)>> {
        for (mut from, till) in [(start, u128::MAX), (0, start)] {
            while let Some((no, blocked)) = self.next_open(from)?.filter(|(no, _)| *no < till) {
                let free = picked.get(&no).map_or(blocked, |mine| blocked.union(*mine)).complement();
                if !free.is_empty() {
                    return Ok(Some((no, free)));
                }
                from = no + 1;
            }
        }
        Ok(None)
    }
}

/// Picks `count` of the free addresses, each with the same probability. Returns true if there were enough.
fn evenly(free: &[(u128, Page)], count: u32, picked: &mut BTreeMap<u128, Page>, random: &mut dyn Random) -> bool {
    let total: u32 = free.iter().map(|(_, page)| page.count()).sum();
    if total < count {
        return false;
    }
    // Floyd's algorithm for a sample without replacement: one random number for each address, however many are free.
    let mut chosen = BTreeSet::new();
    for top in total - count..total {
        let draw = index_below(random, top + 1);
        if !chosen.insert(draw) {
            chosen.insert(top);
        }
    }
    let mut pages = free.iter();
    let mut page = pages.next();
    let mut passed = 0;
    let mut wanted: HashMap<u128, Page> = HashMap::new();
    for index in chosen {
        while let Some((_, bits)) = page {
            if index - passed < bits.count() {
                break;
            }
            passed += bits.count();
            page = pages.next();
        }
        let Some((no, bits)) = page else { return false };
        let Some(bit) = bits.complement().nth_clear(index - passed) else { return false };
        wanted.entry(*no).or_default().insert(bit);
    }
    for (no, bits) in wanted {
        let mine = picked.entry(no).or_default();
        *mine = mine.union(bits);
    }
    true
}

/// Returns a number below `bound`, which is not 0.
fn index_below(random: &mut dyn Random, bound: u32) -> u32 {
    u32::try_from(below(random, u128::from(bound))).unwrap_or(0)
}
