//! Problems of a plan's text, and the error that collects them.

use std::error::Error as StdError;
use std::fmt;

use super::rows::AddressPlan;
use crate::{Error, ErrorKind, Operation};

/// Problem of one row: its place, and the remedy.
///
/// ```
/// use ipam_core::plan::Problem;
///
/// let problem = Problem::field("line 7", "net", "10.0.0.0/33", "write a prefix such as 10.0.0.0/24");
/// assert_eq!(problem.to_string(), "line 7: net is \"10.0.0.0/33\"; write a prefix such as 10.0.0.0/24");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// Place in the file, such as `line 7` or `ranges[3]`.
    pub at: String,
    /// Description of the problem, and the remedy.
    pub message: String,
}

impl Problem {
    /// Makes a problem at a place.
    pub fn new(at: impl Into<String>, message: impl Into<String>) -> Self {
        Self { at: at.into(), message: message.into() }
    }

    /// Makes the problem of a field: its name, the first 80 characters of its value, and the remedy.
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

/// Collector of problems, for readers of further formats: keeps the first [`PlanError::MAX_PROBLEMS`] and counts the
/// others.
///
/// ```
/// use ipam_core::plan::{AddressPlan, Problem, Problems};
///
/// let mut problems = Problems::new();
/// assert!(problems.is_empty());
/// problems.push(Problem::new("line 1", "not a subnet"));
/// assert!(problems.into_result(AddressPlan::new()).is_err());
/// ```
#[derive(Debug, Default)]
pub struct Problems {
    kept: Vec<Problem>,
    more: usize,
}

impl Problems {
    /// Makes a collector without problems.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a problem.
    pub fn push(&mut self, problem: Problem) {
        // A file of another format has a problem per row: the first thousand tell as much as a million.
        if self.kept.len() < PlanError::MAX_PROBLEMS {
            self.kept.push(problem);
        } else {
            self.more = self.more.saturating_add(1);
        }
    }

    /// Returns true if there are no problems.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Returns the number of problems, those that are only counted included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.kept.len().saturating_add(self.more)
    }

    /// Returns the plan if there are no problems.
    ///
    /// # Errors
    /// [`PlanError`] with the problems, if there is at least one.
    pub fn into_result(self, plan: AddressPlan) -> Result<AddressPlan, PlanError> {
        if self.is_empty() { Ok(plan) } else { Err(PlanError { problems: self.kept, more: self.more }) }
    }
}

/// Error of a plan that cannot be read, with all of its problems.
///
/// It converts to an [`Error`] of kind [`InvalidInput`](ErrorKind::InvalidInput), which names the first problem and the
/// number of the others.
///
/// ```
/// use ipam_core::plan::AddressPlan;
///
/// let error = AddressPlan::from_csv("kind,id,net\nrange,a,x\nrange,,10.0.0.0/24\n").unwrap_err();
/// assert_eq!(error.problems().len(), 2);
/// assert_eq!(error.problems()[1].to_string(), "line 3: id is \"\"; it is needed here");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanError {
    problems: Vec<Problem>,
    more: usize,
}

impl PlanError {
    /// Maximum number of problems that are kept: 1 000. Further ones are counted.
    pub const MAX_PROBLEMS: usize = 1_000;

    /// Returns the problems that were kept, in the order of the file; at least one.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Returns the number of problems that were not kept.
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
            // The first one only: an error is shown in one line. A program that shows all of them has `problems`.
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
