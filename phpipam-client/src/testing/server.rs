//! Running server, and the choices before it starts.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ipam_core::testing::http::Host;
use ipam_core::testing::{Clock, When};

use super::config::{App, Numbers, Permission, UserAccount};
use super::dispatch::Setup;
use super::faults::{Fault, Logged};
use super::profile::Profile;
use super::recorded;
use super::state::State;
use super::store::Store;

/// A running server. It stops when it is dropped.
///
/// It listens on a free port of 127.0.0.1, in the Tokio runtime it was started in.
pub struct Server {
    pub(super) host: Host<State>,
}

impl Server {
    /// The app of a server that was not given any.
    pub const APP: &'static str = "test";
    /// The user of a server that was not given any.
    pub const USER: &'static str = "admin";
    /// That user's password.
    pub const PASSWORD: &'static str = "correct horse";

    /// Starts a server as phpIPAM is after its installation, with the app [`APP`](Self::APP) (read/write/admin, user tokens) and the
    /// user [`USER`](Self::USER).
    ///
    /// # Errors
    /// No port could be bound.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// Chooses apps, users, number form, clock and more before starting.
    #[must_use]
    pub fn builder() -> ServerBuilder {
        ServerBuilder::new()
    }

    /// `http://127.0.0.1:PORT` and the base path, without a slash at the end. The API is at `{url}/api/{app}/`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}{}", self.host.url(), self.host.site().setup.base)
    }

    /// Where the server listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.host.address()
    }

    /// Fills or changes what the server remembers; no request is answered meanwhile.
    pub fn seed<T>(&self, change: impl FnOnce(&mut Store) -> T) -> T {
        change(&mut self.host.site().store())
    }

    /// The requests so far, in the order of their responses: the latest 100 000.
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

    /// Lets something go wrong. Faults wait in the order they were added; the first that applies to a request is used up by it.
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
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("url", &self.url()).finish_non_exhaustive()
    }
}

/// Choices before a server starts.
#[derive(Debug)]
pub struct ServerBuilder {
    apps: Vec<App>,
    users: Vec<UserAccount>,
    profile: Profile,
    numbers: Numbers,
    clock: Clock,
    base: String,
    https: bool,
    offset: i32,
    race_window: Duration,
    example: bool,
    extras: bool,
}

impl ServerBuilder {
    fn new() -> Self {
        Self {
            apps: Vec::new(),
            users: Vec::new(),
            profile: Profile::default(),
            numbers: Numbers::default(),
            clock: Clock::system(),
            base: String::new(),
            https: false,
            offset: 0,
            race_window: Duration::from_millis(2),
            example: false,
            extras: false,
        }
    }

    /// Adds an app. Without any there is [`Server::APP`].
    #[must_use]
    pub fn app(mut self, app: App) -> Self {
        self.apps.push(app);
        self
    }

    /// Adds a user. Without any there is [`Server::USER`]. The first user is the administrator.
    #[must_use]
    pub fn user(mut self, user: UserAccount) -> Self {
        self.users.push(user);
        self
    }

    /// Behaves like this version.
    #[must_use]
    pub fn profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// Sends numbers this way.
    #[must_use]
    pub fn numbers(mut self, numbers: Numbers) -> Self {
        self.numbers = numbers;
        self
    }

    /// Takes the time from this clock.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Serves under a path, such as `/phpipam`.
    #[must_use]
    pub fn base_path(mut self, path: &str) -> Self {
        self.base = path.trim_end_matches('/').to_owned();
        self
    }

    /// Treats every request as if it came over TLS, as behind a proxy that ends it. A request with `X-Forwarded-Proto: https` is
    /// treated so in any case.
    #[must_use]
    pub fn https(mut self, https: bool) -> Self {
        self.https = https;
        self
    }

    /// Lets the server's local time be so many minutes ahead of UTC; times are sent without an offset.
    #[must_use]
    pub fn utc_offset_minutes(mut self, minutes: i32) -> Self {
        self.offset = minutes;
        self
    }

    /// How long an app without lock takes between finding a free address and taking it: the time in which others can come in between.
    /// 2 ms by default.
    #[must_use]
    pub fn race_window(mut self, window: Duration) -> Self {
        self.race_window = window;
        self
    }

    /// Adds phpIPAM's own example data: sections 1 and 2, subnets 1 to 6, addresses 1 to 10, two VLANs and a set of name servers.
    #[must_use]
    pub fn example_data(mut self) -> Self {
        self.example = true;
        self
    }

    /// Sets up the apps, users, custom fields and example data of the server that the recordings of 1.8.2 came from.
    #[must_use]
    pub fn recorded(mut self) -> Self {
        self.apps.extend(recorded::apps());
        self.users.extend(recorded::users());
        self.example = true;
        self.extras = true;
        self
    }

    /// Starts the server.
    ///
    /// # Errors
    /// No port could be bound.
    pub async fn start(self) -> io::Result<Server> {
        let state = self.state();
        Ok(Server { host: Host::start(|_| state).await? })
    }

    fn state(self) -> State {
        let mut store = Store::new();
        if self.example {
            recorded::example(&mut store);
        }
        if self.extras {
            recorded::extras(&mut store);
        }
        let mut apps = self.apps;
        if apps.is_empty() {
            apps.push(App::new(Server::APP).with_permission(Permission::Admin));
        }
        let mut users = self.users;
        if users.is_empty() {
            users.push(UserAccount::new(Server::USER, Server::PASSWORD));
        }
        for user in users {
            store.add_user(user);
        }
        store.numbers = self.numbers;
        State {
            setup: Setup { base: self.base, apps, profile: self.profile, https: self.https, offset: self.offset },
            clock: self.clock,
            race_window: self.race_window,
            file_lock: Arc::default(),
            mysql_lock: Arc::default(),
            store: Mutex::new(store),
        }
    }
}
