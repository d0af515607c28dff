//! Copies of a store in use.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::files::{beside, sync_directory_of, sync_file};
use super::sqlite_errors::{self, io_error};
use super::store::{Sql, SqliteStore};
use crate::{Error, ErrorKind, Operation, Result};

/// Refuses the names of the store's own side files: SQLite takes what is there for a part of the store, and deletes it.
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

/// Writes a copy of the store to a new file. SQLite makes the copy out of one read transaction; it gets its name only
/// when it is on the disk, so that a copy that was cut short is not taken for one.
pub(super) fn backup(store: &mut SqliteStore<'_>, target: &Path) -> Result<()> {
    let shown = target.display();
    if target.symlink_metadata().is_ok() {
        let message = format!("there is something at {shown} already; name a new file");
        return Err(Error::new(ErrorKind::AlreadyExists, Operation::Backup, message));
    }
    if let Some(parent) = target.parent()
        && !parent.as_os_str().is_empty()
        && !parent.is_dir()
    {
        let message = format!("the directory {} does not exist; create it", parent.display());
        return Err(Error::new(ErrorKind::Config, Operation::Backup, message));
    }
    // A log of an earlier store of this name would be taken for this one's.
    for suffix in ["-wal", "-journal"] {
        let side = beside(target, suffix);
        if side.symlink_metadata().is_ok() {
            let message = format!("{} is left of an earlier store; remove it, or name a new file", side.display());
            return Err(Error::new(ErrorKind::AlreadyExists, Operation::Backup, message));
        }
    }
    let part = part_of(target);
    let result = write(store, &part).and_then(|()| {
        let fail =
            |error| io_error(Operation::Backup, format!("the backup {shown} cannot be finished: {error}"), error);
        // Once it has its name, others may open it.
        sync_file(&part).map_err(&fail)?;
        // A link refuses what has taken the name meanwhile, a rename does not.
        if std::fs::hard_link(&part, target).is_err() {
            if target.symlink_metadata().is_ok() {
                let message = format!("there is something at {shown} already; name a new file");
                return Err(Error::new(ErrorKind::AlreadyExists, Operation::Backup, message));
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

/// The name of a file until it is whole. No other call uses it.
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
    // VACUUM makes its own transaction; the one that a read is given has to end before.
    store.db.run(Sql::Rollback, []).map_err(fail)?;
    // A connection that may only query may not write another file either.
    let connection = store.db.connection;
    connection.pragma_update(None, "query_only", false).map_err(fail)?;
    let written = connection.execute("VACUUM INTO ?1", [name]).map(|_| ()).map_err(fail);
    connection.pragma_update(None, "query_only", true).map_err(fail)?;
    written
}
