//! Files that the connections of this process have open, and the check that they are still in their places.
//!
//! SQLite deletes a log when the last connection to its store is closed. It can take a store in use for unused: if
//! other code of the process has dropped its locks, or files were removed by hand. Commits would then go into a log
//! that has no name any more, and be lost when the process ends. So the files are checked before and after each commit.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::files::{Identity, beside};
use crate::{Error, ErrorKind, Operation, Retry};

/// File that is no longer in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gone {
    /// Database file of the store.
    Store,
    /// Log or its index, in files beside the store.
    Log,
}

impl Gone {
    /// Returns the error of a request of which nothing was done.
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

    /// Returns the error of closing.
    pub(super) fn error_on_closing(self, path: &Path) -> Error {
        let what = match self {
            Self::Store => "the store's file was",
            Self::Log => "the store's log (-wal, -shm) was",
        };
        let message = format!(
            "{what} deleted or replaced while it was open, and the files that are there now were left as they are; look up \
             what was allocated last"
        );
        Error::new(ErrorKind::Unavailable, Operation::Close, message).with_context("path", path.display())
    }

    /// Returns the error of a request that was committed, possibly into a deleted file.
    pub(super) fn error_after_commit(self, operation: Operation, path: &Path) -> Error {
        let what = match self {
            Self::Store => "the store's file was",
            Self::Log => "the store's log (-wal, -shm) was",
        };
        let message = format!(
            "{what} deleted or replaced during the commit, and its outcome is unknown; close the store in this process, \
             open it again, and repeat the request with the same key, or look the key up"
        );
        Error::new(ErrorKind::Unavailable, operation, message)
            .with_retry(Retry::IfIdempotent)
            .with_context("path", path.display())
    }
}

/// Identities of the files beside a store in use.
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

/// Store that this process has open.
#[derive(Debug)]
struct Entry {
    sides: Sides,
    /// True once a file was found missing or replaced. All requests then fail until all connections are closed.
    // Also if the file is put back: it is unknown what other processes did meanwhile.
    lost: AtomicBool,
}

type Key = (PathBuf, Identity);

/// All stores that this process has open, with the number of connections of each.
// One table for the process and not one for each provider, because SQLite shares the index of a log (`-shm`) among all
// connections of a process in the same way: a second provider would use the deleted index of the first.
static OPEN: Mutex<BTreeMap<Key, (usize, Arc<Entry>)>> = Mutex::new(BTreeMap::new());

fn table() -> MutexGuard<'static, BTreeMap<Key, (usize, Arc<Entry>)>> {
    // No code that can panic runs under the lock, so that a poisoned table is consistent.
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Files of one connection, for as long as it has them open.
#[derive(Debug)]
pub(super) struct Held {
    key: Key,
    entry: Arc<Entry>,
}

impl Held {
    /// Registers the files of a connection to the file `identity`. The connection has read, so that its log is open.
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

    /// Returns the identity of the store's file.
    pub(super) fn identity(&self) -> Identity {
        self.key.1
    }

    /// Checks that all files are in their places, and were at all earlier checks.
    // Costs three `stat` calls for each commit and read, which is little beside a sync.
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
    // Runs before the connection is closed: closing the last connection deletes the log, which must not be taken for a
    // deletion by others.
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
