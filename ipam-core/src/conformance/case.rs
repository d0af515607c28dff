//! Case of the suite: name, sentence of the contract, and test body.

use std::fmt;

use futures_util::future::BoxFuture;

use super::bench::Bench;
use super::needs::Need;
use super::outcome::CaseResult;

/// Case of the suite.
///
/// ```
/// use ipam_core::conformance::cases;
///
/// let case = cases().iter().find(|case| case.name == "find::returns_an_empty_page_without_error").unwrap();
/// assert_eq!(case.sentence, "No match is an empty page, not an error.");
/// assert!(case.needs.is_empty());
/// ```
#[non_exhaustive]
pub struct Case {
    /// Group and name of the case, such as `"allocate::takes_the_lowest_free_address"`.
    pub name: &'static str,
    /// Sentence of the contract that the case checks.
    pub sentence: &'static str,
    /// Capabilities that a provider must have for the case to run.
    pub needs: &'static [Need],
    // A function pointer, so that the table of all cases can be a static.
    pub(super) body: for<'a> fn(&'a Bench) -> BoxFuture<'a, CaseResult>,
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Case").field("name", &self.name).field("needs", &self.needs).finish_non_exhaustive()
    }
}
