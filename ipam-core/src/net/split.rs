//! Prefixes out of prefixes: splitting, joining, comparing.

use std::cmp::Reverse;
use std::iter::FusedIterator;

use ipnet::IpNet;

use super::bits::{Bits, Family, Interval, common_len};
use super::error::NetError;
use super::range::{ByFamily, Inner, IpRange};
use super::set::{IntoPrefixes, IpSet};

/// The subnets of `net` with prefix length `len`, in order, made as they are asked for, from either end. Host bits of
/// `net` are cleared first. Skipping with [`nth`](Iterator::nth) costs nothing.
///
/// ```
/// let mut subnets = ipam_core::net::subnets("10.0.0.0/8".parse().unwrap(), 24).unwrap();
/// assert_eq!(subnets.count_left(), Some(65536));
/// assert_eq!(subnets.nth(258), Some("10.1.2.0/24".parse().unwrap()));
/// assert_eq!(subnets.next_back(), Some("10.255.255.0/24".parse().unwrap()));
/// ```
///
/// # Errors
/// `len` is shorter than the prefix itself, or longer than an address.
pub fn subnets(net: IpNet, len: u8) -> Result<Subnets, NetError> {
    let (own, most) = (net.prefix_len(), net.max_prefix_len());
    if len < own || len > most {
        return Err(NetError::prefix_len(len, format_args!("a subnet of {net}"), own, most));
    }
    Ok(Subnets(match IpRange::from(net).0 {
        Inner::V4(i) => ByFamily::V4(Parts::new(i, len)),
        Inner::V6(i) => ByFamily::V6(Parts::new(i, len)),
    }))
}

/// The prefix of length `len` that `net` lies in.
///
/// # Errors
/// `len` is longer than the prefix itself.
pub fn supernet(net: IpNet, len: u8) -> Result<IpNet, NetError> {
    if len > net.prefix_len() {
        return Err(NetError::prefix_len(len, format_args!("a supernet of {net}"), 0, net.prefix_len()));
    }
    Ok(match IpRange::from(net).0 {
        Inner::V4(i) => Interval::prefix(i.first, len).first.to_net(len),
        Inner::V6(i) => Interval::prefix(i.first, len).first.to_net(len),
    })
}

/// The smallest one prefix that holds them all: prefixes, ranges or addresses. `None` where there are none, or of both
/// families.
///
/// ```
/// let nets = ["10.0.1.0/24", "10.0.2.0/24"].map(|net| net.parse::<ipnet::IpNet>().unwrap());
/// assert_eq!(ipam_core::net::common_supernet(nets), Some("10.0.0.0/22".parse().unwrap()));
/// ```
pub fn common_supernet<R: Into<IpRange>>(ranges: impl IntoIterator<Item = R>) -> Option<IpNet> {
    let mut ranges = ranges.into_iter().map(|range| range.into().0);
    let first = ranges.next()?;
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

/// The fewest prefixes that hold exactly the addresses of all of these, in order. They may overlap, repeat and come in
/// any order; host bits are cleared.
///
/// It sorts, which is all it costs, and gives the prefixes one by one. Keep the [`IpSet`] instead (collect into it)
/// where more is asked of the same addresses.
///
/// ```
/// let nets = ["10.0.1.0/24", "10.0.0.0/24", "10.0.0.128/25"].map(|net| net.parse::<ipnet::IpNet>().unwrap());
/// let all: Vec<_> = ipam_core::net::aggregate(nets).map(|net| net.to_string()).collect();
/// assert_eq!(all, ["10.0.0.0/23"]);
/// ```
pub fn aggregate<R: Into<IpRange>>(ranges: impl IntoIterator<Item = R>) -> IntoPrefixes {
    ranges.into_iter().collect::<IpSet>().into_prefixes()
}

/// The fewest prefixes that hold what is left of `from` without `taken`, in order.
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

/// Two ranges of a list that share an address: their places in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Overlap {
    /// The one that begins earlier, or is larger, or came earlier in the list: of prefixes, the outer one.
    pub outer: usize,
    /// The other.
    pub inner: usize,
}

/// Which of these prefixes, ranges or addresses overlap one another.
///
/// Each that overlaps one sorted before it is named once, with one such; so there are fewer answers than ranges, even
/// where all overlap, and none means that no two overlap. For prefixes the one named is the smallest that holds it,
/// and of equal ones the later is inside the earlier. Answers come in order of the inner one's address.
///
/// ```
/// # use ipam_core::net::{Overlap, overlaps};
/// let nets = ["10.0.0.0/24", "10.1.0.0/16", "10.0.0.0/8"].map(|net| net.parse::<ipnet::IpNet>().unwrap());
/// let found: Vec<_> = overlaps(nets).map(|Overlap { outer, inner }| (outer, inner)).collect();
/// assert_eq!(found, [(2, 0), (2, 1)]);
/// ```
pub fn overlaps<R: Into<IpRange>>(ranges: impl IntoIterator<Item = R>) -> impl Iterator<Item = Overlap> {
    let mut sorted: Vec<_> = ranges.into_iter().enumerate().map(|(n, range)| (range.into(), n)).collect();
    sorted.sort_unstable_by_key(|(range, n)| (range.first(), Reverse(range.last()), *n));
    // Those that may still reach what comes next. What ends before this range ends before all later ones.
    let mut open: Vec<(IpRange, usize)> = Vec::new();
    sorted.into_iter().filter_map(move |(range, inner)| {
        while open.pop_if(|(earlier, _)| !earlier.overlaps(&range)).is_some() {}
        let outer = open.last().map(|(_, outer)| *outer);
        open.push((range, inner));
        outer.map(|outer| Overlap { outer, inner })
    })
}

/// The prefixes of one length in an interval that is itself a prefix.
#[derive(Clone, Debug)]
pub(super) struct Parts<B> {
    /// The first addresses of the first and of the last one left.
    rest: Option<Interval<B>>,
    len: u8,
    /// From one to the next; zero where there is only one, as large as all.
    step: B,
}

impl<B: Bits> Parts<B> {
    pub(super) fn new(whole: Interval<B>, len: u8) -> Self {
        let last = Interval::prefix(whole.last, len).first;
        Self { rest: Interval::new(whole.first, last), len, step: B::ONE.shl(B::WIDTH - len) }
    }

    /// How far it is to the one that `n` are skipped for; `None` where there are not as many.
    fn distance(&self, rest: Interval<B>, n: usize) -> Option<B> {
        let host = B::WIDTH - self.len;
        let n = B::from_u128(n as u128)?;
        (n <= rest.span().shr(host)).then(|| n.shl(host))
    }

    /// `None` stands for 2^128.
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

/// The subnets of a prefix in order; see [`subnets`].
#[derive(Clone, Debug)]
pub struct Subnets(ByFamily<Parts<u32>, Parts<u128>>);

impl Subnets {
    /// How many are still to come; `None` for 2^128, which `size_hint` cannot say either.
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
