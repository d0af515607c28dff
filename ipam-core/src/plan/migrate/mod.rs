//! Moving of everything that a provider has to another one.

mod allocate;
mod apply;
mod check;
mod checked;
mod holds;
mod keys;
mod loss;
mod shape;
mod sides;

use std::fmt;

pub use self::checked::{CheckedMigration, Migrated};
pub use self::loss::Loss;
pub use self::sides::{MigrationProgress, MigrationStep};

use self::sides::Sides;
use crate::{IpamProvider, RestoreRecords, Result};

/// Migration of blocks, ranges, addresses, keys and quarantine from one provider to another. It changes nothing in the
/// source.
///
/// [`check`](Self::check) compares both and lists what would be written, what the target cannot hold, and what is in
/// the way. [`apply`](Self::apply) writes. A migration that was stopped at any point is continued by running it again:
/// what is there already is left alone, and the result is the same as that of one run.
///
/// Ranges keep their ids if the target can define ranges. A range of the target with the same space, prefix, first and
/// last address is used as it is, under its own id. Nothing else may change source or target meanwhile.
///
/// ```
/// use ipam_core::plan::Migration;
/// use ipam_core::{Allocate, DefineRange, IpamProvider, MemoryProvider};
///
/// # futures_executor::block_on(async {
/// let (old, new) = (MemoryProvider::new(), MemoryProvider::new());
/// old.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse()?)).await?;
/// let request = Allocate::one("vm-42", "lan").with_key("vm-42/nic-0");
/// old.allocate(&request).await?;
///
/// let migration = Migration::new(&old, &new);
/// let checked = migration.check().await?;
/// assert!(checked.losses().is_empty() && checked.conflicts().is_empty());
/// assert_eq!((checked.new_ranges(), checked.new_addresses()), (1, 1));
/// let migrated = migration.apply(&checked).await?;
/// assert_eq!(migrated.addresses, 1);
/// assert!(new.allocate(&request).await?.repeated, "the key is known to the new provider");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[must_use]
pub struct Migration<'a>(Sides<'a>);

impl<'a> Migration<'a> {
    /// Default number of addresses, or of ranges, that are written by one request.
    // One transaction of a store: large enough that its cost hardly counts, short enough that other callers get between.
    pub const BATCH: usize = 1_000;

    /// Makes a migration from `source` to `target`.
    pub fn new(source: &'a dyn IpamProvider, target: &'a dyn IpamProvider) -> Self {
        Self(Sides { source, target, progress: None, batch: Self::BATCH })
    }

    /// Sets the number of addresses, or of ranges, that are written by one request to a target with the capability
    /// `restore_records`: from 1 to [`RestoreRecords::MAX_RECORDS`]; other values are set to the nearest of these. A
    /// request with more addresses is written alone. The default is [`BATCH`](Self::BATCH).
    ///
    /// A store writes each batch in one transaction, so that its other callers wait for less time if batches are small.
    pub fn with_batch(mut self, batch: usize) -> Self {
        self.0.batch = batch.clamp(1, RestoreRecords::MAX_RECORDS);
        self
    }

    /// Sets the callback for the progress.
    pub fn with_progress(mut self, progress: &'a (dyn Fn(MigrationProgress) + Send + Sync)) -> Self {
        self.0.progress = Some(progress);
        self
    }

    /// Compares source and target. Changes nothing.
    ///
    /// Both are read page by page. Memory grows with the number of ranges; a provider without the capability
    /// `list_records` is read as a whole, up to a million allocations.
    ///
    /// # Errors
    /// `Unsupported` if a provider has more than a million blocks or ranges; otherwise the
    /// [common errors](crate::Error#common-errors).
    pub async fn check(&self) -> Result<CheckedMigration> {
        check::check(self.0).await
    }

    /// Writes what the check found new: blocks, ranges, then addresses in batches.
    ///
    /// A future that is dropped, and a migration that fails, leave what was written so far. Check and apply again to
    /// write the rest.
    ///
    /// # Errors
    /// `Conflict` before anything is written if the check found [conflicts](CheckedMigration::conflicts); otherwise the
    /// error of the source or the target.
    pub async fn apply(&self, checked: &CheckedMigration) -> Result<Migrated> {
        apply::apply(self.0, checked).await
    }
}

impl fmt::Debug for Migration<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Migration")
            .field("source", &self.0.source)
            .field("target", &self.0.target)
            .finish_non_exhaustive()
    }
}
