//! Conversion of SQLite's result codes to kinds of errors. No other module depends on the codes.

use std::error::Error as StdError;

use rusqlite::ErrorCode;

use crate::{Error, ErrorKind, Operation, Retry};

/// Returns the error of a failure before the commit: nothing was applied.
pub(super) fn error(operation: Operation, source: rusqlite::Error) -> Error {
    let (kind, retry, message) = explain(&source);
    Error::new(kind, operation, message).with_retry(retry).with_source(source)
}

/// Returns the error of a failed commit: it is unknown whether it was applied.
// SQLite may fail after the log was written, in the sync. The next process that opens the store then finds a valid
// commit in the log, or does not. So no code of a commit is safe to repeat without a key.
pub(super) fn commit_error(operation: Operation, source: &rusqlite::Error) -> Error {
    let (kind, _, message) = explain(source);
    let kind = if kind == ErrorKind::Corrupt { kind } else { ErrorKind::Unavailable };
    let message = format!(
        "the commit failed, and its outcome is unknown: {message}; repeat the request with the same key, or look the key up"
    );
    Error::new(kind, operation, message).with_retry(Retry::IfIdempotent).with_source(source.to_string())
}

/// Copies an error for another caller of the same batch.
// `rusqlite::Error` cannot be cloned. The code and the text are what later decisions look at.
pub(super) fn copy(error: &rusqlite::Error) -> rusqlite::Error {
    match error {
        rusqlite::Error::SqliteFailure(code, message) => rusqlite::Error::SqliteFailure(*code, message.clone()),
        other => rusqlite::Error::ToSqlConversionFailure(other.to_string().into()),
    }
}

/// Returns the error for a row that this program cannot have written.
pub(super) fn unsound(operation: Operation, what: impl std::fmt::Display) -> Error {
    Error::new(
        ErrorKind::Corrupt,
        operation,
        format!(
            "the store has a row that this program cannot have written: {what}; stop the programs that use it, check the \
             store, and restore a backup if the check finds damage"
        ),
    )
}

/// Returns true if another connection held the lock.
pub(super) fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

// Every code of the binding is listed, with the remedy that an operator can act on. `Retry::Safe` only for conditions
// that pass by themselves or can be mended without changing the request.
fn explain(error: &rusqlite::Error) -> (ErrorKind, Retry, &'static str) {
    let Some(code) = error.sqlite_error_code() else {
        return explain_binding(error);
    };
    if error.sqlite_error().is_some_and(|error| error.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE) {
        return (ErrorKind::Unavailable, Retry::Safe, "the disk has no room for the store's -shm file; make room");
    }
    match code {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed => {
            (ErrorKind::Busy, Retry::Safe, "another process holds the store's lock; try again later")
        }
        ErrorCode::OperationInterrupted | ErrorCode::OperationAborted => {
            (ErrorKind::Unavailable, Retry::Safe, "the store's work was interrupted")
        }
        ErrorCode::PermissionDenied | ErrorCode::AuthorizationForStatementDenied => {
            (ErrorKind::PermissionDenied, Retry::Never, "the permissions of the store's file do not allow it")
        }
        ErrorCode::ReadOnly => (
            ErrorKind::PermissionDenied,
            Retry::Never,
            "the store cannot be written; check the permissions of the file, of its directory and of the file system",
        ),
        ErrorCode::OutOfMemory => (ErrorKind::Unavailable, Retry::Safe, "out of memory"),
        ErrorCode::SystemIoFailure => {
            (ErrorKind::Unavailable, Retry::Safe, "the disk failed to read or write; check the system's log")
        }
        ErrorCode::DiskFull => (ErrorKind::Unavailable, Retry::Safe, "the disk is full; make room"),
        ErrorCode::CannotOpen => (
            ErrorKind::Unavailable,
            Retry::Safe,
            "the store's files cannot be opened; check the path and the permissions of the directory",
        ),
        ErrorCode::DatabaseCorrupt => (
            ErrorKind::Corrupt,
            Retry::Never,
            "the store is damaged; stop the programs that use it and restore a backup",
        ),
        ErrorCode::NotADatabase => (ErrorKind::Corrupt, Retry::Never, "the file is not a store"),
        ErrorCode::ConstraintViolation => (
            ErrorKind::Corrupt,
            Retry::Never,
            "a constraint of the store refused a write, which does not happen in a sound store; check the store",
        ),
        ErrorCode::SchemaChanged | ErrorCode::NotFound | ErrorCode::TypeMismatch => (
            ErrorKind::Corrupt,
            Retry::Never,
            "the store's schema has changed; a newer program, or an edit by hand, has changed it: open it with a program \
             that supports it",
        ),
        ErrorCode::TooBig => (ErrorKind::InvalidInput, Retry::Never, "a value is too big for the store"),
        ErrorCode::NoLargeFileSupport => {
            (ErrorKind::Unavailable, Retry::Never, "the file system does not support files of this size")
        }
        ErrorCode::InternalMalfunction | ErrorCode::ApiMisuse | ErrorCode::ParameterOutOfRange => (
            ErrorKind::Corrupt,
            Retry::Never,
            "SQLite refuses the statement; this is a defect, or the schema was changed",
        ),
        // SQLITE_ERROR, which is a statement that does not fit the schema, and codes that are newer than this list.
        _ => (ErrorKind::Corrupt, Retry::Never, "a statement failed that a sound store accepts; check the store"),
    }
}

/// Converts an error of the binding itself, such as a row whose columns have other types than the schema says.
fn explain_binding(error: &rusqlite::Error) -> (ErrorKind, Retry, &'static str) {
    match error {
        rusqlite::Error::InvalidPath(_) | rusqlite::Error::NulError(_) => {
            (ErrorKind::Config, Retry::Never, "SQLite cannot open a file of this name")
        }
        _ => (ErrorKind::Corrupt, Retry::Never, "a row of the store has an unexpected shape; check the store"),
    }
}

/// Returns the error for a file that was accessed without SQLite.
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

/// Returns the same error for another caller. `Error` cannot be cloned, because its source cannot.
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
