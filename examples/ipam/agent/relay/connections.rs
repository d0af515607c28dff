//! Connections of the relay: as many at once as allowed, each with time limits, all ended before the relay ends.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use super::site::Site;
use crate::closing::Signals;
use crate::progress::note;

/// Longest time for the TLS handshake, and for the headers of a request.
const OPENING: Duration = Duration::from_secs(5);
/// Longest time for a whole connection: one request, which may write a /16.
const LONGEST: Duration = Duration::from_secs(3600);
/// Longest time that requests get to end after a signal.
const ENDING: Duration = Duration::from_secs(30);
/// Pause after a failed accept, such as without free file descriptors.
const PAUSE: Duration = Duration::from_millis(200);
/// Largest head of a request.
const MAX_HEAD: usize = 16 << 10;

/// Connection that is served.
struct Open {
    from: IpAddr,
    /// True once a request with the right token came over it.
    at_work: Arc<AtomicBool>,
    task: AbortHandle,
}

impl Open {
    fn is_idle(&self) -> bool {
        !self.at_work.load(Ordering::Relaxed)
    }
}

/// Serves connections until a signal comes. Requests that are under way get some time to end; a second signal ends them.
///
/// A connection is idle until it has shown the token. Each address has few idle ones, and where all places are taken, an idle
/// one makes room: a peer without the token cannot keep out the others.
pub(super) async fn serve(
    listener: TcpListener,
    acceptor: Option<TlsAcceptor>,
    site: Arc<Site>,
    most: usize,
    mut signals: Signals,
) {
    let idle_of_one = (most / 4).max(1);
    let mut open: Vec<Open> = Vec::new();
    let mut tasks = JoinSet::new();
    loop {
        open.retain(|connection| !connection.task.is_finished());
        // Where all are at work, further ones wait in the system's queue.
        let has_room = open.len() < most || open.iter().any(Open::is_idle);
        let accepted = tokio::select! {
            accepted = listener.accept(), if has_room => accepted,
            // Ended ones are taken out as they come.
            Some(_) = tasks.join_next() => continue,
            _ = signals.next() => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let from = place(peer.ip());
                let idle_here = open.iter().filter(|other| other.from == from && other.is_idle()).count();
                if idle_here >= idle_of_one {
                    drop_oldest(&mut open, from);
                } else if open.len() >= most
                    && let Some(crowd) = crowd(&open)
                {
                    drop_oldest(&mut open, crowd);
                }
                let (acceptor, site, at_work) = (acceptor.clone(), Arc::clone(&site), Arc::new(AtomicBool::new(false)));
                let shared = Arc::clone(&at_work);
                let task = tasks.spawn(async move {
                    // A scanner that is cut off sends its report again.
                    let _ = timeout(LONGEST, connection(stream, peer, acceptor, site, shared)).await;
                });
                open.push(Open { from, at_work, task });
            }
            Err(error) => {
                note(format_args!("a connection was not accepted: {error}"));
                sleep(PAUSE).await;
            }
        }
    }
    drop(listener);
    tokio::select! {
        _ = timeout(ENDING, async { while tasks.join_next().await.is_some() {} }) => {}
        _ = signals.next() => {}
    }
    tasks.shutdown().await;
}

/// Returns what counts as one place: an IPv4 address, or the /64 of an IPv6 one, of which a host has all.
fn place(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::from((u128::from(address) & !u128::from(u64::MAX)).to_be_bytes()),
        address => address,
    }
}

/// Returns the place with the most idle connections.
fn crowd(open: &[Open]) -> Option<IpAddr> {
    let idle = || open.iter().filter(|connection| connection.is_idle());
    let from = |place| idle().filter(|connection| connection.from == place).count();
    idle().map(|connection| connection.from).max_by_key(|place| from(*place))
}

/// Ends the oldest idle connection of a place.
fn drop_oldest(open: &mut Vec<Open>, from: IpAddr) {
    if let Some(index) = open.iter().position(|connection| connection.from == from && connection.is_idle()) {
        open.remove(index).task.abort();
    }
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    acceptor: Option<TlsAcceptor>,
    site: Arc<Site>,
    at_work: Arc<AtomicBool>,
) {
    let Some(acceptor) = acceptor else { return requests(stream, peer, site, at_work).await };
    // One that does not speak TLS is dropped; most are scanners of other kinds.
    if let Ok(Ok(stream)) = timeout(OPENING, acceptor.accept(stream)).await {
        requests(stream, peer, site, at_work).await;
    }
}

async fn requests(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: SocketAddr,
    site: Arc<Site>,
    at_work: Arc<AtomicBool>,
) {
    let service = service_fn(move |request| {
        let (site, at_work) = (Arc::clone(&site), Arc::clone(&at_work));
        async move { Ok::<_, Infallible>(site.respond(peer, request, &at_work).await) }
    });
    // One request a connection: an idle one would hold a place.
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(OPENING)
        .max_buf_size(MAX_HEAD)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    // The peer went away; its request was dropped or is through.
    drop(served);
}
