//! Echo requests and replies of ICMP and ICMPv6. Pure.

/// Length of a request: the header and the token.
pub(super) const LENGTH: usize = 16;

/// Fields by which a reply is matched with its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Echo {
    /// Identifier. The kernel replaces it in datagram sockets.
    pub(super) id: u16,
    /// Sequence number.
    pub(super) sequence: u16,
    /// First eight bytes of the payload, which a host sends back unchanged.
    pub(super) token: u64,
}

/// Version of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    V4,
    V6,
}

/// Returns an echo request.
pub(super) fn request(version: Version, echo: Echo) -> [u8; LENGTH] {
    let kind = match version {
        Version::V4 => 8,
        Version::V6 => 128,
    };
    let mut packet = packet(kind, echo);
    // The checksum of ICMPv6 covers the addresses; the kernel computes it.
    if version == Version::V4 {
        let [high, low] = checksum(&packet).to_be_bytes();
        (packet[2], packet[3]) = (high, low);
    }
    packet
}

/// Returns the fields of an echo reply; `None` for any other packet.
///
/// A raw IPv4 socket delivers the header of IP, too; a datagram socket and IPv6 do not.
pub(super) fn reply(version: Version, packet: &[u8]) -> Option<Echo> {
    let (kind, packet) = match version {
        Version::V4 => (0, without_ip_header(packet)?),
        Version::V6 => (129, packet),
    };
    let (header, payload) = packet.split_first_chunk::<8>()?;
    let [found, code, _, _, id_high, id_low, sequence_high, sequence_low] = *header;
    if found != kind || code != 0 {
        return None;
    }
    Some(Echo {
        id: u16::from_be_bytes([id_high, id_low]),
        sequence: u16::from_be_bytes([sequence_high, sequence_low]),
        token: u64::from_be_bytes(*payload.first_chunk()?),
    })
}

fn packet(kind: u8, echo: Echo) -> [u8; LENGTH] {
    let [id_high, id_low] = echo.id.to_be_bytes();
    let [sequence_high, sequence_low] = echo.sequence.to_be_bytes();
    let [a, b, c, d, e, f, g, h] = echo.token.to_be_bytes();
    [kind, 0, 0, 0, id_high, id_low, sequence_high, sequence_low, a, b, c, d, e, f, g, h]
}

/// Returns the packet behind a header of IPv4, if it has one. No ICMP type begins with the digit of the version.
fn without_ip_header(packet: &[u8]) -> Option<&[u8]> {
    let first = *packet.first()?;
    if first >> 4 != 4 {
        return Some(packet);
    }
    let length = usize::from(first & 0x0f) * 4;
    if length < 20 { None } else { packet.get(length..) }
}

/// Returns the Internet checksum (RFC 1071).
fn checksum(packet: &[u8]) -> u16 {
    let sum: u32 = packet
        .chunks(2)
        .map(|pair| u32::from(pair.first().copied().unwrap_or(0)) << 8 | u32::from(pair.get(1).copied().unwrap_or(0)))
        .sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    let folded = (folded & 0xffff) + (folded >> 16);
    !u16::try_from(folded).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use proptest::prelude::*;

    use super::*;

    const ECHO: Echo = Echo { id: 0x1234, sequence: 7, token: 0x0102_0304_0506_0708 };

    #[test]
    fn the_checksum_of_a_request_makes_its_sum_zero() {
        let packet = request(Version::V4, ECHO);
        assert_eq!(checksum(&packet), 0);
        assert_eq!(packet[0], 8);
        let packet = request(Version::V6, ECHO);
        assert_eq!((packet[0], packet[2], packet[3]), (128, 0, 0));
    }

    #[test]
    fn only_an_echo_reply_is_one() {
        for (version, kind) in [(Version::V4, 0), (Version::V6, 129)] {
            assert_eq!(reply(version, &packet(kind, ECHO)), Some(ECHO));
            assert_eq!(
                reply(version, &request(version, ECHO)),
                None,
                "a request, as this machine's own sockets see it"
            );
            for other in (0..=255).filter(|other| *other != kind) {
                assert_eq!(reply(version, &packet(other, ECHO)), None, "type {other}");
            }
            let mut coded = packet(kind, ECHO);
            coded[1] = 1;
            assert_eq!(reply(version, &coded), None);
            assert_eq!(reply(version, &packet(kind, ECHO)[..15]), None, "cut off");
        }
    }

    #[test]
    fn the_request_within_a_routers_complaint_is_no_reply() {
        let mut complaint = vec![3, 1, 0, 0, 0, 0, 0, 0, 0x45];
        complaint.extend([0; 19]);
        complaint.extend(packet(0, ECHO));
        assert_eq!(reply(Version::V4, &complaint), None);
    }

    #[test]
    fn a_header_of_ip_is_skipped_with_its_options() {
        for words in 5..=15_u8 {
            let mut raw = vec![0x40 | words];
            raw.resize(usize::from(words) * 4, 0xff);
            raw.extend(packet(0, ECHO));
            assert_eq!(reply(Version::V4, &raw), Some(ECHO));
        }
        for words in 0..5_u8 {
            let mut raw = vec![0x40 | words];
            raw.extend([0; 60]);
            assert_eq!(reply(Version::V4, &raw), None, "a header of {words} words is none");
        }
    }

    proptest! {
        #[test]
        fn no_packet_makes_the_reader_panic(packet in prop::collection::vec(any::<u8>(), 0..120), six in any::<bool>()) {
            let _ = reply(if six { Version::V6 } else { Version::V4 }, &packet);
        }

        #[test]
        fn fields_come_back_as_they_were(id in any::<u16>(), sequence in any::<u16>(), token in any::<u64>()) {
            let echo = Echo { id, sequence, token };
            let sent = request(Version::V4, echo);
            prop_assert_eq!(checksum(&sent), 0);
            prop_assert_eq!(reply(Version::V4, &packet(0, echo)), Some(echo));
            prop_assert_eq!(reply(Version::V6, &packet(129, echo)), Some(echo));
        }
    }
}
