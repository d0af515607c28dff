//! Check of a store in tables: what only tables can have wrong, and the engine's check of the records.

use std::time::SystemTime;

use super::report::StoreReport;
use crate::engine::{Lookups, MAX_FINDINGS as MOST, Page, verify};
use crate::{ErrorKind, Result};

/// Number of pages that are read at once.
const PART: usize = 512;

/// Store in tables, in a transaction in which all reads see the same state.
pub(super) trait Tables: Lookups {
    /// Statements that return no rows while the store is sound, each under a comment that says what its rows mean. The
    /// first column identifies the row.
    const NEVER: &'static str;
    /// Table of quarantined addresses.
    const QUARANTINE: &'static str;

    /// Returns what the database itself finds damaged in its file, at most `most` sentences.
    fn damage(&mut self, most: usize) -> Result<Vec<String>> {
        let _ = most;
        Ok(Vec::new())
    }

    /// Returns the number of rows of a table.
    fn count_rows(&mut self, table: &str) -> Result<u64>;

    /// Returns the first column of the rows of a statement.
    fn first_column(&mut self, statement: &str) -> Result<Vec<String>>;

    /// Returns at most `most` stored pages after one, by range and number.
    fn page_rows(&mut self, after: Option<&(String, u128)>, most: usize) -> Result<Vec<PageRow>>;
}

/// Page as it is stored, with the count of its bits that is kept beside them.
pub(super) struct PageRow {
    pub(super) range: String,
    pub(super) no: u128,
    pub(super) page: Page,
    pub(super) used: u64,
}

/// Checks a whole store.
///
/// # Errors
/// The error of a read that failed, unless it says that a row cannot be read: that is a violation like any other, but
/// the last one that is found.
pub(super) fn check<S: Tables>(store: &mut S, now: SystemTime) -> Result<StoreReport> {
    let mut check = Check { store, violations: Vec::new() };
    let mut report = StoreReport::default();
    match check.all(&mut report, now) {
        Err(error) if error.kind() == ErrorKind::Corrupt => check.tell(error.to_string()),
        result => result?,
    }
    report.violations = check.violations;
    if report.violations.len() > MOST {
        report.violations.truncate(MOST - 1);
        report.violations.push("and more".to_owned());
    }
    Ok(report)
}

struct Check<'s, S> {
    store: &'s mut S,
    violations: Vec<String>,
}

impl<S: Tables> Check<'_, S> {
    fn tell(&mut self, violation: impl Into<String>) {
        // One more than is reported, so that `check` knows that there are more.
        if self.violations.len() <= MOST {
            self.violations.push(violation.into());
        }
    }

    fn all(&mut self, report: &mut StoreReport, now: SystemTime) -> Result<()> {
        self.violations = self.store.damage(MOST)?;
        // Rows of a damaged file cannot be trusted, and reading them may fail at any point.
        if !self.violations.is_empty() {
            return Ok(());
        }
        report.ranges = self.store.count_rows("range")?;
        report.allocations = self.store.count_rows("allocation")?;
        report.quarantined = self.store.count_rows(S::QUARANTINE)?;
        self.references()?;
        self.used_counts()?;
        verify(self.store, now, &mut self.violations)
    }

    /// Checks that rows refer only to rows that exist, and agree with them.
    // The schemas have few foreign keys: they would be checked at every write and guard only what the engine guards.
    fn references(&mut self) -> Result<()> {
        for part in S::NEVER.split_terminator(";\n") {
            let (comment, statement): (Vec<&str>, Vec<&str>) = part.lines().partition(|line| line.starts_with("--"));
            let (what, statement) = (comment.concat(), statement.join("\n"));
            let what = what.trim_start_matches("-- ");
            let found = self.store.first_column(&format!("SELECT * FROM ({statement}) AS never LIMIT {MOST}"))?;
            found.into_iter().for_each(|name| self.tell(format!("{what}: {name}")));
        }
        Ok(())
    }

    /// Checks that the count kept with each page is the number of its bits.
    // The engine reads only sums of the counts, so that its own check cannot find a page that is wrong.
    fn used_counts(&mut self) -> Result<()> {
        let mut after = None;
        loop {
            let part = self.store.page_rows(after.as_ref(), PART)?;
            for row in &part {
                if row.used != u64::from(row.page.count()) {
                    let PageRow { range, no, used, .. } = row;
                    self.tell(format!("page {no:#x} of the range {range} counts {used} used addresses"));
                }
            }
            match part.into_iter().next_back() {
                Some(last) => after = Some((last.range, last.no)),
                None => return Ok(()),
            }
        }
    }
}
