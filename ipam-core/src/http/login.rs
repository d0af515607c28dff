//! Results of a login, limits of logging in, and the errors of a missing token.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::BackoffConfig;

/// Token that a successful login returned, with its lifetime if the server states one.
///
/// ```
/// use std::time::Duration;
/// use ipam_core::http::FreshToken;
///
/// // phpIPAM: a token lives six hours.
/// let fresh = FreshToken::new("secret".to_owned()).with_lifetime(Duration::from_secs(6 * 3600));
/// assert_eq!(format!("{fresh:?}"), "FreshToken { lifetime: Some(21600s), .. }");
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct FreshToken<T> {
    pub(super) value: T,
    pub(super) lifetime: Option<Duration>,
}

impl<T> FreshToken<T> {
    /// Returns a token without a known lifetime. It is used until the server rejects it.
    pub fn new(value: T) -> Self {
        Self { value, lifetime: None }
    }

    /// Sets the lifetime. It counts from the moment the token enters the cache.
    #[must_use]
    pub fn with_lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = Some(lifetime);
        self
    }
}

impl<T> fmt::Debug for FreshToken<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FreshToken").field("lifetime", &self.lifetime).finish_non_exhaustive()
    }
}

/// Error of a failed login, with the pause that must follow it.
///
/// The login function of a client returns it. The pause depends on the reason of the failure:
///
/// ```
/// use std::time::Duration;
/// use ipam_core::http::{LoginFailure, LoginPause};
///
/// /// Chooses the pause after a login that failed with this status; `None` is a failed connection.
/// fn failure(status: Option<u16>, retry_after: Option<Duration>) -> LoginFailure<String> {
///     let pause = match (status, retry_after) {
///         (None, _) => LoginPause::None,
///         (Some(_), Some(wait)) => LoginPause::For(wait),
///         (Some(401), None) => LoginPause::Forever,
///         (Some(_), None) => LoginPause::Backoff,
///     };
///     LoginFailure::new(format!("login failed with status {status:?}"), pause)
/// }
/// # let shown = format!("{:?}", failure(Some(401), None));
/// # assert!(shown.contains("Forever"), "{shown}");
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct LoginFailure<E> {
    pub(super) error: E,
    pub(super) pause: LoginPause,
}

impl<E> LoginFailure<E> {
    /// Returns a failure with this error and pause.
    pub fn new(error: E, pause: LoginPause) -> Self {
        Self { error, pause }
    }
}

/// Pause after a failed login, in which the cache sends no further login.
///
/// Calls in the pause fail at once with [`TokenError::Paused`]. They do not wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoginPause {
    /// No pause. For a login that the server did not receive (no connection): the server cannot count it, and neither
    /// does [`TokenPolicy::with_max_logins`].
    None,
    /// Pause of [`TokenPolicy::with_backoff`]. It grows with each failure until a login succeeds. For temporary failures.
    Backoff,
    /// Pause that the server asked for, such as with `Retry-After`. At most [`TokenPolicy::with_max_pause`].
    For(Duration),
    /// Pause without end, until [`TokenCache::clear`](super::TokenCache::clear) or
    /// [`TokenCache::retry_login`](super::TokenCache::retry_login). For wrong credentials: repeating them only locks the
    /// account.
    Forever,
}

/// Limits of logging in.
///
/// | limit | default | setter |
/// | --- | --- | --- |
/// | remaining lifetime at which a token is replaced | 30 s | [`with_min_ttl`](Self::with_min_ttl) |
/// | first and longest pause of [`LoginPause::Backoff`] | 30 s, 5 min | [`with_backoff`](Self::with_backoff) |
/// | longest pause of [`LoginPause::For`] | 10 min | [`with_max_pause`](Self::with_max_pause) |
/// | logins in a period | 2 in 60 s | [`with_max_logins`](Self::with_max_logins) |
///
/// ```
/// use std::time::Duration;
/// use ipam_core::http::{TokenCache, TokenPolicy};
///
/// // Tokens live 20 minutes here: replace them in the last minute.
/// let policy = TokenPolicy::new().with_min_ttl(Duration::from_secs(60)).with_max_logins(5, Duration::from_secs(60));
/// let cache: TokenCache<String, String> = TokenCache::new(policy);
/// # let _ = cache;
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct TokenPolicy {
    pub(super) min_ttl: Duration,
    pub(super) backoff: BackoffConfig,
    pub(super) max_logins: usize,
    pub(super) window: Duration,
    pub(super) max_pause: Duration,
}

impl TokenPolicy {
    /// Returns the limits of the table above.
    pub fn new() -> Self {
        Self {
            // As long as the default time limit of an attempt, so that a token does not expire during its request.
            min_ttl: Duration::from_secs(30),
            // phpIPAM blocks the host for five minutes after eleven failed logins, and vRA locks the account after a few.
            backoff: BackoffConfig::new(Duration::from_secs(30), Duration::from_secs(300)),
            // One login and one after a rejected token. More in a minute means that two programs share a user whose
            // server keeps one token per user: each login ends the session of the other.
            max_logins: 2,
            window: Duration::from_secs(60),
            // A wrong `Retry-After` (a date in another century, milliseconds as seconds) must not stop a program for good.
            max_pause: Duration::from_secs(600),
        }
    }

    /// Limits the pause that a server can ask for with [`LoginPause::For`]. The default is 10 minutes.
    pub fn with_max_pause(mut self, max: Duration) -> Self {
        self.max_pause = max;
        self
    }

    /// Replaces a token when its remaining lifetime falls to `min_ttl`. The default is 30 seconds.
    pub fn with_min_ttl(mut self, min_ttl: Duration) -> Self {
        self.min_ttl = min_ttl;
        self
    }

    /// Sets the pauses of [`LoginPause::Backoff`]. The default doubles from 30 seconds to 5 minutes.
    ///
    /// Unlike elsewhere, these pauses have no jitter: a cache makes only one login at a time, so that there are no
    /// callers to spread.
    pub fn with_backoff(mut self, backoff: BackoffConfig) -> Self {
        self.backoff = backoff;
        self
    }

    /// Allows `max` logins, at least one, within `window`. The default is 2 in 60 seconds.
    ///
    /// Successful, failed and dropped logins count alike, from the moment they begin, except those that failed with
    /// [`LoginPause::None`]. A call that would exceed the limit
    /// fails with [`TokenError::TooManyLogins`].
    pub fn with_max_logins(mut self, max: usize, window: Duration) -> Self {
        self.max_logins = max.max(1);
        self.window = window;
        self
    }
}

impl Default for TokenPolicy {
    fn default() -> Self {
        Self::new()
    }
}

/// Token from the cache. Pass it to [`TokenCache::reject`](super::TokenCache::reject) if the server rejects it.
#[derive(Clone)]
pub struct Token<T> {
    pub(super) value: T,
    pub(super) generation: u64,
}

impl<T> Token<T> {
    /// Returns the value that the login returned.
    pub fn value(&self) -> &T {
        &self.value
    }
}

impl<T> fmt::Debug for Token<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("generation", &self.generation).finish_non_exhaustive()
    }
}

/// Reason why the cache has no token. The request was not sent.
///
/// The enumeration is exhaustive on purpose: a client gives each variant a meaning, and the compiler finds a missing one.
#[derive(Debug)]
pub enum TokenError<E> {
    /// The login of this call failed, or the login that it waited for.
    Refused(Arc<E>),
    /// No login was tried, because an earlier one failed and its pause has not ended.
    Paused {
        /// Error of the earlier login.
        error: Arc<E>,
        /// Remaining time of the pause; `None` if it has no end ([`LoginPause::Forever`]).
        wait: Option<Duration>,
    },
    /// No login was tried, because [`TokenPolicy::with_max_logins`] was reached. Either another program replaces the token
    /// of the same user again and again, or callers drop their calls before the login ends.
    TooManyLogins {
        /// Time until the next login is allowed.
        wait: Duration,
    },
}

impl<E> Clone for TokenError<E> {
    fn clone(&self) -> Self {
        match self {
            Self::Refused(error) => Self::Refused(Arc::clone(error)),
            Self::Paused { error, wait } => Self::Paused { error: Arc::clone(error), wait: *wait },
            Self::TooManyLogins { wait } => Self::TooManyLogins { wait: *wait },
        }
    }
}

impl<E: fmt::Display> fmt::Display for TokenError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(error) => write!(f, "login failed: {error}"),
            Self::Paused { error, wait: Some(wait) } => {
                write!(f, "no login for {wait:?} after a failed login: {error}")
            }
            Self::Paused { error, wait: None } => write!(f, "no further login after a failed login: {error}"),
            Self::TooManyLogins { wait } => write!(f, "no login for {wait:?} after too many logins"),
        }
    }
}

impl<E: StdError + 'static> StdError for TokenError<E> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Refused(error) | Self::Paused { error, .. } => Some(error.as_ref()),
            Self::TooManyLogins { .. } => None,
        }
    }
}
