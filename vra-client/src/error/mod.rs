//! Error type of all calls.
//!
//! An error says which call failed (method and path template, never an id that may be secret) and how (status, the
//! server's own words, or the JSON path that could not be read). [`Error::kind`] says what it means, [`Error::retry`]
//! whether to repeat the call, and [`Error::outcome`] whether the call may have been carried out.

mod classify;
mod decode;
mod decode_error;
mod excerpt;
mod server;

use std::fmt;
use std::time::Duration;

use ipam_core::ErrorKind;
use ipam_core::http::TokenError;
use serde_json::Value;

pub(crate) use decode::{decode, lacking, withheld};
pub use decode_error::DecodeError;
pub(crate) use excerpt::bounded;
pub use server::{ErrorBody, ServerError, ServerMessage};

use crate::lenient::{InvalidTime, JsonObject};

/// Result of a call of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Failure of a call.
///
/// Match the variant for details, or ask for the meaning: [`kind`](Self::kind), [`retry`](Self::retry) and
/// [`outcome`](Self::outcome) cover every variant, also behind a failed login or a failed wait.
///
/// | variant | kind | retry | outcome |
/// | --- | --- | --- | --- |
/// | `InvalidInput`, `Ambiguous` | `InvalidInput` | `Never` | `NotApplied` |
/// | `NoSuchName` | `NotFound` | `Never` | `NotApplied` |
/// | `Transport` | that of `source` | that of `source` | that of `source` |
/// | `Login`, the login failed | that of the login's error, except as below | `Never` or `Safe` | `NotApplied` |
/// | `Login`, no login was tried after a failure | that of the failed login | `Never` | `NotApplied` |
/// | `Login`, too many logins | `RateLimited` | `Never` | `NotApplied` |
/// | `Server` | by status and number: [`ServerError::kind`] | by status | by status |
/// | `Decode` | `Protocol` | `Never` | `Unknown` |
/// | `UnexpectedLink` | `Protocol` | `Never` | `NotApplied` |
/// | `Truncated` | `Protocol` | `Safe` | `NotApplied` |
/// | `Lost` | `Protocol` | `Never` | `Unknown` |
/// | `Wait`, deadline | `Timeout` | `IfIdempotent` | `Unknown` |
/// | `Wait`, the request failed | `Conflict` | `Never` | `Unknown` |
/// | `Wait`, unknown state | `Protocol` | `Never` | `Unknown` |
/// | `Wait`, a poll failed | that of the poll's error | that of the poll's error | `Unknown` |
///
/// A login that is refused with status 400 is `Unauthenticated`, and so is one of version 8 with 403: servers refuse a
/// wrong password or an expired refresh token with either. It is `PermissionDenied` only if the server refuses the
/// token that it has just issued. Status 404 or 405 is `Config`: the URL is not that of such a server.
///
/// The client repeats calls by itself, which changes `Transport` and `Server`: the advice is `Never` when the allowed
/// repetitions are used up, and the outcome is `Unknown` if any attempt of a call other than a GET may have been
/// carried out.
///
/// After `Unknown`, send a call again that only reads. Otherwise look for the object, by its name for example, before
/// you send the call again: calls have no key by which the server would recognise a repetition.
/// - `Decode`: the status was a success, so the call was carried out and only its response cannot be read.
/// - `Lost`: the update was carried out, and it did more than it should.
/// - `Wait`: the outcome is that of the request that was waited for, and not that of a poll.
///   [`Catalog::request`](crate::v7::Catalog::request) and, of version 8,
///   [`Deployments::get`](crate::v8::Deployments::get) read how the request ended.
///
#[cfg_attr(feature = "testing", doc = "```")]
#[cfg_attr(not(feature = "testing"), doc = "```text")]
/// # use vra_client::{HttpOptions, testing::v7::Server, v7::Client};
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// # let server = Server::builder().example_data().start().await?;
/// # let client = Client::builder(server.url()).with_password(Server::USER, Server::PASSWORD, Server::TENANT)
/// #     .with_http_options(HttpOptions::new().with_allow_http(true)).build()?;
/// use vra_client::{Error, ErrorKind, Outcome};
///
/// let error = client.catalog().request("no-such-request").await.unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::NotFound);
/// // The server's own number says more than the status.
/// assert_eq!((error.status(), error.code()), (Some(404), Some(20111)));
///
/// match client.catalog().item_named("Nothing").await {
///     Err(Error::NoSuchName { name, .. }) => assert_eq!(name, "Nothing"),
///     other => panic!("{other:?}"),
/// }
/// // A lost response: look for the object before the call is sent again.
/// # use vra_client::testing::{Fault, When};
/// # server.fault(Fault::DropAfter, When::any().method("POST"));
/// # use vra_client::v7::SubtenantBody;
/// let error = client.identity().create_subtenant("qe", SubtenantBody::new("Finance")).await.unwrap_err();
/// assert_eq!(error.outcome(), Outcome::Unknown);
/// let found = client.identity().subtenant_named("qe", "Finance").await?;
/// # assert!(found.id.is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A value that the caller gave cannot be used; nothing was sent.
    #[error("{field}: {value:?} cannot be used, expected {expected}")]
    InvalidInput {
        /// Name of the value.
        field: String,
        /// The value, cut to 80 characters.
        value: String,
        /// Description of an accepted value.
        expected: String,
    },
    /// The server was not reached, the connection broke, a timeout or a list limit passed, or the server's certificate
    /// is not trusted. [`Error::kind`] tells which; [`Error::certificates`] has the certificates as the server sent
    /// them.
    #[error("{operation}: {source}")]
    Transport {
        /// Method and path template of the call.
        operation: String,
        /// The [`ipam_core::Error`] of the connection, with kind and cause.
        source: ipam_core::Error,
    },
    /// There is no token for the call: the login failed, or no login was tried because an earlier one failed.
    ///
    /// After a refused login (status 400, 401 or 403) no other login is tried until
    /// [`forget_login`](crate::v7::Client::forget_login), since servers lock accounts; after other failures it pauses,
    /// see [`TokenPolicy`](crate::TokenPolicy). [`Error::kind`] is `Unauthenticated` for a wrong user, password or
    /// tenant and `RateLimited` after too many logins; [`Error::retry_after`] is the rest of the pause.
    #[error("{0}")]
    Login(#[from] TokenError<Self>),
    /// The server refused the call or failed at it: any status that is not a success.
    #[error(transparent)]
    // Boxed, like the other large variants: every result of the crate has room for the largest one.
    Server(Box<ServerError>),
    /// The response of a successful call could not be read.
    #[error(transparent)]
    Decode(Box<DecodeError>),
    /// A redirect leads to another host than the configured one, or a link is not one of a web server. The token is not
    /// sent there.
    ///
    /// A link in a response that merely names another host is no error: its path and query are requested from the
    /// configured server.
    #[error("{operation}: the server's link leads to {origin}, which is not the configured {configured}")]
    UnexpectedLink {
        /// Method and path template of the call that the link came from.
        operation: String,
        /// Scheme, host and port of the link.
        origin: String,
        /// Scheme, host and port of the configured server.
        configured: String,
    },
    /// A list ended with fewer distinct rows than the server counted. The rows that were read are in the stream before
    /// it.
    #[error("{operation}: the list ended with {received} of {expected} rows{}", remedy(repeated))]
    Truncated {
        /// Method and path template of the call.
        operation: String,
        /// Number of rows that the server counted, as of the last page.
        expected: u64,
        /// Number of distinct rows that were read.
        received: u64,
        /// Number of rows that were on more than one page.
        repeated: u64,
    },
    /// The server accepted an update, but ranges or addresses are missing when the object is read again. Only
    /// [`NetworkProfiles::update`](crate::v7::NetworkProfiles::update) returns it.
    ///
    /// The server has deleted them already. Restore them from what was read before the update.
    #[error("{operation}: the server accepted the update, but only {after} of {before} {what} are left")]
    Lost {
        /// Method and path template of the call.
        operation: String,
        /// Name of the missing objects, such as `ranges`.
        what: &'static str,
        /// Number of objects before the update, or in the update.
        before: usize,
        /// Number of objects after the update.
        after: usize,
    },
    /// A request was waited for, and waiting ended without its success.
    #[error(transparent)]
    Wait(Box<WaitError>),
    /// A search by name found nothing. For an action: the resource has none of this binding in its present state.
    #[error("{operation}: no {what} is named {name:?}")]
    NoSuchName {
        /// Method and path template of the call.
        operation: String,
        /// Type of the object that was searched.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// A search by name found several objects.
    #[error("{operation}: {count} {what}s are named {name:?}; use the id")]
    Ambiguous {
        /// Method and path template of the call.
        operation: String,
        /// Type of the object that was searched.
        what: &'static str,
        /// The name.
        name: String,
        /// Number of objects with the name.
        count: usize,
    },
}

impl Error {
    pub(crate) fn invalid(field: impl Into<String>, value: impl Into<String>, expected: impl Into<String>) -> Self {
        // Cut, because the value may be a file that was passed by mistake.
        Self::InvalidInput { field: field.into(), value: bounded(&value.into(), 80), expected: expected.into() }
    }

    /// Returns the refusal of the server, if the error is one, also behind a failed login or a failed poll.
    #[must_use]
    pub fn as_server(&self) -> Option<&ServerError> {
        match self {
            Self::Server(error) => Some(error),
            Self::Wait(error) => match &error.reason {
                WaitReason::Call(error) => error.as_server(),
                _ => None,
            },
            // A refused login is the server's refusal too: callers look for a 401 in one place only.
            Self::Login(TokenError::Refused(error) | TokenError::Paused { error, .. }) => error.as_server(),
            _ => None,
        }
    }

    /// Returns the HTTP status of the refusal, if the error is one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.as_server().map(|error| error.status)
    }

    /// Returns the server's own error number, if the refusal has one. Those of version 7 that are known:
    ///
    /// | number | meaning |
    /// | --- | --- |
    /// | 10101 | an argument is not valid, such as the id of a resource that does not exist |
    /// | 12005 | the work item was completed before |
    /// | 12017 | the caller may not complete the work item |
    /// | 20111 | the request does not exist |
    /// | 20116 | the catalog item does not exist |
    /// | 50505 | internal error of the server |
    /// | 90027 | the identity store cannot be reached |
    #[must_use]
    pub fn code(&self) -> Option<i64> {
        self.as_server().and_then(ServerError::code)
    }

    /// Returns true if the named object does not exist: by status 404, by the server's number, or by an empty search.
    ///
    /// A login that met status 404 is none of these: it says nothing about the object.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        // A name that was not found is the same to a caller as an id that does not exist.
        self.kind() == ErrorKind::NotFound
    }

    /// Returns true if the server refused the credentials or the token: status 401, or a refused login.
    #[must_use]
    pub fn is_unauthenticated(&self) -> bool {
        self.kind() == ErrorKind::Unauthenticated
    }

    /// Returns true if the server knows the caller and refuses the call: status 403, or number 12017.
    #[must_use]
    pub fn is_permission_denied(&self) -> bool {
        self.kind() == ErrorKind::PermissionDenied
    }
}

// So that a caller that computes with times of the server can use `?`.
impl From<InvalidTime> for Error {
    fn from(error: InvalidTime) -> Self {
        Self::invalid("time", error.text, InvalidTime::EXPECTED)
    }
}

/// Returns what to do about a list that lacks rows: an order helps only if rows moved between pages.
fn remedy(repeated: &u64) -> String {
    match repeated {
        0 => "; rows were deleted meanwhile, or the server does not count right: read the list again".to_owned(),
        _ => format!(", and {repeated} of them came twice; set an order (`$orderby`) or a larger page size"),
    }
}

/// Waiting for a request ended without its success.
#[derive(Debug)]
#[non_exhaustive]
pub struct WaitError {
    /// Method and path template of the polls.
    pub operation: String,
    /// Reason why waiting ended.
    pub reason: WaitReason,
    /// Last state that was seen, in the server's words; [`None`] if no poll succeeded.
    pub last_state: Option<String>,
    /// Details of the server, such as a request's `completionDetails`.
    pub details: Option<String>,
    /// Last value that was read, in full.
    pub last: Option<JsonObject>,
    /// Time from the start until waiting ended.
    pub waited: Duration,
    /// Number of polls that were sent and ended.
    pub polls: u32,
}

/// Reason why waiting ended without success.
#[derive(Debug)]
#[non_exhaustive]
pub enum WaitReason {
    /// The deadline passed. The request goes on at the server.
    Deadline,
    /// The request failed, was rejected or was deleted.
    Failed,
    /// The server named a phase that this version of the crate does not know, or a state if the request has no phase.
    /// The request may go on. [`Catalog::wait_for`](crate::v7::Catalog::wait_for) has the rule, and
    /// [`Deployments::wait_for`](crate::v8::Deployments::wait_for) that of version 8.
    UnknownState,
    /// A poll failed.
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
            WaitReason::UnknownState => write!(f, "the state {state} is not known to this version, so waiting ended")?,
            WaitReason::Call(_) => write!(f, "the status could not be read after {waited:.1} s, last state {state}")?,
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

/// Returns a value as JSON object, for [`WaitError::last`].
pub(crate) fn as_object(value: Value) -> Option<JsonObject> {
    match value {
        Value::Object(map) => Some(map.into()),
        _ => None,
    }
}
