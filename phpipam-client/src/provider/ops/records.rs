//! `list_records`: child prefixes and addresses with their marks, for a move to another provider.
//!
//! The server has no order and no pages: all rows are read for each page, so that pages are large by default.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipam_core::net::{IpRange, IpSet};
use ipam_core::{
    Allocation, AllocationKey, AllocationState, Error as CoreError, Fingerprint, ListRecords, MAX_PAGE_SIZE, Operation,
    Page, PageToken, PortableAllocation, PortableRange, PortableRecord, PortableRequest, Result, SpaceId,
};

use crate::error::Result as ClientResult;
use crate::models::Address;
use crate::provider::inner::Inner;
use crate::provider::map::error::failed;
use crate::provider::map::mark::{Found, Mark};
use crate::provider::snapshot::Snapshot;

const OP: Operation = Operation::ListRecords;

/// Number of addresses of a claim that are named when they are gone.
const REMEMBERED: usize = 16;

/// Position of a record in the listing: ranges by id, then addresses.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Range(u64),
    Address(SpaceId, IpAddr),
}

impl Place {
    fn token(&self) -> PageToken {
        match self {
            Self::Range(id) => PageToken::new(format!("r {id}")),
            Self::Address(space, address) => PageToken::new(format!("a {address} {space}")),
        }
    }

    fn of(token: &PageToken) -> Option<Self> {
        match token.as_str().split_once(' ')? {
            ("r", id) if id.bytes().all(|byte| byte.is_ascii_digit()) => Some(Self::Range(id.parse().ok()?)),
            ("a", text) => {
                let (address, space) = text.split_once(' ')?;
                Some(Self::Address(SpaceId::new(space), address.parse().ok()?))
            }
            _ => None,
        }
    }
}

/// Address with its mark, as an allocation.
struct Row {
    allocation: Allocation,
    mark: Option<Mark>,
    /// True if the row is in the subnet that owns the address, and not in one around it.
    is_own: bool,
}

impl Inner {
    pub(crate) async fn list_records(&self, request: &ListRecords) -> Result<Page<PortableRecord>> {
        request.page.validate(OP)?;
        let after = match &request.page.token {
            None => None,
            Some(token) => {
                let refuse = || CoreError::invalid(OP, "page token", token, "give one that this provider returned");
                Some(Place::of(token).ok_or_else(refuse)?)
            }
        };
        self.clean_up().await;
        let mut records: BTreeMap<Place, PortableRecord> = BTreeMap::new();
        // The ranges come first, and are not read again for the pages after them.
        if !matches!(after, Some(Place::Address(..))) {
            records.extend(self.range_records().await.map_err(failed(OP))?);
        }
        records.extend(self.address_records().await.map_err(failed(OP))?);
        let size = request.page.size.map_or(MAX_PAGE_SIZE, std::num::NonZeroU32::get);
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let mut found: Vec<(Place, PortableRecord)> =
            records.into_iter().filter(|(place, _)| after.as_ref().is_none_or(|after| place > after)).collect();
        let more = found.len() > size;
        found.truncate(size);
        let next = found.last().filter(|_| more).map(|(place, _)| place.token());
        Ok(Page::new(found.into_iter().map(|(_, record)| record).collect(), next))
    }

    async fn range_records(&self) -> ClientResult<Vec<(Place, PortableRecord)>> {
        let snapshot = Snapshot::load(self).await?;
        let marked = snapshot.ranges(self).filter_map(|(row, net)| {
            let found = self.mapping.of_subnet(row);
            let fingerprint = Fingerprint::from_prefix(found.mark()?.request.to_be_bytes());
            let record = PortableRange::new(snapshot.range(self, row, net), Some(fingerprint));
            Some((Place::Range(row.id.get()), PortableRecord::Range(Box::new(record))))
        });
        Ok(marked.collect())
    }

    async fn address_records(&self) -> ClientResult<Vec<(Place, PortableRecord)>> {
        let rows = self.all_rows(None).await?;
        let rows = self.acknowledged(rows).await?;
        let owning_ranges = self.owning_ranges(&rows).await?;
        // An address may be registered twice: in its subnet, and in one around it. The row of its subnet counts.
        let mut places: BTreeMap<(SpaceId, IpAddr), Row> = BTreeMap::new();
        for (row, owning_range) in rows.iter().zip(&owning_ranges) {
            let Some(owning_range) = owning_range else { continue };
            let Some(allocation) = self.mapping.allocation(row, owning_range) else { continue };
            let is_own = row.subnet_id == Some(owning_range.subnet);
            let place = (allocation.space.clone(), allocation.address);
            if places.get(&place).is_none_or(|other| is_own && !other.is_own) {
                places.insert(place, self.marked(row, allocation, is_own));
            }
        }
        let mut claims: BTreeMap<AllocationKey, Vec<Row>> = BTreeMap::new();
        let mut records = Vec::with_capacity(places.len());
        for ((space, address), row) in places {
            match &row.allocation.key {
                Some(key) => claims.entry(key.clone()).or_default().push(row),
                None => {
                    let alone = PortableRequest::new(vec![PortableAllocation::new(0, row.allocation)]);
                    records.push((Place::Address(space, address), PortableRecord::Request(alone)));
                }
            }
        }
        for rows in claims.into_values() {
            // By space and address, as they come from the map: the first one gives the place of the request.
            let Some(first) = rows.first().map(|row| row.allocation.clone()) else { continue };
            let place = Place::Address(first.space, first.address);
            records.push((place, PortableRecord::Request(claim(rows))));
        }
        Ok(records)
    }

    fn marked(&self, row: &Address, mut allocation: Allocation, is_own: bool) -> Row {
        let mark = match self.mapping.of_address(row) {
            Found::Mark(mark) => Some(*mark),
            Found::None | Found::Unreadable => None,
        };
        // A person may tag an address of a caller as reserved. It stays the caller's.
        if mark.is_some() {
            allocation.state = AllocationState::Allocated;
        }
        Row { allocation, mark, is_own }
    }
}

/// Returns the request of a claim. The server keeps the position of each address in the request, not its line.
fn claim(rows: Vec<Row>) -> PortableRequest {
    let marks = || rows.iter().filter_map(|row| row.mark.as_ref());
    let there: Vec<IpAddr> = rows.iter().map(|row| row.allocation.address).collect();
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
    let owner = rows.first().and_then(|row| row.allocation.owner.clone());
    let allocations = rows.into_iter().map(|row| {
        let mut allocation = row.allocation;
        // All addresses of a request have one owner, also where a person gave some of them another one.
        allocation.owner.clone_from(&owner);
        PortableAllocation::new(row.mark.map_or(0, |mark| mark.seq), allocation)
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
            assert_eq!(Place::of(&place.token()), Some(place));
        }
        for other in ["", "r", "r x", "a 10.0.0.1", "a x default", "7"] {
            assert_eq!(Place::of(&PageToken::new(other)), None, "{other}");
        }
    }
}
