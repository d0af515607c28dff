//! Listing of ranges, search for allocations, usage, and the check of the server.

use std::net::IpAddr;
use std::ops::Bound;
use std::sync::Arc;

use ipam_core::{
    Allocation, Error, Find, Health, ListRanges, Operation, Page, PageRequest, PageToken, Range, RangeId, Result, Usage,
};

use super::inner::Inner;
use super::kept::Snapshot;
use super::record::{Record, State, place};
use super::snapshot::Fresh;

/// Default number of items of a page.
const PAGE: usize = 1000;
/// Number of ranges whose addresses a search keeps in memory.
const RANGES: usize = 64;
/// Number of ranges that one page of a search reads at most, however few allocations they have.
const SEARCHED: usize = 512;
/// Number of ranges that cannot be read that a check names.
const NAMED: usize = 20;

/// Place in a list of allocations: the range, and the address in it, after which the next page begins.
struct Place {
    range: String,
    address: Option<IpAddr>,
}

fn size(page: &PageRequest) -> usize {
    page.size.map_or(PAGE, |size| usize::try_from(size.get()).unwrap_or(PAGE))
}

fn place_of(operation: Operation, page: &PageRequest) -> Result<Option<Place>> {
    page.validate(operation)?;
    let Some(token) = &page.token else { return Ok(None) };
    let wrong = || Error::invalid(operation, "page token", token, "start again at the first page");
    let (range, address) = token.as_str().split_once('/').ok_or_else(wrong)?;
    let address = match address {
        "" => None,
        address => Some(address.parse().map_err(|_| wrong())?),
    };
    Ok(Some(Place { range: range.to_owned(), address }))
}

fn token(range: &RangeId, address: Option<IpAddr>) -> PageToken {
    PageToken::new(format!("{range}/{}", address.map(|address| address.to_string()).unwrap_or_default()))
}

impl Inner {
    /// Lists ranges, in the order of their ids.
    pub(super) async fn list_ranges(&self, request: &ListRanges) -> Result<Page<Range>> {
        let operation = Operation::ListRanges;
        self.open(operation)?;
        let after = place_of(operation, &request.page)?;
        let snapshot = self.snapshot(operation).await?;
        let matching = rest_of(&snapshot, after.as_ref()).filter(|range| request.filter.matches(range));
        let matching = matching.take(size(&request.page).saturating_add(1));
        let mut ranges: Vec<Range> = matching.map(|range| Range::clone(range)).collect();
        let more = ranges.len() > size(&request.page);
        ranges.truncate(size(&request.page));
        let next = ranges.last().filter(|_| more).map(|range| token(&range.id, None));
        Ok(Page::new(ranges, next))
    }

    /// Searches for allocations, in the order of ranges and addresses.
    pub(super) async fn find(&self, request: &Find) -> Result<Page<Allocation>> {
        let operation = Operation::Find;
        self.open(operation)?;
        request.validate()?;
        let after = place_of(operation, &request.page)?;
        // Calls of this process with the key wait meanwhile: of one in several ranges a half would be seen.
        let _turn = self.lock_keys(operation, request.key.as_slice()).await?;
        let named = request.id.as_ref().map(place);
        let snapshot = match (&named, &request.range) {
            // An id that was not made here is one of no allocation.
            (Some(None), _) => return Ok(Page::new(Vec::new(), None)),
            (Some(Some((range, _))), _) | (None, Some(range)) => match self.range(operation, range).await {
                Ok(range) => std::iter::once((range.id.clone(), range)).collect(),
                Err(error) if error.is_not_found() => return Ok(Page::new(Vec::new(), None)),
                Err(error) => return Err(error),
            },
            // A claim may be in a range that was created since.
            (None, None) if request.key.is_some() && after.is_none() => {
                self.fresh_snapshot(operation).await?.as_ref().clone()
            }
            (None, None) => self.snapshot(operation).await?.as_ref().clone(),
        };
        let size = size(&request.page);
        // The range of the last item is read again, from the address after it.
        let from = match &after {
            Some(Place { range, address: Some(_) }) => Bound::Included(RangeId::from(range.as_str())),
            Some(Place { range, address: None }) => Bound::Excluded(RangeId::from(range.as_str())),
            None => Bound::Unbounded,
        };
        let mut ranges: Vec<Arc<Range>> = Vec::new();
        for (_, range) in snapshot.range((from, Bound::Unbounded)) {
            let fits = request.address.is_none_or(|address| range.addresses.contains(address))
                && request.space.as_ref().is_none_or(|space| *space == range.space);
            if fits {
                ranges.push(Arc::clone(range));
            }
        }
        let mut items: Vec<Allocation> = Vec::new();
        let mut searched = 0;
        while !ranges.is_empty() {
            // Bounded, so that a search in thousands of ranges neither keeps all of them in memory nor runs for minutes.
            searched += ranges.len().min(RANGES);
            let batch: Vec<Arc<Range>> = ranges.drain(..ranges.len().min(RANGES)).collect();
            let last = batch.last().map(|range| range.id.clone());
            for (range, records) in self.records_of_all(operation, batch).await? {
                for record in records {
                    let before = after.as_ref().is_some_and(|after| {
                        after.range == range.id.as_str()
                            && after.address.is_some_and(|address| record.address <= address)
                    });
                    let allocation = record.allocation(&range);
                    if before || !request.matches(&allocation) {
                        continue;
                    }
                    if items.len() == size {
                        let next = items.last().map(|last| token(&last.range, Some(last.address)));
                        return Ok(Page::new(items, next));
                    }
                    items.push(allocation);
                }
            }
            if (!items.is_empty() || searched >= SEARCHED) && !ranges.is_empty() {
                return Ok(Page::new(items, last.map(|last| token(&last, None))));
            }
        }
        Ok(Page::new(items, None))
    }

    /// Counts the addresses of ranges.
    pub(super) async fn usage(&self, ids: &[RangeId]) -> Result<Vec<Usage>> {
        let operation = Operation::Usage;
        self.open(operation)?;
        let mut ranges = Vec::new();
        for id in ids {
            ranges.push(self.range(operation, id).await?);
        }
        let read = self.records_of_all(operation, ranges).await?;
        Ok(read.into_iter().map(|(range, records)| counted(&range, &records)).collect())
    }

    /// Checks that the server responds, and that it has the calls for addresses.
    pub(super) async fn check(&self) -> Result<Health> {
        let operation = Operation::Check;
        self.open(operation)?;
        let failed = super::inner::failed(operation);
        let about = self.client.about().await.map_err(&failed)?;
        let Fresh { snapshot, faults } = self.read_ranges(operation).await?;
        if let Some(range) = snapshot.values().next() {
            // Also the test for a release that lacks the calls.
            self.records(operation, range).await?;
        }
        let mut health = Health::new();
        if let Some(version) = about.latest_api_version {
            health = health.with_version(format!("API {version}"));
        }
        if snapshot.is_empty() {
            health = health.with_warning(
                "no IP range is served: create one, or change the networks and ranges of the configuration",
            );
        }
        let more = faults.len().saturating_sub(NAMED);
        for fault in faults.into_iter().take(NAMED) {
            health = health.with_warning(format!("{fault}; correct it at the server"));
        }
        if more > 0 {
            health = health.with_warning(format!("{more} more values of IP ranges cannot be read"));
        }
        if self.release_wait.is_zero() {
            health = health.with_warning(
                "the server makes released addresses available at once; a deallocation that comes late from another process \
                 may then free the next allocation: set RELEASE_IPADDRESS_PERIOD_MINUTES to 1 or more",
            );
        }
        Ok(health)
    }
}

fn rest_of<'a>(snapshot: &'a Snapshot, after: Option<&Place>) -> impl Iterator<Item = &'a Arc<Range>> {
    let from = match after {
        Some(place) => Bound::Excluded(RangeId::from(place.range.as_str())),
        None => Bound::Unbounded,
    };
    snapshot.range((from, Bound::Unbounded)).map(|(_, range)| range)
}

fn counted(range: &Range, records: &[Record]) -> Usage {
    // `None` is 2^128, the one size that does not fit.
    let total = range.addresses.size().unwrap_or(u128::MAX);
    let count = |fits: fn(&State) -> bool| {
        let number = records.iter().filter(|record| fits(&record.state)).count();
        u128::try_from(number).unwrap_or(u128::MAX)
    };
    // A gateway that is allocated all the same counts once.
    let gateway = range.network.gateway.filter(|gateway| {
        range.addresses.contains(*gateway) && !records.iter().any(|record| record.address == *gateway)
    });
    let released = count(|state| *state == State::Released);
    let taken = count(|state| *state != State::Released);
    Usage::new(range.id.clone(), total, taken, u128::from(gateway.is_some()), released)
}
