//! Server: a socket, the store behind it, the request log and the faults.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ipam_core::testing::http::Host;

use super::actions::IpamActions;
use super::config::{Release, TENANT, User};
use super::dispatch::Vra;
use super::login::expire;
use super::pause::{Pacing, Pause};
use super::seed::PROJECT;
use super::store::{Settings, Store};
use crate::testing::controls::controls;
use crate::testing::{Clock, When};

/// Running server. It stops when it is dropped.
///
/// It listens on a free port of 127.0.0.1, in the Tokio runtime in which it was started.
///
#[cfg_attr(feature = "v8", doc = "```")]
#[cfg_attr(not(feature = "v8"), doc = "```text")]
/// use vra_client::HttpOptions;
/// use vra_client::testing::v8::Server;
/// use vra_client::v8::Client;
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let server = Server::builder().example_data().start().await?;
/// let client = Client::builder(server.url())
///     .with_password(Server::USER, Server::PASSWORD)
///     .with_http_options(HttpOptions::new().with_allow_http(true))
///     .build()?;
/// let project = client.projects().named(Server::PROJECT).await?;
/// assert_eq!(project.id, server.seed(|store| store.project(Server::PROJECT)));
/// // The password became a refresh token, and that an access token.
/// assert_eq!((server.count("POST", "/am/api/login"), server.count("POST", "/iaas/api/login")), (1, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Server {
    host: Host<Vra>,
}

impl Server {
    /// User of a server whose builder was given none. It has no domain.
    pub const USER: &'static str = "configadmin";
    /// Password of [`USER`](Self::USER).
    pub const PASSWORD: &'static str = "correct horse";
    /// Name of the project that every server has.
    pub const PROJECT: &'static str = PROJECT;
    /// Name of the organization of a server of [`Release::Vcf9`].
    pub const ORGANIZATION: &'static str = TENANT;

    /// Starts a server with what an administrator finds after the installation: one project and one region.
    ///
    /// # Errors
    /// The I/O error if no port can be bound.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// Returns a builder, for a server with other users, another release, a clock of the test, or example data.
    pub fn builder() -> ServerBuilder {
        ServerBuilder::new()
    }

    fn site(&self) -> &Vra {
        self.host.site()
    }

    /// Reads or changes the state of the server: runs `change` on its [`Store`] and returns the result.
    ///
    /// Requests wait until `change` returns.
    pub fn seed<T>(&self, change: impl FnOnce(&mut Store) -> T) -> T {
        change(&mut self.site().store())
    }

    controls! {
        ///
        #[cfg_attr(feature = "v8", doc = "```")]
        #[cfg_attr(not(feature = "v8"), doc = "```text")]
        /// use vra_client::testing::v8::Server;
        ///
        /// # tokio::runtime::Runtime::new()?.block_on(async {
        /// let server = Server::start().await?;
        /// # let client = vra_client::v8::Client::builder(server.url())
        /// #     .with_password(Server::USER, Server::PASSWORD)
        /// #     .with_http_options(vra_client::HttpOptions::new().with_allow_http(true))
        /// #     .build()?;
        /// client.about().await?;
        /// let log = server.requests();
        /// assert_eq!(log[0].path, "/csp/gateway/am/api/login");
        /// assert!(!log[0].body.contains(Server::PASSWORD));
        /// # Ok::<(), Box<dyn std::error::Error>>(())
        /// # })?;
        /// # Ok::<(), Box<dyn std::error::Error>>(())
        /// ```
        requests,
        ///
        #[cfg_attr(feature = "v8", doc = "```")]
        #[cfg_attr(not(feature = "v8"), doc = "```text")]
        /// use vra_client::testing::v8::Server;
        /// use vra_client::testing::{Fault, When};
        ///
        /// # tokio::runtime::Runtime::new()?.block_on(async {
        /// let server = Server::start().await?;
        /// # let client = vra_client::v8::Client::builder(server.url())
        /// #     .with_password(Server::USER, Server::PASSWORD)
        /// #     .with_http_options(vra_client::HttpOptions::new().with_allow_http(true))
        /// #     .build()?;
        /// // A login page of a gateway in place of JSON is an error and not an empty list.
        /// server.fault(Fault::Html(200), When::any().path("/iaas/api/projects"));
        /// assert!(client.projects().list().all().await.is_err());
        /// # Ok::<(), Box<dyn std::error::Error>>(())
        /// # })?;
        /// # Ok::<(), Box<dyn std::error::Error>>(())
        /// ```
        fault,
        pending_faults,
        /// Moves the server's clock forward: tokens and trackers expire, released addresses become available, and the
        /// ranges of integrations are collected.
        advance,
    }

    /// Lets the requests that `when` describes wait before they are carried out, until the returned value is dropped; without
    /// more, one request. [`Pause`] has an example.
    pub fn pause(&self, when: When) -> Pause {
        self.site().pacing.pause(when)
    }

    /// Lets all access tokens expire now, before the time that they name themselves. Refresh tokens stay.
    pub fn expire_tokens(&self) {
        let now = self.site().clock.now();
        // Set to now and not removed, so that the server knows the token and finds it expired.
        expire(&mut self.site().store(), None, now);
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("url", &self.url()).finish_non_exhaustive()
    }
}

/// Builder of a [`Server`].
///
/// ```
/// use std::time::Duration;
/// use vra_client::testing::v8::{Release, Server, User};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let server = Server::builder()
///     .user(User::new("ann", "secret").of_domain("corp.example"))
///     .release(Release::V8_10)
///     .token_lifetime(Duration::from_secs(3600))
///     .polls_in_progress(0)
///     .example_data()
///     .start()
///     .await?;
/// assert_eq!(server.seed(|store| store.deployment_count()), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub struct ServerBuilder {
    users: Vec<User>,
    release: Release,
    clock: Clock,
    settings: Settings,
    ignores_undeclared: bool,
    largest: usize,
    actions: Option<Arc<dyn IpamActions>>,
    example: bool,
    jitter: Option<(Duration, u64)>,
}

impl ServerBuilder {
    fn new() -> Self {
        const DAY: u64 = 24 * 3600;
        Self {
            users: Vec::new(),
            release: Release::default(),
            clock: Clock::system(),
            settings: Settings {
                polls: 2,
                token_lifetime: Duration::from_secs(8 * 3600),
                refresh_lifetime: Duration::from_secs(90 * DAY),
                release_wait: Duration::from_secs(30 * 60),
                tracker_lifetime: Duration::from_secs(DAY),
                refuses_at_once: false,
                longest_description: None,
            },
            ignores_undeclared: false,
            largest: 1000,
            actions: None,
            example: false,
            jitter: None,
        }
    }

    /// Adds a user. Default: [`Server::USER`]. It is not there if any other user is added.
    pub fn user(mut self, user: User) -> Self {
        self.users.push(user);
        self
    }

    /// Sets the release to behave like. Default: [`Release::V8_18`].
    pub fn release(mut self, release: Release) -> Self {
        self.release = release;
        self
    }

    /// Sets the clock of the server. Default: the system's. A [fixed](Clock::fixed) clock moves only by
    /// [`Server::advance`].
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Sets the lifetime of access tokens. Default: 8 hours, as documented for servers on your premises.
    pub fn token_lifetime(mut self, life: Duration) -> Self {
        self.settings.token_lifetime = life;
        self
    }

    /// Sets the lifetime of refresh tokens. Default: 90 days, as documented.
    pub fn refresh_token_lifetime(mut self, life: Duration) -> Self {
        self.settings.refresh_lifetime = life;
        self
    }

    /// Sets the time after which a released address is available again. Default: 30 minutes, as documented.
    pub fn release_wait(mut self, wait: Duration) -> Self {
        self.settings.release_wait = wait;
        self
    }

    /// Sets the time after which a tracker is gone. Default: one day; a real server's time is not known.
    pub fn tracker_lifetime(mut self, life: Duration) -> Self {
        self.settings.tracker_lifetime = life;
        self
    }

    /// Refuses a call that names a taken address with status 409. By default its tracker fails; no document tells which
    /// of the two real servers do.
    pub fn refuse_taken_at_once(mut self) -> Self {
        self.settings.refuses_at_once = true;
        self
    }

    /// Drops descriptions of addresses with more bytes. Default: none is dropped; a real server's limit is not known.
    pub fn longest_description(mut self, bytes: usize) -> Self {
        self.settings.longest_description = Some(bytes);
        self
    }

    /// Sets the number of polls that find a request or a tracker in progress; the next poll finds it ended. Default: 2.
    pub fn polls_in_progress(mut self, polls: u32) -> Self {
        self.settings.polls = polls;
        self
    }

    /// Lets lists that declare no paging and no filter, such as IP ranges, ignore both and return all rows. By default
    /// they honour both. No document tells which of the two real servers do.
    pub fn ignore_undeclared_paging(mut self) -> Self {
        self.ignores_undeclared = true;
        self
    }

    /// Sets the largest number of rows of a page, whatever a client asks for. Default: 1000.
    pub fn largest_page(mut self, rows: usize) -> Self {
        self.largest = rows;
        self
    }

    /// Sets the actions that run when the server calls an imported IPAM package: ValidateEndpoint when an integration
    /// is added, GetIPRanges then and every 10 minutes, AllocateIP and DeallocateIP for the machines of deployments.
    ///
    /// Without them, integrations are added unchecked, and machines in networks of a package fail.
    pub fn ipam_actions(mut self, actions: impl IpamActions) -> Self {
        self.actions = Some(Arc::new(actions));
        self
    }

    /// Adds example data: the fabric network `lab-net` (10.10.20.0/24) with the IP range `lab-static` (.10 to .99), the
    /// fabric network `dhcp-net` without one, a zone, a network profile, and the items `Ubuntu` and `Ubuntu with DHCP`.
    pub fn example_data(mut self) -> Self {
        self.example = true;
        self
    }

    /// Delays each request by a random time before it is carried out, so that requests of several clients interleave in
    /// other ways than they were sent. Default: none. The same seed and the same order of requests give the same delays.
    pub fn jitter(mut self, longest: Duration, seed: u64) -> Self {
        self.jitter = Some((longest, seed));
        self
    }

    /// Starts the server.
    ///
    /// # Errors
    /// The I/O error if no port can be bound.
    pub async fn start(self) -> io::Result<Server> {
        // The store is filled before the socket exists, so that no request sees a half-filled one.
        let mut store = Store::new(self.settings);
        let users = match self.users {
            // A server on which no user can log in is of no use to a test.
            none if none.is_empty() => vec![User::new(Server::USER, Server::PASSWORD)],
            users => users,
        };
        store.set_up(users);
        if self.example {
            store.example();
        }
        let site = Vra {
            release: self.release,
            clock: self.clock,
            ignores_undeclared: self.ignores_undeclared,
            largest: self.largest,
            actions: self.actions,
            pacing: Pacing::new(self.jitter),
            store: Mutex::new(store),
        };
        Ok(Server { host: Host::start(|_address| site).await? })
    }
}

impl fmt::Debug for ServerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerBuilder").field("release", &self.release).finish_non_exhaustive()
    }
}
