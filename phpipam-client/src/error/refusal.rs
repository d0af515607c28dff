//! Refusal by the server, and its classification.

use std::fmt;
use std::time::Duration;

use ipam_core::{ErrorKind, Outcome, Retry};

/// Refusal by the server, in [`Error::Refused`](crate::Error::Refused).
///
/// The server's responses have a JSON envelope `{code, success, message, id, data}`. A refusal is an envelope whose
/// `success` is false or whose `code` is 400 or more, whatever the HTTP status. Some responses without an envelope are
/// refusals as well. Their `code` is `None`:
///
/// | response without an envelope | kind | `message` |
/// | --- | --- | --- |
/// | status 429, of a proxy | [`RateLimited`](RefusalKind::RateLimited) | start of the page, up to 200 characters |
/// | status 502 to 504, of a proxy | [`Unavailable`](RefusalKind::Unavailable) | start of the page, up to 200 characters |
/// | status 503 without a body, to a write: a lock timeout of 1.5 to 1.7 | [`Busy`](RefusalKind::Busy) | empty |
/// | status 407, of a proxy | [`Config`](RefusalKind::Config) | `the proxy wants credentials` |
/// | alert box in HTML, of phpIPAM | by its text | text of the box |
///
/// ```
/// use phpipam_client::Error;
///
/// /// The server's words, for a log.
/// fn words(error: &Error) -> String {
///     error.refusal().map_or_else(|| error.to_string(), |refusal| refusal.message.clone())
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// Classification of the refusal.
    pub kind: RefusalKind,
    /// Call, such as `GET subnets/8/`.
    pub call: String,
    /// HTTP status.
    pub status: u16,
    /// Member `code` of the envelope; `None` without an envelope. It differs from the status in places: a lock timeout
    /// of 1.8 is HTTP 200 with code 500.
    pub code: Option<u16>,
    /// Server's own words, up to 1 000 characters; without an envelope those of the table above.
    pub message: String,
    /// Advice about repeating the same call.
    pub retry: Retry,
    /// Knowledge about the effect of the call. It stays as it is when repetitions are given up; only
    /// [`retry`](Self::retry) changes then.
    pub outcome: Outcome,
    /// Time to wait before a repetition, where the server or the kind of refusal tells it.
    pub retry_after: Option<Duration>,
    /// Setting to look at, where the server's words do not name it.
    pub hint: Option<&'static str>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {:?} (HTTP {}", self.call, self.kind, self.message, self.status)?;
        match self.code {
            // Both only if they differ, as in a lock timeout of 1.8: HTTP 200 with code 500 (Q10).
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
    /// Returns a refusal of `call` that is not repeated.
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

    /// Sets the retry advice and the outcome that follows from it: what is safe to repeat was not applied.
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

/// Classification of a refusal.
///
/// | kind | [`ErrorKind`] | [`Outcome`] |
/// | --- | --- | --- |
/// | `NotFound` | `NotFound` | `NotApplied` |
/// | `Exhausted` | `Exhausted` | `NotApplied` |
/// | `Conflict`, `Structural` | `Conflict` | `NotApplied` |
/// | `Invalid` | `InvalidInput` | `NotApplied` |
/// | `Unauthorized`, `BadCredentials` | `Unauthenticated` | `NotApplied` |
/// | `Forbidden` | `PermissionDenied` | `NotApplied` |
/// | `LockedOut`, `RateLimited` | `RateLimited` | `NotApplied` |
/// | `Busy` | `Busy` | `NotApplied` |
/// | `Config` | `Config` | `NotApplied` |
/// | `Unsupported` | `Unsupported` | `NotApplied` |
/// | `Unavailable` | `Unavailable` | `Unknown` |
/// | `Server` | `Protocol` | `Unknown` |
///
/// The outcome is the one that goes with the kind alone; [`Refusal::outcome`] holds what is known of the call itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RefusalKind {
    /// The object does not exist, or an object that the call refers to: the parent of a list, the VLAN of a subnet.
    NotFound,
    /// No address or network is free.
    Exhausted(Shortage),
    /// The address, name, number or code is in use already, for long or since a moment ago.
    ///
    /// Only an allocation of "the first free one" repeats after it: another caller took that one, and others may be
    /// free.
    Conflict,
    /// The change contradicts the tree of subnets: an overlap, wrong nesting, children in the way, an address outside.
    Structural,
    /// The server does not accept a value, a field or the form of the request.
    Invalid,
    /// The token or app code is missing, wrong or expired.
    Unauthorized,
    /// The permission of the app does not allow the call: a write with read permission, user lists without admin
    /// permission.
    ///
    /// Permissions of users do not matter to the API, with one exception: fields of modules that the user has no rights
    /// for are dropped without an error. The `update_verified` methods notice that.
    Forbidden,
    /// User name or password are wrong, or the user is disabled.
    BadCredentials,
    /// The server blocks the address of this host for five minutes, after eleven failed logins.
    LockedOut,
    /// The server's write lock was not free in time. Nothing was done.
    Busy,
    /// The server, the app or a required field is set up in a way that this call cannot work with.
    ///
    /// The API or the app is disabled, HTTPS is demanded, the app id is unknown, the app's security does not fit, the
    /// content type is refused, the server has no `ping` program, or a required custom field holds no value.
    Config,
    /// This version of phpIPAM does not have the call.
    Unsupported,
    /// A proxy demands fewer calls (HTTP 429).
    RateLimited,
    /// A proxy could not reach the server, or the server is down (HTTP 502 to 504).
    Unavailable,
    /// The server failed in a way that is not known to this client.
    Server,
}

/// Reason why nothing is free.
///
/// [`allocate_first_free`](crate::controllers::Addresses::allocate_first_free) looks it up after a refusal, with up to
/// two requests. Other calls leave it [`Unknown`](Self::Unknown).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Shortage {
    /// The reason was not looked up, or could not be.
    #[default]
    Unknown,
    /// All addresses are taken.
    Full,
    /// The subnet is marked full.
    MarkedFull,
    /// The subnet has child subnets, so the server allocates no address from it.
    HasChildren,
    /// The object is a folder.
    Folder,
}

impl RefusalKind {
    /// Returns the kind in the terms of `ipam-core`.
    pub(super) fn kind(self) -> ErrorKind {
        match self {
            Self::NotFound => ErrorKind::NotFound,
            Self::Exhausted(_) => ErrorKind::Exhausted,
            Self::Conflict | Self::Structural => ErrorKind::Conflict,
            Self::Invalid => ErrorKind::InvalidInput,
            Self::Unauthorized | Self::BadCredentials => ErrorKind::Unauthenticated,
            Self::Forbidden => ErrorKind::PermissionDenied,
            // A block expires after five minutes (Q55): to a caller it is a rate limit, not a wrong password.
            Self::LockedOut | Self::RateLimited => ErrorKind::RateLimited,
            Self::Busy => ErrorKind::Busy,
            Self::Config => ErrorKind::Config,
            Self::Unsupported => ErrorKind::Unsupported,
            Self::Unavailable => ErrorKind::Unavailable,
            // A 500 in words that are not known says nothing about the request (Q47).
            Self::Server => ErrorKind::Protocol,
        }
    }

    /// Returns the outcome that goes with the kind, for refusals without a retry advice of their own.
    fn outcome(self) -> Outcome {
        // The server checks before it writes, so a refusal in its own words means that nothing was written. A failure
        // of its database, or of a proxy before it, may come after the write.
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
