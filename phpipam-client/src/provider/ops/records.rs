//! `list_records`: child prefixes and addresses with their marks, for a move to another provider.
//!
//! The server has no order and no pages: all rows are read at once and kept for the further pages.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::ops::Bound;
use std::sync::Arc;

use ipam_core::net::{IpRange, IpSet};
use ipam_core::{
    Allocation, AllocationKey, AllocationState, Fingerprint, ListRecords, MAX_PAGE_SIZE, Operation, Page,
    PortableAllocation, PortableRange, PortableRecord, PortableRequest, Result, SpaceId,
};

use super::page::Cursor;
use crate::error::Result as ClientResult;
use crate::models::SubnetId;
use crate::provider::inner::Inner;
use crate::provider::map::address_row::AddressRow;
use crate::provider::map::error::failed;
use crate::provider::map::mark::{Found, Mark};
use crate::provider::map::overlap::OwningRange;
use crate::provider::snapshot::{SharedRanges, Snapshot};

const OP: Operation = Operation::ListRecords;

/// Number of addresses of a claim that are named when they are gone.
const REMEMBERED: usize = 16;

/// Position of a record in the listing: ranges by id, then addresses.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Range(u64),
    Address(SpaceId, IpAddr),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Range(id) => write!(f, "r {id}"),
            Self::Address(space, address) => write!(f, "a {address} {space}"),
        }
    }
}

impl Place {
    fn parse(text: &str) -> Option<Self> {
        match text.split_once(' ')? {
            ("r", id) if id.bytes().all(|byte| byte.is_ascii_digit()) => Some(Self::Range(id.parse().ok()?)),
            ("a", text) => {
                let (address, space) = text.split_once(' ')?;
                Some(Self::Address(SpaceId::new(space), address.parse().ok()?))
            }
            _ => None,
        }
    }
}

/// Address with its range.
#[derive(Debug, Clone)]
struct Row {
    row: AddressRow,
    range: Arc<OwningRange>,
    /// True if the row is in the subnet that owns the address, and not in one around it.
    is_own: bool,
}

/// Records of a server, kept for the further pages.
struct RecordList {
    snapshot: Arc<Snapshot>,
    /// Addresses of each record; none for a range.
    records: BTreeMap<Place, Vec<Row>>,
}

impl Inner {
    pub(crate) async fn list_records(&self, request: &ListRecords) -> Result<Page<PortableRecord>> {
        let cursor = Cursor::read(OP, &request.page, MAX_PAGE_SIZE, Place::parse)?;
        self.clean_up().await;
        let list = match self.kept.get::<RecordList>(cursor.listing) {
            Some(list) => list,
            None => Arc::new(self.records().await.map_err(failed(OP))?),
        };
        let start = cursor.after.clone().map_or(Bound::Unbounded, Bound::Excluded);
        let page = cursor.page(list.records.range((start, Bound::Unbounded)), |(place, _)| (*place).clone());
        match page.next {
            Some(_) => self.kept.put(cursor.listing, &list, list.records.len()),
            None => self.kept.remove(cursor.listing),
        }
        let records = page.items.into_iter().filter_map(|(place, rows)| self.record(&list.snapshot, place, rows));
        Ok(Page::new(records.collect(), page.next))
    }

    async fn records(&self) -> ClientResult<RecordList> {
        let snapshot = self.fresh_snapshot().await?;
        let rows = self.all_addresses(|row| AddressRow::new(&self.mapping, &row)).await?;
        let rows = self.acknowledged(rows).await?;
        let mut shared = SharedRanges::default();
        // An address may be registered twice: in its subnet, and in one around it. The row of its subnet counts.
        let mut places: BTreeMap<(SpaceId, IpAddr), Row> = BTreeMap::new();
        for row in rows {
            let range = row.subnet.and_then(|subnet| snapshot.owning_range(subnet, row.ip));
            let Some(range) = range.map(|range| shared.share(range)) else { continue };
            let is_own = row.subnet == Some(range.subnet);
            let place = (range.space.clone(), row.ip);
            if places.get(&place).is_none_or(|other| is_own && !other.is_own) {
                places.insert(place, Row { row, range, is_own });
            }
        }
        let ranges = snapshot.ranges().filter(|row| row.found.mark().is_some());
        let mut records: BTreeMap<Place, Vec<Row>> =
            ranges.map(|row| (Place::Range(row.id.get()), Vec::new())).collect();
        let mut claims: BTreeMap<AllocationKey, Vec<Row>> = BTreeMap::new();
        for ((space, address), row) in places {
            match row.row.found().mark() {
                Some(mark) => claims.entry(mark.key.clone()).or_default().push(row),
                None => {
                    records.insert(Place::Address(space, address), vec![row]);
                }
            }
        }
        for rows in claims.into_values() {
            // By space and address, as they come from the map: the first one gives the place of the request.
            if let Some(first) = rows.first() {
                records.insert(Place::Address(first.range.space.clone(), first.row.ip), rows);
            }
        }
        Ok(RecordList { snapshot, records })
    }

    fn record(&self, snapshot: &Snapshot, place: &Place, rows: &[Row]) -> Option<PortableRecord> {
        if let Place::Range(id) = place {
            let row = snapshot.get(SubnetId::new(*id))?;
            let fingerprint = Fingerprint::from_prefix(row.found.mark()?.request.to_be_bytes());
            return Some(PortableRecord::Range(Box::new(PortableRange::new(snapshot.range(row), Some(fingerprint)))));
        }
        let marked: Vec<(Allocation, Option<Mark>)> = rows.iter().map(|row| self.marked(row)).collect();
        Some(PortableRecord::Request(match marked.as_slice() {
            [(allocation, None)] => PortableRequest::new(vec![PortableAllocation::new(0, allocation.clone())]),
            _ => claim(marked),
        }))
    }

    fn marked(&self, row: &Row) -> (Allocation, Option<Mark>) {
        let mut allocation = row.row.allocation(&self.mapping, &row.range);
        let mark = match row.row.found() {
            Found::Mark(mark) => Some(*mark),
            Found::None | Found::Unreadable => None,
        };
        // A person may tag an address of a caller as reserved. It stays the caller's.
        if mark.is_some() {
            allocation.state = AllocationState::Allocated;
        }
        (allocation, mark)
    }
}

/// Returns the request of a claim. The server keeps the position of each address in the request, not its line.
fn claim(rows: Vec<(Allocation, Option<Mark>)>) -> PortableRequest {
    let marks = || rows.iter().filter_map(|(_, mark)| mark.as_ref());
    let there: Vec<IpAddr> = rows.iter().map(|(allocation, _)| allocation.address).collect();
    let (count, request) = marks().next().map_or((0, 0), |mark| (mark.count, mark.request));
    let listed: IpSet = marks()
        .map(|mark| mark.addresses.as_str())
        .find(|list| !list.is_empty())
        .into_iter()
        .flat_map(|list| list.split(','))
        .filter_map(|range| range.parse::<IpRange>().ok())
        .collect();
    let is_whole = usize::try_from(count).is_ok_and(|count| count == there.len());
    let gone = listed.difference(&there.iter().copied().collect());
    let returned: Vec<IpAddr> = match is_whole {
        true => Vec::new(),
        false => gone.ranges().flat_map(|range| range.addresses()).take(REMEMBERED).collect(),
    };
    let owner = rows.first().and_then(|(allocation, _)| allocation.owner.clone());
    let allocations = rows.into_iter().map(|(mut allocation, mark)| {
        // All addresses of a request have one owner, also where a person gave some of them another one.
        allocation.owner.clone_from(&owner);
        PortableAllocation::new(mark.map_or(0, |mark| mark.seq), allocation)
    });
    // Of a claim with more addresses than it took, a repeat must not return any: without a fingerprint it is a conflict.
    let is_known = usize::try_from(count).is_ok_and(|count| count >= there.len());
    let fingerprint = is_known.then(|| Fingerprint::from_prefix(request.to_be_bytes()));
    let record = PortableRequest::new(allocations.collect()).with_lines(if count == 1 { Some(1) } else { None });
    let count = count.max(record.count);
    let mut record = record.with_count(count).with_returned(returned);
    record.fingerprint = fingerprint;
    record
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_written_and_read() {
        for place in [
            Place::Range(7),
            Place::Address("default".into(), IpAddr::from([10, 0, 0, 1])),
            Place::Address("a space".into(), IpAddr::from([10, 0, 0, 1])),
        ] {
            assert_eq!(Place::parse(&place.to_string()), Some(place));
        }
        for other in ["", "r", "r x", "a 10.0.0.1", "a x default", "7"] {
            assert_eq!(Place::parse(other), None, "{other}");
        }
    }
}
