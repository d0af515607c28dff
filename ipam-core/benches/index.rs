//! Index of free addresses of the memory provider, without records: bar M5.
//!
//! `cargo bench -p ipam-core --bench index`
//!
//! The index is not public, so that its files are compiled into this program.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a benchmark fails by panicking")]

use std::collections::HashSet;

use ipam_core::Family;
use rangemap::RangeSet;
use support::{Numbers, Reach, against, apart, heading, per_call, rounds, wanted};

#[allow(dead_code, unused_imports, reason = "the index has more than this needs, and tests of its own")]
#[path = "../src/engine/space/page.rs"]
mod page;
#[allow(dead_code, unused_imports, reason = "the index has more than this needs, and tests of its own")]
#[path = "../src/stores/memory/pages.rs"]
mod pages;
mod support;

mod engine {
    pub(crate) use crate::page::Page;
}

/// Addresses of a /16 that are taken: 99 %.
const TAKEN: usize = 64_880;

/// Pairs of one round.
const PAIRS: usize = 500_000;

/// Index that hands out the lowest free of 65 536 numbers.
trait Index {
    fn take(&mut self) -> Option<u32>;
    fn give(&mut self, number: u32);
}

impl Index for pages::Pages {
    fn take(&mut self) -> Option<u32> {
        let (no, mut page) = self.next_open(0)?;
        let bit = page.next_clear(0)?;
        page.insert(bit);
        self.put(no, page, !page.is_full());
        u32::try_from(no * page::PAGE_SIZE).ok().map(|first| first + u32::from(bit))
    }

    fn give(&mut self, number: u32) {
        let (no, bit) = page::locate(page::address(Family::V4, number.into()).unwrap());
        let mut page = self.get(no).unwrap_or_default();
        page.remove(bit);
        self.put(no, page, true);
    }
}

impl Index for RangeSet<u32> {
    fn take(&mut self) -> Option<u32> {
        let first = self.first()?.start;
        self.remove(first..first + 1);
        Some(first)
    }

    fn give(&mut self, number: u32) {
        self.insert(number..number + 1);
    }
}

/// An index of which 99 % are taken, anywhere.
struct Churn<I> {
    index: I,
    held: Vec<u32>,
    numbers: Numbers,
}

impl<I: Index> Churn<I> {
    fn new(index: I) -> Self {
        let mut churn = Self { index, held: Vec::new(), numbers: Numbers::new(1) };
        while let Some(number) = churn.index.take() {
            churn.held.push(number);
        }
        assert_eq!(churn.held.len(), 1 << 16);
        churn.numbers.shuffle(&mut churn.held);
        for number in churn.held.split_off(TAKEN) {
            churn.index.give(number);
        }
        churn
    }

    /// Gives back one of those held, anywhere, and takes the next; nanoseconds of one pair.
    fn pairs(&mut self) -> f64 {
        let Self { index, held, numbers } = self;
        per_call(PAIRS, || {
            for _ in 0..PAIRS {
                let place = numbers.below(held.len());
                let place = held.get_mut(place).unwrap();
                index.give(*place);
                *place = index.take().unwrap();
            }
        })
    }

    fn check(&self) {
        assert_eq!(self.held.iter().collect::<HashSet<_>>().len(), TAKEN, "a number was handed out twice");
    }
}

fn main() {
    heading("bare index, release and take");
    if !wanted("M5") {
        return;
    }
    let mut pages = pages::Pages::default();
    (0..256).for_each(|no| pages.put(no, page::Page::default(), true));
    let mut ours = Churn::new(pages);
    let mut free = RangeSet::new();
    free.insert(0..1 << 16);
    let mut theirs = Churn::new(free);
    let [mine, map] = rounds([&mut || ours.pairs(), &mut || theirs.pairs()]);
    ours.check();
    theirs.check();
    let what = "99 % of a /16, random";
    against("M5", what, &mine, "rangemap", &map, Reach::AtLeast(2.5));
    apart("M5", what, &mine, "Docker's bitmap", 31.0);
    apart("M5", what, &mine, "Kubernetes' bitmap", 36.0);
}
