//! What the threads of one provider share.

use std::path::PathBuf;
use std::sync::OnceLock;

use super::codec;
use super::config::EmbeddedConfig;
use super::connection::{Files, Opened};
use super::files::Identity;
use super::inuse::Gone;
use super::running::Running;
use crate::engine::{Context, Random};
use crate::{Error, Result};

/// The settings, and which file it is about.
pub(super) struct Shared {
    pub(super) config: EmbeddedConfig,
    /// Absolute, so that a change of the working directory changes nothing.
    pub(super) path: PathBuf,
    /// The file that was opened first. Another one in its place is not the store that callers were answered from.
    identity: OnceLock<Identity>,
    /// The threads that have not ended.
    pub(super) running: Running,
    /// How closing failed, if it did.
    pub(super) closing: OnceLock<Error>,
}

impl Shared {
    pub(super) fn new(config: EmbeddedConfig, path: PathBuf) -> Self {
        Self { config, path, identity: OnceLock::new(), running: Running::default(), closing: OnceLock::new() }
    }

    /// Refuses a connection to another file than the first one.
    pub(super) fn opened(&self, opened: Opened) -> Result<Opened> {
        let same = match opened.files() {
            Files::Shared(held) => *self.identity.get_or_init(|| held.identity()) == held.identity(),
            // What is read alone may be replaced: each connection is a new beginning.
            Files::Alone(_) => true,
        };
        if same { Ok(opened) } else { Err(self.moved("open")) }
    }

    /// Whether the path still leads to the file that was opened.
    pub(super) fn in_place(&self) -> bool {
        self.identity.get().is_none_or(|identity| Identity::of(&self.path) == Some(*identity))
    }

    pub(super) fn moved(&self, operation: &'static str) -> Error {
        Gone::Store.error(operation, &self.path)
    }

    /// What a request brings along, at this moment.
    pub(super) fn context<'c>(&'c self, random: &'c mut dyn Random) -> Context<'c> {
        Context { now: codec::cut((self.config.clock)()), random, actor: self.config.actor.as_deref() }
    }
}
