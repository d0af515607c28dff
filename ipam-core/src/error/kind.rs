//! Kind of an error, retry advice and outcome.

use std::fmt;

/// Why an operation failed.
///
/// Kinds differ where a caller acts differently. [`Error::retry`] says whether to try again, which the kind alone does
/// not: a [`Timeout`](ErrorKind::Timeout) before the request was sent is safe to repeat, one after it is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// What was named does not exist.
    NotFound,
    /// What was to be made exists already.
    AlreadyExists,
    /// The request contradicts the state: the address is taken, the key belongs to another request, the range is in use.
    Conflict,
    /// None of the ranges or blocks has room for the request.
    Exhausted,
    /// The request itself is wrong, whatever the state.
    InvalidInput,
    /// The provider cannot do this at all; [`Capabilities`](crate::Capabilities) says so beforehand.
    Unsupported,
    /// The credentials were missing, wrong or expired.
    Unauthenticated,
    /// The credentials are good, but may not do this.
    PermissionDenied,
    /// The server asks to be called less often.
    RateLimited,
    /// Another process or caller holds a lock for too long.
    Busy,
    /// The server or the store could not be reached.
    Unavailable,
    /// A deadline passed.
    Timeout,
    /// The server's certificate is not trusted; [`Error::certificates`] has the chain as it was sent.
    Untrusted,
    /// The store is damaged, truncated, foreign, or of a newer version.
    Corrupt,
    /// The server answered something that cannot be understood.
    Protocol,
    /// The provider was set up wrongly.
    Config,
}

impl ErrorKind {
    /// The kind in lower-case words, for messages and logs.
    #[must_use]
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

/// Whether the same request may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Retry {
    /// Repeating cannot help. Also what a retrying layer leaves behind after its last attempt, so that retries do not
    /// multiply through layers.
    #[default]
    Never,
    /// Nothing was applied: repeating is safe whatever the request.
    Safe,
    /// The outcome is unknown: repeat only what is idempotent, such as an
    /// [`Allocate`](crate::Allocate) with a key, or any [`Deallocate`](crate::Deallocate).
    IfIdempotent,
}

/// What is known of a request that failed.
///
/// Apart from [`Retry`]: giving up on repeating changes the advice, and never what is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Outcome {
    /// The request changed nothing.
    #[default]
    NotApplied,
    /// The request may have been carried out: look it up by its key before doing anything else, or repeat it if it is
    /// idempotent.
    Unknown,
}
