//! Reads of the database file through SQLite, without its log and without locks.
//!
//! Plain file access is ruled out: closing any descriptor of a file drops all POSIX locks that the process has on it,
//! including those of SQLite. Another process would then take the store for unused and delete its log. SQLite knows
//! which files it has open, and closes none of them while it holds a lock.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rusqlite::{Connection, OpenFlags};

use super::files::{Identity, beside, has_content};
use super::sqlite_errors;
use crate::{Error, ErrorKind, Operation};

/// Header of the database file.
pub(super) struct Header {
    pub(super) application_id: i32,
    pub(super) version: i32,
    pub(super) page_size: u64,
}

/// Reads the header of the file at the path.
///
/// # Errors
/// With SQLite's code `NotADatabase` if the file is not a database, `DatabaseCorrupt` if it is shorter than its header
/// says, and `CannotOpen` if it cannot be read.
pub(super) fn header_of(path: &Path) -> rusqlite::Result<Header> {
    let connection = open(path)?;
    let number = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let (application_id, version) = (number("application_id")?, number("user_version")?);
    let page_size = u64::try_from(number("page_size")?).unwrap_or(0).max(1);
    Ok(Header { application_id, version, page_size })
}

/// Returns SQLite's error for a file that is not a database.
pub(super) fn too_short() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_NOTADB), None)
}

/// Opens the file without locks and without its log.
// `immutable=1` also lets SQLite read where it may not create `-shm`. It trusts that the file does not change: a caller
// that reads more than the header compares `Stamp`s before and after.
pub(super) fn open(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    Connection::open_with_flags(uri(path), flags)
}

/// Returns the error for a file that exists and cannot be opened for reading.
pub(super) fn unreadable(path: &Path, source: rusqlite::Error) -> Error {
    // SQLite does not say why it cannot open a file. If the root directory cannot be opened either, the process lacks
    // file descriptors and not permissions. The store's file itself must not be opened (see above).
    if let Some(root) = path.ancestors().last()
        && let Err(error) = File::open(root)
        && error.kind() != std::io::ErrorKind::PermissionDenied
    {
        return sqlite_errors::io_error(
            Operation::Open,
            format!("the store {} cannot be opened: {error}", path.display()),
            error,
        );
    }
    let message = "the store's file cannot be read; check the permissions of the file";
    Error::new(ErrorKind::PermissionDenied, Operation::Open, message)
        .with_context("path", path.display())
        .with_source(source)
}

/// State of a file that is read without locks. A change of the file changes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    identity: Option<Identity>,
    len: u64,
    modified: Option<SystemTime>,
    log: bool,
}

impl Stamp {
    /// Returns the current state of the file at the path.
    pub(super) fn of(path: &Path) -> Self {
        let metadata = fs::metadata(path).ok();
        Self {
            identity: metadata.as_ref().map(Identity::from),
            len: metadata.as_ref().map_or(0, fs::Metadata::len),
            modified: metadata.and_then(|metadata| metadata.modified().ok()),
            log: changes_beside(path),
        }
    }
}

/// Returns true if a log or a journal with content lies beside the file, so that the file alone is not the whole store.
pub(super) fn changes_beside(path: &Path) -> bool {
    has_content(&beside(path, "-wal")) || has_content(&beside(path, "-journal"))
}

/// Returns the URI by which SQLite opens a file without locks. All bytes but plain ones are escaped.
fn uri(path: &Path) -> PathBuf {
    use std::fmt::Write as _;
    #[cfg(unix)]
    let bytes = {
        use std::os::unix::ffi::OsStrExt;
        path.as_os_str().as_bytes().to_vec()
    };
    #[cfg(not(unix))]
    let bytes = {
        let text = path.to_string_lossy().replace('\\', "/");
        let text = text.strip_prefix("//?/").unwrap_or(&text);
        format!("/{text}").into_bytes()
    };
    let mut uri = "file:".to_owned();
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'-' | b'_' | b':') {
            uri.push(char::from(byte));
        } else {
            // Writing into a string does not fail.
            let _ = write!(uri, "%{byte:02x}");
        }
    }
    PathBuf::from(uri + "?immutable=1")
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn strange_names_are_escaped() {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt;
        let of = |bytes: &[u8]| uri(Path::new(OsStr::from_bytes(bytes))).to_string_lossy().into_owned();
        assert_eq!(of(b"/a/b-1.db"), "file:/a/b-1.db?immutable=1");
        assert_eq!(of(b"/50% ?#\xff"), "file:/50%25%20%3f%23%ff?immutable=1");
    }
}
