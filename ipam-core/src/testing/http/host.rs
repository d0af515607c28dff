//! Running server: socket, site, log and faults.

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::host_state::HostState;
use super::{Site, serve};
use crate::testing::{Logged, When};

/// Running server for a [`Site`]. Dropping it stops the server and closes its connections.
///
/// See the [module](super) for a site of one's own. A test of a client looks like this:
///
/// ```
/// # #[cfg(not(feature = "http"))]
/// # fn main() {}
/// # #[cfg(feature = "http")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use ipam_core::http::{HttpClient, HttpOptions, HttpRequest};
/// # use ipam_core::testing::http::{Request, Response, Site};
/// # struct Ipam;
/// # impl Site for Ipam {
/// #     type Fault = Fault;
/// #     async fn respond(&self, _: &Request, _: Option<&Fault>) -> Response { Response::json(200, "{}") }
/// #     fn failure(&self, status: u16, message: &str) -> Response { Response::text(status, "text/plain", message) }
/// # }
/// use ipam_core::testing::When;
/// use ipam_core::testing::http::{Fault, Host};
///
/// let host = Host::start(|_address| Ipam).await?;
/// host.fault(Fault::Status(503, "maintenance".to_owned()), When::any().path("/subnets/"));
/// # let client = HttpClient::new(&host.url(), HttpOptions::new().with_allow_http(true))?;
/// # let get = |path| HttpRequest::new(http::Method::GET, client.origin().url(path).unwrap());
/// assert_eq!(client.send(get("subnets/8/")).await?.status.as_u16(), 503);
/// assert_eq!(client.send(get("subnets/8/")).await?.status.as_u16(), 200);
/// assert_eq!((host.count("GET", "/subnets/"), host.pending_faults()), (2, 0));
/// # Ok(())
/// # }
/// ```
pub struct Host<S: Site> {
    shared: Arc<HostState<S>>,
    address: SocketAddr,
    task: JoinHandle<Infallible>,
}

impl<S: Site> Host<S> {
    /// Starts a server on a free port of 127.0.0.1, in the tokio runtime of the caller.
    ///
    /// `site` makes the site when the address is known, for sites that have their own URL in responses.
    ///
    /// # Errors
    /// [`io::Error`] if no port can be bound.
    pub async fn start(site: impl FnOnce(SocketAddr) -> S) -> io::Result<Self> {
        // Port 0 is a free one, so that tests run side by side.
        Self::start_on(0, site).await
    }

    /// Starts a server on this port of 127.0.0.1, for callers that cannot be told another one.
    ///
    /// # Errors
    /// [`io::Error`] if the port cannot be bound.
    pub async fn start_on(port: u16, site: impl FnOnce(SocketAddr) -> S) -> io::Result<Self> {
        // IPv4, because containers often have no `::1`.
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        // The listener queues connections from here on, so a client can connect before the task runs.
        // The site is made after the port is known: servers put their own address into links.
        let shared = Arc::new(HostState::new(site(address)));
        let task = tokio::spawn(serve::accept(listener, Arc::clone(&shared)));
        Ok(Self { shared, address, task })
    }

    /// Returns the address of the server.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the URL of the server: `http://127.0.0.1:PORT`, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the site.
    #[must_use]
    pub fn site(&self) -> &S {
        &self.shared.site
    }

    /// Returns the latest 100 000 requests, in the order of their responses.
    #[must_use]
    pub fn requests(&self) -> Vec<Logged<S::Fault>> {
        self.shared.log().iter().cloned().collect()
    }

    /// Returns the number of logged requests with this method and with this text in their path.
    #[must_use]
    pub fn count(&self, method: &str, path: &str) -> usize {
        let log = self.shared.log();
        log.iter().filter(|entry| entry.method.eq_ignore_ascii_case(method) && entry.path.contains(path)).count()
    }

    /// Empties the log.
    pub fn clear_log(&self) {
        self.shared.log().clear();
    }

    /// Adds a fault. The first pending fault that applies to a request affects it; delays add to it.
    pub fn fault(&self, fault: S::Fault, when: When) {
        self.shared.faults().add(fault, when);
    }

    /// Removes all pending faults.
    pub fn clear_faults(&self) {
        self.shared.faults().clear();
    }

    /// Returns the number of pending faults. A fault counts as one, however many requests it will affect.
    #[must_use]
    pub fn pending_faults(&self) -> usize {
        self.shared.faults().pending()
    }
}

impl<S: Site> Drop for Host<S> {
    fn drop(&mut self) {
        // The task owns the connections, so they are closed with it.
        self.task.abort();
    }
}

impl<S: Site> fmt::Debug for Host<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("url", &self.url()).finish_non_exhaustive()
    }
}
