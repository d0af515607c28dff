//! What can go wrong, with the server's own words, and what it means for the rest of the world.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ipam_core::RetryAdvice;
use ipam_core::http::TokenError;
use ipam_core::{CertificateChain, ErrorKind, Retry};

/// The result of a call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The request was not sent: a value in it would be refused, or damaged on the way.
    #[error("{field} is {value:?}; {remedy}")]
    Invalid {
        /// What is wrong.
        field: String,
        /// Its value.
        value: String,
        /// What to do about it.
        remedy: String,
    },
    /// The server was not reached, not trusted, or did not answer; or the options cannot work.
    #[error(transparent)]
    Http(#[from] ipam_core::Error),
    /// The server said no.
    #[error(transparent)]
    Refused(Box<Refusal>),
    /// The server's answer is not what the call defines.
    #[error(transparent)]
    Decode(Box<DecodeError>),
    /// What answered is not phpIPAM's API.
    #[error("{0} is not an answer of phpIPAM's API: {hint}", hint = .0.hint)]
    NotAnApi(Box<Foreign>),
    /// PHP printed warnings around the JSON. A write was done, unless the JSON says otherwise.
    #[error(
        "{0} has warnings of PHP around its JSON: turn display_errors off on the server, or read past them with \
         ClientBuilder::with_lenient_bodies (php_warnings=skip in a provider's URL); they begin: {begin}", begin = first_words(.0)
    )]
    PhpWarnings(Box<Foreign>),
    /// Something else than PHP, such as a proxy, printed around the JSON. A write was done, unless the JSON says otherwise.
    #[error(
        "{0} has more than JSON in it, as a proxy adds it: see what stands between here and the server, or read past it \
         with ClientBuilder::with_lenient_bodies (php_warnings=skip in a provider's URL); it begins: {begin}", begin = first_words(.0)
    )]
    NotOnlyJson(Box<Foreign>),
    /// PHP printed errors and no JSON. Whether a write was done is unknown.
    #[error("{0} has errors of PHP and no JSON: see the server's error log; they begin: {begin}", begin = first_words(.0))]
    PhpFailed(Box<Foreign>),
    /// The answer has no body: PHP gave up. Whether a write was done is unknown.
    #[error("{0} has no body: the server's PHP failed; its error log says why")]
    EmptyBody(Box<Foreign>),
    /// PHP ran out of memory or time. Whether a write was done is unknown.
    #[error("{0} says that PHP ran out of memory or time: read section by section, or raise its limits")]
    ServerExhausted(Box<Foreign>),
    /// The login failed, for this call or for another one that waited for the same.
    #[error("cannot log in: {0}")]
    LoginFailed(Arc<Error>),
    /// No login was tried, because an earlier one failed and the server locks out who fails too often.
    #[error("not logged in, and no login for {}: an earlier one failed: {cause}", Wait(.wait))]
    LoginResting {
        /// How the earlier login failed.
        cause: Arc<Error>,
        /// How long no login will be tried; `None` for ever.
        wait: Option<Duration>,
    },
    /// No login was tried, because there were too many of late: somebody else keeps replacing the token of this user.
    #[error("not logged in, and no login for {}: there were too many of late", Wait(&Some(*.wait)))]
    TooManyLogins {
        /// How long no login will be tried.
        wait: Duration,
    },
    /// The server said yes, and yet did not do all of it.
    #[error("{call} succeeded, but the server did not apply: {}", .fields.join(", "))]
    NotApplied {
        /// The call.
        call: String,
        /// The fields that do not hold what was asked for.
        fields: Vec<String>,
    },
}

struct Wait<'a>(&'a Option<Duration>);

impl fmt::Display for Wait<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(wait) => write!(f, "{} s", wait.as_secs()),
            None => f.write_str("ever"),
        }
    }
}

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

/// An answer that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DecodeError {
    /// The call.
    pub call: String,
    /// The HTTP status.
    pub status: u16,
    /// Where in the answer, such as `data[1].subnetId`.
    pub path: String,
    /// What is wrong there.
    pub reason: String,
    /// The start of the answer, without secrets.
    pub excerpt: String,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: cannot read the answer (HTTP {}): {}: {}", self.call, self.status, self.path, self.reason)
    }
}

impl std::error::Error for DecodeError {}

/// An answer that is no envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Foreign {
    /// The call.
    pub call: String,
    /// The HTTP status.
    pub status: u16,
    /// The content type.
    pub content_type: Option<String>,
    /// The start of the body, without secrets.
    pub excerpt: String,
    /// What to look at.
    pub hint: &'static str,
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: the answer (HTTP {}", self.call, self.status)?;
        match &self.content_type {
            Some(content_type) => write!(f, ", {content_type})"),
            None => f.write_str(")"),
        }
    }
}

/// The first words of what came, on one line and without tags.
fn first_words(foreign: &Foreign) -> String {
    let mut depth = 0_u32;
    let visible = foreign.excerpt.chars().map(|character| match character {
        '<' => {
            depth += 1;
            ' '
        }
        '>' => {
            depth = depth.saturating_sub(1);
            ' '
        }
        character if depth == 0 => character,
        _ => ' ',
    });
    let text: String = visible.collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(160).collect()
}

impl Error {
    /// The same error with what to look at, if it is that the server does not know us.
    pub(crate) fn when_unauthorized(mut self, hint: &'static str) -> Self {
        if let Self::Refused(refusal) = &mut self
            && refusal.kind == RefusalKind::Unauthorized
        {
            refusal.hint = Some(hint);
        }
        self
    }

    pub(crate) fn invalid(field: impl fmt::Display, value: impl fmt::Display, remedy: impl fmt::Display) -> Self {
        let value = value.to_string().chars().take(120).collect();
        Self::Invalid { field: field.to_string(), value, remedy: remedy.to_string() }
    }

    /// The server's refusal, if that is what it is.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// What the refusal means, if it is one.
    #[must_use]
    pub fn refusal_kind(&self) -> Option<RefusalKind> {
        self.refusal().map(|refusal| refusal.kind)
    }

    /// Whether the server said that something does not exist.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.refusal_kind() == Some(RefusalKind::NotFound)
    }

    /// Whether somebody else was faster.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.refusal_kind() == Some(RefusalKind::Conflict)
    }

    /// Whether nothing is free.
    #[must_use]
    pub fn is_exhausted(&self) -> bool {
        matches!(self.refusal_kind(), Some(RefusalKind::Exhausted(_)))
    }

    /// Whether this version of phpIPAM cannot do it.
    #[must_use]
    pub fn is_unsupported(&self) -> bool {
        self.refusal_kind() == Some(RefusalKind::Unsupported)
    }

    /// Whether the call was not made at all, because the server was not reached or there is no token: what it says about
    /// the server is true of every call.
    pub(crate) fn is_about_session(&self) -> bool {
        matches!(self, Self::Http(_) | Self::LoginFailed(_) | Self::LoginResting { .. } | Self::TooManyLogins { .. })
    }

    /// Whether the same call may be repeated.
    #[must_use]
    pub fn retry(&self) -> Retry {
        match self {
            Self::Http(error) => error.retry(),
            Self::Refused(refusal) => refusal.retry,
            // Only a login that the server never saw may be tried again.
            Self::LoginFailed(cause) => match cause.as_ref() {
                Self::Http(error) if error.retry() == Retry::Safe => Retry::Safe,
                _ => Retry::Never,
            },
            Self::Invalid { .. }
            | Self::Decode(_)
            | Self::NotAnApi(_)
            | Self::PhpWarnings(_)
            | Self::NotOnlyJson(_)
            | Self::PhpFailed(_)
            | Self::EmptyBody(_)
            | Self::ServerExhausted(_)
            | Self::LoginResting { .. }
            | Self::TooManyLogins { .. }
            | Self::NotApplied { .. } => Retry::Never,
        }
    }

    /// Whether the server may have done what was asked, although the call failed: look before asking again.
    #[must_use]
    pub fn may_have_been_done(&self) -> bool {
        match self {
            // After retries the advice is "never" whatever happened, so the kind has to tell.
            Self::Http(error) => {
                error.retry() != Retry::Safe
                    && matches!(error.kind(), ErrorKind::Timeout | ErrorKind::Unavailable | ErrorKind::Protocol)
            }
            Self::Refused(refusal) => {
                matches!(refusal.kind, RefusalKind::Unavailable | RefusalKind::Server) && refusal.retry != Retry::Safe
            }
            Self::Decode(_)
            | Self::PhpWarnings(_)
            | Self::NotOnlyJson(_)
            | Self::PhpFailed(_)
            | Self::EmptyBody(_)
            | Self::ServerExhausted(_)
            | Self::NotApplied { .. } => true,
            Self::Invalid { .. }
            | Self::NotAnApi(_)
            | Self::LoginFailed(_)
            | Self::LoginResting { .. }
            | Self::TooManyLogins { .. } => false,
        }
    }

    /// How long to wait before a repetition, where that is known.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Http(error) => error.retry_after(),
            Self::Refused(refusal) => refusal.retry_after,
            Self::LoginFailed(cause) => cause.retry_after(),
            Self::LoginResting { wait, .. } => *wait,
            Self::TooManyLogins { wait } => Some(*wait),
            Self::Invalid { .. }
            | Self::Decode(_)
            | Self::NotAnApi(_)
            | Self::PhpWarnings(_)
            | Self::NotOnlyJson(_)
            | Self::PhpFailed(_)
            | Self::EmptyBody(_)
            | Self::ServerExhausted(_)
            | Self::NotApplied { .. } => None,
        }
    }

    /// What it means to callers that know nothing of phpIPAM.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Invalid { .. } => ErrorKind::InvalidInput,
            Self::Http(error) => error.kind(),
            Self::Refused(refusal) => match refusal.kind {
                RefusalKind::NotFound => ErrorKind::NotFound,
                RefusalKind::Exhausted(_) => ErrorKind::Exhausted,
                RefusalKind::Conflict | RefusalKind::Structural => ErrorKind::Conflict,
                RefusalKind::Invalid => ErrorKind::InvalidInput,
                RefusalKind::Unauthorized | RefusalKind::BadCredentials => ErrorKind::Unauthenticated,
                RefusalKind::Forbidden => ErrorKind::PermissionDenied,
                RefusalKind::LockedOut | RefusalKind::RateLimited => ErrorKind::RateLimited,
                RefusalKind::Busy => ErrorKind::Busy,
                RefusalKind::Config => ErrorKind::Config,
                RefusalKind::Unsupported => ErrorKind::Unsupported,
                RefusalKind::Unavailable => ErrorKind::Unavailable,
                RefusalKind::Server => ErrorKind::Protocol,
            },
            Self::Decode(_)
            | Self::NotAnApi(_)
            | Self::PhpWarnings(_)
            | Self::NotOnlyJson(_)
            | Self::PhpFailed(_)
            | Self::EmptyBody(_)
            | Self::ServerExhausted(_) => ErrorKind::Protocol,
            Self::LoginFailed(cause) | Self::LoginResting { cause, .. } => cause.kind(),
            Self::TooManyLogins { .. } => ErrorKind::RateLimited,
            Self::NotApplied { .. } => ErrorKind::Conflict,
        }
    }
}

impl RetryAdvice for Error {
    fn retry(&self) -> Retry {
        Self::retry(self)
    }

    fn retry_after(&self) -> Option<Duration> {
        Self::retry_after(self)
    }

    fn given_up(self, attempts: u32) -> Self {
        match self {
            Self::Http(error) => Self::Http(error.given_up(attempts)),
            Self::Refused(mut refusal) => {
                refusal.retry = Retry::Never;
                Self::Refused(refusal)
            }
            other => other,
        }
    }

    fn out_of_time(limit: Duration, last: Option<Self>) -> Self {
        let error = ipam_core::Error::out_of_time(limit, None);
        Self::Http(match last {
            Some(last) => error.with_source(last),
            None => error,
        })
    }
}

impl From<TokenError<Error>> for Error {
    fn from(error: TokenError<Error>) -> Self {
        match error {
            TokenError::Refused(cause) => Self::LoginFailed(cause),
            TokenError::Resting { error, wait } => Self::LoginResting { cause: error, wait },
            TokenError::TooManyLogins { wait } => Self::TooManyLogins { wait },
        }
    }
}

impl Error {
    /// The certificates of a server that is not trusted, as it sent them, also where the login met it first.
    #[must_use]
    pub fn certificates(&self) -> Option<&CertificateChain> {
        match self {
            Self::Http(error) => error.certificates(),
            Self::LoginFailed(cause) | Self::LoginResting { cause, .. } => cause.certificates(),
            _ => None,
        }
    }
}

impl From<Error> for ipam_core::Error {
    fn from(error: Error) -> Self {
        let (kind, retry, retry_after) = (error.kind(), error.retry(), error.retry_after());
        let certificates = error.certificates().cloned();
        let mut mapped = match error {
            Error::Http(error) => return error,
            error => Self::new(kind, "phpipam", error.to_string()).with_retry(retry).with_source(error),
        };
        if let Some(chain) = certificates {
            mapped = mapped.with_certificates(chain);
        }
        match retry_after {
            Some(wait) => mapped.with_retry_after(wait),
            None => mapped,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn the_chain_of_an_untrusted_server_survives_a_failed_login() {
        let chain = CertificateChain::from_pem("-----BEGIN CERTIFICATE-----");
        let met = || ipam_core::Error::new(ErrorKind::Untrusted, "send", "no").with_certificates(chain.clone());
        for error in [
            Error::Http(met()),
            Error::LoginFailed(Arc::new(Error::Http(met()))),
            Error::LoginResting { cause: Arc::new(Error::Http(met())), wait: None },
        ] {
            let error = ipam_core::Error::from(error);
            assert_eq!((error.kind(), error.certificates().unwrap()), (ErrorKind::Untrusted, &chain));
        }
    }
}
