//! Addresses that a range may hand out.

use std::net::IpAddr;

use super::page::Page;
use super::page::{PAGE_SIZE, locate_number, number};
use crate::net::IpRange;
use crate::{Family, Range};

/// Addresses from a first to a last one, without holes: the reservations and the gateway.
///
/// Addresses are numbers. Holes are not bits of pages but masked out when a page is read, so that changing a
/// reservation does not rewrite the pages of the range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    family: Family,
    first: u128,
    last: u128,
    /// Inclusive ranges inside `first..=last`, sorted, with at least one address between two of them.
    holes: Vec<(u128, u128)>,
}

impl Layout {
    /// Returns the layout of a range.
    pub(crate) fn of(range: &Range) -> Self {
        // A gateway outside of the range's addresses is allowed; `without` cuts holes to the range.
        let gateway = range.network.gateway.map(IpRange::from);
        let whole = Self::whole(&range.addresses);
        whole.without(range.reserved.iter().copied().chain(gateway))
    }

    fn whole(addresses: &IpRange) -> Self {
        let family = if addresses.is_ipv4() { Family::V4 } else { Family::V6 };
        Self { family, first: number(addresses.first()), last: number(addresses.last()), holes: Vec::new() }
    }

    /// Returns the layout with more holes.
    #[must_use]
    pub(crate) fn without(&self, more: impl IntoIterator<Item = IpRange>) -> Self {
        let mut all = self.holes.clone();
        for range in more {
            if range.is_ipv4() != (self.family == Family::V4) {
                continue;
            }
            let (from, till) = (number(range.first()).max(self.first), number(range.last()).min(self.last));
            if from <= till {
                all.push((from, till));
            }
        }
        all.sort_unstable();
        // Adjacent holes are merged, too: `next` relies on an address that can be handed out after each hole.
        let mut holes: Vec<(u128, u128)> = Vec::with_capacity(all.len());
        for (from, till) in all {
            match holes.last_mut() {
                Some(before) if from <= before.1.saturating_add(1) => before.1 = before.1.max(till),
                _ => holes.push((from, till)),
            }
        }
        Self { holes, ..*self }
    }

    pub(crate) const fn family(&self) -> Family {
        self.family
    }

    /// Returns the number of addresses in holes.
    pub(crate) fn reserved(&self) -> u128 {
        self.holes.iter().map(|(from, till)| till - from + 1).sum()
    }

    /// Returns the number of addresses from the first to the last.
    // Validation refuses a range of all 2^128 addresses, so that the number fits.
    pub(crate) const fn total(&self) -> u128 {
        (self.last - self.first).saturating_add(1)
    }

    /// Returns the number of addresses outside of holes.
    pub(crate) fn size(&self) -> u128 {
        self.total() - self.reserved()
    }

    /// Returns true if the address lies between the first and the last, in a hole or not.
    pub(crate) fn spans(&self, address: IpAddr) -> bool {
        address.is_ipv4() == (self.family == Family::V4) && (self.first..=self.last).contains(&number(address))
    }

    /// Returns true if the address can be handed out.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        self.spans(address) && self.holds(number(address))
    }

    /// Returns true if the address with this number can be handed out.
    pub(crate) fn holds(&self, at: u128) -> bool {
        self.next(at) == Some(at)
    }

    /// Returns the lowest address at or after `from` that can be handed out.
    pub(crate) fn next(&self, from: u128) -> Option<u128> {
        let from = from.max(self.first);
        let index = self.holes.partition_point(|hole| hole.1 < from);
        let address = match self.holes.get(index) {
            Some(hole) if hole.0 <= from => hole.1.checked_add(1)?,
            _ => from,
        };
        (address <= self.last).then_some(address)
    }

    /// Returns the longest run without a hole that begins at [`next`](Self::next) of `from`: its first and last
    /// address.
    pub(crate) fn run(&self, from: u128) -> Option<(u128, u128)> {
        let first = self.next(from)?;
        let index = self.holes.partition_point(|hole| hole.1 < first);
        // The next hole begins above `first`, so that the subtraction does not underflow.
        let last = self.holes.get(index).map_or(self.last, |hole| hole.0 - 1);
        Some((first, last))
    }

    /// Returns the `n`-th address that can be handed out, counted from 0.
    pub(crate) fn nth(&self, n: u128) -> Option<u128> {
        // Steps over holes and not over addresses: random choice in a /64 costs as much as in a /24.
        let mut left = n;
        let mut at = self.first;
        while let Some((first, last)) = self.run(at) {
            let span = last - first;
            if left <= span {
                return Some(first + left);
            }
            left -= span + 1;
            at = last.checked_add(1)?;
        }
        None
    }

    /// Returns the lowest page at or after `no` with an address outside of holes.
    pub(crate) fn next_page(&self, no: u128) -> Option<u128> {
        self.next(no.checked_mul(PAGE_SIZE)?).map(|address| address / PAGE_SIZE)
    }

    /// Returns the addresses of a page that cannot be handed out, as set bits.
    pub(crate) fn mask(&self, no: u128) -> Page {
        let Some(start) = no.checked_mul(PAGE_SIZE) else { return Page::full() };
        let end = start + (PAGE_SIZE - 1);
        if end < self.first || self.last < start {
            return Page::full();
        }
        let bit = |at| locate_number(at).1;
        // Addresses of the page before and after the range are masked like holes.
        let mut mask = Page::span(bit(self.first.max(start)), bit(self.last.min(end))).complement();
        let index = self.holes.partition_point(|hole| hole.1 < start);
        for (from, till) in self.holes.iter().skip(index).take_while(|hole| hole.0 <= end) {
            mask = mask.union(Page::span(bit(*from.max(&start)), bit(*till.min(&end))));
        }
        mask
    }

    /// Returns true if a page with these bits has an address that can be handed out.
    pub(crate) fn is_open(&self, no: u128, page: &Page) -> bool {
        // A full page is not enough to be closed, and a page with clear bits not enough to be open: holes count, too.
        !page.union(self.mask(no)).is_full()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::super::page::address;
    use super::*;

    fn layout(first: u32, last: u32, holes: &[(u32, u32)]) -> Layout {
        let ip = |n: u32| address(Family::V4, n.into()).unwrap();
        let range = |a: u32, b: u32| IpRange::new(ip(a), ip(b)).unwrap();
        Layout::whole(&range(first, last)).without(holes.iter().map(|(a, b)| range(*a, *b)))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn everything_is_what_a_set_of_addresses_says(
            ends in (0u32..1500, 0u32..1500),
            holes in prop::collection::vec((0u32..1600, 0u32..300), 0..6),
        ) {
            let (first, last) = (ends.0.min(ends.1), ends.0.max(ends.1));
            let holes: Vec<_> = holes.into_iter().map(|(from, more)| (from, from + more)).collect();
            let layout = layout(first, last, &holes);
            let all: BTreeSet<u128> = (first..=last)
                .filter(|n| !holes.iter().any(|(from, till)| (from..=till).contains(&n)))
                .map(u128::from)
                .collect();
            prop_assert_eq!(layout.size(), all.len() as u128);
            prop_assert_eq!(layout.total(), u128::from(last - first + 1));
            for from in 0..1800u128 {
                let next = all.range(from..).next().copied();
                prop_assert_eq!(layout.next(from), next);
                let run = next.map(|next| (next, (next..).take_while(|n| all.contains(n)).last().unwrap()));
                prop_assert_eq!(layout.run(from), run);
                let ip = address(Family::V4, from).unwrap();
                prop_assert_eq!(layout.contains(ip), all.contains(&from));
            }
            for (n, expected) in all.iter().enumerate() {
                prop_assert_eq!(layout.nth(n as u128), Some(*expected));
            }
            prop_assert_eq!(layout.nth(all.len() as u128), None);
            for no in 0..9u128 {
                let mask = layout.mask(no);
                for bit in 0..=255u8 {
                    prop_assert_eq!(mask.contains(bit), !all.contains(&(no * 256 + u128::from(bit))));
                }
                let page = all.range(no * 256..).next().map(|n| n / 256);
                prop_assert_eq!(layout.next_page(no), page);
            }
        }
    }

    #[test]
    fn the_top_of_ipv6_does_not_overflow() {
        let whole = Layout::whole(&"::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff".parse().unwrap());
        assert_eq!(whole.total(), u128::MAX);
        assert_eq!(whole.next(u128::MAX), Some(u128::MAX));
        assert_eq!(whole.run(0), Some((1, u128::MAX)));
        let top = whole.without(["ffff:ffff:ffff:ffff:ffff:ffff:ffff:ff00/120".parse().unwrap()]);
        assert_eq!(top.next(u128::MAX - 5), None);
        assert!(top.mask(u128::MAX / 256).is_full());
        assert_eq!(top.nth(top.size()), None);
        assert_eq!(top.nth(top.size() - 1), Some(u128::MAX - 256));
        assert_eq!(whole.next_page(u128::MAX / 256), Some(u128::MAX / 256));
        assert_eq!(whole.next_page(u128::MAX / 256 + 1), None);
    }

    #[test]
    fn a_reservation_of_the_other_family_is_none() {
        let range: IpRange = "10.0.0.0/24".parse().unwrap();
        assert_eq!(Layout::whole(&range).without(["::a00:0/120".parse().unwrap()]).reserved(), 0);
    }
}
