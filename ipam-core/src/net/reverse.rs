//! Names of reverse DNS: `in-addr.arpa` (RFC 1035, RFC 2317) and `ip6.arpa` (RFC 3596).

use std::iter::FusedIterator;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::error::NetError;
use super::split::{Subnets, subnets};

const V4: &str = "in-addr.arpa";
const V6: &str = "ip6.arpa";

/// Returns the name of the PTR record of an address, without a trailing dot.
///
/// ```
/// let name = |ip: &str| ipam_core::net::reverse_name(ip.parse().unwrap());
/// assert_eq!(name("192.0.2.5"), "5.2.0.192.in-addr.arpa");
/// assert!(name("2001:db8::5").starts_with("5.0.0.0."));
/// ```
pub fn reverse_name(ip: IpAddr) -> String {
    name(ip.into())
}

/// Returns an iterator over the reverse zones of a prefix, in ascending order, without a trailing dot.
///
/// The zones hold the PTR records of all addresses of the prefix:
///
/// - A prefix on a label boundary (`/8`, `/16`, `/24`, `/32`; every fourth bit of IPv6) is one zone.
/// - An IPv4 prefix longer than `/24` is one zone delegated by RFC 2317, such as `64/26.2.0.192.in-addr.arpa`. The zone
///   of the `/24` has a CNAME into it for each address.
/// - Any other prefix is several zones of the next boundary: 4 for a `/22`, at most 128, or 8 for IPv6.
///
/// ```
/// let zones = |net: &str| ipam_core::net::reverse_zones(net.parse().unwrap()).collect::<Vec<_>>();
/// assert_eq!(zones("192.0.2.0/24"), ["2.0.192.in-addr.arpa"]);
/// assert_eq!(zones("192.0.2.64/26"), ["64/26.2.0.192.in-addr.arpa"]);
/// assert_eq!(zones("10.0.2.0/23"), ["2.0.10.in-addr.arpa", "3.0.10.in-addr.arpa"]);
/// assert_eq!(zones("2001:db8::/32"), ["8.b.d.0.1.0.0.2.ip6.arpa"]);
/// ```
pub fn reverse_zones(net: IpNet) -> ReverseZones {
    let own = net.prefix_len();
    let boundary = match net {
        // Longer than /24: a zone of its own by RFC 2317, named by the prefix itself.
        IpNet::V4(_) if own > 24 => own,
        IpNet::V4(_) => own.next_multiple_of(8),
        IpNet::V6(_) => own.next_multiple_of(4),
    };
    // The boundary lies between the length of the prefix and the longest length, so that `subnets` does not fail.
    ReverseZones(subnets(net, boundary).ok())
}

/// Iterator over the reverse zones of a prefix, returned by [`reverse_zones`].
#[derive(Clone, Debug)]
pub struct ReverseZones(Option<Subnets>);

impl Iterator for ReverseZones {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        self.0.as_mut()?.next().map(name)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.as_ref().map_or((0, Some(0)), Iterator::size_hint)
    }
}

impl FusedIterator for ReverseZones {}

/// Returns the name of a prefix on a label boundary, or of a classless IPv4 prefix.
fn name(net: IpNet) -> String {
    let mut labels = String::new();
    match net {
        IpNet::V4(net) => {
            let octets = net.network().octets();
            let (whole, rest) = (usize::from(net.prefix_len() / 8), net.prefix_len() % 8);
            if rest > 0 {
                labels.push_str(&format!("{}/{}.", octets[whole], net.prefix_len()));
            }
            octets[..whole].iter().rev().for_each(|octet| labels.push_str(&format!("{octet}.")));
            labels + V4
        }
        IpNet::V6(net) => {
            // One label for each hexadecimal digit of the prefix, the last digit first (RFC 3596, 2.5).
            let bits = net.network().to_bits();
            (32 - net.prefix_len() / 4..32).for_each(|n| {
                let digit = (bits >> (4 * u32::from(n))) & 0xf;
                labels.push_str(&format!("{digit:x}."));
            });
            labels + V6
        }
    }
}

/// Parses a reverse name and returns its prefix: a `/32` or `/128` for the name of an address.
///
/// Case and a trailing dot are ignored. Zones of RFC 2317 are accepted in the form `64/26.2.0.192.in-addr.arpa` and in
/// the common form `64-127.2.0.192.in-addr.arpa` (first and last address), and so are names of addresses in them,
/// `70.64/26.2.0.192.in-addr.arpa`.
///
/// ```
/// let net = ipam_core::net::parse_reverse("2.0.192.IN-ADDR.ARPA.").unwrap();
/// assert_eq!(net.to_string(), "192.0.2.0/24");
/// ```
///
/// # Errors
/// [`InvalidInput`](super::NetErrorKind::InvalidInput) if the name is not under `in-addr.arpa` or `ip6.arpa`, has too
/// many labels or a label that is not part of an address, or names an address outside of its classless zone.
pub fn parse_reverse(name: &str) -> Result<IpNet, NetError> {
    let lower = name.to_ascii_lowercase();
    let plain = lower.strip_suffix('.').unwrap_or(&lower);
    let net = if let Some(labels) = under(plain, V4) {
        parse_v4(labels).map(IpNet::V4)
    } else if let Some(labels) = under(plain, V6) {
        parse_v6(labels).map(IpNet::V6)
    } else {
        Err("not under in-addr.arpa or ip6.arpa")
    };
    net.map_err(|problem| {
        let remedy =
            "give a name such as 5.2.0.192.in-addr.arpa, 64/26.2.0.192.in-addr.arpa or 8.b.d.0.1.0.0.2.ip6.arpa";
        NetError::invalid("reverse name", name, problem, remedy)
    })
}

/// Returns the labels before the domain; `None` for a name that is not under it.
fn under<'a>(name: &'a str, domain: &str) -> Option<&'a str> {
    let labels = name.strip_suffix(domain)?;
    if labels.is_empty() { Some("") } else { labels.strip_suffix('.').filter(|labels| !labels.is_empty()) }
}

fn parse_v4(labels: &str) -> Result<Ipv4Net, &'static str> {
    let (mut octets, mut known) = ([0_u8; 4], 0_u8);
    let mut zone: Option<Ipv4Net> = None;
    // From the right, where the first octet is. An empty text has one empty label, which is filtered out.
    for label in labels.split('.').rev().filter(|_| !labels.is_empty()) {
        let place = octets.get_mut(usize::from(known)).ok_or("more than four numbers")?;
        match decimal(label) {
            Some(octet) => {
                *place = octet;
                known += 1;
            }
            None if known == 3 && zone.is_none() => {
                zone = Some(classless(label, octets).ok_or("not the first address and length of a classless zone")?);
            }
            None => return Err("a label is not a number from 0 to 255"),
        }
    }
    let net = Ipv4Net::new_assert(Ipv4Addr::from(octets), known * 8);
    // With three octets the name is that of the classless zone; a fourth one is an address in it.
    match zone {
        Some(zone) if known == 3 => Ok(zone),
        Some(zone) if !zone.contains(&net) => Err("the classless zone does not hold this address"),
        _ => Ok(net),
    }
}

/// Parses the label of a classless zone, `64/26` or `64-127`, in the `/24` of these octets.
fn classless(label: &str, mut octets: [u8; 4]) -> Option<Ipv4Net> {
    let (first, len) = if let Some((first, len)) = label.split_once('/') {
        (decimal(first)?, decimal(len)?)
    } else {
        let (first, last) = label.split_once('-')?;
        let (first, last) = (decimal(first)?, decimal(last)?);
        let span = last.checked_sub(first)?;
        // The span of a prefix is all ones; `span & (span + 1)` is zero only for such numbers.
        (first, 32 - u8::try_from(span.trailing_ones()).ok().filter(|_| span & span.wrapping_add(1) == 0)?)
    };
    octets[3] = first;
    let net = Ipv4Net::new(Ipv4Addr::from(octets), len).ok()?;
    ((24..32).contains(&len) && net.network() == net.addr()).then_some(net)
}

/// Parses a number up to 255 without leading zeros.
// `010` would be 8 to a reader of octal and 10 to another; `u8::from_str` would also accept `+1`.
fn decimal(label: &str) -> Option<u8> {
    let plain = label.bytes().all(|byte| byte.is_ascii_digit()) && (label == "0" || !label.starts_with('0'));
    label.parse().ok().filter(|_| plain)
}

fn parse_v6(labels: &str) -> Result<Ipv6Net, &'static str> {
    let (mut bits, mut len) = (0_u128, 0_u8);
    for label in labels.split('.').rev().filter(|_| !labels.is_empty()) {
        let mut digits = label.chars();
        let digit = digits.next().and_then(|digit| digit.to_digit(16)).filter(|_| digits.next().is_none());
        let digit = digit.ok_or("a label is not one hexadecimal digit")?;
        if len == 128 {
            return Err("more than 32 digits");
        }
        len += 4;
        bits |= u128::from(digit) << (128 - u32::from(len));
    }
    Ok(Ipv6Net::new_assert(Ipv6Addr::from_bits(bits), len))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn zones(net: &str) -> Vec<String> {
        reverse_zones(net.parse().unwrap()).collect()
    }

    #[test]
    fn names_of_addresses() {
        assert_eq!(reverse_name("0.0.0.0".parse().unwrap()), "0.0.0.0.in-addr.arpa");
        assert_eq!(reverse_name("255.1.2.3".parse().unwrap()), "3.2.1.255.in-addr.arpa");
        // The example of RFC 3596, 2.5.
        let name = "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.ip6.arpa";
        assert_eq!(reverse_name("4321:0:1:2:3:4:567:89ab".parse().unwrap()), name);
    }

    #[test]
    fn a_prefix_off_the_boundary_has_several_zones() {
        assert_eq!(zones("0.0.0.0/0"), ["in-addr.arpa"]);
        assert_eq!(zones("::/0"), ["ip6.arpa"]);
        assert_eq!(zones("128.0.0.0/1").len(), 128);
        assert_eq!(zones("128.0.0.0/1")[127], "255.in-addr.arpa");
        assert_eq!(zones("2001:db8::/33"), (0..8).map(|n| format!("{n}.8.b.d.0.1.0.0.2.ip6.arpa")).collect::<Vec<_>>());
    }

    #[test]
    fn zones_of_rfc_2317() {
        // The zones of RFC 2317, section 4, and the ends of the space.
        assert_eq!(zones("192.0.2.0/25"), ["0/25.2.0.192.in-addr.arpa"]);
        assert_eq!(zones("192.0.2.200/26"), ["192/26.2.0.192.in-addr.arpa"]);
        assert_eq!(zones("255.255.255.254/31"), ["254/31.255.255.255.in-addr.arpa"]);
        assert_eq!(zones("192.0.2.9/32"), ["9.2.0.192.in-addr.arpa"]);
        for (name, net) in [
            ("0/25.2.0.192.in-addr.arpa", "192.0.2.0/25"),
            ("64-127.2.0.192.in-addr.arpa", "192.0.2.64/26"),
            ("70.64/26.2.0.192.in-addr.arpa", "192.0.2.70/32"),
            ("0-255.2.0.192.in-addr.arpa", "192.0.2.0/24"),
        ] {
            assert_eq!(parse_reverse(name), Ok(net.parse().unwrap()), "{name}");
        }
    }

    #[test]
    fn every_name_is_read_back() {
        for net in ["10.0.0.0/8", "10.1.0.0/16", "192.0.2.0/24", "192.0.2.128/27", "192.0.2.7/32", "0.0.0.0/0"] {
            let net: IpNet = net.parse().unwrap();
            assert_eq!(parse_reverse(&name(net)), Ok(net));
        }
        for len in (0..=128).step_by(4) {
            let net = IpNet::new("2001:db8:fedc:ba98:7654:3210:1:f".parse().unwrap(), len).unwrap().trunc();
            assert_eq!(parse_reverse(&name(net)), Ok(net));
        }
    }

    #[test]
    fn other_names_are_refused() {
        for name in [
            "",
            "example.com",
            "xin-addr.arpa",
            ".in-addr.arpa",
            "1..2.in-addr.arpa",
            "256.in-addr.arpa",
            "01.in-addr.arpa",
            "+1.in-addr.arpa",
            "1.2.3.4.5.in-addr.arpa",
            "0/23.2.0.192.in-addr.arpa",
            "1/25.2.0.192.in-addr.arpa",
            "0/32.2.0.192.in-addr.arpa",
            "0-100.2.0.192.in-addr.arpa",
            "127-64.2.0.192.in-addr.arpa",
            "5.64/26.2.0.192.in-addr.arpa",
            "0/25.0.192.in-addr.arpa",
            "10.ip6.arpa",
            "g.ip6.arpa",
            "é.ip6.arpa",
        ] {
            assert!(parse_reverse(name).is_err(), "{name}");
        }
        assert!(parse_reverse(&format!("{}ip6.arpa", "0.".repeat(33))).is_err());
    }
}
