//! What can be wrong with the input of subnet maths.

use std::borrow::Cow;

/// A value that subnet maths cannot work with: which one, why, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} {value:?}: {problem}; {remedy}")]
pub struct NetError {
    kind: NetErrorKind,
    field: &'static str,
    value: String,
    problem: Cow<'static, str>,
    remedy: Cow<'static, str>,
}

/// The two ways in which subnet maths can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NetErrorKind {
    /// The value is malformed or contradicts another.
    InvalidInput,
    /// The value is sound, but there is not enough room for it.
    Exhausted,
}

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

    /// A prefix length that is not within `least..=most`.
    pub(super) fn prefix_len(len: u8, of: impl std::fmt::Display, least: u8, most: u8) -> Self {
        let problem = format!("no prefix length for {of}");
        Self::invalid("prefix length", len, problem, format!("give one from {least} to {most}"))
    }

    /// Whether the input was wrong or the room too small.
    pub fn kind(&self) -> NetErrorKind {
        self.kind
    }

    /// What the value is: `range`, `netmask`, `prefix length` and the like.
    pub fn field(&self) -> &'static str {
        self.field
    }

    /// The value as it was given.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// What is wrong with it.
    pub fn problem(&self) -> &str {
        &self.problem
    }

    /// What to give instead.
    pub fn remedy(&self) -> &str {
        &self.remedy
    }
}
