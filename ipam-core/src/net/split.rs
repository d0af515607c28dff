//! Splitting, joining and comparing prefixes.

use std::cmp::Reverse;
use std::iter::FusedIterator;

use ipnet::IpNet;

use super::bits::{Bits, Family, Interval, common_len};
use super::error::NetError;
use super::range::{ByFamily, Inner, IpRange};
use super::set::{IntoPrefixes, IpSet};

/// Returns an iterator over the subnets of `net` with prefix length `len`, in ascending order, or from the back.
///
/// Host bits of `net` are cleared first. Skipping with [`nth`](Iterator::nth) takes one step, whatever the distance.
///
/// ```
/// let mut subnets = ipam_core::net::subnets("10.0.0.0/8".parse().unwrap(), 24).unwrap();
/// assert_eq!(subnets.count_left(), Some(65536));
/// assert_eq!(subnets.nth(258), Some("10.1.2.0/24".parse().unwrap()));
/// assert_eq!(subnets.next_back(), Some("10.255.255.0/24".parse().unwrap()));
/// ```
///
/// # Errors
/// [`InvalidInput`](super::NetErrorKind::InvalidInput) if `len` is shorter than the prefix of `net`, or longer than an
/// address.
pub fn subnets(net: IpNet, len: u8) -> Result<Subnets, NetError> {
    // Checked before an iterator exists, so that a mistake is an error at the call and not an empty iteration.
    let (own, most) = (net.prefix_len(), net.max_prefix_len());
    if len < own || len > most {
        return Err(NetError::prefix_len(len, format_args!("a subnet of {net}"), own, most));
    }
    Ok(Subnets(match IpRange::from(net).0 {
        Inner::V4(i) => ByFamily::V4(Parts::new(i, len)),
        Inner::V6(i) => ByFamily::V6(Parts::new(i, len)),
    }))
}

/// Returns the prefix of length `len` around `net`.
///
/// ```
/// use ipam_core::net::supernet;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// assert_eq!(supernet("10.1.2.0/24".parse()?, 16)?, "10.1.0.0/16".parse()?);
/// assert!(supernet("10.1.2.0/24".parse()?, 25).is_err());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`InvalidInput`](super::NetErrorKind::InvalidInput) if `len` is longer than the prefix of `net`.
pub fn supernet(net: IpNet, len: u8) -> Result<IpNet, NetError> {
    if len > net.prefix_len() {
        return Err(NetError::prefix_len(len, format_args!("a supernet of {net}"), 0, net.prefix_len()));
    }
    Ok(match IpRange::from(net).0 {
        Inner::V4(i) => Interval::prefix(i.first, len).first.to_net(len),
        Inner::V6(i) => Interval::prefix(i.first, len).first.to_net(len),
    })
}

/// Returns the smallest prefix that holds all of the given prefixes, ranges or addresses. `None` if none are given, or
/// they are of both families.
///
/// ```
/// let nets = ["10.0.1.0/24", "10.0.2.0/24"].map(|net| net.parse::<ipnet::IpNet>().unwrap());
/// assert_eq!(ipam_core::net::common_supernet(nets), Some("10.0.0.0/22".parse().unwrap()));
/// ```
pub fn common_supernet<R: Into<IpRange>>(ranges: impl IntoIterator<Item = R>) -> Option<IpNet> {
    let mut ranges = ranges.into_iter().map(|range| range.into().0);
    let first = ranges.next()?;
    // The lowest and the highest address decide: a prefix that holds both holds all between them.
    let hull = ranges.try_fold(first, |hull, next| match (hull, next) {
        (Inner::V4(a), Inner::V4(b)) => Some(Inner::V4(hull_of(a, b))),
        (Inner::V6(a), Inner::V6(b)) => Some(Inner::V6(hull_of(a, b))),
        _ => None,
    })?;
    Some(match hull {
        Inner::V4(i) => enclosing(i),
        Inner::V6(i) => enclosing(i),
    })
}

fn hull_of<B: Bits>(a: Interval<B>, b: Interval<B>) -> Interval<B> {
    Interval { first: a.first.min(b.first), last: a.last.max(b.last) }
}

fn enclosing<B: Family>(i: Interval<B>) -> IpNet {
    let len = common_len(i.first, i.last);
    Interval::prefix(i.first, len).first.to_net(len)
}

/// Returns an iterator over the fewest prefixes that hold exactly the addresses of all given prefixes, ranges or
/// addresses, in ascending order.
///
/// The input may overlap, repeat and come in any order; host bits are cleared. The cost is that of sorting the input.
/// Collect into an [`IpSet`] instead to do more with the same addresses.
///
/// ```
/// let nets = ["10.0.1.0/24", "10.0.0.0/24", "10.0.0.128/25"].map(|net| net.parse::<ipnet::IpNet>().unwrap());
/// let all: Vec<_> = ipam_core::net::aggregate(nets).map(|net| net.to_string()).collect();
/// assert_eq!(all, ["10.0.0.0/23"]);
/// ```
pub fn aggregate<R: Into<IpRange>>(ranges: impl IntoIterator<Item = R>) -> IntoPrefixes {
    ranges.into_iter().collect::<IpSet>().into_prefixes()
}

/// Returns an iterator over the fewest prefixes that hold the addresses of `from` that are not in `taken`, in ascending
/// order.
///
/// ```
/// # use ipnet::IpNet;
/// let (from, taken): (IpNet, IpNet) = ("10.0.0.0/24".parse().unwrap(), "10.0.0.64/26".parse().unwrap());
/// let left: Vec<_> = ipam_core::net::subtract(from, [taken]).map(|net| net.to_string()).collect();
/// assert_eq!(left, ["10.0.0.0/26", "10.0.0.128/25"]);
/// ```
pub fn subtract<R: Into<IpRange>>(from: impl Into<IpRange>, taken: impl IntoIterator<Item = R>) -> IntoPrefixes {
    taken.into_iter().collect::<IpSet>().complement(&from.into()).into_prefixes()
}

/// Two overlapping items of a list, as their indexes in the list given to [`overlaps`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Overlap {
    /// Index of the item that begins at the lower address. If both begin at the same address it is the larger one, and
    /// if they are equal the earlier one of the list. Of two prefixes it is the outer one.
    pub outer: usize,
    /// Index of the other item.
    pub inner: usize,
}

/// Finds overlaps among the given prefixes, ranges or addresses.
///
/// No result means that no two items overlap. An item that overlaps several others is reported once, as `inner`, with
/// one of them as `outer`, so that there are at most as many results as items. For prefixes, `outer` is the smallest
/// prefix around `inner`. Results are in ascending order of the first address of `inner`.
///
/// ```
/// use ipam_core::net::{Overlap, overlaps};
///
/// let nets = ["10.0.0.0/24", "10.1.0.0/16", "10.0.0.0/8"].map(|net| net.parse::<ipnet::IpNet>().unwrap());
/// let found: Vec<_> = overlaps(nets).collect();
/// // The /8, at index 2, holds the other two.
/// assert_eq!(found, [Overlap { outer: 2, inner: 0 }, Overlap { outer: 2, inner: 1 }]);
/// ```
pub fn overlaps<R: Into<IpRange>>(ranges: impl IntoIterator<Item = R>) -> impl Iterator<Item = Overlap> {
    let mut sorted: Vec<_> = ranges.into_iter().enumerate().map(|(n, range)| (range.into(), n)).collect();
    // Larger ranges first among those that begin together, so that the outer prefix comes before the inner one. The
    // index makes equal ranges keep the order of the list although the sort is unstable.
    sorted.sort_unstable_by_key(|(range, n)| (range.first(), Reverse(range.last()), *n));
    // A stack of the ranges that may still reach the next one. In sorted order, a range that ends before the current
    // one begins ends before all later ones, so that each is pushed and popped once.
    let mut open: Vec<(IpRange, usize)> = Vec::new();
    sorted.into_iter().filter_map(move |(range, inner)| {
        while open.pop_if(|(earlier, _)| !earlier.overlaps(&range)).is_some() {}
        let outer = open.last().map(|(_, outer)| *outer);
        open.push((range, inner));
        outer.map(|outer| Overlap { outer, inner })
    })
}

/// Iterator over the prefixes of one length in an interval that is itself a prefix.
#[derive(Clone, Debug)]
pub(super) struct Parts<B> {
    /// First addresses of the first and of the last prefix left.
    rest: Option<Interval<B>>,
    len: u8,
    /// Distance from one prefix to the next. Zero for the whole address space, whose size does not fit: then there is
    /// only one prefix, and no step is taken.
    step: B,
}

impl<B: Bits> Parts<B> {
    pub(super) fn new(whole: Interval<B>, len: u8) -> Self {
        let last = Interval::prefix(whole.last, len).first;
        Self { rest: Interval::new(whole.first, last), len, step: B::ONE.shl(B::WIDTH - len) }
    }

    /// Returns the distance to the prefix after `n` skipped ones; `None` if there are not as many.
    fn distance(&self, rest: Interval<B>, n: usize) -> Option<B> {
        let host = B::WIDTH - self.len;
        let n = B::from_u128(n as u128)?;
        (n <= rest.span().shr(host)).then(|| n.shl(host))
    }

    /// Returns the number of prefixes left; `None` for 2^128.
    fn count_left(&self) -> Option<u128> {
        self.rest.map_or(Some(0), |rest| rest.span().shr(B::WIDTH - self.len).to_u128().checked_add(1))
    }
}

impl<B: Bits> Iterator for Parts<B> {
    type Item = (B, u8);

    #[inline]
    fn next(&mut self) -> Option<(B, u8)> {
        let rest = self.rest?;
        let next = rest.first.checked_add(self.step).filter(|_| rest.first < rest.last);
        self.rest = next.map(|first| Interval { first, ..rest });
        Some((rest.first, self.len))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self.count_left().and_then(|n| usize::try_from(n).ok()) {
            Some(n) => (n, Some(n)),
            None => (usize::MAX, None),
        }
    }

    #[inline]
    fn nth(&mut self, n: usize) -> Option<(B, u8)> {
        // Taken first: an iterator that was advanced past its end must stay empty.
        let rest = self.rest.take()?;
        let first = rest.first.checked_add(self.distance(rest, n)?)?;
        self.rest = Interval::new(first, rest.last);
        self.next()
    }
}

impl<B: Bits> DoubleEndedIterator for Parts<B> {
    #[inline]
    fn next_back(&mut self) -> Option<(B, u8)> {
        let rest = self.rest?;
        let next = rest.last.checked_sub(self.step).filter(|_| rest.first < rest.last);
        self.rest = next.map(|last| Interval { last, ..rest });
        Some((rest.last, self.len))
    }

    #[inline]
    fn nth_back(&mut self, n: usize) -> Option<(B, u8)> {
        let rest = self.rest.take()?;
        let last = rest.last.checked_sub(self.distance(rest, n)?)?;
        self.rest = Interval::new(rest.first, last);
        self.next_back()
    }
}

/// Iterator over the subnets of a prefix, returned by [`subnets`].
#[derive(Clone, Debug)]
pub struct Subnets(ByFamily<Parts<u32>, Parts<u128>>);

impl Subnets {
    /// Returns the number of subnets left; `None` for 2^128.
    ///
    /// `size_hint` counts in `usize`, which is too small for the subnets of many IPv6 prefixes.
    pub fn count_left(&self) -> Option<u128> {
        match &self.0 {
            ByFamily::V4(parts) => parts.count_left(),
            ByFamily::V6(parts) => parts.count_left(),
        }
    }
}

impl Iterator for Subnets {
    type Item = IpNet;

    #[inline]
    fn next(&mut self) -> Option<IpNet> {
        match &mut self.0 {
            ByFamily::V4(parts) => parts.next().map(|(first, len)| first.to_net(len)),
            ByFamily::V6(parts) => parts.next().map(|(first, len)| first.to_net(len)),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.0 {
            ByFamily::V4(parts) => parts.size_hint(),
            ByFamily::V6(parts) => parts.size_hint(),
        }
    }

    #[inline]
    fn nth(&mut self, n: usize) -> Option<IpNet> {
        match &mut self.0 {
            ByFamily::V4(parts) => parts.nth(n).map(|(first, len)| first.to_net(len)),
            ByFamily::V6(parts) => parts.nth(n).map(|(first, len)| first.to_net(len)),
        }
    }

    fn last(mut self) -> Option<IpNet> {
        self.next_back()
    }
}

impl DoubleEndedIterator for Subnets {
    #[inline]
    fn next_back(&mut self) -> Option<IpNet> {
        match &mut self.0 {
            ByFamily::V4(parts) => parts.next_back().map(|(first, len)| first.to_net(len)),
            ByFamily::V6(parts) => parts.next_back().map(|(first, len)| first.to_net(len)),
        }
    }

    #[inline]
    fn nth_back(&mut self, n: usize) -> Option<IpNet> {
        match &mut self.0 {
            ByFamily::V4(parts) => parts.nth_back(n).map(|(first, len)| first.to_net(len)),
            ByFamily::V6(parts) => parts.nth_back(n).map(|(first, len)| first.to_net(len)),
        }
    }
}

impl FusedIterator for Subnets {}
