//! Server: a socket, the store behind it, the request log and the faults.

use std::fmt;
use std::io;
use std::time::Duration;

use super::config::{Release, TENANT, User};
use super::dispatch::Vra;
use super::identity::expire;
use super::store::Store;
use crate::testing::Clock;
use crate::testing::controls::controls;
use ipam_core::testing::http::Host;

/// Running server. It stops when it is dropped.
///
/// It listens on a free port of 127.0.0.1, in the Tokio runtime in which it was started.
///
#[cfg_attr(feature = "v7", doc = "```")]
#[cfg_attr(not(feature = "v7"), doc = "```text")]
/// use vra_client::HttpOptions;
/// use vra_client::testing::v7::Server;
/// use vra_client::v7::Client;
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let server = Server::builder().example_data().start().await?;
/// let client = Client::builder(server.url())
///     .with_password(Server::USER, Server::PASSWORD, Server::TENANT)
///     .with_http_options(HttpOptions::new().with_allow_http(true))
///     .build()?;
/// let groups = client.identity().subtenants(Server::TENANT).all().await?;
/// assert_eq!(groups[0].name.as_deref(), Some(Server::SUBTENANT));
/// assert_eq!(server.count("POST", "/identity/api/tokens"), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Server {
    host: Host<Vra>,
}

impl Server {
    /// Tenant that every server has.
    pub const TENANT: &'static str = TENANT;
    /// User of a server whose builder was given none, and approver in the example data.
    pub const USER: &'static str = "tony@example.com";
    /// Password of [`USER`](Self::USER).
    pub const PASSWORD: &'static str = "correct horse";
    /// Name of the business group that every server has.
    pub const SUBTENANT: &'static str = "Development";
    /// Name of the compute resource that every server has. Its label in 7.x ends with ` (vCenter)`.
    pub const COMPUTE: &'static str = "Cluster 1";

    /// Starts a server with what an administrator finds after the installation.
    ///
    /// There are the tenant [`TENANT`](Self::TENANT), the user [`USER`](Self::USER), the business group
    /// [`SUBTENANT`](Self::SUBTENANT) and one compute resource with two networks and a datastore. There is no item, no
    /// reservation and no network profile.
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
    /// Requests wait until `change` returns. The name is that of its main use, to give the server the data of a test;
    /// it has no relation to the seed of random numbers of [`When::chance`](crate::testing::When::chance).
    ///
    /// ```
    /// use vra_client::testing::v7::{Item, Server};
    ///
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// let server = Server::start().await?;
    /// let item = server.seed(|store| store.add_item(Item::new("Ubuntu")));
    /// assert_eq!(item.len(), 36);
    /// // It reads as well.
    /// assert_eq!(server.seed(|store| store.request_count()), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn seed<T>(&self, change: impl FnOnce(&mut Store) -> T) -> T {
        change(&mut self.site().store())
    }

    controls! {
        ///
        #[cfg_attr(feature = "v7", doc = "```")]
        #[cfg_attr(not(feature = "v7"), doc = "```text")]
        /// use vra_client::testing::v7::Server;
        ///
        /// # tokio::runtime::Runtime::new()?.block_on(async {
        /// let server = Server::start().await?;
        /// # let client = vra_client::v7::Client::builder(server.url())
        /// #     .with_password(Server::USER, Server::PASSWORD, Server::TENANT)
        /// #     .with_http_options(vra_client::HttpOptions::new().with_allow_http(true))
        /// #     .build()?;
        /// client.identity().tenant(Server::TENANT).await?;
        /// let log = server.requests();
        /// assert_eq!((log[0].method.as_str(), log[0].path.as_str()), ("POST", "/identity/api/tokens"));
        /// assert_eq!(log[1].status, Some(200));
        /// assert!(!log[0].body.contains(Server::PASSWORD));
        /// # Ok::<(), Box<dyn std::error::Error>>(())
        /// # })?;
        /// # Ok::<(), Box<dyn std::error::Error>>(())
        /// ```
        requests,
        ///
        #[cfg_attr(feature = "v7", doc = "```")]
        #[cfg_attr(not(feature = "v7"), doc = "```text")]
        /// use vra_client::testing::v7::Server;
        /// use vra_client::testing::{Fault, When};
        ///
        /// # tokio::runtime::Runtime::new()?.block_on(async {
        /// let server = Server::start().await?;
        /// # let client = vra_client::v7::Client::builder(server.url())
        /// #     .with_password(Server::USER, Server::PASSWORD, Server::TENANT)
        /// #     .with_http_options(vra_client::HttpOptions::new().with_allow_http(true))
        /// #     .build()?;
        /// // A gateway that is not ready yet refuses two requests; the client repeats them.
        /// server.fault(Fault::Html(503), When::any().method("GET").path("/tenants/").times(2));
        /// client.identity().tenant(Server::TENANT).await?;
        /// assert_eq!(server.count("GET", "/tenants/"), 3);
        /// # Ok::<(), Box<dyn std::error::Error>>(())
        /// # })?;
        /// # Ok::<(), Box<dyn std::error::Error>>(())
        /// ```
        fault,
        ///
        /// ```
        /// use vra_client::testing::v7::Server;
        /// use vra_client::testing::{Fault, When};
        ///
        /// # tokio::runtime::Runtime::new()?.block_on(async {
        /// let server = Server::start().await?;
        /// server.fault(Fault::DropBefore, When::any().path("/requests").always());
        /// assert_eq!(server.pending_faults(), 1);
        /// server.clear_faults();
        /// assert_eq!(server.pending_faults(), 0);
        /// # Ok::<(), Box<dyn std::error::Error>>(())
        /// # })?;
        /// # Ok::<(), Box<dyn std::error::Error>>(())
        /// ```
        pending_faults,
        /// Moves the server's clock forward: tokens expire, and addresses of destroyed machines become free.
        advance,
    }

    /// Lets all tokens expire now, although their responses said a later time. A real token also
    /// ends early, with the SAML token behind it.
    ///
    #[cfg_attr(feature = "v7", doc = "```")]
    #[cfg_attr(not(feature = "v7"), doc = "```text")]
    /// use vra_client::testing::v7::Server;
    ///
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// let server = Server::start().await?;
    /// # let client = vra_client::v7::Client::builder(server.url())
    /// #     .with_password(Server::USER, Server::PASSWORD, Server::TENANT)
    /// #     .with_http_options(vra_client::HttpOptions::new().with_allow_http(true))
    /// #     .build()?;
    /// client.identity().tenant(Server::TENANT).await?;
    /// server.expire_tokens();
    /// // The token is rejected; the client logs in again and repeats the call.
    /// client.identity().tenant(Server::TENANT).await?;
    /// assert_eq!(server.count("POST", "/identity/api/tokens"), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
/// use vra_client::testing::v7::{Release, Server, User};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let server = Server::builder()
///     .user(User::new("ann@example.com", "secret"))
///     .release(Release::V6_2)
///     .token_lifetime(Duration::from_secs(3600))
///     .polls_in_progress(0)
///     .example_data()
///     .start()
///     .await?;
/// assert_eq!(server.seed(|store| store.request_count()), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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

    /// Adds a user. Default: [`Server::USER`]. It is not there if any other user is added.
    pub fn user(mut self, user: User) -> Self {
        self.users.push(user);
        self
    }

    /// Sets the release to behave like. Default: [`Release::V7`].
    pub fn release(mut self, release: Release) -> Self {
        self.release = release;
        self
    }

    /// Sets the clock of the server. Default: the system's. A [fixed](Clock::fixed) clock moves only by
    /// [`Server::advance`].
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use vra_client::testing::Clock;
    /// use vra_client::testing::v7::Server;
    ///
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// let clock = Clock::fixed(SystemTime::UNIX_EPOCH);
    /// let server = Server::builder().clock(clock.clone()).start().await?;
    /// server.advance(Duration::from_secs(60));
    /// assert_eq!(clock.now(), SystemTime::UNIX_EPOCH + Duration::from_secs(60));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Sets the lifetime of tokens. Default: 24 hours, as on a real server.
    pub fn token_lifetime(mut self, life: Duration) -> Self {
        self.token_lifetime = life;
        self
    }

    /// Sets the number of polls that find a request in progress; the next poll finds it ended. Default: 2.
    ///
    /// - A request that needs no approval: at least 1; 0 counts as 1. The first poll begins the work.
    /// - A request that waited for an approval: one less than this number, and 0 for 0. The approval begins the work in
    ///   place of the first poll.
    ///
    #[cfg_attr(feature = "v7", doc = "```")]
    #[cfg_attr(not(feature = "v7"), doc = "```text")]
    /// use vra_client::testing::v7::Server;
    /// use vra_client::v7::RequestState;
    ///
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// let server = Server::builder().example_data().polls_in_progress(1).start().await?;
    /// # let client = vra_client::v7::Client::builder(server.url())
    /// #     .with_password(Server::USER, Server::PASSWORD, Server::TENANT)
    /// #     .with_http_options(vra_client::HttpOptions::new().with_allow_http(true))
    /// #     .build()?;
    /// let catalog = client.catalog();
    /// let item = catalog.item_named("CentOS").await?;
    /// let template = catalog.template_of(&item)?.await?;
    /// let id = catalog.submit_to(&item, template)?.await?.id;
    /// assert_eq!(catalog.request(&id).await?.state, Some(RequestState::InProgress));
    /// assert_eq!(catalog.request(&id).await?.state, Some(RequestState::Successful));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn polls_in_progress(mut self, polls_in_progress: u32) -> Self {
        self.polls_in_progress = polls_in_progress;
        self
    }

    /// Sets the origin in links and in `Location`. Default: the server's own URL. A server behind a load balancer names a node.
    ///
    #[cfg_attr(feature = "v7", doc = "```")]
    #[cfg_attr(not(feature = "v7"), doc = "```text")]
    /// use vra_client::testing::v7::Server;
    ///
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// let server = Server::builder().example_data().link_origin("https://node-7.internal").start().await?;
    /// # let client = vra_client::v7::Client::builder(server.url())
    /// #     .with_password(Server::USER, Server::PASSWORD, Server::TENANT)
    /// #     .with_http_options(vra_client::HttpOptions::new().with_allow_http(true))
    /// #     .build()?;
    /// // The client takes path and query of a link and keeps the configured host.
    /// let item = client.catalog().item_named("CentOS").await?;
    /// assert!(item.template_link().unwrap().href.as_deref().unwrap().starts_with("https://node-7.internal/"));
    /// client.catalog().template_of(&item)?.await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn link_origin(mut self, origin: impl Into<String>) -> Self {
        self.link_origin = Some(origin.into());
        self
    }

    /// Adds example data: a network profile `Servers` (10.60.1.0/24, with a range from .10 to .19), a reservation `Dev` with
    /// it, the items `CentOS` and `CentOS with approval`, a second business group, an identity store, a key pair, two
    /// reservation policies and an IPAM endpoint.
    pub fn example_data(mut self) -> Self {
        self.example = true;
        self
    }

    /// Starts the server.
    ///
    /// # Errors
    /// The I/O error if no port can be bound.
    pub async fn start(self) -> io::Result<Server> {
        // The store is filled before the socket exists, so that no request sees a half-filled one.
        let mut store = Store::new(self.polls_in_progress, self.token_lifetime);
        let users = match self.users {
            // A server on which no user can log in is of no use to a test.
            none if none.is_empty() => vec![User::new(Server::USER, Server::PASSWORD)],
            users => users,
        };
        store.set_up(users);
        if self.example {
            store.example();
        }
        let (release, clock, link_origin) = (self.release, self.clock, self.link_origin);
        let host = Host::start(|address| {
            // The port is known only after it was bound, and links need it.
            let origin = link_origin.unwrap_or_else(|| format!("http://{address}"));
            Vra::new(release, clock, origin.trim_end_matches('/').to_owned(), store)
        });
        Ok(Server { host: host.await? })
    }
}
