//! Log of writes as statements.
//!
//! All statements of a transaction are sent at once, together with its commit. So a statement that finds another state
//! than the one that was read has to fail by itself: its guard divides by zero, which aborts the transaction.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use tokio_postgres::types::Type;

use super::errors::unsound;
use super::fetch::number;
use super::view::{Kind, Seen};
use crate::engine::replay::Write;
use crate::engine::{Page, REMEMBERED, RequestKind, RequestRecord, StoredRange, locate};
use crate::stores::columns::{self, IdParts};
use crate::stores::states;
use crate::{Allocation, AllocationKey, Operation, RangeId, Result, SpaceId};

mod sql;
mod statement;
mod together;

pub(super) use statement::Statement;

/// Number of pages that are added together where a range is used for the first time.
// Each of several clients that allocate at once needs an open page of its own, and adding one makes them wait.
const CLUMP: usize = 16;

fn count<T>(items: &[T]) -> i64 {
    i64::try_from(items.len()).unwrap_or(i64::MAX)
}

fn integer(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// Columns of rows that are written together: one list for each.
macro_rules! lists {
    ($($name:ident: $type:ty = $value:expr),* $(,)?; $items:expr, $item:pat) => {
        $(let mut $name: Vec<$type> = Vec::with_capacity($items.len());)*
        for $item in $items {
            $($name.push($value);)*
        }
    };
}

// After the macro, which they use.
mod allocations;
mod structure;

/// Converts the log to statements, in an order in which they can be done.
///
/// The first one writes the feed, which gives the transaction its id.
pub(super) fn statements(log: Vec<Write>, seen: &Seen, kind: Kind, operation: Operation) -> Result<Vec<Statement>> {
    let mut sorted = Sorted::new(seen, operation);
    let mut structure = Vec::new();
    for write in log {
        match write {
            Write::InsertRange(_)
            | Write::UpdateRange(_)
            | Write::RemoveRange(_)
            | Write::InsertBlock(_)
            | Write::UpdateBlock(_)
            | Write::RemoveBlock(_) => structure.push(write),
            Write::SetHighWater { range, high_water } => {
                let mark = sorted.high_water.entry(range).or_default();
                *mark = high_water.max(*mark);
            }
            Write::PutPage { range, no, page, open } => {
                sorted.pages.insert((range, no), (page, open));
            }
            Write::InsertAllocation { allocation, line } => sorted.inserted.push((allocation, line)),
            Write::UpdateAllocation(record) => sorted.updated.push(*record.allocation),
            Write::RemoveAllocation(record) => sorted.removed.push(*record.allocation),
            Write::InsertRequest(request) => sorted.requests.push(request),
            Write::UpdateRequest(request) => {
                sorted.changed_requests.insert(request.key.clone(), Some(request));
            }
            Write::RemoveRequest(key) => {
                sorted.changed_requests.insert(key, None);
            }
            Write::InsertQuarantined(entry) => sorted.quarantined.push(entry),
            Write::RemoveQuarantined { space, address } => sorted.released.push((space, address)),
            Write::AppendChange(change) => sorted.changes.push(*change),
        }
    }
    let mut statements = vec![sorted.feed()?];
    // What is removed comes first: an address that expires and is taken again, and a key that is used again, would
    // otherwise be there twice for a moment.
    sorted.removals(&mut statements)?;
    sorted.write_pages(&mut statements, kind)?;
    statements.extend(structure::statements(structure, operation)?);
    sorted.insertions(&mut statements)?;
    Ok(together::together(statements))
}

/// Returns a statement that fails if one of the ranges that were read has changed since.
pub(super) fn unchanged_ranges(seen: &Seen) -> Statement {
    let mut ids: Vec<String> = seen.ranges.keys().map(ToString::to_string).collect();
    ids.sort_unstable();
    Statement::new("SELECT 1 FROM range WHERE id = ANY($1) ORDER BY id FOR SHARE").with(ids, Type::TEXT_ARRAY)
}

/// Writes by the table that they change.
struct Sorted<'s> {
    seen: &'s Seen,
    operation: Operation,
    high_water: BTreeMap<RangeId, u128>,
    // The last state of a page counts: the requests of a batch change it one after the other. Sorted, so that
    // transactions write pages in the same order.
    pages: BTreeMap<(RangeId, u128), (Page, bool)>,
    inserted: Vec<(Box<Allocation>, u32)>,
    updated: Vec<Allocation>,
    removed: Vec<Allocation>,
    requests: Vec<RequestRecord>,
    /// Requests whose allocations end; `None` for those that are removed.
    changed_requests: BTreeMap<AllocationKey, Option<RequestRecord>>,
    quarantined: Vec<crate::engine::Quarantined>,
    released: Vec<(SpaceId, IpAddr)>,
    changes: Vec<crate::Change>,
}

impl<'s> Sorted<'s> {
    fn new(seen: &'s Seen, operation: Operation) -> Self {
        Self {
            seen,
            operation,
            high_water: BTreeMap::new(),
            pages: BTreeMap::new(),
            inserted: Vec::new(),
            updated: Vec::new(),
            removed: Vec::new(),
            requests: Vec::new(),
            changed_requests: BTreeMap::new(),
            quarantined: Vec::new(),
            released: Vec::new(),
            changes: Vec::new(),
        }
    }

    fn feed(&self) -> Result<Statement> {
        let unknown = || unsound(self.operation, "it has no name for this kind of change");
        let kind = |kind| columns::KINDS.iter().find(|(known, _)| *known == kind).map(|(_, text)| *text);
        lists!(
            at: i64 = columns::micros(change.at),
            kinds: String = kind(change.kind).ok_or_else(unknown)?.to_owned(),
            actor: Option<String> = change.actor.clone(),
            owner: Option<String> = change.owner.as_ref().map(ToString::to_string),
            space: String = change.space.to_string(),
            range: Option<String> = change.range.as_ref().map(ToString::to_string),
            block: Option<String> = change.block.as_ref().map(ToString::to_string),
            address: Option<IpAddr> = change.address,
            allocation: Option<String> = change.allocation.as_ref().map(ToString::to_string),
            key: Option<String> = change.key.as_ref().map(ToString::to_string),
            before: Option<String> = change.before.as_ref().map(|item| states::encode(change, item)),
            after: Option<String> = change.after.as_ref().map(|item| states::encode(change, item));
            &self.changes, change
        );
        Ok(Statement::new(sql::FEED)
            .with(at, Type::INT8_ARRAY)
            .with(kinds, Type::TEXT_ARRAY)
            .with(actor, Type::TEXT_ARRAY)
            .with(owner, Type::TEXT_ARRAY)
            .with(space, Type::TEXT_ARRAY)
            .with(range, Type::TEXT_ARRAY)
            .with(block, Type::TEXT_ARRAY)
            .with(address, Type::INET_ARRAY)
            .with(allocation, Type::TEXT_ARRAY)
            .with(key, Type::TEXT_ARRAY)
            .with(before, Type::TEXT_ARRAY)
            .with(after, Type::TEXT_ARRAY))
    }

    /// Returns serial number and revision of an allocation that was read.
    fn revision(&self, allocation: &Allocation) -> Result<(i64, i32)> {
        let place = (allocation.space.clone(), allocation.address);
        let serial = IdParts::of(allocation.id.as_str()).map(|parts| parts.serial);
        let seen = self.seen.revisions.get(&place).copied();
        seen.filter(|(seen, _)| Some(*seen) == serial)
            .ok_or_else(|| unsound(self.operation, format_args!("the allocation {} was not read", allocation.id)))
    }

    fn removals(&self, to: &mut Vec<Statement>) -> Result<()> {
        let mut ended: HashMap<&AllocationKey, i32> = HashMap::new();
        for allocation in &self.removed {
            if let Some(key) = &allocation.key {
                *ended.entry(key).or_default() += 1;
            }
        }
        if !self.removed.is_empty() {
            lists!(
                space: String = allocation.space.to_string(),
                address: IpAddr = allocation.address,
                revision: (i64, i32) = self.revision(allocation)?;
                &self.removed, allocation
            );
            let (serial, revision): (Vec<i64>, Vec<i32>) = revision.into_iter().unzip();
            to.push(
                Statement::new(sql::REMOVE_ALLOCATIONS)
                    .with(space, Type::TEXT_ARRAY)
                    .with(address, Type::INET_ARRAY)
                    .with(serial, Type::INT8_ARRAY)
                    .with(revision, Type::INT4_ARRAY)
                    .with(count(&self.removed), Type::INT8),
            );
        }
        let (mut gone, mut lowered) = (Vec::new(), Vec::new());
        for (key, change) in &self.changed_requests {
            match change {
                None => gone.push((key.to_string(), ended.remove(key).unwrap_or(0))),
                Some(request) => {
                    // Others may have given back addresses of the same request meanwhile.
                    let known = self.seen.returned.get(key).map_or(0, Vec::len);
                    let added = request.returned.get(known..).unwrap_or_default();
                    lowered.push((key.to_string(), ended.remove(key).unwrap_or(0), returned(added)?));
                }
            }
        }
        lowered.extend(ended.into_iter().map(|(key, ended)| (key.to_string(), ended, None)));
        lowered.sort_unstable();
        if !gone.is_empty() {
            let number = count(&gone);
            let (keys, ended): (Vec<String>, Vec<i32>) = gone.into_iter().unzip();
            to.push(
                Statement::new(sql::REMOVE_REQUESTS)
                    .with(keys, Type::TEXT_ARRAY)
                    .with(ended, Type::INT4_ARRAY)
                    .with(number, Type::INT8),
            );
        }
        if !lowered.is_empty() {
            lists!(
                keys: String = key.clone(), ended: i32 = *number, returned: Option<String> = text.clone();
                &lowered, (key, number, text)
            );
            to.push(
                Statement::new(sql::LOWER_REQUESTS)
                    .with(keys, Type::TEXT_ARRAY)
                    .with(ended, Type::INT4_ARRAY)
                    .with(returned, Type::TEXT_ARRAY)
                    .with(count(&lowered), Type::INT8)
                    .with(i64::try_from(REMEMBERED).unwrap_or(i64::MAX), Type::INT8),
            );
        }
        if !self.released.is_empty() {
            let unread = |place: &(SpaceId, IpAddr)| {
                unsound(self.operation, format_args!("the quarantine of {} was not read", place.1))
            };
            lists!(
                space: String = place.0.to_string(),
                address: IpAddr = place.1,
                allocation: String = self.seen.quarantined.get(place).ok_or_else(|| unread(place))?.to_string();
                &self.released, place
            );
            to.push(
                Statement::new(sql::RELEASE)
                    .with(space, Type::TEXT_ARRAY)
                    .with(address, Type::INET_ARRAY)
                    .with(allocation, Type::TEXT_ARRAY)
                    .with(count(&self.released), Type::INT8),
            );
        }
        Ok(())
    }

    fn write_pages(&self, to: &mut Vec<Statement>, kind: Kind) -> Result<()> {
        let (mut changed, mut added) = (Vec::new(), Vec::new());
        for (place, (page, open)) in &self.pages {
            match self.seen.pages.get(place) {
                Some(Some(was)) => changed.push((place, *was, *page, *open)),
                Some(None) => added.push((place, *page, *open)),
                None => {
                    return Err(unsound(
                        self.operation,
                        format_args!("page {:#x} of {} was not read", place.1, place.0),
                    ));
                }
            }
        }
        if !changed.is_empty() {
            lists!(
                range: String = place.0.to_string(),
                no: Vec<u8> = number(place.1),
                before: Vec<u8> = was.to_bytes().to_vec(),
                bits: Vec<u8> = page.to_bytes().to_vec(),
                used: i32 = integer(page.count()),
                opened: bool = *open;
                &changed, (place, was, page, open)
            );
            to.push(
                Statement::new(sql::CHANGE_PAGES)
                    .with(range, Type::TEXT_ARRAY)
                    .with(no, Type::BYTEA_ARRAY)
                    .with(before, Type::BYTEA_ARRAY)
                    .with(bits, Type::BYTEA_ARRAY)
                    .with(used, Type::INT4_ARRAY)
                    .with(opened, Type::BOOL_ARRAY)
                    .with(count(&changed), Type::INT8),
            );
        }
        if !added.is_empty() {
            lists!(
                range: String = place.0.to_string(),
                no: Vec<u8> = number(place.1),
                bits: Vec<u8> = page.to_bytes().to_vec(),
                used: i32 = integer(page.count()),
                opened: bool = *open;
                &added, (place, page, open)
            );
            to.push(
                Statement::new(sql::ADD_PAGES)
                    .with(range, Type::TEXT_ARRAY)
                    .with(no, Type::BYTEA_ARRAY)
                    .with(bits, Type::BYTEA_ARRAY)
                    .with(used, Type::INT4_ARRAY)
                    .with(opened, Type::BOOL_ARRAY),
            );
        }
        self.compare_pages(to);
        self.raise_marks(to, kind, added.iter().map(|(place, ..)| *place))
    }

    /// Compares pages that lack an allocation which ends: they may have been read before it was there. Nothing is cleared
    /// in them then, so that they are not written.
    fn compare_pages(&self, to: &mut Vec<Statement>) {
        let mut pages = BTreeMap::new();
        for allocation in &self.removed {
            let (no, bit) = locate(allocation.address);
            let place = (allocation.range.clone(), no);
            if let Some(Some(page)) = self.seen.pages.get(&place)
                && !page.contains(bit)
                && !self.pages.contains_key(&place)
            {
                pages.insert(place, *page);
            }
        }
        if pages.is_empty() {
            return;
        }
        let number_of = i64::try_from(pages.len()).unwrap_or(i64::MAX);
        let (places, bits): (Vec<_>, Vec<Vec<u8>>) =
            pages.into_iter().map(|(place, page)| (place, page.to_bytes().to_vec())).unzip();
        let (ranges, nos): (Vec<String>, Vec<Vec<u8>>) =
            places.into_iter().map(|(range, no)| (range.to_string(), number(no))).unzip();
        to.push(
            Statement::new(sql::COMPARE_PAGES)
                .with(ranges, Type::TEXT_ARRAY)
                .with(nos, Type::BYTEA_ARRAY)
                .with(bits, Type::BYTEA_ARRAY)
                .with(number_of, Type::INT8),
        );
    }

    /// Raises high-water marks. Where a page was added at the mark, others are added behind it.
    fn raise_marks<'p>(
        &self,
        to: &mut Vec<Statement>,
        kind: Kind,
        added: impl Iterator<Item = &'p (RangeId, u128)>,
    ) -> Result<()> {
        if self.high_water.is_empty() {
            return Ok(());
        }
        let grown: Vec<&RangeId> = added.map(|(range, _)| range).collect();
        let (mut ids, mut marks) = (Vec::new(), Vec::new());
        for (range, high_water) in &self.high_water {
            let mut mark = *high_water;
            if kind == Kind::Write
                && grown.contains(&range)
                && let Some(stored) = self.seen.ranges.get(range)
            {
                let (clump, end) = clump(stored, mark);
                if !clump.is_empty() {
                    let (no, open): (Vec<Vec<u8>>, Vec<bool>) = clump.into_iter().unzip();
                    to.push(
                        Statement::new(sql::ADD_CLUMP)
                            .with(range.to_string(), Type::TEXT)
                            .with(Page::default().to_bytes().to_vec(), Type::BYTEA)
                            .with(no, Type::BYTEA_ARRAY)
                            .with(open, Type::BOOL_ARRAY),
                    );
                    mark = end;
                }
            }
            ids.push(range.to_string());
            marks.push(number(mark));
        }
        let statement =
            Statement::new(sql::RAISE_HIGH_WATER).with(ids, Type::TEXT_ARRAY).with(marks, Type::BYTEA_ARRAY);
        to.push(statement.with(count(&self.high_water.keys().collect::<Vec<_>>()), Type::INT8));
        Ok(())
    }

    fn insertions(&self, to: &mut Vec<Statement>) -> Result<()> {
        if !self.requests.is_empty() {
            // A request comes with its allocations. One that was restored may have had more.
            let mut live: HashMap<&AllocationKey, i32> = HashMap::new();
            for (allocation, _) in &self.inserted {
                if let Some(key) = &allocation.key {
                    *live.entry(key).or_default() += 1;
                }
            }
            let counts = |request: &RequestRecord| match request.kind {
                RequestKind::Addresses { count, lines } => (Some(integer(count)), Some(integer(lines))),
                RequestKind::Range => (None, None),
            };
            lists!(
                key: String = request.key.to_string(),
                fingerprint: Vec<u8> = request.fingerprint.as_bytes().to_vec(),
                addresses: Option<i32> = counts(request).0,
                lines: Option<i32> = counts(request).1,
                held: i32 = live.get(&request.key).copied().unwrap_or(0),
                owner: String = request.owner.to_string(),
                given_back: Option<String> = returned(&request.returned)?;
                &self.requests, request
            );
            to.push(
                Statement::new(sql::INSERT_REQUESTS)
                    .with(key, Type::TEXT_ARRAY)
                    .with(fingerprint, Type::BYTEA_ARRAY)
                    .with(addresses, Type::INT4_ARRAY)
                    .with(lines, Type::INT4_ARRAY)
                    .with(held, Type::INT4_ARRAY)
                    .with(owner, Type::TEXT_ARRAY)
                    .with(given_back, Type::TEXT_ARRAY),
            );
        }
        if !self.inserted.is_empty() {
            to.push(self.insert_allocations()?);
        }
        if !self.updated.is_empty() {
            to.push(self.update_allocations()?);
        }
        if !self.quarantined.is_empty() {
            lists!(
                space: String = entry.space.to_string(),
                address: IpAddr = entry.address,
                range: String = entry.range.to_string(),
                allocation: String = entry.allocation.to_string(),
                since: i64 = columns::micros(entry.since),
                until: i64 = columns::micros(entry.until);
                &self.quarantined, entry
            );
            to.push(
                Statement::new(sql::QUARANTINE)
                    .with(space, Type::TEXT_ARRAY)
                    .with(address, Type::INET_ARRAY)
                    .with(range, Type::TEXT_ARRAY)
                    .with(allocation, Type::TEXT_ARRAY)
                    .with(since, Type::INT8_ARRAY)
                    .with(until, Type::INT8_ARRAY),
            );
        }
        Ok(())
    }

    fn json(&self, text: serde_json::Result<Option<String>>) -> Result<Option<String>> {
        text.map_err(|error| unsound(self.operation, error))
    }
}

/// Returns a list of addresses that were given back, as JSON.
fn returned(addresses: &[IpAddr]) -> Result<Option<String>> {
    let texts: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    columns::list(texts.iter().map(String::as_str)).map_err(|error| unsound(Operation::Deallocate, error))
}

/// Returns the pages to add from `mark` on, each with true if it is open, and the mark behind them.
fn clump(stored: &StoredRange, mark: u128) -> (Vec<(Vec<u8>, bool)>, u128) {
    let (layout, mut mark) = (&stored.layout, mark);
    let mut pages = Vec::new();
    while pages.len() + 1 < CLUMP
        && let Some(no) = layout.next_page(mark)
    {
        pages.push((number(no), layout.is_open(no, &Page::default())));
        mark = no + 1;
    }
    (pages, mark)
}
