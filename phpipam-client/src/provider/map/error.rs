//! From the client's errors to those of `ipam-core`, and errors of the provider's own.

use std::borrow::Cow;

use ipam_core::{Error as CoreError, ErrorKind, Operation};

use crate::error::{Error, RefusalKind, Shortage};

/// The error of an operation. What each error of the client means stands in [`crate::error`].
pub(crate) fn failed(operation: Operation) -> impl Fn(Error) -> CoreError {
    move |error| error.into_core(operation)
}

pub(crate) fn config_error(message: impl Into<Cow<'static, str>>) -> CoreError {
    CoreError::new(ErrorKind::Config, Operation::Open, message)
}

/// Whether the server failed because the response is too large for it, which shows as no response at all.
pub(crate) fn is_too_large(error: &Error) -> bool {
    matches!(error, Error::EmptyBody(_) | Error::ServerExhausted(_))
}

/// Why nothing is free, for messages.
pub(crate) fn shortage(error: &Error) -> &'static str {
    match error.refusal_kind() {
        Some(RefusalKind::Exhausted(Shortage::MarkedFull)) => "it is marked full",
        Some(RefusalKind::Exhausted(Shortage::HasChildren)) => "it has subnets below it",
        Some(RefusalKind::Exhausted(Shortage::Folder)) => "it is a folder",
        _ => "all addresses are taken",
    }
}
