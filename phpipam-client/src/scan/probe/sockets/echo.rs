//! Echo requests over a socket of ICMP.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use futures_util::future::{Either, select};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;
use tokio::time::sleep;

use super::kind::EchoSocket;
use super::pace::Pace;
use crate::scan::probe::icmp::{self, Echo, Version};

/// Buffer for replies that arrive while others are read.
const BUFFER: usize = 1 << 20;
/// Times to send again when the kernel has no buffer, and the wait between.
const FULL: (u32, Duration) = (40, Duration::from_millis(50));
/// Failures of receiving, one after the other, after which the socket counts as broken.
const BROKEN: u32 = 100;

/// Result of asking addresses.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// Addresses to which a request was sent.
    pub(super) sent: BTreeSet<IpAddr>,
    /// Addresses that replied, and when.
    found: Mutex<BTreeMap<IpAddr, SystemTime>>,
    /// First reason why a request could not be sent, or replies not received.
    pub(super) failure: Option<String>,
}

impl Asked {
    /// Records a reply.
    pub(super) fn reply(&self, address: IpAddr) {
        lock(&self.found).insert(address, SystemTime::now());
    }

    /// Returns true if the address has replied.
    pub(super) fn has(&self, address: &IpAddr) -> bool {
        lock(&self.found).contains_key(address)
    }

    /// Number of addresses that replied.
    pub(super) fn count(&self) -> usize {
        lock(&self.found).len()
    }

    /// Returns the addresses that replied, and when.
    pub(super) fn into_found(self) -> BTreeMap<IpAddr, SystemTime> {
        self.found.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Socket of ICMP or ICMPv6.
#[derive(Debug)]
pub(super) struct EchoPort {
    socket: UdpSocket,
    version: Version,
    kind: EchoSocket,
    id: u16,
    token: u64,
}

impl EchoPort {
    /// Opens a socket of the first kind that is permitted. Returns the reasons if none is.
    pub(super) fn open(six: bool, kinds: &[EchoSocket]) -> Result<Self, String> {
        let mut reasons = Vec::new();
        for &kind in kinds {
            match Self::open_as(six, kind) {
                Ok(port) => return Ok(port),
                Err(error) => reasons.push(format!("{kind}: {error}")),
            }
        }
        Err(reasons.join(", "))
    }

    /// The kind of socket.
    pub(super) const fn kind(&self) -> EchoSocket {
        self.kind
    }

    fn open_as(six: bool, kind: EchoSocket) -> io::Result<Self> {
        let (domain, protocol, version) = if six {
            (Domain::IPV6, Protocol::ICMPV6, Version::V6)
        } else {
            (Domain::IPV4, Protocol::ICMPV4, Version::V4)
        };
        let socket = match kind {
            EchoSocket::Datagram => Socket::new(domain, Type::DGRAM, Some(protocol))?,
            EchoSocket::Raw => Socket::new(domain, Type::RAW, Some(protocol))?,
            EchoSocket::Auto | EchoSocket::Off => return Err(io::ErrorKind::InvalidInput.into()),
        };
        socket.set_nonblocking(true)?;
        // A smaller buffer than wished for is no reason to give up.
        let _ = socket.set_recv_buffer_size(BUFFER);
        // Both are sockets that send to, and receive from, an address; the type has no more to it.
        let socket = UdpSocket::from_std(socket.into())?;
        // Random by the keys of a hasher: replies to other programs, and invented ones, do not have it.
        let token = RandomState::new().hash_one(0);
        Ok(Self { socket, version, kind, id: u16::try_from(token & 0xffff).unwrap_or(0), token })
    }

    /// Asks those of the addresses that have not replied yet, then waits until all have, or `wait` is over.
    pub(super) async fn round(&self, addresses: &[IpAddr], asked: &mut Asked, pace: &Pace, wait: Duration) {
        // Replies are recorded at once: the caller may end the round at any time.
        let Asked { sent, found, failure } = asked;
        let found = &*found;
        let sending = async {
            for (sequence, &address) in (0..=u16::MAX).zip(addresses) {
                if lock(found).contains_key(&address) {
                    continue;
                }
                pace.turn().await;
                match self.send(address, sequence).await {
                    Ok(()) => {
                        sent.insert(address);
                    }
                    Err(error) => {
                        failure.get_or_insert_with(|| format!("echo request to {address}: {error}"));
                    }
                }
            }
            sleep(wait).await;
        };
        let receiving = self.receive(addresses, found);
        let ended = match select(std::pin::pin!(sending), std::pin::pin!(receiving)).await {
            Either::Left(((), _)) => Ok(()),
            Either::Right((result, _)) => result,
        };
        if let Err(error) = ended {
            // Nothing is known of the addresses whose replies could not be read.
            sent.clear();
            failure.get_or_insert_with(|| format!("echo replies cannot be received: {error}"));
        }
    }

    async fn send(&self, address: IpAddr, sequence: u16) -> io::Result<()> {
        let packet = icmp::request(self.version, Echo { id: self.id, sequence, token: self.token });
        let mut tries = 0;
        loop {
            match self.socket.send_to(&packet, SocketAddr::new(address, 0)).await {
                Err(error) if is_full(&error) && tries < FULL.0 => {
                    tries += 1;
                    sleep(FULL.1).await;
                }
                result => return result.map(|_| ()),
            }
        }
    }

    /// Takes replies until all addresses have replied.
    async fn receive(&self, addresses: &[IpAddr], found: &Mutex<BTreeMap<IpAddr, SystemTime>>) -> io::Result<()> {
        let mut buffer = [0; 1024];
        let mut failures = 0;
        while lock(found).len() < addresses.len() {
            let (length, source) = match self.socket.recv_from(&mut buffer).await {
                Ok(received) => received,
                Err(error) if failures >= BROKEN => return Err(error),
                Err(_) => {
                    failures += 1;
                    sleep(Duration::from_millis(1)).await;
                    continue;
                }
            };
            failures = 0;
            let packet = buffer.get(..length).unwrap_or_default();
            if let Some(address) = self.matching(packet, source.ip(), addresses) {
                lock(found).insert(address, SystemTime::now());
            }
        }
        Ok(())
    }

    /// Returns the address whose request a packet is the reply to.
    fn matching(&self, packet: &[u8], source: IpAddr, addresses: &[IpAddr]) -> Option<IpAddr> {
        let reply = icmp::reply(self.version, packet)?;
        // The kernel gives datagram sockets an identifier of their own, and delivers no replies of others to them.
        if reply.token != self.token || (self.kind == EchoSocket::Raw && reply.id != self.id) {
            return None;
        }
        // A host that replies from another address of its own is not at the address that was asked.
        addresses.get(usize::from(reply.sequence)).copied().filter(|asked| *asked == source)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns true if the kernel has no buffer, or no place in its neighbour table, for the moment.
fn is_full(error: &io::Error) -> bool {
    #[cfg(unix)]
    let full = [nix::errno::Errno::ENOBUFS, nix::errno::Errno::ENOMEM]
        .into_iter()
        .any(|errno| error.raw_os_error() == Some(errno as i32));
    #[cfg(not(unix))]
    let full = error.kind() == io::ErrorKind::OutOfMemory;
    full
}
