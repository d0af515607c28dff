//! Running server: a socket, the site behind it, the log and the faults.

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

/// Site behind a socket. It stops when it is dropped, with its connections.
pub struct Host<S: Site> {
    shared: Arc<HostState<S>>,
    address: SocketAddr,
    task: JoinHandle<Infallible>,
}

impl<S: Site> Host<S> {
    /// Binds a free port of 127.0.0.1, in the Tokio runtime of the caller. The site is made when the address is known.
    ///
    /// # Errors
    /// No port could be bound.
    pub async fn start(site: impl FnOnce(SocketAddr) -> S) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(HostState::new(site(address)));
        let task = tokio::spawn(serve::accept(listener, Arc::clone(&shared)));
        Ok(Self { shared, address, task })
    }

    /// Where the server listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The site.
    #[must_use]
    pub fn site(&self) -> &S {
        &self.shared.site
    }

    /// The requests so far, in the order of their responses: the latest 100 000.
    #[must_use]
    pub fn requests(&self) -> Vec<Logged<S::Fault>> {
        self.shared.log().iter().cloned().collect()
    }

    /// How many of them had this method and contained this text in their path.
    #[must_use]
    pub fn count(&self, method: &str, path: &str) -> usize {
        let log = self.shared.log();
        log.iter().filter(|entry| entry.method.eq_ignore_ascii_case(method) && entry.path.contains(path)).count()
    }

    /// Forgets the requests so far.
    pub fn clear_log(&self) {
        self.shared.log().clear();
    }

    /// Lets something go wrong. Faults wait in the order they were added; the first that applies to a request is used up by
    /// it.
    pub fn fault(&self, fault: S::Fault, when: When) {
        self.shared.faults().add(fault, when);
    }

    /// Forgets the faults that did not happen yet.
    pub fn clear_faults(&self) {
        self.shared.faults().clear();
    }

    /// How many faults are still to come; one that happens always counts as one.
    #[must_use]
    pub fn pending_faults(&self) -> usize {
        self.shared.faults().pending()
    }
}

impl<S: Site> Drop for Host<S> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl<S: Site> fmt::Debug for Host<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("url", &self.url()).finish_non_exhaustive()
    }
}
