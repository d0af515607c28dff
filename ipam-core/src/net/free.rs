//! What is free in a range, given what is taken.

use std::iter::{Fuse, FusedIterator};
use std::net::IpAddr;

use ipnet::IpNet;

use super::bits::{Bits, Family, Interval};
use super::error::NetError;
use super::range::{Addresses, ByFamily, Inner, IpRange};
use super::set::{IpSet, Ranges};

/// The free ranges of a range: an iterator over the gaps between what is taken, from either end.
///
/// Nothing is worked out before it is asked for. The cost follows the number of taken ranges that are passed, not the
/// number of addresses. Every method that answers one question consumes the iterator, and looks at what it has left.
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
    rest: ByFamily<Rest<u32>, Rest<u128>>,
    taken: Fuse<I>,
}

impl<'a> FreeRanges<Ranges<'a>> {
    /// What of `within` is not in the set. Ranges of the set beside `within` are not even looked at.
    pub fn of_set(within: IpRange, taken: &'a IpSet) -> Self {
        Self::new(within, taken.ranges_overlapping(&within))
    }
}

impl<R: Into<IpRange>, I: Iterator<Item = R>> FreeRanges<I> {
    /// What of `within` is not in `taken`: ranges, prefixes or addresses in ascending order.
    ///
    /// Taken ranges may touch, overlap, reach out of `within` or lie beside it; those of the other family are passed
    /// over. They **must** be sorted by their first address, or taken addresses may come out as free. Read from the
    /// back, they must be sorted by their last address too, which ranges that do not overlap always are. Where the
    /// order is not certain, collect them into an [`IpSet`] and use [`of_set`](FreeRanges::of_set).
    pub fn new(within: IpRange, taken: impl IntoIterator<Item = R, IntoIter = I>) -> Self {
        let rest = match within.0 {
            Inner::V4(i) => ByFamily::V4(Rest(Some(i))),
            Inner::V6(i) => ByFamily::V6(Rest(Some(i))),
        };
        Self { rest, taken: taken.into_iter().fuse() }
    }

    /// The lowest free address.
    pub fn first_address(mut self) -> Option<IpAddr> {
        self.next().map(|gap| gap.first())
    }

    /// The highest free address.
    pub fn last_address(mut self) -> Option<IpAddr>
    where
        I: DoubleEndedIterator,
    {
        self.next_back().map(|gap| gap.last())
    }

    /// The free address with `n` free ones below it.
    pub fn nth_address(mut self, mut n: u128) -> Option<IpAddr> {
        self.find_map(|gap| {
            let found = gap.nth(n);
            // Where the size does not fit, every `n` was found.
            n = n.saturating_sub(gap.size().unwrap_or(u128::MAX));
            found
        })
    }

    /// The free addresses in order, made as they are asked for.
    pub fn addresses(self) -> impl Iterator<Item = IpAddr> {
        self.flat_map(|gap: IpRange| -> Addresses { gap.addresses() })
    }

    /// How many addresses are free; `None` for 2^128.
    pub fn size(mut self) -> Option<u128> {
        self.try_fold(0_u128, |sum, gap| sum.checked_add(gap.size()?))
    }

    /// The lowest `count` addresses in a row that are all free. `None` where there are not as many, or `count` is 0.
    pub fn run(self, count: u128) -> Option<IpRange> {
        self.aligned_run(count, 1)
    }

    /// Like [`run`](Self::run), with the first address, taken as a number, a multiple of `align`. 0 and 1 both mean
    /// no alignment.
    pub fn aligned_run(mut self, count: u128, align: u128) -> Option<IpRange> {
        let more = count.checked_sub(1)?;
        self.find_map(|gap| match gap.0 {
            Inner::V4(i) => aligned(i, more, align).map(IpRange::from_v4),
            Inner::V6(i) => aligned(i, more, align).map(IpRange::from_v6),
        })
    }

    /// The lowest free prefix of this length, `None` where there is none.
    ///
    /// # Errors
    /// The family has no prefix of this length.
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

/// The lowest `more + 1` members in a row that begin at a multiple of `align`.
pub(super) fn aligned<B: Bits>(gap: Interval<B>, more: u128, align: u128) -> Option<Interval<B>> {
    let over = gap.first.to_u128().checked_rem(align).unwrap_or(0);
    let skip = if over == 0 { 0 } else { align - over };
    let first = gap.first.checked_add(B::from_u128(skip)?)?;
    let last = first.checked_add(B::from_u128(more)?)?;
    (last <= gap.last).then_some(Interval { first, last })
}

/// Where the lowest prefix of this length in the interval begins.
pub(super) fn first_prefix<B: Bits>(gap: Interval<B>, len: u8) -> Option<B> {
    let mut prefix = Interval::prefix(gap.first, len);
    if prefix.first < gap.first {
        prefix = Interval::prefix(prefix.last.up()?, len);
    }
    (prefix.last <= gap.last).then_some(prefix.first)
}

/// What has not been looked at yet of the range, between the front and the back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rest<B>(pub(super) Option<Interval<B>>);

impl<B: Bits> Rest<B> {
    #[inline]
    pub(super) fn next(&mut self, mut taken: impl Iterator<Item = Interval<B>>) -> Option<Interval<B>> {
        while let Some(rest) = self.0 {
            let Some(hole) = taken.next().filter(|hole| hole.first <= rest.last) else {
                return self.0.take();
            };
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
