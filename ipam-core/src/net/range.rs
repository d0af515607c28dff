//! Inclusive ranges of addresses of one family.

use std::fmt;
use std::iter::FusedIterator;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::bits::{Cover, Family, Interval, Steps};
use super::error::NetError;

/// Inclusive range of addresses of one family, from a first to a last address. Never empty.
///
/// The text form is `10.0.0.5-10.0.0.9`, or `10.0.0.5` for a single address. Parsing also accepts a prefix
/// (`10.0.0.0/24`), whose host bits are cleared, and spaces around the hyphen.
///
/// Ranges sort by family (IPv4 first), then by first address, then by last.
///
/// ```
/// use ipam_core::net::IpRange;
/// # fn main() -> Result<(), ipam_core::net::NetError> {
/// let range: IpRange = "10.0.0.5-10.0.0.9".parse()?;
/// assert_eq!(range.size(), Some(5));
/// assert_eq!(range.addresses().next_back(), Some("10.0.0.9".parse().unwrap()));
/// let prefixes: Vec<String> = range.prefixes().map(|net| net.to_string()).collect();
/// assert_eq!(prefixes, ["10.0.0.5/32", "10.0.0.6/31", "10.0.0.8/31"]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IpRange(pub(super) Inner);

// The derived order compares the variant first, which puts IPv4 before IPv6.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Inner {
    V4(Interval<u32>),
    V6(Interval<u128>),
}

impl IpRange {
    /// Range of all IPv4 addresses, `0.0.0.0/0`.
    pub const IPV4: Self = Self(Inner::V4(Interval::<u32>::FULL));
    /// Range of all IPv6 addresses, `::/0`.
    pub const IPV6: Self = Self(Inner::V6(Interval::<u128>::FULL));

    /// Returns the range from `first` to `last`, both included.
    ///
    /// ```
    /// use ipam_core::net::IpRange;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let range = IpRange::new("10.0.0.5".parse()?, "10.0.0.9".parse()?)?;
    /// assert_eq!(range.to_string(), "10.0.0.5-10.0.0.9");
    /// assert!(IpRange::new("10.0.0.9".parse()?, "10.0.0.5".parse()?).is_err());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`InvalidInput`](super::NetErrorKind::InvalidInput) if the two are of different families, or `last` is below
    /// `first`.
    pub fn new(first: IpAddr, last: IpAddr) -> Result<Self, NetError> {
        let inner = match (first, last) {
            (IpAddr::V4(a), IpAddr::V4(b)) => Interval::new(a.to_bits(), b.to_bits()).map(Inner::V4),
            (IpAddr::V6(a), IpAddr::V6(b)) => Interval::new(a.to_bits(), b.to_bits()).map(Inner::V6),
            // An IPv4-mapped IPv6 address is not converted: either family could be meant.
            _ => {
                let (problem, remedy) = ("the ends are of different families", "give two IPv4 or two IPv6 addresses");
                return Err(NetError::invalid("range", format!("{first}-{last}"), problem, remedy));
            }
        };
        inner.map(Self).ok_or_else(|| {
            let problem = "the last address is below the first";
            NetError::invalid("range", format!("{first}-{last}"), problem, "give the lower address first")
        })
    }

    /// Returns the range of `count` addresses from `first` on.
    ///
    /// ```
    /// use ipam_core::net::IpRange;
    ///
    /// let range = IpRange::starting_at("10.0.0.5".parse().unwrap(), 5).unwrap();
    /// assert_eq!(range.to_string(), "10.0.0.5-10.0.0.9");
    /// assert!(IpRange::starting_at("255.255.255.255".parse().unwrap(), 2).is_err());
    /// ```
    ///
    /// # Errors
    /// [`InvalidInput`](super::NetErrorKind::InvalidInput) if `count` is 0, or greater than the number of addresses
    /// from `first` to the end of the family.
    pub fn starting_at(first: IpAddr, count: u128) -> Result<Self, NetError> {
        // Computed as `first + (count - 1)`: `first + count` overflows for a range that ends with the last address.
        let last = count.checked_sub(1).and_then(|more| match first {
            IpAddr::V4(ip) => Some(IpAddr::V4(ip.to_bits().checked_add(u32::try_from(more).ok()?)?.into())),
            IpAddr::V6(ip) => Some(IpAddr::V6(ip.to_bits().checked_add(more)?.into())),
        });
        match last {
            Some(last) => Self::new(first, last),
            None if count == 0 => Err(NetError::invalid("count", count, "a range is never empty", "give 1 or more")),
            None => {
                let problem = format!("fewer addresses follow from {first} to the end of the family");
                Err(NetError::invalid("count", count, problem, "give a smaller count, or a lower first address"))
            }
        }
    }

    pub(super) fn from_v4(interval: Interval<u32>) -> Self {
        Self(Inner::V4(interval))
    }

    pub(super) fn from_v6(interval: Interval<u128>) -> Self {
        Self(Inner::V6(interval))
    }

    /// Returns the lowest address.
    pub fn first(&self) -> IpAddr {
        match self.0 {
            Inner::V4(i) => i.first.to_addr(),
            Inner::V6(i) => i.first.to_addr(),
        }
    }

    /// Returns the highest address.
    pub fn last(&self) -> IpAddr {
        match self.0 {
            Inner::V4(i) => i.last.to_addr(),
            Inner::V6(i) => i.last.to_addr(),
        }
    }

    /// Returns true if the addresses are IPv4.
    pub fn is_ipv4(&self) -> bool {
        matches!(self.0, Inner::V4(_))
    }

    /// Returns true if the addresses are IPv6.
    pub fn is_ipv6(&self) -> bool {
        matches!(self.0, Inner::V6(_))
    }

    /// Returns the number of addresses; `None` for all of IPv6, whose 2^128 does not fit.
    pub fn size(&self) -> Option<u128> {
        match self.0 {
            Inner::V4(i) => i.size(),
            Inner::V6(i) => i.size(),
        }
    }

    /// Returns true if the address lies in the range. An address of the other family never does.
    pub fn contains(&self, ip: IpAddr) -> bool {
        match (self.0, ip) {
            (Inner::V4(i), IpAddr::V4(ip)) => i.contains(ip.to_bits()),
            (Inner::V6(i), IpAddr::V6(ip)) => i.contains(ip.to_bits()),
            _ => false,
        }
    }

    /// Returns true if every address of the other range lies in this one.
    pub fn contains_range(&self, other: &Self) -> bool {
        match (self.0, other.0) {
            (Inner::V4(a), Inner::V4(b)) => a.covers(b),
            (Inner::V6(a), Inner::V6(b)) => a.covers(b),
            _ => false,
        }
    }

    /// Returns true if the two ranges share an address.
    pub fn overlaps(&self, other: &Self) -> bool {
        match (self.0, other.0) {
            (Inner::V4(a), Inner::V4(b)) => a.overlaps(b),
            (Inner::V6(a), Inner::V6(b)) => a.overlaps(b),
            _ => false,
        }
    }

    /// Returns the range of addresses that both have; `None` if they share none.
    ///
    /// ```
    /// use ipam_core::net::IpRange;
    ///
    /// # fn main() -> Result<(), ipam_core::net::NetError> {
    /// let (one, other): (IpRange, IpRange) = ("10.0.0.0-10.0.0.9".parse()?, "10.0.0.5-10.0.0.20".parse()?);
    /// assert_eq!(one.intersection(&other).unwrap().to_string(), "10.0.0.5-10.0.0.9");
    /// assert_eq!(one.intersection(&"10.0.1.0/24".parse()?), None);
    /// # Ok(())
    /// # }
    /// ```
    pub fn intersection(&self, other: &Self) -> Option<Self> {
        match (self.0, other.0) {
            (Inner::V4(a), Inner::V4(b)) => a.intersection(b).map(Self::from_v4),
            (Inner::V6(a), Inner::V6(b)) => a.intersection(b).map(Self::from_v6),
            _ => None,
        }
    }

    /// Returns the address at position `n`, counted from 0; `None` beyond the last address.
    ///
    /// ```
    /// use ipam_core::net::IpRange;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let range: IpRange = "10.0.0.5-10.0.0.9".parse()?;
    /// assert_eq!(range.nth(2), Some("10.0.0.7".parse()?));
    /// assert_eq!(range.nth(5), None);
    /// assert_eq!(range.position("10.0.0.7".parse()?), Some(2));
    /// # Ok(())
    /// # }
    /// ```
    pub fn nth(&self, n: u128) -> Option<IpAddr> {
        match self.0 {
            Inner::V4(i) => i.nth(n).map(Family::to_addr),
            Inner::V6(i) => i.nth(n).map(Family::to_addr),
        }
    }

    /// Returns the position of an address, counted from 0: the inverse of [`nth`](Self::nth). `None` for an address
    /// outside of the range.
    pub fn position(&self, ip: IpAddr) -> Option<u128> {
        match (self.0, ip) {
            (Inner::V4(i), IpAddr::V4(ip)) if i.contains(ip.to_bits()) => Some(u128::from(ip.to_bits() - i.first)),
            (Inner::V6(i), IpAddr::V6(ip)) if i.contains(ip.to_bits()) => Some(ip.to_bits() - i.first),
            _ => None,
        }
    }

    /// Returns an iterator over the addresses in ascending order, or from the back in descending order.
    ///
    /// Skipping with [`nth`](Iterator::nth) takes one step, whatever the distance.
    pub fn addresses(&self) -> Addresses {
        Addresses(match self.0 {
            Inner::V4(i) => ByFamily::V4(Steps::new(i)),
            Inner::V6(i) => ByFamily::V6(Steps::new(i)),
        })
    }

    /// Returns the fewest prefixes that hold exactly these addresses, in ascending order: at most 62 for IPv4 and 254
    /// for IPv6.
    ///
    /// ```
    /// use ipam_core::net::IpRange;
    ///
    /// # fn main() -> Result<(), ipam_core::net::NetError> {
    /// let range: IpRange = "10.0.0.1-10.0.0.6".parse()?;
    /// let prefixes: Vec<_> = range.prefixes().map(|net| net.to_string()).collect();
    /// assert_eq!(prefixes, ["10.0.0.1/32", "10.0.0.2/31", "10.0.0.4/31", "10.0.0.6/32"]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn prefixes(&self) -> Prefixes {
        Prefixes(match self.0 {
            Inner::V4(i) => ByFamily::V4(Cover::new(i)),
            Inner::V6(i) => ByFamily::V6(Cover::new(i)),
        })
    }

    /// Returns the prefix that holds exactly these addresses, if there is one.
    ///
    /// ```
    /// use ipam_core::net::IpRange;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// assert_eq!("10.0.0.0-10.0.0.255".parse::<IpRange>()?.to_net(), Some("10.0.0.0/24".parse()?));
    /// assert_eq!("10.0.0.1-10.0.0.255".parse::<IpRange>()?.to_net(), None);
    /// # Ok(())
    /// # }
    /// ```
    pub fn to_net(&self) -> Option<IpNet> {
        match self.0 {
            Inner::V4(i) => i.prefix_len().map(|len| i.first.to_net(len)),
            Inner::V6(i) => i.prefix_len().map(|len| i.first.to_net(len)),
        }
    }
}

/// Iterates over the addresses in ascending order, as [`addresses`](IpRange::addresses) does.
impl IntoIterator for IpRange {
    type Item = IpAddr;
    type IntoIter = Addresses;

    fn into_iter(self) -> Addresses {
        self.addresses()
    }
}

/// Iterates over the addresses in ascending order, as [`addresses`](IpRange::addresses) does.
impl IntoIterator for &IpRange {
    type Item = IpAddr;
    type IntoIter = Addresses;

    fn into_iter(self) -> Addresses {
        self.addresses()
    }
}

impl From<Ipv4Net> for IpRange {
    /// Returns the range of all addresses of the subnet, network and broadcast included; host bits are cleared.
    fn from(net: Ipv4Net) -> Self {
        Self::from_v4(Interval::prefix(net.addr().to_bits(), net.prefix_len()))
    }
}

impl From<Ipv6Net> for IpRange {
    /// Returns the range of all addresses of the subnet; host bits are cleared.
    fn from(net: Ipv6Net) -> Self {
        Self::from_v6(Interval::prefix(net.addr().to_bits(), net.prefix_len()))
    }
}

impl From<IpNet> for IpRange {
    /// Returns the range of all addresses of the subnet, network and broadcast included; host bits are cleared.
    fn from(net: IpNet) -> Self {
        match net {
            IpNet::V4(net) => net.into(),
            IpNet::V6(net) => net.into(),
        }
    }
}

impl From<Ipv4Addr> for IpRange {
    fn from(ip: Ipv4Addr) -> Self {
        Self::from_v4(Interval { first: ip.to_bits(), last: ip.to_bits() })
    }
}

impl From<Ipv6Addr> for IpRange {
    fn from(ip: Ipv6Addr) -> Self {
        Self::from_v6(Interval { first: ip.to_bits(), last: ip.to_bits() })
    }
}

impl From<IpAddr> for IpRange {
    fn from(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(ip) => ip.into(),
            IpAddr::V6(ip) => ip.into(),
        }
    }
}

impl fmt::Display for IpRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, last) = (self.first(), self.last());
        if first == last { write!(f, "{first}") } else { write!(f, "{first}-{last}") }
    }
}

impl fmt::Debug for IpRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for IpRange {
    type Err = NetError;

    fn from_str(text: &str) -> Result<Self, NetError> {
        let bad = |problem| {
            let remedy = "give an address, a prefix such as 10.0.0.0/24, or two addresses such as 10.0.0.5-10.0.0.9";
            NetError::invalid("range", text, problem, remedy)
        };
        // Neither an address nor a prefix contains a hyphen, so that the first one separates the two addresses.
        if let Some((first, last)) = text.split_once('-') {
            let first = first.trim().parse().map_err(|_| bad("the text before the hyphen is not an address"))?;
            let last = last.trim().parse().map_err(|_| bad("the text after the hyphen is not an address"))?;
            Self::new(first, last)
        } else if text.contains('/') {
            text.trim().parse::<IpNet>().map(Self::from).map_err(|_| bad("not a prefix"))
        } else {
            text.trim().parse::<IpAddr>().map(Self::from).map_err(|_| bad("not an address"))
        }
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for IpRange {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

// A visitor and not a `String`: a borrowed text is parsed without being copied, and the error says what was expected.
#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for IpRange {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl serde::de::Visitor<'_> for Text {
            type Value = IpRange;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a range of addresses such as \"10.0.0.5-10.0.0.9\"")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<IpRange, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// Value of one family or the other.
#[derive(Clone, Debug)]
pub(super) enum ByFamily<A, B> {
    V4(A),
    V6(B),
}

/// Iterator over the addresses of a range, returned by [`IpRange::addresses`].
#[derive(Clone, Debug)]
pub struct Addresses(ByFamily<Steps<u32>, Steps<u128>>);

impl Iterator for Addresses {
    type Item = IpAddr;

    #[inline]
    fn next(&mut self) -> Option<IpAddr> {
        match &mut self.0 {
            ByFamily::V4(i) => i.next().map(Family::to_addr),
            ByFamily::V6(i) => i.next().map(Family::to_addr),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.0 {
            ByFamily::V4(i) => i.size_hint(),
            ByFamily::V6(i) => i.size_hint(),
        }
    }

    #[inline]
    fn nth(&mut self, n: usize) -> Option<IpAddr> {
        match &mut self.0 {
            ByFamily::V4(i) => i.nth(n).map(Family::to_addr),
            ByFamily::V6(i) => i.nth(n).map(Family::to_addr),
        }
    }

    // The default walks to the end, which a /64 does not reach.
    fn last(mut self) -> Option<IpAddr> {
        self.next_back()
    }
}

impl DoubleEndedIterator for Addresses {
    #[inline]
    fn next_back(&mut self) -> Option<IpAddr> {
        match &mut self.0 {
            ByFamily::V4(i) => i.next_back().map(Family::to_addr),
            ByFamily::V6(i) => i.next_back().map(Family::to_addr),
        }
    }

    #[inline]
    fn nth_back(&mut self, n: usize) -> Option<IpAddr> {
        match &mut self.0 {
            ByFamily::V4(i) => i.nth_back(n).map(Family::to_addr),
            ByFamily::V6(i) => i.nth_back(n).map(Family::to_addr),
        }
    }
}

impl FusedIterator for Addresses {}

/// Iterator over the fewest prefixes that make up a range, returned by [`IpRange::prefixes`].
#[derive(Clone, Debug)]
pub struct Prefixes(ByFamily<Cover<u32>, Cover<u128>>);

impl Iterator for Prefixes {
    type Item = IpNet;

    #[inline]
    fn next(&mut self) -> Option<IpNet> {
        match &mut self.0 {
            ByFamily::V4(i) => i.next().map(|(first, len)| first.to_net(len)),
            ByFamily::V6(i) => i.next().map(|(first, len)| first.to_net(len)),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.0 {
            ByFamily::V4(i) => i.size_hint(),
            ByFamily::V6(i) => i.size_hint(),
        }
    }
}

impl FusedIterator for Prefixes {}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn range(text: &str) -> IpRange {
        text.parse().unwrap()
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn text_forms_are_read_and_written() {
        for (text, shown) in [
            ("10.0.0.5-10.0.0.9", "10.0.0.5-10.0.0.9"),
            (" 10.0.0.5 - 10.0.0.9 ", "10.0.0.5-10.0.0.9"),
            ("10.0.0.5", "10.0.0.5"),
            ("10.0.0.5-10.0.0.5", "10.0.0.5"),
            ("10.0.0.7/24", "10.0.0.0-10.0.0.255"),
            ("0.0.0.0/0", "0.0.0.0-255.255.255.255"),
            ("2001:db8::/127", "2001:db8::-2001:db8::1"),
            ("::ffff:10.0.0.1", "::ffff:10.0.0.1"),
        ] {
            assert_eq!(range(text).to_string(), shown);
            assert_eq!(range(shown), range(text));
        }
    }

    #[test]
    fn other_texts_are_refused_with_a_remedy() {
        for text in
            ["", "-", "10.0.0.9-10.0.0.5", "10.0.0.1-::1", "10.0.0.0/33", "10.0.0", "a-b", "1.1.1.1-2.2.2.2-3.3.3.3"]
        {
            let error = text.parse::<IpRange>().unwrap_err();
            assert_eq!(error.field(), "range");
            assert_eq!(error.value(), text);
            assert!(error.to_string().contains("give "), "{error}");
        }
    }

    #[test]
    fn families_do_not_meet() {
        assert!(!IpRange::IPV4.contains(ip("::1")));
        assert!(!IpRange::IPV6.contains(ip("10.0.0.1")));
        assert!(!IpRange::IPV6.overlaps(&IpRange::IPV4));
        assert!(!IpRange::IPV6.contains_range(&IpRange::IPV4));
        assert_eq!(IpRange::IPV6.intersection(&IpRange::IPV4), None);
        assert!(IpRange::IPV4 < range("::"));
    }

    #[test]
    fn the_ends_of_the_space() {
        assert_eq!(IpRange::IPV6.size(), None);
        assert_eq!(IpRange::IPV4.size(), Some(1 << 32));
        assert_eq!(range("::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff").size(), Some(u128::MAX));
        assert_eq!(IpRange::IPV6.nth(u128::MAX), Some(IpRange::IPV6.last()));
        assert_eq!(IpRange::IPV6.position(IpRange::IPV6.last()), Some(u128::MAX));
        assert_eq!(IpRange::IPV4.nth(1 << 32), None);
        assert_eq!(IpRange::IPV4.to_net(), Some("0.0.0.0/0".parse().unwrap()));
        assert_eq!(IpRange::IPV6.to_net(), Some("::/0".parse().unwrap()));
        assert_eq!(IpRange::IPV6.addresses().size_hint(), (usize::MAX, None));

        let mut top = range("255.255.255.254-255.255.255.255").addresses();
        assert_eq!(top.next(), Some(ip("255.255.255.254")));
        assert_eq!(top.next_back(), Some(ip("255.255.255.255")));
        assert_eq!((top.next(), top.next_back()), (None, None));
    }

    #[test]
    fn the_longest_cover_has_as_many_prefixes_as_documented() {
        assert_eq!(range("0.0.0.1-255.255.255.254").prefixes().count(), 62);
        assert_eq!(range("::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe").prefixes().count(), 254);
    }

    #[cfg(feature = "serde")]
    #[test]
    fn a_range_is_a_string_in_json() {
        let text = serde_json::to_string(&range("10.0.0.5-10.0.0.9")).unwrap();
        assert_eq!(text, "\"10.0.0.5-10.0.0.9\"");
        assert_eq!(serde_json::from_str::<IpRange>(&text).unwrap(), range("10.0.0.5-10.0.0.9"));
        assert!(serde_json::from_str::<IpRange>("\"10.0.0.9-10.0.0.5\"").is_err());
    }
}
