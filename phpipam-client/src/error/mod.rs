//! What can go wrong, with the server's own words.

mod convert;
mod meaning;
mod refusal;
mod response;
mod retry;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use refusal::{Refusal, RefusalKind, Shortage};
use response::first_words;
pub use response::{DecodeError, RowError, UnexpectedResponse};

use crate::wire::InvalidValue;

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
    /// The server was not reached, not trusted, or did not respond; or the options cannot work.
    #[error(transparent)]
    Http(#[from] ipam_core::Error),
    /// The server said no.
    #[error(transparent)]
    Refused(Box<Refusal>),
    /// The server's response is not what the call defines.
    #[error(transparent)]
    Decode(Box<DecodeError>),
    /// A row of a list that is read as it comes is not what the call defines. The stream goes on with the next row.
    #[error(transparent)]
    Row(Box<RowError>),
    /// The response does not come from phpIPAM's API.
    #[error("{0} does not come from phpIPAM's API: {hint}", hint = .0.hint)]
    NotAnApi(Box<UnexpectedResponse>),
    /// PHP printed warnings around the JSON. A write was done, unless the JSON says otherwise.
    #[error(
        "{0} has warnings of PHP around its JSON: turn display_errors off on the server, or read past them with \
         ClientBuilder::with_lenient_bodies (php_warnings=skip in a provider's URL); they begin: {begin}", begin = first_words(.0)
    )]
    PhpWarnings(Box<UnexpectedResponse>),
    /// Something else than PHP, such as a proxy, printed around the JSON. A write was done, unless the JSON says otherwise.
    #[error(
        "{0} has more than JSON in it, as a proxy adds it: see what stands between here and the server, or read past it \
         with ClientBuilder::with_lenient_bodies (php_warnings=skip in a provider's URL); it begins: {begin}", begin = first_words(.0)
    )]
    NotOnlyJson(Box<UnexpectedResponse>),
    /// PHP printed errors and no JSON. Whether a write was done is unknown.
    #[error("{0} has errors of PHP and no JSON: see the server's error log; they begin: {begin}", begin = first_words(.0))]
    PhpFailed(Box<UnexpectedResponse>),
    /// The response has no body: PHP gave up. Whether a write was done is unknown.
    #[error("{0} has no body: the server's PHP failed; its error log says why")]
    EmptyBody(Box<UnexpectedResponse>),
    /// PHP ran out of memory or time. Whether a write was done is unknown.
    #[error("{0} says that PHP ran out of memory or time: read section by section, or raise its limits")]
    ServerExhausted(Box<UnexpectedResponse>),
    /// The login failed, for this call or for another one that waited for the same. The call itself was not sent.
    #[error("cannot log in: {0}")]
    LoginFailed(Arc<Error>),
    /// No login was tried, because an earlier one failed and the server locks out hosts that fail too often.
    #[error("not logged in, and no login for {}: an earlier one failed: {cause}", Wait(.wait))]
    LoginPaused {
        /// How the earlier login failed.
        cause: Arc<Error>,
        /// How long no login will be tried; `None` for ever.
        wait: Option<Duration>,
    },
    /// No login was tried, because there were too many of late: another program keeps replacing the token of this user.
    #[error("not logged in, and no login for {}: there were too many of late", Wait(&Some(*.wait)))]
    TooManyLogins {
        /// How long no login will be tried.
        wait: Duration,
    },
    /// The server reported success, and did only a part of it.
    #[error("{call} succeeded, but the server did not apply: {}", .fields.join(", "))]
    PartlyApplied {
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

impl Error {
    pub(crate) fn invalid(field: impl fmt::Display, value: impl fmt::Display, remedy: impl fmt::Display) -> Self {
        InvalidValue::new(field, value, remedy).into()
    }

    /// The same error with what to look at, if it is that the server does not accept the credentials.
    pub(crate) fn when_unauthorized(mut self, hint: &'static str) -> Self {
        if let Self::Refused(refusal) = &mut self
            && refusal.kind == RefusalKind::Unauthorized
        {
            refusal.hint = Some(hint);
        }
        self
    }
}
