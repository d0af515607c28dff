//! The kernel's log by NFLOG: one group of messages through netlink.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use netlink_packet_core::{NetlinkMessage, NetlinkPayload, Nla as _};
use netlink_packet_netfilter::nflog::{
    ConfigCmd, ConfigFlags, ConfigMode, ConfigNla, PacketNla, Timeout, ULogMessage, config_request,
};
use netlink_packet_netfilter::{NetfilterMessage, NetfilterMessageInner, NetfilterProtoFamily};
use nix::errno::Errno;
use tokio::time::timeout;

use super::LogError;
use super::record::{Event, Loss, now};
use crate::netfilter::{Netfilter, is_loss};

/// Bytes of a packet that the kernel copies: the addresses are in its first 40.
const COPY: u32 = 64;
/// The kernel collects packets up to this size, and this long.
const DATAGRAM: u32 = 64 * 1024;
const DELAY: Duration = Duration::from_millis(100);
/// Room for some 50 000 packets while the gateway is busy.
const RECEIVE_BUFFER: usize = 8 << 20;
/// Longest wait for the packet that tells how many were lost before it.
const COUNT_WAIT: Duration = Duration::from_secs(5);

/// Listener of a group.
#[derive(Debug)]
pub(super) struct Nflog {
    socket: Netfilter,
    prefix: String,
    group: u16,
    /// Number of the next packet.
    next: u32,
    /// Time of the last packet, or of the start.
    heard: u64,
    overrun: bool,
}

impl Nflog {
    /// Starts to listen. Packets with another prefix are left out.
    pub(super) async fn open(group: u16, prefix: &str) -> Result<Self, LogError> {
        let fault = |error: io::Error| LogError::Nflog { group, reason: reason(&error) };
        let mut socket = Netfilter::open().map_err(fault)?;
        socket.set_receive_buffer(RECEIVE_BUFFER);
        let settings: Vec<ConfigNla> = vec![
            ConfigCmd::Bind.into(),
            ConfigMode::new_packet(COPY).into(),
            ConfigNla::NlBufSiz(DATAGRAM),
            Timeout::from(DELAY).into(),
            // Numbers tell how many packets were lost.
            ConfigFlags::SEQ.into(),
        ];
        let request = config_request(NetfilterProtoFamily::Unspec, group, settings);
        socket.request(request).await.map_err(fault)?;
        Ok(Self { socket, prefix: prefix.trim_end().to_owned(), group, next: 0, heard: now(), overrun: false })
    }

    /// Returns the next events; none after a while in which there were none. Dropping the future loses none.
    pub(super) async fn next(&mut self) -> Result<Vec<Event>, LogError> {
        match timeout(COUNT_WAIT, self.socket.receive()).await {
            Ok(Ok(messages)) => {
                let mut events = Vec::new();
                for message in &messages {
                    self.take(message, &mut events);
                }
                Ok(events)
            }
            // The number of the next packet tells how many.
            Ok(Err(error)) if is_loss(&error) => {
                self.overrun = true;
                Ok(Vec::new())
            }
            Ok(Err(error)) => Err(LogError::Nflog { group: self.group, reason: reason(&error) }),
            Err(_) => {
                let quiet = std::mem::take(&mut self.overrun);
                Ok(quiet.then(|| self.lost(None)).into_iter().collect())
            }
        }
    }

    fn lost(&mut self, count: Option<u64>) -> Event {
        let (from, until) = (self.heard, now());
        self.overrun = false;
        Event::Lost { lost: Loss::Kernel, count, from, until }
    }

    fn take(&mut self, message: &NetlinkMessage<NetfilterMessage>, events: &mut Vec<Event>) {
        let NetlinkPayload::InnerMessage(NetfilterMessage {
            inner: NetfilterMessageInner::ULog(ULogMessage::Packet(attributes)),
            ..
        }) = &message.payload
        else {
            return;
        };
        if let Some(number) =
            attributes.iter().find_map(|nla| if let PacketNla::Seq(number) = nla { Some(*number) } else { None })
        {
            let missing = number.wrapping_sub(self.next);
            if missing > 0 {
                events.push(self.lost(Some(u64::from(missing))));
            }
            self.next = number.wrapping_add(1);
        }
        let event = packet(attributes, &self.prefix, now());
        if let Some(event) = event {
            if let Event::Connection { time, .. } = event {
                self.heard = time;
            }
            events.push(event);
        }
    }
}

/// Reads a logged packet. `None` if it has another prefix.
fn packet(attributes: &[PacketNla], prefix: &str, now: u64) -> Option<Event> {
    let (mut payload, mut time, mut found) = (None, None, String::new());
    for attribute in attributes {
        match attribute {
            PacketNla::Payload(bytes) => payload = Some(bytes),
            PacketNla::Prefix(text) => found = text.to_string_lossy().trim_end().to_owned(),
            PacketNla::Timestamp(stamp) => {
                // Seconds and microseconds, 64 bits each, in the order of the network.
                let mut bytes = [0; 16];
                if stamp.value_len() == bytes.len() {
                    stamp.emit_value(&mut bytes);
                    time = bytes.first_chunk::<8>().map(|seconds| u64::from_be_bytes(*seconds));
                }
            }
            _ => {}
        }
    }
    if found != prefix {
        return None;
    }
    // A packet may have no time of its own.
    let time = time.filter(|time| *time > 0).unwrap_or(now);
    Some(match payload.and_then(|bytes| addresses(bytes)) {
        Some((source, target)) => Event::Connection { time, source, target },
        None => Event::Lost { lost: Loss::Unreadable, count: Some(1), from: time, until: time },
    })
}

/// Addresses in the header of an IP packet.
fn addresses(packet: &[u8]) -> Option<(IpAddr, IpAddr)> {
    match packet.first()? >> 4 {
        4 => {
            let source: [u8; 4] = packet.get(12..16)?.try_into().ok()?;
            let target: [u8; 4] = packet.get(16..20)?.try_into().ok()?;
            Some((Ipv4Addr::from(source).into(), Ipv4Addr::from(target).into()))
        }
        6 => {
            let source: [u8; 16] = packet.get(8..24)?.try_into().ok()?;
            let target: [u8; 16] = packet.get(24..40)?.try_into().ok()?;
            Some((Ipv6Addr::from(source).into(), Ipv6Addr::from(target).into()))
        }
        _ => None,
    }
}

fn reason(error: &io::Error) -> String {
    match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::EPERM | Errno::EACCES) => format!("no right to it ({error}); run the gateway with CAP_NET_ADMIN"),
        Some(Errno::EBUSY) => format!("another process has it ({error}); stop that, or choose another group"),
        Some(Errno::EPROTONOSUPPORT | Errno::EINVAL | Errno::ENOENT) => {
            format!("the kernel has no NFLOG ({error}); modprobe nfnetlink_log, or read a log file")
        }
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use netlink_packet_netfilter::nflog::TimeStamp;
    use proptest::prelude::*;

    use super::*;

    fn header() -> Vec<u8> {
        let mut packet = vec![0x45, 0, 0, 60, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 5, 192, 0, 2, 9];
        packet.resize(60, 0);
        packet
    }

    fn prefix(text: &str) -> PacketNla {
        PacketNla::Prefix(std::ffi::CString::new(text).unwrap())
    }

    #[test]
    fn a_packet_has_its_own_time_or_that_of_its_arrival() {
        let connection =
            |time| Some(Event::Connection { time, source: [10, 0, 0, 5].into(), target: [192, 0, 2, 9].into() });
        let plain = [prefix("lab: "), PacketNla::Payload(header())];
        assert_eq!(packet(&plain, "lab:", 77), connection(77));
        let mut bytes = 1_700_000_000u64.to_be_bytes().to_vec();
        bytes.extend(5u64.to_be_bytes());
        let stamp = PacketNla::Timestamp(TimeStamp::parse(&bytes).unwrap());
        assert_eq!(
            packet(&[stamp, prefix("lab: "), PacketNla::Payload(header())], "lab:", 77),
            connection(1_700_000_000)
        );
        assert_eq!(packet(&plain, "other:", 77), None);
        assert_eq!(packet(&[PacketNla::Payload(header())], "lab:", 77), None);
        let cut = [prefix("lab: "), PacketNla::Payload(header()[..19].to_vec())];
        assert!(matches!(packet(&cut, "lab:", 77), Some(Event::Lost { lost: Loss::Unreadable, .. })));
    }

    #[tokio::test]
    async fn a_gap_in_the_numbers_counts_what_the_kernel_dropped() {
        let socket = Netfilter::open().unwrap();
        let mut nflog = Nflog { socket, prefix: "lab:".into(), group: 5, next: 0, heard: 7, overrun: true };
        let mut lost = Vec::new();
        for number in [0, 1, 5, 6, u32::MAX, 0] {
            let attributes = vec![PacketNla::Seq(number), prefix("lab: "), PacketNla::Payload(header())];
            let header = netlink_packet_netfilter::NetfilterHeader::new(NetfilterProtoFamily::IPv4, 0, 5);
            let message = NetfilterMessage::new(header, ULogMessage::Packet(attributes));
            let mut events = Vec::new();
            nflog.take(&NetlinkMessage::from(message), &mut events);
            assert!(matches!(events.last(), Some(Event::Connection { .. })), "{events:?}");
            for event in events {
                if let Event::Lost { lost: Loss::Kernel, count, .. } = event {
                    lost.push(count);
                }
            }
        }
        assert_eq!(lost, [Some(3), Some(u64::from(u32::MAX) - 7)]);
        assert!(!nflog.overrun);
    }

    #[test]
    fn ipv6_is_read_too() {
        let mut packet = vec![0; 40];
        packet[0] = 0x60;
        packet[23] = 1;
        packet[39] = 2;
        assert_eq!(addresses(&packet), Some(("::1".parse().unwrap(), "::2".parse().unwrap())));
    }

    proptest! {
        #[test]
        fn any_packet_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = addresses(&bytes);
        }
    }
}
