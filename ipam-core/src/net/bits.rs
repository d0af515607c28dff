//! Addresses as integers, and inclusive intervals of them.
//!
//! The maths is written once, over [`Bits`]: `u32` for IPv4, `u128` for IPv6, and `u8` for tests that try every input.
//!
//! Intervals are inclusive at both ends, because an exclusive end after the highest address has no number.

use std::fmt::Debug;
use std::hash::Hash;
use std::iter::FusedIterator;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::{BitAnd, BitOr, BitXor, Not};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// Unsigned integer used as an address.
///
/// Arithmetic is checked: `last + 1` does not exist at the top of the address space, where such code usually fails.
pub(crate) trait Bits:
    Copy
    + Ord
    + Hash
    + Debug
    + BitAnd<Output = Self>
    + BitOr<Output = Self>
    + BitXor<Output = Self>
    + Not<Output = Self>
    + 'static
{
    /// Number of bits; also the longest prefix length.
    const WIDTH: u8;
    const ZERO: Self;
    const ONE: Self;
    const MAX: Self;

    fn checked_add(self, other: Self) -> Option<Self>;
    fn checked_sub(self, other: Self) -> Option<Self>;
    // Unlike the operator, shifts by the width are defined: a prefix of length 0 shifts by all bits.
    /// Shifts left; zero if `n` is the width or more.
    fn shl(self, n: u8) -> Self;
    /// Shifts right; zero if `n` is the width or more.
    fn shr(self, n: u8) -> Self;
    /// Returns the number with its lowest `n` bits set; all bits if `n` is the width or more.
    fn low_ones(n: u8) -> Self;
    fn leading_zeros(self) -> u8;
    /// Returns the number of zeros at the low end; the width for zero.
    fn trailing_zeros(self) -> u8;
    /// Returns the `n`-th byte, counted from the lowest. The caller keeps `n` within the width.
    fn byte(self, n: u8) -> u8;
    fn to_u128(self) -> u128;
    /// Converts a number; `None` if it has more bits than this integer.
    fn from_u128(value: u128) -> Option<Self>;

    /// Returns the next higher number; `None` at the maximum.
    fn up(self) -> Option<Self> {
        self.checked_add(Self::ONE)
    }

    /// Returns the next lower number; `None` at zero.
    fn down(self) -> Option<Self> {
        self.checked_sub(Self::ONE)
    }
}

// A macro, because the integer types share no trait of the standard library that has these operations.
macro_rules! bits {
    ($($int:ty)*) => {$(
        impl Bits for $int {
            #[allow(clippy::cast_possible_truncation, reason = "the widths are 8, 32 and 128")]
            const WIDTH: u8 = <$int>::BITS as u8;
            const ZERO: Self = 0;
            const ONE: Self = 1;
            const MAX: Self = <$int>::MAX;

            #[inline]
            fn checked_add(self, other: Self) -> Option<Self> {
                <$int>::checked_add(self, other)
            }

            #[inline]
            fn checked_sub(self, other: Self) -> Option<Self> {
                <$int>::checked_sub(self, other)
            }

            #[inline]
            fn shl(self, n: u8) -> Self {
                self.checked_shl(u32::from(n)).unwrap_or(0)
            }

            #[inline]
            fn shr(self, n: u8) -> Self {
                self.checked_shr(u32::from(n)).unwrap_or(0)
            }

            #[inline]
            fn low_ones(n: u8) -> Self {
                if n >= Self::WIDTH { <$int>::MAX } else { ((1 as $int) << n) - 1 }
            }

            #[inline]
            #[allow(clippy::cast_possible_truncation, reason = "at most 128")]
            fn leading_zeros(self) -> u8 {
                <$int>::leading_zeros(self) as u8
            }

            #[inline]
            #[allow(clippy::cast_possible_truncation, reason = "at most 128")]
            fn trailing_zeros(self) -> u8 {
                <$int>::trailing_zeros(self) as u8
            }

            #[inline]
            #[allow(clippy::cast_possible_truncation, reason = "only the lowest byte is wanted")]
            fn byte(self, n: u8) -> u8 {
                (self >> (8 * u32::from(n))) as u8
            }

            #[inline]
            fn to_u128(self) -> u128 {
                u128::from(self)
            }

            #[inline]
            fn from_u128(value: u128) -> Option<Self> {
                Self::try_from(value).ok()
            }
        }
    )*};
}

// `u64` is not an address: it is the packed sort key of `runs`.
bits!(u32 u64 u128);
#[cfg(test)]
bits!(u8);

/// Integer of an address family: `u32` for IPv4, `u128` for IPv6.
pub(crate) trait Family: Bits {
    fn to_addr(self) -> IpAddr;
    /// Returns the prefix that starts at this address. The caller keeps `len` within the width.
    fn to_net(self, len: u8) -> IpNet;
}

impl Family for u32 {
    #[inline]
    fn to_addr(self) -> IpAddr {
        IpAddr::V4(Ipv4Addr::from_bits(self))
    }

    #[inline]
    fn to_net(self, len: u8) -> IpNet {
        IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::from_bits(self), len))
    }
}

impl Family for u128 {
    #[inline]
    fn to_addr(self) -> IpAddr {
        IpAddr::V6(Ipv6Addr::from_bits(self))
    }

    #[inline]
    fn to_net(self, len: u8) -> IpNet {
        IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::from_bits(self), len))
    }
}

/// Inclusive interval from `first` to `last`. Never empty: `first <= last`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Interval<B> {
    pub(crate) first: B,
    pub(crate) last: B,
}

impl<B: Bits> Interval<B> {
    pub(crate) const FULL: Self = Self { first: B::ZERO, last: B::MAX };

    /// Returns the interval; `None` if `last` is below `first`.
    #[inline]
    pub(crate) fn new(first: B, last: B) -> Option<Self> {
        (first <= last).then_some(Self { first, last })
    }

    /// Returns the prefix of `len` bits around `addr`.
    #[inline]
    pub(crate) fn prefix(addr: B, len: u8) -> Self {
        let host = B::low_ones(B::WIDTH.saturating_sub(len));
        Self { first: addr & !host, last: addr | host }
    }

    /// Returns the number of members; `None` for 2^128, the only size that does not fit.
    #[inline]
    pub(crate) fn size(self) -> Option<u128> {
        self.span().to_u128().checked_add(1)
    }

    /// Returns the number of members less one, which always fits.
    #[inline]
    pub(crate) fn span(self) -> B {
        // `first <= last`, so the fallback is never taken.
        self.last.checked_sub(self.first).unwrap_or(B::ZERO)
    }

    #[inline]
    pub(crate) fn contains(self, value: B) -> bool {
        self.first <= value && value <= self.last
    }

    #[inline]
    pub(crate) fn covers(self, other: Self) -> bool {
        self.first <= other.first && other.last <= self.last
    }

    #[inline]
    pub(crate) fn overlaps(self, other: Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }

    #[inline]
    pub(crate) fn intersection(self, other: Self) -> Option<Self> {
        Self::new(self.first.max(other.first), self.last.min(other.last))
    }

    /// Returns the member `n` above the first.
    #[inline]
    pub(crate) fn nth(self, n: u128) -> Option<B> {
        let value = self.first.checked_add(B::from_u128(n)?)?;
        (value <= self.last).then_some(value)
    }

    /// Returns the prefix length, if the interval is exactly one prefix.
    pub(crate) fn prefix_len(self) -> Option<u8> {
        // The span of a prefix is all ones, as many as it has host bits. The comparison refuses any other span, and a
        // start that is not aligned.
        let host = B::WIDTH - self.span().leading_zeros();
        (Self::prefix(self.first, B::WIDTH - host) == self).then_some(B::WIDTH - host)
    }
}

/// Returns the length of the smallest prefix that holds both addresses.
#[inline]
pub(crate) fn common_len<B: Bits>(a: B, b: B) -> u8 {
    (a ^ b).leading_zeros()
}

/// Iterator over the members of an interval, from both ends.
// `None` when nothing is left: an `Interval` cannot be empty, and a count of members would overflow for all of IPv6.
#[derive(Clone, Debug)]
pub(crate) struct Steps<B>(Option<Interval<B>>);

impl<B: Bits> Steps<B> {
    pub(crate) fn new(interval: Interval<B>) -> Self {
        Self(Some(interval))
    }

    /// Returns the number of members left; `None` for 2^128.
    pub(crate) fn count_left(&self) -> Option<u128> {
        self.0.map_or(Some(0), Interval::size)
    }
}

impl<B: Bits> Iterator for Steps<B> {
    type Item = B;

    #[inline]
    fn next(&mut self) -> Option<B> {
        let rest = self.0?;
        self.0 = rest.first.up().filter(|_| rest.first < rest.last).map(|first| Interval { first, ..rest });
        Some(rest.first)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self.count_left().and_then(|n| usize::try_from(n).ok()) {
            Some(n) => (n, Some(n)),
            None => (usize::MAX, None),
        }
    }

    #[inline]
    fn nth(&mut self, n: usize) -> Option<B> {
        // Taken first: an iterator that was advanced past its end must stay empty.
        let rest = self.0.take()?;
        let value = rest.nth(n as u128)?;
        self.0 = value.up().and_then(|first| Interval::new(first, rest.last));
        Some(value)
    }

    fn last(mut self) -> Option<B> {
        self.next_back()
    }
}

impl<B: Bits> DoubleEndedIterator for Steps<B> {
    #[inline]
    fn next_back(&mut self) -> Option<B> {
        let rest = self.0?;
        self.0 = rest.last.down().filter(|_| rest.first < rest.last).map(|last| Interval { last, ..rest });
        Some(rest.last)
    }

    #[inline]
    fn nth_back(&mut self, n: usize) -> Option<B> {
        let rest = self.0.take()?;
        let value = rest.last.checked_sub(B::from_u128(n as u128)?)?;
        if value < rest.first {
            return None;
        }
        self.0 = value.down().and_then(|last| Interval::new(rest.first, last));
        Some(value)
    }
}

impl<B: Bits> FusedIterator for Steps<B> {}

/// Iterator over the fewest prefixes that make up an interval, in ascending order, as (first address, prefix length).
#[derive(Clone, Debug)]
pub(crate) struct Cover<B>(Option<Interval<B>>);

impl<B: Bits> Cover<B> {
    pub(crate) fn new(interval: Interval<B>) -> Self {
        Self(Some(interval))
    }

    pub(crate) fn empty() -> Self {
        Self(None)
    }
}

impl<B: Bits> Iterator for Cover<B> {
    type Item = (B, u8);

    #[inline]
    fn next(&mut self) -> Option<(B, u8)> {
        let Interval { first, last } = self.0?;
        let span = Interval { first, last }.span();
        // Greedy: the largest prefix that starts here is limited by the alignment of `first` and by the number of
        // addresses left. That number is `span + 1`, which overflows only for the whole address space.
        let fits = span.up().map_or(B::WIDTH, |left| B::WIDTH - 1 - left.leading_zeros());
        let host = first.trailing_zeros().min(fits);
        let end = first | B::low_ones(host);
        self.0 = end.up().and_then(|next| Interval::new(next, last));
        Some((first, B::WIDTH - host))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        // At most `2 * WIDTH - 2` prefixes: their lengths fall to a lowest one and rise again.
        let left = usize::from(self.0.is_some());
        (left, Some(left * 2 * usize::from(B::WIDTH)))
    }
}

impl<B: Bits> FusedIterator for Cover<B> {}
