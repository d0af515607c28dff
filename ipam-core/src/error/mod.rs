//! Error of every operation: its kind, the operation, the context, and the advice whether to repeat the request.

mod certificates;
mod kind;

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use crate::net::{NetError, NetErrorKind};
use crate::{AllocationKey, Operation};

pub use certificates::CertificateChain;
pub use kind::{ErrorKind, Outcome, Retry};

/// Result of an operation of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Error of every operation: a kind, the operation, a message, context, retry advice and the cause.
///
/// It is one word wide. `Display` is one line with everything but the cause, which [`source`](StdError::source)
/// returns.
///
/// ```
/// use ipam_core::{Error, ErrorKind, Operation, Retry};
///
/// let error = Error::new(ErrorKind::Exhausted, Operation::Allocate, "no free address").with_context("range", "lan");
/// assert_eq!(error.to_string(), "allocate: exhausted: no free address (range: lan)");
/// assert_eq!(error.retry(), Retry::Never);
/// ```
///
/// # Common errors
/// Every operation that does I/O may fail with these kinds, whichever provider it is. The `# Errors` sections list the
/// kinds that an operation adds to them.
///
/// | kind | when |
/// | --- | --- |
/// | `Unauthenticated` | the server does not accept the credentials |
/// | `PermissionDenied` | the credentials, a guard, a scope or a read-only store do not allow the operation |
/// | `RateLimited` | the server, or a limit of the program, asks for fewer calls |
/// | `Busy` | the lock of a store or server was not free in time |
/// | `Unavailable` | the server or store cannot be reached, or the provider was closed |
/// | `Timeout` | a deadline passed |
/// | `Untrusted` | the server's certificate is not trusted |
/// | `Corrupt` | the store is damaged |
/// | `Protocol` | the server's response cannot be understood |
/// | `Config` | the provider is called outside of the async runtime that it needs |
///
/// # Context
/// The context holds named values, for programs that act on them. Names that this crate uses:
///
/// | name | value |
/// | --- | --- |
/// | `line` | index of the request's line, from 0 |
/// | `range`, `ranges` | id of the range, or the ids that were tried, separated by `, ` |
/// | `block`, `blocks` | id of the block, or the ids that were tried |
/// | `space` | id of the address space |
/// | `key` | key of the request |
/// | `attempts` | number of attempts, if there were several |
/// | `because` | reason of a layer that refused the call |
/// | `path` | file of the store |
/// | `import` | effect of an import that failed half-way |
/// | `held by` | process that holds the lock of the store |
/// | `still allocated` | allocations that `close` could not undo |
/// | `backup` | file of the backup |
/// | `found`, `supported`, `length`, `application id` | content of the header of a store's file |
/// | `request`, `status` | request to a server, and the status of its response |
/// | `scheme`, `host` | provider whose secret is missing |
///
/// Providers of other crates add names of their own.
pub struct Error(Box<Inner>);

// Boxed, so that a `Result` of a small value stays small: errors are rare, results are returned on every call.
struct Inner {
    kind: ErrorKind,
    operation: Operation,
    message: Cow<'static, str>,
    // A list and not a map: there are few names, and messages show them in the order in which they were added.
    context: Vec<(&'static str, String)>,
    retry: Retry,
    outcome: Outcome,
    retry_after: Option<Duration>,
    // A field of its own and not a text of the context: an administrator looks at the chain and may accept it, so that
    // it has to arrive as it was sent.
    certificates: Option<CertificateChain>,
    source: Option<Box<dyn StdError + Send + Sync + 'static>>,
}

impl Error {
    /// Makes an error with [`Retry::Never`] and [`Outcome::NotApplied`].
    pub fn new(kind: ErrorKind, operation: Operation, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            kind,
            operation,
            message: message.into(),
            context: Vec::new(),
            retry: Retry::Never,
            outcome: Outcome::NotApplied,
            retry_after: None,
            certificates: None,
            source: None,
        }))
    }

    /// Makes an [`InvalidInput`](ErrorKind::InvalidInput) that names the field, its value and the remedy.
    ///
    /// ```
    /// let error = ipam_core::Error::invalid(ipam_core::Operation::Allocate, "lines[0].count", "0", "ask for at least one address");
    /// assert_eq!(
    ///     error.to_string(),
    ///     "allocate: invalid input: lines[0].count is \"0\"; ask for at least one address"
    /// );
    /// ```
    pub fn invalid(
        operation: Operation,
        field: impl fmt::Display,
        value: impl fmt::Display,
        remedy: impl fmt::Display,
    ) -> Self {
        let value = value.to_string();
        let value = bounded(&value);
        Self::new(ErrorKind::InvalidInput, operation, format!("{field} is {value:?}; {remedy}"))
    }

    /// Makes a [`NotFound`](ErrorKind::NotFound) that names the missing item by its type and id.
    ///
    /// ```
    /// use ipam_core::{Error, Operation};
    ///
    /// let error = Error::not_found(Operation::Usage, "range", "lan");
    /// assert_eq!(error.message(), "there is no range \"lan\"");
    /// ```
    pub fn not_found(operation: Operation, what: &'static str, id: impl fmt::Display) -> Self {
        let id = id.to_string();
        let id = bounded(&id);
        Self::new(ErrorKind::NotFound, operation, format!("there is no {what} {id:?}"))
    }

    /// Makes a [`Conflict`](ErrorKind::Conflict) for a key that belongs to another request. It does not describe that
    /// request, because the caller may not be its owner.
    ///
    /// ```
    /// use ipam_core::{AllocationKey, Error, Operation};
    ///
    /// let error = Error::other_request(Operation::Allocate, &AllocationKey::new("vm-1"));
    /// assert!(error.is_conflict());
    /// assert_eq!(error.context("key"), Some("vm-1"));
    /// ```
    pub fn other_request(operation: Operation, key: &AllocationKey) -> Self {
        // Without the difference between the two requests: stores keep the fingerprint of the first one only.
        let message = "the key belongs to another request; repeat that one unchanged, or choose another key";
        Self::new(ErrorKind::Conflict, operation, message).with_context("key", key)
    }

    /// Makes an [`Unsupported`](ErrorKind::Unsupported) that names the operation and the provider.
    ///
    /// ```
    /// use ipam_core::{Error, Operation};
    ///
    /// let error = Error::unsupported(Operation::Sweep, "example");
    /// assert_eq!(error.to_string(), "sweep: unsupported: the example provider cannot do this");
    /// ```
    pub fn unsupported(operation: Operation, provider: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Unsupported, operation, format!("the {provider} provider cannot do this"))
    }

    /// Adds a named value to the [context](Self#context), such as the range or the server. It must not be a secret.
    #[must_use]
    pub fn with_context(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.0.context.push((name, value.to_string()));
        self
    }

    /// Returns the same error for another caller, without its cause, which cannot be cloned.
    #[cfg(feature = "postgres")]
    pub(crate) fn copy_for(&self, operation: Operation) -> Self {
        let inner = &self.0;
        Self(Box::new(Inner {
            kind: inner.kind,
            operation,
            message: inner.message.clone(),
            context: inner.context.clone(),
            retry: inner.retry,
            outcome: inner.outcome,
            retry_after: inner.retry_after,
            certificates: inner.certificates.clone(),
            source: None,
        }))
    }

    /// Removes a named value from the [context](Self#context). For a caller that knows a better name for it than the
    /// provider has.
    ///
    /// ```
    /// use ipam_core::{Error, ErrorKind, Operation};
    ///
    /// let error = Error::new(ErrorKind::Exhausted, Operation::Allocate, "no room").with_context("line", 0);
    /// assert_eq!(error.without_context("line").to_string(), "allocate: exhausted: no room");
    /// ```
    #[must_use]
    pub fn without_context(mut self, name: &str) -> Self {
        self.0.context.retain(|(key, _)| *key != name);
        self
    }

    /// Sets the retry advice, and the outcome that goes with it.
    ///
    /// [`Retry::Safe`] sets the outcome to `NotApplied` and [`Retry::IfIdempotent`] to `Unknown`. [`Retry::Never`]
    /// keeps the outcome that the error has.
    ///
    /// ```
    /// use ipam_core::{Error, ErrorKind, Operation, Outcome, Retry};
    ///
    /// let error = Error::new(ErrorKind::Unavailable, Operation::Allocate, "connection reset");
    /// let error = error.with_retry(Retry::IfIdempotent);
    /// assert_eq!(error.outcome(), Outcome::Unknown);
    /// ```
    #[must_use]
    pub fn with_retry(mut self, retry: Retry) -> Self {
        self.0.retry = retry;
        match retry {
            // Says nothing about the outcome: the last of several attempts may have been carried out, and is not
            // repeated all the same.
            Retry::Never => {}
            Retry::Safe => self.0.outcome = Outcome::NotApplied,
            Retry::IfIdempotent => self.0.outcome = Outcome::Unknown,
        }
        self
    }

    /// Sets the outcome, and keeps the retry advice.
    #[must_use]
    pub fn with_outcome(mut self, outcome: Outcome) -> Self {
        self.0.outcome = outcome;
        self
    }

    /// Sets the time to wait before the next attempt, which the server or a limit of the program gives.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    /// Attaches the certificates of a server that is not trusted.
    #[must_use]
    pub fn with_certificates(mut self, chain: CertificateChain) -> Self {
        self.0.certificates = Some(chain);
        self
    }

    /// Attaches the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync + 'static>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Sets the operation, for a provider that passes on the error of a helper.
    ///
    /// ```
    /// use ipam_core::{Error, ErrorKind, Operation};
    ///
    /// let error = Error::new(ErrorKind::NotFound, Operation::Find, "there is no range \"lan\"");
    /// assert_eq!(error.with_operation(Operation::Usage).operation(), Operation::Usage);
    /// ```
    #[must_use]
    pub fn with_operation(mut self, operation: Operation) -> Self {
        self.0.operation = operation;
        self
    }

    /// Returns the kind of the failure.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns the operation that failed.
    #[must_use]
    pub fn operation(&self) -> Operation {
        self.0.operation
    }

    /// Returns the message, without operation, kind and context.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Returns the value of a name of the [context](Self#context), or `None` if the error does not have it. Of several
    /// values under one name it is the one added first.
    #[must_use]
    pub fn context(&self, name: &str) -> Option<&str> {
        self.0.context.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str())
    }

    /// Returns the advice whether the same request may be sent again.
    #[must_use]
    pub fn retry(&self) -> Retry {
        self.0.retry
    }

    /// Returns what is known of the effect of the request.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.0.outcome
    }

    /// Returns the time to wait before the next attempt, if the server or a limit of the program gave one.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Returns the certificates of a server that is not trusted, as it sent them.
    #[must_use]
    pub fn certificates(&self) -> Option<&CertificateChain> {
        self.0.certificates.as_ref()
    }

    /// Returns true if the kind is [`NotFound`](ErrorKind::NotFound).
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.0.kind == ErrorKind::NotFound
    }

    /// Returns true if the kind is [`Conflict`](ErrorKind::Conflict).
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.0.kind == ErrorKind::Conflict
    }

    /// Returns true if the kind is [`Exhausted`](ErrorKind::Exhausted).
    #[must_use]
    pub fn is_exhausted(&self) -> bool {
        self.0.kind == ErrorKind::Exhausted
    }

    /// Returns true if the kind is [`Unsupported`](ErrorKind::Unsupported).
    #[must_use]
    pub fn is_unsupported(&self) -> bool {
        self.0.kind == ErrorKind::Unsupported
    }
}

/// Shortens a value to 120 characters, with `…` where it was cut.
// Values come from callers and servers, and messages go into logs: one value must not fill them.
fn bounded(value: &str) -> Cow<'_, str> {
    const LIMIT: usize = 120;
    // By characters, because cutting at a byte could panic inside of one.
    match value.char_indices().nth(LIMIT) {
        Some((end, _)) => Cow::Owned(format!("{}…", &value[..end])),
        None => Cow::Borrowed(value),
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.0.operation, self.0.kind, self.0.message)?;
        for (index, (name, value)) in self.0.context.iter().enumerate() {
            write!(f, "{}{name}: {value}", if index == 0 { " (" } else { ", " })?;
        }
        if !self.0.context.is_empty() {
            f.write_str(")")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // By hand, so that the box does not show as a second struct inside the first.
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("operation", &self.0.operation)
            .field("message", &self.0.message)
            .field("context", &self.0.context)
            .field("retry", &self.0.retry)
            .field("outcome", &self.0.outcome)
            .field("retry_after", &self.0.retry_after)
            .field("certificates", &self.0.certificates)
            .field("source", &self.0.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

impl From<NetError> for Error {
    /// Converts an error of [`net`](crate::net): `Exhausted` stays, every other kind becomes `InvalidInput`. The
    /// original is the [`source`](StdError::source).
    fn from(error: NetError) -> Self {
        let kind = match error.kind() {
            NetErrorKind::Exhausted => ErrorKind::Exhausted,
            _ => ErrorKind::InvalidInput,
        };
        Self::new(kind, Operation::Calculate, error.to_string()).with_source(error)
    }
}

impl From<std::net::AddrParseError> for Error {
    /// Converts the error of an address that was parsed to `InvalidInput`. The original is the
    /// [`source`](StdError::source).
    fn from(error: std::net::AddrParseError) -> Self {
        let message = format!("{error}; write an address such as 192.0.2.1 or 2001:db8::1");
        Self::new(ErrorKind::InvalidInput, Operation::Calculate, message).with_source(error)
    }
}

impl From<ipnet::AddrParseError> for Error {
    /// Converts the error of a prefix that was parsed to `InvalidInput`, so that a function that returns
    /// [`Result`] can parse with `?`. The original is the [`source`](StdError::source).
    ///
    /// ```
    /// fn lan() -> ipam_core::Result<ipam_core::DefineRange> {
    ///     Ok(ipam_core::DefineRange::new("lan", "192.0.2.0/24".parse()?).with_gateway("192.0.2.1".parse()?))
    /// }
    /// assert!(lan().is_ok());
    /// ```
    fn from(error: ipnet::AddrParseError) -> Self {
        let message = format!("{error}; write a prefix such as 192.0.2.0/24 or 2001:db8::/64");
        Self::new(ErrorKind::InvalidInput, Operation::Calculate, message).with_source(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_word_wide() {
        assert_eq!(size_of::<Result<(), Error>>(), size_of::<usize>());
    }

    #[test]
    fn giving_up_keeps_that_the_outcome_is_unknown() {
        let error = Error::new(ErrorKind::Timeout, Operation::Allocate, "too slow");
        assert_eq!((error.retry(), error.outcome()), (Retry::Never, Outcome::NotApplied));
        let lost = error.with_retry(Retry::IfIdempotent);
        assert_eq!(lost.outcome(), Outcome::Unknown);
        let given_up = lost.with_retry(Retry::Never);
        assert_eq!((given_up.retry(), given_up.outcome()), (Retry::Never, Outcome::Unknown));
        assert_eq!(given_up.with_retry(Retry::Safe).outcome(), Outcome::NotApplied);
    }

    #[test]
    fn long_values_are_cut_at_a_character() {
        let error = Error::not_found(Operation::Find, "range", "ü".repeat(500));
        assert!(error.to_string().len() < 300, "{error}");
    }

    #[test]
    fn debug_of_a_chain_counts_and_does_not_dump() {
        let chain = CertificateChain::from_pem("-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\n");
        assert_eq!(format!("{chain:?}"), "CertificateChain { certificates: 1 }");
    }
}
