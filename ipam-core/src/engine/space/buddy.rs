//! Index of the free child prefixes of a block.

use std::collections::BTreeSet;

use ipnet::IpNet;

use super::page::{address, number};
use crate::Family;
use crate::net::IpSet;

/// Index of the free prefixes of one block. Finds the same prefix as [`best_fit`](crate::net::best_fit), at a cost that
/// follows the prefix length and not the number of prefixes in the block (bar M4).
///
/// A buddy allocator: one ordered set of free prefixes per length. Taking a prefix splits the smallest free one that
/// holds it, releasing one merges it with its free sibling, so that each set holds only prefixes that cannot be merged.
#[derive(Debug)]
pub(crate) struct FreePrefixes {
    block: IpNet,
    bits: u8,
    /// First addresses of the free prefixes, by length; the first set is for the length of the block.
    by_len: Vec<BTreeSet<u128>>,
}

impl FreePrefixes {
    /// Creates the index of `block`. The prefixes of `taken` may repeat and nest.
    pub(crate) fn new(block: IpNet, taken: &[IpNet]) -> Self {
        let bits = Family::of(&block).bits();
        let mut by_len = vec![BTreeSet::new(); usize::from(bits - block.prefix_len()) + 1];
        let taken: IpSet = taken.iter().copied().collect();
        for piece in IpSet::from(block).difference(&taken).prefixes() {
            let index = piece.prefix_len().checked_sub(block.prefix_len()).map(usize::from);
            if let Some(free) = index.and_then(|index| by_len.get_mut(index)) {
                free.insert(number(piece.network()));
            }
        }
        Self { block, bits, by_len }
    }

    /// Returns a free prefix of this length: see [`best_fit`](crate::net::best_fit).
    pub(crate) fn best_fit(&self, prefix_len: u8) -> Option<IpNet> {
        let index = usize::from(prefix_len.checked_sub(self.block.prefix_len())?);
        let first = self.by_len.get(..=index)?.iter().rev().find_map(BTreeSet::first)?;
        IpNet::new(address(Family::of(&self.block), *first)?, prefix_len).ok()
    }

    /// Takes a prefix of the block. Returns true if all of it was free; otherwise nothing is taken.
    pub(crate) fn take(&mut self, net: IpNet) -> bool {
        let (own, len, at) = (self.block.prefix_len(), net.prefix_len(), number(net.network()));
        if !self.block.contains(&net) {
            return false;
        }
        // The free prefix around the requested one, if there is one: it is unique, because free prefixes do not nest.
        for around in own..=len {
            let start = self.start(at, around);
            if !self.by_len.get_mut(usize::from(around - own)).is_some_and(|free| free.remove(&start)) {
                continue;
            }
            // At each length on the way down, the half without the prefix stays free.
            for (half, free) in (around + 1..=len).zip(self.by_len.iter_mut().skip(usize::from(around - own) + 1)) {
                free.insert(Self::first(self.bits, at, half) ^ Self::host(self.bits, half));
            }
            return true;
        }
        false
    }

    /// Releases a prefix that was taken as a whole.
    pub(crate) fn release(&mut self, net: IpNet) {
        let own = self.block.prefix_len();
        let (mut len, mut at) = (net.prefix_len(), number(net.network()));
        if !self.block.contains(&net) {
            return;
        }
        // Merged upwards as long as the sibling is free, and not beyond the block.
        while len > own {
            let sibling = at ^ Self::host(self.bits, len);
            let merged = self.by_len.get_mut(usize::from(len - own)).is_some_and(|free| free.remove(&sibling));
            if !merged {
                break;
            }
            len -= 1;
            at = self.start(at, len);
        }
        if let Some(free) = self.by_len.get_mut(usize::from(len - own)) {
            free.insert(at);
        }
    }

    /// Returns the first address of the prefix of this length around an address.
    const fn first(bits: u8, at: u128, len: u8) -> u128 {
        // `None` for all of IPv6, whose first address is 0.
        match Self::host(bits, len).checked_sub(1) {
            Some(below) => at & !below,
            None => 0,
        }
    }

    const fn start(&self, at: u128, len: u8) -> u128 {
        Self::first(self.bits, at, len)
    }

    /// Returns the lowest bit of the prefix part for this length, which is also its size; 0 for all of IPv6.
    const fn host(bits: u8, len: u8) -> u128 {
        if bits - len >= 128 { 0 } else { 1 << (bits - len) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use std::net::{IpAddr, Ipv4Addr};

    use proptest::prelude::*;

    use super::*;

    fn best_fit(block: IpNet, taken: &[IpNet], prefix_len: u8) -> Option<IpNet> {
        crate::net::best_fit(block, &taken.iter().copied().collect(), prefix_len)
    }

    fn net(text: &str) -> IpNet {
        text.parse().unwrap()
    }

    #[test]
    fn the_smallest_gap_that_fits_is_used_first() {
        let block = net("10.0.0.0/16");
        assert_eq!(best_fit(block, &[], 24), Some(net("10.0.0.0/24")));
        // 10.0.1.0/24 is free as such; a /24 of 10.0.2.0/23 would break a larger gap.
        let taken = [net("10.0.0.0/24"), net("10.0.4.0/22")];
        assert_eq!(best_fit(block, &taken, 24), Some(net("10.0.1.0/24")));
        assert_eq!(best_fit(block, &taken, 23), Some(net("10.0.2.0/23")));
        assert_eq!(best_fit(block, &taken, 22), Some(net("10.0.8.0/22")));
        assert_eq!(best_fit(block, &taken, 17), Some(net("10.0.128.0/17")));
        assert_eq!(best_fit(block, &taken, 16), None);
        assert_eq!(best_fit(block, &[], 16), Some(block));
        assert_eq!(best_fit(block, &[block], 24), None);
        assert_eq!(best_fit(block, &[], 15), None);
        assert_eq!(best_fit(block, &[], 33), None);
    }

    #[test]
    fn all_of_ipv6_and_the_ends_of_it() {
        assert_eq!(best_fit(net("::/0"), &[], 0), Some(net("::/0")));
        assert_eq!(best_fit(net("::/0"), &[net("::/1")], 1), Some(net("8000::/1")));
        assert_eq!(best_fit(net("::/0"), &[net("8000::/1")], 1), Some(net("::/1")));
        assert_eq!(
            best_fit(net("255.255.255.254/31"), &[net("255.255.255.255/32")], 32),
            Some(net("255.255.255.254/32"))
        );
    }

    #[test]
    fn an_index_over_all_of_ipv6_takes_and_releases() {
        let mut free = FreePrefixes::new(net("::/0"), &[]);
        assert!(free.take(net("8000::/1")));
        assert!(!free.take(net("::/0")) && !free.take(net("ffff::/64")));
        assert_eq!(free.best_fit(1), Some(net("::/1")));
        free.release(net("8000::/1"));
        assert_eq!(free.best_fit(0), Some(net("::/0")));
        assert!(free.take(net("::/0")));
        assert_eq!(free.best_fit(128), None);
    }

    proptest! {
        #[test]
        fn an_index_finds_what_a_search_finds(
            steps in prop::collection::vec((any::<bool>(), 0u8..=255, 24u8..=32), 0..80),
            len in 23u8..=33,
        ) {
            let block = net("10.0.0.0/24");
            let mut free = FreePrefixes::new(block, &[]);
            let mut taken: Vec<IpNet> = Vec::new();
            for (release, at, len) in steps {
                if release && !taken.is_empty() {
                    let net = taken.remove(usize::from(at) % taken.len());
                    free.release(net);
                } else {
                    let net = IpNet::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, at)), len).unwrap().trunc();
                    let room = !taken.iter().any(|other| other.contains(&net) || net.contains(other));
                    prop_assert_eq!(free.take(net), room);
                    if room {
                        taken.push(net);
                        taken.sort();
                    }
                }
                prop_assert_eq!(&FreePrefixes::new(block, &taken).by_len, &free.by_len);
            }
            prop_assert_eq!(free.best_fit(len), best_fit(block, &taken, len));
        }

        #[test]
        fn the_result_is_what_trying_every_prefix_finds(
            taken in prop::collection::vec((0u8..64, 26u8..=32), 0..12),
            len in 26u8..=32,
        ) {
            let block = net("10.0.0.0/26");
            let child = |at: u8, len: u8| IpNet::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, at)), len).unwrap().trunc();
            let mut taken: Vec<IpNet> = taken.into_iter().map(|(at, len)| child(at, len)).collect();
            taken.sort();
            let free = |net: IpNet| !taken.iter().any(|other| other.contains(&net) || net.contains(other));
            // The largest free prefix around it is the gap that would be broken.
            let gap = |net: IpNet| (26..=net.prefix_len())
                .find(|len| free(IpNet::new(net.addr(), *len).unwrap().trunc())).unwrap();
            let expected = (0u8..64)
                .map(|at| IpNet::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, at)), len).unwrap())
                .filter(|net| *net == net.trunc() && free(*net))
                .min_by_key(|net| (std::cmp::Reverse(gap(*net)), net.addr()));
            prop_assert_eq!(best_fit(block, &taken, len), expected);
        }
    }
}
