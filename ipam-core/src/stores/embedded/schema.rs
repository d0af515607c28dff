//! Format of a store's file: its identification, its version, and the upgrade from older versions.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode};

use super::files::{self, Found, beside, has_content};
use super::sqlite_errors;
use super::unlocked;
use crate::{Error, ErrorKind, Operation, Result};

/// Application id in SQLite's header: "IPAM".
pub(super) const APPLICATION_ID: i32 = 0x4950_414d;

/// Statements that upgrade a store from version `n - 1` to `n`.
const MIGRATIONS: [&str; 2] = [include_str!("migrations/0001_initial.sql"), include_str!("migrations/0002_states.sql")];

/// Version that this program reads and writes.
#[allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "there are few")]
pub(super) const VERSION: i32 = MIGRATIONS.len() as i32;

/// State of the file at the path of a store, by its header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileState {
    /// There is no store yet.
    New,
    /// There is a store, according to its header.
    Store,
}

/// Reads the header of the file, and refuses a file that is not a store of this program.
///
/// Has to come before the file is opened in the usual way: SQLite would replay a log or a journal into the file of
/// another program.
pub(super) fn inspect(path: &Path) -> Result<FileState> {
    let mut state = inspect_once(path);
    // A store that another process is creating may look incomplete for a moment.
    for _ in 0..5 {
        if state.is_ok() {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
        state = inspect_once(path);
    }
    state
}

/// Length of SQLite's header (section 1.3 of its file format).
const HEADER: u64 = 100;

fn inspect_once(path: &Path) -> Result<FileState> {
    let len = match files::look(path)? {
        Found::Nothing => return Ok(FileState::New),
        Found::File(len) => len,
    };
    // A journal says that the file is in the middle of a change, which SQLite will roll back.
    let changing = has_content(&beside(path, "-journal"));
    // SQLite treats a file that is shorter than its header as an empty database, and would overwrite it.
    let header = if len < HEADER { Err(unlocked::too_short()) } else { unlocked::header_of(path) };
    let header = match header {
        Ok(header) => header,
        Err(error) => {
            return match error.sqlite_error_code() {
                Some(ErrorCode::NotADatabase) if changing => Ok(FileState::Store),
                Some(ErrorCode::NotADatabase) => {
                    let message = "the file is not a store: it is not an SQLite database";
                    Err(refused(path, message).with_context("length", len))
                }
                // The log may have the pages that the file lacks.
                Some(ErrorCode::DatabaseCorrupt) if changing || has_content(&beside(path, "-wal")) => {
                    Ok(FileState::Store)
                }
                Some(ErrorCode::DatabaseCorrupt) => Err(truncated(path, len)),
                Some(ErrorCode::CannotOpen) => Err(unlocked::unreadable(path, error)),
                _ => Err(sqlite_errors::error(Operation::Open, error).with_context("path", path.display())),
            };
        }
    };
    if header.application_id != APPLICATION_ID {
        return Err(other_program(path, header.application_id));
    }
    known_version(path, header.version)?;
    // SQLite itself accepts a last page that is incomplete.
    if len % header.page_size != 0 && !changing && !has_content(&beside(path, "-wal")) {
        return Err(truncated(path, len));
    }
    Ok(FileState::Store)
}

fn truncated(path: &Path, len: u64) -> Error {
    let message =
        format!("the file is truncated: it has {len} bytes, and its header says that it has more; restore a backup");
    Error::new(ErrorKind::Corrupt, Operation::Open, message).with_context("path", path.display())
}

/// Refuses a version that is newer than this program.
fn known_version(path: &Path, version: i32) -> Result<()> {
    if version <= VERSION {
        return Ok(());
    }
    let message = format!(
        "the store has version {version}, and this program supports versions up to {VERSION}; use a newer program"
    );
    Err(Error::new(ErrorKind::Corrupt, Operation::Open, message)
        .with_context("path", path.display())
        .with_context("found", version)
        .with_context("supported", VERSION))
}

fn other_program(path: &Path, application_id: i32) -> Error {
    let error = refused(path, "the file is not a store: it is an SQLite database of another program");
    // Most programs set no application id.
    if application_id == 0 { error } else { error.with_context("application id", format_args!("{application_id:#x}")) }
}

fn refused(path: &Path, what: &str) -> Error {
    let message = format!("{what}; it was left as it is: name another file, which is created if it does not exist");
    Error::new(ErrorKind::Corrupt, Operation::Open, message).with_context("path", path.display())
}

/// Returns the version of the store, its log included; 0 for an empty database.
// The header that `inspect` read is that of the file alone. A newer program may have written a newer version into the
// log.
pub(super) fn version_of(connection: &Connection, path: &Path) -> Result<i32> {
    let number = |name: &str| {
        connection
            .pragma_query_value(None, name, |row| row.get::<_, i32>(0))
            .map_err(|error| sqlite_errors::error(Operation::Open, error).with_context("path", path.display()))
    };
    let (application_id, version) = (number("application_id")?, number("user_version")?);
    if application_id == 0 && version == 0 && is_empty(connection)? {
        return Ok(0);
    }
    if application_id != APPLICATION_ID {
        return Err(other_program(path, application_id));
    }
    known_version(path, version)?;
    Ok(version)
}

fn is_empty(connection: &Connection) -> Result<bool> {
    let count = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0));
    count.map(|count| count == 0).map_err(|error| sqlite_errors::error(Operation::Open, error))
}

/// Upgrades the store to the newest version, in the transaction that is open.
pub(super) fn migrate(connection: &Connection, from: i32) -> rusqlite::Result<()> {
    for migration in MIGRATIONS.iter().skip(usize::try_from(from).unwrap_or(0)) {
        connection.execute_batch(migration)?;
    }
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    connection.pragma_update(None, "user_version", VERSION)
}
