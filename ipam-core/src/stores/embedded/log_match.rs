//! Check that the log beside a store's file is that file's.
//!
//! SQLite keeps no link between the two: it replays whatever log lies there. But every change of a store is numbered,
//! without gaps, so that the file alone ends with one number, and the file with its log goes on from it. Where the log is
//! older than the file, or lacks numbers that the file does not have, the two do not belong together.
//!
//! What this cannot tell: the numbers next to the last one share its page, so that a file that is a few changes older than
//! the log's beginning passes. And two stores that went different ways from the same number on.

use std::path::Path;

use rusqlite::{Connection, ErrorCode, OptionalExtension};

use super::files::{beside, has_content};
use super::{sqlite_errors, unlocked};
use crate::{Error, ErrorKind, Operation, Result};

/// The number of the last change in the file without its log. `None` if there is no log, or the file says nothing: a log
/// that was half written back leaves it in between.
pub(super) fn last_in_file(path: &Path) -> Option<i64> {
    if !has_content(&beside(path, "-wal")) {
        return None;
    }
    let connection = unlocked::open(path).ok()?;
    connection.query_row("SELECT max(seq) FROM event", [], |row| row.get(0)).ok().flatten()
}

/// Refuses a log that does not go on from where the file ends. The connection sees both.
pub(super) fn check(connection: &Connection, path: &Path, in_file: Option<i64>) -> Result<()> {
    let Some(in_file) = in_file else { return Ok(()) };
    match gap(connection, in_file) {
        Ok(None) => Ok(()),
        Ok(Some(gap)) => Err(foreign(path, &gap)),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt) => {
            Err(foreign(path, "together they are damaged").with_source(error))
        }
        // A process that holds a lock has the log open, and has looked.
        Err(error) if sqlite_errors::is_busy(&error) => Ok(()),
        Err(error) => Err(sqlite_errors::error(Operation::Open, error).with_context("path", path.display())),
    }
}

/// What is missing between the last change of the file and those of the log.
fn gap(connection: &Connection, in_file: i64) -> rusqlite::Result<Option<String>> {
    // One statement sees one moment: others may be writing. Old changes are dropped from the beginning, so that those that
    // are there follow one another.
    let statement = "SELECT coalesce((SELECT max(seq) FROM event), 0), count(*), min(seq) FROM event WHERE seq >= ?1";
    let (last, count, first) = connection.query_row(statement, [in_file], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, Option<i64>>(2)?))
    })?;
    if last < in_file {
        return Ok(Some(format!("the file ends with change {in_file}, and the log with change {last}")));
    }
    let Some(first) = first else { return Ok(None) };
    if count == last - first + 1 {
        return Ok(None);
    }
    let statement = "SELECT seq FROM event AS this WHERE seq >= ?1 AND seq < ?2 AND NOT EXISTS \
                     (SELECT 1 FROM event WHERE seq = this.seq + 1) ORDER BY seq LIMIT 1";
    let before = connection.query_row(statement, [in_file, last], |row| row.get::<_, i64>(0)).optional()?;
    Ok(Some(format!("the file ends with change {in_file}, and change {} is missing", before.unwrap_or(in_file) + 1)))
}

fn foreign(path: &Path, why: &str) -> Error {
    let message = format!(
        "the log beside the store does not belong to its file: {why}; both were left as they are: put the file back that \
         belongs to the log, or restore a backup, which removes the log"
    );
    Error::new(ErrorKind::Corrupt, Operation::Open, message).with_context("path", path.display())
}
