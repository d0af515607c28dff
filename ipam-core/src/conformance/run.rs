//! Functions that run cases by name.

use std::sync::Arc;

use futures_util::FutureExt;

use super::bench::Bench;
use super::case::Case;
use super::harness::Harness;
use super::list::CASES;
use super::outcome::{CaseOutcome, Failure, Stop, fail};
use super::report;

/// Returns all cases, group by group.
///
/// ```
/// use ipam_core::conformance::cases;
///
/// // A harness of a server in a far away place may run one group only.
/// let names: Vec<_> = cases().iter().map(|case| case.name).filter(|name| name.starts_with("usage::")).collect();
/// assert!(names.contains(&"usage::counts_allocated_addresses"));
/// ```
#[must_use]
pub fn cases() -> &'static [Case] {
    CASES
}

/// Runs one case with a fixture of its own.
///
/// [`tests!`](super::tests) suits most crates. Use this function where the cases are chosen at run time.
///
/// ```
/// use std::sync::Arc;
/// use ipam_core::conformance::{Fixture, Harness, NoFixture, CaseOutcome, Setup, cases, run};
///
/// # struct Memory;
/// # #[async_trait::async_trait]
/// # impl Harness for Memory {
/// #     async fn fresh(&self, setup: &Setup) -> Result<Fixture, NoFixture> {
/// #         setup.define(Arc::new(ipam_core::MemoryProvider::new())).await
/// #     }
/// # }
/// let harness: Arc<dyn Harness> = Arc::new(Memory);
/// for case in cases().iter().filter(|case| case.name.starts_with("usage::")) {
///     assert_eq!(run(&harness, case)?, CaseOutcome::Passed, "{}", case.name);
/// }
/// # Ok::<(), ipam_core::conformance::Failure>(())
/// ```
///
/// # Errors
/// [`Failure`] if the provider does not keep the sentence of the case, or if the harness fails to set up.
pub fn run(harness: &Arc<dyn Harness>, case: &'static Case) -> Result<CaseOutcome, Failure> {
    if let Some(reason) = harness.skip(case.name) {
        return Ok(CaseOutcome::Skipped(reason));
    }
    let bench = Bench { harness: Arc::clone(harness), needs: case.needs };
    // A harness whose `block_on` returns early would otherwise pass every case.
    let mut result = fail("the harness did not run the case to its end");
    harness.block_on((case.body)(&bench).map(|end| result = end).boxed());
    match result {
        Ok(()) => Ok(CaseOutcome::Passed),
        Err(Stop::Undeclared(need)) => Ok(CaseOutcome::Undeclared(need)),
        Err(Stop::Skip(reason)) => Ok(CaseOutcome::Skipped(reason)),
        Err(Stop::Fail(failure)) => Err(failure.of_case(case.name, case.sentence)),
    }
}

/// Runs the case with this name.
///
/// Prints to standard error if the case was skipped, or if the provider does not declare a capability that it needs.
///
/// # Errors
/// [`Failure`] if no case has this name; otherwise as for [`run`].
pub fn check(harness: impl Harness, name: &str) -> Result<(), Failure> {
    tell(name, named(harness, name)?)
}

/// Runs the case with this name for a test of [`tests!`](super::tests), and counts it in the report of its suite.
#[doc(hidden)]
pub fn check_of_suite(suite: &'static str, harness: impl Harness, name: &str) -> Result<(), Failure> {
    let result = named(harness, name);
    report::ended(suite, name, &result);
    tell(name, result?)
}

fn named(harness: impl Harness, name: &str) -> Result<CaseOutcome, Failure> {
    let Some(case) = CASES.iter().find(|case| case.name == name) else {
        return Err(Failure::no_case(name));
    };
    // Erased here, so that the cases are compiled once and not for each harness.
    let harness: Arc<dyn Harness> = Arc::new(harness);
    run(&harness, case)
}

// Neither of the others fails: a provider need not have every capability, nor a harness every hook.
fn tell(name: &str, outcome: CaseOutcome) -> Result<(), Failure> {
    match outcome {
        CaseOutcome::Passed => {}
        CaseOutcome::Undeclared(need) => eprintln!("{name}: the provider does not declare {need:?}, and refuses it"),
        CaseOutcome::Skipped(reason) => eprintln!("{name}: skipped: {reason}"),
    }
    Ok(())
}
