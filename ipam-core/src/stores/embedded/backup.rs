//! Copies of a store in use.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::files::{beside, sync_directory_of, sync_file};
use super::sqlite_errors::{self, io_error};
use super::store::{Sql, SqliteStore};
use crate::{Error, ErrorKind, Operation, Result};

/// Refuses the names of the store's own side files: SQLite would take the copy for a part of the store, and delete it.
pub(super) fn must_not_lie_beside(store: &Path, target: &Path) -> Result<()> {
    let directory = |path: &Path| {
        path.parent()
            .map(|parent| if parent.as_os_str().is_empty() { Path::new(".") } else { parent }.canonicalize().ok())
    };
    let side =
        ["-wal", "-shm", "-journal"].into_iter().find(|suffix| beside(store, suffix).file_name() == target.file_name());
    match side {
        Some(suffix) if directory(store) == directory(target) => {
            let message =
                format!("{} is the name of the store's own {suffix} file; name another one", target.display());
            Err(Error::new(ErrorKind::Config, Operation::Backup, message))
        }
        _ => Ok(()),
    }
}

/// Writes a copy of the store to a new file.
///
/// SQLite makes the copy in one read transaction, under a temporary name. It gets its name when it is complete and
/// synced, so that an incomplete copy is never taken for a backup.
pub(super) fn backup(store: &mut SqliteStore<'_>, target: &Path) -> Result<()> {
    let shown = target.display();
    if target.symlink_metadata().is_ok() {
        return Err(target_exists(target));
    }
    if let Some(parent) = target.parent()
        && !parent.as_os_str().is_empty()
        && !parent.is_dir()
    {
        let message = format!("the directory {} does not exist; create it", parent.display());
        return Err(Error::new(ErrorKind::Config, Operation::Backup, message));
    }
    // SQLite would replay the log of an earlier store of this name into the copy.
    for suffix in ["-wal", "-journal"] {
        let side = beside(target, suffix);
        if side.symlink_metadata().is_ok() {
            let message =
                format!("{} belongs to an earlier store of this name; remove it, or name a new file", side.display());
            return Err(Error::new(ErrorKind::AlreadyExists, Operation::Backup, message));
        }
    }
    let part = part_of(target);
    let result = write(store, &part).and_then(|()| {
        let fail =
            |error| io_error(Operation::Backup, format!("the backup {shown} cannot be finished: {error}"), error);
        // Synced before it gets its name: from then on other processes may open it, and closing the descriptor here
        // would drop their locks if they were of this process.
        sync_file(&part).map_err(&fail)?;
        // A link fails if another file has taken the name meanwhile; a rename would replace it. File systems without
        // links get the rename.
        if std::fs::hard_link(&part, target).is_err() {
            if target.symlink_metadata().is_ok() {
                return Err(target_exists(target));
            }
            std::fs::rename(&part, target).map_err(fail)?;
        }
        Ok(())
    });
    // After a rename there is nothing to remove.
    let _ = std::fs::remove_file(&part);
    result?;
    sync_directory_of(target)
        .map_err(|error| io_error(Operation::Backup, format!("the backup {shown} may not last: {error}"), error))
}

fn target_exists(target: &Path) -> Error {
    let message = format!("{} exists already; name a new file", target.display());
    Error::new(ErrorKind::AlreadyExists, Operation::Backup, message)
}

/// Returns a temporary name beside `target` that no other call uses.
pub(super) fn part_of(target: &Path) -> PathBuf {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    beside(target, &format!(".part-{}-{number}", std::process::id()))
}

fn write(store: &mut SqliteStore<'_>, part: &Path) -> Result<()> {
    let Some(name) = part.to_str() else {
        return Err(Error::invalid(Operation::Backup, "target", part.display(), "choose a path that is valid UTF-8"));
    };
    let fail = |error| sqlite_errors::error(Operation::Backup, error);
    // VACUUM begins a transaction of its own, so that the one that every read is given has to end before.
    store.db.run(Sql::Rollback, []).map_err(fail)?;
    // `query_only` of the readers also forbids to write the new file.
    let connection = store.db.connection;
    connection.pragma_update(None, "query_only", false).map_err(fail)?;
    let written = connection.execute("VACUUM INTO ?1", [name]).map(|_| ()).map_err(fail);
    connection.pragma_update(None, "query_only", true).map_err(fail)?;
    written
}
