//! Refusal of the server, and what it means.

use std::fmt;
use std::time::Duration;

use ipam_core::{ErrorKind, Outcome, Retry};

/// The server's refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// What it means.
    pub kind: RefusalKind,
    /// The call, such as `GET subnets/8/`.
    pub call: String,
    /// The HTTP status.
    pub status: u16,
    /// The envelope's code, which may differ from the status.
    pub code: Option<u16>,
    /// The server's words.
    pub message: String,
    /// Whether the same call may be repeated.
    pub retry: Retry,
    /// What is known of the call. Giving up on repetitions changes the advice above and never this.
    pub outcome: Outcome,
    /// How long to wait before that.
    pub retry_after: Option<Duration>,
    /// What to look at, where the server's words do not say it.
    pub hint: Option<&'static str>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {:?} (HTTP {}", self.call, self.kind, self.message, self.status)?;
        match self.code {
            Some(code) if code != self.status => write!(f, ", code {code})")?,
            _ => f.write_str(")")?,
        }
        match self.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Refusal {}

impl Refusal {
    /// A refusal of `call` with the server's own words. It is not repeated.
    pub(crate) fn new(kind: RefusalKind, call: String, status: u16, message: String) -> Self {
        Self {
            kind,
            call,
            status,
            code: None,
            message,
            retry: Retry::Never,
            outcome: kind.outcome(),
            retry_after: None,
            hint: None,
        }
    }

    /// Sets the retry advice. What is safe to repeat was not applied.
    pub(crate) fn with_retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        match retry {
            Retry::Never => {}
            Retry::Safe => self.outcome = Outcome::NotApplied,
            Retry::IfIdempotent => self.outcome = Outcome::Unknown,
        }
        self
    }
}

/// What a refusal means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RefusalKind {
    /// What was named does not exist.
    NotFound,
    /// Nothing is free.
    Exhausted(Shortage),
    /// Somebody else was faster: the address, name or number is taken.
    Conflict,
    /// It contradicts the tree: overlap, nesting, children, an address outside.
    Structural,
    /// A value is wrong.
    Invalid,
    /// The token is missing, wrong or expired.
    Unauthorized,
    /// The app, or the user, may not do this.
    Forbidden,
    /// User name or password are wrong, or the user is disabled.
    BadCredentials,
    /// Too many failed logins from this host.
    LockedOut,
    /// The server's lock was not free in time. Nothing was done.
    Busy,
    /// App or server are set up wrongly for this client.
    Config,
    /// This version of phpIPAM cannot do this.
    Unsupported,
    /// A proxy asks to be called less often.
    RateLimited,
    /// A proxy could not reach the server, or the server is down.
    Unavailable,
    /// The server failed in another way.
    Server,
}

/// Why nothing is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Shortage {
    /// Not looked up.
    #[default]
    Unknown,
    /// All addresses are taken.
    Full,
    /// The subnet is marked full.
    MarkedFull,
    /// The subnet has subnets below it, so the server hands out nothing.
    HasChildren,
    /// It is a folder.
    Folder,
}

impl RefusalKind {
    /// The kind in the words of `ipam-core`.
    pub(super) fn kind(self) -> ErrorKind {
        match self {
            Self::NotFound => ErrorKind::NotFound,
            Self::Exhausted(_) => ErrorKind::Exhausted,
            Self::Conflict | Self::Structural => ErrorKind::Conflict,
            Self::Invalid => ErrorKind::InvalidInput,
            Self::Unauthorized | Self::BadCredentials => ErrorKind::Unauthenticated,
            Self::Forbidden => ErrorKind::PermissionDenied,
            Self::LockedOut | Self::RateLimited => ErrorKind::RateLimited,
            Self::Busy => ErrorKind::Busy,
            Self::Config => ErrorKind::Config,
            Self::Unsupported => ErrorKind::Unsupported,
            Self::Unavailable => ErrorKind::Unavailable,
            Self::Server => ErrorKind::Protocol,
        }
    }

    /// What such a refusal tells of the call, where the retry advice does not say more. The server checks before it
    /// writes; a failure in its database, or of what stands before it, may come after that.
    fn outcome(self) -> Outcome {
        match self {
            Self::Unavailable | Self::Server => Outcome::Unknown,
            Self::NotFound
            | Self::Exhausted(_)
            | Self::Conflict
            | Self::Structural
            | Self::Invalid
            | Self::Unauthorized
            | Self::Forbidden
            | Self::BadCredentials
            | Self::LockedOut
            | Self::Busy
            | Self::Config
            | Self::Unsupported
            | Self::RateLimited => Outcome::NotApplied,
        }
    }
}

impl fmt::Display for RefusalKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotFound => "not found",
            Self::Exhausted(Shortage::Unknown) => "nothing free",
            Self::Exhausted(Shortage::Full) => "nothing free: all addresses are taken",
            Self::Exhausted(Shortage::MarkedFull) => "nothing free: the subnet is marked full",
            Self::Exhausted(Shortage::HasChildren) => "nothing free: the subnet has subnets below it",
            Self::Exhausted(Shortage::Folder) => "nothing free: it is a folder",
            Self::Conflict => "conflict",
            Self::Structural => "conflict with other subnets or addresses",
            Self::Invalid => "invalid request",
            Self::Unauthorized => "not authorized",
            Self::Forbidden => "forbidden",
            Self::BadCredentials => "bad credentials",
            Self::LockedOut => "locked out",
            Self::Busy => "busy",
            Self::Config => "wrong configuration",
            Self::Unsupported => "not supported",
            Self::RateLimited => "rate limited",
            Self::Unavailable => "unavailable",
            Self::Server => "server error",
        })
    }
}
