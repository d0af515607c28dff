//! Messages of netlink that carry the neighbour table (`man 7 rtnetlink`). Pure; all numbers are in the machine's byte order.
//!
//! By hand, because it is one request and three attributes; a netlink library would bring in some thirty crates.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use ipam_core::MacAddr;

const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const RTM_NEWNEIGH: u16 = 28;
const RTM_GETNEIGH: u16 = 30;
const NLM_F_REQUEST: u16 = 1;
const NLM_F_DUMP_INTR: u16 = 0x10;
const NLM_F_DUMP: u16 = 0x300;
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;

const NUD_INCOMPLETE: u16 = 0x01;
const NUD_REACHABLE: u16 = 0x02;
const NUD_FAILED: u16 = 0x20;
const NUD_NOARP: u16 = 0x40;
const NUD_PERMANENT: u16 = 0x80;
const NDA_DST: u16 = 1;
const NDA_LLADDR: u16 = 2;
const NDA_CACHEINFO: u16 = 3;

/// Length of the header of a message.
const HEADER: usize = 16;
/// Length of the fixed part of a neighbour.
const NEIGHBOUR: usize = 12;
/// Clock ticks a second in what the kernel reports (`USER_HZ`), the same on every architecture but one.
const TICKS: u64 = 100;

/// Entry of the neighbour table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::scan::probe) struct Neighbour {
    pub(in crate::scan::probe) address: IpAddr,
    pub(in crate::scan::probe) state: State,
}

/// State of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::scan::probe) enum State {
    /// The host has replied, so long ago.
    Reachable(MacAddr, Duration),
    /// The MAC address is known, and whether the host is still there is not. After a packet to it the kernel finds out, which
    /// takes some seconds.
    Unconfirmed(MacAddr),
    /// An administrator wrote the entry.
    Permanent(MacAddr),
    /// The host was asked, and has not replied.
    Silent,
}

/// Result of reading one datagram.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// More datagrams follow.
    More,
    /// The table is complete. `true` if it changed meanwhile, so that entries may be missing.
    Done(bool),
    /// The kernel refused the request; with the number of the error.
    Refused(i32),
}

/// Returns the request for the whole table of both address families.
pub(super) fn request(sequence: u32) -> Vec<u8> {
    let mut message = Vec::with_capacity(HEADER + NEIGHBOUR);
    let length = u32::try_from(HEADER + NEIGHBOUR).unwrap_or(u32::MAX);
    message.extend(length.to_ne_bytes());
    message.extend(RTM_GETNEIGH.to_ne_bytes());
    message.extend((NLM_F_REQUEST | NLM_F_DUMP).to_ne_bytes());
    message.extend(sequence.to_ne_bytes());
    // The port of the sender; the kernel fills it in. The family is left at 0, for all.
    message.resize(HEADER + NEIGHBOUR, 0);
    message
}

/// Reads a datagram of the response to the request with this number, and appends its entries to `table`.
pub(super) fn read(datagram: &[u8], sequence: u32, table: &mut Vec<Neighbour>) -> Part {
    let mut interrupted = false;
    let mut rest = datagram;
    while let Some((header, _)) = rest.split_first_chunk::<HEADER>() {
        let [a, b, c, d, kind_a, kind_b, flags_a, flags_b, e, f, g, h, ..] = *header;
        let length = usize::try_from(u32::from_ne_bytes([a, b, c, d])).unwrap_or(usize::MAX);
        let Some(body) = rest.get(HEADER..length) else { break };
        rest = rest.get(aligned(length)..).unwrap_or_default();
        // A message of an earlier request that was given up.
        if u32::from_ne_bytes([e, f, g, h]) != sequence {
            continue;
        }
        interrupted |= u16::from_ne_bytes([flags_a, flags_b]) & NLM_F_DUMP_INTR != 0;
        match u16::from_ne_bytes([kind_a, kind_b]) {
            NLMSG_DONE => return Part::Done(interrupted),
            NLMSG_ERROR => {
                let code = body.first_chunk().map_or(0, |code| i32::from_ne_bytes(*code));
                return Part::Refused(code.saturating_neg());
            }
            RTM_NEWNEIGH => table.extend(neighbour(body)),
            _ => {}
        }
    }
    Part::More
}

/// Reads one entry; `None` for one that says nothing about a host.
fn neighbour(body: &[u8]) -> Option<Neighbour> {
    let (fixed, mut rest) = body.split_first_chunk::<NEIGHBOUR>()?;
    let [family, _, _, _, _, _, _, _, state_a, state_b, _, _] = *fixed;
    let state = u16::from_ne_bytes([state_a, state_b]);
    // Multicast groups, loopback and tunnels, which need no resolution.
    if state & NUD_NOARP != 0 {
        return None;
    }
    let (mut address, mut mac, mut age) = (None, None, Duration::ZERO);
    while let Some(([a, b, c, d], _)) = rest.split_first_chunk::<4>() {
        let length = usize::from(u16::from_ne_bytes([*a, *b]));
        let value = rest.get(4..length)?;
        match u16::from_ne_bytes([*c, *d]) {
            NDA_DST => address = ip(family, value),
            NDA_LLADDR => mac = unicast(value),
            NDA_CACHEINFO => {
                let ticks = value.first_chunk().map_or(0, |ticks| u32::from_ne_bytes(*ticks));
                age = Duration::from_millis(u64::from(ticks) * 1000 / TICKS);
            }
            _ => {}
        }
        rest = rest.get(aligned(length)..).unwrap_or_default();
    }
    let address = address.filter(|address| !address.is_multicast() && !address.is_unspecified())?;
    let state = match mac {
        _ if state & (NUD_INCOMPLETE | NUD_FAILED) != 0 => State::Silent,
        Some(mac) if state & NUD_REACHABLE != 0 => State::Reachable(mac, age),
        Some(mac) if state & NUD_PERMANENT != 0 => State::Permanent(mac),
        Some(mac) => State::Unconfirmed(mac),
        None => return None,
    };
    Some(Neighbour { address, state })
}

fn ip(family: u8, value: &[u8]) -> Option<IpAddr> {
    match family {
        AF_INET => Some(IpAddr::V4(Ipv4Addr::from(<[u8; 4]>::try_from(value).ok()?))),
        AF_INET6 => Some(IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(value).ok()?))),
        _ => None,
    }
}

/// Returns a MAC address of one interface. Zeros stand for "unknown", and groups are no host.
fn unicast(value: &[u8]) -> Option<MacAddr> {
    let octets = <[u8; 6]>::try_from(value).ok()?;
    (octets != [0; 6] && octets.first()? & 1 == 0).then(|| MacAddr::new(octets))
}

/// Messages and attributes begin at multiples of four.
const fn aligned(length: usize) -> usize {
    length.next_multiple_of(4)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use proptest::prelude::*;

    use super::*;

    const MAC: [u8; 6] = [2, 0, 0, 0, 0, 5];
    const NUD_STALE: u16 = 0x04;

    fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
        let mut bytes = u16::try_from(value.len() + 4).unwrap().to_ne_bytes().to_vec();
        bytes.extend(kind.to_ne_bytes());
        bytes.extend(value);
        bytes.resize(aligned(bytes.len()), 0);
        bytes
    }

    fn message(kind: u16, flags: u16, sequence: u32, body: &[u8]) -> Vec<u8> {
        let mut bytes = u32::try_from(HEADER + body.len()).unwrap().to_ne_bytes().to_vec();
        bytes.extend(kind.to_ne_bytes());
        bytes.extend(flags.to_ne_bytes());
        bytes.extend(sequence.to_ne_bytes());
        bytes.extend([0; 4]);
        bytes.extend(body);
        bytes.resize(aligned(bytes.len()), 0);
        bytes
    }

    fn entry(address: &str, state: u16, mac: &[u8], ticks: u32) -> Vec<u8> {
        let address: IpAddr = address.parse().unwrap();
        let (family, octets) = match address {
            IpAddr::V4(address) => (AF_INET, address.octets().to_vec()),
            IpAddr::V6(address) => (AF_INET6, address.octets().to_vec()),
        };
        let mut body = vec![family, 0, 0, 0, 3, 0, 0, 0];
        body.extend(state.to_ne_bytes());
        body.extend([0, 1]);
        body.extend(attribute(NDA_DST, &octets));
        // An attribute that this reader does not know.
        body.extend(attribute(13, &[1]));
        body.extend(attribute(NDA_LLADDR, mac));
        let mut cache = ticks.to_ne_bytes().to_vec();
        cache.resize(16, 0);
        body.extend(attribute(NDA_CACHEINFO, &cache));
        message(RTM_NEWNEIGH, 2, 7, &body)
    }

    fn table(datagram: &[u8]) -> Vec<Neighbour> {
        let mut table = Vec::new();
        assert_eq!(read(datagram, 7, &mut table), Part::More);
        table
    }

    #[test]
    fn a_reachable_host_has_the_age_of_its_reply() {
        for address in ["10.0.0.5", "2001:db8::5"] {
            let found = table(&entry(address, NUD_REACHABLE, &MAC, 250));
            let state = State::Reachable(MacAddr::new(MAC), Duration::from_millis(2500));
            assert_eq!(found, [Neighbour { address: address.parse().unwrap(), state }]);
        }
    }

    #[test]
    fn other_states_prove_no_reply() {
        for state in [NUD_STALE, 0x08, 0x10] {
            let found = table(&entry("10.0.0.5", state, &MAC, 0));
            assert_eq!(found[0].state, State::Unconfirmed(MacAddr::new(MAC)), "{state:#x}");
        }
        let found = table(&entry("10.0.0.5", NUD_PERMANENT, &MAC, 0));
        assert_eq!(found[0].state, State::Permanent(MacAddr::new(MAC)));
        for state in [NUD_INCOMPLETE, NUD_FAILED] {
            assert_eq!(table(&entry("10.0.0.5", state, &[], 0))[0].state, State::Silent);
        }
    }

    #[test]
    fn what_is_no_host_is_left_out() {
        for (address, state, mac) in [
            ("10.0.0.5", NUD_NOARP, MAC.as_slice()),
            ("224.0.0.22", NUD_REACHABLE, &MAC),
            ("ff02::1", NUD_REACHABLE, &MAC),
            ("0.0.0.0", NUD_REACHABLE, &MAC),
            ("10.0.0.5", NUD_REACHABLE, &[0; 6]),
            ("10.0.0.5", NUD_REACHABLE, &[1, 0, 0x5e, 0, 0, 1]),
            ("10.0.0.5", NUD_REACHABLE, &[0xff; 6]),
            // The address of a tunnel's other end.
            ("10.0.0.5", NUD_REACHABLE, &[10, 0, 0, 1]),
            ("10.0.0.5", 0, &[]),
        ] {
            assert_eq!(table(&entry(address, state, mac, 0)), [], "{address} {state:#x} {mac:?}");
        }
    }

    #[test]
    fn the_end_and_refusals_are_told_apart() {
        let mut datagram = entry("10.0.0.5", NUD_REACHABLE, &MAC, 0);
        datagram.extend(message(NLMSG_DONE, NLM_F_DUMP_INTR, 7, &[0; 4]));
        let mut found = Vec::new();
        assert_eq!(read(&datagram, 7, &mut found), Part::Done(true));
        assert_eq!(found.len(), 1);
        assert_eq!(read(&message(NLMSG_DONE, 0, 6, &[0; 4]), 7, &mut found), Part::More, "of another request");
        assert_eq!(read(&message(NLMSG_ERROR, 0, 7, &(-13_i32).to_ne_bytes()), 7, &mut found), Part::Refused(13));
    }

    #[test]
    fn the_request_says_its_own_length() {
        let request = request(9);
        assert_eq!(request.len(), 28);
        assert_eq!(u32::from_ne_bytes(*request.first_chunk().unwrap()), 28);
    }

    proptest! {
        #[test]
        fn no_datagram_makes_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), sequence in 0_u32..3) {
            read(&bytes, sequence, &mut Vec::new());
        }

        #[test]
        fn no_change_of_a_datagram_makes_the_reader_panic(at in 0_usize..200, byte in any::<u8>(), cut in 0_usize..200) {
            let mut datagram = entry("2001:db8::5", NUD_REACHABLE, &MAC, 1);
            datagram.extend(entry("10.0.0.5", NUD_STALE, &MAC, 1));
            let at = at % datagram.len();
            datagram[at] = byte;
            datagram.truncate(cut);
            let mut table = Vec::new();
            read(&datagram, 7, &mut table);
            prop_assert!(table.len() <= 2);
        }
    }
}
