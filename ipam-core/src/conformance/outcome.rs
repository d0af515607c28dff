//! How a case ends.

use std::fmt::{self, Debug, Display};
use std::panic::Location;

use super::needs::Need;
use crate::{Error, ErrorKind, Operation, Result, Retry};

/// What came of a case that did not fail.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The provider keeps the sentence.
    Passed,
    /// The provider does not claim what the case is about, and refuses it as it must.
    Unclaimed(Need),
    /// The case did not run; the reason.
    Skipped(String),
}

/// What a provider does that it must not do.
///
/// `Debug` prints what `Display` does, so that a `#[test]` that returns it is readable.
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

    /// Says which of several things it was about.
    pub(super) fn about(mut self, what: &str) -> Self {
        self.message = format!("{what}: {}", self.message);
        self
    }

    /// What was seen, without the case and its sentence.
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

/// Why a case goes no further.
pub(super) enum Stop {
    Unclaimed(Need),
    Skip(String),
    Fail(Failure),
}

/// How a case, or a part of one, ends.
pub(super) type Verdict<T = ()> = Result<T, Stop>;

impl Stop {
    /// Says which of several things a failure was about.
    pub(super) fn about(self, what: &str) -> Self {
        match self {
            Self::Fail(failure) => Self::Fail(failure.about(what)),
            other => other,
        }
    }
}

impl From<Error> for Stop {
    #[track_caller]
    fn from(error: Error) -> Self {
        Self::Fail(Failure::new(format!("an error where there must be none: {error}")))
    }
}

/// Ends the case with a failure.
#[track_caller]
pub(super) fn fail<T>(why: impl Display) -> Verdict<T> {
    Err(Stop::Fail(Failure::new(why.to_string())))
}

/// Goes on if `holds`.
#[track_caller]
pub(super) fn check(holds: bool, why: impl Display) -> Verdict {
    if holds { Ok(()) } else { fail(why) }
}

/// Goes on if both are the same.
#[track_caller]
pub(super) fn same<A: Debug + PartialEq<B>, B: Debug>(seen: A, expected: B, why: impl Display) -> Verdict {
    if seen == expected {
        return Ok(());
    }
    fail(format_args!("{why}\n    seen:     {seen:?}\n    expected: {expected:?}"))
}

/// Goes on if there is something.
#[track_caller]
pub(super) fn some<T>(value: Option<T>, what: impl Display) -> Verdict<T> {
    match value {
        Some(value) => Ok(value),
        None => fail(format_args!("there is no {what}")),
    }
}

/// Goes on if the call failed with this kind and an error that is of use to its caller; answers the error.
///
/// `operation` is the name the error must carry. A preview may carry that of `allocate`, whose checks it shares.
#[track_caller]
pub(super) fn refused<T: Debug>(result: Result<T>, kind: ErrorKind, operation: Operation) -> Verdict<Error> {
    let error = match result {
        Err(error) => error,
        Ok(value) => return fail(format_args!("{operation} must fail with {kind:?}, but answered {value:?}")),
    };
    check(error.kind() == kind, format_args!("{operation} must fail with {kind:?}, but said: {error}"))?;
    let named = error.operation() == operation
        || (operation == Operation::PreviewAllocate && error.operation() == Operation::Allocate);
    check(named, format_args!("the error must name the operation {operation}: {error}"))?;
    check(!error.message().is_empty(), "an error must say something")?;
    match kind {
        ErrorKind::InvalidInput | ErrorKind::Unsupported => {
            check(error.retry() == Retry::Never, format_args!("no retry can help, but {:?}: {error}", error.retry()))?;
        }
        ErrorKind::NotFound | ErrorKind::AlreadyExists | ErrorKind::Conflict | ErrorKind::Exhausted => {
            check(error.retry() != Retry::IfIdempotent, format_args!("the outcome is known: nothing: {error}"))?;
        }
        _ => {}
    }
    Ok(error)
}
