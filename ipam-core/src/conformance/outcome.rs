//! Outcome of a case, and the checks that fail it.

use std::fmt::{self, Debug, Display};
use std::panic::Location;

use super::needs::Need;
use crate::{Error, ErrorKind, Operation, Result, Retry};

/// Outcome of a case that did not fail.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CaseOutcome {
    /// The provider keeps the sentence of the case.
    Passed,
    /// The provider does not declare this capability, and refuses its operations with `Unsupported`.
    Undeclared(Need),
    /// The case did not run, for this reason.
    Skipped(String),
}

/// Failure of a case: the sentence of the contract, what was seen instead, and the line of the check.
///
/// `Debug` prints the same text as `Display`, because the test runner prints the `Debug` form of a returned error.
#[derive(Clone)]
pub struct Failure {
    message: String,
    at: &'static Location<'static>,
    case: Option<(&'static str, &'static str)>,
}

impl Failure {
    #[track_caller]
    fn new(message: String) -> Self {
        Self { message, at: Location::caller(), case: None }
    }

    #[track_caller]
    pub(super) fn no_case(name: &str) -> Self {
        Self::new(format!("there is no case {name:?}"))
    }

    pub(super) fn of_case(mut self, name: &'static str, sentence: &'static str) -> Self {
        self.case = Some((name, sentence));
        self
    }

    /// Puts the name of the checked variant before the message.
    pub(super) fn about(mut self, what: &str) -> Self {
        self.message = format!("{what}: {}", self.message);
        self
    }

    /// Returns what was seen, without the case and its sentence.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((name, sentence)) = self.case {
            writeln!(f, "{name}\n  the contract: {sentence}")?;
        }
        write!(f, "  seen: {}\n  at {}:{}", self.message, self.at.file(), self.at.line())
    }
}

impl Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f)?;
        Display::fmt(self, f)
    }
}

impl std::error::Error for Failure {}

/// Reason why a case stops.
pub(super) enum Stop {
    Undeclared(Need),
    Skip(String),
    Fail(Failure),
}

/// Result of a case, or of a step of one.
pub(super) type CaseResult<T = ()> = Result<T, Stop>;

impl Stop {
    /// Puts the name of the checked variant before the message of a failure.
    pub(super) fn about(self, what: &str) -> Self {
        match self {
            Self::Fail(failure) => Self::Fail(failure.about(what)),
            other => other,
        }
    }
}

// `?` on a call of the provider fails the case, at the line of the call.
impl From<Error> for Stop {
    #[track_caller]
    fn from(error: Error) -> Self {
        Self::Fail(Failure::new(format!("unexpected error: {error}")))
    }
}

/// Fails the case.
#[track_caller]
pub(super) fn fail<T>(why: impl Display) -> CaseResult<T> {
    Err(Stop::Fail(Failure::new(why.to_string())))
}

/// Fails the case unless `holds`.
#[track_caller]
pub(super) fn check(holds: bool, why: impl Display) -> CaseResult {
    if holds { Ok(()) } else { fail(why) }
}

/// Returns the `Debug` form, without what has no value and cut to 600 characters: a list of allocations fills a screen
/// with fields that are not set.
fn short(value: &impl Debug) -> String {
    const LIMIT: usize = 600;
    let mut text = format!("{value:?}");
    for empty in [": None", ": {}", ": []", ": \"\""] {
        text = without_field(&text, empty);
    }
    match text.char_indices().nth(LIMIT) {
        Some((at, _)) => format!("{}… ({} characters)", &text[..at], text.chars().count()),
        None => text,
    }
}

/// Returns the text without the fields of this value, such as `expires: None, `.
fn without_field(text: &str, value: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(value) {
        let (before, after) = (&rest[..at], &rest[at + value.len()..]);
        let name = before.rfind(|c: char| !c.is_ascii_alphanumeric() && c != '_').map_or(0, |last| last + 1);
        let ends = [", ", " }", "}", ")"].iter().any(|end| after.starts_with(end));
        if name < at && ends {
            kept.push_str(&before[..name]);
            rest = after.strip_prefix(", ").unwrap_or(after);
        } else {
            kept.push_str(&rest[..at + value.len()]);
            rest = after;
        }
    }
    kept.push_str(rest);
    kept
}

/// Fails the case unless both are equal.
#[track_caller]
pub(super) fn same<A: Debug + PartialEq<B>, B: Debug>(seen: A, expected: B, why: impl Display) -> CaseResult {
    if seen == expected {
        return Ok(());
    }
    fail(format_args!("{why}\n    seen:     {}\n    expected: {}", short(&seen), short(&expected)))
}

/// Returns the value, or fails the case if there is none.
#[track_caller]
pub(super) fn some<T>(value: Option<T>, what: impl Display) -> CaseResult<T> {
    match value {
        Some(value) => Ok(value),
        None => fail(format_args!("there is no {what}")),
    }
}

/// Returns the error of a call that must fail with `kind`, and fails the case if it did not.
///
/// Also checks the parts of the error that every caller relies on: the operation, a message, and the retry advice. The
/// error of a preview may name `allocate`, because providers share the checks of both.
#[track_caller]
pub(super) fn refused<T: Debug>(result: Result<T>, kind: ErrorKind, operation: Operation) -> CaseResult<Error> {
    let error = match result {
        Err(error) => error,
        Ok(value) => return fail(format_args!("{operation} must fail with {kind:?}, but returned {}", short(&value))),
    };
    check(error.kind() == kind, format_args!("{operation} must fail with {kind:?}, but failed with: {error}"))?;
    // Retry layers and logs use the operation; one of an inner call would mislead both.
    let named = error.operation() == operation
        || (operation == Operation::PreviewAllocate && error.operation() == Operation::Allocate);
    check(named, format_args!("the error must name the operation {operation}: {error}"))?;
    check(!error.message().is_empty(), "an error must have a message")?;
    match kind {
        // The same request fails again, whatever happens meanwhile: a retry loop would never end.
        ErrorKind::InvalidInput | ErrorKind::Unsupported => {
            check(
                error.retry() == Retry::Never,
                format_args!("no retry can help, but the advice is {:?}: {error}", error.retry()),
            )?;
        }
        // These kinds state that nothing was applied. `IfIdempotent` would say that the outcome is unknown.
        ErrorKind::NotFound | ErrorKind::AlreadyExists | ErrorKind::Conflict | ErrorKind::Exhausted => {
            check(
                error.retry() != Retry::IfIdempotent,
                format_args!("the error must say that nothing was applied: {error}"),
            )?;
        }
        _ => {}
    }
    Ok(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Allocated, Allocation};

    #[test]
    fn dumps_leave_out_what_has_no_value_and_are_cut() {
        let one = Allocation::new("7", "default", "lan", std::net::Ipv4Addr::LOCALHOST.into());
        let text = short(&one);
        assert!(text.contains("127.0.0.1") && !text.contains("None"), "{text}");
        let many = Allocated::new("key".into(), vec![vec![one; 100]], false);
        let text = short(&many);
        assert!(text.chars().count() < 640 && text.ends_with(" characters)"), "{text}");
        assert_eq!(short(&"a: None of it"), "\"a: None of it\"");
    }
}
