//! Running cases by name.

use std::fmt;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::harness::Harness;
use super::list::CASES;
use super::needs::Need;
use super::stage::Bench;
use super::verdict::{Failure, Outcome, Stop, Verdict, fail};

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

/// All cases, group by group.
#[must_use]
pub fn cases() -> &'static [Case] {
    CASES
}

/// Runs one case.
///
/// # Errors
/// What the provider does that it must not do.
pub fn run(harness: &Arc<dyn Harness>, case: &'static Case) -> Result<Outcome, Failure> {
    if let Some(reason) = harness.skip(case.name) {
        return Ok(Outcome::Skipped(reason));
    }
    let bench = Bench { harness: Arc::clone(harness), case };
    let mut verdict = fail("the harness did not run the case to its end");
    harness.block_on((case.body)(&bench).map(|end| verdict = end).boxed());
    match verdict {
        Ok(()) => Ok(Outcome::Passed),
        Err(Stop::Unclaimed(need)) => Ok(Outcome::Unclaimed(need)),
        Err(Stop::Skip(reason)) => Ok(Outcome::Skipped(reason)),
        Err(Stop::Fail(failure)) => Err(failure.of_case(case.name, case.sentence)),
    }
}

/// Runs the case of this name and prints why, if it was skipped: what the tests of [`tests!`](super::tests) do.
///
/// # Errors
/// What the provider does that it must not do; or there is no such case.
pub fn check(harness: impl Harness, name: &str) -> Result<(), Failure> {
    let Some(case) = CASES.iter().find(|case| case.name == name) else {
        return Err(Failure::no_case(name));
    };
    let harness: Arc<dyn Harness> = Arc::new(harness);
    match run(&harness, case)? {
        Outcome::Passed => {}
        Outcome::Unclaimed(need) => eprintln!("{name}: {need:?} is not claimed, and refused"),
        Outcome::Skipped(reason) => eprintln!("{name}: skipped: {reason}"),
    }
    Ok(())
}
