//! What a store's file has to be: the format, its version, and how older versions become the newest.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;

use super::codes;
use super::files::{self, Found, beside, has_content};
use crate::{Error, ErrorKind, Result};

const OP: &str = "open";

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

/// Refuses a file that is no store of ours, without opening it with SQLite, which might change it.
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

fn inspect_once(path: &Path) -> Result<Verdict> {
    let (head, len) = match files::look(path)? {
        Found::Nothing => return Ok(Verdict::New),
        Found::File(head, len) => (head, len),
    };
    // With a journal beside it the file is in the middle of a change, which SQLite undoes or redoes.
    let changing = has_content(&beside(path, "-journal"));
    let Some(header) = Header::of(&head) else {
        if changing {
            return Ok(Verdict::Store);
        }
        return Err(refused(path, "the file is not an SQLite database").with_context("length", len));
    };
    if header.application_id != APPLICATION_ID {
        return Err(foreign(path, header.application_id));
    }
    known_version(path, header.version)?;
    if !changing
        && !has_content(&beside(path, "-wal"))
        && let Some(expected) = header.len()
        && len < expected
    {
        let message = format!("the file is truncated: {len} bytes are left of {expected}; restore a backup");
        return Err(Error::new(ErrorKind::Corrupt, OP, message).with_context("path", path.display()));
    }
    Ok(Verdict::Store)
}

/// Refuses a version that this program does not know.
fn known_version(path: &Path, version: i32) -> Result<()> {
    if version <= VERSION {
        return Ok(());
    }
    let message = format!(
        "the store is of version {version}, and this program knows versions up to {VERSION}; use a newer program"
    );
    Err(Error::new(ErrorKind::Corrupt, OP, message)
        .with_context("path", path.display())
        .with_context("found", version)
        .with_context("supported", VERSION))
}

fn foreign(path: &Path, application_id: i32) -> Error {
    refused(path, "the file is an SQLite database of another program")
        .with_context("application id", format_args!("{application_id:#x}"))
}

fn refused(path: &Path, what: &str) -> Error {
    Error::new(ErrorKind::Corrupt, OP, format!("{what}; name another file, which is created if it does not exist"))
        .with_context("path", path.display())
        .with_context("supported", VERSION)
}

/// The parts of SQLite's file header that matter here (section 1.3 of its file format).
struct Header {
    page_size: u64,
    pages: u32,
    /// Whether `pages` was written by a SQLite that keeps it.
    pages_valid: bool,
    version: i32,
    application_id: i32,
}

impl Header {
    fn of(head: &[u8]) -> Option<Self> {
        if !head.starts_with(b"SQLite format 3\0") {
            return None;
        }
        let word = |at: usize| head.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes);
        let page_size = u64::from(u16::from_be_bytes(head.get(16..18)?.try_into().ok()?));
        Some(Self {
            page_size: if page_size == 1 { 65_536 } else { page_size },
            pages: word(28)?,
            pages_valid: word(24)? == word(92)?,
            version: word(60)?.cast_signed(),
            application_id: word(68)?.cast_signed(),
        })
    }

    /// How many bytes the file has to have.
    fn len(&self) -> Option<u64> {
        (self.pages_valid && self.pages > 0).then(|| self.page_size * u64::from(self.pages))
    }
}

/// What SQLite says the file is, its log included.
pub(super) fn version_of(connection: &Connection, path: &Path) -> Result<i32> {
    let number = |name: &str| {
        connection
            .pragma_query_value(None, name, |row| row.get::<_, i32>(0))
            .map_err(|error| codes::error(OP, error).with_context("path", path.display()))
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
    count.map(|count| count == 0).map_err(|error| codes::error(OP, error))
}

/// Brings the store to the newest version. A transaction is open; all of it is done in it.
pub(super) fn migrate(connection: &Connection, from: i32) -> rusqlite::Result<()> {
    for migration in MIGRATIONS.iter().skip(usize::try_from(from).unwrap_or(0)) {
        connection.execute_batch(migration)?;
    }
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    connection.pragma_update(None, "user_version", VERSION)
}
