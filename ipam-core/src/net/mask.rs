//! Netmasks and wildcard masks.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use super::bits::Bits;
use super::error::NetError;

/// Returns the netmask of a prefix: `255.255.255.0` for a `/24`.
///
/// ```
/// use ipam_core::net::{netmask, prefix_len_of_netmask};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// assert_eq!(netmask("10.0.0.0/20".parse()?), "255.255.240.0".parse::<std::net::IpAddr>()?);
/// assert_eq!(prefix_len_of_netmask("255.255.240.0".parse()?)?, 20);
/// # Ok(())
/// # }
/// ```
pub fn netmask(net: IpNet) -> IpAddr {
    net.netmask()
}

/// Returns the wildcard mask of a prefix, as access lists use it: `0.0.0.255` for a `/24`.
///
/// ```
/// use ipam_core::net::{prefix_len_of_wildcard, wildcard};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// assert_eq!(wildcard("10.0.0.0/20".parse()?), "0.0.15.255".parse::<std::net::IpAddr>()?);
/// assert_eq!(prefix_len_of_wildcard("0.0.15.255".parse()?)?, 20);
/// # Ok(())
/// # }
/// ```
pub fn wildcard(net: IpNet) -> IpAddr {
    net.hostmask()
}

/// Returns the prefix length of a netmask: 24 for `255.255.255.0`.
///
/// # Errors
/// [`InvalidInput`](super::NetErrorKind::InvalidInput) if a one bit follows a zero bit. The remedy then says whether
/// the value is a wildcard mask.
pub fn prefix_len_of_netmask(mask: IpAddr) -> Result<u8, NetError> {
    by_family(mask, ones_then_zeros, ones_then_zeros).ok_or_else(|| {
        let remedy = if prefix_len_of_wildcard(mask).is_ok() {
            "this is a wildcard mask; give the netmask"
        } else {
            "give a mask such as 255.255.255.0"
        };
        NetError::invalid("netmask", mask, "the ones are not all on the left", remedy)
    })
}

/// Returns the prefix length of a wildcard mask: 24 for `0.0.0.255`.
///
/// # Errors
/// [`InvalidInput`](super::NetErrorKind::InvalidInput) if a zero bit follows a one bit.
pub fn prefix_len_of_wildcard(mask: IpAddr) -> Result<u8, NetError> {
    by_family(mask, |bits| ones_then_zeros(!bits), |bits| ones_then_zeros(!bits)).ok_or_else(|| {
        let problem = "the ones are not all on the right";
        NetError::invalid("wildcard", mask, problem, "give a mask such as 0.0.0.255")
    })
}

/// Parses a prefix: `10.0.0.0/24`, `10.0.0.0/255.255.255.0`, or an address alone, which is a `/32` or `/128`.
///
/// Host bits are cleared. The mask after the slash is always read as a netmask, so that `/0.0.0.0` is `/0`; a wildcard
/// mask such as `/0.0.0.255` is refused.
///
/// ```
/// use ipam_core::net::parse_net;
///
/// assert_eq!(parse_net("192.0.2.7/255.255.255.0").unwrap().to_string(), "192.0.2.0/24");
/// assert_eq!(parse_net("192.0.2.7").unwrap().to_string(), "192.0.2.7/32");
/// assert_eq!(parse_net("10.0.0.0/0.0.0.255").unwrap_err().remedy(), "this is a wildcard mask; give the netmask");
/// ```
///
/// # Errors
/// [`InvalidInput`](super::NetErrorKind::InvalidInput) if the text has none of these forms, the prefix length is too
/// long, or the mask is of the other family or not a netmask.
pub fn parse_net(text: &str) -> Result<IpNet, NetError> {
    parse_interface(text).map(|net| net.trunc())
}

/// Parses the address of an interface with its prefix length or netmask, and keeps the host bits. The forms are those of
/// [`parse_net`].
///
/// ```
/// let interface = ipam_core::net::parse_interface("192.0.2.7/255.255.255.0").unwrap();
/// assert_eq!((interface.addr().to_string(), interface.prefix_len()), ("192.0.2.7".into(), 24));
/// ```
///
/// # Errors
/// [`InvalidInput`](super::NetErrorKind::InvalidInput) if the text has none of these forms, the prefix length is too
/// long, or the mask is of the other family or not a netmask.
pub fn parse_interface(text: &str) -> Result<IpNet, NetError> {
    let bad =
        |problem| NetError::invalid("prefix", text, problem, "give one such as 10.0.0.0/24 or 10.0.0.0/255.255.255.0");
    let (addr, mask) = match text.trim().split_once('/') {
        Some((addr, mask)) => (addr, Some(mask)),
        None => (text.trim(), None),
    };
    let addr: IpAddr = addr.parse().map_err(|_| bad("the text before the slash is not an address"))?;
    let Some(mask) = mask else {
        return Ok(addr.into());
    };
    // Only digits make a prefix length: `u8::from_str` would also accept "+24".
    let len = if mask.bytes().all(|byte| byte.is_ascii_digit()) {
        mask.parse().map_err(|_| bad("the text after the slash is not a prefix length"))?
    } else {
        let mask: IpAddr =
            mask.parse().map_err(|_| bad("the text after the slash is not a prefix length or netmask"))?;
        if mask.is_ipv4() != addr.is_ipv4() {
            return Err(bad("the address and the netmask are of different families"));
        }
        prefix_len_of_netmask(mask)?
    };
    IpNet::new(addr, len).map_err(|_| bad("the prefix length is longer than an address"))
}

fn by_family(mask: IpAddr, v4: impl Fn(u32) -> Option<u8>, v6: impl Fn(u128) -> Option<u8>) -> Option<u8> {
    match mask {
        IpAddr::V4(mask) => v4(Ipv4Addr::to_bits(mask)),
        IpAddr::V6(mask) => v6(Ipv6Addr::to_bits(mask)),
    }
}

/// Returns the number of ones, if all of them are on the left.
pub(super) fn ones_then_zeros<B: Bits>(mask: B) -> Option<u8> {
    // Inverted, because `Bits` counts leading zeros only; what is left after them must be all ones.
    let ones = (!mask).leading_zeros();
    (!mask == B::low_ones(B::WIDTH - ones)).then_some(ones)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn every_length_has_its_masks_and_back() {
        for (zero, most) in [("0.0.0.0", 32), ("::", 128)] {
            for len in 0..=most {
                let net = IpNet::new(ip(zero), len).unwrap();
                assert_eq!(prefix_len_of_netmask(netmask(net)), Ok(len));
                assert_eq!(prefix_len_of_wildcard(wildcard(net)), Ok(len));
            }
        }
    }

    #[test]
    fn every_8_bit_mask_is_classified_as_its_text_says() {
        for mask in 0..=u8::MAX {
            let text = format!("{mask:08b}");
            let expected = (!text.contains("01")).then(|| u8::try_from(text.matches('1').count()).unwrap());
            assert_eq!(ones_then_zeros(mask), expected, "{text}");
        }
    }

    #[test]
    fn a_mask_with_holes_is_refused_and_a_wildcard_is_named() {
        let error = prefix_len_of_netmask(ip("255.0.255.0")).unwrap_err();
        assert_eq!((error.field(), error.value()), ("netmask", "255.0.255.0"));
        assert!(!error.remedy().contains("wildcard"));
        assert!(prefix_len_of_netmask(ip("0.0.0.255")).unwrap_err().remedy().contains("wildcard"));
        assert_eq!(prefix_len_of_wildcard(ip("255.255.255.0")).unwrap_err().field(), "wildcard");
    }

    #[test]
    fn prefixes_are_read_in_all_spellings() {
        for (text, net) in [
            ("10.0.0.7/24", "10.0.0.0/24"),
            (" 10.0.0.7/255.255.255.0 ", "10.0.0.0/24"),
            ("10.0.0.7", "10.0.0.7/32"),
            ("10.0.0.7/0.0.0.0", "0.0.0.0/0"),
            ("2001:db8::1/ffff:ffff::", "2001:db8::/32"),
            ("::/0", "::/0"),
        ] {
            assert_eq!(parse_net(text), Ok(net.parse().unwrap()), "{text}");
        }
        for text in [
            "",
            "/24",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.0/+24",
            "10.0.0.0/ffff::",
            "10.0.0.0/0.0.0.255",
            "10.0.0.0/256",
        ] {
            assert!(parse_net(text).is_err(), "{text}");
            assert!(parse_interface(text).is_err(), "{text}");
        }
    }
}
