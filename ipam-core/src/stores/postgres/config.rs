//! Settings of a provider.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use crate::tls::TlsOptions;

/// Time to add to the server's clock.
pub(super) type ClockOffset = Arc<dyn Fn() -> Duration + Send + Sync>;

/// Settings for opening a [`PostgresProvider`](super::PostgresProvider).
///
/// ```
/// use std::time::Duration;
/// use ipam_core::PostgresConfig;
///
/// let config = PostgresConfig::new("db.example", "ipam")
///     .with_user("ipam")
///     .with_password("s3cret".to_owned().into())
///     .with_lock_timeout(Duration::from_secs(2));
/// assert_eq!((config.port, config.schema.as_str()), (5432, "ipam"));
/// assert!(!format!("{config:?}").contains("s3cret"));
/// ```
// Fields are public to be read; `non_exhaustive` makes callers use the setters, so that a new field breaks no program.
#[derive(Clone)]
#[non_exhaustive]
pub struct PostgresConfig {
    /// Name or address of the server, or an absolute path: the directory of a Unix socket.
    pub host: String,
    /// Port of the server; 5432 by default.
    pub port: u16,
    /// Name of the database.
    pub database: String,
    /// Name of the user; that of the process by default.
    pub user: Option<String>,
    /// Name of the schema with the tables; `ipam` by default.
    pub schema: String,
    /// Name of the actor in the feed of changes; `None` by default.
    pub actor: Option<String>,
    /// Name of the program in the server's views and logs; `ipam-core` by default.
    pub application_name: String,
    /// Largest number of connections; 8 by default. Values below 3 count as 3.
    pub connections: usize,
    /// Longest time to connect, or to wait for a connection of the pool; 10 seconds by default.
    pub connect_timeout: Duration,
    /// Longest wait for a lock of another transaction; 5 seconds by default.
    pub lock_timeout: Duration,
    /// Longest time of a statement, or of several that are sent together; 30 seconds by default.
    pub statement_timeout: Duration,
    /// Number of the newest entries that the feed of changes keeps; 1 000 000 by default. 0 counts as 1.
    pub keep_changes: u64,
    /// True if the database is only read, such as a standby; false by default.
    pub read_only: bool,
    /// True if the schema is created if there is none, and upgraded if it is older; the default.
    pub create: bool,
    /// True if allocations use prepared statements; false by default.
    pub prepared_statements: bool,
    /// True if connections are without TLS; false by default. A Unix socket never has TLS.
    pub plain: bool,
    pub(super) password: Option<SecretString>,
    pub(super) tls: TlsOptions,
    pub(super) clock_offset: ClockOffset,
}

impl PostgresConfig {
    /// Creates the settings for a database of a server, with the defaults.
    pub fn new(host: impl Into<String>, database: impl Into<String>) -> Self {
        Self {
            host: host.into(),
            port: 5432,
            database: database.into(),
            user: None,
            schema: "ipam".to_owned(),
            actor: None,
            application_name: "ipam-core".to_owned(),
            // Two transactions write at a time, the others are for readers: more would mostly wait for each other.
            connections: 8,
            connect_timeout: Duration::from_secs(10),
            lock_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(30),
            keep_changes: 1_000_000,
            read_only: false,
            create: true,
            prepared_statements: false,
            plain: false,
            password: None,
            tls: TlsOptions::new(),
            clock_offset: Arc::new(|| Duration::ZERO),
        }
    }

    /// Sets the port of the server; 5432 by default.
    #[must_use]
    pub fn with_port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Sets the name of the user.
    #[must_use]
    pub fn with_user(mut self, user: impl Into<String>) -> Self {
        self.user = Some(user.into());
        self
    }

    /// Sets the password.
    #[must_use]
    pub fn with_password(mut self, password: SecretString) -> Self {
        self.password = Some(password);
        self
    }

    /// Sets the name of the schema with the tables; `ipam` by default. Each schema is a store of its own.
    #[must_use]
    pub fn with_schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = schema.into();
        self
    }

    /// Sets the name of the actor in the feed of changes.
    #[must_use]
    pub fn with_actor(mut self, actor: impl Into<String>) -> Self {
        self.actor = Some(actor.into());
        self
    }

    /// Sets the name of the program in the server's views and logs; `ipam-core` by default.
    #[must_use]
    pub fn with_application_name(mut self, name: impl Into<String>) -> Self {
        self.application_name = name.into();
        self
    }

    /// Sets the largest number of connections, from 3; 8 by default.
    #[must_use]
    pub fn with_connections(mut self, connections: usize) -> Self {
        self.connections = connections;
        self
    }

    /// Sets the longest time to connect, or to wait for a connection of the pool; 10 seconds by default.
    #[must_use]
    pub fn with_connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// Sets the longest wait for a lock of another transaction; 5 seconds by default. After it a request fails with
    /// `Busy`.
    #[must_use]
    pub fn with_lock_timeout(mut self, limit: Duration) -> Self {
        self.lock_timeout = limit;
        self
    }

    /// Sets the longest time of a statement, or of several that are sent together; 30 seconds by default. After it a
    /// request fails with `Timeout`.
    ///
    /// A second later, a server that did not respond at all is given up, and all of its connections are closed. A
    /// request that had no response tries one other connection.
    #[must_use]
    pub fn with_statement_timeout(mut self, limit: Duration) -> Self {
        self.statement_timeout = limit;
        self
    }

    /// Sets the number of the newest entries that the feed of changes keeps; 1 000 000 by default. 0 counts as 1.
    ///
    /// Older entries are removed now and then, so that some thousand more may be kept for a while.
    #[must_use]
    pub fn with_keep_changes(mut self, entries: u64) -> Self {
        self.keep_changes = entries;
        self
    }

    /// Sets whether the database is only read; false by default. Requests that write then fail with `PermissionDenied`.
    #[must_use]
    pub fn with_read_only(mut self, read_only: bool) -> Self {
        self.read_only = read_only;
        self
    }

    /// Sets whether the schema is created if there is none, and upgraded if it is older; true by default.
    #[must_use]
    pub fn with_create(mut self, create: bool) -> Self {
        self.create = create;
        self
    }

    /// Sets whether allocations use prepared statements; false by default.
    ///
    /// They take the server about a third of the work, because it plans each statement once for a connection. Set it if no
    /// proxy that pools transactions is in between. Such a proxy gives each transaction another connection, on which a
    /// statement of this name may be missing, or be another one.
    #[must_use]
    pub fn with_prepared_statements(mut self, prepared: bool) -> Self {
        self.prepared_statements = prepared;
        self
    }

    /// Sets whether connections are without TLS; false by default.
    ///
    /// Without TLS, everyone who can read the traffic reads the data, and everyone who can change it changes the
    /// responses. Set it for a server on the same host only.
    #[must_use]
    pub fn with_plain(mut self, plain: bool) -> Self {
        self.plain = plain;
        self
    }

    /// Sets the trusted certificates and the client certificate. The default are the root certificates of the system.
    #[must_use]
    pub fn with_tls(mut self, tls: TlsOptions) -> Self {
        self.tls = tls;
        self
    }

    /// Sets a function whose result is added to the server's clock. For tests of expiry and quarantine.
    #[must_use]
    pub fn with_clock_offset(mut self, offset: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        self.clock_offset = Arc::new(offset);
        self
    }
}

// By hand, because the password is not shown, and a function has no `Debug`.
impl fmt::Debug for PostgresConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresConfig")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("database", &self.database)
            .field("user", &self.user)
            .field("password", &self.password.is_some())
            .field("schema", &self.schema)
            .field("actor", &self.actor)
            .field("application_name", &self.application_name)
            .field("connections", &self.connections)
            .field("connect_timeout", &self.connect_timeout)
            .field("lock_timeout", &self.lock_timeout)
            .field("statement_timeout", &self.statement_timeout)
            .field("keep_changes", &self.keep_changes)
            .field("read_only", &self.read_only)
            .field("create", &self.create)
            .field("prepared_statements", &self.prepared_statements)
            .field("plain", &self.plain)
            .field("tls", &self.tls)
            .finish_non_exhaustive()
    }
}
