//! Addresses as numbers, the form in which the server stores them.
//!
//! The columns hold decimal numbers as text: IPv4 up to 2^32 − 1, IPv6 above.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Returns an address as a number.
pub(super) fn of(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(v4) => u128::from(u32::from(v4)),
        IpAddr::V6(v6) => u128::from(v6),
    }
}

/// Returns the address of a number.
///
/// An IPv6 address below 2^32, such as `::1`, becomes IPv4: the column has no family, and the real server decides by
/// the size of the number, too.
pub(super) fn ip(number: u128) -> IpAddr {
    match u32::try_from(number) {
        Ok(small) => IpAddr::V4(Ipv4Addr::from(small)),
        Err(_) => IpAddr::V6(Ipv6Addr::from(number)),
    }
}

/// Returns the text form of a number.
pub(super) fn dotted(number: u128) -> String {
    ip(number).to_string()
}

pub(super) fn is_v4(number: u128) -> bool {
    number <= u128::from(u32::MAX)
}

/// Reads an address in text form or as a decimal number. Surrounding spaces are refused, as by the real server.
pub(super) fn parse(text: &str) -> Option<u128> {
    if let Ok(ip) = text.parse::<IpAddr>() {
        return Some(of(ip));
    }
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        return text.parse().ok();
    }
    None
}

/// Network: first address, prefix length and family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Net {
    pub(super) first: u128,
    pub(super) mask: u8,
    pub(super) v4: bool,
}

impl Net {
    /// Returns the network that contains an address, or `None` if the prefix length is too long for the family.
    pub(super) fn new(address: u128, mask: u8) -> Option<Self> {
        let v4 = is_v4(address);
        if mask > if v4 { 32 } else { 128 } {
            return None;
        }
        let mut net = Self { first: address, mask, v4 };
        net.first = address & !net.host_bits();
        Some(net)
    }

    fn width(self) -> u8 {
        if self.v4 { 32 } else { 128 }
    }

    /// Returns the mask of the host part: all ones.
    pub(super) fn host_bits(self) -> u128 {
        let bits = u32::from(self.width() - self.mask);
        // A shift by 128 would overflow.
        if bits == 0 { 0 } else { u128::MAX >> (128 - bits) }
    }

    pub(super) fn last(self) -> u128 {
        self.first | self.host_bits()
    }

    pub(super) fn contains(self, address: u128) -> bool {
        is_v4(address) == self.v4 && self.first <= address && address <= self.last()
    }

    pub(super) fn covers(self, other: Self) -> bool {
        self.v4 == other.v4 && self.mask <= other.mask && self.contains(other.first)
    }

    pub(super) fn overlaps(self, other: Self) -> bool {
        self.covers(other) || other.covers(self)
    }

    /// Returns the first and last address that may be allocated.
    ///
    /// All addresses of IPv6 subnets, pools, /31 and /32 may; other IPv4 subnets leave out network and broadcast.
    pub(super) fn usable(self, pool: bool) -> (u128, u128) {
        // Q67: from 1.5.0 on IPv6 subnets give the zero address first, although it is the anycast address of the
        // routers (RFC 4291), and `isPool` subnets give network and broadcast. 1.3.2 and 1.4.7 began at ::1.
        if self.v4 && !pool && self.mask < 31 { (self.first + 1, self.last() - 1) } else { (self.first, self.last()) }
    }

    /// Returns the number of addresses as text. `::/0` has 2^128, one more than a `u128` holds.
    pub(super) fn size_text(self) -> String {
        match self.host_bits().checked_add(1) {
            Some(size) => size.to_string(),
            None => "340282366920938463463374607431768211456".to_owned(),
        }
    }

    pub(super) fn cidr(self) -> String {
        format!("{}/{}", dotted(self.first), self.mask)
    }

    /// Returns the first child prefix of length `mask`, and the distance from one child to the next.
    ///
    /// `None` if the length does not fit, or if the only child is `::/0`.
    pub(super) fn children(self, mask: u8) -> Option<(Self, u128)> {
        let child = Self { first: self.first, mask, v4: self.v4 };
        if mask < self.mask || mask > self.width() {
            return None;
        }
        child.host_bits().checked_add(1).map(|step| (child, step))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn usable_addresses_follow_the_servers_rules() {
        let net = |text: &str, mask| Net::new(parse(text).unwrap(), mask).unwrap();
        let usable = |n: Net, pool| {
            let (a, b) = n.usable(pool);
            (dotted(a), dotted(b))
        };
        assert_eq!(usable(net("10.0.0.0", 30), false), ("10.0.0.1".into(), "10.0.0.2".into()));
        assert_eq!(usable(net("10.0.0.0", 30), true), ("10.0.0.0".into(), "10.0.0.3".into()));
        assert_eq!(usable(net("10.0.0.4", 31), false), ("10.0.0.4".into(), "10.0.0.5".into()));
        assert_eq!(usable(net("10.0.0.6", 32), false), ("10.0.0.6".into(), "10.0.0.6".into()));
        assert_eq!(usable(net("2001:db8::", 126), false), ("2001:db8::".into(), "2001:db8::3".into()));
    }

    #[test]
    fn decimal_and_text_forms_are_the_same_number() {
        assert_eq!(parse("169083146"), parse("10.20.1.10"));
        assert_eq!(parse("10.20.1.999"), None);
        assert_eq!(parse(" 10.20.1.9 "), None);
        assert_eq!(dotted(parse("2001:0DB8:0020:0001::B").unwrap()), "2001:db8:20:1::b");
    }
}
