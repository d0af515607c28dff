//! A backup in the place of a store.
//!
//! At no moment does a log of the old store lie beside the new file, whenever the process is killed or the power fails:
//!
//! 1. The backup is copied beside the store, brought to the newest version, checked, and synced.
//! 2. The old store is locked against all other connections, of this process and of others.
//! 3. Its log is written back into it, so that it is whole without it, and then removed; the directory is synced.
//! 4. The copy is renamed over it, and the directory is synced.
//!
//! Up to the rename the old store is there, with all that was acknowledged; from then on the new one. A process that
//! opened the old file meanwhile waits for the lock, and finds then that the file was replaced.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::backup::part_of;
use super::config::EmbeddedConfig;
use super::connection::open_to_write;
use super::files::{Identity, beside, sync_directory_of, sync_file};
use super::lock_wait::LockWait;
use super::schema::{self, Verdict};
use super::sqlite_errors::{self, io_error};
use super::store::{Sql, SqliteStore};
use super::{check, unlocked};
use crate::engine::{Context, SystemRandom};
use crate::{Error, ErrorKind, Operation, Result};

/// How long the old store may be locked before it counts as in use.
const WAIT: Duration = Duration::from_millis(500);

/// How many violations of a backup are named.
const NAMED: usize = 3;

/// Puts a copy of the backup in the place of the store. Both paths are absolute and without links.
pub(super) fn restore(backup: &Path, store: &Path) -> Result<()> {
    let old = refuse(backup, store)?;
    let part = part_of(store);
    let result = prepare(backup, &part).and_then(|()| replace(&part, store, old));
    // Nothing is left of it after a rename; before, its log may be there as well.
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let _ = fs::remove_file(beside(&part, suffix));
    }
    result.map_err(|error| error.with_operation(Operation::Restore))
}

/// Refuses what cannot be restored from or to. Returns the file that is at the store's path now, if there is one.
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
            "the backup {} has a log or a journal beside it, so that the file alone is not whole; open it once to write and \
             close it, or make the backup with `backup_to`",
            backup.display()
        );
        return Err(Error::new(ErrorKind::Config, Operation::Restore, message));
    }
    if schema::inspect(backup).map_err(|error| error.with_operation(Operation::Restore))? == Verdict::New {
        let message = format!("the backup {} is empty; name another one", backup.display());
        return Err(Error::new(ErrorKind::Corrupt, Operation::Restore, message));
    }
    if !store.parent().is_some_and(Path::is_dir) {
        let message = format!("the directory of the store {} does not exist; create it", store.display());
        return Err(Error::new(ErrorKind::Config, Operation::Restore, message));
    }
    let Ok(metadata) = fs::metadata(store) else { return Ok(None) };
    if !metadata.is_file() {
        let message = format!("{} is no regular file; name the file of a store", store.display());
        return Err(Error::new(ErrorKind::Config, Operation::Restore, message));
    }
    // What is not ours is not replaced. A store that is cut short is.
    if metadata.len() > 0 {
        let ours = match unlocked::header_of(store) {
            Ok(header) => header.application_id == schema::APPLICATION_ID,
            Err(error) => error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt),
        };
        if !ours {
            let message = format!(
                "{} is no store, and is not replaced; if it was one that is damaged, move it away with its -wal and -shm",
                store.display()
            );
            return Err(Error::new(ErrorKind::Corrupt, Operation::Restore, message));
        }
    }
    Ok(old)
}

/// Makes a copy that is whole, sound, of the newest version, and on the disk.
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
    let mut random = SystemRandom::default();
    let mut store = SqliteStore::new(&opened.connection, 1);
    store.db.run(Sql::Begin, []).map_err(fail)?;
    store.begun().map_err(fail)?;
    store.request_begins(Operation::Restore);
    let mut context = Context { now: std::time::SystemTime::now(), random: &mut random, actor: None };
    let report = check::check(&mut store, &mut context)?;
    store.db.run(Sql::Rollback, []).map_err(fail)?;
    drop(store);
    if !report.is_sound() {
        let named: Vec<&str> = report.violations.iter().take(NAMED).map(String::as_str).collect();
        let message = format!("the backup is not sound, and was not restored: {}", named.join("; "));
        return Err(
            Error::new(ErrorKind::Corrupt, Operation::Restore, message).with_context("backup", backup.display())
        );
    }
    let busy = opened.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
    let busy = busy.map_err(fail)?;
    // The last connection removes the log.
    drop(opened);
    if busy != 0 || unlocked::changes_beside(part) {
        let message = format!("another process has opened {}, which is being restored", part.display());
        return Err(Error::new(ErrorKind::Busy, Operation::Restore, message));
    }
    let fail =
        |error| io_error(Operation::Restore, format!("the copy {} cannot be synced: {error}", part.display()), error);
    sync_file(part).map_err(fail)
}

/// Puts the copy in the place of the old store.
fn replace(part: &Path, store: &Path, old: Option<Identity>) -> Result<()> {
    let fail = |what: &'static str| {
        move |error| io_error(Operation::Restore, format!("{what} {}: {error}", store.display()), error)
    };
    // Held until the new file is there.
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
                return Err(fail("what lies beside the old store cannot be removed:")(error));
            }
            _ => {}
        }
    }
    sync_directory_of(store).map_err(fail("the directory cannot be synced:"))?;
    if lock.is_some() {
        fs::rename(part, store).map_err(fail("the old store cannot be replaced:"))?;
    } else {
        // A link does not replace what was created meanwhile.
        fs::hard_link(part, store).map_err(fail("the store cannot be put in its place:"))?;
        fs::remove_file(part).map_err(fail("the copy cannot be removed, remove it by hand:"))?;
    }
    sync_directory_of(store).map_err(fail("the store was restored, and may not last:"))
}

/// Locks the old store against everybody, and writes its log back into it.
fn lock(store: &Path, old: Identity) -> Result<Connection> {
    let fail = |error| sqlite_errors::error(Operation::Restore, error).with_context("path", store.display());
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(store, flags).map_err(fail)?;
    connection.busy_timeout(Duration::ZERO).map_err(fail)?;
    // What lies there when it is closed is the new store's.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(fail)?;
    // A file that is cut short can be locked, too.
    connection.pragma_update(None, "writable_schema", true).map_err(fail)?;
    // From the first read on the file is locked, and stays so: a log is read without sharing memory with others.
    connection.pragma_update_and_check(None, "locking_mode", "EXCLUSIVE", |_| Ok(())).map_err(fail)?;
    let locked = LockWait::new(Operation::Restore.as_str(), WAIT).insist(|| {
        connection.query_row("PRAGMA user_version", [], |_| Ok(()))?;
        connection.execute_batch("BEGIN EXCLUSIVE; ROLLBACK")
    });
    match locked {
        Err(error) if sqlite_errors::is_busy(&error) => {
            let message = "the store is open, in this process or another one; close it everywhere, and restore then";
            return Err(Error::new(ErrorKind::Busy, Operation::Restore, message)
                .with_context("path", store.display())
                .with_source(error));
        }
        result => result.map_err(fail)?,
    }
    if Identity::of(store) != Some(old) {
        let message = "the store's file was replaced meanwhile; look at it, and try again";
        return Err(
            Error::new(ErrorKind::Unavailable, Operation::Restore, message).with_context("path", store.display())
        );
    }
    connection.pragma_update(None, "synchronous", "FULL").map_err(fail)?;
    let written_back = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
    match written_back {
        // What is damaged is given up, with its log.
        Err(error)
            if matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)) => {}
        result => {
            if result.map_err(fail)? != 0 {
                let message =
                    "the store is open, in this process or another one; close it everywhere, and restore then";
                return Err(
                    Error::new(ErrorKind::Busy, Operation::Restore, message).with_context("path", store.display())
                );
            }
        }
    }
    Ok(connection)
}

/// Gives the new file the rights of the old one, as far as this user may.
fn keep_rights(old: &Path, new: &Path) {
    let Ok(metadata) = fs::metadata(old) else { return };
    // The owner first: a change of it takes rights away.
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, chown};
        let _ = chown(new, Some(metadata.uid()), Some(metadata.gid()));
    }
    let _ = fs::set_permissions(new, metadata.permissions());
}
