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

/// The settings, and which file it is about.
pub(super) struct OpenStore {
    pub(super) config: EmbeddedConfig,
    /// Absolute, so that a change of the working directory changes nothing.
    pub(super) path: PathBuf,
    /// The file that was opened first. Another one in its place is not the store that callers were answered from.
    identity: OnceLock<Identity>,
    /// The threads that have not ended.
    pub(super) running: Running,
    /// How closing failed, if it did.
    pub(super) closing: OnceLock<Error>,
    /// Whether it was closed, or its last handle dropped.
    pub(super) is_closed: AtomicBool,
    standing: Mutex<Standing>,
}

/// What should have been taken back for callers that have gone, and was not.
#[derive(Default)]
struct Standing {
    count: usize,
    /// The first few.
    named: Vec<String>,
}

/// How many are named.
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
            standing: Mutex::default(),
        }
    }

    /// Refuses a connection to another file than the first one.
    pub(super) fn opened(&self, opened: Opened) -> Result<Opened> {
        let same = match opened.files() {
            Files::Shared(held) => *self.identity.get_or_init(|| held.identity()) == held.identity(),
            // What is read alone may be replaced: each connection is a new beginning.
            Files::Alone(_) => true,
        };
        if same { Ok(opened) } else { Err(self.moved(Operation::Open)) }
    }

    /// Whether the path still leads to the file that was opened.
    pub(super) fn in_place(&self) -> bool {
        self.identity.get().is_none_or(|identity| Identity::of(&self.path) == Some(*identity))
    }

    pub(super) fn moved(&self, operation: Operation) -> Error {
        Gone::Store.error(operation, &self.path)
    }

    /// The error of a request that comes too late.
    pub(super) fn closed(&self, operation: Operation) -> Error {
        let message = if self.is_closed.load(Ordering::Acquire) {
            "the store was closed; open it again"
        } else {
            "the store's thread ended early; close the store and open it again"
        };
        Error::new(ErrorKind::Unavailable, operation, message).with_context("path", self.path.display())
    }

    /// Notes what was not taken back.
    pub(super) fn stands(&self, label: &str) {
        let mut standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        standing.count += 1;
        if standing.named.len() < NAMED {
            standing.named.push(label.to_owned());
        }
    }

    /// How closing went.
    pub(super) fn closed_well(&self) -> Result<()> {
        let standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        let stands = (standing.count > 0).then(|| {
            let more = standing.count - standing.named.len();
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("{}{more}", standing.named.join(", "))
        });
        drop(standing);
        match (self.closing.get(), stands) {
            (None, None) => Ok(()),
            (Some(error), None) => Err(error_like(error, Operation::Close)),
            (Some(error), Some(stands)) => {
                Err(error_like(error, Operation::Close).with_context("not taken back", stands))
            }
            (None, Some(stands)) => {
                let message = format!(
                    "the store is closed, but what callers that went away had requested without a key could not be taken \
                     back, and stands: {stands}; open the store and deallocate it by key"
                );
                Err(Error::new(ErrorKind::Unavailable, Operation::Close, message)
                    .with_context("path", self.path.display()))
            }
        }
    }

    /// What a request brings along, at this moment.
    pub(super) fn context<'c>(&'c self, random: &'c mut dyn Random) -> Context<'c> {
        Context { now: codec::cut((self.config.clock)()), random, actor: self.config.actor.as_deref() }
    }
}
