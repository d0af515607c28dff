//! Check of a migration: comparison of source and target, and what the target cannot hold.

use std::collections::HashMap;
use std::time::SystemTime;

use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt};

use super::checked::CheckedMigration;
use super::holds::holds;
use super::keys::TargetKeys;
use super::shape::{Homes, for_target, refusal};
use super::sides::{MigrationStep, Sides};
use crate::plan::check::{Present, checked};
use crate::plan::contents::{self, Contents, Entry, Examine};
use crate::plan::diff::range_name;
use crate::plan::field_difference::{FieldDifference, of_blocks, of_entries, of_ranges};
use crate::plan::matching::{self, Pair};
use crate::plan::rows::{AddressPlan, Row};
use crate::plan::{RowKind, definitions};
use crate::{
    AllocationState, Block, Capabilities, Fingerprint, Operation, PortableRange, Range, RangeId, RangePolicy, Result,
};

const OP: Operation = Operation::Migrate;

pub(super) async fn check(migration: Sides<'_>) -> Result<CheckedMigration> {
    let (source, target) = (migration.source, migration.target);
    let can = target.capabilities();
    let mut found = CheckedMigration::default();
    migration.tell(MigrationStep::Checking, 0, None);
    let blocks = (contents::blocks(OP, source).await?, contents::blocks(OP, target).await?);
    let ranges = (contents::ranges(OP, source).await?, contents::ranges(OP, target).await?);
    let contents = (Contents::open(OP, source).await?, Contents::open(OP, target).await?);
    let requests = (&contents.0.range_requests, &contents.1.range_requests);
    let mut plan = AddressPlan::new();
    new_blocks(&mut found, &mut plan, &can, &blocks);
    let (homes, restored) = new_ranges(&mut found, &mut plan, &can, &ranges, requests);
    overlaps(&mut found, &can, &plan, blocks.1, ranges.1.clone());
    // One copy of the ranges is enough at a time: the largest sites have as many as fit into memory.
    drop(plan);
    found.restored_ranges = restored.into_iter().map(|range| as_restored(&can, range, requests.0)).collect();
    let homes: Homes<'_> = homes.into_iter().collect();
    let mut keys = TargetKeys::of(&ranges.1, &homes);
    let now = SystemTime::now();
    let examine: Examine<'_> = Box::new(|record| {
        let kept = for_target(&can, |id| homes.get(id).copied(), |_, _| false, record.clone())?;
        let error = refusal(target, kept, now)?;
        Some(format!("the target refuses it: {}", error.message()))
    });
    let (source, target) = (contents.0.entries(examine), contents.1.entries(Box::new(|_| None)));
    addresses(migration, &mut found, &can, &homes, &mut keys, (source, target)).await?;
    keys.conflicts(migration, &mut found, &can, &homes).await?;
    Ok(found)
}

fn new_blocks(
    found: &mut CheckedMigration,
    plan: &mut AddressPlan,
    can: &Capabilities,
    (source, target): &(Vec<Block>, Vec<Block>),
) {
    for pair in matching::blocks(source, target) {
        match pair {
            Pair::First(block) if can.define_blocks => {
                plan.blocks.push(Row::new("source", definitions::of_block(block)));
            }
            Pair::First(block) => {
                found.losses.add("block", "are left out, because the target cannot define blocks", || {
                    format!("{} {}", block.id, block.net)
                });
            }
            Pair::Both(one, other) => {
                let differs = one.id != other.id || !of_blocks(one, other).is_empty();
                if differs {
                    found.losses.add("block", "are in the target with other values, which stay", || {
                        format!("{} {}", other.id, other.net)
                    });
                }
            }
            Pair::Second(_) => {}
        }
    }
}

type Requests = HashMap<RangeId, Fingerprint>;

type Entries<'p> = BoxStream<'p, Result<Entry>>;

/// Plans the new ranges. Returns the range of the target by the id in the source, for new ones that of the source; and the
/// new ranges of a target that can restore them.
fn new_ranges<'r>(
    found: &mut CheckedMigration,
    plan: &mut AddressPlan,
    can: &Capabilities,
    (source, target): &'r (Vec<Range>, Vec<Range>),
    (requests, target_requests): (&Requests, &Requests),
) -> (Vec<(&'r RangeId, &'r Range)>, Vec<&'r Range>) {
    let mut homes = Vec::with_capacity(source.len());
    let mut restored = Vec::new();
    for pair in matching::ranges(source, target) {
        match pair {
            Pair::Both(one, other) if one.addresses == other.addresses => {
                if one.id != other.id {
                    found.renamed.insert(one.id.clone(), other.id.clone());
                    found.losses.add("range id", "have another id in the target, which stays", || {
                        format!("{} is {}", one.id, other.id)
                    });
                }
                let fingerprints = (requests.get(&one.id).copied(), target_requests.get(&other.id).copied());
                if !of_ranges((one, fingerprints.0), (other, fingerprints.1)).is_empty() {
                    found.losses.add("range", "are in the target with other values, which stay", || {
                        format!("{} {}", other.id, other.net)
                    });
                }
                homes.push((&one.id, other));
            }
            Pair::Both(one, other) => found.conflict(format!(
                "range {} {}: the target has {} for this prefix; use the same first and last address",
                one.id,
                range_name(one),
                other.addresses
            )),
            Pair::First(range) if can.define_ranges => {
                let mut define = definitions::of_range(range);
                if !can.policies && range.policy != RangePolicy::default() {
                    define.policy = RangePolicy::default();
                    found.losses.add("policy", "get the default order and no quarantine", || range.id.to_string());
                }
                if can.restore_records {
                    if range.key.is_some() && !requests.contains_key(&range.id) {
                        unknown_request(found, || range.id.to_string());
                    }
                    restored.push(range);
                } else if range.key.is_some() {
                    found.losses.add("range key", "become defined ranges, without key and owner", || {
                        range.id.to_string()
                    });
                }
                plan.ranges.push(Row::new("source", define));
                homes.push((&range.id, range));
            }
            Pair::First(range) => found.conflict(format!(
                "range {} {} of the space {}: the target does not have it and cannot define ranges; make it there first",
                range.id,
                range_name(range),
                range.space
            )),
            Pair::Second(_) => {}
        }
    }
    (homes, restored)
}

/// Returns a new range as the target keeps it.
fn as_restored(can: &Capabilities, range: &Range, requests: &Requests) -> PortableRange {
    let mut restored = PortableRange::new(range.clone(), requests.get(&range.id).copied());
    if !can.policies {
        restored.range.policy = RangePolicy::default();
    }
    restored
}

fn unknown_request(found: &mut CheckedMigration, example: impl FnOnce() -> String) {
    let reason = "keep the key, but a repeat of the request is a conflict: the source does not know the request";
    found.losses.add("request", reason, example);
}

/// Checks the new blocks and ranges for conflicts with the target and with each other.
fn overlaps(
    found: &mut CheckedMigration,
    can: &Capabilities,
    plan: &AddressPlan,
    blocks: Vec<Block>,
    ranges: Vec<Range>,
) {
    let checked = checked(plan, &Present::of(blocks, ranges));
    for row in checked.rows() {
        if let (RowKind::Block | RowKind::Range, Some(_)) = (row.kind, row.conflict()) {
            found.conflict(row.to_string());
        }
    }
    // Those of a plan without conflicts are all new.
    found.ranges = if can.restore_records { Vec::new() } else { checked.ranges };
    found.blocks = checked.blocks;
    // Outer blocks first, so that each exists before those inside of it.
    found.blocks.sort_by_key(|block| block.net.prefix_len());
}

/// Compares the addresses of source and target.
async fn addresses(
    migration: Sides<'_>,
    found: &mut CheckedMigration,
    can: &Capabilities,
    homes: &Homes<'_>,
    keys: &mut TargetKeys,
    (source, target): (Entries<'_>, Entries<'_>),
) -> Result<()> {
    let (mut source, mut target) = (source.fuse(), target.fuse());
    let mut other = target.try_next().await?;
    let mut done = 0;
    while let Some(one) = source.try_next().await? {
        done += 1;
        migration.tell(MigrationStep::Checking, done, None);
        while let Some(before) = other.take_if(|other| other.place() < one.place()) {
            keys.add(&before.allocation);
            other = target.try_next().await?;
        }
        match other.take_if(|other| other.place() == one.place()) {
            Some(there) => {
                address(found, can, homes, one, Some(&there));
                other = target.try_next().await?;
            }
            None => address(found, can, homes, one, None),
        }
    }
    while let Some(after) = other {
        keys.add(&after.allocation);
        other = target.try_next().await?;
    }
    Ok(())
}

/// Counts an address of the source, which may be in the target.
fn address(found: &mut CheckedMigration, can: &Capabilities, homes: &Homes<'_>, one: Entry, there: Option<&Entry>) {
    let Some(home) = homes.get(&one.allocation.range) else {
        let reason = "are left out, because they lie in no range that can be moved";
        found.losses.add("address", reason, || one.allocation.address.to_string());
        return;
    };
    let differing = |entry: &Entry| there.map(|there| differs(can, entry, there, home));
    // Before anything is counted as lost: it is there as it is.
    if differing(&one).is_some_and(|differs| differs.is_empty()) {
        found.unchanged_addresses += 1;
        return;
    }
    if !fits(found, can, home, &one) {
        return;
    }
    let kept = kept(found, can, one);
    let address = kept.allocation.address;
    let Some(differs) = differing(&kept) else {
        found.new_addresses += 1;
        if let Some(refusal) = kept.finding.as_ref().and_then(|finding| finding.tell()) {
            found.conflict(format!("{address}: {refusal}"));
        }
        return;
    };
    match differs.first() {
        None => found.unchanged_addresses += 1,
        Some(field) => found.conflict(format!(
            "{address}: the target has it with another {}: {} instead of {}",
            field.field,
            field.second.as_deref().unwrap_or("none"),
            field.first.as_deref().unwrap_or("none")
        )),
    }
}

/// Returns how an address in the target differs from that of the source.
fn differs(can: &Capabilities, entry: &Entry, there: &Entry, home: &Range) -> Vec<FieldDifference> {
    let mut differs = of_entries(entry, there, there.allocation.range == home.id);
    if !can.restore_records {
        // Without records the target decides on times, and fingerprints are those of its own requests.
        let decided = ["created", "updated", "expires", "request", "addresses_of_key"];
        differs.retain(|field| !decided.contains(&field.field));
    }
    differs
}

fn fits(found: &mut CheckedMigration, can: &Capabilities, home: &Range, entry: &Entry) -> bool {
    if holds(can, home, entry) {
        return true;
    }
    let reason = match entry.allocation.state {
        AllocationState::Quarantined => "are not in quarantine in the target",
        _ => "are left out, because the range in the target never hands them out",
    };
    found.losses.add("address", reason, || entry.allocation.address.to_string());
    false
}

/// Counts what is lost of an address, and returns it as the target keeps it.
fn kept(found: &mut CheckedMigration, can: &Capabilities, entry: Entry) -> Entry {
    let address = entry.allocation.address;
    let example = || address.to_string();
    let key = entry.allocation.key.clone();
    if key.is_some() && found.renamed.contains_key(&entry.allocation.range) {
        let reason = "name a range by an id that is another one in the target: a repeat with the new id is a conflict";
        found.losses.add("request", reason, example);
    }
    if can.restore_records {
        if key.is_some() && entry.request.is_none_or(|(fingerprint, _)| fingerprint.is_none()) {
            unknown_request(found, example);
        }
    } else {
        if entry.allocation.created.is_some() || entry.allocation.updated.is_some() {
            found.losses.add("created", "get the time of the migration", example);
        }
        if key.is_some() {
            found.losses.add("request", "keep the key, but a repeat of the request is a conflict", example);
        } else {
            found.losses.add("key", "get the key migrated/RANGE/ADDRESS", example);
        }
        if entry.allocation.owner.is_none() {
            found.losses.add("owner", "get the owner \"migrated\"", example);
        }
        if entry.allocation.expires.is_some() && !can.expiry {
            found.losses.add("expires", "never expire", example);
        }
    }
    if entry.allocation.state == AllocationState::Reserved && (key.is_some() || !can.restore_records) {
        found.losses.add("state", "become allocated, and were reserved", example);
    }
    if !entry.allocation.labels.tags.is_empty() && !can.tags {
        found.losses.add("tags", "lose their tags", example);
    }
    Entry { allocation: super::allocate::as_kept(can, entry.allocation), ..entry }
}
