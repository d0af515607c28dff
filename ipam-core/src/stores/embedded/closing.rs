//! Closing of a store: the writer moves the log into the file, so that the file alone is the whole store.

use std::time::Duration;

use super::connection::{Files, Opened};
use super::files::{beside, has_content};
use super::lock_wait::LockWait;
use super::open_store::OpenStore;
use super::sqlite_errors;
use crate::{Error, ErrorKind, Operation, Result};

/// Longest wait for other processes that are reading or writing.
// A store in use by others is complete as file and log, so that closing need not wait for them.
const LONGEST: Duration = Duration::from_secs(2);

/// Writes the log back into the file and empties it.
///
/// If another process keeps the log in use for longer than the wait, the log stays, and this is not an error:
/// acknowledged requests are safe in it.
pub(super) fn checkpoint(opened: &Opened, shared: &OpenStore) -> Result<()> {
    let Files::Shared(held) = opened.files() else { return Ok(()) };
    held.look().map_err(|gone| gone.error_on_closing(&shared.path))?;
    let fail = |error| {
        let error: Error = sqlite_errors::error(Operation::Close, error);
        let message =
            format!("the log could not be written back into the store's file, keep both: {}", error.message());
        Error::new(error.kind(), Operation::Close, message)
            .with_retry(error.retry())
            .with_context("path", shared.path.display())
    };
    let mut wait = LockWait::new(Operation::Close.as_str(), shared.config.busy_timeout.min(LONGEST));
    loop {
        let busy = opened.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
        match busy {
            Ok(0) => return held.look().map_err(|gone| gone.error_on_closing(&shared.path)),
            Ok(_) => {}
            Err(error) if sqlite_errors::is_busy(&error) => {}
            // Without the permission to write, SQLite fails even if there is nothing to write back.
            Err(_) if !has_content(&beside(&shared.path, "-wal")) => return Ok(()),
            Err(error) => return Err(fail(error)),
        }
        if !wait.wait() {
            return Ok(());
        }
    }
}

/// Returns the error of a store that could not be opened again after a failure, so that the log was not written back.
pub(super) fn unfinished(error: &Error) -> Error {
    let message = format!(
        "the store could not be opened again after a failure, and its log stays beside the file, keep both: {}",
        error.message()
    );
    Error::new(ErrorKind::Unavailable, Operation::Close, message)
}
