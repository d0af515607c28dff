//! Apps and user accounts of a simulated server.

use std::fmt;
use std::time::Duration;

/// Permission of an app. Rights of users and groups do not matter to the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Permission {
    /// No call: 503 `Application disabled`.
    Disabled,
    /// Reading. A write is 401 `invalid permissions`.
    Read,
    /// Reading and writing.
    Write,
    /// Reading, writing, and the lists of users.
    Admin,
}

/// Authentication of the callers of an app.
///
/// All but [`None`](Self::None) need TLS: a plain request is 503 `SSL connection is required for API`. See
/// [`ServerBuilder::https`](super::ServerBuilder::https).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Security {
    /// Token of a user, also over plain HTTP.
    None,
    /// Token of a user, over TLS only.
    SslToken,
    /// Code of the app in the token header, over TLS only. There is no login.
    SslCode,
    /// A value that phpIPAM offers and does not implement: 503 `Invalid app security`.
    User,
}

/// Lock with which an app carries out its writes one after the other.
///
/// POST, PATCH, PUT and DELETE wait for it, the login included; reads never do. A wait of zero means one hour.
///
/// Before 1.8 an app either has a lock, which both kinds here stand for, or none; POST alone waits for it, and
/// `first_free` locks its subnet in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lock {
    /// One write at a time over all apps with this kind of lock.
    ///
    /// A write waits at most this long, and then fails with HTTP 200 and code 500, before 1.8 with 503; nothing was done.
    File(Duration),
    /// As [`File`](Self::File), but the lock is in the database and independent of the file lock: a write of an app
    /// with one of them does not wait for a write of an app with the other.
    MySql(Duration),
    /// No lock. Parallel `first_free` calls can choose the same address; all but one fail with 409 or with a duplicate
    /// key (500). No address is given twice. Before 1.8 there is no such race.
    Disabled,
}

/// API app of the server.
///
/// ```
/// use http::Method;
/// use phpipam_client::testing::{App, CustomColumn, Object, Permission, Server};
/// # use phpipam_client::{Auth, Client, HttpOptions};
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// // An app that may only read, and nests custom fields under `custom_fields`.
/// let app = App::new("reports").with_permission(Permission::Read).with_nested_custom_fields(true);
/// let server = Server::builder().app(app).start().await?;
/// server.seed(|store| {
///     store.add_custom_field(Object::Vlan, CustomColumn::text("custom_zone", 16));
///     let vlan = store.add_vlan(12, "users");
///     store.set_field(Object::Vlan, vlan, "custom_zone", "inside");
/// });
/// # let client = Client::builder(server.url(), "reports", Auth::user(Server::USER, Server::PASSWORD))
/// #     .with_http_options(HttpOptions::new().with_allow_http(true))
/// #     .build()?;
/// let response = client.raw(Method::GET, "vlans/", None).await?;
/// assert_eq!(response.data[0]["custom_fields"]["custom_zone"], "inside");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct App {
    pub(super) id: String,
    pub(super) code: String,
    pub(super) permission: Permission,
    pub(super) security: Security,
    pub(super) nested: bool,
    pub(super) links: bool,
    pub(super) lock: Lock,
}

impl App {
    /// Creates an app with read/write permission, security [`Security::None`], flat custom fields, no links, and
    /// [`Lock::File`] with a wait of 30 s.
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            code: String::new(),
            permission: Permission::Write,
            security: Security::None,
            nested: false,
            links: false,
            lock: Lock::File(Duration::from_secs(30)),
        }
    }

    /// Sets the permission. Default: [`Permission::Write`].
    #[must_use]
    pub fn with_permission(mut self, permission: Permission) -> Self {
        self.permission = permission;
        self
    }

    /// Sets the authentication of callers. Default: [`Security::None`].
    #[must_use]
    pub fn with_security(mut self, security: Security) -> Self {
        self.security = security;
        self
    }

    /// Sets the app code, for [`Security::SslCode`]. A real server makes one of 32 characters; any length works here.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.code = code.into();
        self
    }

    /// Sends custom fields in a member `custom_fields` instead of beside the other fields. Default: false.
    ///
    /// In lists only those that are not null are moved, as on a real server.
    #[must_use]
    pub fn with_nested_custom_fields(mut self, nested: bool) -> Self {
        self.nested = nested;
        self
    }

    /// Adds a member `links` to objects. Default: false.
    #[must_use]
    pub fn with_links(mut self, links: bool) -> Self {
        self.links = links;
        self
    }

    /// Sets the lock of writes. Default: [`Lock::File`] with 30 s.
    #[must_use]
    pub fn with_lock(mut self, lock: Lock) -> Self {
        self.lock = lock;
        self
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App")
            .field("id", &self.id)
            .field("permission", &self.permission)
            .field("security", &self.security)
            .field("nested", &self.nested)
            .field("links", &self.links)
            .field("lock", &self.lock)
            .finish_non_exhaustive()
    }
}

/// User account of the server, with its password.
///
/// ```
/// use phpipam_client::testing::{Server, UserAccount};
/// # use phpipam_client::{Auth, Client, HttpOptions};
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let admin = UserAccount::new("admin", "secret");
/// let former = UserAccount::new("former", "secret").with_disabled(true);
/// let server = Server::builder().user(admin).user(former).start().await?;
/// # let client = Client::builder(server.url(), Server::APP, Auth::user("former", "secret"))
/// #     .with_http_options(HttpOptions::new().with_allow_http(true))
/// #     .build()?;
/// let refused = client.sections().list().await.unwrap_err();
/// assert!(refused.to_string().contains("User account is disabled"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct UserAccount {
    pub(super) name: String,
    pub(super) password: String,
    pub(super) real_name: String,
    pub(super) groups: Vec<u64>,
    pub(super) disabled: bool,
}

impl UserAccount {
    /// Creates an account that may log in, whose real name is `name`, without groups.
    pub fn new(name: impl Into<String>, password: impl Into<String>) -> Self {
        let name = name.into();
        Self { real_name: name.clone(), name, password: password.into(), groups: Vec::new(), disabled: false }
    }

    /// Sets the real name, which the changelog shows. Default: the name of the account.
    #[must_use]
    pub fn with_real_name(mut self, name: impl Into<String>) -> Self {
        self.real_name = name.into();
        self
    }

    /// Sets the ids of the groups of the user: 2 is Operators, 3 is Guests.
    ///
    /// The API ignores the permissions of groups, as that of a real server does; they show in lists only.
    #[must_use]
    pub fn with_groups(mut self, groups: impl Into<Vec<u64>>) -> Self {
        self.groups = groups.into();
        self
    }

    /// Refuses logins of this account. Default: false.
    #[must_use]
    pub fn with_disabled(mut self, disabled: bool) -> Self {
        self.disabled = disabled;
        self
    }
}

impl fmt::Debug for UserAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserAccount")
            .field("name", &self.name)
            .field("disabled", &self.disabled)
            .finish_non_exhaustive()
    }
}

/// Form of numbers in responses. It depends on the PHP of the server, not on the version of phpIPAM.
///
/// ```
/// use http::Method;
/// use phpipam_client::testing::{Numbers, Server};
/// # use phpipam_client::{Auth, Client, HttpOptions};
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let server = Server::builder().numbers(Numbers::Strings).start().await?;
/// server.seed(|store| store.add_section("Lab"));
/// # let client = Client::builder(server.url(), Server::APP, Auth::user(Server::USER, Server::PASSWORD))
/// #     .with_http_options(HttpOptions::new().with_allow_http(true))
/// #     .build()?;
/// let response = client.raw(Method::GET, "sections/", None).await?;
/// assert_eq!(response.data[0]["id"], "1");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Numbers {
    /// JSON numbers: PHP 8.1 and later.
    #[default]
    Native,
    /// Strings for everything from the database: PHP 8.0 and older, or a setting of the server.
    Strings,
}
