//! Simulated phpIPAM server and its builder.

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

/// Running phpIPAM server. It stops when it is dropped.
///
/// It listens on a free port of 127.0.0.1, in the Tokio runtime in which it was started.
///
/// ```
/// use phpipam_client::testing::Server;
/// # use phpipam_client::{Auth, Client, HttpOptions};
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let server = Server::start().await?;
/// # let client = Client::builder(server.url(), Server::APP, Auth::user(Server::USER, Server::PASSWORD))
/// #     .with_http_options(HttpOptions::new().with_allow_http(true))
/// #     .build()?;
/// // A fresh installation has no sections, and the user may log in.
/// client.user().check().await?;
/// assert!(client.sections().list().await?.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Server {
    pub(super) host: Host<State>,
}

impl Server {
    /// Id of the app that a server has if none was added: permission read/write/admin, security `none`.
    pub const APP: &'static str = "test";
    /// Name of the user account that a server has if none was added.
    pub const USER: &'static str = "admin";
    /// Password of that account.
    pub const PASSWORD: &'static str = "correct horse";

    /// Starts a freshly installed phpIPAM with the app [`APP`](Self::APP) and the user [`USER`](Self::USER).
    ///
    /// The installation has the four built-in tags, nine device types, the default L2 domain, the scan agent
    /// `localhost` and the user groups Operators and Guests; no sections, subnets or addresses.
    ///
    /// # Errors
    /// The [`io::Error`] of the operating system if no port of 127.0.0.1 can be bound.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// Returns a builder with the defaults of [`start`](Self::start).
    #[must_use]
    pub fn builder() -> ServerBuilder {
        ServerBuilder::new()
    }

    /// Returns `http://127.0.0.1:PORT` with the base path, without a slash at the end. The API is at
    /// `{url}/api/{app}/`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}{}", self.host.url(), self.host.site().setup.base)
    }

    /// Returns the IP address and port on which the server listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.host.address()
    }

    /// Reads or changes the state of the server, and returns what `change` returns.
    ///
    /// Requests wait until `change` ends, so a client never sees half of it. Inside `change`, neither call `seed` again
    /// nor wait for a response of the server: both would wait forever.
    ///
    /// ```
    /// use phpipam_client::testing::Server;
    /// # use phpipam_client::{Auth, Client, HttpOptions};
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// let server = Server::start().await?;
    /// let subnet = server.seed(|store| {
    ///     let section = store.add_section("Lab");
    ///     store.add_subnet(section, "192.0.2.0/24".parse().unwrap())
    /// });
    /// # let client = Client::builder(server.url(), Server::APP, Auth::user(Server::USER, Server::PASSWORD))
    /// #     .with_http_options(HttpOptions::new().with_allow_http(true))
    /// #     .build()?;
    /// let list = client.subnets().list().await?;
    /// assert_eq!(list[0].id.get(), subnet);
    /// // The same call reads: no address is in use.
    /// assert!(server.seed(|store| store.used(subnet)).is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn seed<T>(&self, change: impl FnOnce(&mut Store) -> T) -> T {
        change(&mut self.host.site().store())
    }

    /// Returns the latest 100 000 requests, in the order of their responses.
    ///
    /// Passwords, tokens and cookies are replaced by `REDACTED`.
    ///
    /// ```
    /// use phpipam_client::testing::Server;
    /// # use phpipam_client::{Auth, Client, HttpOptions};
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// let server = Server::start().await?;
    /// # let client = Client::builder(server.url(), Server::APP, Auth::user(Server::USER, Server::PASSWORD))
    /// #     .with_http_options(HttpOptions::new().with_allow_http(true))
    /// #     .build()?;
    /// client.sections().list().await?;
    ///
    /// let log = server.requests();
    /// assert_eq!((log[0].method.as_str(), log[0].path.as_str()), ("POST", "/api/test/user/"));
    /// assert_eq!((log[1].method.as_str(), log[1].path.as_str()), ("GET", "/api/test/sections/"));
    /// assert_eq!(log[1].header("token"), Some("REDACTED"));
    /// assert_eq!(log[1].status, Some(200));
    ///
    /// server.clear_log();
    /// assert_eq!(server.count("GET", "/sections/"), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn requests(&self) -> Vec<Logged> {
        self.host.requests()
    }

    /// Returns the number of logged requests with this method whose path contains `path`.
    #[must_use]
    pub fn count(&self, method: &str, path: &str) -> usize {
        self.host.count(method, path)
    }

    /// Removes all requests from the log.
    pub fn clear_log(&self) {
        self.host.clear_log();
    }

    /// Adds a fault, which happens to the next requests that meet the conditions of `when`.
    ///
    /// Faults are tried in the order in which they were added. A request gets the first fault that applies to it, and
    /// uses it up unless `when` repeats it.
    ///
    /// ```
    /// use phpipam_client::RefusalKind;
    /// use phpipam_client::testing::{Fault, Server, When};
    /// # use phpipam_client::{Auth, Client, HttpOptions};
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// let server = Server::start().await?;
    /// # let client = Client::builder(server.url(), Server::APP, Auth::user(Server::USER, Server::PASSWORD))
    /// #     .with_http_options(HttpOptions::new().with_allow_http(true))
    /// #     .build()?;
    /// server.fault(Fault::Status(503, "API server disabled".to_owned()), When::any().path("/sections/"));
    /// assert_eq!(server.pending_faults(), 1);
    ///
    /// let error = client.sections().list().await.unwrap_err();
    /// assert_eq!(error.refusal_kind(), Some(RefusalKind::Config));
    /// assert_eq!(server.pending_faults(), 0);
    /// client.sections().list().await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn fault(&self, fault: Fault, when: When) {
        self.host.fault(fault, when);
    }

    /// Removes the faults that have not happened, and those that repeat.
    pub fn clear_faults(&self) {
        self.host.clear_faults();
    }

    /// Returns the number of faults that are still to happen.
    ///
    /// One that repeats counts as one until it is used up, and forever if it was added with [`When::always`].
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

/// Builder of a [`Server`].
///
/// ```
/// use phpipam_client::RefusalKind;
/// use phpipam_client::models::SectionFields;
/// use phpipam_client::testing::{App, Numbers, Permission, Server, UserAccount};
/// # use phpipam_client::{Auth, Client, HttpOptions};
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let server = Server::builder()
///     .app(App::new("inventory").with_permission(Permission::Read))
///     .user(UserAccount::new("robot", "secret"))
///     .base_path("/phpipam")
///     .numbers(Numbers::Strings)
///     .start()
///     .await?;
/// assert!(server.url().ends_with("/phpipam"));
/// # let client = Client::builder(server.url(), "inventory", Auth::user("robot", "secret"))
/// #     .with_http_options(HttpOptions::new().with_allow_http(true))
/// #     .build()?;
/// assert!(client.sections().list().await?.is_empty());
///
/// // The app may read only.
/// let refused = client.sections().create("Lab", &SectionFields::new()).await.unwrap_err();
/// assert_eq!(refused.refusal_kind(), Some(RefusalKind::Forbidden));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct ServerBuilder {
    apps: Vec<App>,
    users: Vec<UserAccount>,
    profile: Profile,
    numbers: Option<Numbers>,
    clock: Clock,
    base: String,
    port: u16,
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
            numbers: None,
            clock: Clock::system(),
            base: String::new(),
            port: 0,
            https: false,
            offset: 0,
            // Long enough for parallel callers to clash, and short enough for tests with hundreds of calls.
            race_window: Duration::from_millis(2),
            example: false,
            extras: false,
        }
    }

    /// Adds an app. A server without any gets [`Server::APP`].
    #[must_use]
    pub fn app(mut self, app: App) -> Self {
        self.apps.push(app);
        self
    }

    /// Adds a user account. A server without any gets [`Server::USER`]. The first account is the administrator.
    #[must_use]
    pub fn user(mut self, user: UserAccount) -> Self {
        self.users.push(user);
        self
    }

    /// Sets the behaviour that differs between versions. Default: [`Profile::V1_8_2`].
    #[must_use]
    pub fn profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// Sets the form of numbers in responses. Default: that of the PHP of the [`Profile`].
    ///
    /// A request with the header `api-stringify-results` overrides it where the [`Profile`] obeys that header.
    #[must_use]
    pub fn numbers(mut self, numbers: Numbers) -> Self {
        self.numbers = Some(numbers);
        self
    }

    /// Sets the clock, from which tokens, blocks and dates take the time. Default: the clock of the system.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use phpipam_client::testing::{Clock, Server};
    /// # use phpipam_client::{Auth, Client, HttpOptions};
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// // 2027-01-15 08:00:00 UTC, until the test moves it.
    /// let clock = Clock::fixed(SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000));
    /// let server = Server::builder().clock(clock.clone()).start().await?;
    /// # let client = Client::builder(server.url(), Server::APP, Auth::user(Server::USER, Server::PASSWORD))
    /// #     .with_http_options(HttpOptions::new().with_allow_http(true))
    /// #     .build()?;
    /// let token = client.user().token().await?;
    /// assert_eq!(token.expires.map(|time| time.to_string()).as_deref(), Some("2027-01-15 14:00:00"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Sets the path under which the server is installed, such as `/phpipam`. Default: none, so the API is at
    /// `/api/{app}/`.
    #[must_use]
    pub fn base_path(mut self, path: &str) -> Self {
        self.base = path.trim_end_matches('/').to_owned();
        self
    }

    /// Sets the port of 127.0.0.1. Default: 0, a free one.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Treats every request as if it came over TLS, as a server behind a proxy that ends TLS does. Default: false.
    ///
    /// A request with the header `X-Forwarded-Proto: https` is treated so in any case.
    ///
    /// ```
    /// use phpipam_client::testing::{App, Security, Server};
    /// # use phpipam_client::{Auth, Client, HttpOptions};
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// let app = App::new("code").with_security(Security::SslCode).with_code("0123456789abcdef");
    /// let server = Server::builder().app(app).https(true).start().await?;
    /// # let client = Client::builder(server.url(), "code", Auth::app_code("0123456789abcdef"))
    /// #     .with_http_options(HttpOptions::new().with_allow_http(true))
    /// #     .build()?;
    /// // Without `https(true)` this is refused: "SSL connection is required for API".
    /// client.sections().list().await?;
    /// assert_eq!(server.count("POST", "/user/"), 0, "an app code needs no login");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn https(mut self, https: bool) -> Self {
        self.https = https;
        self
    }

    /// Sets the time zone of the server, in minutes east of UTC. Default: 0.
    ///
    /// Times in responses are local times without an offset, as on a real server. Beyond 25 h 59 min 59 s they are in
    /// UTC.
    #[must_use]
    pub fn utc_offset_minutes(mut self, minutes: i32) -> Self {
        self.offset = minutes;
        self
    }

    /// Sets the delay with which an app without lock carries out each step of `POST addresses/first_free/`. Default: 2
    /// ms.
    ///
    /// The steps are finding a free address, checking that no row has it, and inserting the row. Other requests are
    /// carried out between them.
    #[must_use]
    pub fn race_window(mut self, window: Duration) -> Self {
        self.race_window = window;
        self
    }

    /// Adds the example data of phpIPAM: sections 1 and 2, subnets 1 to 6, addresses 1 to 10, two VLANs and a set of
    /// name servers.
    ///
    /// ```
    /// use phpipam_client::testing::Server;
    /// # use phpipam_client::{Auth, Client, HttpOptions};
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// let server = Server::builder().example_data().start().await?;
    /// # let client = Client::builder(server.url(), Server::APP, Auth::user(Server::USER, Server::PASSWORD))
    /// #     .with_http_options(HttpOptions::new().with_allow_http(true))
    /// #     .build()?;
    /// let found = client.addresses().search_hostname("server1.cust1.local").await?;
    /// assert_eq!(found[0].ip, Some("10.10.1.3".parse()?));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn example_data(mut self) -> Self {
        self.example = true;
        self
    }

    /// Adds the apps, user accounts, custom fields and example data of the real server whose responses were recorded.
    ///
    /// This crate's own tests use it to compare the simulator with the recordings. It is also a server with one app of
    /// every kind: `full`, `rw`, `ro`, `off`, `nested`, `links`, `ssltok`, `sslcode`, `sslcodero`, `usersec`, `nolock`,
    /// `dblock`, `filelock`, `filewait1` and `dbwait1`; the administrator is `Admin` with the password
    /// `ipamadmin-Pass1`.
    #[must_use]
    pub fn recorded(mut self) -> Self {
        self.apps.extend(recorded::apps());
        self.users.extend(recorded::users());
        self.example = true;
        self.extras = true;
        self
    }

    /// Starts the server in the current Tokio runtime.
    ///
    /// # Errors
    /// The [`io::Error`] of the operating system if the port of 127.0.0.1 cannot be bound.
    pub async fn start(self) -> io::Result<Server> {
        let (port, state) = (self.port, self.state());
        Ok(Server { host: Host::start_on(port, |_| state).await? })
    }

    fn state(self) -> State {
        let mut store = Store::new(&self.profile);
        // Example data before extras: the ids of the recordings follow this order.
        if self.example {
            recorded::example(&mut store);
        }
        if self.extras {
            recorded::extras(&mut store);
        }
        let mut apps = self.apps;
        // The highest permission, so that a test without an app of its own can make every call.
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
        let by_php = if self.profile.php_8 { Numbers::Native } else { Numbers::Strings };
        store.numbers = self.numbers.unwrap_or(by_php);
        State {
            setup: Setup {
                base: self.base,
                apps,
                profile: self.profile,
                https: self.https,
                offset: self.offset.into(),
            },
            clock: self.clock,
            race_window: self.race_window,
            file_lock: Arc::default(),
            mysql_lock: Arc::default(),
            store: Mutex::new(store),
        }
    }
}
