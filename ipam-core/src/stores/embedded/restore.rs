//! Replacement of a store by a copy of a backup.
//!
//! A log of the old store must never lie beside the new file, also if the process is killed or the power fails: SQLite
//! would replay it. So the order is:
//!
//! 1. The backup is copied beside the store, upgraded to the newest version, checked, and synced.
//! 2. The old store is locked against all other connections, of this process and of others.
//! 3. The log is written back into the old file, so that the file is complete alone, and then removed. The directory is
//!    synced, so that the log cannot come back after a power failure.
//! 4. The copy is renamed over the old file, and the directory is synced.
//!
//! Before the rename the old store is there, with everything that was acknowledged; after it the new one. A process
//! that has opened the old file meanwhile waits for the lock, and then finds that the file was replaced.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::backup::part_of;
use super::config::EmbeddedConfig;
use super::connection::open_to_write;
use super::files::{Identity, beside, sync_directory_of, sync_file};
use super::lock_wait::LockWait;
use super::schema::{self, FileState};
use super::sqlite_errors::{self, io_error};
use super::store::{Sql, SqliteStore};
use super::unlocked;
use crate::stores::check::check;
use crate::{Error, ErrorKind, Operation, Result};

/// Longest wait for a lock on the old store, after which it counts as in use.
const WAIT: Duration = Duration::from_millis(500);

/// Number of violations of a backup that an error lists.
const NAMED: usize = 3;

/// Puts a copy of the backup in the place of the store. Both paths are absolute and without links.
pub(super) fn restore(backup: &Path, store: &Path) -> Result<()> {
    let old = refuse(backup, store)?;
    let part = part_of(store);
    let result = prepare(backup, &part).and_then(|()| replace(&part, store, old));
    // After the rename there is nothing to remove. After a failure the copy may have a log of its own.
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let _ = fs::remove_file(beside(&part, suffix));
    }
    result.map_err(|error| error.with_operation(Operation::Restore))
}

/// Refuses a backup or a target that cannot be used. Returns the identity of the old store, if there is one.
fn refuse(backup: &Path, store: &Path) -> Result<Option<Identity>> {
    let (source, old) = (Identity::of(backup), Identity::of(store));
    if source.is_none() {
        let message = format!("there is no backup at {}; look at the path", backup.display());
        return Err(Error::new(ErrorKind::Config, Operation::Restore, message));
    }
    if backup == store || (cfg!(unix) && source == old) {
        let message = format!("{} is the store itself; name a backup", backup.display());
        return Err(Error::new(ErrorKind::Config, Operation::Restore, message));
    }
    if unlocked::changes_beside(backup) {
        let message = format!(
            "the backup {} has a log or a journal beside it, so that the file alone is not complete; open it once to write \
             and close it, or make the backup with `backup_to`",
            backup.display()
        );
        return Err(Error::new(ErrorKind::Config, Operation::Restore, message));
    }
    if schema::inspect(backup).map_err(|error| error.with_operation(Operation::Restore))? == FileState::New {
        let message = format!("the backup {} is empty; name another one", backup.display());
        return Err(Error::new(ErrorKind::Corrupt, Operation::Restore, message));
    }
    if !store.parent().is_some_and(Path::is_dir) {
        let message = format!("the directory of the store {} does not exist; create it", store.display());
        return Err(Error::new(ErrorKind::Config, Operation::Restore, message));
    }
    let Ok(metadata) = fs::metadata(store) else { return Ok(None) };
    if !metadata.is_file() {
        let message = format!("{} is not a regular file; name the file of a store", store.display());
        return Err(Error::new(ErrorKind::Config, Operation::Restore, message));
    }
    // The file of another program is not replaced. A truncated store is: restoring it is what a backup is for.
    if metadata.len() > 0 {
        let ours = match unlocked::header_of(store) {
            Ok(header) => header.application_id == schema::APPLICATION_ID,
            Err(error) => error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt),
        };
        if !ours {
            let message = format!(
                "{} is not a store, and is not replaced; if it is a damaged store, move it away with its -wal and -shm",
                store.display()
            );
            return Err(Error::new(ErrorKind::Corrupt, Operation::Restore, message));
        }
    }
    Ok(old)
}

/// Makes a copy of the backup that is complete, sound, of the newest version, and synced.
fn prepare(backup: &Path, part: &Path) -> Result<()> {
    let fail = |error| sqlite_errors::error(Operation::Restore, error).with_context("path", part.display());
    let Some(name) = part.to_str() else {
        return Err(Error::invalid(Operation::Restore, "store", part.display(), "choose a path that is valid UTF-8"));
    };
    let unreadable = |error| sqlite_errors::error(Operation::Restore, error).with_context("backup", backup.display());
    let source = unlocked::open(backup).map_err(unreadable)?;
    source.execute("VACUUM INTO ?1", [name]).map_err(unreadable)?;
    drop(source);
    let opened = open_to_write(&EmbeddedConfig::new(part).with_create(false), part)?;
    let mut store = SqliteStore::new(&opened.connection, 1);
    store.db.run(Sql::Begin, []).map_err(fail)?;
    store.begun().map_err(fail)?;
    store.request_begins(Operation::Restore);
    let report = check(&mut store, SystemTime::now())?;
    store.db.run(Sql::Rollback, []).map_err(fail)?;
    drop(store);
    if !report.is_sound() {
        let named: Vec<&str> = report.violations.iter().take(NAMED).map(String::as_str).collect();
        let message = format!("the backup fails the check, and was not restored: {}", named.join("; "));
        return Err(
            Error::new(ErrorKind::Corrupt, Operation::Restore, message).with_context("backup", backup.display())
        );
    }
    let busy = opened.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
    let busy = busy.map_err(fail)?;
    // The last connection removes the log, unless another process has opened the copy.
    drop(opened);
    if busy != 0 || unlocked::changes_beside(part) {
        let message = format!("another process has opened {}, which is being restored", part.display());
        return Err(Error::new(ErrorKind::Busy, Operation::Restore, message));
    }
    let fail =
        |error| io_error(Operation::Restore, format!("the copy {} cannot be synced: {error}", part.display()), error);
    sync_file(part).map_err(fail)
}

/// Replaces the old store by the copy.
fn replace(part: &Path, store: &Path, old: Option<Identity>) -> Result<()> {
    let fail = |what: &'static str| {
        move |error| io_error(Operation::Restore, format!("{what} {}: {error}", store.display()), error)
    };
    // Held until the new file is in its place.
    let lock = match old {
        Some(old) => Some(lock(store, old)?),
        None => None,
    };
    if lock.is_some() {
        keep_rights(store, part);
    }
    for suffix in ["-wal", "-shm", "-journal"] {
        match fs::remove_file(beside(store, suffix)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(fail("a file beside the old store (-wal, -shm or -journal) cannot be removed:")(error));
            }
            _ => {}
        }
    }
    sync_directory_of(store).map_err(fail("the directory cannot be synced:"))?;
    if lock.is_some() {
        fs::rename(part, store).map_err(fail("the old store cannot be replaced:"))?;
    } else {
        // There was no store. A link fails if another process has created one meanwhile; a rename would replace it.
        fs::hard_link(part, store).map_err(fail("the store cannot be put in its place:"))?;
        fs::remove_file(part).map_err(fail("the copy cannot be removed, remove it by hand:"))?;
    }
    sync_directory_of(store).map_err(fail("the store was restored, but may be lost at a power failure:"))
}

fn in_use(store: &Path) -> Error {
    let message = "the store is open, in this process or another one; close it everywhere before restoring";
    Error::new(ErrorKind::Busy, Operation::Restore, message).with_context("path", store.display())
}

/// Locks the old store against all other connections, and writes its log back into it.
fn lock(store: &Path, old: Identity) -> Result<Connection> {
    let fail = |error| sqlite_errors::error(Operation::Restore, error).with_context("path", store.display());
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(store, flags).map_err(fail)?;
    connection.busy_timeout(Duration::ZERO).map_err(fail)?;
    // When this connection is closed, the file at the path is the new store: SQLite must not write a log into it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(fail)?;
    // With a truncated file, SQLite fails to parse the schema before it locks anything, unless this is set.
    connection.pragma_update(None, "writable_schema", true).map_err(fail)?;
    // Set before the first read: the connection then keeps its locks, and uses the log without `-shm`, so that no other
    // connection, of this process or another one, can be open.
    connection.pragma_update_and_check(None, "locking_mode", "EXCLUSIVE", |_| Ok(())).map_err(fail)?;
    let locked = LockWait::new(Operation::Restore.as_str(), WAIT).insist(|| {
        connection.query_row("PRAGMA user_version", [], |_| Ok(()))?;
        connection.execute_batch("BEGIN EXCLUSIVE; ROLLBACK")
    });
    match locked {
        Err(error) if sqlite_errors::is_busy(&error) => return Err(in_use(store).with_source(error)),
        result => result.map_err(fail)?,
    }
    if Identity::of(store) != Some(old) {
        let message = "the store's file was replaced meanwhile; check it, and try again";
        return Err(
            Error::new(ErrorKind::Unavailable, Operation::Restore, message).with_context("path", store.display())
        );
    }
    connection.pragma_update(None, "synchronous", "FULL").map_err(fail)?;
    let written_back = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
    match written_back {
        // The log of a damaged file cannot be written back. Both are given up.
        Err(error)
            if matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)) => {}
        result => {
            if result.map_err(fail)? != 0 {
                return Err(in_use(store));
            }
        }
    }
    Ok(connection)
}

/// Gives the new file the owner and permissions of the old one, as far as this user may.
fn keep_rights(old: &Path, new: &Path) {
    let Ok(metadata) = fs::metadata(old) else { return };
    // The owner first: a change of the owner clears some permission bits.
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, chown};
        let _ = chown(new, Some(metadata.uid()), Some(metadata.gid()));
    }
    let _ = fs::set_permissions(new, metadata.permissions());
}
