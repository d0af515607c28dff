//! State of an open store that the threads of its provider share.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use super::codec;
use super::config::EmbeddedConfig;
use super::connection::{Files, Opened};
use super::files::Identity;
use super::open_files::Gone;
use super::sqlite_errors::error_like;
use super::threads::Running;
use crate::engine::{Context, Random};
use crate::{Error, ErrorKind, Operation, Result};

/// Settings and state of an open store.
pub(super) struct OpenStore {
    pub(super) config: EmbeddedConfig,
    /// Absolute path, so that a change of the working directory does not matter.
    pub(super) path: PathBuf,
    /// File that was opened first. Another file in its place does not have the allocations that callers were told of.
    identity: OnceLock<Identity>,
    /// Threads that have not ended.
    pub(super) running: Running,
    /// Error of closing, if it failed.
    pub(super) closing: OnceLock<Error>,
    /// True if the store was closed, or its last handle dropped.
    pub(super) is_closed: AtomicBool,
    failed_undos: Mutex<FailedUndos>,
}

/// Allocations of dropped futures that could not be undone.
#[derive(Default)]
struct FailedUndos {
    count: usize,
    /// Labels of the first ones.
    named: Vec<String>,
}

/// Number of failed undos that the error of closing lists; the others are counted.
const NAMED: usize = 20;

impl OpenStore {
    pub(super) fn new(config: EmbeddedConfig, path: PathBuf) -> Self {
        Self {
            config,
            path,
            identity: OnceLock::new(),
            running: Running::default(),
            closing: OnceLock::new(),
            is_closed: AtomicBool::new(false),
            failed_undos: Mutex::default(),
        }
    }

    /// Refuses a connection to another file than the first one.
    pub(super) fn opened(&self, opened: Opened) -> Result<Opened> {
        let same = match opened.files() {
            Files::Shared(held) => *self.identity.get_or_init(|| held.identity()) == held.identity(),
            // A file that is read without locks may be replaced at any time: each connection reads the current one.
            Files::Alone(_) => true,
        };
        if same { Ok(opened) } else { Err(self.moved(Operation::Open)) }
    }

    /// Returns true if the path still leads to the file that was opened.
    pub(super) fn in_place(&self) -> bool {
        self.identity.get().is_none_or(|identity| Identity::of(&self.path) == Some(*identity))
    }

    pub(super) fn moved(&self, operation: Operation) -> Error {
        Gone::Store.error(operation, &self.path)
    }

    /// Returns the error of a request after the store was closed.
    pub(super) fn closed(&self, operation: Operation) -> Error {
        let message = if self.is_closed.load(Ordering::Acquire) {
            "the store was closed; open it again"
        } else {
            "the store's thread ended early; close the store and open it again"
        };
        Error::new(ErrorKind::Unavailable, operation, message).with_context("path", self.path.display())
    }

    /// Records an allocation that could not be undone, for the error of closing.
    pub(super) fn record_failed_undo(&self, label: &str) {
        let mut failed = self.failed_undos.lock().unwrap_or_else(PoisonError::into_inner);
        failed.count += 1;
        if failed.named.len() < NAMED {
            failed.named.push(label.to_owned());
        }
    }

    /// Returns the result of closing.
    pub(super) fn close_result(&self) -> Result<()> {
        let failed = self.failed_undos.lock().unwrap_or_else(PoisonError::into_inner);
        let allocated = (failed.count > 0).then(|| {
            let more = failed.count - failed.named.len();
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("{}{more}", failed.named.join(", "))
        });
        drop(failed);
        match (self.closing.get(), allocated) {
            (None, None) => Ok(()),
            (Some(error), None) => Err(error_like(error, Operation::Close)),
            (Some(error), Some(allocated)) => {
                Err(error_like(error, Operation::Close).with_context("still allocated", allocated))
            }
            (None, Some(allocated)) => {
                let message = format!(
                    "the store is closed, but requests without a key whose callers dropped them could not be undone; still \
                     allocated: {allocated}; open the store and deallocate by these keys"
                );
                Err(Error::new(ErrorKind::Unavailable, Operation::Close, message)
                    .with_context("path", self.path.display()))
            }
        }
    }

    /// Returns the clock reading, randomness and actor for a request.
    // Cut to microseconds before the engine sees it, so that a time in a result is the time that is read back later.
    pub(super) fn context<'c>(&'c self, random: &'c mut dyn Random) -> Context<'c> {
        Context { now: codec::cut((self.config.clock)()), random, actor: self.config.actor.as_deref() }
    }
}
