//! Keys that only the target has: a record of the source with one of them is refused.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::ptr;

use futures_util::TryStreamExt;

use super::allocate::as_kept;
use super::checked::CheckedMigration;
use super::holds::holds;
use super::shape::Homes;
use super::sides::Sides;
use crate::plan::check::MAX_PRESENT;
use crate::plan::contents;
use crate::{Allocation, AllocationKey, Capabilities, IpamProviderExt, Operation, Range, Result};

/// Keys of the addresses and ranges that the target has and the source has not.
pub(super) struct TargetKeys {
    hasher: RandomState,
    /// Hashes of the keys of addresses; of the first million of them.
    // Hashes, because a target may have many more addresses than the source. Each match is looked up.
    addresses: HashSet<u64>,
    ranges: HashSet<AllocationKey>,
}

impl TargetKeys {
    /// Returns the keys of the ranges of the target that are no homes of the source's addresses.
    pub(super) fn of(target: &[Range], homes: &Homes<'_>) -> Self {
        let paired: HashSet<*const Range> = homes.values().map(|range| ptr::from_ref(*range)).collect();
        let others = target.iter().filter(|range| !paired.contains(&ptr::from_ref(*range)));
        let ranges = others.filter_map(|range| range.key.clone()).collect();
        Self { hasher: RandomState::new(), addresses: HashSet::new(), ranges }
    }

    /// Adds the key of an address that the source has not.
    pub(super) fn add(&mut self, allocation: &Allocation) {
        if let Some(key) = allocation.key.as_ref().filter(|_| self.addresses.len() < MAX_PRESENT) {
            self.addresses.insert(self.hasher.hash_one(key));
        }
    }

    /// Adds a conflict for each key of the source that is in use in the target.
    pub(super) async fn conflicts(
        mut self,
        migration: Sides<'_>,
        found: &mut CheckedMigration,
        can: &Capabilities,
        homes: &Homes<'_>,
    ) -> Result<()> {
        // Nearly always so: the source is not read again.
        if self.addresses.is_empty() && self.ranges.is_empty() {
            return Ok(());
        }
        let mut refused = Vec::new();
        for record in &found.restored_ranges {
            let Some(key) = &record.range.key else { continue };
            refused.extend(self.in_use(migration, key).await?.map(|by| format!("range {}: {by}", record.range.id)));
        }
        let mut entries = contents::entries(Operation::Migrate, migration.source).await?;
        while let Some(entry) = entries.try_next().await? {
            let Some(home) = homes.get(&entry.allocation.range).filter(|home| holds(can, home, &entry)) else {
                continue;
            };
            let allocation = as_kept(can, entry.allocation);
            let Some(key) = &allocation.key else { continue };
            let by = self.in_use(migration, key).await?;
            refused.extend(by.map(|by| format!("{} of {}: {by}", allocation.address, home.id)));
        }
        refused.into_iter().for_each(|message| found.conflict(message));
        Ok(())
    }

    /// Returns what uses a key in the target, once for each key.
    async fn in_use(&mut self, migration: Sides<'_>, key: &AllocationKey) -> Result<Option<String>> {
        if self.ranges.remove(key) {
            return Ok(Some(format!("the target has the key {key} for a range")));
        }
        if !self.addresses.remove(&self.hasher.hash_one(key)) {
            return Ok(None);
        }
        let by = migration.target.find_key(key.clone()).await?;
        Ok(by.first().map(|by| format!("the target has the key {key} for {}", by.address)))
    }
}
