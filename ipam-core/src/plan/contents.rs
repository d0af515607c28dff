//! Contents of a provider in a fixed order, read page by page: blocks, ranges, and each address that is taken.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::net::IpAddr;
use std::time::SystemTime;

use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};

use super::check::{MAX_PRESENT, limited};
use crate::{
    Allocation, AllocationState, Block, Error, ErrorKind, Find, Fingerprint, IpamProvider, IpamProviderExt, ListBlocks,
    ListRanges, ListRecords, Operation, PortableRecord, Range, RangeId, Result, SpaceId,
};

/// Address that is taken: allocated, reserved or quarantined.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    /// Allocation; for a quarantined address with nothing but the state set.
    pub(super) allocation: Allocation,
    /// Release time of a quarantined address.
    pub(super) until: Option<SystemTime>,
    /// Fingerprint of the request, and how many addresses it took, if the provider says so.
    pub(super) request: Option<(Option<Fingerprint>, u32)>,
}

impl Entry {
    pub(super) fn place(&self) -> (&SpaceId, IpAddr) {
        (&self.allocation.space, self.allocation.address)
    }
}

/// Entry in the order of space and address.
struct ByPlace(Entry);

impl PartialEq for ByPlace {
    fn eq(&self, other: &Self) -> bool {
        self.0.place() == other.0.place()
    }
}

impl Eq for ByPlace {}

impl PartialOrd for ByPlace {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ByPlace {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.place().cmp(&other.0.place())
    }
}

/// Returns all blocks of a provider.
pub(super) async fn blocks(operation: Operation, provider: &dyn IpamProvider) -> Result<Vec<Block>> {
    match provider.capabilities().blocks {
        true => limited(operation, "blocks", provider.blocks(ListBlocks::all())).await,
        false => Ok(Vec::new()),
    }
}

/// Returns all ranges of a provider.
pub(super) async fn ranges(operation: Operation, provider: &dyn IpamProvider) -> Result<Vec<Range>> {
    limited(operation, "ranges", provider.ranges(ListRanges::all())).await
}

/// Returns the fingerprints of the requests that allocated ranges from blocks.
pub(super) async fn range_fingerprints(provider: &dyn IpamProvider) -> Result<HashMap<RangeId, Fingerprint>> {
    let mut found = HashMap::new();
    if !provider.capabilities().list_records {
        return Ok(found);
    }
    let mut all = records(provider);
    while let Some(record) = all.try_next().await? {
        // The records of ranges come first.
        let PortableRecord::Range(record) = record else { break };
        found.extend(record.fingerprint.map(|fingerprint| (record.range.id, fingerprint)));
    }
    Ok(found)
}

/// Returns all records of a provider, page after page.
pub(super) fn records(provider: &dyn IpamProvider) -> BoxStream<'_, Result<PortableRecord>> {
    let pages = stream::try_unfold(Some(ListRecords::all()), move |request| async move {
        let Some(mut request) = request else { return Ok::<_, Error>(None) };
        let page = provider.list_records(&request).await?;
        let next = page.next.map(|token| {
            request.page.token = Some(token);
            request
        });
        Ok(Some((stream::iter(page.items.into_iter().map(Ok)), next)))
    });
    pages.try_flatten().boxed()
}

/// Returns the addresses that are taken, by space and address, IPv4 before IPv6.
///
/// Memory grows with the addresses of the requests that are under way, and not with all of them, if the provider has
/// the capability `list_records`. Otherwise it grows with all of them.
///
/// # Errors
/// `Unsupported` if the provider lacks the capability and has more than [`MAX_PRESENT`] allocations; `Protocol` if it
/// does not keep the order of records.
pub(super) fn entries(operation: Operation, provider: &dyn IpamProvider) -> BoxStream<'_, Result<Entry>> {
    if provider.capabilities().list_records {
        let state = InOrder { operation, records: records(provider), next: None, heap: BinaryHeap::new(), last: None };
        return stream::try_unfold(state, |mut state| async move {
            let entry = state.next().await?;
            Ok::<_, Error>(entry.map(|entry| (entry, state)))
        })
        .boxed();
    }
    let all = async move {
        let request = Find::default().with_quarantined(provider.capabilities().policies);
        let mut found: Vec<Entry> = limited(operation, "allocations", provider.find_all(request))
            .await?
            .into_iter()
            .map(|allocation| Entry { allocation, until: None, request: None })
            .collect();
        found.sort_by(|one, other| one.place().cmp(&other.place()));
        Ok::<_, Error>(stream::iter(VecDeque::from(found).into_iter().map(Ok)))
    };
    stream::once(all).try_flatten().boxed()
}

/// Addresses of records in order. Those of a request with several wait until it is their turn.
struct InOrder<'p> {
    operation: Operation,
    records: BoxStream<'p, Result<PortableRecord>>,
    /// Next record, which is read already, as its addresses.
    next: Option<Vec<Entry>>,
    heap: BinaryHeap<Reverse<ByPlace>>,
    last: Option<(SpaceId, IpAddr)>,
}

impl InOrder<'_> {
    async fn next(&mut self) -> Result<Option<Entry>> {
        loop {
            if self.next.is_none() {
                self.next = self.read().await?;
            }
            let first = self.next.as_ref().and_then(|entries| entries.iter().map(Entry::place).min());
            let waiting = self.heap.peek().map(|Reverse(ByPlace(entry))| entry.place());
            match (first, waiting) {
                (Some(first), waiting) if waiting.is_none_or(|waiting| first <= waiting) => {
                    let entries = self.next.take().unwrap_or_default();
                    self.heap.extend(entries.into_iter().map(|entry| Reverse(ByPlace(entry))));
                    if self.heap.len() > MAX_PRESENT {
                        return Err(self.error("it has too many requests of several addresses at once"));
                    }
                }
                (_, Some(_)) => {
                    let Some(Reverse(ByPlace(entry))) = self.heap.pop() else { continue };
                    let (space, address) = entry.place();
                    if self.last.as_ref().is_some_and(|(last, at)| (last, *at) >= (space, address)) {
                        return Err(self.error("it does not list its records by space and address"));
                    }
                    self.last = Some((space.clone(), address));
                    return Ok(Some(entry));
                }
                _ => return Ok(None),
            }
        }
    }

    /// Reads the next record that has addresses.
    async fn read(&mut self) -> Result<Option<Vec<Entry>>> {
        while let Some(record) = self.records.try_next().await? {
            match record {
                PortableRecord::Request(record) if !record.allocations.is_empty() => {
                    let request = (record.fingerprint, record.count);
                    let request = record.key.is_some().then_some(request);
                    let entries = record.allocations.into_iter().map(|one| Entry {
                        allocation: one.allocation,
                        until: None,
                        request,
                    });
                    return Ok(Some(entries.collect()));
                }
                PortableRecord::Quarantine(record) => {
                    let mut allocation = Allocation::new("", record.space, record.range, record.address);
                    allocation.state = AllocationState::Quarantined;
                    return Ok(Some(vec![Entry { allocation, until: Some(record.until), request: None }]));
                }
                PortableRecord::Request(_) | PortableRecord::Range(_) => {}
            }
        }
        Ok(None)
    }

    fn error(&self, message: &str) -> Error {
        Error::new(ErrorKind::Protocol, self.operation, format!("the provider cannot be read: {message}"))
    }
}
