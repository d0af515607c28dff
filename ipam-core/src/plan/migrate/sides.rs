//! Source and target of a migration, and its progress.

use crate::IpamProvider;

/// Step of a migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MigrationStep {
    /// Comparison of source and target.
    Checking,
    /// Writing of blocks and ranges.
    Defining,
    /// Writing of addresses.
    Writing,
}

/// Progress of a migration, as the callback of [`Migration::with_progress`](crate::plan::Migration::with_progress) gets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct MigrationProgress {
    /// Current step.
    pub step: MigrationStep,
    /// Number of addresses, or of blocks and ranges, that are done.
    pub done: u64,
    /// Number to do; `None` while it is not known.
    pub total: Option<u64>,
}

/// Source, target and the callback for the progress.
#[derive(Clone, Copy)]
pub(super) struct Sides<'a> {
    pub(super) source: &'a dyn IpamProvider,
    pub(super) target: &'a dyn IpamProvider,
    pub(super) progress: Option<&'a (dyn Fn(MigrationProgress) + Send + Sync)>,
    /// Number of addresses, or of ranges, that are written by one request.
    pub(super) batch: usize,
}

impl Sides<'_> {
    pub(super) fn tell(&self, step: MigrationStep, done: u64, total: Option<u64>) {
        if let Some(progress) = self.progress {
            progress(MigrationProgress { step, done, total });
        }
    }
}
