//! Records as rows: the traits of the engine's store as SQL on one connection, inside one transaction. Each trait has
//! the file of its name.

mod allocations;
mod blocks;
mod feed;
mod find;
mod memo;
mod pages;
mod quarantine;
mod ranges;
mod requests;
mod sql;
mod statements;

use rusqlite::Connection;
use rusqlite::types::Value;

use memo::Memo;
pub(super) use sql::Sql;
pub(super) use statements::{Columns, Statements};

use super::schema::VERSION;
use crate::engine::ReadAhead;
use crate::{Error, Operation, Result};

/// Largest number of ranges that are kept decoded.
// A bound for memory, well above the number of ranges that a program uses at a time.
const MAX_KEPT_RANGES: usize = 4096;

/// View of the records through one connection, in the transaction that is open on it.
pub(super) struct SqliteStore<'c> {
    pub(super) db: Statements<'c>,
    memo: Memo,
    /// SQLite's `data_version` when `memo` was begun. Another value says that another connection has written.
    data_version: i64,
    /// Number of the newest changes that are kept.
    keep_changes: i64,
    /// True if anything was written since the request began.
    wrote: bool,
}

impl ReadAhead for SqliteStore<'_> {}

impl<'c> SqliteStore<'c> {
    pub(super) fn new(connection: &'c Connection, keep_changes: u64) -> Self {
        Self {
            db: Statements::new(connection),
            memo: Memo::default(),
            data_version: 0,
            keep_changes: i64::try_from(keep_changes).unwrap_or(i64::MAX).max(1),
            wrote: false,
        }
    }

    /// Prepares for a transaction that has begun: drops the memo if another connection has written. Returns true if one
    /// has.
    // Inside the transaction, because another connection could write between the check and the begin.
    pub(super) fn begun(&mut self) -> rusqlite::Result<bool> {
        let version = self.db.number(Sql::DataVersion)?;
        let others = version != self.data_version;
        if others {
            self.forget();
            // A newer program may have upgraded the store meanwhile.
            if self.db.number(Sql::UserVersion)? != i64::from(VERSION) {
                let changed = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_SCHEMA);
                return Err(rusqlite::Error::SqliteFailure(changed, None));
            }
            self.data_version = version;
        }
        Ok(others)
    }

    /// Prepares for the next request.
    pub(super) fn request_begins(&mut self, operation: Operation) {
        self.db.operation = operation;
        self.wrote = false;
    }

    /// Returns true if the request has written, or has begun to.
    pub(super) fn wrote(&self) -> bool {
        self.wrote
    }

    /// Drops the memo, after a roll-back or a write of another connection.
    pub(super) fn forget(&mut self) {
        self.memo = Memo::default();
    }

    /// Marks the request as writing. Has to be called before every write, so that one that fails half-way is rolled
    /// back.
    fn writes(&mut self) {
        self.wrote = true;
    }

    /// Reads the rows of a statement that is not in [`Sql`], until `read` returns false.
    pub(super) fn rows(
        &mut self,
        statement: &str,
        params: Vec<Value>,
        read: impl FnMut(&Columns<'_>) -> Result<bool>,
    ) -> Result<()> {
        self.db.composed(statement.to_owned(), params, read)
    }

    fn unsound(&self, what: impl std::fmt::Display) -> Error {
        self.db.unsound(what)
    }
}

/// Converts a limit for SQL.
fn limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
