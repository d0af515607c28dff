//! Error of a call, with the server's own words.

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

/// Result of a call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Error of a call.
///
/// [`refusal`](Error::refusal) gives the server's own words and a [`RefusalKind`]. Callers that know nothing of phpIPAM
/// use [`kind`](Error::kind), [`outcome`](Error::outcome) and [`retry`](Error::retry).
///
/// # Kind, outcome and retry
/// | variant | `kind()` | `outcome()` | `retry()` |
/// | --- | --- | --- | --- |
/// | [`Invalid`](Error::Invalid) | `InvalidInput` | `NotApplied` | `Never` |
/// | [`Http`](Error::Http) | that of the inner error | that of the inner error | that of the inner error |
/// | [`Refused`](Error::Refused) | by the table at [`RefusalKind`] | [`Refusal::outcome`] | [`Refusal::retry`] |
/// | [`Decode`](Error::Decode), [`Row`](Error::Row), [`PhpWarnings`](Error::PhpWarnings), [`NotOnlyJson`](Error::NotOnlyJson), [`PhpFailed`](Error::PhpFailed), [`EmptyBody`](Error::EmptyBody), [`ServerExhausted`](Error::ServerExhausted) | `Protocol` | `Unknown` | `Never` |
/// | [`NotAnApi`](Error::NotAnApi) | `Protocol` | `NotApplied` | `Never` |
/// | [`LoginFailed`](Error::LoginFailed) | that of the failed login | `NotApplied` | `Safe` if the login did not reach the server, otherwise `Never` |
/// | [`LoginPaused`](Error::LoginPaused) | that of the failed login | `NotApplied` | `Never` |
/// | [`TooManyLogins`](Error::TooManyLogins) | `RateLimited` | `NotApplied` | `Never` |
/// | [`PartlyApplied`](Error::PartlyApplied) | `Conflict` | `Unknown` | `Never` |
///
/// - An outcome of `Unknown` concerns writes: a read changes nothing, whatever its outcome says.
/// - `PartlyApplied` has the outcome `Unknown`, because neither outcome says that a part was applied.
///   [`may_have_been_done`](Error::may_have_been_done) is therefore true, and the caller looks at the server first.
/// - If an earlier attempt of the same call may have been carried out, the outcome is `Unknown` whatever the last
///   attempt met. A variant whose outcome is always `NotApplied` becomes the source of an [`Http`](Error::Http) then.
/// - The advice is the one that is left after the client's own repetitions; see [`retry`](Error::retry).
///
/// # Common errors
/// Every call that reaches the network can fail with these. The `# Errors` section of a method names only what is
/// special to that method.
///
/// - [`Invalid`](Error::Invalid): an argument is one that the server would refuse, damage or misread: an id of 0, a
///   text with `<`, a field that its setter refused. Nothing is sent.
/// - [`Http`](Error::Http): the server was not reached, its certificate is not trusted, or a limit was reached:
///   [`ErrorKind::Unavailable`](ipam_core::ErrorKind::Unavailable), `Untrusted`, `Timeout`, `Protocol`
/// - [`LoginFailed`](Error::LoginFailed), [`LoginPaused`](Error::LoginPaused), [`TooManyLogins`](Error::TooManyLogins):
///   there is no token, only with [`Auth::user`](crate::Auth::user). The call is not sent.
/// - [`Unauthorized`](RefusalKind::Unauthorized): the app code is wrong, or a new token is rejected too
/// - [`Forbidden`](RefusalKind::Forbidden): the app has read permission and the call writes
/// - [`Config`](RefusalKind::Config): the API or the app is disabled, the app id is unknown, or the server demands
///   HTTPS
/// - [`LockedOut`](RefusalKind::LockedOut): the server blocks this client's address after failed logins
/// - [`Busy`](RefusalKind::Busy): the server's write lock was not free in time, in each repetition. Nothing is done.
/// - [`Unsupported`](RefusalKind::Unsupported): this version of phpIPAM does not have the controller or the call
/// - [`RateLimited`](RefusalKind::RateLimited), [`Unavailable`](RefusalKind::Unavailable): a proxy in front of the
///   server says so
/// - [`Server`](RefusalKind::Server): the server failed in a way that this client does not know
/// - [`Decode`](Error::Decode), [`NotAnApi`](Error::NotAnApi), [`PhpWarnings`](Error::PhpWarnings),
///   [`NotOnlyJson`](Error::NotOnlyJson), [`PhpFailed`](Error::PhpFailed), [`EmptyBody`](Error::EmptyBody),
///   [`ServerExhausted`](Error::ServerExhausted): the response is not what phpIPAM defines
///
/// The kinds (`Unauthorized` to `Server`) are those of [`Error::Refused`]. An empty list is not an error, whatever
/// status it comes with, except for [`Client::raw`](crate::Client::raw) and [`Client::send`](crate::Client::send): they
/// do not know that a call lists, and fail with a refusal of kind [`NotFound`](RefusalKind::NotFound).
///
/// ```no_run
/// # async fn example(client: &phpipam_client::Client) -> Result<(), phpipam_client::Error> {
/// use phpipam_client::models::{AddressFields, SubnetId};
/// use phpipam_client::{RefusalKind, Shortage};
///
/// match client.addresses().allocate_first_free(SubnetId::new(8), &AddressFields::new()).await {
///     Ok(taken) => println!("{}", taken.ip),
///     Err(error) => match error.refusal_kind() {
///         Some(RefusalKind::Exhausted(Shortage::Full)) => println!("all addresses are taken"),
///         // The address may exist: look for it before the next attempt.
///         _ if error.may_have_been_done() => println!("unknown outcome: {error}"),
///         _ => return Err(error),
///     },
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Argument that the server would refuse, damage or misread. Nothing was sent.
    ///
    /// Not to be mixed up with a refusal of kind [`Invalid`](RefusalKind::Invalid), which comes from the server.
    #[error("{field} is {value:?}; {remedy}")]
    Invalid {
        /// Name of the argument or field.
        field: String,
        /// Value, cut after 120 characters; `***` for a secret.
        value: String,
        /// Remedy, such as the accepted values.
        remedy: String,
    },
    /// Failure of the connection, or options that cannot work.
    ///
    /// [`kind`](Error::kind) tells them apart: `Unavailable` (not reached), `Untrusted` (certificate), `Timeout`
    /// (connect, attempt or operation limit of [`HttpOptions`](crate::HttpOptions), or the time limit of a list,
    /// [`ListLimits::with_time`](crate::ListLimits::with_time)), `Config` or `InvalidInput` (URL or options), `Protocol`
    /// (body above its limit, or list above the rows or bytes of [`ListLimits`](crate::ListLimits)).
    #[error(transparent)]
    Http(#[from] ipam_core::Error),
    /// Refusal by the server, with its own words.
    #[error(transparent)]
    Refused(Box<Refusal>),
    /// Response whose content is not what the call defines.
    #[error(transparent)]
    Decode(Box<DecodeError>),
    /// Row of a stream that cannot be read. The stream continues with the next row.
    ///
    /// Only the `stream` methods return it. A list that is read as a whole fails with [`Decode`](Error::Decode).
    #[error(transparent)]
    Row(Box<RowError>),
    /// Response that does not come from phpIPAM's API, such as a login page or a redirect. Nothing was done.
    #[error("{0} does not come from phpIPAM's API: {hint}", hint = .0.hint)]
    NotAnApi(Box<UnexpectedResponse>),
    /// JSON with PHP warnings around it (`display_errors` is on).
    ///
    /// The outcome of a write is `Unknown` here, because the JSON is not evaluated. In most cases the write was done.
    #[error(
        "{0} has warnings of PHP around its JSON: turn display_errors off on the server, or read past them with \
         ClientBuilder::with_lenient_bodies (php_warnings=skip in a provider's URL); they begin: {begin}", begin = first_words(.0)
    )]
    PhpWarnings(Box<UnexpectedResponse>),
    /// JSON with other text around it, as a proxy adds it.
    ///
    /// The outcome of a write is `Unknown` here, because the JSON is not evaluated. In most cases the write was done.
    #[error(
        "{0} has more than JSON in it, as a proxy adds it: see what stands between here and the server, or read past it \
         with ClientBuilder::with_lenient_bodies (php_warnings=skip in a provider's URL); it begins: {begin}", begin = first_words(.0)
    )]
    NotOnlyJson(Box<UnexpectedResponse>),
    /// PHP errors without JSON. The outcome of a write is `Unknown`.
    #[error("{0} has errors of PHP and no JSON: see the server's error log; they begin: {begin}", begin = first_words(.0))]
    PhpFailed(Box<UnexpectedResponse>),
    /// Response without a body: a fatal error of PHP. The outcome of a write is `Unknown`.
    #[error("{0} has no body: the server's PHP failed; its error log says why")]
    EmptyBody(Box<UnexpectedResponse>),
    /// PHP ran out of memory or time. The outcome of a write is `Unknown`.
    #[error("{0} says that PHP ran out of memory or time: read section by section, or raise its limits")]
    ServerExhausted(Box<UnexpectedResponse>),
    /// Failed login, of this call or of another call that shared it. The call itself was not sent.
    #[error("cannot log in: {0}")]
    LoginFailed(Arc<Error>),
    /// No login was tried, because an earlier one failed. The call was not sent.
    ///
    /// The server blocks an address that fails too often, so this client waits. The reason of the failure decides for
    /// how long; see the table at
    /// [`ClientBuilder::with_token_policy`](crate::ClientBuilder::with_token_policy).
    /// [`Client::forget_login`](crate::Client::forget_login) ends every pause at once.
    /// [`Client::retry_login`](crate::Client::retry_login) ends it if the failed login is at least a minute old and the
    /// server did not ask for the wait.
    #[error("not logged in, and no login for {}: an earlier one failed: {cause}", Wait(.wait))]
    LoginPaused {
        /// Error of the earlier login.
        cause: Arc<Error>,
        /// Time until the next login is allowed. `None` after wrong credentials, which waiting does not correct: the
        /// pause lasts until [`Client::retry_login`](crate::Client::retry_login) or
        /// [`Client::forget_login`](crate::Client::forget_login).
        wait: Option<Duration>,
    },
    /// No login was tried, because the [`TokenPolicy`](crate::TokenPolicy) allows no more for now. The call was not
    /// sent.
    ///
    /// The server has one token per user. Usual cause: another program logs this user out
    /// ([`logout_everywhere`](crate::controllers::UserSession::logout_everywhere)), or logs in on a server without
    /// locking, where simultaneous logins replace each other's token.
    #[error("not logged in, and no login for {}: there were too many recently", Wait(&Some(*.wait)))]
    TooManyLogins {
        /// Time until the next login is allowed.
        wait: Duration,
    },
    /// Partial success: the server reported success, but applied only a part of the call.
    ///
    /// Returned by the `update_verified` methods, and by [`Addresses::move_to`](crate::controllers::Addresses::move_to)
    /// when both the old and the new address exist.
    ///
    /// ```
    /// use phpipam_client::Error;
    ///
    /// fn dropped_fields(error: &Error) -> &[String] {
    ///     match error {
    ///         Error::PartlyApplied { fields, .. } => fields,
    ///         _ => &[],
    ///     }
    /// }
    /// ```
    #[error("{call} succeeded, but the server did not apply: {}", .fields.join(", "))]
    PartlyApplied {
        /// Call, such as `PATCH subnets/8/`.
        call: String,
        /// Server's names of the fields that do not hold the requested value. After `move_to`: one sentence that names
        /// the ids of both addresses.
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
    // One constructor for every refused argument, so that the same fault has the same words everywhere.
    pub(crate) fn invalid(field: impl fmt::Display, value: impl fmt::Display, remedy: impl fmt::Display) -> Self {
        InvalidValue::new(field, value, remedy).into()
    }

    /// Adds a hint to the error, if it is that the server does not accept the credentials.
    pub(crate) fn when_unauthorized(mut self, hint: &'static str) -> Self {
        if let Self::Refused(refusal) = &mut self
            && refusal.kind == RefusalKind::Unauthorized
        {
            refusal.hint = Some(hint);
        }
        self
    }
}
