//! Connections of the API: as many at once as allowed, each with time limits.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::poll_fn;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use super::site::Site;
use super::tls;
use super::unread::Unread;
use crate::background::{Stop, note};
use crate::config::{ApiSettings, ConfigError};

/// Longest time for the TLS handshake, and for the headers of a request.
const OPENING: Duration = Duration::from_secs(5);
/// Longest time of a connection, which has one request.
const LONGEST: Duration = Duration::from_secs(90);
/// Longest time that requests get to end after the signal to stop.
const ENDING: Duration = Duration::from_secs(20);
/// Pause after a failed accept, such as without free file descriptors.
const PAUSE: Duration = Duration::from_millis(200);
/// Largest head of a request.
const MAX_HEAD: usize = 16 << 10;
/// Most bytes that are read after a head that was refused.
const REST: u64 = 1 << 20;

/// Failure to listen.
///
/// ```
/// use lab_gateway::api::ServerError;
///
/// let error = ServerError::Listen { listen: "127.0.0.1:80".parse()?, problem: "in use".to_owned() };
/// assert!(error.to_string().contains("api.listen"));
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// The settings of TLS are wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The port cannot be opened.
    #[error("api.listen is {listen}, where the gateway cannot listen: {problem}; choose another port or address")]
    Listen {
        /// Address and port.
        listen: SocketAddr,
        /// Problem.
        problem: String,
    },
}

/// Server of the API, which listens already.
pub struct Server {
    listener: TcpListener,
    acceptor: Option<TlsAcceptor>,
    most: usize,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("listener", &self.listener).field("tls", &self.acceptor.is_some()).finish()
    }
}

impl Server {
    /// Listens where the settings say.
    ///
    /// # Errors
    /// [`ServerError`] if the settings of TLS are wrong, or the port cannot be opened.
    pub async fn bind(settings: &ApiSettings) -> Result<Self, ServerError> {
        let acceptor = tls::acceptor(settings)?;
        let listen = settings.listen;
        let listener = TcpListener::bind(listen)
            .await
            .map_err(|error| ServerError::Listen { listen, problem: error.to_string() })?;
        Ok(Self { listener, acceptor, most: settings.connections })
    }

    /// Returns the URL of the API, with the port that the system chose if none was set.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.acceptor.is_some() { "https" } else { "http" };
        let address = self.listener.local_addr().map_or_else(|_| "?".to_owned(), |address| address.to_string());
        format!("{scheme}://{address}")
    }

    /// Serves until the service stops. Requests that are under way get some time to end.
    pub async fn run(self, site: Arc<Site>, stop: Stop) {
        let Self { listener, acceptor, most } = self;
        let places = Arc::new(Semaphore::new(most));
        // A single client cannot keep out the others.
        let clients = Clients { most: (most / 4).max(1), open: Arc::default() };
        let mut tasks = JoinSet::new();
        loop {
            // Where all places are taken, further connections wait in the system's queue.
            let Some(Ok(place)) = stop.or(Arc::clone(&places).acquire_owned()).await else { break };
            let Some(accepted) = stop.or(listener.accept()).await else { break };
            while tasks.try_join_next().is_some() {}
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    note(format_args!("api: a connection was not accepted: {error}"));
                    sleep(PAUSE).await;
                    continue;
                }
            };
            let Some(client) = clients.enter(peer.ip()) else { continue };
            let (acceptor, site) = (acceptor.clone(), Arc::clone(&site));
            tasks.spawn(async move {
                let _held = (place, client);
                // One that takes longer is dropped; its change goes on.
                let _ = timeout(LONGEST, connection(stream, peer.ip(), acceptor, site)).await;
            });
        }
        drop(listener);
        let _ = timeout(ENDING, async { while tasks.join_next().await.is_some() {} }).await;
        tasks.shutdown().await;
    }
}

/// Open connections by client.
#[derive(Debug, Clone)]
struct Clients {
    most: usize,
    open: Arc<Mutex<BTreeMap<IpAddr, usize>>>,
}

/// Place of one connection of a client, given back on drop.
#[derive(Debug)]
struct Client {
    address: IpAddr,
    clients: Clients,
}

impl Clients {
    /// Returns a place, or `None` if the client has too many.
    fn enter(&self, address: IpAddr) -> Option<Client> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(address).or_insert(0);
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Client { address, clients: self.clone() })
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let mut open = self.clients.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.address);
            }
        }
    }
}

async fn connection(stream: TcpStream, peer: IpAddr, acceptor: Option<TlsAcceptor>, site: Arc<Site>) {
    let Some(acceptor) = acceptor else { return request(stream, peer, site).await };
    // One that does not speak TLS is dropped; most are scanners.
    if let Ok(Ok(stream)) = timeout(OPENING, acceptor.accept(stream)).await {
        request(stream, peer, site).await;
    }
}

async fn request(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, peer: IpAddr, site: Arc<Site>) {
    let peer = peer.to_canonical();
    let handed_on = Arc::new(AtomicBool::new(false));
    let stream = Unread::new(stream, Arc::clone(&handed_on));
    let service = service_fn(move |request| {
        handed_on.store(true, Ordering::Release);
        let site = Arc::clone(&site);
        Box::pin(async move { Ok::<_, Infallible>(site.respond(peer, request).await) })
    });
    // One request a connection: an idle one would hold a place.
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(OPENING)
        .max_buf_size(MAX_HEAD)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    // An error means that the peer went away, or sent what is no HTTP, to which there was a response.
    let _ = poll_fn(|cx| connection.poll_without_shutdown(cx)).await;
    let mut stream = connection.into_parts().io.into_inner();
    let _ = stream.shutdown().await;
    if let Some(rest) = stream.replaced() {
        note(format_args!("api: {peer}: the head of a request could not be read"));
        // A connection that is closed with unread data loses the response.
        let _ = timeout(OPENING, tokio::io::copy(&mut rest.take(REST), &mut tokio::io::sink())).await;
    }
}
