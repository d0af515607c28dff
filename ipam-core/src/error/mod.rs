//! One error for every provider: what was asked, of whom, what came back, and whether to try again.

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

/// The result of an operation of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The error of every operation: a kind, the operation, a message, context, retry advice and the cause.
///
/// One word wide. `Display` is one line with all but the cause, which [`source`](StdError::source) has.
///
/// ```
/// use ipam_core::{Error, ErrorKind, Operation, Retry};
///
/// let error = Error::new(ErrorKind::Exhausted, Operation::Allocate, "no free address").with_context("range", "lan");
/// assert_eq!(error.to_string(), "allocate: exhausted: no free address (range: lan)");
/// assert_eq!(error.retry(), Retry::Never);
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    operation: Operation,
    message: Cow<'static, str>,
    context: Vec<(&'static str, String)>,
    retry: Retry,
    outcome: Outcome,
    retry_after: Option<Duration>,
    certificates: Option<CertificateChain>,
    source: Option<Box<dyn StdError + Send + Sync + 'static>>,
}

impl Error {
    /// An error of `kind` in `operation`, that is not worth a retry and changed nothing.
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

    /// [`InvalidInput`](ErrorKind::InvalidInput) that names the field, its value and what to do about it.
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

    /// [`NotFound`](ErrorKind::NotFound) that names what is missing, such as `("range", "lan")`.
    pub fn not_found(operation: Operation, what: &'static str, id: impl fmt::Display) -> Self {
        let id = id.to_string();
        let id = bounded(&id);
        Self::new(ErrorKind::NotFound, operation, format!("there is no {what} {id:?}"))
    }

    /// [`Conflict`](ErrorKind::Conflict) for a key that another request has. Never says what that request was: the caller
    /// may not be its owner.
    ///
    /// ```
    /// use ipam_core::{AllocationKey, Error, Operation};
    ///
    /// let error = Error::other_request(Operation::Allocate, &AllocationKey::new("vm-1"));
    /// assert!(error.is_conflict());
    /// assert_eq!(error.context("key"), Some("vm-1"));
    /// ```
    pub fn other_request(operation: Operation, key: &AllocationKey) -> Self {
        let message = "the key belongs to another request; repeat that one unchanged, or choose another key";
        Self::new(ErrorKind::Conflict, operation, message).with_context("key", key)
    }

    /// [`Unsupported`](ErrorKind::Unsupported) that names the operation and the provider.
    pub fn unsupported(operation: Operation, provider: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Unsupported, operation, format!("the {provider} provider cannot do this"))
    }

    /// Adds a named fact, such as the range or the server. Never put a secret here.
    #[must_use]
    pub fn with_context(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.0.context.push((name, value.to_string()));
        self
    }

    /// Sets the retry advice. [`Retry::IfIdempotent`] says that the outcome is unknown, [`Retry::Safe`] that nothing was
    /// applied; [`Retry::Never`] leaves what is known of it.
    #[must_use]
    pub fn with_retry(mut self, retry: Retry) -> Self {
        self.0.retry = retry;
        match retry {
            Retry::Never => {}
            Retry::Safe => self.0.outcome = Outcome::NotApplied,
            Retry::IfIdempotent => self.0.outcome = Outcome::Unknown,
        }
        self
    }

    /// Sets what is known of the request.
    #[must_use]
    pub fn with_outcome(mut self, outcome: Outcome) -> Self {
        self.0.outcome = outcome;
        self
    }

    /// Sets how long the server asks to wait before the next attempt.
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

    /// The same error seen from `operation`, for a provider that passes on the error of a helper.
    #[must_use]
    pub fn with_operation(mut self, operation: Operation) -> Self {
        self.0.operation = operation;
        self
    }

    /// Why the operation failed.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The operation that failed.
    #[must_use]
    pub fn operation(&self) -> Operation {
        self.0.operation
    }

    /// What went wrong, without operation, kind and context.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The value of a named fact, if the error has it.
    #[must_use]
    pub fn context(&self, name: &str) -> Option<&str> {
        self.0.context.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str())
    }

    /// Whether the same request may be sent again.
    #[must_use]
    pub fn retry(&self) -> Retry {
        self.0.retry
    }

    /// What is known of the request: whether it may have been carried out.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.0.outcome
    }

    /// How long to wait before the next attempt, where the server said so.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The certificates of a server that is not trusted, as it sent them.
    #[must_use]
    pub fn certificates(&self) -> Option<&CertificateChain> {
        self.0.certificates.as_ref()
    }

    /// Whether the kind is [`NotFound`](ErrorKind::NotFound).
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.0.kind == ErrorKind::NotFound
    }

    /// Whether the kind is [`Conflict`](ErrorKind::Conflict).
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.0.kind == ErrorKind::Conflict
    }

    /// Whether the kind is [`Exhausted`](ErrorKind::Exhausted).
    #[must_use]
    pub fn is_exhausted(&self) -> bool {
        self.0.kind == ErrorKind::Exhausted
    }

    /// Whether the kind is [`Unsupported`](ErrorKind::Unsupported).
    #[must_use]
    pub fn is_unsupported(&self) -> bool {
        self.0.kind == ErrorKind::Unsupported
    }
}

/// Values come from callers and servers; a message is no place for a megabyte of them.
fn bounded(value: &str) -> Cow<'_, str> {
    const LIMIT: usize = 120;
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
    /// A question of subnet maths that has no answer.
    fn from(error: NetError) -> Self {
        let kind = match error.kind() {
            NetErrorKind::Exhausted => ErrorKind::Exhausted,
            _ => ErrorKind::InvalidInput,
        };
        Self::new(kind, Operation::Calculate, error.to_string()).with_source(error)
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
