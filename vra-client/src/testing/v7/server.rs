//! The server: a socket, the store behind it, the log and the faults.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use super::config::{Release, TENANT, User};
use super::dispatch::Vra;
use super::identity::expire;
use super::store::Store;
use crate::testing::Clock;
use crate::testing::Logged;
use crate::testing::{Fault, When};
use ipam_core::testing::http::Host;

/// A running server. It stops when it is dropped.
///
/// It listens on a free port of 127.0.0.1, in the Tokio runtime it was started in.
pub struct Server {
    host: Host<Vra>,
}

impl Server {
    /// The tenant that every server has.
    pub const TENANT: &'static str = TENANT;
    /// The user of a server that was not given any; also who approves in the example data.
    pub const USER: &'static str = "tony@example.com";
    /// That user's password.
    pub const PASSWORD: &'static str = "correct horse";
    /// The name of the business group that every server has.
    pub const SUBTENANT: &'static str = "Development";
    /// The name of the compute resource that every server has; from 7.x on its label says ` (vCenter)` behind it.
    pub const COMPUTE: &'static str = "Cluster 1";

    /// Starts a server as an administrator finds it after its set-up: the tenant [`TENANT`](Self::TENANT), the user
    /// [`USER`](Self::USER), the business group [`SUBTENANT`](Self::SUBTENANT), one compute resource with a network and
    /// a store, and no item, reservation or network profile.
    ///
    /// # Errors
    /// No port could be bound.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// Chooses users, release, clock and more before starting.
    pub fn builder() -> ServerBuilder {
        ServerBuilder::new()
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        self.host.url()
    }

    /// Where the server listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.host.address()
    }

    fn site(&self) -> &Vra {
        self.host.site()
    }

    /// Fills or changes what the server remembers; no request is answered meanwhile.
    pub fn seed<T>(&self, change: impl FnOnce(&mut Store) -> T) -> T {
        change(&mut self.site().store())
    }

    /// The requests so far, in the order they were answered.
    #[must_use]
    pub fn requests(&self) -> Vec<Logged> {
        self.host.requests()
    }

    /// How many requests had this method and contained this text in their path.
    #[must_use]
    pub fn count(&self, method: &str, path: &str) -> usize {
        self.host.count(method, path)
    }

    /// Forgets the requests so far.
    pub fn clear_log(&self) {
        self.host.clear_log();
    }

    /// Lets something go wrong. Faults wait in the order they were added; the first that applies to a request is used
    /// up by it.
    pub fn fault(&self, fault: Fault, when: When) {
        self.host.fault(fault, when);
    }

    /// Forgets the faults that did not happen yet.
    pub fn clear_faults(&self) {
        self.host.clear_faults();
    }

    /// How many faults are still to come; one that happens always counts as one.
    #[must_use]
    pub fn pending_faults(&self) -> usize {
        self.host.pending_faults()
    }

    /// Moves the server's clock forward.
    pub fn advance(&self, by: Duration) {
        self.site().clock.advance(by);
    }

    /// Lets all tokens expire now.
    pub fn expire_tokens(&self) {
        let now = self.site().clock.now();
        expire(&mut self.site().store(), None, now);
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("url", &self.url()).finish_non_exhaustive()
    }
}

/// Choices before a server starts.
#[derive(Debug)]
#[must_use]
pub struct ServerBuilder {
    users: Vec<User>,
    release: Release,
    clock: Clock,
    token_lifetime: Duration,
    polls_in_progress: u32,
    link_origin: Option<String>,
    example: bool,
}

impl ServerBuilder {
    fn new() -> Self {
        Self {
            users: Vec::new(),
            release: Release::default(),
            clock: Clock::system(),
            token_lifetime: Duration::from_secs(24 * 3600),
            polls_in_progress: 2,
            link_origin: None,
            example: false,
        }
    }

    /// Adds a user. Without any there is [`Server::USER`].
    pub fn user(mut self, user: User) -> Self {
        self.users.push(user);
        self
    }

    /// Behaves like these releases.
    pub fn release(mut self, release: Release) -> Self {
        self.release = release;
        self
    }

    /// Takes the time from this clock.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// How long tokens last: 24 hours unless set.
    pub fn token_lifetime(mut self, life: Duration) -> Self {
        self.token_lifetime = life;
        self
    }

    /// For how many polls_in_progress a request is being worked on, after it was approved: 2 unless set. With 0 the first look
    /// finds it begun, and the second one finished.
    pub fn polls_in_progress(mut self, polls_in_progress: u32) -> Self {
        self.polls_in_progress = polls_in_progress;
        self
    }

    /// Links and `Location` begin with this, as those of a server behind a load balancer do.
    pub fn link_origin(mut self, origin: impl Into<String>) -> Self {
        self.link_origin = Some(origin.into());
        self
    }

    /// Adds a network profile `Servers` (10.60.1.0/24, of which .10 to .19 are given out), a reservation `Dev` with it,
    /// the items `CentOS` and `CentOS with approval`, a second business group, an identity store, a key pair, two
    /// reservation policies and an IPAM endpoint.
    pub fn example_data(mut self) -> Self {
        self.example = true;
        self
    }

    /// Starts the server.
    ///
    /// # Errors
    /// No port could be bound.
    pub async fn start(self) -> io::Result<Server> {
        let mut store = Store::new(self.polls_in_progress, self.token_lifetime);
        let users = match self.users {
            none if none.is_empty() => vec![User::new(Server::USER, Server::PASSWORD)],
            users => users,
        };
        store.set_up(users);
        if self.example {
            store.example();
        }
        let (release, clock, link_origin) = (self.release, self.clock, self.link_origin);
        let host = Host::start(|address| {
            let origin = link_origin.unwrap_or_else(|| format!("http://{address}"));
            Vra::new(release, clock, origin.trim_end_matches('/').to_owned(), store)
        });
        Ok(Server { host: host.await? })
    }
}
