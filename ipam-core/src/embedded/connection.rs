//! Opening connections to the store's file.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::codes;
use super::config::EmbeddedConfig;
use super::files::{Identity, beside, has_content};
use super::holder::holder;
use super::schema::{self, VERSION, Verdict};
use crate::{Error, ErrorKind, Result, Retry};

const OP: &str = "open";

/// The oldest SQLite that knows what the schema uses (STRICT tables, 3.37).
const OLDEST_SQLITE: i32 = 3_037_000;

/// After how many pages of 4096 bytes the log is written back into the file. Each time costs two syncs; a log that has
/// reached this size is used again from its beginning, and then grows no more.
const LOG_PAGES: i64 = 4_000;

/// Waits a moment longer each time, until the deadline. Sleeps are short: whoever holds the lock holds it for a
/// millisecond, and lets go of it only for a moment before the next one takes it.
pub(super) struct Patience {
    deadline: Instant,
    next: Duration,
}

impl Patience {
    pub(super) fn new(wait: Duration) -> Self {
        let now = Instant::now();
        let deadline = now.checked_add(wait).unwrap_or_else(|| now + Duration::from_secs(365 * 86_400));
        Self { deadline, next: Duration::from_micros(50) }
    }

    /// Sleeps. Answers whether there is time for another attempt.
    pub(super) fn wait(&mut self) -> bool {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        std::thread::sleep(self.next.min(left));
        // The clock's own noise keeps waiting processes from meeting at the same moment again and again.
        let clock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let noise = u64::from(clock.subsec_nanos() % 512);
        self.next = (self.next * 2).min(Duration::from_micros(1_000 + noise));
        true
    }

    /// Calls `attempt` until it does not fail because of a lock.
    pub(super) fn insist<T>(&mut self, mut attempt: impl FnMut() -> rusqlite::Result<T>) -> rusqlite::Result<T> {
        loop {
            match attempt() {
                Err(error) if codes::is_busy(&error) && self.wait() => {}
                done => return done,
            }
        }
    }
}

/// Somebody else held the lock for too long.
pub(super) fn busy(operation: &'static str, path: &Path, waited: Duration, source: rusqlite::Error) -> Error {
    let message = format!("the store was locked for {} ms; try again later", waited.as_millis());
    let error = Error::new(ErrorKind::Busy, operation, message).with_retry(Retry::Safe);
    let error = match holder(path) {
        Some(holder) => error.with_context("held by", holder),
        None => error,
    };
    error.with_context("path", path.display()).with_source(source)
}

/// Opens the store to write, creates it if there is none and that is allowed, and brings it to the newest version.
pub(super) fn open_to_write(config: &EmbeddedConfig, path: &Path) -> Result<(Connection, Identity)> {
    if rusqlite::version_number() < OLDEST_SQLITE {
        let message = format!("SQLite {} is too old; use 3.37 or newer, or the feature `bundled`", rusqlite::version());
        return Err(Error::new(ErrorKind::Config, OP, message));
    }
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    if schema::inspect(path)? == Verdict::New {
        if !config.create {
            return Err(absent(path, "look at the path, or create the store first"));
        }
        flags |= OpenFlags::SQLITE_OPEN_CREATE;
    }
    let fail = |error: rusqlite::Error| {
        if codes::is_busy(&error) {
            return busy(OP, path, config.busy_timeout, error);
        }
        codes::error(OP, error).with_context("path", path.display())
    };
    let connection = Connection::open_with_flags(path, flags).map_err(fail)?;
    // Waiting is done here, where the deadline is known.
    connection.busy_timeout(Duration::ZERO).map_err(fail)?;
    let mut patience = Patience::new(config.busy_timeout);
    // What is refused stays as it is: its log is not written back when the connection is closed.
    let no_checkpoint = |off| connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, off).map(|_| ());
    no_checkpoint(true).map_err(fail)?;
    let version = loop {
        match schema::version_of(&connection, path) {
            Err(error) if error.kind() == ErrorKind::Busy && patience.wait() => {}
            answer => break answer?,
        }
    };
    if version < VERSION {
        upgrade(&connection, path, &mut patience, fail)?;
    }
    no_checkpoint(false).map_err(fail)?;
    if connection.is_readonly("main").map_err(fail)? {
        let message = "the store's file is read-only; make it writable, or open it read-only";
        return Err(Error::new(ErrorKind::PermissionDenied, OP, message).with_context("path", path.display()));
    }
    let mode = patience
        .insist(|| connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0)));
    let mode = mode.map_err(fail)?;
    if !mode.eq_ignore_ascii_case("wal") {
        let message = "the file system cannot share memory between processes, which the store needs; use a local one";
        return Err(Error::new(ErrorKind::Config, OP, message).with_context("path", path.display()));
    }
    settings(&connection, 8_192).map_err(fail)?;
    connection.pragma_update(None, "synchronous", "FULL").map_err(fail)?;
    connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES).map_err(fail)?;
    connection.pragma_update(None, "journal_size_limit", 64 << 20).map_err(fail)?;
    if let Some(pages) = config.max_pages {
        connection.pragma_update(None, "max_page_count", pages).map_err(fail)?;
    }
    let identity = Identity::of(path).ok_or_else(|| moved(OP, path))?;
    Ok((connection, identity))
}

/// Creates the schema, or brings it to the newest version, unless another process was quicker.
fn upgrade(
    connection: &Connection,
    path: &Path,
    patience: &mut Patience,
    fail: impl Fn(rusqlite::Error) -> Error,
) -> Result<()> {
    // Before there is a log, the deletion of a journal is what commits: the directory is synced, too.
    connection.pragma_update(None, "synchronous", "EXTRA").map_err(&fail)?;
    connection.pragma_update(None, "fullfsync", true).map_err(&fail)?;
    patience.insist(|| connection.execute_batch("BEGIN IMMEDIATE")).map_err(&fail)?;
    let from = schema::version_of(connection, path)?;
    if from < VERSION {
        schema::migrate(connection, from).map_err(&fail)?;
    }
    patience.insist(|| connection.execute_batch("COMMIT")).map_err(&fail)
}

fn settings(connection: &Connection, cache_kib: i64) -> rusqlite::Result<()> {
    connection.pragma_update(None, "cache_size", -cache_kib)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    // A schema is data: nothing in it may call what the schema's own program did not write.
    connection.pragma_update(None, "trusted_schema", false)?;
    // macOS: have the drive write its own cache, too.
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "checkpoint_fullfsync", true)
}

/// Opens the store to read.
pub(super) fn open_to_read(config: &EmbeddedConfig, path: &Path) -> Result<(Connection, Identity)> {
    let fail = |error: rusqlite::Error| codes::error(OP, error).with_context("path", path.display());
    let connection = if config.read_only {
        open_read_only(path)?
    } else {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Connection::open_with_flags(path, flags).map_err(fail)?
    };
    connection.busy_timeout(config.busy_timeout).map_err(fail)?;
    settings(&connection, 2_048).map_err(fail)?;
    connection.pragma_update(None, "query_only", true).map_err(fail)?;
    let identity = Identity::of(path).ok_or_else(|| moved(OP, path))?;
    Ok((connection, identity))
}

/// Opens a store that is never written. SQLite shares memory with writers even so, in a file beside the store; where that
/// cannot be made and there is no log, nobody can be writing, and the file alone is read.
fn open_read_only(path: &Path) -> Result<Connection> {
    const REMEDY: &str = "look at the path, or open it once to write";
    if schema::inspect(path)? == Verdict::New {
        return Err(absent(path, REMEDY));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let fail = |error: rusqlite::Error| codes::error(OP, error).with_context("path", path.display());
    let connection = Connection::open_with_flags(path, flags).map_err(fail)?;
    let version = match schema::version_of(&connection, path) {
        Err(error) if error.kind() == ErrorKind::Unavailable && !has_content(&beside(path, "-wal")) => {
            drop(connection);
            let connection = Connection::open_with_flags(immutable(path), flags | OpenFlags::SQLITE_OPEN_URI);
            let connection = connection.map_err(fail)?;
            return match schema::version_of(&connection, path)? {
                VERSION => Ok(connection),
                version => Err(outdated(path, version)),
            };
        }
        answer => answer?,
    };
    match version {
        VERSION => Ok(connection),
        0 => Err(absent(path, REMEDY)),
        version => Err(outdated(path, version)),
    }
}

fn absent(path: &Path, remedy: &str) -> Error {
    let message = format!("there is no store: the file does not exist, or is empty; {remedy}");
    Error::new(ErrorKind::Config, OP, message).with_context("path", path.display())
}

fn outdated(path: &Path, version: i32) -> Error {
    let message = format!("the store is of version {version}; open it once to write, which brings it to {VERSION}");
    Error::new(ErrorKind::Config, OP, message).with_context("path", path.display())
}

/// The name by which SQLite opens a file without locks.
fn immutable(path: &Path) -> PathBuf {
    let text = path.to_string_lossy();
    let text = text.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    PathBuf::from(format!("file:{text}?immutable=1"))
}

/// The file was deleted, or another one took its place.
pub(super) fn moved(operation: &'static str, path: &Path) -> Error {
    let message = "the store's file was deleted or replaced while it was open, and nothing was done; open it again";
    Error::new(ErrorKind::Unavailable, operation, message).with_context("path", path.display())
}
