//! Why a call fails.

use std::borrow::Cow;

/// Why a call fails, in the server's words.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Refusal {
    /// A JSON failure.
    Fail { status: u16, message: Cow<'static, str> },
    /// A PHP fatal error: 500 without a body.
    Fatal,
    /// The server prints HTML with status 200, and does nothing.
    Html(String),
}

/// What a part of a call comes to.
pub(super) type Handled<T> = Result<T, Refusal>;

pub(super) fn fail(status: u16, message: impl Into<Cow<'static, str>>) -> Refusal {
    Refusal::Fail { status, message: message.into() }
}

/// A database error as it reaches the client.
pub(super) fn sql(message: impl std::fmt::Display) -> Refusal {
    fail(500, format!("Error: SQLSTATE{message}"))
}
