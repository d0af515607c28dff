//! The pages of one range.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::Page;

/// Pages by number, and which of them are open.
#[derive(Debug, Default)]
pub(super) struct Pages {
    pages: BTreeMap<u128, Page>,
    open: BTreeSet<u128>,
    used: u128,
}

impl Pages {
    pub(super) fn get(&self, no: u128) -> Option<Page> {
        self.pages.get(&no).copied()
    }

    pub(super) fn put(&mut self, no: u128, page: Page, open: bool) {
        let was = self.pages.insert(no, page).map_or(0, |page| page.count());
        self.used = self.used - u128::from(was) + u128::from(page.count());
        if open {
            self.open.insert(no);
        } else {
            self.open.remove(&no);
        }
    }

    pub(super) fn next_open(&self, from: u128) -> Option<(u128, Page)> {
        let no = *self.open.range(from..).next()?;
        Some((no, self.get(no)?))
    }

    pub(super) fn from(&self, from: u128) -> impl Iterator<Item = (u128, Page)> + '_ {
        self.pages.range(from..).map(|(no, page)| (*no, *page))
    }

    /// How many bits are set.
    pub(super) const fn used(&self) -> u128 {
        self.used
    }
}
