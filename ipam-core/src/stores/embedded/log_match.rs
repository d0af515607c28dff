//! Check that the log beside a store's file belongs to it.
//!
//! SQLite keeps no link between the two: it replays any log beside the file. A copy that is put in the place of a
//! crashed store would be mixed with the log of that store, without an error.
//!
//! Changes of a store are numbered without gaps. So the file alone ends with one number, and the file with its log
//! continues from it. If the log ends before the file, or numbers are missing in between, the two do not belong
//! together.
//!
//! Two cases are not noticed:
//!
//! - a file that is a few changes older than the beginning of the log: the log has the whole database page of its first
//!   change, and that page holds the numbers before it, too;
//! - two stores with the same history up to the last number of the file.

use std::path::Path;

use rusqlite::{Connection, ErrorCode, OptionalExtension};

use super::files::{beside, has_content};
use super::{sqlite_errors, unlocked};
use crate::{Error, ErrorKind, Operation, Result};

/// Returns the number of the last change in the file without its log. `None` if there is no log, or the file alone
/// cannot be read: a log that was half written back leaves it inconsistent.
pub(super) fn last_in_file(path: &Path) -> Option<i64> {
    if !has_content(&beside(path, "-wal")) {
        return None;
    }
    let connection = unlocked::open(path).ok()?;
    connection.query_row("SELECT max(seq) FROM event", [], |row| row.get(0)).ok().flatten()
}

/// Refuses a log that does not continue the changes of the file. The connection sees file and log together; `in_file`
/// is the last number of the file alone.
pub(super) fn check(connection: &Connection, path: &Path, in_file: Option<i64>) -> Result<()> {
    let Some(in_file) = in_file else { return Ok(()) };
    match gap(connection, in_file) {
        Ok(None) => Ok(()),
        Ok(Some(gap)) => Err(mismatch(path, &gap)),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt) => {
            Err(mismatch(path, "together they are damaged").with_source(error))
        }
        // A process that holds a lock has the store open, and has checked the log.
        Err(error) if sqlite_errors::is_busy(&error) => Ok(()),
        Err(error) => Err(sqlite_errors::error(Operation::Open, error).with_context("path", path.display())),
    }
}

/// Describes the gap between the last change of the file and those of the log, if there is one.
fn gap(connection: &Connection, in_file: i64) -> rusqlite::Result<Option<String>> {
    // One statement, because it sees one state while other processes write. Old changes are removed from the beginning
    // of the feed only, so that the ones that are left have consecutive numbers.
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

fn mismatch(path: &Path, why: &str) -> Error {
    let message = format!(
        "the log beside the store does not belong to its file: {why}; both were left as they are: put the file back that \
         belongs to the log, or restore a backup, which removes the log"
    );
    Error::new(ErrorKind::Corrupt, Operation::Open, message).with_context("path", path.display())
}
