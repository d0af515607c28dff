//! Migration after the check, and its result.

use std::collections::HashMap;

use super::loss::{Loss, Losses};
use crate::plan::problem::PlanError;
use crate::{DefineBlock, DefineRange, PortableRange, RangeId};

/// Migration after the check: what is new, what is there already, what is lost, and what is in the way.
///
/// ```
/// use ipam_core::plan::Migration;
/// use ipam_core::{DefineRange, IpamProvider, MemoryProvider};
///
/// # futures_executor::block_on(async {
/// let (old, new) = (MemoryProvider::new(), MemoryProvider::new());
/// old.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse()?)).await?;
/// new.define_range(&DefineRange::new("lan", "192.0.2.0/25".parse()?)).await?;
/// let checked = Migration::new(&old, &new).check().await?;
/// assert_eq!(checked.conflicts().len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, Default)]
pub struct CheckedMigration {
    pub(super) blocks: Vec<DefineBlock>,
    /// Ranges to define, in a target that cannot restore records.
    pub(super) ranges: Vec<DefineRange>,
    pub(super) restored_ranges: Vec<PortableRange>,
    /// Ids in the target of ranges that it has under other ids.
    pub(super) renamed: HashMap<RangeId, RangeId>,
    pub(super) new_addresses: u64,
    pub(super) unchanged_addresses: u64,
    pub(super) losses: Losses,
    pub(super) conflicts: Vec<String>,
    pub(super) more_conflicts: usize,
}

impl CheckedMigration {
    /// Returns the number of blocks to write.
    #[must_use]
    pub fn new_blocks(&self) -> usize {
        self.blocks.len()
    }

    /// Returns the number of ranges to write.
    #[must_use]
    pub fn new_ranges(&self) -> usize {
        self.ranges.len() + self.restored_ranges.len()
    }

    /// Returns the number of addresses to write.
    #[must_use]
    pub const fn new_addresses(&self) -> u64 {
        self.new_addresses
    }

    /// Returns the number of addresses that the target has already, as the source has them.
    #[must_use]
    pub const fn unchanged_addresses(&self) -> u64 {
        self.unchanged_addresses
    }

    /// Returns what the target cannot hold, one entry for each reason.
    #[must_use]
    pub fn losses(&self) -> &[Loss] {
        self.losses.all()
    }

    /// Returns what is in the way, as sentences for people; at most
    /// [`PlanError::MAX_PROBLEMS`](crate::plan::PlanError::MAX_PROBLEMS). With any of them nothing is written.
    #[must_use]
    pub fn conflicts(&self) -> &[String] {
        &self.conflicts
    }

    /// Returns the number of conflicts that are not listed.
    #[must_use]
    pub const fn more_conflicts(&self) -> usize {
        self.more_conflicts
    }

    /// Adds a conflict, or counts it where there are many.
    pub(super) fn conflict(&mut self, message: String) {
        if self.conflicts.len() < PlanError::MAX_PROBLEMS {
            self.conflicts.push(message);
        } else {
            self.more_conflicts += 1;
        }
    }
}

/// Result of a migration: the numbers of what was written.
///
/// ```
/// use ipam_core::MemoryProvider;
/// use ipam_core::plan::Migration;
///
/// # futures_executor::block_on(async {
/// let (old, new) = (MemoryProvider::new(), MemoryProvider::new());
/// let migration = Migration::new(&old, &new);
/// let migrated = migration.apply(&migration.check().await?).await?;
/// assert_eq!((migrated.blocks, migrated.ranges, migrated.addresses), (0, 0, 0));
/// # Ok::<(), ipam_core::Error>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Migrated {
    /// Number of blocks.
    pub blocks: u64,
    /// Number of ranges.
    pub ranges: u64,
    /// Number of addresses.
    pub addresses: u64,
}
