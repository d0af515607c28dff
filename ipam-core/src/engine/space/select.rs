//! Which free addresses a line gets.
//!
//! Nothing here changes an overlay; the answer is addresses, as numbers in ascending order, or `None` if there is no room.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::SystemTime;

use super::layout::Layout;
use super::page::{PAGE_SIZE, Page, locate, number};
use crate::engine::overlay::{RangeOverlay, set_bits};
use crate::engine::store::{Random, Store};
use crate::{Order, Result, Shape};

/// How often a free address is guessed before the pages are looked through.
const GUESSES: u32 = 16;

/// Up to how many pages are read to choose evenly among all that is free.
const EVEN_PAGES: u128 = 1024;

/// How many pages are read at once.
const BATCH: usize = 64;

/// `count` addresses of the range, without those that `layout` leaves out.
pub(in crate::engine) fn choose<S: Store + ?Sized>(
    range: &mut RangeOverlay,
    store: &mut S,
    layout: &Layout,
    (count, shape): (u32, Shape),
    now: SystemTime,
    random: &mut dyn Random,
) -> Result<Option<Vec<u128>>> {
    if u128::from(count) > layout.size() {
        return Ok(None);
    }
    let mut chooser = Chooser { range, store, layout };
    let order = chooser.range.stored.range.policy.order;
    // One address is a run of one; the order says which.
    let align = match shape {
        Shape::Aligned => u128::from(count).next_power_of_two(),
        Shape::Scattered | Shape::Contiguous => 1,
    };
    let single = count == 1 || shape == Shape::Scattered;
    match order {
        Order::Random if single => chooser.at_random(count, random),
        Order::Random => {
            let from = layout.nth(below(random, layout.size())).unwrap_or(0);
            match chooser.run(from, count, align, &BTreeMap::new())? {
                None => chooser.run(0, count, align, &BTreeMap::new()),
                found => Ok(found),
            }
        }
        Order::LeastRecentlyUsed if single => chooser.least_recently_used(count, now),
        Order::LeastRecentlyUsed => match chooser.run(0, count, align, &BTreeMap::new())? {
            None => {
                let rested = chooser.all_rested(now)?;
                if rested.is_empty() { Ok(None) } else { chooser.run(0, count, align, &rested) }
            }
            found => Ok(found),
        },
        Order::FirstFree if single => Ok(chooser.first_free(count)?.filter(|found| found.len() == count as usize)),
        Order::FirstFree => chooser.run(0, count, align, &BTreeMap::new()),
    }
}

/// A number below `bound`, each as likely as any other but for a part in 2^64 or less where the bound is below 2^64.
fn below(random: &mut dyn Random, bound: u128) -> u128 {
    random.next().checked_rem(bound).unwrap_or(0)
}

struct Chooser<'a, S: ?Sized> {
    range: &'a mut RangeOverlay,
    store: &'a mut S,
    layout: &'a Layout,
}

impl<S: Store + ?Sized> Chooser<'_, S> {
    /// The lowest page at or after `from` with room, and its bits that cannot be had.
    fn next_open(&mut self, from: u128) -> Result<Option<(u128, Page)>> {
        let mut next = self.layout.next_page(from);
        while let Some(from) = next {
            let stored = self.store.next_open_page(self.range.id(), from)?;
            let overlaid = self.range.overlaid_open(self.layout, from);
            let known = match (stored, overlaid) {
                (Some(stored), Some(overlaid)) => Some(if stored.0 < overlaid.0 { stored } else { overlaid }),
                (stored, overlaid) => stored.or(overlaid),
            };
            let absent = self.absent(from, known.map(|(no, _)| no))?;
            let Some((no, page)) = absent.map(|no| (no, Page::default())).or(known) else { return Ok(None) };
            let page =
                self.range.overlaid(no).next().filter(|(overlaid, _)| *overlaid == no).map_or(page, |(_, page)| page);
            let blocked = page.union(self.layout.mask(no));
            if !blocked.is_full() {
                return Ok(Some((no, blocked)));
            }
            next = no.checked_add(1).and_then(|no| self.layout.next_page(no));
        }
        Ok(None)
    }

    /// The lowest page at or after `from` and below `bound` that is not stored, nor overlaid.
    fn absent(&mut self, from: u128, bound: Option<u128>) -> Result<Option<u128>> {
        // Pages below the frontier are stored. What is learned here moves it, if no page with room was left out.
        let moves = from <= self.range.frontier() && std::ptr::eq(self.layout, &raw const *self.range.stored.layout);
        let Some(mut no) = self.layout.next_page(from.max(self.range.frontier())) else { return Ok(None) };
        let within = |no: u128| bound.is_none_or(|bound| no < bound);
        let mut batch: Vec<(u128, Page)> = Vec::new();
        let mut index = 0;
        let mut complete = false;
        let mut first = true;
        while within(no) {
            let stored = if first {
                first = false;
                self.store.page(self.range.id(), no)?.is_some()
            } else {
                if index == batch.len() && !complete {
                    batch = self.store.pages(self.range.id(), no, BATCH)?;
                    complete = batch.len() < BATCH;
                    index = 0;
                }
                while batch.get(index).is_some_and(|(stored, _)| *stored < no) {
                    index += 1;
                }
                if index == batch.len() && !complete {
                    continue;
                }
                batch.get(index).is_some_and(|(stored, _)| *stored == no)
            };
            if !stored && !self.range.is_overlaid(no) {
                return Ok(Some(no));
            }
            if moves && stored {
                self.range.move_frontier(no + 1);
            }
            match self.layout.next_page(no + 1) {
                Some(next) => no = next,
                None => return Ok(None),
            }
        }
        Ok(None)
    }

    /// The lowest free addresses, at most `count`.
    fn first_free(&mut self, count: u32) -> Result<Option<Vec<u128>>> {
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

    /// Never used ones in order, then the longest rested.
    fn least_recently_used(&mut self, count: u32, now: SystemTime) -> Result<Option<Vec<u128>>> {
        let count = count as usize;
        let mut found = self.first_free(u32::try_from(count).unwrap_or(u32::MAX))?.unwrap_or_default();
        let missing = count - found.len();
        let mut limit = missing;
        while found.len() < count {
            let (rested, complete) = self.range.rested(self.store, now, limit)?;
            let mut fit: Vec<u128> =
                rested.iter().filter(|due| self.layout.contains(due.address)).map(|due| number(due.address)).collect();
            if fit.len() >= missing {
                fit.truncate(missing);
                found.extend(fit);
            } else if complete {
                return Ok(None);
            } else {
                limit = limit.saturating_mul(4).max(BATCH);
            }
        }
        found.sort_unstable();
        Ok(Some(found))
    }

    /// The bits of all addresses whose rest is over, by page.
    fn all_rested(&mut self, now: SystemTime) -> Result<BTreeMap<u128, Page>> {
        let mut limit = BATCH;
        let rested = loop {
            let (rested, complete) = self.range.rested(self.store, now, limit)?;
            if complete {
                break rested;
            }
            limit = limit.saturating_mul(8);
        };
        let mut pages: BTreeMap<u128, Page> = BTreeMap::new();
        for due in rested {
            let (no, bit) = locate(due.address);
            pages.entry(no).or_default().insert(bit);
        }
        Ok(pages)
    }

    /// Free addresses at random.
    fn at_random(&mut self, count: u32, random: &mut dyn Random) -> Result<Option<Vec<u128>>> {
        let mut picked: BTreeMap<u128, Page> = BTreeMap::new();
        let mut missing = count;
        'next: while missing > 0 {
            for _ in 0..GUESSES {
                let Some(at) = self.layout.nth(below(random, self.layout.size())) else { return Ok(None) };
                let (no, bit) = split(at);
                let used = self.range.page(self.store, no)?.unwrap_or_default();
                let mine = picked.entry(no).or_default();
                if !used.contains(bit) && !mine.contains(bit) {
                    mine.insert(bit);
                    missing -= 1;
                    continue 'next;
                }
            }
            // It is getting full. A small range is read whole, a large one from anywhere.
            let enough = match self.all_free(&picked)? {
                Some(free) => evenly(&free, missing, &mut picked, random),
                None => self.somewhere(missing, &mut picked, random)?,
            };
            if !enough {
                return Ok(None);
            }
            missing = 0;
        }
        Ok(Some(picked.into_iter().flat_map(|(no, page)| set_bits(no, page)).collect()))
    }

    /// The free addresses by page, as set bits, unless there are too many pages.
    fn all_free(&mut self, picked: &BTreeMap<u128, Page>) -> Result<Option<Vec<(u128, Page)>>> {
        let mut pages = Vec::new();
        let mut known = Known::default();
        let mut next = self.layout.next_page(0);
        while let Some(no) = next {
            if pages.len() as u128 == EVEN_PAGES {
                return Ok(None);
            }
            let page = known.next(self.range, self.store, no)?.filter(|(known, _)| *known == no);
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

    /// Free addresses of the next pages with room after random ones. Whether there were enough.
    fn somewhere(&mut self, count: u32, picked: &mut BTreeMap<u128, Page>, random: &mut dyn Random) -> Result<bool> {
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

    /// The next page from `start` on, and round to it again, with free addresses that are not picked yet: as set bits.
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

    /// `count` addresses in a row from `from` on, the first a multiple of `align`. Set bits that are also in `loose`
    /// count as free. Costs at most one look at each stored page, and none at those full ones that lie below the
    /// frontier.
    fn run(&mut self, from: u128, count: u32, align: u128, loose: &BTreeMap<u128, Page>) -> Result<Option<Vec<u128>>> {
        let mut run = Run { count: u128::from(count), align, first: None, end: from };
        let mut pages = Known::default();
        let mut next = self.layout.next_page(from / PAGE_SIZE);
        while let Some(mut no) = next {
            if run.first.is_none() && no < self.range.frontier() {
                no = self.skip_full(no, loose)?;
            }
            let known = pages.next(self.range, self.store, no)?;
            // What lies before the next known page is free as far as the layout goes.
            let known_from = known.map(|(known, _)| known * PAGE_SIZE);
            let mut at = no * PAGE_SIZE;
            while let Some((first, last)) = self.layout.run(at.max(from)) {
                if known_from.is_some_and(|known| first >= known) {
                    break;
                }
                // `known_from` is above `first`, so one less does not underflow.
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
            let page = loose.get(&no).map_or(page, |loose| page.without(*loose));
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
            if !free.contains(u8::MAX) {
                run.first = None;
            }
            next = no.checked_add(1).and_then(|no| self.layout.next_page(no));
        }
        Ok(None)
    }

    /// The lowest page at or after `no` that may have room; all below the frontier are stored.
    fn skip_full(&mut self, no: u128, loose: &BTreeMap<u128, Page>) -> Result<u128> {
        let stored = self.store.next_open_page(self.range.id(), no)?.map(|(no, _)| no);
        let overlaid = self.range.overlaid_open(self.layout, no).map(|(no, _)| no);
        let loose = loose.range(no..).next().map(|(no, _)| *no);
        Ok([stored, overlaid, loose].into_iter().flatten().fold(self.range.frontier(), u128::min))
    }
}

/// The pages that are stored or overlaid, in ascending order, read a batch at a time.
#[derive(Default)]
struct Known {
    batch: std::collections::VecDeque<(u128, Page)>,
    complete: bool,
}

impl Known {
    /// The lowest one at or after `from`, which does not become lower from call to call.
    fn next<S: Store + ?Sized>(
        &mut self,
        range: &RangeOverlay,
        store: &mut S,
        from: u128,
    ) -> Result<Option<(u128, Page)>> {
        while self.batch.front().is_some_and(|(no, _)| *no < from) {
            self.batch.pop_front();
        }
        if self.batch.is_empty() && !self.complete {
            self.batch = store.pages(range.id(), from, BATCH)?.into();
            self.complete = self.batch.len() < BATCH;
        }
        let stored = self.batch.front().copied();
        let overlaid = range.overlaid(from).next();
        Ok(match (stored, overlaid) {
            (Some(stored), Some(overlaid)) if stored.0 < overlaid.0 => Some(stored),
            (stored, overlaid) => overlaid.or(stored),
        })
    }
}

/// Free addresses in a row, as they are found from below.
struct Run {
    count: u128,
    align: u128,
    first: Option<u128>,
    /// One past the last.
    end: u128,
}

impl Run {
    /// Adds free addresses, which follow those before or leave a gap; answers the run if it is long enough.
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

/// Picks as many of the free addresses, each with the same chance. Whether there were enough.
fn evenly(free: &[(u128, Page)], count: u32, picked: &mut BTreeMap<u128, Page>, random: &mut dyn Random) -> bool {
    let total: u32 = free.iter().map(|(_, page)| page.count()).sum();
    if total < count {
        return false;
    }
    // Floyd's way of drawing without putting back: one draw for each address, whatever the share.
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

/// A number below `bound`, which is not 0.
fn index_below(random: &mut dyn Random, bound: u32) -> u32 {
    u32::try_from(below(random, u128::from(bound))).unwrap_or(0)
}

/// The page and the bit of an address's number.
fn split(at: u128) -> (u128, u8) {
    #[allow(clippy::cast_possible_truncation, reason = "the low eight bits are what is wanted")]
    let bit = (at % PAGE_SIZE) as u8;
    (at / PAGE_SIZE, bit)
}
