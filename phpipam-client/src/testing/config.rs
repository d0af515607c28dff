//! Apps and users: who may call, and how.

use std::fmt;
use std::time::Duration;

/// What an app may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Permission {
    /// Nothing: 503 `Application disabled`.
    Disabled,
    /// Reading; a write is 401 `invalid permissions`.
    Read,
    /// Reading and writing.
    Write,
    /// Also the lists of users.
    Admin,
}

/// How callers of an app prove who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Security {
    /// A user's token, also over plain HTTP.
    None,
    /// A user's token, over TLS only.
    SslToken,
    /// The app's own code in the token header, over TLS only.
    SslCode,
    /// Not implemented by phpIPAM: 503 `Invalid app security`.
    User,
}

/// How an app keeps writes apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lock {
    /// One write at a time over all apps that lock this way; waits this long for its turn, then fails with HTTP 200 and code 500.
    File(Duration),
    /// As `File`, with a lock of its own: the two do not exclude each other.
    MySql(Duration),
    /// No locking: parallel `first_free` calls can clash, and then fail with 409 or a duplicate key. No address is given twice.
    Disabled,
}

/// An API app of the server.
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
    /// An app with read/write permission, security `None`, flat custom fields, no links, and file locking with a wait of 30 s.
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

    /// Sets what the app may do.
    #[must_use]
    pub fn with_permission(mut self, permission: Permission) -> Self {
        self.permission = permission;
        self
    }

    /// Sets how callers prove who they are.
    #[must_use]
    pub fn with_security(mut self, security: Security) -> Self {
        self.security = security;
        self
    }

    /// Sets the app code (32 characters on a real server).
    #[must_use]
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.code = code.into();
        self
    }

    /// Nests custom fields under `custom_fields`.
    #[must_use]
    pub fn with_nested_custom_fields(mut self, nested: bool) -> Self {
        self.nested = nested;
        self
    }

    /// Adds `links` to objects.
    #[must_use]
    pub fn with_links(mut self, links: bool) -> Self {
        self.links = links;
        self
    }

    /// Sets how writes are kept apart.
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

/// A user of the server.
#[derive(Clone)]
pub struct UserAccount {
    pub(super) name: String,
    pub(super) password: String,
    pub(super) real_name: String,
    pub(super) groups: Vec<u64>,
    pub(super) disabled: bool,
}

impl UserAccount {
    /// A user who may log in.
    pub fn new(name: impl Into<String>, password: impl Into<String>) -> Self {
        let name = name.into();
        Self { real_name: name.clone(), name, password: password.into(), groups: Vec::new(), disabled: false }
    }

    /// Sets the name that the changelog shows.
    #[must_use]
    pub fn with_real_name(mut self, name: impl Into<String>) -> Self {
        self.real_name = name.into();
        self
    }

    /// Puts the user into groups; 2 is Operators, 3 is Guests. The API ignores group permissions, as the real one does.
    #[must_use]
    pub fn with_groups(mut self, groups: impl Into<Vec<u64>>) -> Self {
        self.groups = groups.into();
        self
    }

    /// Refuses logins of this user.
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

/// How numbers are sent: it depends on the server's PHP, not on phpIPAM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Numbers {
    /// JSON numbers: PHP 8.1 and later.
    #[default]
    Native,
    /// Everything from the database is a string: PHP 8.0 and older, or the server's own setting.
    Strings,
}
