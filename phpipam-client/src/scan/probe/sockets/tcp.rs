//! TCP connections: a host that accepts or refuses one is up.

use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures_util::stream::{self, FuturesUnordered, StreamExt as _};
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::echo::Asked;
use super::pace::Pace;

/// Times to try again when the process or the system has no more sockets, and the wait between.
const FULL: (u32, Duration) = (25, Duration::from_millis(200));

/// Evidence of one connection.
#[derive(Debug)]
enum Shown {
    /// The host itself replied.
    Up,
    /// The host did not reply, though it was asked.
    Silent,
    /// The host was not asked.
    Unasked(io::Error),
}

/// Asks addresses at these ports.
#[derive(Debug, Clone, Copy)]
pub(super) struct Connections<'a> {
    pub(super) ports: &'a [u16],
    pub(super) wait: Duration,
    pub(super) pace: &'a Pace,
    /// Open sockets of all runs of the probe.
    pub(super) sockets: &'a Semaphore,
    /// Largest number of addresses at once.
    pub(super) addresses: usize,
}

impl Connections<'_> {
    /// Asks every address, until one of its ports accepts or refuses.
    pub(super) async fn ask(&self, addresses: &BTreeSet<IpAddr>, asked: &mut Asked) {
        let each = addresses.iter().copied().map(|address| async move { (address, self.address(address).await) });
        let mut shown = stream::iter(each).buffer_unordered(self.addresses.max(1));
        while let Some((address, shown)) = shown.next().await {
            match shown {
                Shown::Up => {
                    asked.sent.insert(address);
                    asked.reply(address);
                }
                Shown::Silent => {
                    asked.sent.insert(address);
                }
                Shown::Unasked(error) => {
                    asked.failure.get_or_insert_with(|| format!("TCP connection to {address}: {error}"));
                }
            }
        }
    }

    async fn address(&self, address: IpAddr) -> Shown {
        let mut ports: FuturesUnordered<_> =
            self.ports.iter().copied().map(|port| self.port(SocketAddr::new(address, port))).collect();
        let mut result = Shown::Unasked(io::ErrorKind::InvalidInput.into());
        while let Some(shown) = ports.next().await {
            match (&result, shown) {
                // The other connections are given up.
                (_, Shown::Up) => return Shown::Up,
                (Shown::Silent, _) => {}
                (_, shown) => result = shown,
            }
        }
        result
    }

    async fn port(&self, address: SocketAddr) -> Shown {
        let mut tries = 0;
        loop {
            let Ok(_permit) = self.sockets.acquire().await else {
                return Shown::Unasked(io::Error::other("the probe was closed"));
            };
            self.pace.turn().await;
            match connect(address, self.wait).await {
                Shown::Unasked(error) if is_full(&error) && tries < FULL.0 => {
                    tries += 1;
                    sleep(FULL.1).await;
                }
                shown => return shown,
            }
        }
    }
}

async fn connect(address: SocketAddr, wait: Duration) -> Shown {
    let stream = match start(address) {
        Ok(stream) => stream,
        Err(error) => return of_error(error, address.ip(), None),
    };
    match timeout(wait, stream.writable()).await {
        Err(_) => Shown::Silent,
        Ok(Err(error)) => Shown::Unasked(error),
        Ok(Ok(())) => match stream.take_error() {
            Ok(None) => Shown::Up,
            Ok(Some(error)) | Err(error) => of_error(error, address.ip(), Some(&stream)),
        },
    }
}

/// Starts to connect. The source of ICMP messages about the connection is kept for [`complainer`].
fn start(address: SocketAddr) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    #[cfg(target_os = "linux")]
    {
        use nix::sys::socket::{setsockopt, sockopt};
        // Without it, refusals of the host and of a router on the way look the same.
        match address {
            SocketAddr::V4(_) => setsockopt(&socket, sockopt::Ipv4RecvErr, &true)?,
            SocketAddr::V6(_) => setsockopt(&socket, sockopt::Ipv6RecvErr, &true)?,
        }
    }
    match socket.connect(&address.into()) {
        Err(error) if !is_in_progress(&error) => return Err(error),
        _ => {}
    }
    TcpStream::from_std(socket.into())
}

/// Reads an error of a connection.
fn of_error(error: io::Error, asked: IpAddr, stream: Option<&TcpStream>) -> Shown {
    use io::ErrorKind as Kind;
    match stream.and_then(complainer) {
        // An ICMP message of the host itself, such as that of a firewall on it, shows that it is up.
        Some(source) if source == asked => return Shown::Up,
        Some(_) => return Shown::Silent,
        None => {}
    }
    match error.kind() {
        Kind::ConnectionRefused | Kind::ConnectionReset => Shown::Up,
        Kind::TimedOut | Kind::HostUnreachable => Shown::Silent,
        _ => Shown::Unasked(error),
    }
}

/// Returns the source of the ICMP message that ended a connection; `None` if it was no such message.
#[cfg(target_os = "linux")]
fn complainer(stream: &TcpStream) -> Option<IpAddr> {
    use std::io::IoSliceMut;
    use std::os::fd::AsRawFd as _;

    use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg};

    // An ICMP error; others of the queue are local ones and time stamps.
    let is_icmp = |origin: u8| origin == nix::libc::SO_EE_ORIGIN_ICMP || origin == nix::libc::SO_EE_ORIGIN_ICMP6;
    let mut data = [0; 64];
    let mut slices = [IoSliceMut::new(&mut data)];
    // Room for the message and the address of its source.
    let mut control = vec![0; 256];
    let socket = SockRef::from(stream).as_raw_fd();
    let message = recvmsg::<SockaddrStorage>(socket, &mut slices, Some(&mut control), MsgFlags::MSG_ERRQUEUE).ok()?;
    message.cmsgs().ok()?.find_map(|control| match control {
        ControlMessageOwned::Ipv4RecvErr(error, Some(source)) if is_icmp(error.ee_origin) => {
            Some(IpAddr::V4(u32::from_be(source.sin_addr.s_addr).into()))
        }
        ControlMessageOwned::Ipv6RecvErr(error, Some(source)) if is_icmp(error.ee_origin) => {
            Some(IpAddr::V6(source.sin6_addr.s6_addr.into()))
        }
        _ => None,
    })
}

#[cfg(not(target_os = "linux"))]
fn complainer(_stream: &TcpStream) -> Option<IpAddr> {
    None
}

fn is_in_progress(error: &io::Error) -> bool {
    #[cfg(unix)]
    let started = error.raw_os_error() == Some(nix::errno::Errno::EINPROGRESS as i32);
    #[cfg(not(unix))]
    let started = false;
    started || error.kind() == io::ErrorKind::WouldBlock
}

/// Returns true if the process or the system has no more sockets for the moment.
fn is_full(error: &io::Error) -> bool {
    #[cfg(unix)]
    let full = {
        use nix::errno::Errno;
        [Errno::EMFILE, Errno::ENFILE, Errno::ENOBUFS, Errno::ENOMEM, Errno::EADDRNOTAVAIL]
            .into_iter()
            .any(|errno| error.raw_os_error() == Some(errno as i32))
    };
    #[cfg(not(unix))]
    let full = error.kind() == io::ErrorKind::OutOfMemory;
    full
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    async fn ask(ports: &[u16]) -> Asked {
        let (pace, sockets) = (Pace::new(10_000), Semaphore::new(2));
        let wait = Duration::from_secs(5);
        let connections = Connections { ports, wait, pace: &pace, sockets: &sockets, addresses: 2 };
        let mut asked = Asked::default();
        connections.ask(&["127.0.0.1".parse().unwrap()].into(), &mut asked).await;
        asked
    }

    #[tokio::test]
    async fn a_port_that_accepts_or_refuses_is_evidence() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        assert_eq!(ask(&[port]).await.count(), 1);
        drop(listener);
        let asked = ask(&[port]).await;
        assert_eq!((asked.count(), asked.sent.len(), asked.failure), (1, 1, None));
    }

    #[tokio::test]
    async fn without_ports_nothing_is_asked() {
        let asked = ask(&[]).await;
        assert!(asked.sent.is_empty() && asked.count() == 0 && asked.failure.is_some());
    }

    #[test]
    fn an_error_of_this_machine_says_nothing_of_the_host() {
        let asked = "10.0.0.5".parse().unwrap();
        let shown = |kind: io::ErrorKind| of_error(kind.into(), asked, None);
        assert!(matches!(shown(io::ErrorKind::ConnectionRefused), Shown::Up));
        assert!(matches!(shown(io::ErrorKind::HostUnreachable), Shown::Silent));
        for kind in
            [io::ErrorKind::NetworkUnreachable, io::ErrorKind::PermissionDenied, io::ErrorKind::AddrNotAvailable]
        {
            assert!(matches!(shown(kind), Shown::Unasked(_)), "{kind}");
        }
    }
}
