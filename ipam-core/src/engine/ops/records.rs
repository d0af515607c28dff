//! Listing of the records of a store, for another provider.

use std::net::IpAddr;
use std::time::SystemTime;

use hashbrown::HashSet;

use super::find::{cut, id_after, invalid_token, page_size};
use crate::engine::overlay::has_expired;
use crate::engine::store::{Ahead, BY_POSITION, Record, RequestKind, RequestRecord, Store};
use crate::engine::unkeyed;
use crate::{
    Allocation, AllocationKey, AllocationState, Find, Fingerprint, ListRecords, MAX_ADDRESSES, Operation, Page,
    PageToken, PortableAllocation, PortableQuarantine, PortableRange, PortableRecord, PortableRequest, RangeFilter,
    RangeId, Result, SpaceId,
};

/// Start of the listing of addresses, after that of the ranges.
const ADDRESSES: &str = "a ";

/// Returns a page of records: ranges by id, then addresses by space and address.
pub(crate) fn list_records<S: Store + ?Sized>(
    store: &mut S,
    now: SystemTime,
    request: &ListRecords,
) -> Result<Page<PortableRecord>> {
    const OP: Operation = Operation::ListRecords;
    request.page.validate(OP)?;
    let size = page_size(&request.page);
    match &request.page.token {
        None => ranges(store, now, None, size),
        Some(token) if token.as_str() == ADDRESSES => addresses(store, now, None, size),
        Some(token) if token.as_str().starts_with(ADDRESSES) => {
            let text = id_after(OP, token, ADDRESSES)?;
            let (address, space) = text.split_once(' ').ok_or_else(|| invalid_token(OP, token))?;
            let address = address.parse().map_err(|_| invalid_token(OP, token))?;
            let space = SpaceId::from(space);
            space.validate(OP).map_err(|_| invalid_token(OP, token))?;
            addresses(store, now, Some((space, address)), size)
        }
        Some(token) => ranges(store, now, Some(RangeId::from(id_after(OP, token, "r ")?)), size),
    }
}

fn ranges<S: Store + ?Sized>(
    store: &mut S,
    now: SystemTime,
    after: Option<RangeId>,
    size: usize,
) -> Result<Page<PortableRecord>> {
    let found = store.list_ranges(&RangeFilter::default(), after.as_ref(), size + 1)?;
    let page = cut(found, size, |last| format!("r {}", last.id));
    let keys = || page.items.iter().filter_map(|range| range.key.clone()).map(Ahead::Request).collect();
    store.read_ahead(&keys)?;
    let mut records = Vec::new();
    for range in page.items {
        // The others were defined, and are listed as ranges.
        let Some(key) = &range.key else { continue };
        let fingerprint = store.request(key)?.and_then(|request| known(request.fingerprint));
        records.push(PortableRecord::Range(Box::new(PortableRange::new(range, fingerprint))));
    }
    match page.next {
        // Most stores have no such ranges: their first page is not an empty one.
        None if records.is_empty() => addresses(store, now, None, size),
        next => Ok(Page::new(records, Some(next.unwrap_or_else(|| PageToken::from(ADDRESSES))))),
    }
}

fn known(fingerprint: Fingerprint) -> Option<Fingerprint> {
    Some(fingerprint).filter(|fingerprint| *fingerprint != Fingerprint::UNKNOWN)
}

fn addresses<S: Store + ?Sized>(
    store: &mut S,
    now: SystemTime,
    after: Option<(SpaceId, IpAddr)>,
    size: usize,
) -> Result<Page<PortableRecord>> {
    let found = store.find(&Find::default().with_quarantined(true), now, after.as_ref(), size + 1)?;
    let mut page = cut(found, size, token);
    store.read_ahead(&|| reads(&page.items))?;
    let mut records = Vec::with_capacity(page.items.len());
    let mut seen: HashSet<AllocationKey> = HashSet::new();
    let mut taken = 0;
    for allocation in page.items {
        if allocation.state == AllocationState::Quarantined {
            let entry = store.quarantined_at(&allocation.space, allocation.address)?;
            records.extend(entry.map(|entry| {
                let (space, range) = (entry.space, entry.range);
                let entry = PortableQuarantine::new(space, range, entry.address, entry.since, entry.until);
                PortableRecord::Quarantine(entry)
            }));
            continue;
        }
        let last = (allocation.space.clone(), allocation.address);
        if let Some(record) = request_of(store, now, allocation, &mut seen)? {
            taken += record.allocations.len();
            records.push(PortableRecord::Request(record));
        }
        // A page of requests with 65 536 addresses each would not fit into memory.
        if taken > MAX_ADDRESSES as usize {
            page.next = Some(PageToken::from(format!("{ADDRESSES}{} {}", last.1, last.0)));
            break;
        }
    }
    Ok(Page::new(records, page.next))
}

/// Returns what the records of these addresses are made of.
fn reads(items: &[Allocation]) -> Vec<Ahead> {
    let (mut reads, mut seen, mut several) = (Vec::new(), HashSet::new(), HashSet::new());
    for item in items {
        if item.state == AllocationState::Quarantined {
            reads.push(Ahead::QuarantinedAt { space: item.space.clone(), address: item.address });
        } else if let Some(key) = unkeyed::shown_key(item.key.clone()) {
            if seen.insert(key.clone()) {
                reads.push(Ahead::Request(key));
            } else if several.insert(key.clone()) {
                reads.push(Ahead::AllocationsOfKey(key));
            }
        }
    }
    reads
}

fn token(last: &Allocation) -> String {
    format!("{ADDRESSES}{} {}", last.address, last.space)
}

/// Returns the request of an allocation, if the allocation is the first of its request.
fn request_of<S: Store + ?Sized>(
    store: &mut S,
    now: SystemTime,
    allocation: Allocation,
    seen: &mut HashSet<AllocationKey>,
) -> Result<Option<PortableRequest>> {
    let Some(key) = allocation.key.clone() else { return Ok(None) };
    if unkeyed::shown_key(Some(key.clone())).is_none() {
        let alone = PortableAllocation::new(0, unkeyed::shown(allocation));
        return Ok(Some(PortableRequest::new(vec![alone])));
    }
    // Several allocations of one request are often neighbours: the later ones need no look-up.
    if !seen.insert(key.clone()) {
        return Ok(None);
    }
    let Some(request) = store.request(&key)? else { return Ok(None) };
    let RequestKind::Addresses { count, lines } = request.kind else { return Ok(None) };
    if count == 1 {
        let alone = PortableAllocation::new(0, unkeyed::shown(allocation));
        return Ok(Some(portable(&request, count, lines, vec![alone])));
    }
    let records = living(store.allocations_of_key(&key)?, now);
    let first = records.iter().map(|record| (&record.allocation.space, record.allocation.address)).min();
    if first.is_some_and(|first| first != (&allocation.space, allocation.address)) {
        return Ok(None);
    }
    let allocations = records.into_iter().map(|record| {
        let line = record.line;
        PortableAllocation::new(line, unkeyed::shown(*record.allocation))
    });
    Ok(Some(portable(&request, count, lines, allocations.collect())))
}

pub(super) fn living(records: Vec<Record>, now: SystemTime) -> Vec<Record> {
    records.into_iter().filter(|record| !has_expired(record, now)).collect()
}

fn portable(request: &RequestRecord, count: u32, lines: u32, allocations: Vec<PortableAllocation>) -> PortableRequest {
    let mut record = PortableRequest::new(allocations)
        .with_lines(Some(lines).filter(|lines| *lines != BY_POSITION))
        .with_count(count)
        .with_returned(request.returned.clone());
    record.fingerprint = known(request.fingerprint);
    record
}
