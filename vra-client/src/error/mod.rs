//! Errors of all generations, in one type.
//!
//! An error says what was asked (method and path template, never an id that may be secret) and what came back (status, the
//! server's own words, or the JSON path that could not be read). What to do about it is told apart: [`Error::kind`] says
//! what it means, [`Error::retry`] whether to repeat the call, [`Error::outcome`] whether the call may have been carried out.

mod classify;
mod decode;
mod decode_error;
mod excerpt;
mod server;

use std::fmt;
use std::time::Duration;

use ipam_core::http::TokenError;
use serde_json::Value;

pub(crate) use decode::{decode, lacking, withheld};
pub use decode_error::DecodeError;
pub(crate) use excerpt::bounded;
pub use server::{ErrorBody, ServerError, ServerMessage};

use crate::lenient::{InvalidTime, JsonObject};

/// The result of an operation of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why an operation failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A value that the caller gave cannot be used; nothing was sent.
    #[error("{field}: {value:?} cannot be used, expected {expected}")]
    InvalidInput {
        /// What the value was for.
        field: String,
        /// The value.
        value: String,
        /// What is expected instead.
        expected: String,
    },
    /// The server was not reached, the connection broke, a deadline passed, or its certificate is not trusted; the
    /// source's kind tells which, and has the certificates as they were sent.
    #[error("{operation}: {source}")]
    Transport {
        /// Method and path template.
        operation: String,
        /// What happened.
        source: ipam_core::Error,
    },
    /// There is no token to make the call with: the login failed, or rests after one that failed.
    #[error("{0}")]
    Login(#[from] TokenError<Self>),
    /// The server answered with a status that is no success.
    #[error(transparent)]
    Server(Box<ServerError>),
    /// The server's answer could not be understood.
    #[error(transparent)]
    Decode(Box<DecodeError>),
    /// A link of the server leads to another place than the one that was configured. The token is not sent there.
    #[error("{operation}: the server's link leads to {origin}, which is not the configured {configured}")]
    UnexpectedLink {
        /// Method and path template of the call that the link came from.
        operation: String,
        /// Where the link leads.
        origin: String,
        /// The configured origin.
        configured: String,
    },
    /// A list ended with fewer distinct rows than the server counted.
    #[error(
        "{operation}: the list ended with {received} of {expected} rows, {repeated} rows came twice; \
         ask for an order (`$orderby`) or for larger pages"
    )]
    Truncated {
        /// Method and path template.
        operation: String,
        /// How many rows the server counted, as of the last page.
        expected: u64,
        /// How many distinct rows came.
        received: u64,
        /// How many rows came more than once.
        repeated: u64,
    },
    /// The server took an update, but what was read back lacks something.
    #[error("{operation}: the server took the update, but only {after} of {before} {what} are left")]
    Lost {
        /// Method and path template.
        operation: String,
        /// What is missing.
        what: &'static str,
        /// How many there were, or were to be.
        before: usize,
        /// How many there are.
        after: usize,
    },
    /// Waiting for the end of a request ended without success.
    #[error(transparent)]
    Wait(Box<WaitError>),
    /// A search by name found nothing.
    #[error("{operation}: no {what} is named {name:?}")]
    NoSuchName {
        /// Method and path template.
        operation: String,
        /// What was looked for.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// A search by name found several.
    #[error("{operation}: {count} {what}s are named {name:?}; use the id")]
    Ambiguous {
        /// Method and path template.
        operation: String,
        /// What was looked for.
        what: &'static str,
        /// The name.
        name: String,
        /// How many were found.
        count: usize,
    },
}

impl Error {
    pub(crate) fn invalid(field: impl Into<String>, value: impl Into<String>, expected: impl Into<String>) -> Self {
        Self::InvalidInput { field: field.into(), value: bounded(&value.into(), 80), expected: expected.into() }
    }

    /// The server's answer, if it was one.
    #[must_use]
    pub fn as_server(&self) -> Option<&ServerError> {
        match self {
            Self::Server(error) => Some(error),
            Self::Wait(error) => match &error.reason {
                WaitReason::Call(error) => error.as_server(),
                _ => None,
            },
            Self::Login(TokenError::Refused(error) | TokenError::Paused { error, .. }) => error.as_server(),
            _ => None,
        }
    }

    /// The HTTP status of the server's answer, if it was one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.as_server().map(|error| error.status)
    }

    /// The server's own error number, such as 20111 for "request not found".
    #[must_use]
    pub fn code(&self) -> Option<i64> {
        self.as_server().and_then(ServerError::code)
    }

    /// Whether what was named does not exist: by status, by the server's number, or by an empty search.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::NoSuchName { .. }) || self.as_server().is_some_and(ServerError::is_not_found)
    }

    /// Whether the credentials or the token were refused.
    #[must_use]
    pub fn is_unauthenticated(&self) -> bool {
        self.status() == Some(401)
    }

    /// Whether the credentials are good but may not do this.
    #[must_use]
    pub fn is_permission_denied(&self) -> bool {
        self.as_server().is_some_and(ServerError::is_permission_denied)
    }
}

impl From<InvalidTime> for Error {
    fn from(error: InvalidTime) -> Self {
        Self::invalid("time", error.text, InvalidTime::EXPECTED)
    }
}

/// Waiting for the end of a request ended without success.
#[derive(Debug)]
#[non_exhaustive]
pub struct WaitError {
    /// What was waited for.
    pub operation: String,
    /// Why waiting ended.
    pub reason: WaitReason,
    /// The last state that was seen, in the server's words; none if no answer came.
    pub last_state: Option<String>,
    /// What the server says about it, such as a request's `completionDetails`.
    pub details: Option<String>,
    /// The last answer in full.
    pub last: Option<JsonObject>,
    /// How long was waited.
    pub waited: Duration,
    /// How often was asked.
    pub polls: u32,
}

/// Why waiting ended.
#[derive(Debug)]
#[non_exhaustive]
pub enum WaitReason {
    /// The deadline passed. The request goes on at the server.
    Deadline,
    /// The request ended, and not well.
    Failed,
    /// The server named a state that this version of the crate does not know; whether it is final is not guessed.
    UnknownState,
    /// Asking failed.
    Call(Box<Error>),
}

impl fmt::Display for WaitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.last_state.as_deref().unwrap_or("none");
        let waited = self.waited.as_secs_f32();
        write!(f, "{}: ", self.operation)?;
        match &self.reason {
            WaitReason::Deadline => write!(f, "not finished after {waited:.1} s, last state {state}")?,
            WaitReason::Failed => write!(f, "ended in state {state}")?,
            WaitReason::UnknownState => write!(f, "the state {state} is not known, so waiting was given up")?,
            WaitReason::Call(_) => write!(f, "asking failed after {waited:.1} s, last state {state}")?,
        }
        match &self.details {
            Some(details) => write!(f, ": {details}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for WaitError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.reason {
            WaitReason::Call(error) => Some(error.as_ref()),
            WaitReason::Deadline | WaitReason::Failed | WaitReason::UnknownState => None,
        }
    }
}

/// A value as JSON object, for [`WaitError::last`].
pub(crate) fn as_object(value: Value) -> Option<JsonObject> {
    match value {
        Value::Object(map) => Some(map.into()),
        _ => None,
    }
}
