//! Check of a store: SQLite's own check of the file, and what the check of the tables reads.

use std::collections::BTreeMap;
use std::time::SystemTime;

use rusqlite::types::Value;

use super::codec;
use super::store::SqliteStore;
use crate::engine::{Findings, Lookups, OpenKeys, Record};
use crate::stores::check::{PageRow, Tables};
use crate::{Result, SpaceId};

impl Tables for SqliteStore<'_> {
    const NEVER: &'static str = include_str!("queries/check.sql");
    const QUARANTINE: &'static str = "resting";

    /// Runs SQLite's check of pages, indexes and constraints.
    fn damage(&mut self, most: usize) -> Result<Vec<String>> {
        let mut found = Vec::new();
        self.rows(&format!("PRAGMA integrity_check({most})"), Vec::new(), |row| {
            found.push(row.text(0)?.to_owned());
            Ok(true)
        })?;
        Ok(found.into_iter().filter(|line| line != "ok").map(|line| format!("SQLite: {line}")).collect())
    }

    fn count_rows(&mut self, table: &str) -> Result<u64> {
        let mut count = 0;
        self.rows(&format!("SELECT count(*) FROM {table}"), Vec::new(), |row| {
            count = row.parsed(0, u64::try_from(row.integer(0)?).ok())?;
            Ok(true)
        })?;
        Ok(count)
    }

    fn first_column(&mut self, statement: &str) -> Result<Vec<String>> {
        let mut found = Vec::new();
        self.rows(statement, Vec::new(), |row| {
            found.push(row.shown(0));
            Ok(true)
        })?;
        Ok(found)
    }

    fn page_rows(&mut self, after: Option<&(String, u128)>, most: usize) -> Result<Vec<PageRow>> {
        self.stored_pages(after, most)
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
