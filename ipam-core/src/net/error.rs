//! Error of subnet maths.

use std::borrow::Cow;

/// Error of subnet maths: the field, its value, the problem and the remedy.
///
/// ```
/// use ipam_core::net::{NetErrorKind, parse_net};
///
/// let error = parse_net("10.0.0.0/33").unwrap_err();
/// assert_eq!(error.kind(), NetErrorKind::InvalidInput);
/// assert_eq!((error.field(), error.value()), ("prefix", "10.0.0.0/33"));
/// assert!(error.to_string().ends_with("give one such as 10.0.0.0/24 or 10.0.0.0/255.255.255.0"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} {value:?}: {problem}; {remedy}")]
pub struct NetError {
    kind: NetErrorKind,
    field: &'static str,
    value: String,
    problem: Cow<'static, str>,
    remedy: Cow<'static, str>,
}

/// Kind of a [`NetError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NetErrorKind {
    /// The value is malformed or contradicts another.
    InvalidInput,
    /// The value is valid, but there is not enough room for it.
    Exhausted,
}

// Texts are borrowed where they are fixed: most errors of a parser are dropped by a caller that tries another form.
impl NetError {
    pub(crate) fn invalid(
        field: &'static str,
        value: impl ToString,
        problem: impl Into<Cow<'static, str>>,
        remedy: impl Into<Cow<'static, str>>,
    ) -> Self {
        let (value, problem, remedy) = (value.to_string(), problem.into(), remedy.into());
        Self { kind: NetErrorKind::InvalidInput, field, value, problem, remedy }
    }

    pub(crate) fn exhausted(
        field: &'static str,
        value: impl ToString,
        problem: impl Into<Cow<'static, str>>,
        remedy: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { kind: NetErrorKind::Exhausted, ..Self::invalid(field, value, problem, remedy) }
    }

    /// Returns the error for a prefix length that is not within `least..=most`.
    pub(super) fn prefix_len(len: u8, of: impl std::fmt::Display, least: u8, most: u8) -> Self {
        let problem = format!("out of range for {of}");
        Self::invalid("prefix length", len, problem, format!("give one from {least} to {most}"))
    }

    /// Returns the kind: wrong input, or no room.
    pub fn kind(&self) -> NetErrorKind {
        self.kind
    }

    /// Returns the name of the input: `range`, `netmask`, `prefix length` and the like.
    pub fn field(&self) -> &'static str {
        self.field
    }

    /// Returns the value as it was given.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Returns the problem with the value, such as `the last address is below the first`.
    pub fn problem(&self) -> &str {
        &self.problem
    }

    /// Returns the remedy, such as `give the lower address first`.
    pub fn remedy(&self) -> &str {
        &self.remedy
    }
}
