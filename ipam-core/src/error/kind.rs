//! Kind of an error, retry advice and outcome.

use std::fmt;

/// Kind of a failure.
///
/// Kinds are distinct where a caller acts differently. A kind alone does not tell whether to repeat the request: a
/// [`Timeout`](ErrorKind::Timeout) before the request was sent is safe to repeat, one after it is not.
/// [`Error::retry`](crate::Error::retry) tells.
///
/// ```
/// use ipam_core::{Error, ErrorKind};
///
/// fn next_step(error: &Error) -> &'static str {
///     match error.kind() {
///         ErrorKind::Exhausted => "add a range",
///         ErrorKind::Conflict => "choose another address or key",
///         ErrorKind::Busy | ErrorKind::RateLimited | ErrorKind::Unavailable => "try again later",
///         _ => "show the message", // kinds may be added
///     }
/// }
///
/// let error = Error::new(ErrorKind::Exhausted, ipam_core::Operation::Allocate, "no free address");
/// assert_eq!(next_step(&error), "add a range");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
// A caller that does not know a kind can still act on `retry` and `outcome`, so that a new kind breaks nothing.
#[non_exhaustive]
pub enum ErrorKind {
    /// The range, block or allocation that the request names does not exist.
    NotFound,
    /// The range or block to be defined exists already, or the file to be written.
    AlreadyExists,
    /// The request contradicts the state: the address is taken, the key belongs to another request, the range is in
    /// use.
    Conflict,
    /// None of the ranges or blocks has room for the request.
    Exhausted,
    /// The request can never succeed as it is. The message names the field, its value and the remedy.
    ///
    /// Most requests of this kind are invalid from the start. Some have become so: a page token that has expired, or a
    /// position of the feed whose next changes are no longer kept.
    InvalidInput,
    /// The provider has no such operation; [`Capabilities`](crate::Capabilities) tells beforehand.
    Unsupported,
    /// The credentials are missing, wrong or expired.
    Unauthenticated,
    /// The operation is not allowed to this caller: by the permissions of its credentials, by a guard or a scope, or by
    /// a store that was opened for reading only or whose file does not allow it.
    PermissionDenied,
    /// The server, or a limit that the program has set, asks for fewer calls; see
    /// [`Error::retry_after`](crate::Error::retry_after).
    RateLimited,
    /// Another process or caller has held a lock, or all places of a limit, for too long.
    Busy,
    /// The server or the store cannot be reached, or the provider was closed.
    Unavailable,
    /// A deadline passed.
    Timeout,
    /// The server's certificate is not trusted; [`Error::certificates`](crate::Error::certificates) has the chain as it
    /// was sent.
    Untrusted,
    /// The store is damaged or truncated, belongs to another program, or has a newer format.
    Corrupt,
    /// The server sent a response that cannot be understood.
    Protocol,
    /// The provider is set up wrongly, or is called outside of the async runtime that it needs.
    Config,
}

impl ErrorKind {
    /// Returns the kind in lower-case words, as messages, logs and metrics show it.
    ///
    /// ```
    /// assert_eq!(ipam_core::ErrorKind::PermissionDenied.as_str(), "permission denied");
    /// ```
    #[must_use]
    // These texts are also values of the label `outcome` of the metrics: changing one breaks the queries of dashboards.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotFound => "not found",
            Self::AlreadyExists => "already exists",
            Self::Conflict => "conflict",
            Self::Exhausted => "exhausted",
            Self::InvalidInput => "invalid input",
            Self::Unsupported => "unsupported",
            Self::Unauthenticated => "unauthenticated",
            Self::PermissionDenied => "permission denied",
            Self::RateLimited => "rate limited",
            Self::Busy => "busy",
            Self::Unavailable => "unavailable",
            Self::Timeout => "timed out",
            Self::Untrusted => "untrusted server",
            Self::Corrupt => "corrupt",
            Self::Protocol => "protocol error",
            Self::Config => "wrong configuration",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Advice whether the same request may be sent again.
///
/// The advice and the [`Outcome`] are two facts. These pairs occur:
///
/// | `retry()` | `outcome()` | the caller |
/// | --- | --- | --- |
/// | `Safe` | `NotApplied` | may repeat any request |
/// | `IfIdempotent` | `Unknown` | repeats an idempotent request; otherwise looks up what happened |
/// | `Never` | `NotApplied` | changes the request, the state or the configuration; after used-up retries, waits |
/// | `Never` | `Unknown` | looks up what happened before anything else; retries are used up, or cannot help |
///
/// ```
/// use ipam_core::{Error, ErrorKind, Operation, Retry};
///
/// let busy = Error::new(ErrorKind::Busy, Operation::Allocate, "the store is locked").with_retry(Retry::Safe);
/// assert_eq!(busy.retry(), Retry::Safe);
/// ```
// Not `non_exhaustive`, and neither is `Outcome`: a caller has to decide on each value, and must not ignore a new one
// by a wildcard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Retry {
    /// Repeating cannot help, or retries are used up. A retrying layer sets it after its last attempt, so that an outer
    /// one does not start again.
    // An error that its author did not classify is not repeated: one repeat too few costs less than one too many.
    #[default]
    Never,
    /// Nothing was applied: every request may be repeated.
    Safe,
    /// The outcome is unknown: only an idempotent request may be repeated, such as an [`Allocate`](crate::Allocate)
    /// with a key, or a [`Deallocate`](crate::Deallocate). Deallocating an [address](crate::Target::Address) needs a
    /// [`Precondition`](crate::Precondition) for this: a late repeat could hit a later allocation of the address.
    IfIdempotent,
}

/// Effect of a request that failed, as far as it is known.
///
/// The end of retries changes the advice ([`Retry`]), and never the outcome.
///
/// ```
/// use ipam_core::{Error, ErrorKind, Operation, Outcome, Retry};
///
/// let lost = Error::new(ErrorKind::Timeout, Operation::Allocate, "no response").with_retry(Retry::IfIdempotent);
/// let given_up = lost.with_retry(Retry::Never);
/// assert_eq!(given_up.outcome(), Outcome::Unknown);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Outcome {
    /// The request changed nothing.
    // Most errors are refusals before anything is written. Those that cannot know say so, by `with_retry` or
    // `with_outcome`.
    #[default]
    NotApplied,
    /// The request may have been carried out. Look it up by its key before doing anything else, or repeat it if it is
    /// idempotent.
    Unknown,
}
