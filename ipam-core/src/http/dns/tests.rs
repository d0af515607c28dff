#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, UdpSocket as Server};

use super::*;

/// Response of a test server: flags, and the addresses.
type Reply = (u16, Vec<IpAddr>);

/// Returns the response to a query, from the name and the type.
fn reply(query: &[u8], decide: impl Fn(&str, u16) -> Option<Reply>) -> Option<Vec<u8>> {
    let (mut name, mut at) = (String::new(), 12);
    while query[at] != 0 {
        let length = usize::from(query[at]);
        name.push_str(std::str::from_utf8(&query[at + 1..=at + length]).unwrap());
        name.push('.');
        at += length + 1;
    }
    let (flags, addresses) = decide(name.trim_end_matches('.'), u16::from(query[at + 2]))?;
    let mut bytes = query.to_vec();
    bytes[2..4].copy_from_slice(&flags.to_be_bytes());
    bytes[7] = u8::try_from(addresses.len()).unwrap();
    for address in addresses {
        let (kind, data) = match address {
            IpAddr::V4(address) => (1, address.octets().to_vec()),
            IpAddr::V6(address) => (28, address.octets().to_vec()),
        };
        let length = u8::try_from(data.len()).unwrap();
        bytes.extend([0xc0, 12, 0, kind, 0, 1, 0, 0, 0, 60, 0, length]);
        bytes.extend(data);
    }
    Some(bytes)
}

/// Starts a server over UDP and TCP. `decide` gets the name, the type, and true for TCP; without a result it is silent.
async fn server(decide: impl Fn(&str, u16, bool) -> Option<Reply> + Clone + Send + 'static) -> SocketAddr {
    let (udp, tcp) = loop {
        let udp = Server::bind("127.0.0.1:0").await.unwrap();
        // Another process may have the port for TCP.
        if let Ok(tcp) = TcpListener::bind(udp.local_addr().unwrap()).await {
            break (udp, tcp);
        }
    };
    let address = udp.local_addr().unwrap();
    let over_tcp = decide.clone();
    tokio::spawn(async move {
        let mut buffer = [0; 512];
        while let Ok((length, from)) = udp.recv_from(&mut buffer).await {
            if let Some(bytes) = reply(&buffer[..length], |name, kind| decide(name, kind, false)) {
                // A forged response with another id comes first.
                let mut forged = bytes.clone();
                forged[0] ^= 0xff;
                udp.send_to(&forged, from).await.unwrap();
                udp.send_to(&bytes, from).await.unwrap();
            }
        }
    });
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = tcp.accept().await {
            let mut query = vec![0; usize::from(stream.read_u16().await.unwrap())];
            stream.read_exact(&mut query).await.unwrap();
            if let Some(bytes) = reply(&query, |name, kind| over_tcp(name, kind, true)) {
                stream.write_u16(u16::try_from(bytes.len()).unwrap()).await.unwrap();
                stream.write_all(&bytes).await.unwrap();
            }
        }
    });
    address
}

fn config(servers: &[SocketAddr]) -> Config {
    let mut config = Config::parse("search lab.example\noptions timeout:1\n");
    config.servers = servers.to_vec();
    config.timeout = Duration::from_millis(300);
    config
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[tokio::test]
async fn both_families_are_found_over_the_search_list() {
    let server = server(|name, kind, _| match (name, kind) {
        ("ipam.lab.example", 1) => Some((0x8180, vec![ip("10.0.0.7")])),
        ("ipam.lab.example", _) => Some((0x8180, vec![ip("2001:db8::7")])),
        _ => Some((0x8183, Vec::new())),
    })
    .await;
    let mut found = lookup(&config(&[server]), "ipam").await.unwrap();
    found.sort();
    assert_eq!(found, [ip("10.0.0.7"), ip("2001:db8::7")]);
    let error = lookup(&config(&[server]), "other").await.unwrap_err().to_string();
    assert!(error.contains("other") && error.contains("lab.example"), "{error}");
}

#[tokio::test]
async fn a_silent_family_does_not_hide_the_other() {
    let server = server(|_, kind, _| (kind == 1).then(|| (0x8180, vec![ip("10.0.0.7")]))).await;
    assert_eq!(lookup(&config(&[server]), "ipam.example").await, Ok(vec![ip("10.0.0.7")]));
}

#[tokio::test]
async fn a_truncated_response_is_asked_for_over_tcp() {
    let server = server(|_, kind, tcp| {
        let all = (1..60).map(|last| IpAddr::from([10, 0, 0, last])).collect();
        match (kind, tcp) {
            (1, false) => Some((0x8380, Vec::new())),
            (1, true) => Some((0x8180, all)),
            _ => Some((0x8180, Vec::new())),
        }
    })
    .await;
    assert_eq!(lookup(&config(&[server]), "ipam.example").await.unwrap().len(), 59);
    let mut config = config(&[server]);
    config.tcp_only = true;
    assert_eq!(lookup(&config, "ipam.example").await.unwrap().len(), 59);
}

#[tokio::test]
async fn the_next_server_is_asked_when_one_fails_or_is_silent() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let failing = server(move |_, _, _| {
        count.fetch_add(1, Ordering::SeqCst);
        Some((0x8182, Vec::new()))
    })
    .await;
    let silent = server(|_, _, _| None).await;
    let good = server(|_, _, _| Some((0x8180, vec![ip("10.0.0.7")]))).await;
    let found = lookup(&config(&[failing, silent, good]), "ipam.example").await.unwrap();
    assert!(found.contains(&ip("10.0.0.7")));
    assert_eq!(asked.load(Ordering::SeqCst), 2, "once for each family");
    let error = lookup(&config(&[silent]), "ipam.example").await.unwrap_err().to_string();
    assert!(error.contains(&silent.to_string()) && error.contains("/etc/resolv.conf"), "{error}");
}

#[test]
fn an_address_without_a_route_comes_last() {
    // The documentation has no route to the all-ones address, and this host has one to itself.
    let sorted = reachable_first(vec![ip("255.255.255.255"), ip("127.0.0.1")]);
    assert_eq!(sorted, [ip("127.0.0.1"), ip("255.255.255.255")]);
    assert_eq!(reachable_first(vec![ip("127.0.0.1"); 40]).len(), 16);
}

#[test]
fn the_reason_is_found_among_the_causes() {
    let error = |source: DnsError| {
        crate::Error::new(crate::ErrorKind::Unavailable, crate::Operation::Send, "outer").with_source(source)
    };
    assert_eq!(crate::http::dns::reason(&error(DnsError::new("no such name"))), Some("no such name".to_owned()));
    assert_eq!(crate::http::dns::reason(&std::io::Error::other("another")), None);
}
