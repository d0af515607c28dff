//! Check of a store: SQLite's own check of the file, queries for what only tables can have wrong, and the engine's
//! check of the records.

use std::collections::BTreeMap;
use std::time::SystemTime;

use rusqlite::types::Value;

use super::codec;
use super::store::SqliteStore;
use crate::engine::{Context, Findings, Lookups, MAX_FINDINGS as MOST, OpenKeys, Record, verify};
use crate::stores::report::StoreReport;
use crate::{ErrorKind, Result, SpaceId};

/// Number of rows that are read at once.
const PART: usize = 512;

/// Checks the whole store, in the transaction that is open, so that all reads see the same state.
pub(super) fn check(store: &mut SqliteStore<'_>, context: &mut Context<'_>) -> Result<StoreReport> {
    let mut check = Check { store, now: context.now, violations: Vec::new() };
    let mut report = StoreReport::default();
    match check.all(&mut report) {
        // A row that cannot be read is a violation like any other, but the last one that is found.
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

struct Check<'s, 'c> {
    store: &'s mut SqliteStore<'c>,
    now: SystemTime,
    violations: Vec<String>,
}

/// Statements that return no rows while the store is sound, each under a comment that says what its rows mean. The
/// first column identifies the row.
const NEVER: &str = include_str!("queries/check.sql");

impl Check<'_, '_> {
    fn tell(&mut self, violation: impl Into<String>) {
        // One more than is reported, so that `check` knows that there are more.
        if self.violations.len() <= MOST {
            self.violations.push(violation.into());
        }
    }

    fn all(&mut self, report: &mut StoreReport) -> Result<()> {
        self.file()?;
        // Rows of a file that SQLite finds damaged cannot be trusted, and reading them may fail at any point.
        if !self.violations.is_empty() {
            return Ok(());
        }
        report.ranges = self.count("range")?;
        report.allocations = self.count("allocation")?;
        report.quarantined = self.count("resting")?;
        self.references()?;
        self.used_counts()?;
        verify(self.store, self.now, &mut self.violations)
    }

    fn count(&mut self, table: &str) -> Result<u64> {
        let mut count = 0;
        self.store.rows(&format!("SELECT count(*) FROM {table}"), Vec::new(), |row| {
            count = row.parsed(0, u64::try_from(row.integer(0)?).ok())?;
            Ok(true)
        })?;
        Ok(count)
    }

    /// Runs SQLite's check of pages, indexes and constraints.
    fn file(&mut self) -> Result<()> {
        let mut found = Vec::new();
        self.store.rows(&format!("PRAGMA integrity_check({MOST})"), Vec::new(), |row| {
            found.push(row.text(0)?.to_owned());
            Ok(true)
        })?;
        found.into_iter().filter(|line| line != "ok").for_each(|line| self.tell(format!("SQLite: {line}")));
        Ok(())
    }

    /// Checks that rows refer only to rows that exist, and agree with them.
    // The schema has no foreign keys: they would be checked at every write and guard only what the engine guards.
    fn references(&mut self) -> Result<()> {
        for part in NEVER.split_terminator(";\n") {
            let (comment, statement): (Vec<&str>, Vec<&str>) = part.lines().partition(|line| line.starts_with("--"));
            let (what, statement) = (comment.concat(), statement.join("\n"));
            let what = what.trim_start_matches("-- ");
            let mut found = Vec::new();
            self.store.rows(&format!("SELECT * FROM ({statement}) LIMIT {MOST}"), Vec::new(), |row| {
                found.push(row.shown(0));
                Ok(true)
            })?;
            found.into_iter().for_each(|name| self.tell(format!("{what}: {name}")));
        }
        Ok(())
    }

    /// Checks that the count kept with each page is the number of its bits.
    // The engine reads only sums of the counts, so that its own check cannot find a page that is wrong.
    fn used_counts(&mut self) -> Result<()> {
        let mut from = None;
        loop {
            let part = self.store.page_rows(from.as_ref(), PART)?;
            for row in &part {
                if row.used != u64::from(row.page.count()) {
                    self.tell(format!(
                        "page {:#x} of the range {} counts {} used addresses",
                        row.no, row.range, row.used
                    ));
                }
            }
            match part.into_iter().next_back() {
                Some(last) => from = Some((last.range, last.no)),
                None => return Ok(()),
            }
        }
    }
}

// Look-ups, checked by statements over whole tables instead of one by one.
//
// An allocation is one row, which every way to find it reads:
//
// - by address and by id, which is made of the row's columns: SQLite's check verifies that each index leads to all
//   rows;
// - by key: `check.sql` verifies that the serial number is among those of the allocation's request and of no other;
// - quarantine: `check.sql` verifies that no allocated address is quarantined.
//
// Looking up each allocation again would take most of the time of a check.
impl Lookups for SqliteStore<'_> {
    fn verify_lookups(&mut self, _: &SpaceId, _: &Record, _: &mut OpenKeys, _: &mut Findings<'_>) -> Result<()> {
        Ok(())
    }

    fn count_found(&mut self, now: SystemTime) -> Result<BTreeMap<SpaceId, usize>> {
        let mut found = BTreeMap::new();
        let now = vec![Value::Integer(codec::micros(now))];
        let statement = "SELECT space, count(*) FROM allocation WHERE expires IS NULL OR expires > ? GROUP BY space";
        self.rows(statement, now, |row| {
            let count = row.parsed(1, usize::try_from(row.integer(1)?).ok())?;
            found.insert(SpaceId::from(row.text(0)?), count);
            Ok(true)
        })?;
        Ok(found)
    }
}
