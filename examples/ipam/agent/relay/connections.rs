//! Connections of the relay: as many at once as allowed, each with time limits, all ended before the relay ends.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use super::site::Site;
use crate::closing::Signals;
use crate::progress::note;

/// Longest time for the TLS handshake, and for the headers of a request.
const OPENING: Duration = Duration::from_secs(10);
/// Longest time for a whole connection: one request, which may write a /16.
const LONGEST: Duration = Duration::from_secs(3600);
/// Longest time that requests get to end after a signal.
const ENDING: Duration = Duration::from_secs(30);
/// Pause after a failed accept, such as without free file descriptors.
const PAUSE: Duration = Duration::from_millis(200);
/// Largest head of a request.
const MAX_HEAD: usize = 16 << 10;

/// Serves connections until a signal comes. Requests that are under way get some time to end; a second signal ends them.
pub(super) async fn serve(
    listener: TcpListener,
    acceptor: Option<TlsAcceptor>,
    site: Arc<Site>,
    most: usize,
    mut signals: Signals,
) {
    let permits = Arc::new(Semaphore::new(most));
    let mut open = JoinSet::new();
    loop {
        let accepted = async {
            // Acquired first: further connections wait in the system's queue.
            let permit = Arc::clone(&permits).acquire_owned().await;
            (permit, listener.accept().await)
        };
        let (permit, accepted) = tokio::select! {
            accepted = accepted => accepted,
            // Ended ones are taken out as they come.
            Some(_) = open.join_next() => continue,
            _ = signals.next() => break,
        };
        match (permit, accepted) {
            (Ok(permit), Ok((stream, peer))) => {
                let (acceptor, site) = (acceptor.clone(), Arc::clone(&site));
                open.spawn(async move {
                    // A scanner that is cut off sends its report again.
                    let _ = timeout(LONGEST, connection(stream, peer, acceptor, site)).await;
                    drop(permit);
                });
            }
            (_, Err(error)) => {
                note(format_args!("a connection was not accepted: {error}"));
                sleep(PAUSE).await;
            }
            (Err(_), Ok(_)) => break,
        }
    }
    drop(listener);
    tokio::select! {
        _ = timeout(ENDING, async { while open.join_next().await.is_some() {} }) => {}
        _ = signals.next() => {}
    }
    open.shutdown().await;
}

async fn connection(stream: TcpStream, peer: SocketAddr, acceptor: Option<TlsAcceptor>, site: Arc<Site>) {
    let Some(acceptor) = acceptor else { return requests(stream, peer, site).await };
    // One that does not speak TLS is dropped; most are scanners of other kinds.
    if let Ok(Ok(stream)) = timeout(OPENING, acceptor.accept(stream)).await {
        requests(stream, peer, site).await;
    }
}

async fn requests(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, peer: SocketAddr, site: Arc<Site>) {
    let service = service_fn(move |request| {
        let site = Arc::clone(&site);
        async move { Ok::<_, Infallible>(site.respond(peer, request).await) }
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
