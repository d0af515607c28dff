//! What the threads of one provider share.

use std::path::PathBuf;
use std::sync::OnceLock;

use super::codec;
use super::config::EmbeddedConfig;
use super::connection::moved;
use super::files::Identity;
use crate::engine::{Context, Random};
use crate::{Error, Result};

/// The settings, and which file it is about.
pub(super) struct Shared {
    pub(super) config: EmbeddedConfig,
    /// Absolute, so that a change of the working directory changes nothing.
    pub(super) path: PathBuf,
    /// The file that was opened first. Another one in its place is not the store that callers were answered from.
    identity: OnceLock<Identity>,
}

impl Shared {
    pub(super) fn new(config: EmbeddedConfig, path: PathBuf) -> Self {
        Self { config, path, identity: OnceLock::new() }
    }

    /// Refuses a connection to another file than the first one.
    pub(super) fn opened(&self, identity: Identity) -> Result<()> {
        if *self.identity.get_or_init(|| identity) == identity { Ok(()) } else { Err(self.moved("open")) }
    }

    /// Whether the path still leads to the file that was opened.
    pub(super) fn in_place(&self) -> bool {
        Identity::of(&self.path).as_ref() == self.identity.get()
    }

    pub(super) fn moved(&self, operation: &'static str) -> Error {
        moved(operation, &self.path)
    }

    /// What a request brings along, at this moment.
    pub(super) fn context<'c>(&'c self, random: &'c mut dyn Random) -> Context<'c> {
        Context { now: codec::cut((self.config.clock)()), random, actor: self.config.actor.as_deref() }
    }
}
