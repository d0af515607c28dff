//! Messages about tracked connections. No I/O.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddrV4};

use netlink_packet_core::{NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload};
use netlink_packet_netfilter::conntrack::{ConntrackAttribute, ConntrackMessage, IPTuple, ProtoTuple, Protocol, Tuple};
use netlink_packet_netfilter::{NetfilterHeader, NetfilterMessage, NetfilterMessageInner, NetfilterProtoFamily};

use crate::firewall::Rule;

/// Connection through a translated port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Connection {
    /// The rule that let it in.
    pub(super) rule: Rule,
    client: SocketAddrV4,
    gateway: SocketAddrV4,
}

/// Part of a listing.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part {
    Connection(Connection),
    Other,
    End,
}

/// Request for all connections of IPv4.
pub(super) fn list() -> NetlinkMessage<NetfilterMessage> {
    message(NLM_F_REQUEST | NLM_F_DUMP, ConntrackMessage::Get(Vec::new()))
}

/// Request that the kernel forgets a connection.
pub(super) fn delete(connection: &Connection) -> NetlinkMessage<NetfilterMessage> {
    let Connection { client, gateway, .. } = connection;
    let original = ConntrackAttribute::CtaTupleOrig(vec![
        Tuple::Ip(vec![
            IPTuple::SourceAddress(IpAddr::V4(*client.ip())),
            IPTuple::DestinationAddress(IpAddr::V4(*gateway.ip())),
        ]),
        Tuple::Proto(vec![
            ProtoTuple::Protocol(Protocol::Tcp),
            ProtoTuple::SourcePort(client.port()),
            ProtoTuple::DestinationPort(gateway.port()),
        ]),
    ]);
    message(NLM_F_REQUEST | NLM_F_ACK, ConntrackMessage::Delete(vec![original]))
}

fn message(flags: u16, message: ConntrackMessage) -> NetlinkMessage<NetfilterMessage> {
    let mut header = NetlinkHeader::default();
    header.flags = flags;
    let payload = NetfilterMessage::new(NetfilterHeader::new(NetfilterProtoFamily::IPv4, 0, 0), message);
    NetlinkMessage::new(header, NetlinkPayload::from(payload))
}

/// Classifies a message of the listing.
///
/// # Errors
/// The kernel's error, if it refuses the listing or ends it early.
pub(super) fn part(message: &NetlinkMessage<NetfilterMessage>) -> io::Result<Part> {
    match &message.payload {
        NetlinkPayload::Done(done) if done.code < 0 => Err(io::Error::from_raw_os_error(-done.code)),
        NetlinkPayload::Done(_) => Ok(Part::End),
        NetlinkPayload::Error(error) => error.code.map_or(Ok(Part::Other), |_| Err(error.to_io())),
        NetlinkPayload::InnerMessage(NetfilterMessage {
            inner: NetfilterMessageInner::Conntrack(ConntrackMessage::New(attributes)),
            ..
        }) => Ok(connection(attributes).map_or(Part::Other, Part::Connection)),
        _ => Ok(Part::Other),
    }
}

/// Reads a TCP connection whose target was translated.
fn connection(attributes: &[ConntrackAttribute]) -> Option<Connection> {
    let tuples = |reply: bool| {
        attributes.iter().find_map(|attribute| match attribute {
            ConntrackAttribute::CtaTupleOrig(tuples) if !reply => Some(tuples),
            ConntrackAttribute::CtaTupleReply(tuples) if reply => Some(tuples),
            _ => None,
        })
    };
    let (client, gateway) = ends(tuples(false)?)?;
    // The replies come from the target.
    let (target, _) = ends(tuples(true)?)?;
    // Otherwise it ends at the gateway itself, or only its source was translated.
    (target != gateway).then(|| Connection { rule: Rule::new(gateway.port(), target), client, gateway })
}

/// Source and destination of one direction, if that is TCP over IPv4.
fn ends(tuples: &[Tuple]) -> Option<(SocketAddrV4, SocketAddrV4)> {
    let (mut source, mut destination) = (Ipv4Addr::UNSPECIFIED, Ipv4Addr::UNSPECIFIED);
    let (mut source_port, mut destination_port, mut tcp) = (0, 0, false);
    for tuple in tuples {
        match tuple {
            Tuple::Ip(addresses) => {
                for address in addresses {
                    match address {
                        IPTuple::SourceAddress(IpAddr::V4(address)) => source = *address,
                        IPTuple::DestinationAddress(IpAddr::V4(address)) => destination = *address,
                        _ => {}
                    }
                }
            }
            Tuple::Proto(ports) => {
                for port in ports {
                    match port {
                        ProtoTuple::Protocol(protocol) => tcp = *protocol == Protocol::Tcp,
                        ProtoTuple::SourcePort(port) => source_port = *port,
                        ProtoTuple::DestinationPort(port) => destination_port = *port,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    tcp.then(|| (SocketAddrV4::new(source, source_port), SocketAddrV4::new(destination, destination_port)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

    use super::*;

    fn tuple(source: &str, destination: &str, protocol: Protocol) -> Vec<Tuple> {
        let (source, destination): (SocketAddrV4, SocketAddrV4) =
            (source.parse().unwrap(), destination.parse().unwrap());
        vec![
            Tuple::Ip(vec![
                IPTuple::SourceAddress((*source.ip()).into()),
                IPTuple::DestinationAddress((*destination.ip()).into()),
            ]),
            Tuple::Proto(vec![
                ProtoTuple::Protocol(protocol),
                ProtoTuple::SourcePort(source.port()),
                ProtoTuple::DestinationPort(destination.port()),
            ]),
        ]
    }

    fn listed(original: Vec<Tuple>, reply: Vec<Tuple>) -> Part {
        let attributes = vec![ConntrackAttribute::CtaTupleOrig(original), ConntrackAttribute::CtaTupleReply(reply)];
        let mut sent = message(0, ConntrackMessage::New(attributes));
        // Through the bytes, as from the kernel.
        sent.finalize();
        let mut bytes = vec![0; sent.buffer_len()];
        sent.serialize(&mut bytes);
        part(&NetlinkMessage::deserialize(&bytes).unwrap()).unwrap()
    }

    #[test]
    fn only_translated_tcp_connections_are_found() {
        let (client, gateway, target) = ("198.51.100.9:40000", "192.0.2.1:50001", "10.0.0.5:22");
        let found = listed(tuple(client, gateway, Protocol::Tcp), tuple(target, client, Protocol::Tcp));
        let Part::Connection(connection) = found else { panic!("{found:?}") };
        assert_eq!(connection.rule, Rule::new(50_001, target.parse().unwrap()));
        // The reply goes to the gateway where the source is translated, too.
        let found = listed(tuple(client, gateway, Protocol::Tcp), tuple(target, "10.0.0.1:40000", Protocol::Tcp));
        assert_eq!(found, Part::Connection(connection));

        for (original, reply) in [
            (tuple(client, gateway, Protocol::Tcp), tuple(gateway, client, Protocol::Tcp)),
            (tuple(client, gateway, Protocol::Udp), tuple(target, client, Protocol::Udp)),
            (
                tuple("10.0.0.5:40000", "203.0.113.1:443", Protocol::Tcp),
                tuple("203.0.113.1:443", gateway, Protocol::Tcp),
            ),
        ] {
            assert_eq!(listed(original, reply), Part::Other);
        }
    }
}
