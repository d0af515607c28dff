//! Opening connections to the store's file.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::config::EmbeddedConfig;
use super::files::Identity;
use super::lock_holder::holder;
use super::lock_wait::LockWait;
use super::log_match;
use super::open_files::{Gone, Held};
use super::schema::{self, FileState, VERSION};
use super::sqlite_errors;
use super::unlocked::{self, Stamp};
use crate::{Error, ErrorKind, Operation, Result, Retry};

/// Oldest version of SQLite that supports the schema: STRICT tables came with 3.37.
const OLDEST_SQLITE: i32 = 3_037_000;

/// Number of pages of 4096 bytes after which the log is written back into the file.
// SQLite's default is 1000. Writing back costs two syncs, and a log that still grows makes each sync also record the
// new size of the file; at its full size (16 MB) it is used again from its beginning (bars E1 and E2).
const LOG_PAGES: i64 = 4_000;

/// Returns the error of a request for which another process held the lock for too long.
pub(super) fn busy(operation: Operation, path: &Path, waited: Duration, source: rusqlite::Error) -> Error {
    let message = format!("the store was locked for {} ms; try again later", waited.as_millis());
    let error = Error::new(ErrorKind::Busy, operation, message).with_retry(Retry::Safe);
    let error = match holder(path) {
        Some(holder) => error.with_context("held by", holder),
        None => error,
    };
    error.with_context("path", path.display()).with_source(source)
}

/// Connection and the files that it has open.
pub(super) struct Opened {
    // Dropped before the connection: see `Held`.
    files: Files,
    pub(super) connection: Connection,
}

/// Files that a connection has open.
pub(super) enum Files {
    /// The store's file with its log, shared with other connections.
    Shared(Held),
    /// The store's file alone, without locks, with its state when it was opened.
    Alone(Stamp),
}

impl Opened {
    /// Returns a connection that shares the log. It has read once, so that SQLite has opened the log.
    fn shared(connection: Connection, path: &Path, identity: Identity) -> Result<Self> {
        match Held::of(path, identity) {
            Ok(held) => Ok(Self { files: Files::Shared(held), connection }),
            Err(gone) => {
                keep_log(&connection);
                Err(gone.error(Operation::Open, path))
            }
        }
    }

    pub(super) fn files(&self) -> &Files {
        &self.files
    }
}

impl Drop for Opened {
    // If other files are at the path now, SQLite must not write its log into them, nor delete theirs.
    fn drop(&mut self) {
        if let Files::Shared(held) = &self.files
            && held.look().is_err()
        {
            keep_log(&self.connection);
        }
    }
}

/// Makes the connection leave the log as it is when it is closed.
fn keep_log(connection: &Connection) {
    // Fails only for versions of SQLite without this option, which are older than `OLDEST_SQLITE`.
    let _ = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
}

/// Returns the identity of the file that a connection has just opened. Refuses another file than the one that was there
/// before.
// SQLite gives no access to its descriptor. A file that is the same before and after the open is the one it has open.
fn opened_file(path: &Path, before: Option<Identity>) -> Result<Identity> {
    match Identity::of(path) {
        Some(now) if before.is_none_or(|before| before == now) => Ok(now),
        _ => Err(Gone::Store.error(Operation::Open, path)),
    }
}

/// Opens the store for writing. Creates it if there is none and that is allowed, and upgrades it to the newest version.
pub(super) fn open_to_write(config: &EmbeddedConfig, path: &Path) -> Result<Opened> {
    if rusqlite::version_number() < OLDEST_SQLITE {
        let message = format!("SQLite {} is too old; use 3.37 or newer, or the feature `bundled`", rusqlite::version());
        return Err(Error::new(ErrorKind::Config, Operation::Open, message));
    }
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    if schema::inspect(path)? == FileState::New {
        if !config.create {
            return Err(absent(path, "check the path, or create the store first"));
        }
        flags |= OpenFlags::SQLITE_OPEN_CREATE;
    }
    let fail = |error: rusqlite::Error| {
        if sqlite_errors::is_busy(&error) {
            return busy(Operation::Open, path, config.busy_timeout, error);
        }
        sqlite_errors::error(Operation::Open, error).with_context("path", path.display())
    };
    let before = Identity::of(path);
    let in_file = log_match::last_in_file(path);
    let connection = Connection::open_with_flags(path, flags).map_err(fail)?;
    let identity = opened_file(path, before)?;
    // Waiting is done by `LockWait` and not by SQLite, whose sleeps are too long.
    connection.busy_timeout(Duration::ZERO).map_err(fail)?;
    let mut wait = LockWait::new(Operation::Open.as_str(), config.busy_timeout);
    // A store that is refused below stays as it is: its log is not written back when the connection is closed.
    let no_checkpoint = |off| connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, off).map(|_| ());
    no_checkpoint(true).map_err(fail)?;
    let version = loop {
        match schema::version_of(&connection, path) {
            Err(error) if error.kind() == ErrorKind::Busy && wait.wait() => {}
            version => break version?,
        }
    };
    if version > 0 {
        log_match::check(&connection, path, in_file)?;
    }
    if version < VERSION {
        upgrade(&connection, path, &mut wait, fail)?;
    }
    no_checkpoint(false).map_err(fail)?;
    if connection.is_readonly("main").map_err(fail)? {
        let message = "the store's file is read-only; make it writable, or open it read-only";
        return Err(
            Error::new(ErrorKind::PermissionDenied, Operation::Open, message).with_context("path", path.display())
        );
    }
    let mode =
        wait.insist(|| connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0)));
    let mode = mode.map_err(fail)?;
    if !mode.eq_ignore_ascii_case("wal") {
        let message = "the file system cannot share memory between processes, which the store needs; use a local one";
        return Err(Error::new(ErrorKind::Config, Operation::Open, message).with_context("path", path.display()));
    }
    settings(&connection, 8_192).map_err(fail)?;
    connection.pragma_update(None, "synchronous", "FULL").map_err(fail)?;
    connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES).map_err(fail)?;
    connection.pragma_update(None, "journal_size_limit", 64 << 20).map_err(fail)?;
    if let Some(pages) = config.max_pages {
        connection.pragma_update(None, "max_page_count", pages).map_err(fail)?;
    }
    // After the first read SQLite has the log open, and holds the shared lock that keeps others from deleting it.
    wait.insist(|| read_once(&connection)).map_err(fail)?;
    Opened::shared(connection, path, identity)
}

fn read_once(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
}

/// Creates the schema, or upgrades it to the newest version, unless another process has done so meanwhile.
fn upgrade(
    connection: &Connection,
    path: &Path,
    wait: &mut LockWait,
    fail: impl Fn(rusqlite::Error) -> Error,
) -> Result<()> {
    // Before WAL mode is set, SQLite commits by deleting a journal. EXTRA syncs the directory after it; otherwise the
    // journal could come back after a power failure and undo the commit.
    connection.pragma_update(None, "synchronous", "EXTRA").map_err(&fail)?;
    connection.pragma_update(None, "fullfsync", true).map_err(&fail)?;
    wait.insist(|| connection.execute_batch("BEGIN IMMEDIATE")).map_err(&fail)?;
    // Read again under the lock: another process may have created or upgraded the store.
    let from = schema::version_of(connection, path)?;
    if from < VERSION {
        schema::migrate(connection, from).map_err(&fail)?;
    }
    wait.insist(|| connection.execute_batch("COMMIT")).map_err(&fail)
}

fn settings(connection: &Connection, cache_kib: i64) -> rusqlite::Result<()> {
    connection.pragma_update(None, "cache_size", -cache_kib)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    // A file from elsewhere may have triggers or views in its schema; they must not call functions with side effects.
    connection.pragma_update(None, "trusted_schema", false)?;
    // On macOS fsync does not flush the cache of the drive; this does.
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "checkpoint_fullfsync", true)
}

/// Opens the store for reading.
pub(super) fn open_to_read(config: &EmbeddedConfig, path: &Path) -> Result<Opened> {
    let fail =
        |error: rusqlite::Error| sqlite_errors::error(Operation::Open, error).with_context("path", path.display());
    let opened = if config.read_only {
        open_read_only(path)?
    } else {
        let before = Identity::of(path);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(fail)?;
        let identity = opened_file(path, before)?;
        connection.busy_timeout(config.busy_timeout).map_err(fail)?;
        // The writer's connection is closed last and writes the log back.
        keep_log(&connection);
        read_once(&connection).map_err(fail)?;
        Opened::shared(connection, path, identity)?
    };
    opened.connection.busy_timeout(config.busy_timeout).map_err(fail)?;
    settings(&opened.connection, 2_048).map_err(fail)?;
    opened.connection.pragma_update(None, "query_only", true).map_err(fail)?;
    Ok(opened)
}

/// Opens a store that is only read.
///
/// SQLite needs the `-shm` file even to read. If it cannot be created and there is no log, no process is writing, and
/// the file is read alone, without locks.
fn open_read_only(path: &Path) -> Result<Opened> {
    const REMEDY: &str = "check the path, or open the store once to write";
    if schema::inspect(path)? == FileState::New {
        return Err(absent(path, REMEDY));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let fail =
        |error: rusqlite::Error| sqlite_errors::error(Operation::Open, error).with_context("path", path.display());
    let before = Identity::of(path);
    let in_file = log_match::last_in_file(path);
    let connection = Connection::open_with_flags(path, flags).map_err(fail)?;
    let identity = opened_file(path, before)?;
    keep_log(&connection);
    let (version, opened) = match schema::version_of(&connection, path) {
        // SQLite has several codes for this: CANTOPEN, READONLY_CANTINIT, READONLY_DIRECTORY and others.
        Err(error) if matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::PermissionDenied) => {
            drop(connection);
            let stamp = Stamp::of(path);
            if unlocked::changes_beside(path) {
                return Err(error.with_context(
                    "log",
                    "the store has a log, and reading it needs write permission on its directory; open the store once to \
                     write",
                ));
            }
            let connection = unlocked::open(path).map_err(fail)?;
            (schema::version_of(&connection, path)?, Opened { files: Files::Alone(stamp), connection })
        }
        version => {
            let version = version?;
            if version > 0 {
                log_match::check(&connection, path, in_file)?;
            }
            (version, Opened::shared(connection, path, identity)?)
        }
    };
    match version {
        VERSION => Ok(opened),
        0 => Err(absent(path, REMEDY)),
        version => Err(outdated(path, version)),
    }
}

fn absent(path: &Path, remedy: &str) -> Error {
    let message = format!("there is no store: the file does not exist or is empty; {remedy}");
    Error::new(ErrorKind::Config, Operation::Open, message).with_context("path", path.display())
}

fn outdated(path: &Path, version: i32) -> Error {
    let message = format!("the store has version {version}; open it once to write, which upgrades it to {VERSION}");
    Error::new(ErrorKind::Config, Operation::Open, message).with_context("path", path.display())
}
