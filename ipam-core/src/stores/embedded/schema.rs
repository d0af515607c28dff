//! What a store's file has to be: the format, its version, and how older versions become the newest.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode};

use super::files::{self, Found, beside, has_content};
use super::sqlite_errors;
use super::unlocked;
use crate::{Error, ErrorKind, Operation, Result};

/// "IPAM", where SQLite's header says whose file it is.
pub(super) const APPLICATION_ID: i32 = 0x4950_414d;

/// What makes version `n` of `n - 1`.
const MIGRATIONS: [&str; 1] = [include_str!("migrations/0001_initial.sql")];

/// The version this program reads and writes.
#[allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "there are few")]
pub(super) const VERSION: i32 = MIGRATIONS.len() as i32;

/// What a look at the file's first bytes says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// There is no store yet.
    New,
    /// There is one, as far as its first bytes tell.
    Store,
}

/// Refuses a file that is no store of ours before it is opened in a way that might change it.
pub(super) fn inspect(path: &Path) -> Result<Verdict> {
    let mut verdict = inspect_once(path);
    // A store that another process is just creating may look unfinished for a moment.
    for _ in 0..5 {
        if verdict.is_ok() {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
        verdict = inspect_once(path);
    }
    verdict
}

/// The length of SQLite's header (section 1.3 of its file format).
const HEADER: u64 = 100;

fn inspect_once(path: &Path) -> Result<Verdict> {
    let len = match files::look(path)? {
        Found::Nothing => return Ok(Verdict::New),
        Found::File(len) => len,
    };
    // With a journal beside it the file is in the middle of a change, which SQLite undoes or redoes.
    let changing = has_content(&beside(path, "-journal"));
    // SQLite takes what is too short to say anything for an empty database.
    let header = if len < HEADER { Err(unlocked::too_short()) } else { unlocked::header_of(path) };
    let header = match header {
        Ok(header) => header,
        Err(error) => {
            return match error.sqlite_error_code() {
                Some(ErrorCode::NotADatabase) if changing => Ok(Verdict::Store),
                Some(ErrorCode::NotADatabase) => {
                    Err(refused(path, "the file is no store: it is not an SQLite database").with_context("length", len))
                }
                Some(ErrorCode::DatabaseCorrupt) if changing || has_content(&beside(path, "-wal")) => {
                    Ok(Verdict::Store)
                }
                Some(ErrorCode::DatabaseCorrupt) => Err(truncated(path, len)),
                Some(ErrorCode::CannotOpen) => Err(unlocked::unreadable(path, error)),
                _ => Err(sqlite_errors::error(Operation::Open, error).with_context("path", path.display())),
            };
        }
    };
    if header.application_id != APPLICATION_ID {
        return Err(foreign(path, header.application_id));
    }
    known_version(path, header.version)?;
    // Half a last page passes SQLite as a whole one.
    if len % header.page_size != 0 && !changing && !has_content(&beside(path, "-wal")) {
        return Err(truncated(path, len));
    }
    Ok(Verdict::Store)
}

fn truncated(path: &Path, len: u64) -> Error {
    let message =
        format!("the file is truncated: {len} bytes are left, and it says that it has more; restore a backup");
    Error::new(ErrorKind::Corrupt, Operation::Open, message).with_context("path", path.display())
}

/// Refuses a version that this program does not know.
fn known_version(path: &Path, version: i32) -> Result<()> {
    if version <= VERSION {
        return Ok(());
    }
    let message = format!(
        "the store is of version {version}, and this program knows versions up to {VERSION}; use a newer program"
    );
    Err(Error::new(ErrorKind::Corrupt, Operation::Open, message)
        .with_context("path", path.display())
        .with_context("found", version)
        .with_context("supported", VERSION))
}

fn foreign(path: &Path, application_id: i32) -> Error {
    let error = refused(path, "the file is no store: it is an SQLite database of another program");
    // Most programs set none.
    if application_id == 0 { error } else { error.with_context("application id", format_args!("{application_id:#x}")) }
}

fn refused(path: &Path, what: &str) -> Error {
    let message = format!("{what}; it was left as it is: name another file, which is created if it does not exist");
    Error::new(ErrorKind::Corrupt, Operation::Open, message).with_context("path", path.display())
}

/// What SQLite says the file is, its log included.
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
        return Err(foreign(path, application_id));
    }
    known_version(path, version)?;
    Ok(version)
}

fn is_empty(connection: &Connection) -> Result<bool> {
    let count = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0));
    count.map(|count| count == 0).map_err(|error| sqlite_errors::error(Operation::Open, error))
}

/// Brings the store to the newest version. A transaction is open; all of it is done in it.
pub(super) fn migrate(connection: &Connection, from: i32) -> rusqlite::Result<()> {
    for migration in MIGRATIONS.iter().skip(usize::try_from(from).unwrap_or(0)) {
        connection.execute_batch(migration)?;
    }
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    connection.pragma_update(None, "user_version", VERSION)
}
