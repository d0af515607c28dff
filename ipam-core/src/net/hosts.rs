//! Usable host addresses of a subnet.

use ipnet::IpNet;

use super::bits::Interval;
use super::range::{Inner, IpRange};

/// Rule for the addresses of a subnet that may be handed out.
///
/// ```
/// use ipam_core::net::{HostPolicy, hosts};
///
/// let link = "10.0.0.0/30".parse().unwrap();
/// assert_eq!(hosts(link, HostPolicy::Hosts).size(), Some(2));
/// assert_eq!(hosts(link, HostPolicy::All).size(), Some(4));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "lowercase"))]
pub enum HostPolicy {
    /// Host addresses of the subnet. The default.
    ///
    /// - IPv4: all but the network address and the broadcast address. A `/31` is a point-to-point link and keeps both
    ///   (RFC 3021); a `/32` keeps its one.
    /// - IPv6: all but the lowest, the subnet-router anycast address (RFC 4291, 2.6.1). A `/127` is a point-to-point
    ///   link and keeps both (RFC 6164); a `/128` keeps its one.
    #[default]
    Hosts,
    /// Every address. For a prefix that is a pool, such as of NAT or tunnel addresses, and not a subnet with hosts.
    All,
}

/// Returns the addresses of `net` that may be handed out under `policy`: always at least one. Host bits of `net` are
/// cleared first.
///
/// ```
/// use ipam_core::net::{HostPolicy, hosts};
/// let range = |net: &str, policy| hosts(net.parse().unwrap(), policy).to_string();
/// assert_eq!(range("10.0.0.0/24", HostPolicy::Hosts), "10.0.0.1-10.0.0.254");
/// assert_eq!(range("10.0.0.0/31", HostPolicy::Hosts), "10.0.0.0-10.0.0.1");
/// assert_eq!(range("2001:db8::/126", HostPolicy::Hosts), "2001:db8::1-2001:db8::3");
/// assert_eq!(range("10.0.0.0/24", HostPolicy::All), "10.0.0.0-10.0.0.255");
/// ```
pub fn hosts(net: IpNet, policy: HostPolicy) -> IpRange {
    let whole = IpRange::from(net);
    if policy == HostPolicy::All {
        return whole;
    }
    // Two addresses or one are kept as they are, so that neither end can be moved past the other.
    match whole.0 {
        Inner::V4(i) if i.last - i.first > 1 => IpRange::from_v4(Interval { first: i.first + 1, last: i.last - 1 }),
        // IPv6 has no broadcast address: the highest address is a host's like any other.
        Inner::V6(i) if i.last - i.first > 1 => IpRange::from_v6(Interval { first: i.first + 1, last: i.last }),
        _ => whole,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn usable(net: &str) -> String {
        hosts(net.parse().unwrap(), HostPolicy::Hosts).to_string()
    }

    #[test]
    fn every_boundary_length_of_ipv4() {
        assert_eq!(usable("0.0.0.0/0"), "0.0.0.1-255.255.255.254");
        assert_eq!(usable("192.0.2.77/24"), "192.0.2.1-192.0.2.254");
        assert_eq!(usable("192.0.2.4/30"), "192.0.2.5-192.0.2.6");
        assert_eq!(usable("255.255.255.254/31"), "255.255.255.254-255.255.255.255");
        assert_eq!(usable("255.255.255.254/32"), "255.255.255.254");
    }

    #[test]
    fn every_boundary_length_of_ipv6() {
        assert_eq!(usable("::/0"), "::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
        assert_eq!(usable("2001:db8::7/64"), "2001:db8::1-2001:db8::ffff:ffff:ffff:ffff");
        assert_eq!(usable("2001:db8::/126"), "2001:db8::1-2001:db8::3");
        assert_eq!(usable("2001:db8::/127"), "2001:db8::-2001:db8::1");
        assert_eq!(usable("2001:db8::/128"), "2001:db8::");
    }

    #[test]
    fn a_pool_keeps_everything() {
        for net in ["0.0.0.0/0", "10.0.0.9/24", "10.0.0.0/32", "::/0", "2001:db8::/126"] {
            let net: IpNet = net.parse().unwrap();
            assert_eq!(hosts(net, HostPolicy::All), IpRange::from(net));
        }
    }
}
