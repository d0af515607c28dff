//! Running cases by name.

use std::sync::Arc;

use futures_util::FutureExt;

use super::bench::Bench;
use super::case::Case;
use super::harness::Harness;
use super::list::CASES;
use super::outcome::{Failure, Outcome, Stop, fail};

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
    let bench = Bench { harness: Arc::clone(harness), needs: case.needs };
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
