//! SQLite's result codes as kinds of errors. The only place that knows them.

use std::error::Error as StdError;

use rusqlite::ErrorCode;

use crate::{Error, ErrorKind, Operation, Retry};

/// What went wrong while nothing was committed yet: nothing was applied.
pub(super) fn error(operation: Operation, source: rusqlite::Error) -> Error {
    let (kind, retry, message) = explain(&source);
    Error::new(kind, operation, message).with_retry(retry).with_source(source)
}

/// What went wrong while a transaction was being committed: nobody knows whether it was applied.
pub(super) fn commit_error(operation: Operation, source: &rusqlite::Error) -> Error {
    let (kind, _, message) = explain(source);
    let kind = if kind == ErrorKind::Corrupt { kind } else { ErrorKind::Unavailable };
    let message = format!(
        "the commit failed, and its outcome is unknown: {message}; repeat it with the same key, or look the key up"
    );
    Error::new(kind, operation, message).with_retry(Retry::IfIdempotent).with_source(source.to_string())
}

/// The same error once more, for another caller of the same batch.
pub(super) fn copy(error: &rusqlite::Error) -> rusqlite::Error {
    match error {
        rusqlite::Error::SqliteFailure(code, message) => rusqlite::Error::SqliteFailure(*code, message.clone()),
        other => rusqlite::Error::ToSqlConversionFailure(other.to_string().into()),
    }
}

/// A row that cannot be what this program wrote.
pub(super) fn unsound(operation: Operation, what: impl std::fmt::Display) -> Error {
    Error::new(
        ErrorKind::Corrupt,
        operation,
        format!(
            "the store is not sound: {what}; stop its users, check the store, and restore a backup if it is damaged"
        ),
    )
}

/// Tells whether another connection held the lock.
pub(super) fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

fn explain(error: &rusqlite::Error) -> (ErrorKind, Retry, &'static str) {
    let Some(code) = error.sqlite_error_code() else {
        return explain_binding(error);
    };
    if error.sqlite_error().is_some_and(|error| error.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE) {
        return (ErrorKind::Unavailable, Retry::Safe, "the disk has no room for the store's -shm file; make room");
    }
    match code {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed => {
            (ErrorKind::Busy, Retry::Safe, "another user holds the store's lock; try again later")
        }
        ErrorCode::OperationInterrupted | ErrorCode::OperationAborted => {
            (ErrorKind::Unavailable, Retry::Safe, "the store's work was interrupted")
        }
        ErrorCode::PermissionDenied | ErrorCode::AuthorizationForStatementDenied => {
            (ErrorKind::PermissionDenied, Retry::Never, "the rights of the store's file do not allow it")
        }
        ErrorCode::ReadOnly => (
            ErrorKind::PermissionDenied,
            Retry::Never,
            "the store cannot be written; look at the rights of the file, of its directory and of the file system",
        ),
        ErrorCode::OutOfMemory => (ErrorKind::Unavailable, Retry::Safe, "out of memory"),
        ErrorCode::SystemIoFailure => {
            (ErrorKind::Unavailable, Retry::Safe, "the disk failed to read or write; look at the system's log")
        }
        ErrorCode::DiskFull => (ErrorKind::Unavailable, Retry::Safe, "the disk is full; make room"),
        ErrorCode::CannotOpen => (
            ErrorKind::Unavailable,
            Retry::Safe,
            "the store's files cannot be opened; look at the path and at the rights of the directory",
        ),
        ErrorCode::DatabaseCorrupt => {
            (ErrorKind::Corrupt, Retry::Never, "the store is damaged; stop its users and restore a backup")
        }
        ErrorCode::NotADatabase => (ErrorKind::Corrupt, Retry::Never, "the file is not a store"),
        ErrorCode::ConstraintViolation => (
            ErrorKind::Corrupt,
            Retry::Never,
            "a constraint of the store forbids it, which no sound store does; check the store",
        ),
        ErrorCode::SchemaChanged | ErrorCode::NotFound | ErrorCode::TypeMismatch => (
            ErrorKind::Corrupt,
            Retry::Never,
            "the store's schema is not what it was; a newer program, or somebody by hand, has changed it: open it with a \
             program that knows it",
        ),
        ErrorCode::TooBig => (ErrorKind::InvalidInput, Retry::Never, "a value is too big for the store"),
        ErrorCode::NoLargeFileSupport => {
            (ErrorKind::Unavailable, Retry::Never, "the file system does not take files of this size")
        }
        ErrorCode::InternalMalfunction | ErrorCode::ApiMisuse | ErrorCode::ParameterOutOfRange => (
            ErrorKind::Corrupt,
            Retry::Never,
            "SQLite refuses the statement; this is a defect, or the schema was changed",
        ),
        // SQLITE_ERROR and what is newer than this list: a statement that does not fit the schema.
        _ => (ErrorKind::Corrupt, Retry::Never, "the store does not answer as a sound one does; check the store"),
    }
}

/// What the binding finds wrong itself: a row that has another shape than the schema says.
fn explain_binding(error: &rusqlite::Error) -> (ErrorKind, Retry, &'static str) {
    match error {
        rusqlite::Error::InvalidPath(_) | rusqlite::Error::NulError(_) => {
            (ErrorKind::Config, Retry::Never, "SQLite cannot open a file of this name")
        }
        _ => (ErrorKind::Corrupt, Retry::Never, "a row of the store has an unexpected shape; check the store"),
    }
}

/// Files are looked at without SQLite, too.
pub(super) fn io_error(operation: Operation, message: String, source: std::io::Error) -> Error {
    use std::io::ErrorKind as Io;
    let (kind, retry) = match source.kind() {
        Io::PermissionDenied | Io::ReadOnlyFilesystem => (ErrorKind::PermissionDenied, Retry::Never),
        Io::NotFound | Io::NotADirectory | Io::IsADirectory | Io::InvalidInput | Io::InvalidFilename => {
            (ErrorKind::Config, Retry::Never)
        }
        Io::AlreadyExists => (ErrorKind::AlreadyExists, Retry::Never),
        _ => (ErrorKind::Unavailable, Retry::Safe),
    };
    let source: Box<dyn StdError + Send + Sync> = source.into();
    Error::new(kind, operation, message).with_retry(retry).with_source(source)
}

/// The same error for another caller; errors cannot be copied.
pub(super) fn error_like(error: &Error, operation: Operation) -> Error {
    Error::new(error.kind(), operation, error.message().to_owned()).with_retry(error.retry())
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::*;

    fn of(code: i32) -> (ErrorKind, Retry) {
        let error = error(Operation::Allocate, rusqlite::Error::SqliteFailure(ffi::Error::new(code), None));
        (error.kind(), error.retry())
    }

    #[test]
    fn every_result_code_has_a_kind() {
        let expected = [
            (ffi::SQLITE_BUSY, ErrorKind::Busy, Retry::Safe),
            (ffi::SQLITE_BUSY_SNAPSHOT, ErrorKind::Busy, Retry::Safe),
            (ffi::SQLITE_BUSY_RECOVERY, ErrorKind::Busy, Retry::Safe),
            (ffi::SQLITE_LOCKED, ErrorKind::Busy, Retry::Safe),
            (ffi::SQLITE_PROTOCOL, ErrorKind::Busy, Retry::Safe),
            (ffi::SQLITE_FULL, ErrorKind::Unavailable, Retry::Safe),
            (ffi::SQLITE_IOERR_FSYNC, ErrorKind::Unavailable, Retry::Safe),
            (ffi::SQLITE_NOMEM, ErrorKind::Unavailable, Retry::Safe),
            (ffi::SQLITE_CANTOPEN, ErrorKind::Unavailable, Retry::Safe),
            (ffi::SQLITE_INTERRUPT, ErrorKind::Unavailable, Retry::Safe),
            (ffi::SQLITE_READONLY, ErrorKind::PermissionDenied, Retry::Never),
            (ffi::SQLITE_READONLY_DBMOVED, ErrorKind::PermissionDenied, Retry::Never),
            (ffi::SQLITE_PERM, ErrorKind::PermissionDenied, Retry::Never),
            (ffi::SQLITE_CORRUPT, ErrorKind::Corrupt, Retry::Never),
            (ffi::SQLITE_CORRUPT_INDEX, ErrorKind::Corrupt, Retry::Never),
            (ffi::SQLITE_NOTADB, ErrorKind::Corrupt, Retry::Never),
            (ffi::SQLITE_CONSTRAINT_PRIMARYKEY, ErrorKind::Corrupt, Retry::Never),
            (ffi::SQLITE_SCHEMA, ErrorKind::Corrupt, Retry::Never),
            (ffi::SQLITE_TOOBIG, ErrorKind::InvalidInput, Retry::Never),
            (ffi::SQLITE_MISUSE, ErrorKind::Corrupt, Retry::Never),
            (ffi::SQLITE_ERROR, ErrorKind::Corrupt, Retry::Never),
        ];
        for (code, kind, retry) in expected {
            assert_eq!(of(code), (kind, retry), "{code}");
        }
    }

    #[test]
    fn a_failed_commit_is_never_safe_to_repeat() {
        for code in [ffi::SQLITE_FULL, ffi::SQLITE_IOERR_FSYNC, ffi::SQLITE_BUSY, ffi::SQLITE_CORRUPT] {
            let source = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            assert_eq!(commit_error(Operation::Allocate, &source).retry(), Retry::IfIdempotent, "{code}");
        }
    }
}
