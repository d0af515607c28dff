//! Reads of the database file without its log and without locks, through SQLite.
//!
//! A file that is opened and closed beside SQLite loses the locks that SQLite has on it in the same process. SQLite itself
//! knows which files it has open, and closes none of them while it holds a lock.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rusqlite::{Connection, OpenFlags};

use super::files::{Identity, beside, has_content};
use super::sqlite_errors;
use crate::{Error, ErrorKind, Operation};

/// What the first page says the file is.
pub(super) struct Header {
    pub(super) application_id: i32,
    pub(super) version: i32,
    pub(super) page_size: u64,
}

/// Reads the header of the file at the path. The code of the error is `NotADatabase` if it is none, `DatabaseCorrupt` if
/// the file is shorter than its header says, and `CannotOpen` if it cannot be read.
pub(super) fn header_of(path: &Path) -> rusqlite::Result<Header> {
    let connection = open(path)?;
    let number = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let (application_id, version) = (number("application_id")?, number("user_version")?);
    let page_size = u64::try_from(number("page_size")?).unwrap_or(0).max(1);
    Ok(Header { application_id, version, page_size })
}

/// What SQLite says of a file that is no database.
pub(super) fn too_short() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_NOTADB), None)
}

/// Opens the file without locks and without its log. It must not change as long as the connection reads.
pub(super) fn open(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    Connection::open_with_flags(uri(path), flags)
}

/// A file that is there and cannot be opened to read.
pub(super) fn unreadable(path: &Path, source: rusqlite::Error) -> Error {
    // SQLite does not say why. Opening something else tells a lack of file handles from a lack of rights.
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
    let message = "the store's file cannot be read; look at the rights of the file";
    Error::new(ErrorKind::PermissionDenied, Operation::Open, message)
        .with_context("path", path.display())
        .with_source(source)
}

/// The state of a file that is read alone, by which a change is noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    identity: Option<Identity>,
    len: u64,
    modified: Option<SystemTime>,
    log: bool,
}

impl Stamp {
    /// The state of the file at the path now.
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

/// Whether a log or a journal with something in it lies beside the file, so that the file alone is not the store.
pub(super) fn changes_beside(path: &Path) -> bool {
    has_content(&beside(path, "-wal")) || has_content(&beside(path, "-journal"))
}

/// The name by which SQLite opens a file without locks: every byte that is not plain is escaped.
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
