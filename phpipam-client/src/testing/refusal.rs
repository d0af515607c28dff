//! Refusals: the failures that a call of the API can end with.

use std::borrow::Cow;

/// Failure of a call, with the message of the real server.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Refusal {
    /// Failure in the JSON envelope.
    Fail { status: u16, message: Cow<'static, str> },
    /// Failure that no code of the API catches: 500 in the envelope. 1.4 marks it in another way.
    Uncaught(Cow<'static, str>),
    /// Fatal error of PHP: 500 without a body.
    Fatal,
    /// HTML with status 200; nothing was done.
    Html(String),
}

/// Result of a part of a call.
pub(super) type Handled<T> = Result<T, Refusal>;

/// Returns a failure in the envelope.
pub(super) fn fail(status: u16, message: impl Into<Cow<'static, str>>) -> Refusal {
    Refusal::Fail { status, message: message.into() }
}

/// Returns a failure of status 500 that the classes behind the API end the request with.
pub(super) fn uncaught(message: impl Into<Cow<'static, str>>) -> Refusal {
    Refusal::Uncaught(message.into())
}

/// Returns an error of the database, as it reaches the client.
pub(super) fn sql(message: impl std::fmt::Display) -> Refusal {
    // phpIPAM does not catch errors of the database. Their text goes out with status 500, whatever they are about
    // (Q47).
    uncaught(format!("Error: SQLSTATE{message}"))
}
