//! Report of a suite: how many cases really ran, and what was not tested.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

use super::list::CASES;
use super::outcome::{CaseOutcome, Failure};

/// Parts of the contract that a suite can pass without testing them: what they are, the cases that test them, and what a
/// harness has to implement.
const PARTS: &[(&str, &str, &str)] = &[
    ("durability", "durable::", "declare `durable` and implement `Harness::reopen`"),
    ("other processes", "close::does_not_affect_other_providers", "implement `Harness::open_another`"),
    ("abandoned claims", "sweep::undoes_an_abandoned_claim", "implement `Harness::abandon`"),
];

/// Report of the cases that ended so far: how many really ran, and which parts of the contract were not tested.
///
/// The tests of [`tests!`](super::tests) print it when the last of them has ended, also without `--nocapture`.
///
/// ```
/// use std::sync::Arc;
/// use ipam_core::conformance::{Fixture, Harness, NoFixture, Report, Setup, cases, run};
///
/// # struct Memory;
/// # #[async_trait::async_trait]
/// # impl Harness for Memory {
/// #     async fn fresh(&self, setup: &Setup) -> Result<Fixture, NoFixture> {
/// #         setup.define(Arc::new(ipam_core::MemoryProvider::new())).await
/// #     }
/// # }
/// let harness: Arc<dyn Harness> = Arc::new(Memory);
/// let mut report = Report::default();
/// for case in cases().iter().filter(|case| case.name.starts_with("usage::")) {
///     report.add(case.name, &run(&harness, case));
/// }
/// println!("{report}");
/// assert!(report.passed() > 0 && report.to_string().contains("not tested: durability"));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Report {
    passed: usize,
    failed: usize,
    /// Number of cases by the capability that is not declared.
    undeclared: BTreeMap<String, usize>,
    /// Number of cases by the reason why they were skipped.
    skipped: BTreeMap<String, usize>,
    /// One for each of [`PARTS`] that a case passed.
    tested: [bool; PARTS.len()],
}

impl Report {
    /// Adds the result of a case.
    pub fn add(&mut self, name: &str, result: &Result<CaseOutcome, Failure>) {
        match result {
            Err(_) => self.failed += 1,
            Ok(CaseOutcome::Passed) => {
                self.passed += 1;
                for (tested, (_, cases, _)) in self.tested.iter_mut().zip(PARTS) {
                    *tested |= name.starts_with(cases);
                }
            }
            Ok(CaseOutcome::Undeclared(need)) => *self.undeclared.entry(format!("{need:?}")).or_default() += 1,
            Ok(CaseOutcome::Skipped(reason)) => *self.skipped.entry(reason.clone()).or_default() += 1,
        }
    }

    /// Returns the number of cases that ran and passed.
    #[must_use]
    pub const fn passed(&self) -> usize {
        self.passed
    }

    /// Returns the number of cases that ended.
    #[must_use]
    pub fn ended(&self) -> usize {
        let sum = |counts: &BTreeMap<String, usize>| counts.values().sum::<usize>();
        self.passed + self.failed + sum(&self.undeclared) + sum(&self.skipped)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} cases ran and passed", self.passed, self.ended())?;
        if self.failed > 0 {
            write!(f, ", {} failed", self.failed)?;
        }
        for (need, count) in &self.undeclared {
            write!(f, "\n  {count} refused: {need} is not declared")?;
        }
        for (reason, count) in &self.skipped {
            write!(f, "\n  {count} skipped: {reason}")?;
        }
        for (_, (part, _, remedy)) in self.tested.iter().zip(PARTS).filter(|(tested, _)| !**tested) {
            write!(f, "\n  not tested: {part}; {remedy}")?;
        }
        Ok(())
    }
}

/// Reports of the suites of this process, by the module that defines their tests.
static SUITES: Mutex<BTreeMap<&'static str, Report>> = Mutex::new(BTreeMap::new());

/// Adds the result of a case of a suite. Prints the report with the last one; with a filter there is none.
pub(super) fn ended(suite: &'static str, name: &str, result: &Result<CaseOutcome, Failure>) {
    let mut suites = SUITES.lock().unwrap_or_else(PoisonError::into_inner);
    let report = suites.entry(suite).or_default();
    report.add(name, result);
    if report.ended() == CASES.len() {
        // Not by `eprintln`: the test runner would keep that back, because the test has passed. And in one piece: the runner's
        // own lines go elsewhere at the same time.
        let text = format!("conformance of {suite}: {report}\n");
        let _ = std::io::stderr().write_all(text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::super::needs::Need;
    use super::*;

    #[test]
    fn the_report_says_what_ran_and_what_was_not_tested() {
        let mut report = Report::default();
        report.add("keys::one", &Ok(CaseOutcome::Passed));
        report.add("durable::keeps_keys", &Ok(CaseOutcome::Undeclared(Need::Durable)));
        report.add("sweep::undoes_an_abandoned_claim", &Ok(CaseOutcome::Passed));
        report.add("close::does_not_affect_other_providers", &Ok(CaseOutcome::Skipped("no other".to_owned())));
        report.add("no::case", &Err(Failure::no_case("no::case")));
        let expected = "2 of 5 cases ran and passed, 1 failed
  1 refused: Durable is not declared
  1 skipped: no other
  not tested: durability; declare `durable` and implement `Harness::reopen`
  not tested: other processes; implement `Harness::open_another`";
        assert_eq!(report.to_string(), expected);
    }

    #[test]
    fn the_parts_name_cases_that_exist() {
        for (part, cases, _) in PARTS {
            assert!(CASES.iter().any(|case| case.name.starts_with(cases)), "{part}");
        }
    }
}
