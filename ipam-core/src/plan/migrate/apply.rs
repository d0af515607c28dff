//! Writing of a checked migration.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::time::SystemTime;

use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryStreamExt};

use super::allocate::request;
use super::checked::{CheckedMigration, Migrated};
use super::shape::for_target;
use super::sides::{MigrationStep, Sides};
use crate::plan::check::limited;
use crate::plan::contents;
use crate::{
    Capabilities, Error, ErrorKind, Find, IpamProviderExt, ListRanges, NetworkInfo, Operation, PortableAllocation,
    PortableRecord, PortableRequest, Properties, Range, RangeId, RestoreRecords, Result, SpaceId, Tags,
};

const OP: Operation = Operation::Migrate;

/// Number of calls of the target under way at a time, where each writes one item.
const AT_ONCE: usize = 16;

pub(super) async fn apply(migration: Sides<'_>, checked: &CheckedMigration) -> Result<Migrated> {
    if let Some(first) = checked.conflicts.first() {
        let more = checked.conflicts.len() - 1 + checked.more_conflicts;
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        return Err(Error::new(ErrorKind::Conflict, OP, format!("{first}{more}")));
    }
    let target = migration.target;
    let mut migrated = Migrated::default();
    let total = u64::try_from(checked.new_blocks() + checked.new_ranges()).ok();
    // Those of one prefix length lie beside each other, and need not wait for each other.
    for level in checked.blocks.chunk_by(|one, other| one.net.prefix_len() == other.net.prefix_len()) {
        let mut defined = stream::iter(level).map(|block| target.define_block(block)).buffer_unordered(AT_ONCE);
        while defined.try_next().await?.is_some() {
            migrated.blocks += 1;
            migration.tell(MigrationStep::Defining, migrated.blocks, total);
        }
    }
    for range in &checked.ranges {
        target.define_range(range).await?;
        migrated.ranges += 1;
        migration.tell(MigrationStep::Defining, migrated.blocks + migrated.ranges, total);
    }
    for batch in checked.restored_ranges.chunks(migration.batch) {
        let records = batch.iter().map(|range| PortableRecord::Range(Box::new(range.clone())));
        let restored = target.restore_records(&RestoreRecords::new(records.collect())).await?;
        migrated.ranges += restored.restored as u64;
        migration.tell(MigrationStep::Defining, migrated.blocks + migrated.ranges, total);
    }
    let can = target.capabilities();
    let homes = homes(migration, checked).await?;
    let there = if can.restore_records { HashSet::new() } else { places(migration).await? };
    let writer = Writer { migration, checked, homes, there, can };
    migrated.addresses = writer.write().await?;
    Ok(migrated)
}

/// Returns the ranges of the target by their ids in the source.
async fn homes(migration: Sides<'_>, checked: &CheckedMigration) -> Result<HashMap<RangeId, Range>> {
    let mut homes: HashMap<RangeId, Range> = HashMap::new();
    let ranges = migration.target.ranges(ListRanges::all()).map_ok(home);
    for range in limited(OP, "ranges", ranges).await? {
        homes.insert(range.id.clone(), range);
    }
    // A range of the source may have the id of an unrelated one of the target only if it was given another.
    let renamed: Vec<(RangeId, Option<Range>)> =
        checked.renamed.iter().map(|(from, to)| (from.clone(), homes.get(to).cloned())).collect();
    homes.extend(renamed.into_iter().filter_map(|(from, range)| Some((from, range?))));
    Ok(homes)
}

/// Leaves out what tells nothing of the addresses that a range takes.
fn home(mut range: Range) -> Range {
    let gateway = range.network.gateway;
    range.network = NetworkInfo { gateway, ..NetworkInfo::default() };
    (range.name, range.description) = (String::new(), None);
    (range.tags, range.properties) = (Tags::default(), Properties::default());
    range
}

/// Returns the addresses that a target has, which cannot restore records: they are not allocated again.
async fn places(migration: Sides<'_>) -> Result<HashSet<(SpaceId, IpAddr)>> {
    let mut places = HashSet::new();
    let mut entries = contents::entries(OP, migration.target).await?;
    while let Some(entry) = entries.try_next().await? {
        places.insert((entry.allocation.space, entry.allocation.address));
    }
    Ok(places)
}

struct Writer<'m> {
    migration: Sides<'m>,
    checked: &'m CheckedMigration,
    homes: HashMap<RangeId, Range>,
    /// Addresses of a target that cannot restore records.
    there: HashSet<(SpaceId, IpAddr)>,
    can: Capabilities,
}

impl Writer<'_> {
    /// Writes all addresses. Returns the number of those that are new.
    async fn write(&self) -> Result<u64> {
        let total = Some(self.checked.new_addresses + self.checked.unchanged_addresses);
        let (mut done, mut restored) = (0, 0);
        let mut batch: Vec<PortableRecord> = Vec::new();
        let mut records = self.records().await?;
        loop {
            let record = records.try_next().await?;
            let ended = record.is_none();
            let taken: usize = batch.iter().map(PortableRecord::addresses).sum();
            let next = record.as_ref().map_or(0, PortableRecord::addresses);
            if !batch.is_empty() && (ended || taken + next > self.migration.batch) {
                restored += self.put(std::mem::take(&mut batch)).await?;
                done += taken as u64;
                self.migration.tell(MigrationStep::Writing, done, total);
            }
            match record {
                Some(record) => batch.extend(self.for_target(record)),
                None => return Ok(restored),
            }
        }
    }

    /// Returns the records of the source; a source without them lists allocations, from which they are made.
    async fn records(&self) -> Result<BoxStream<'_, Result<PortableRecord>>> {
        let source = self.migration.source;
        if source.capabilities().list_records {
            return Ok(contents::records(source));
        }
        // A request with several addresses comes with the first of them, as its key finds them all.
        let found = contents::entries(OP, source).await?.try_filter_map(move |entry| async move {
            let allocation = entry.allocation;
            let Some(key) = allocation.key.clone() else {
                return Ok(Some(PortableRecord::Request(alone(vec![PortableAllocation::new(0, allocation)]))));
            };
            let mut all: Vec<_> = source.find_all(Find::default().with_key(key)).try_collect().await?;
            all.sort_by(|one: &crate::Allocation, other| (&one.space, one.address).cmp(&(&other.space, other.address)));
            let is_first = all.first().is_none_or(|first| first.id == allocation.id);
            let position =
                |(at, allocation)| PortableAllocation::new(u32::try_from(at).unwrap_or(u32::MAX), allocation);
            Ok(is_first.then(|| PortableRecord::Request(alone(all.into_iter().enumerate().map(position).collect()))))
        });
        Ok(found.boxed())
    }

    fn for_target(&self, record: PortableRecord) -> Option<PortableRecord> {
        let is_there = |space: &SpaceId, address| self.there.contains(&(space.clone(), address));
        for_target(&self.can, |id| self.homes.get(id), is_there, record)
    }

    /// Writes a batch. Returns the number of addresses that were new.
    async fn put(&self, batch: Vec<PortableRecord>) -> Result<u64> {
        let target = self.migration.target;
        if self.can.restore_records {
            let restored = target.restore_records(&RestoreRecords::new(batch)).await?;
            return Ok(restored.addresses as u64);
        }
        let now = SystemTime::now();
        let mut requests = Vec::with_capacity(batch.len());
        for record in &batch {
            if let PortableRecord::Request(record) = record {
                requests.extend(request(record, now)?);
            }
        }
        let written = stream::iter(requests)
            .map(|request| async move {
                let allocated = target.allocate(&request).await?;
                Ok::<_, Error>(if allocated.repeated { 0 } else { allocated.iter().count() as u64 })
            })
            .buffer_unordered(AT_ONCE);
        written.try_fold(0, |sum, new| async move { Ok(sum + new) }).await
    }
}

fn alone(allocations: Vec<PortableAllocation>) -> PortableRequest {
    let lines = if allocations.len() == 1 { Some(1) } else { None };
    PortableRequest::new(allocations).with_lines(lines)
}
