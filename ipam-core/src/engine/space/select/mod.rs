//! Choice of free addresses among the pages of one range.
//!
//! Pages come in through a [`PageReader`]; addresses go out as numbers in ascending order, or `None` if there is no
//! room. Nothing is marked as used here, and nothing depends on a store, so that a store behind a network can use it
//! too.
//!
//! The cost follows the pages that are read, never the size of the range: pages above the high-water mark are not
//! stored and are known to be free.

mod at_random;
mod in_order;
mod run;

use std::collections::{BTreeMap, VecDeque};

use super::layout::Layout;
use super::page::Page;
use crate::engine::random::{Random, below};
use crate::{Order, Placement, Result};

/// Number of pages that are read at once.
const BATCH: usize = 64;

/// Source of the pages of one range.
pub(in crate::engine) trait PageReader {
    /// Returns a page. `None` if it was never written, so that none of its addresses is used.
    fn page(&mut self, no: u128) -> Result<Option<Page>>;

    /// Returns at most `limit` written pages at or after `from`, by number.
    fn pages(&mut self, from: u128, limit: usize) -> Result<Vec<(u128, Page)>>;

    /// Returns the lowest written page at or after `from` that has room. It may also return a full one on the way
    /// there.
    fn next_open(&mut self, from: u128) -> Result<Option<(u128, Page)>>;

    /// Returns the high-water mark: every page below it that has an address to hand out is written.
    fn high_water(&self) -> u128;

    /// Learns that every page below `no` that has an address to hand out is written.
    fn raise_high_water(&mut self, no: u128);

    /// Returns at most `limit` addresses whose quarantine is over, those quarantined first before the others, and
    /// whether there are no more.
    fn released(&mut self, limit: usize) -> Result<(Vec<u128>, bool)>;
}

/// Addresses to choose: their number, placement and order.
#[derive(Debug, Clone, Copy)]
pub(in crate::engine) struct Wanted {
    pub(in crate::engine) count: u32,
    pub(in crate::engine) placement: Placement,
    pub(in crate::engine) order: Order,
}

/// Returns free addresses of `layout`; `None` if there is no room.
pub(in crate::engine) fn select<R: PageReader + ?Sized>(
    reader: &mut R,
    layout: &Layout,
    Wanted { count, placement, order }: Wanted,
    random: &mut dyn Random,
) -> Result<Option<Vec<u128>>> {
    // Refused without reading a page: a request for more addresses than the range has never succeeds.
    if u128::from(count) > layout.size() {
        return Ok(None);
    }
    let mut selection = Selection { reader, layout };
    // Rounded up to a power of two, so that an aligned run begins a CIDR prefix that holds all of it.
    let align = match placement {
        Placement::Aligned => u128::from(count).next_power_of_two(),
        Placement::Scattered | Placement::Contiguous => 1,
    };
    // A single address is a run in any placement: the order alone decides.
    let single = count == 1 || placement == Placement::Scattered;
    let none = BTreeMap::new();
    match order {
        Order::Random if single => selection.at_random(count, random),
        Order::Random => {
            // The first run at or after a random address: choosing evenly among all runs would read all pages.
            let from = layout.nth(below(random, layout.size())).unwrap_or(0);
            match selection.run(from, count, align, &none)? {
                None => selection.run(0, count, align, &none),
                found => Ok(found),
            }
        }
        Order::LeastRecentlyUsed if single => selection.least_recently_used(count),
        Order::LeastRecentlyUsed => match selection.run(0, count, align, &none)? {
            // No run of never used addresses. Released ones count as free now, although their bits are set.
            None => {
                let released = selection.all_released()?;
                if released.is_empty() { Ok(None) } else { selection.run(0, count, align, &released) }
            }
            found => Ok(found),
        },
        Order::FirstFree if single => Ok(selection.first_free(count)?.filter(|found| found.len() == count as usize)),
        Order::FirstFree => selection.run(0, count, align, &none),
    }
}

/// One choice in progress.
struct Selection<'a, R: ?Sized> {
    reader: &'a mut R,
    layout: &'a Layout,
}

/// Written pages in ascending order, read a batch at a time.
#[derive(Default)]
struct Written {
    batch: VecDeque<(u128, Page)>,
    complete: bool,
}

impl Written {
    /// Returns the lowest written page at or after `from`, which must not decrease from call to call.
    fn next<R: PageReader + ?Sized>(&mut self, reader: &mut R, from: u128) -> Result<Option<(u128, Page)>> {
        while self.batch.front().is_some_and(|(no, _)| *no < from) {
            self.batch.pop_front();
        }
        if self.batch.is_empty() && !self.complete {
            self.batch = reader.pages(from, BATCH)?.into();
            self.complete = self.batch.len() < BATCH;
        }
        Ok(self.batch.front().copied())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

    use std::collections::BTreeSet;

    use super::*;
    use crate::Range;
    use crate::engine::random::SeededRandom;
    use crate::engine::space::page::{PAGE_SIZE, locate_number};
    use crate::net::IpRange;

    /// Pages in a map, without any store.
    #[derive(Default)]
    struct Map {
        pages: BTreeMap<u128, Page>,
        high_water: u128,
        released: Vec<u128>,
    }

    impl PageReader for Map {
        fn page(&mut self, no: u128) -> Result<Option<Page>> {
            Ok(self.pages.get(&no).copied())
        }

        fn pages(&mut self, from: u128, limit: usize) -> Result<Vec<(u128, Page)>> {
            Ok(self.pages.range(from..).take(limit).map(|(no, page)| (*no, *page)).collect())
        }

        fn next_open(&mut self, from: u128) -> Result<Option<(u128, Page)>> {
            Ok(self.pages.range(from..).find(|(_, page)| !page.is_full()).map(|(no, page)| (*no, *page)))
        }

        fn high_water(&self) -> u128 {
            self.high_water
        }

        fn raise_high_water(&mut self, no: u128) {
            self.high_water = self.high_water.max(no);
        }

        fn released(&mut self, limit: usize) -> Result<(Vec<u128>, bool)> {
            let found: Vec<u128> = self.released.iter().copied().take(limit).collect();
            let complete = found.len() == self.released.len();
            Ok((found, complete))
        }
    }

    fn layout(addresses: &str, reserved: &str) -> Layout {
        let addresses: IpRange = addresses.parse().unwrap();
        let mut range = Range::new("r", "s", "10.0.0.0/16".parse().unwrap(), addresses);
        range.reserved = vec![reserved.parse().unwrap()];
        Layout::of(&range)
    }

    /// Returns the free addresses, found by trying each.
    fn free(map: &Map, layout: &Layout) -> BTreeSet<u128> {
        let first = layout.next(0).unwrap();
        (first..first + layout.total())
            .filter(|at| layout.holds(*at))
            .filter(|at| !map.pages.get(&(at / PAGE_SIZE)).is_some_and(|page| page.contains(locate_number(*at).1)))
            .collect()
    }

    #[test]
    fn choices_are_what_trying_every_address_finds() {
        let seed = 11;
        println!("seed {seed}");
        let mut random = SeededRandom::new(seed);
        let layout = layout("10.0.0.9-10.0.3.200", "10.0.1.3-10.0.1.9");
        let base = layout.next(0).unwrap() / PAGE_SIZE;
        for round in 0..300u32 {
            let mut map = Map { high_water: base, ..Map::default() };
            for no in base..base + u128::from(round % 5) {
                let mut page = Page::default();
                let share = below(&mut random, 5);
                for bit in 0..=255 {
                    if below(&mut random, 4) < share {
                        page.insert(bit);
                    }
                }
                map.pages.insert(no, page);
            }
            let free = free(&map, &layout);
            for order in [Order::FirstFree, Order::Random, Order::LeastRecentlyUsed] {
                for (count, placement) in [
                    (1, Placement::Scattered),
                    (20, Placement::Scattered),
                    (9, Placement::Contiguous),
                    (9, Placement::Aligned),
                ] {
                    map.high_water = base;
                    let found = select(&mut map, &layout, Wanted { count, placement, order }, &mut random).unwrap();
                    let align = if placement == Placement::Aligned { 16 } else { 1 };
                    let run = |first: &u128| {
                        first.is_multiple_of(align) && (*first..first + u128::from(count)).all(|at| free.contains(&at))
                    };
                    let Some(found) = found else {
                        let room = match placement {
                            Placement::Scattered => free.len() >= count as usize,
                            _ => free.iter().any(run),
                        };
                        assert!(!room, "round {round}, {order:?} {placement:?} {count}");
                        continue;
                    };
                    assert_eq!(found.len(), count as usize);
                    assert!(found.is_sorted() && found.iter().all(|at| free.contains(at)), "round {round}");
                    if placement != Placement::Scattered {
                        assert!(run(&found[0]), "round {round}");
                    }
                    if order != Order::Random {
                        let lowest = if placement == Placement::Scattered {
                            free.first()
                        } else {
                            free.iter().find(|at| run(at))
                        };
                        assert_eq!(found.first(), lowest, "round {round}, {order:?} {placement:?} {count}");
                    }
                }
            }
        }
    }

    #[test]
    fn released_addresses_come_after_free_ones() {
        let layout = layout("10.0.0.0-10.0.0.3", "10.0.0.0");
        let base = layout.next(0).unwrap() / PAGE_SIZE * PAGE_SIZE;
        let mut map = Map { released: vec![base + 3, base + 1], ..Map::default() };
        map.pages.insert(base / PAGE_SIZE, Page::span(1, 1).union(Page::span(3, 3)));
        let mut random = SeededRandom::new(1);
        let mut take = |count| {
            let wanted = Wanted { count, placement: Placement::Scattered, order: Order::LeastRecentlyUsed };
            select(&mut map, &layout, wanted, &mut random).unwrap()
        };
        assert_eq!(take(1), Some(vec![base + 2]));
        assert_eq!(take(2), Some(vec![base + 2, base + 3]));
        assert_eq!(take(4), None);
    }
}
