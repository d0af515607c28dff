//! Check of a store: SQLite's own of the file, that of what only this store has in its tables, and the engine's of the
//! records.

use std::collections::BTreeMap;
use std::time::SystemTime;

use rusqlite::types::Value;

use super::codec;
use super::store::SqliteStore;
use crate::engine::{Context, Findings, Lookups, MAX_FINDINGS as MOST, OpenKeys, Record, verify};
use crate::{ErrorKind, Result, SpaceId};

/// How many rows are looked at in one go.
const PART: usize = 512;

/// What [`check_store`](crate::EmbeddedProvider::check_store) found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct StoreReport {
    /// How many ranges there are. 0 if the file is damaged, as are the other numbers.
    pub ranges: u64,
    /// How many allocations, expired ones that nobody has cleaned up among them.
    pub allocations: u64,
    /// Number of quarantined addresses.
    pub quarantined: u64,
    /// What is wrong: sentences for people, at most 100. Empty for a sound store.
    pub violations: Vec<String>,
}

impl StoreReport {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.violations.is_empty()
    }
}

/// Looks through the whole store. A transaction is open, so that all of it is of one moment.
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

/// Statements that answer nothing while the store is sound, each under a comment that says what its rows mean. The first
/// column names the row.
const NEVER: &str = include_str!("queries/check.sql");

impl Check<'_, '_> {
    fn tell(&mut self, violation: impl Into<String>) {
        // One more than is told, so that it is known that there are more.
        if self.violations.len() <= MOST {
            self.violations.push(violation.into());
        }
    }

    fn all(&mut self, report: &mut StoreReport) -> Result<()> {
        self.file()?;
        // What SQLite itself finds damaged cannot be read with confidence.
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

    /// SQLite's check of pages, indexes and constraints.
    fn file(&mut self) -> Result<()> {
        let mut found = Vec::new();
        self.store.rows(&format!("PRAGMA integrity_check({MOST})"), Vec::new(), |row| {
            found.push(row.text(0)?.to_owned());
            Ok(true)
        })?;
        found.into_iter().filter(|line| line != "ok").for_each(|line| self.tell(format!("SQLite: {line}")));
        Ok(())
    }

    /// Whether rows name only rows that exist, and agree with them.
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

    /// Whether the number that is kept with each page is that of its bits: nothing but sums is made of it.
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

/// An allocation is one row, which every way to find it reads. SQLite's check looks that each index leads to all rows, so
/// that the row of an address is found by it, and by an id, which is made of what is in the row. `check.sql` looks
/// that none is quarantined as well, and that each agrees with its request: its serial number is among those of its
/// request and of no other, so that a key, which finds by serial numbers, finds its own, and not more than it took. To
/// look each of them up again would take most of the time of a check.
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
