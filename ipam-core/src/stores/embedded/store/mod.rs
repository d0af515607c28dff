//! Records as rows: what the engine asks of a store, as SQL on one connection inside one transaction. Each trait of the
//! store has the file of its name.

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
use crate::{Error, Operation, Result};

/// How many ranges are kept decoded. More than a program uses at a time.
const MAX_KEPT_RANGES: usize = 4096;

/// One connection's view of the records, in the transaction that is open on it.
pub(super) struct SqliteStore<'c> {
    pub(super) db: Statements<'c>,
    memo: Memo,
    /// The connection's data version when `memo` was begun.
    data_version: i64,
    /// How many of the newest changes are kept.
    keep_changes: i64,
    /// Whether anything was written since the request began.
    wrote: bool,
}

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

    /// A transaction has begun: what was remembered is dropped if anybody else has written since. Answers whether.
    pub(super) fn begun(&mut self) -> rusqlite::Result<bool> {
        let version = self.db.number(Sql::DataVersion)?;
        let others = version != self.data_version;
        if others {
            self.forget();
            // A newer program may have come, and brought the store to what this one does not know.
            if self.db.number(Sql::UserVersion)? != i64::from(VERSION) {
                let changed = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_SCHEMA);
                return Err(rusqlite::Error::SqliteFailure(changed, None));
            }
            self.data_version = version;
        }
        Ok(others)
    }

    /// A request begins.
    pub(super) fn request_begins(&mut self, operation: Operation) {
        self.db.operation = operation;
        self.wrote = false;
    }

    /// Whether the request has written, or has begun to.
    pub(super) fn wrote(&self) -> bool {
        self.wrote
    }

    /// Drops what was remembered: it may not have been kept.
    pub(super) fn forget(&mut self) {
        self.memo = Memo::default();
    }

    /// Has to come before every write.
    fn writes(&mut self) {
        self.wrote = true;
    }

    /// The rows of a statement that is not among the prepared ones, until `read` says that it is enough.
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

/// A limit as SQL has it.
fn limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
