//! The files that the connections of this process have open, and whether they are still in their places.
//!
//! SQLite deletes a log when the last connection to its store is closed. Should it take a store for unused that is in use
//! (its locks were dropped by other code of the process, or the files were removed by hand), commits would go into a log
//! that has no name any more, and be lost with the process. So each commit is surrounded by a look at the files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::files::{Identity, beside};
use crate::{Error, ErrorKind, Operation, Retry};

/// Which of the files is no longer in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gone {
    /// The store's file.
    Store,
    /// The log or its index, in files beside the store.
    Log,
}

impl Gone {
    /// The error of a request of which nothing was done.
    pub(super) fn error(self, operation: Operation, path: &Path) -> Error {
        let message = match self {
            Self::Store => {
                "the store's file was deleted or replaced while it was open, and nothing was done; open it again"
            }
            Self::Log => {
                "the store's log (-wal, -shm) was deleted or replaced while it was open, and nothing was done; close the \
                 store in this process, open it again and look up what was allocated last"
            }
        };
        Error::new(ErrorKind::Unavailable, operation, message).with_context("path", path.display())
    }

    /// The error of closing.
    pub(super) fn error_on_closing(self, path: &Path) -> Error {
        let what = match self {
            Self::Store => "the store's file was",
            Self::Log => "the store's log (-wal, -shm) was",
        };
        let message = format!(
            "{what} deleted or replaced while it was open, and what lies there now was left as it is; look up what was \
             allocated last"
        );
        Error::new(ErrorKind::Unavailable, Operation::Close, message).with_context("path", path.display())
    }

    /// The error of a request that was committed, maybe into a file that is gone.
    pub(super) fn error_after_commit(self, operation: Operation, path: &Path) -> Error {
        let what = match self {
            Self::Store => "the store's file was",
            Self::Log => "the store's log (-wal, -shm) was",
        };
        let message = format!(
            "{what} deleted or replaced during the commit, and its outcome is unknown; close the store in this process, \
             open it again, and repeat it with the same key, or look the key up"
        );
        Error::new(ErrorKind::Unavailable, operation, message)
            .with_retry(Retry::IfIdempotent)
            .with_context("path", path.display())
    }
}

/// What lies beside a store in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sides {
    log: Option<Identity>,
    index: Option<Identity>,
}

impl Sides {
    fn of(path: &Path) -> Self {
        Self { log: Identity::of(&beside(path, "-wal")), index: Identity::of(&beside(path, "-shm")) }
    }
}

/// One store that this process has open.
#[derive(Debug)]
struct Entry {
    sides: Sides,
    /// Once a file was found to be gone, nothing is done until all connections are closed: it is unknown what others did
    /// meanwhile, even if the file is put back.
    lost: AtomicBool,
}

type Key = (PathBuf, Identity);

/// All stores that this process has open, with how many connections each has. SQLite shares the index of a log among the
/// connections of a process in the same way, which is why the table is not one of a provider.
static OPEN: Mutex<BTreeMap<Key, (usize, Arc<Entry>)>> = Mutex::new(BTreeMap::new());

fn table() -> MutexGuard<'static, BTreeMap<Key, (usize, Arc<Entry>)>> {
    // Nothing that can panic runs under the lock.
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The files of one connection, as long as it has them open.
#[derive(Debug)]
pub(super) struct Held {
    key: Key,
    entry: Arc<Entry>,
}

impl Held {
    /// Notes the files of a connection to the file `identity`, which has read, and has its log open since then.
    pub(super) fn of(path: &Path, identity: Identity) -> Result<Self, Gone> {
        if Identity::of(path) != Some(identity) {
            return Err(Gone::Store);
        }
        let key = (path.to_owned(), identity);
        let mut table = table();
        let sides = Sides::of(path);
        let (connections, entry) =
            table.entry(key.clone()).or_insert_with(|| (0, Arc::new(Entry { sides, lost: AtomicBool::new(false) })));
        if entry.sides != sides {
            entry.lost.store(true, Ordering::Release);
        }
        if entry.lost.load(Ordering::Acquire) {
            return Err(Gone::Log);
        }
        *connections += 1;
        Ok(Self { key, entry: Arc::clone(entry) })
    }

    /// The store's file.
    pub(super) fn identity(&self) -> Identity {
        self.key.1
    }

    /// Looks whether all files are in their places, and have been so far.
    pub(super) fn look(&self) -> Result<(), Gone> {
        let path = &self.key.0;
        if Identity::of(path) != Some(self.key.1) {
            return Err(Gone::Store);
        }
        if Sides::of(path) != self.entry.sides {
            self.entry.lost.store(true, Ordering::Release);
        }
        if self.entry.lost.load(Ordering::Acquire) { Err(Gone::Log) } else { Ok(()) }
    }
}

impl Drop for Held {
    /// Comes before the connection is closed: with the last one the log may go.
    fn drop(&mut self) {
        let mut table = table();
        if let Some((connections, _)) = table.get_mut(&self.key) {
            *connections -= 1;
            if *connections == 0 {
                table.remove(&self.key);
            }
        }
    }
}
