//! Conversion of the client's errors to those of `ipam-core`, and error constructors of the provider.

use std::borrow::Cow;

use ipam_core::{Error as CoreError, ErrorKind, Operation, Outcome, Owner};

use crate::error::{Error, RefusalKind, Shortage};

/// Returns a function that converts the client's errors to errors of an operation, as [`crate::error`] classifies them.
pub(crate) fn failed(operation: Operation) -> impl Fn(Error) -> CoreError {
    move |error| {
        let too_large = is_too_large(&error);
        let core = error.into_core(operation);
        if too_large { core.with_context("remedy", TOO_LARGE) } else { core }
    }
}

/// Remedy for a list that the server cannot send, not even in parts.
const TOO_LARGE: &str = "if the server's error log tells of memory, raise memory_limit in its PHP settings";

/// Error of the configuration, found while a provider is opened.
pub(crate) fn config_error(message: impl Into<Cow<'static, str>>) -> CoreError {
    CoreError::new(ErrorKind::Config, Operation::Open, message)
}

/// Error of a request with an expiry.
pub(crate) fn no_expiry(operation: Operation) -> CoreError {
    CoreError::unsupported(operation, "phpIPAM").with_context("reason", "addresses do not expire")
}

/// Error of a request whose mark needs more characters than its field holds.
pub(crate) fn mark_too_long(operation: Operation, owner: &Owner, needed: usize, width: usize) -> CoreError {
    let remedy =
        format!("the mark field holds {width} characters and the mark needs {needed}; change its type to text");
    CoreError::invalid(operation, "key and owner", owner, remedy)
}

/// Returns true if the list was too large for the server. PHP then dies without a message: the body is empty (Q19, Q21,
/// Q76), or the connection ends without a response.
pub(crate) fn is_too_large(error: &Error) -> bool {
    matches!(error, Error::EmptyBody(_) | Error::ServerExhausted(_)) || is_broken(error)
}

/// Returns true if the connection broke after the request was sent.
pub(crate) fn is_broken(error: &Error) -> bool {
    matches!(error, Error::Http(error) if error.kind() == ErrorKind::Unavailable && error.outcome() == Outcome::Unknown)
}

/// Returns true if a proxy in front of the server responded in its place: 502 to 504.
pub(crate) fn is_gateway(error: &Error) -> bool {
    error.refusal_kind() == Some(RefusalKind::Unavailable)
}

/// Returns the reason for which nothing is free, for messages.
pub(crate) fn shortage(error: &Error) -> &'static str {
    match error.refusal_kind() {
        Some(RefusalKind::Exhausted(Shortage::MarkedFull)) => "it is marked full",
        Some(RefusalKind::Exhausted(Shortage::HasChildren)) => "it has subnets below it",
        Some(RefusalKind::Exhausted(Shortage::Folder)) => "it is a folder",
        _ => "all addresses are taken",
    }
}
