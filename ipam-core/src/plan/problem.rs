//! Problems of a plan's text, and the error that collects them.

use std::error::Error as StdError;
use std::fmt;

use super::rows::AddressPlan;
use crate::{Error, ErrorKind, Operation};

/// Problem of one row: where it is, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// Place in the file, such as `line 7` or `ranges[3]`.
    pub at: String,
    /// What is wrong, and the remedy.
    pub message: String,
}

impl Problem {
    /// A problem at a place.
    pub fn new(at: impl Into<String>, message: impl Into<String>) -> Self {
        Self { at: at.into(), message: message.into() }
    }

    /// A field that cannot be used: its name, its value, and what to write instead.
    pub fn field(at: &str, field: &str, value: &str, remedy: impl fmt::Display) -> Self {
        let shown: String = value.chars().take(80).collect();
        Self::new(at, format!("{field} is {shown:?}; {remedy}"))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.message)
    }
}

/// Collector of problems, for readers of a format: keeps the first [`PlanError::MAX_PROBLEMS`] and counts the others.
#[derive(Debug, Default)]
pub struct Problems {
    kept: Vec<Problem>,
    more: usize,
}

impl Problems {
    /// A collector without problems.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a problem.
    pub fn push(&mut self, problem: Problem) {
        if self.kept.len() < PlanError::MAX_PROBLEMS {
            self.kept.push(problem);
        } else {
            self.more = self.more.saturating_add(1);
        }
    }

    /// Tells whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.kept.len().saturating_add(self.more)
    }

    /// Returns the plan if there is no problem.
    ///
    /// # Errors
    /// The problems, if there are any.
    pub fn into_result(self, plan: AddressPlan) -> Result<AddressPlan, PlanError> {
        if self.is_empty() { Ok(plan) } else { Err(PlanError { problems: self.kept, more: self.more }) }
    }
}

/// A plan that cannot be read: everything that is wrong with it, not only the first problem.
///
/// Converts to an [`Error`] of kind [`InvalidInput`](ErrorKind::InvalidInput), which names the first problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanError {
    problems: Vec<Problem>,
    more: usize,
}

impl PlanError {
    /// How many problems are kept; further ones are counted.
    pub const MAX_PROBLEMS: usize = 1_000;

    /// The problems, in the order of the file; at least one.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// How many problems there are beside those that were kept.
    #[must_use]
    pub fn more(&self) -> usize {
        self.more
    }
}

impl From<Problem> for PlanError {
    fn from(problem: Problem) -> Self {
        Self { problems: vec![problem], more: 0 }
    }
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problems.as_slice() {
            [] => f.write_str("the plan cannot be read"),
            [only] if self.more == 0 => fmt::Display::fmt(only, f),
            [first, others @ ..] => write!(f, "{first}; and {} more problems", others.len().saturating_add(self.more)),
        }
    }
}

impl StdError for PlanError {}

impl From<PlanError> for Error {
    fn from(error: PlanError) -> Self {
        Self::new(ErrorKind::InvalidInput, Operation::Import, error.to_string()).with_source(error)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn problems_are_kept_up_to_the_limit_and_counted_above() {
        let mut problems = Problems::new();
        for line in 0..PlanError::MAX_PROBLEMS + 5 {
            problems.push(Problem::new(format!("line {line}"), "wrong"));
        }
        assert_eq!(problems.len(), PlanError::MAX_PROBLEMS + 5);
        let error = problems.into_result(AddressPlan::default()).unwrap_err();
        assert_eq!((error.problems().len(), error.more()), (PlanError::MAX_PROBLEMS, 5));
        assert_eq!(error.to_string(), "line 0: wrong; and 1004 more problems");
        assert_eq!(Error::from(error).kind(), ErrorKind::InvalidInput);
    }
}
