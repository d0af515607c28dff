//! Free addresses of a range, given the taken ones.

use std::iter::{Fuse, FusedIterator};
use std::net::IpAddr;

use ipnet::IpNet;

use super::bits::{Bits, Family, Interval};
use super::error::NetError;
use super::range::{Addresses, ByFamily, Inner, IpRange};
use super::set::{IpSet, Ranges};

/// Iterator over the free ranges of a range: the gaps between taken ranges, in ascending order, or from the back.
///
/// The other methods search the gaps that are left and consume the iterator; clone it to call several. Gaps are
/// computed when they are asked for, so that the cost follows the number of taken ranges that are passed, not of
/// addresses.
///
/// ```
/// use ipam_core::net::{FreeRanges, IpRange, IpSet};
/// # fn main() -> Result<(), ipam_core::net::NetError> {
/// let pool: IpRange = "10.0.0.0/24".parse()?;
/// let taken: IpSet = ["10.0.0.0-10.0.0.9".parse::<IpRange>()?, "10.0.0.12".parse()?].into_iter().collect();
/// let free = FreeRanges::of_set(pool, &taken);
/// assert_eq!(free.clone().first_address(), Some("10.0.0.10".parse().unwrap()));
/// assert_eq!(free.clone().nth_address(2), Some("10.0.0.13".parse().unwrap()));
/// assert_eq!(free.clone().run(4).map(|run| run.to_string()), Some("10.0.0.13-10.0.0.16".into()));
/// assert_eq!(free.clone().prefix(28)?, Some("10.0.0.16/28".parse().unwrap()));
/// assert_eq!(free.size(), Some(245));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct FreeRanges<I> {
    rest: ByFamily<Remaining<u32>, Remaining<u128>>,
    taken: Fuse<I>,
}

impl<'a> FreeRanges<Ranges<'a>> {
    /// Returns the free ranges of `within`: the addresses that are not in the set. Ranges of the set outside of
    /// `within` cost nothing.
    pub fn of_set(within: IpRange, taken: &'a IpSet) -> Self {
        Self::new(within, taken.ranges_overlapping(&within))
    }
}

impl<R: Into<IpRange>, I: Iterator<Item = R>> FreeRanges<I> {
    /// Returns the free ranges of `within`: the addresses that are not in `taken`, which yields ranges, prefixes or
    /// addresses.
    ///
    /// **`taken` must be sorted by first address.** The order is not checked: with another order, taken addresses can
    /// be returned as free. To iterate from the back, it must be sorted by last address too, as ranges that do not
    /// overlap always are. If the order is not certain, collect into an [`IpSet`] and use
    /// [`of_set`](FreeRanges::of_set).
    ///
    /// Taken ranges may be adjacent, overlap, or lie outside of `within`; those of the other family are ignored.
    ///
    /// ```
    /// use std::net::IpAddr;
    /// use ipam_core::net::FreeRanges;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let taken: [IpAddr; 2] = ["10.0.0.0".parse()?, "10.0.0.2".parse()?];
    /// let free: Vec<_> = FreeRanges::new("10.0.0.0/29".parse()?, taken).map(|range| range.to_string()).collect();
    /// assert_eq!(free, ["10.0.0.1", "10.0.0.3-10.0.0.7"]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn new(within: IpRange, taken: impl IntoIterator<Item = R, IntoIter = I>) -> Self {
        // Fused: the iterator may be asked again from the other end after it has ended.
        let rest = match within.0 {
            Inner::V4(i) => ByFamily::V4(Remaining(Some(i))),
            Inner::V6(i) => ByFamily::V6(Remaining(Some(i))),
        };
        Self { rest, taken: taken.into_iter().fuse() }
    }

    /// Returns the lowest free address.
    pub fn first_address(mut self) -> Option<IpAddr> {
        self.next().map(|gap| gap.first())
    }

    /// Returns the highest free address.
    pub fn last_address(mut self) -> Option<IpAddr>
    where
        I: DoubleEndedIterator,
    {
        self.next_back().map(|gap| gap.last())
    }

    /// Returns the `n`-th free address, counted from 0.
    pub fn nth_address(mut self, mut n: u128) -> Option<IpAddr> {
        self.find_map(|gap| {
            let found = gap.nth(n);
            // The size does not fit only for all of IPv6, in which every `n` is found.
            n = n.saturating_sub(gap.size().unwrap_or(u128::MAX));
            found
        })
    }

    /// Returns an iterator over the free addresses, in ascending order.
    pub fn addresses(self) -> impl Iterator<Item = IpAddr> {
        self.flat_map(|gap: IpRange| -> Addresses { gap.addresses() })
    }

    /// Returns the number of free addresses; `None` for 2^128.
    pub fn size(mut self) -> Option<u128> {
        // Ends at the first gap that does not fit, which is all of IPv6 and the only one.
        self.try_fold(0_u128, |sum, gap| sum.checked_add(gap.size()?))
    }

    /// Returns the lowest contiguous run of `count` free addresses. `None` if there is none, or `count` is 0.
    pub fn run(self, count: u128) -> Option<IpRange> {
        self.aligned_run(count, 1)
    }

    /// Returns the lowest contiguous run of `count` free addresses whose first address, as a number, is a multiple of
    /// `align`. 0 and 1 both mean no alignment.
    ///
    /// ```
    /// use ipam_core::net::{FreeRanges, IpRange, IpSet};
    ///
    /// # fn main() -> Result<(), ipam_core::net::NetError> {
    /// let taken = IpSet::from("10.0.0.0-10.0.0.9".parse::<IpRange>()?);
    /// let free = FreeRanges::of_set("10.0.0.0/24".parse()?, &taken);
    /// assert_eq!(free.aligned_run(5, 8).map(|run| run.to_string()), Some("10.0.0.16-10.0.0.20".into()));
    /// # Ok(())
    /// # }
    /// ```
    pub fn aligned_run(mut self, count: u128, align: u128) -> Option<IpRange> {
        let more = count.checked_sub(1)?;
        self.find_map(|gap| match gap.0 {
            Inner::V4(i) => aligned(i, more, align).map(IpRange::from_v4),
            Inner::V6(i) => aligned(i, more, align).map(IpRange::from_v6),
        })
    }

    /// Returns the lowest free prefix of this length; `None` if there is none.
    ///
    /// # Errors
    /// [`InvalidInput`](super::NetErrorKind::InvalidInput) if `len` is longer than an address of the family.
    pub fn prefix(mut self, len: u8) -> Result<Option<IpNet>, NetError> {
        let (width, family) = match self.rest {
            ByFamily::V4(_) => (32, "IPv4"),
            ByFamily::V6(_) => (128, "IPv6"),
        };
        if len > width {
            return Err(NetError::prefix_len(len, family, 0, width));
        }
        Ok(self.find_map(|gap| match gap.0 {
            Inner::V4(i) => first_prefix(i, len).map(|first| first.to_net(len)),
            Inner::V6(i) => first_prefix(i, len).map(|first| first.to_net(len)),
        }))
    }
}

/// Returns the lowest contiguous run of `more + 1` members that begins at a multiple of `align`.
// The count comes less one, so that a run of 2^128 addresses can be asked for.
pub(super) fn aligned<B: Bits>(gap: Interval<B>, more: u128, align: u128) -> Option<Interval<B>> {
    // `checked_rem` is `None` for an alignment of 0, which means none. All sums are checked: near the end of the
    // address space the next multiple may not exist.
    let over = gap.first.to_u128().checked_rem(align).unwrap_or(0);
    let skip = if over == 0 { 0 } else { align - over };
    let first = gap.first.checked_add(B::from_u128(skip)?)?;
    let last = first.checked_add(B::from_u128(more)?)?;
    (last <= gap.last).then_some(Interval { first, last })
}

/// Returns the first address of the lowest prefix of this length in the interval.
pub(super) fn first_prefix<B: Bits>(gap: Interval<B>, len: u8) -> Option<B> {
    // The prefix around the first address begins before the gap unless it is aligned; then the next one is the lowest.
    let mut prefix = Interval::prefix(gap.first, len);
    if prefix.first < gap.first {
        prefix = Interval::prefix(prefix.last.up()?, len);
    }
    (prefix.last <= gap.last).then_some(prefix.first)
}

/// Part of the range between the front and the back of the iterator that has not been visited.
#[derive(Clone, Copy, Debug)]
pub(super) struct Remaining<B>(pub(super) Option<Interval<B>>);

impl<B: Bits> Remaining<B> {
    #[inline]
    pub(super) fn next(&mut self, mut taken: impl Iterator<Item = Interval<B>>) -> Option<Interval<B>> {
        while let Some(rest) = self.0 {
            // No taken range is left, or the next one lies above: all of the remaining part is free.
            let Some(hole) = taken.next().filter(|hole| hole.first <= rest.last) else {
                return self.0.take();
            };
            // `max`, because the hole may end before the remaining part begins.
            self.0 = hole.last.up().and_then(|first| Interval::new(first.max(rest.first), rest.last));
            if let Some(last) = hole.first.down().filter(|last| rest.first <= *last) {
                return Some(Interval { first: rest.first, last });
            }
        }
        None
    }

    #[inline]
    pub(super) fn next_back(&mut self, mut taken: impl Iterator<Item = Interval<B>>) -> Option<Interval<B>> {
        while let Some(rest) = self.0 {
            let Some(hole) = taken.next().filter(|hole| rest.first <= hole.last) else {
                return self.0.take();
            };
            self.0 = hole.first.down().and_then(|last| Interval::new(rest.first, last.min(rest.last)));
            if let Some(first) = hole.last.up().filter(|first| *first <= rest.last) {
                return Some(Interval { first, last: rest.last });
            }
        }
        None
    }
}

fn v4(range: impl Into<IpRange>) -> Option<Interval<u32>> {
    match range.into().0 {
        Inner::V4(i) => Some(i),
        Inner::V6(_) => None,
    }
}

fn v6(range: impl Into<IpRange>) -> Option<Interval<u128>> {
    match range.into().0 {
        Inner::V4(_) => None,
        Inner::V6(i) => Some(i),
    }
}

impl<R: Into<IpRange>, I: Iterator<Item = R>> Iterator for FreeRanges<I> {
    type Item = IpRange;

    #[inline]
    fn next(&mut self) -> Option<IpRange> {
        match &mut self.rest {
            ByFamily::V4(rest) => rest.next(self.taken.by_ref().filter_map(v4)).map(IpRange::from_v4),
            ByFamily::V6(rest) => rest.next(self.taken.by_ref().filter_map(v6)).map(IpRange::from_v6),
        }
    }
}

impl<R: Into<IpRange>, I: DoubleEndedIterator<Item = R>> DoubleEndedIterator for FreeRanges<I> {
    #[inline]
    fn next_back(&mut self) -> Option<IpRange> {
        match &mut self.rest {
            ByFamily::V4(rest) => rest.next_back(self.taken.by_ref().rev().filter_map(v4)).map(IpRange::from_v4),
            ByFamily::V6(rest) => rest.next_back(self.taken.by_ref().rev().filter_map(v6)).map(IpRange::from_v6),
        }
    }
}

impl<R: Into<IpRange>, I: Iterator<Item = R>> FusedIterator for FreeRanges<I> {}
