//! Lock of a store: one process at a time.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use super::StoreError;

/// Lock of a store. The system takes it back when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct StoreLock {
    /// Held for its lock only.
    _file: File,
}

impl StoreLock {
    /// Locks the store of this file.
    pub(super) fn take(path: &Path) -> Result<Self, StoreError> {
        // A file of its own: SQLite ends its own locks when any handle of its file is closed.
        let mut name = path.as_os_str().to_owned();
        name.push(".lock");
        let name = PathBuf::from(name);
        let failed = |problem: String| StoreError::Unusable { path: path.display().to_string(), problem };
        let file = File::options().create(true).truncate(false).write(true).open(&name).map_err(|error| {
            failed(format!("{} cannot be made: {error}; give the service's user its directory", name.display()))
        })?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse { path: path.display().to_string() }),
            Err(TryLockError::Error(error)) => Err(failed(format!("it cannot be locked: {error}"))),
        }
    }
}
