//! Restoring of records that another provider listed.
//!
//! Everything is read and compared first, and the new records are kept aside; then they are written. A record that is
//! there already is skipped, so that a request can be repeated after an unknown outcome.

use hashbrown::HashSet;

use super::ranges;
use super::records::living;
use super::same_record::{allocation_differs, close, request_differs};
use crate::engine::context::Context;
use crate::engine::overlay::Overlay;
use crate::engine::space::page::locate;
use crate::engine::store::{
    Ahead, AllocationChange, BY_POSITION, Origin, Quarantined, Record, RequestKind, RequestRecord, Store, StoredRange,
};
use crate::engine::unkeyed;
use crate::net::{HostPolicy, hosts};
use crate::{
    Allocation, AllocationId, AllocationState, ChangeKind, Error, ErrorKind, Fingerprint, Operation,
    PortableAllocation, PortableQuarantine, PortableRange, PortableRecord, PortableRequest, Range, RangeId,
    RestoreRecords, RestoredRecords, Result, SpaceId,
};

const OP: Operation = Operation::RestoreRecords;

/// Restores the records that the store does not have.
pub(crate) fn restore_records<S: Store + ?Sized>(
    store: &mut S,
    context: &mut Context<'_>,
    request: &RestoreRecords,
) -> Result<RestoredRecords> {
    request.validate()?;
    let mut overlay = Overlay::new(store, context.now);
    overlay.sweep_some()?;
    overlay.store.read_ahead(&|| reads(&request.records))?;
    let (mut new_ranges, mut requests, mut quarantined) = (Vec::new(), Vec::new(), Vec::new());
    for record in &request.records {
        match record {
            PortableRecord::Range(record) => new_ranges.extend(new_range(&mut overlay, record, &new_ranges)?),
            PortableRecord::Request(record) if is_new(&mut overlay, record)? => requests.push(record),
            PortableRecord::Quarantine(record) if begins(&mut overlay, record)? => quarantined.push(record),
            PortableRecord::Request(_) | PortableRecord::Quarantine(_) => {}
        }
    }
    // Ids last, when nothing can be refused any more: one that is issued and not used is lost.
    let mut new_requests = Vec::with_capacity(requests.len());
    for record in requests {
        new_requests.push(new_request(&mut overlay, context, record)?);
    }
    let mut ended = Vec::with_capacity(quarantined.len());
    for record in quarantined {
        ended.push(quarantine(&mut overlay, record)?);
    }
    let restored = new_ranges.len() + new_requests.len() + ended.len();
    let addresses = new_requests.iter().map(|new: &NewRequest| new.allocations.len()).sum::<usize>() + ended.len();
    let result = RestoredRecords::new(restored, request.records.len() - restored, addresses);

    // Only writes from here on. A request comes before its allocations.
    let store = overlay.prepare()?.write(context.actor)?;
    for NewRange { range, origin, request } in new_ranges {
        if let Some(request) = &request {
            store.insert_request(request)?;
        }
        ranges::insert(store, context, range, origin)?;
    }
    for NewRequest { request, allocations, returned } in &new_requests {
        if let Some((_, first)) = allocations.first() {
            let issued = u32::try_from(allocations.len() + returned.len()).unwrap_or(u32::MAX);
            store.insert_request_with_ids(request, &first.id, issued)?;
        }
        for (line, allocation) in allocations {
            store.insert_allocation(allocation, *line)?;
            store.append_allocation_change(&AllocationChange::made(allocation, context.now, context.actor))?;
        }
        ended.extend(returned.iter().cloned());
    }
    // One change for every id that was issued: the embedded store takes its next serial number from their count.
    for allocation in &ended {
        // They were never allocated here, so that they have no state before.
        let change = AllocationChange::ended(allocation, ChangeKind::Deallocated, context.now, context.actor);
        store.append_allocation_change(&AllocationChange { before: None, ..change })?;
    }
    Ok(result)
}

/// Returns what the records will be compared with.
fn reads(records: &[PortableRecord]) -> Vec<Ahead> {
    let mut reads: HashSet<Ahead> = HashSet::new();
    // Which of the addresses are in use is not known yet: the pages that say so come with the rest.
    let at = |space: &SpaceId, range: &RangeId, address| {
        let space = space.clone();
        let page = Ahead::Page { range: range.clone(), no: locate(address).0 };
        [
            Ahead::Range(range.clone()),
            page,
            Ahead::AllocationAt { space: space.clone(), address },
            Ahead::QuarantinedAt { space, address },
        ]
    };
    for record in records {
        match record {
            PortableRecord::Range(record) => {
                let Range { id, space, net, key, .. } = &record.range;
                let (space, net) = (space.clone(), *net);
                reads.insert(Ahead::Range(id.clone()));
                reads.insert(Ahead::BlockAround { space: space.clone(), net });
                reads.insert(Ahead::RangesOverlapping { space: space.clone(), net });
                reads.insert(Ahead::NetsWithin { space, net });
                reads.extend(key.clone().map(Ahead::Request));
            }
            PortableRecord::Request(record) => {
                // What is there already is compared, by its key or by its address.
                reads.extend(
                    record
                        .key
                        .iter()
                        .flat_map(|key| [Ahead::Request(key.clone()), Ahead::AllocationsOfKey(key.clone())]),
                );
                for PortableAllocation { allocation, .. } in &record.allocations {
                    reads.extend(at(&allocation.space, &allocation.range, allocation.address));
                }
            }
            PortableRecord::Quarantine(record) => {
                reads.extend(at(&record.space, &record.range, record.address));
            }
        }
    }
    reads.into_iter().collect()
}

/// Range to be written, with its request if it has a key.
struct NewRange {
    range: Range,
    origin: Origin,
    request: Option<RequestRecord>,
}

/// Returns the range of a record, unless it exists.
fn new_range<S: Store + ?Sized>(
    overlay: &mut Overlay<'_, S>,
    record: &PortableRange,
    before: &[NewRange],
) -> Result<Option<NewRange>> {
    let mut range = record.range.clone();
    let fingerprint = record.fingerprint.unwrap_or(Fingerprint::UNKNOWN);
    let request = range.key.as_ref().map(|key| RequestRecord {
        key: key.clone(),
        fingerprint,
        kind: RequestKind::Range,
        owner: unkeyed::stored_owner(range.owner.as_ref()),
        returned: Vec::new(),
    });
    range.block = overlay.store.block_around(&range.space, range.net)?;
    let found = match &range.key {
        Some(key) => overlay.store.request(key)?,
        None => None,
    };
    if let Some(existing) = overlay.store.range(&range.id)? {
        if *existing.range == range && found == request {
            return Ok(None);
        }
        let message = format!("the range {:?} ({}) exists and differs from the record", range.id, existing.range.net);
        return Err(conflict(message));
    }
    if let Some(found) = found {
        return Err(conflict(format!("the key {:?} of the range {:?} is in use", found.key, range.id)));
    }
    ranges::must_fit(overlay.store, OP, &range.space, range.net, range.addresses, None)?;
    // The store does not have the others yet, and cannot compare them.
    if let Some(NewRange { range: other, .. }) = before.iter().find(|other| overlaps(&other.range, &range)) {
        let message = format!(
            "the range {:?} ({}, {}) overlaps {:?} ({}, {})",
            range.id, range.net, range.addresses, other.id, other.net, other.addresses
        );
        return Err(conflict(message));
    }
    // By the host policy where it gives the same addresses: an update that clears them then goes back to these.
    let by_policy = |policy| range.addresses == hosts(range.net, policy);
    let (usable, all) = (by_policy(HostPolicy::Hosts), by_policy(HostPolicy::All));
    let origin =
        Origin { explicit_addresses: !usable && !all, all_hosts: all && !usable, child_prefix: range.key.is_some() };
    Ok(Some(NewRange { range, origin, request }))
}

/// Returns true if two ranges cannot both exist. Those of one prefix can, with other addresses.
fn overlaps(one: &Range, other: &Range) -> bool {
    let nested = one.net.contains(&other.net) || other.net.contains(&one.net);
    one.space == other.space && nested && (one.net != other.net || one.addresses.overlaps(&other.addresses))
}

/// Returns true if no allocation of the request exists. Takes its addresses in the overlay then.
fn is_new<S: Store + ?Sized>(overlay: &mut Overlay<'_, S>, record: &PortableRequest) -> Result<bool> {
    let found = match &record.key {
        Some(key) => overlay.store.request(key)?,
        None => None,
    };
    if let Some(found) = found {
        let all = overlay.store.allocations_of_key(&found.key)?;
        let living = living(all.clone(), overlay.now);
        if !living.is_empty() || found.kind == RequestKind::Range {
            return match request_differs(&found, &living, record) {
                None => Ok(false),
                Some(how) => Err(conflict(format!("the key {:?} is in use with another request: {how}", found.key))),
            };
        }
        // All of its addresses have expired, so that the key is free again.
        for record in all {
            overlay.living(record)?;
        }
    }
    for one in &record.allocations {
        let wanted = &one.allocation;
        if wanted.state == AllocationState::Reserved && record.key.is_some() {
            return Err(Error::unsupported(OP, "a store of this crate")
                .with_context("because", "a reserved address cannot have a key; restore it as allocated")
                .with_context("address", wanted.address));
        }
        let stored = range_of(overlay, &wanted.range)?;
        within(&stored, &wanted.space, wanted.address)?;
        match at(overlay, &stored, wanted.address)? {
            At::Free => {
                if let Some((range, store)) = overlay.load_with_store(&wanted.range)? {
                    range.set(store, wanted.address, true)?;
                }
            }
            At::Allocated(found) => {
                let found = unkeyed::shown(*found.allocation);
                // Without a key the address alone tells whether the record is there.
                return match allocation_differs(&found, wanted) {
                    None if record.key.is_none() => Ok(false),
                    differs => Err(taken(&found, differs.unwrap_or("key"))),
                };
            }
            At::Quarantined(found) => return Err(in_quarantine(&found)),
        }
    }
    Ok(true)
}

/// Request to be written, with its allocations by line and address, and the ended ones that it remembers.
struct NewRequest {
    request: RequestRecord,
    allocations: Vec<(u32, Allocation)>,
    returned: Vec<Allocation>,
}

fn new_request<S: Store + ?Sized>(
    overlay: &mut Overlay<'_, S>,
    context: &mut Context<'_>,
    record: &PortableRequest,
) -> Result<NewRequest> {
    let state = record.allocations.first().map(|one| one.allocation.state).unwrap_or_default();
    let key = record.key.clone().unwrap_or_else(|| unkeyed::key(state, context.random));
    let owner = unkeyed::stored_owner(record.owner());
    let mut sorted: Vec<_> = record.allocations.iter().collect();
    sorted.sort_by_key(|one| (one.line, one.allocation.address));
    let mut allocations = Vec::with_capacity(sorted.len());
    for one in sorted {
        let mut allocation = one.allocation.clone();
        allocation.id = overlay.store.new_allocation_id(&allocation.space, allocation.address)?;
        allocation.key = Some(key.clone());
        allocation.owner = Some(owner.clone());
        allocation.state = AllocationState::Allocated;
        // A provider that does not keep the time: the time of the restore is the earliest that is known.
        allocation.created = Some(allocation.created.unwrap_or(context.now));
        allocation.updated = allocation.updated.or(allocation.created);
        allocations.push((one.line, allocation));
    }
    // The ids of a request are consecutive, also those of addresses that were returned.
    let mut returned = Vec::with_capacity(record.returned.len());
    if let Some((_, first)) = allocations.first() {
        for address in &record.returned {
            let id = overlay.store.new_allocation_id(&first.space, *address)?;
            returned.push(gone(id, first, *address));
        }
    }
    let (count, lines) = (record.count, record.lines.unwrap_or(BY_POSITION));
    let request = RequestRecord {
        key,
        fingerprint: record.fingerprint.unwrap_or(Fingerprint::UNKNOWN),
        kind: RequestKind::Addresses { count, lines },
        owner,
        returned: record.returned.clone(),
    };
    Ok(NewRequest { request, allocations, returned })
}

/// Returns an allocation of the same request that has ended, for the feed.
fn gone(id: AllocationId, of: &Allocation, address: std::net::IpAddr) -> Allocation {
    let mut gone = Allocation::new(id, of.space.clone(), of.range.clone(), address);
    gone.key.clone_from(&of.key);
    gone.owner.clone_from(&of.owner);
    gone
}

/// Returns true if the address is free, and its release time has not come.
fn begins<S: Store + ?Sized>(overlay: &mut Overlay<'_, S>, record: &PortableQuarantine) -> Result<bool> {
    let stored = range_of(overlay, &record.range)?;
    within(&stored, &record.space, record.address)?;
    // An address that is never handed out needs no quarantine.
    if record.until <= overlay.now || !stored.layout.contains(record.address) {
        return Ok(false);
    }
    match at(overlay, &stored, record.address)? {
        At::Free => Ok(true),
        At::Allocated(found) => Err(taken(&unkeyed::shown(*found.allocation), "state")),
        At::Quarantined(found) if close(Some(found.until), Some(record.until)) => Ok(false),
        At::Quarantined(found) => Err(in_quarantine(&found)),
    }
}

/// Puts an address into quarantine in the overlay. Returns what the feed says of it.
fn quarantine<S: Store + ?Sized>(overlay: &mut Overlay<'_, S>, record: &PortableQuarantine) -> Result<Allocation> {
    let id = overlay.store.new_allocation_id(&record.space, record.address)?;
    let entry = Quarantined {
        space: record.space.clone(),
        range: record.range.clone(),
        address: record.address,
        allocation: id.clone(),
        since: record.since,
        until: record.until,
    };
    if let Some((range, store)) = overlay.load_with_store(&record.range)? {
        range.quarantine(store, entry)?;
    }
    Ok(Allocation::new(id, record.space.clone(), record.range.clone(), record.address))
}

/// Use of an address.
enum At {
    Free,
    Allocated(Record),
    Quarantined(Quarantined),
}

fn at<S: Store + ?Sized>(overlay: &mut Overlay<'_, S>, stored: &StoredRange, address: std::net::IpAddr) -> Result<At> {
    let id = &stored.range.id;
    let (no, bit) = locate(address);
    let Some((range, store)) = overlay.load_with_store(id)? else { return Ok(At::Free) };
    if !range.page(store, no)?.is_some_and(|page| page.contains(bit)) {
        return Ok(At::Free);
    }
    if let Some(record) = overlay.allocation_at(stored, address)? {
        return Ok(At::Allocated(record));
    }
    let now = overlay.now;
    let Some((range, store)) = overlay.load_with_store(id)? else { return Ok(At::Free) };
    match range.quarantined_at(store, address)? {
        Some(entry) if entry.until > now => Ok(At::Quarantined(entry)),
        Some(_) => range.release(store, address).map(|_| At::Free),
        None => Ok(At::Free),
    }
}

fn range_of<S: Store + ?Sized>(overlay: &mut Overlay<'_, S>, id: &RangeId) -> Result<StoredRange> {
    match overlay.load(id)? {
        Some(range) => Ok(range.stored.clone()),
        None => Err(Error::not_found(OP, "range", id)),
    }
}

fn within(stored: &StoredRange, space: &SpaceId, address: std::net::IpAddr) -> Result<()> {
    let range = &stored.range;
    // Reserved addresses and the gateway are let through: a server may have a record of them.
    if range.space == *space && stored.layout.spans(address) {
        return Ok(());
    }
    let message = format!(
        "{address} of the space {space} lies outside of the range {:?}, which has {} of the space {}",
        range.id, range.addresses, range.space
    );
    Err(conflict(message))
}

fn conflict(message: String) -> Error {
    Error::new(ErrorKind::Conflict, OP, message)
}

fn taken(found: &Allocation, differs: &str) -> Error {
    let owner = found.owner.as_ref().map_or_else(String::new, |owner| format!(" to {owner}"));
    let key = found.key.as_ref().map_or_else(String::new, |key| format!(" under the key {key:?}"));
    conflict(format!("{} is allocated{owner}{key}, and differs from the record in {differs}", found.address))
        .with_context("range", &found.range)
}

fn in_quarantine(found: &Quarantined) -> Error {
    conflict(format!("{} is in quarantine", found.address)).with_context("range", &found.range)
}
