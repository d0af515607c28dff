//! Prefixes with a purpose of their own, by the registries of IANA.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::range::IpRange;

/// Prefix that a standard gives a purpose: private, documentation, multicast and so on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct SpecialPurpose {
    /// Prefix of the registry entry.
    pub prefix: IpNet,
    /// Name of the registry entry, such as `Private-Use`.
    pub name: &'static str,
    /// Document that defines the entry, such as `RFC 1918`.
    pub document: &'static str,
}

/// Returns the purpose of a prefix, range or address: the longest entry that holds all of it. `None` if there is no such
/// entry, as for ordinary unicast addresses.
///
/// The entries are those of IANA's special-purpose registries (RFC 6890), and the multicast prefixes (RFC 5771, RFC
/// 4291).
///
/// ```
/// use ipam_core::net::special_purpose;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let net: ipnet::IpNet = "10.20.0.0/16".parse()?;
/// assert_eq!(special_purpose(net).map(|found| (found.name, found.document)), Some(("Private-Use", "RFC 1918")));
/// let public: ipnet::IpNet = "8.8.8.0/24".parse()?;
/// assert_eq!(special_purpose(public), None);
/// # Ok(())
/// # }
/// ```
pub fn special_purpose(range: impl Into<IpRange>) -> Option<SpecialPurpose> {
    let range = range.into();
    // Some fifty entries: looking at each costs less than to keep an index of them.
    ENTRIES
        .iter()
        .filter(|entry| IpRange::from(entry.prefix).contains_range(&range))
        .max_by_key(|entry| entry.prefix.prefix_len())
        .copied()
}

const fn v4(octets: [u8; 4], len: u8, name: &'static str, document: &'static str) -> SpecialPurpose {
    let [a, b, c, d] = octets;
    SpecialPurpose { prefix: IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), len)), name, document }
}

/// Entry of IPv6, whose first four groups are given; the others are zero.
const fn v6(groups: [u16; 4], len: u8, name: &'static str, document: &'static str) -> SpecialPurpose {
    let [a, b, c, d] = groups;
    v6_address(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0), len, name, document)
}

const fn v6_address(address: Ipv6Addr, len: u8, name: &'static str, document: &'static str) -> SpecialPurpose {
    SpecialPurpose { prefix: IpNet::V6(Ipv6Net::new_assert(address, len)), name, document }
}

const ENTRIES: &[SpecialPurpose] = &[
    v4([0, 0, 0, 0], 8, "This network", "RFC 791"),
    v4([0, 0, 0, 0], 32, "This host on this network", "RFC 1122"),
    v4([10, 0, 0, 0], 8, "Private-Use", "RFC 1918"),
    v4([100, 64, 0, 0], 10, "Shared Address Space", "RFC 6598"),
    v4([127, 0, 0, 0], 8, "Loopback", "RFC 1122"),
    v4([169, 254, 0, 0], 16, "Link Local", "RFC 3927"),
    v4([172, 16, 0, 0], 12, "Private-Use", "RFC 1918"),
    v4([192, 0, 0, 0], 24, "IETF Protocol Assignments", "RFC 6890"),
    v4([192, 0, 0, 0], 29, "IPv4 Service Continuity Prefix", "RFC 7335"),
    v4([192, 0, 0, 8], 32, "IPv4 dummy address", "RFC 7600"),
    v4([192, 0, 0, 9], 32, "Port Control Protocol Anycast", "RFC 7723"),
    v4([192, 0, 0, 10], 32, "Traversal Using Relays around NAT Anycast", "RFC 8155"),
    v4([192, 0, 0, 170], 31, "NAT64/DNS64 Discovery", "RFC 8880"),
    v4([192, 0, 2, 0], 24, "Documentation (TEST-NET-1)", "RFC 5737"),
    v4([192, 31, 196, 0], 24, "AS112-v4", "RFC 7535"),
    v4([192, 52, 193, 0], 24, "AMT", "RFC 7450"),
    v4([192, 88, 99, 0], 24, "Deprecated (6to4 Relay Anycast)", "RFC 7526"),
    v4([192, 168, 0, 0], 16, "Private-Use", "RFC 1918"),
    v4([192, 175, 48, 0], 24, "Direct Delegation AS112 Service", "RFC 7534"),
    v4([198, 18, 0, 0], 15, "Benchmarking", "RFC 2544"),
    v4([198, 51, 100, 0], 24, "Documentation (TEST-NET-2)", "RFC 5737"),
    v4([203, 0, 113, 0], 24, "Documentation (TEST-NET-3)", "RFC 5737"),
    v4([224, 0, 0, 0], 4, "Multicast", "RFC 5771"),
    v4([240, 0, 0, 0], 4, "Reserved", "RFC 1112"),
    v4([255, 255, 255, 255], 32, "Limited Broadcast", "RFC 919"),
    v6_address(Ipv6Addr::UNSPECIFIED, 128, "Unspecified Address", "RFC 4291"),
    v6_address(Ipv6Addr::LOCALHOST, 128, "Loopback Address", "RFC 4291"),
    v6_address(Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96, "IPv4-mapped Address", "RFC 4291"),
    v6([0x64, 0xff9b, 0, 0], 96, "IPv4-IPv6 Translation", "RFC 6052"),
    v6([0x64, 0xff9b, 1, 0], 48, "IPv4-IPv6 Translation", "RFC 8215"),
    v6([0x100, 0, 0, 0], 64, "Discard-Only Address Block", "RFC 6666"),
    v6([0x100, 0, 0, 1], 64, "Dummy IPv6 Prefix", "RFC 9780"),
    v6([0x2001, 0, 0, 0], 23, "IETF Protocol Assignments", "RFC 2928"),
    v6([0x2001, 0, 0, 0], 32, "TEREDO", "RFC 4380"),
    v6_address(Ipv6Addr::new(0x2001, 1, 0, 0, 0, 0, 0, 1), 128, "Port Control Protocol Anycast", "RFC 7723"),
    v6_address(
        Ipv6Addr::new(0x2001, 1, 0, 0, 0, 0, 0, 2),
        128,
        "Traversal Using Relays around NAT Anycast",
        "RFC 8155",
    ),
    v6_address(
        Ipv6Addr::new(0x2001, 1, 0, 0, 0, 0, 0, 3),
        128,
        "DNS-SD Service Registration Protocol Anycast",
        "RFC 9665",
    ),
    v6([0x2001, 2, 0, 0], 48, "Benchmarking", "RFC 5180"),
    v6([0x2001, 3, 0, 0], 32, "AMT", "RFC 7450"),
    v6([0x2001, 4, 0x112, 0], 48, "AS112-v6", "RFC 7535"),
    v6([0x2001, 0x10, 0, 0], 28, "Deprecated (previously ORCHID)", "RFC 4843"),
    v6([0x2001, 0x20, 0, 0], 28, "ORCHIDv2", "RFC 7343"),
    v6([0x2001, 0x30, 0, 0], 28, "Drone Remote ID Protocol Entity Tags", "RFC 9374"),
    v6([0x2001, 0xdb8, 0, 0], 32, "Documentation", "RFC 3849"),
    v6([0x2002, 0, 0, 0], 16, "6to4", "RFC 3056"),
    v6([0x2620, 0x4f, 0x8000, 0], 48, "Direct Delegation AS112 Service", "RFC 7534"),
    v6([0x3fff, 0, 0, 0], 20, "Documentation", "RFC 9637"),
    v6([0x5f00, 0, 0, 0], 16, "Segment Routing (SRv6) SIDs", "RFC 9602"),
    v6([0xfc00, 0, 0, 0], 7, "Unique-Local", "RFC 4193"),
    v6([0xfe80, 0, 0, 0], 10, "Link-Local Unicast", "RFC 4291"),
    v6([0xff00, 0, 0, 0], 8, "Multicast", "RFC 4291"),
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn name(range: &str) -> Option<&'static str> {
        special_purpose(range.parse::<IpRange>().unwrap()).map(|found| found.name)
    }

    #[test]
    fn no_entry_has_host_bits_or_is_there_twice() {
        for (n, entry) in ENTRIES.iter().enumerate() {
            assert_eq!(entry.prefix, entry.prefix.trunc(), "{entry:?}");
            assert!(ENTRIES[..n].iter().all(|earlier| earlier.prefix != entry.prefix), "{entry:?}");
            assert!(entry.document.starts_with("RFC "), "{entry:?}");
        }
    }

    #[test]
    fn the_longest_entry_counts_and_must_hold_everything() {
        assert_eq!(name("0.0.0.0"), Some("This host on this network"));
        assert_eq!(name("0.0.0.1"), Some("This network"));
        assert_eq!(name("192.0.0.8"), Some("IPv4 dummy address"));
        assert_eq!(name("192.0.0.0/24"), Some("IETF Protocol Assignments"));
        assert_eq!(name("172.31.255.255"), Some("Private-Use"));
        assert_eq!(name("172.32.0.0"), None);
        assert_eq!(name("10.0.0.0/7"), None);
        assert_eq!(name("9.255.255.255-10.0.0.1"), None);
        assert_eq!(name("255.255.255.255"), Some("Limited Broadcast"));
        assert_eq!(name("2001:db8:1::/48"), Some("Documentation"));
        assert_eq!(name("2001:1::1"), Some("Port Control Protocol Anycast"));
        assert_eq!(name("2001:1::4"), Some("IETF Protocol Assignments"));
        assert_eq!(name("fd00::/8"), Some("Unique-Local"));
        assert_eq!(name("::ffff:10.0.0.1"), Some("IPv4-mapped Address"));
        assert_eq!(name("2a00::/16"), None);
    }
}
