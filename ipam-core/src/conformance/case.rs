//! One case.

use std::fmt;

use futures_util::future::BoxFuture;

use super::bench::Bench;
use super::needs::Need;
use super::outcome::Verdict;

/// One case of the suite.
#[non_exhaustive]
pub struct Case {
    /// Group and name, such as `"allocate::takes_the_lowest_free_address"`.
    pub name: &'static str,
    /// What the contract says.
    pub sentence: &'static str,
    /// What a provider must claim for the case to run.
    pub needs: &'static [Need],
    pub(super) body: for<'a> fn(&'a Bench) -> BoxFuture<'a, Verdict>,
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Case").field("name", &self.name).field("needs", &self.needs).finish_non_exhaustive()
    }
}
