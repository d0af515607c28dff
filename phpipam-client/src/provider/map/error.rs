//! From the client's errors to those of `ipam-core`. Which kind is which is decided in [`crate::Error::kind`].

use std::borrow::Cow;

use ipam_core::{Error as CoreError, ErrorKind};

use crate::error::{Error, RefusalKind, Shortage};
use crate::provider::OPEN;

/// The error of an operation.
pub(crate) fn failed(operation: &'static str) -> impl Fn(Error) -> CoreError {
    move |error| {
        let hint = match &error {
            Error::Refused(refusal) if refusal.kind == RefusalKind::Forbidden => {
                Some("give the app read/write permission under Administration, API")
            }
            Error::Refused(refusal) if refusal.kind == RefusalKind::Config && refusal.message.contains("SQLSTATE") => {
                Some(
                    "the server requires this custom field: give it a value with the option set.NAME or, of subnets, range_set.NAME",
                )
            }
            // Looking a mark up reads all addresses where the server has no search.
            Error::EmptyBody(foreign) | Error::ServerExhausted(foreign) if foreign.call == "GET addresses/all/" => {
                Some(
                    "the server has more addresses than PHP's memory_limit holds; raise it, or update to phpIPAM 1.6, which \
                 searches in its database",
                )
            }
            _ => None,
        };
        let mapped = CoreError::from(error).with_operation(operation);
        match hint {
            Some(hint) => mapped.with_context("remedy", hint),
            None => mapped,
        }
    }
}

pub(crate) fn config_error(message: impl Into<Cow<'static, str>>) -> CoreError {
    CoreError::new(ErrorKind::Config, OPEN, message)
}

/// Why nothing is free, in words.
pub(crate) fn shortage(error: &Error) -> &'static str {
    match error.refusal_kind() {
        Some(RefusalKind::Exhausted(Shortage::MarkedFull)) => "it is marked full",
        Some(RefusalKind::Exhausted(Shortage::HasChildren)) => "it has subnets below it",
        Some(RefusalKind::Exhausted(Shortage::Folder)) => "it is a folder",
        _ => "all addresses are taken",
    }
}
