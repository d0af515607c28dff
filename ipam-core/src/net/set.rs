//! Set of addresses of both families.

use std::fmt;
use std::iter::{Copied, FusedIterator};
use std::net::IpAddr;
use std::ops::{BitAnd, BitOr, BitXor, Sub};
use std::{slice, vec};

use ipnet::IpNet;

use super::bits::{Family, Interval};
use super::range::{Inner, IpRange};
use super::runs::{CoverAll, Runs};

/// Set of addresses, stored as the fewest ranges that make it up. It may hold both families.
///
/// Memory and time grow with the number of ranges, not of addresses. Union, intersection, difference and symmetric
/// difference are one pass over both sets; they are also the operators `|`, `&`, `-` and `^` on references. Look-ups
/// are binary searches. Prefixes are computed only when they are asked for.
///
/// A set is collected or extended from addresses, prefixes or ranges, in any order, overlapping or not. Inserting a
/// single range moves all ranges behind it; collecting many at once sorts them once.
///
/// ```
/// use ipam_core::net::{IpRange, IpSet};
/// # fn main() -> Result<(), ipam_core::net::NetError> {
/// let pool: IpSet = ["10.0.0.0/24".parse::<IpRange>()?].into_iter().collect();
/// let taken: IpSet = ["10.0.0.0/25".parse::<IpRange>()?, "10.0.0.200".parse()?].into_iter().collect();
/// let free = &pool - &taken;
/// assert_eq!(free.to_string(), "10.0.0.128-10.0.0.199, 10.0.0.201-10.0.0.255");
/// assert_eq!(free.size(), Some(127));
/// # Ok(())
/// # }
/// ```
// Two lists and not one of an enum: the algebra then runs over plain integers, and no comparison has to look at the
// family (bars S1 and S3).
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct IpSet {
    v4: Runs<u32>,
    v6: Runs<u128>,
}

impl IpSet {
    /// Creates an empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns true if the set has no address.
    pub fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }

    /// Returns the number of addresses of both families together; `None` for 2^128 or more.
    pub fn size(&self) -> Option<u128> {
        // Two families can have up to 2^128 + 2^32 addresses, so that `None` stands for several sizes.
        self.v4.size()?.checked_add(self.v6.size()?)
    }

    /// Returns true if the address is in the set.
    pub fn contains(&self, ip: IpAddr) -> bool {
        match ip {
            IpAddr::V4(ip) => self.v4.find(ip.to_bits()).is_some(),
            IpAddr::V6(ip) => self.v6.find(ip.to_bits()).is_some(),
        }
    }

    /// Returns true if every address of the range is in the set.
    pub fn contains_range(&self, range: &IpRange) -> bool {
        match range.0 {
            Inner::V4(i) => self.v4.covers(i),
            Inner::V6(i) => self.v6.covers(i),
        }
    }

    /// Returns the range of the set around the address: the longest one whose addresses are all in the set.
    ///
    /// ```
    /// use ipam_core::net::{IpRange, IpSet};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let set: IpSet = ["10.0.0.0/25".parse::<IpRange>()?, "10.0.0.128/25".parse()?].into_iter().collect();
    /// assert_eq!(set.range_of("10.0.0.7".parse()?), Some("10.0.0.0/24".parse()?));
    /// assert_eq!(set.range_of("10.0.1.7".parse()?), None);
    /// # Ok(())
    /// # }
    /// ```
    pub fn range_of(&self, ip: IpAddr) -> Option<IpRange> {
        match ip {
            IpAddr::V4(ip) => self.v4.find(ip.to_bits()).map(IpRange::from_v4),
            IpAddr::V6(ip) => self.v6.find(ip.to_bits()).map(IpRange::from_v6),
        }
    }

    /// Returns true if the set and the range share an address.
    pub fn overlaps(&self, range: &IpRange) -> bool {
        // The ranges are a slice, so that asking for their number visits none of them.
        self.ranges_overlapping(range).len() > 0
    }

    /// Returns true if every address of this set is in the other.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.v4.is_subset(&other.v4) && self.v6.is_subset(&other.v6)
    }

    /// Adds the addresses of a range, a prefix (host bits cleared) or an address alone.
    ///
    /// ```
    /// use ipam_core::net::{IpRange, IpSet};
    ///
    /// # fn main() -> Result<(), ipam_core::net::NetError> {
    /// let mut set = IpSet::new();
    /// set.insert("10.0.0.0/24".parse::<IpRange>()?);
    /// set.remove("10.0.0.5".parse::<IpRange>()?);
    /// assert_eq!(set.to_string(), "10.0.0.0-10.0.0.4, 10.0.0.6-10.0.0.255");
    /// # Ok(())
    /// # }
    /// ```
    pub fn insert(&mut self, range: impl Into<IpRange>) {
        match range.into().0 {
            Inner::V4(i) => self.v4.insert(i),
            Inner::V6(i) => self.v6.insert(i),
        }
    }

    /// Removes the addresses of a range, a prefix (host bits cleared) or an address alone.
    pub fn remove(&mut self, range: impl Into<IpRange>) {
        match range.into().0 {
            Inner::V4(i) => self.v4.remove(i),
            Inner::V6(i) => self.v6.remove(i),
        }
    }

    /// Returns the addresses in this set or in the other.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self { v4: self.v4.union(&other.v4), v6: self.v6.union(&other.v6) }
    }

    /// Returns the addresses in both sets.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        Self { v4: self.v4.intersection(&other.v4), v6: self.v6.intersection(&other.v6) }
    }

    /// Returns the addresses of this set that are not in the other.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        Self { v4: self.v4.difference(&other.v4), v6: self.v6.difference(&other.v6) }
    }

    /// Returns the addresses in exactly one of the two sets.
    #[must_use]
    pub fn symmetric_difference(&self, other: &Self) -> Self {
        Self { v4: self.v4.symmetric_difference(&other.v4), v6: self.v6.symmetric_difference(&other.v6) }
    }

    /// Returns the addresses of `within` that are not in the set. For a whole family, give [`IpRange::IPV4`] or
    /// [`IpRange::IPV6`].
    ///
    /// ```
    /// use ipam_core::net::{IpRange, IpSet};
    ///
    /// # fn main() -> Result<(), ipam_core::net::NetError> {
    /// let taken = IpSet::from("10.0.0.0/25".parse::<IpRange>()?);
    /// let free = taken.complement(&"10.0.0.0/24".parse()?);
    /// assert_eq!(free.to_string(), "10.0.0.128-10.0.0.255");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn complement(&self, within: &IpRange) -> Self {
        match within.0 {
            Inner::V4(i) => Self { v4: Runs::from(i).difference(&self.v4), v6: Runs::default() },
            Inner::V6(i) => Self { v4: Runs::default(), v6: Runs::from(i).difference(&self.v6) },
        }
    }

    /// Returns an iterator over the ranges of the set, in ascending order. They are as few as possible: no two of them
    /// are adjacent.
    pub fn ranges(&self) -> Ranges<'_> {
        Ranges { v4: self.v4.as_slice().iter().copied(), v6: self.v6.as_slice().iter().copied() }
    }

    /// Returns an iterator over the [`ranges`](Self::ranges) of the set that share an address with the given one. They
    /// are not cut to it. Finding them is a binary search.
    ///
    /// ```
    /// use ipam_core::net::{IpRange, IpSet};
    ///
    /// # fn main() -> Result<(), ipam_core::net::NetError> {
    /// let set: IpSet = ["10.0.0.0/24".parse::<IpRange>()?, "10.0.2.0/24".parse()?].into_iter().collect();
    /// let found: Vec<_> = set.ranges_overlapping(&"10.0.0.9-10.0.1.9".parse()?).collect();
    /// assert_eq!(found, ["10.0.0.0/24".parse()?]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn ranges_overlapping(&self, range: &IpRange) -> Ranges<'_> {
        // An empty slice stands for the other family, so that both families have the same iterator type.
        let (v4, v6) = match range.0 {
            Inner::V4(i) => (self.v4.overlapping(i), &[][..]),
            Inner::V6(i) => (&[][..], self.v6.overlapping(i)),
        };
        Ranges { v4: v4.iter().copied(), v6: v6.iter().copied() }
    }

    /// Returns an iterator over the fewest prefixes that hold exactly the addresses of the set, in ascending order.
    ///
    /// ```
    /// use ipam_core::net::{IpRange, IpSet};
    ///
    /// # fn main() -> Result<(), ipam_core::net::NetError> {
    /// let set: IpSet = ["10.0.0.0/25".parse::<IpRange>()?, "10.0.0.128-10.0.1.127".parse()?].into_iter().collect();
    /// let prefixes: Vec<_> = set.prefixes().map(|net| net.to_string()).collect();
    /// assert_eq!(prefixes, ["10.0.0.0/24", "10.0.1.0/25"]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn prefixes(&self) -> SetPrefixes<'_> {
        let Ranges { v4, v6 } = self.ranges();
        SetPrefixes { v4: CoverAll::new(v4), v6: CoverAll::new(v6) }
    }

    /// Returns the same iterator as [`prefixes`](Self::prefixes), but consumes the set.
    // For `aggregate` and `subtract`, whose sets would otherwise have to outlive the iterator.
    pub fn into_prefixes(self) -> IntoPrefixes {
        let (v4, v6) = (self.v4.into_vec().into_iter(), self.v6.into_vec().into_iter());
        IntoPrefixes { v4: CoverAll::new(v4), v6: CoverAll::new(v6) }
    }

    pub(super) fn by_family(&self) -> (&Runs<u32>, &Runs<u128>) {
        (&self.v4, &self.v6)
    }

    /// Returns an iterator over the addresses, in ascending order, or from the back.
    pub fn addresses(&self) -> impl DoubleEndedIterator<Item = IpAddr> + Clone + fmt::Debug + '_ {
        self.ranges().flat_map(|range: IpRange| range.addresses())
    }
}

/// Appends an item, and reserves capacity for all remaining ones when the vector is full.
///
/// Reserving in advance for both families would cost 32 bytes of IPv6 for each IPv4 item (bar S1 has a million).
#[inline]
fn push<T>(out: &mut Vec<T>, item: T, rest: &impl Iterator) {
    if out.len() == out.capacity() {
        out.reserve(rest.size_hint().0.saturating_add(1));
    }
    out.push(item);
}

impl<R: Into<IpRange>> FromIterator<R> for IpSet {
    fn from_iter<I: IntoIterator<Item = R>>(ranges: I) -> Self {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        let mut ranges = ranges.into_iter();
        while let Some(range) = ranges.next() {
            match range.into().0 {
                Inner::V4(i) => push(&mut v4, i, &ranges),
                Inner::V6(i) => push(&mut v6, i, &ranges),
            }
        }
        Self { v4: Runs::from_unsorted(v4), v6: Runs::from_unsorted(v6) }
    }
}

impl<R: Into<IpRange>> Extend<R> for IpSet {
    fn extend<I: IntoIterator<Item = R>>(&mut self, ranges: I) {
        // One sort and one merge. Inserting each range would move all ranges behind it, which is quadratic.
        *self = self.union(&ranges.into_iter().collect());
    }
}

impl<R: Into<IpRange>> From<R> for IpSet {
    fn from(range: R) -> Self {
        let mut set = Self::new();
        set.insert(range);
        set
    }
}

impl<'a> IntoIterator for &'a IpSet {
    type Item = IpRange;
    type IntoIter = Ranges<'a>;

    fn into_iter(self) -> Ranges<'a> {
        self.ranges()
    }
}

macro_rules! operator {
    ($($operator:ident $method:ident $named:ident),*) => {$(
        impl $operator for &IpSet {
            type Output = IpSet;

            fn $method(self, other: Self) -> IpSet {
                self.$named(other)
            }
        }
    )*};
}

operator!(BitOr bitor union, BitAnd bitand intersection, Sub sub difference, BitXor bitxor symmetric_difference);

impl fmt::Display for IpSet {
    /// Writes the ranges, separated by commas; nothing for an empty set.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.ranges().enumerate().try_for_each(|(n, range)| write!(f, "{}{range}", if n == 0 { "" } else { ", " }))
    }
}

impl fmt::Debug for IpSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.ranges()).finish()
    }
}

// A list of ranges and not of prefixes: it is shorter, and people read it as they wrote it.
#[cfg(feature = "serde")]
impl serde::Serialize for IpSet {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.ranges())
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for IpSet {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<IpRange>::deserialize(deserializer).map(Self::from_iter)
    }
}

/// Iterator over the ranges of a set, returned by [`IpSet::ranges`].
#[derive(Clone, Debug)]
pub struct Ranges<'a> {
    v4: Copied<slice::Iter<'a, Interval<u32>>>,
    v6: Copied<slice::Iter<'a, Interval<u128>>>,
}

impl Iterator for Ranges<'_> {
    type Item = IpRange;

    // IPv4 first: the order of `IpRange`.
    #[inline]
    fn next(&mut self) -> Option<IpRange> {
        match self.v4.next() {
            Some(i) => Some(IpRange::from_v4(i)),
            None => self.v6.next().map(IpRange::from_v6),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.v4.len() + self.v6.len();
        (left, Some(left))
    }
}

impl DoubleEndedIterator for Ranges<'_> {
    #[inline]
    fn next_back(&mut self) -> Option<IpRange> {
        match self.v6.next_back() {
            Some(i) => Some(IpRange::from_v6(i)),
            None => self.v4.next_back().map(IpRange::from_v4),
        }
    }
}

impl ExactSizeIterator for Ranges<'_> {}
impl FusedIterator for Ranges<'_> {}

// The two iterators differ only in whether they borrow or own the intervals. A macro rather than a generic parameter,
// which would show the private intervals in the public type.
macro_rules! prefixes {
    ($(#[$doc:meta])* $name:ident $(<$life:lifetime>)?, $v4:ty, $v6:ty) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name $(<$life>)? {
            v4: CoverAll<u32, $v4>,
            v6: CoverAll<u128, $v6>,
        }

        impl $(<$life>)? Iterator for $name $(<$life>)? {
            type Item = IpNet;

            #[inline]
            fn next(&mut self) -> Option<IpNet> {
                match self.v4.next() {
                    Some((first, len)) => Some(first.to_net(len)),
                    None => self.v6.next().map(|(first, len)| first.to_net(len)),
                }
            }

            fn size_hint(&self) -> (usize, Option<usize>) {
                let (a, b) = (self.v4.size_hint(), self.v6.size_hint());
                (a.0.saturating_add(b.0), a.1.zip(b.1).and_then(|(a, b)| a.checked_add(b)))
            }
        }

        impl $(<$life>)? FusedIterator for $name $(<$life>)? {}
    };
}

prefixes!(
    /// Iterator over the fewest prefixes that make up a set, returned by [`IpSet::prefixes`].
    SetPrefixes<'a>,
    Copied<slice::Iter<'a, Interval<u32>>>,
    Copied<slice::Iter<'a, Interval<u128>>>
);

prefixes!(
    /// Iterator over the fewest prefixes that make up a set, returned by [`IpSet::into_prefixes`],
    /// [`aggregate`](super::aggregate) and [`subtract`](super::subtract).
    IntoPrefixes,
    vec::IntoIter<Interval<u32>>,
    vec::IntoIter<Interval<u128>>
);
