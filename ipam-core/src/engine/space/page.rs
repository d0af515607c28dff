//! Page: 256 neighbouring addresses as bits.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::Family;

/// Number of addresses in a page.
// 32 bytes as a column of a row: small enough to be rewritten for each allocation, and large enough that a full /16 is
// 256 rows.
pub(crate) const PAGE_SIZE: u128 = 256;

/// Used addresses among 256 neighbouring ones: a set bit is a used address.
///
/// Page `no` holds the addresses `no * 256` to `no * 256 + 255` of a family, so that its number does not depend on the
/// range: a range can grow at its beginning without moving bits. A page that is not stored has no set bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
// Four words and not 32 bytes: counting bits and finding a clear one then takes a few instructions (bar M5).
pub(crate) struct Page([u64; 4]);

/// Returns the page and the bit of an address.
pub(crate) fn locate(address: IpAddr) -> (u128, u8) {
    locate_number(number(address))
}

/// Returns the page and the bit of an address given as a number.
pub(crate) const fn locate_number(number: u128) -> (u128, u8) {
    #[allow(clippy::cast_possible_truncation, reason = "the low eight bits are what is wanted")]
    let bit = (number % PAGE_SIZE) as u8;
    (number / PAGE_SIZE, bit)
}

/// Converts an address to a number.
pub(crate) fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    }
}

/// Converts a number to an address of a family; `None` past the end of the family.
pub(crate) fn address(family: Family, number: u128) -> Option<IpAddr> {
    match family {
        Family::V4 => u32::try_from(number).ok().map(|number| IpAddr::V4(Ipv4Addr::from(number))),
        Family::V6 => Some(IpAddr::V6(Ipv6Addr::from(number))),
    }
}

impl Page {
    /// Reads a page from its stored form of 32 bytes: bit 0 is the lowest bit of the first byte.
    #[cfg(any(test, feature = "embedded", feature = "postgres"))]
    pub(crate) fn from_bytes(bytes: &[u8; 32]) -> Self {
        let (words, _) = bytes.as_chunks::<8>();
        let mut page = Self::default();
        for (to, from) in page.0.iter_mut().zip(words) {
            *to = u64::from_le_bytes(*from);
        }
        page
    }

    /// Converts a page to its stored form.
    #[cfg(any(test, feature = "embedded", feature = "postgres"))]
    pub(crate) fn to_bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        let (chunks, _) = bytes.as_chunks_mut::<8>();
        for (to, from) in chunks.iter_mut().zip(self.0) {
            *to = from.to_le_bytes();
        }
        bytes
    }

    /// Returns a page with the bits `first..=last` set.
    pub(crate) fn span(first: u8, last: u8) -> Self {
        let mut page = Self::default();
        for (word, to) in (0u16..).zip(&mut page.0) {
            let (low, high) = (word * 64, word * 64 + 63);
            let (from, till) = (u16::from(first).max(low), u16::from(last).min(high));
            if from <= till {
                let ones = till - from + 1;
                *to = (u64::MAX >> (64 - ones)) << (from - low);
            }
        }
        page
    }

    /// Returns a page with all bits set.
    pub(crate) const fn full() -> Self {
        Self([u64::MAX; 4])
    }

    /// Returns true if the bit is set.
    pub(crate) fn contains(&self, bit: u8) -> bool {
        self.0[usize::from(bit / 64)] >> (bit % 64) & 1 == 1
    }

    /// Sets the bit.
    pub(crate) fn insert(&mut self, bit: u8) {
        self.0[usize::from(bit / 64)] |= 1 << (bit % 64);
    }

    /// Clears the bit.
    pub(crate) fn remove(&mut self, bit: u8) {
        self.0[usize::from(bit / 64)] &= !(1 << (bit % 64));
    }

    /// Returns the number of set bits.
    pub(crate) fn count(&self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }

    /// Returns true if no bit is set.
    pub(crate) fn is_empty(&self) -> bool {
        self.0 == [0; 4]
    }

    /// Returns true if every bit is set.
    pub(crate) fn is_full(&self) -> bool {
        self.0 == [u64::MAX; 4]
    }

    /// Returns the bits that are set in either page.
    #[must_use]
    pub(crate) fn union(mut self, other: Self) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(to, from)| *to |= from);
        self
    }

    /// Returns the bits that are not set.
    #[must_use]
    pub(crate) fn complement(mut self) -> Self {
        self.0.iter_mut().for_each(|word| *word = !*word);
        self
    }

    /// Returns the bits that are set here and not in the other page.
    #[must_use]
    pub(crate) fn without(mut self, other: Self) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(to, from)| *to &= !from);
        self
    }

    /// Returns the contiguous runs of set bits in ascending order, as first and last bit.
    pub(crate) fn runs(self) -> impl Iterator<Item = (u8, u8)> {
        // `next_clear` on the page and on its complement alternate: end of a run, begin of the next one.
        let clear = self.complement();
        let mut from = Some(0u8);
        std::iter::from_fn(move || {
            let first = clear.next_clear(from?)?;
            let after = self.next_clear(first);
            from = after;
            Some((first, after.map_or(u8::MAX, |after| after - 1)))
        })
    }

    /// Returns the lowest clear bit at or after `from`.
    pub(crate) fn next_clear(&self, from: u8) -> Option<u8> {
        // The shift drops the bits below `from` in the first word.
        let mut word = usize::from(from / 64);
        let mut free = !self.0[word] & (u64::MAX << (from % 64));
        loop {
            if free != 0 {
                return u8::try_from(word * 64 + free.trailing_zeros() as usize).ok();
            }
            word += 1;
            free = !*self.0.get(word)?;
        }
    }

    /// Returns the `n`-th clear bit, counted from 0.
    pub(crate) fn nth_clear(&self, n: u32) -> Option<u8> {
        let mut left = n;
        for (base, word) in [0u8, 64, 128, 192].into_iter().zip(self.0) {
            let clear = word.count_zeros();
            if left < clear {
                let mut free = !word;
                // `free & (free - 1)` clears the lowest set bit.
                for _ in 0..left {
                    free &= free - 1;
                }
                return u8::try_from(free.trailing_zeros()).ok().map(|bit| base + bit);
            }
            left -= clear;
        }
        None
    }
}

/// Returns the next address of the family, if there is one.
pub(crate) fn next_address(ip: IpAddr) -> Option<IpAddr> {
    let family = if ip.is_ipv4() { Family::V4 } else { Family::V6 };
    address(family, number(ip).checked_add(1)?)
}

/// Returns the addresses of the set bits of a page, as numbers.
pub(crate) fn set_bits(no: u128, page: Page) -> impl Iterator<Item = u128> {
    let clear = page.complement();
    let mut from = Some(0u8);
    std::iter::from_fn(move || {
        let bit = clear.next_clear(from?)?;
        from = bit.checked_add(1);
        Some(no * PAGE_SIZE + u128::from(bit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_span_is_what_a_loop_would_set() {
        for first in 0..=255u8 {
            for last in first..=255 {
                let mut slow = Page::default();
                (first..=last).for_each(|bit| slow.insert(bit));
                assert_eq!(Page::span(first, last), slow, "{first}..={last}");
                assert_eq!(slow.count(), u32::from(last - first) + 1);
            }
        }
    }

    #[test]
    fn clear_bits_are_found_from_every_start() {
        let mut page = Page::default().complement();
        for bit in [0, 63, 64, 127, 130, 255] {
            page.remove(bit);
        }
        for from in 0..=255u8 {
            let expected = [0, 63, 64, 127, 130, 255].into_iter().find(|bit| *bit >= from);
            assert_eq!(page.next_clear(from), expected);
        }
        assert_eq!(
            (0..7).map(|n| page.nth_clear(n)).collect::<Vec<_>>(),
            [Some(0), Some(63), Some(64), Some(127), Some(130), Some(255), None]
        );
    }

    #[test]
    fn runs_are_what_is_set() {
        let mut page = Page::default();
        assert_eq!(page.runs().count(), 0);
        for bit in [0, 1, 62, 63, 64, 65, 130, 254, 255] {
            page.insert(bit);
        }
        assert_eq!(page.runs().collect::<Vec<_>>(), [(0, 1), (62, 65), (130, 130), (254, 255)]);
        assert_eq!(Page::full().runs().collect::<Vec<_>>(), [(0, 255)]);
        assert_eq!(page.without(Page::span(1, 254)).runs().collect::<Vec<_>>(), [(0, 0), (255, 255)]);
    }

    #[test]
    fn bytes_keep_every_bit() {
        for bit in 0..=255u8 {
            let page = Page::span(bit, bit);
            assert_eq!(Page::from_bytes(&page.to_bytes()), page);
            assert_eq!(page.to_bytes()[usize::from(bit / 8)], 1 << (bit % 8));
        }
    }

    #[test]
    fn addresses_and_pages_agree() {
        assert_eq!(locate(IpAddr::from([10, 0, 1, 7])), (0x0a_0001, 7));
        assert_eq!(address(Family::V4, number(IpAddr::from([10, 0, 1, 7]))), Some(IpAddr::from([10, 0, 1, 7])));
        assert_eq!(address(Family::V4, 1 << 32), None);
    }
}
