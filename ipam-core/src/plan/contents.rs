//! Contents of a provider in a fixed order, read page by page: blocks, ranges, and each address that is taken.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};

use super::check::{MAX_PRESENT, limited};
use crate::{
    Allocation, AllocationKey, AllocationState, Block, Error, ErrorKind, Find, Fingerprint, IpamProvider,
    IpamProviderExt, ListBlocks, ListRanges, ListRecords, Operation, PortableAllocation, PortableRecord,
    PortableRequest, Range, RangeId, Result, SpaceId,
};

/// Address that is taken: allocated, reserved or quarantined.
#[derive(Debug)]
pub(super) struct Entry {
    /// Allocation; for a quarantined address with nothing but the state set.
    pub(super) allocation: Allocation,
    /// Release time of a quarantined address.
    pub(super) until: Option<SystemTime>,
    /// Fingerprint of the request, and how many addresses it took, if the provider says so.
    pub(super) request: Option<(Option<Fingerprint>, u32)>,
    /// Finding on its whole record, which all addresses of the record share.
    pub(super) finding: Option<Arc<Finding>>,
}

impl Entry {
    pub(super) const fn new(allocation: Allocation) -> Self {
        Self { allocation, until: None, request: None, finding: None }
    }

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

/// Sentence on a record, which is told once.
#[derive(Debug)]
pub(super) struct Finding {
    message: String,
    told: AtomicBool,
}

impl Finding {
    /// Returns the message when it is asked for the first time.
    pub(super) fn tell(&self) -> Option<&str> {
        (!self.told.swap(true, Ordering::Relaxed)).then_some(self.message.as_str())
    }
}

/// Check of each record that is read, which returns what is wrong with it.
pub(super) type Examine<'p> = Box<dyn Fn(&PortableRecord) -> Option<String> + Send + Sync + 'p>;

/// Records of a provider, read once: the requests of its ranges first, then its addresses.
pub(super) struct Contents<'p> {
    operation: Operation,
    provider: &'p dyn IpamProvider,
    /// Fingerprints of the requests that allocated ranges from blocks.
    pub(super) range_requests: HashMap<RangeId, Fingerprint>,
    /// Records after those of the ranges; `None` if the provider does not list any.
    rest: Option<BoxStream<'p, Result<PortableRecord>>>,
}

impl<'p> Contents<'p> {
    /// Reads the records of ranges, which come first.
    pub(super) async fn open(operation: Operation, provider: &'p dyn IpamProvider) -> Result<Self> {
        let mut range_requests = HashMap::new();
        if !provider.capabilities().list_records {
            return Ok(Self { operation, provider, range_requests, rest: None });
        }
        let mut all = records(provider);
        let mut first = None;
        while let Some(record) = all.try_next().await? {
            let PortableRecord::Range(record) = record else {
                first = Some(Ok(record));
                break;
            };
            range_requests.extend(record.fingerprint.map(|fingerprint| (record.range.id, fingerprint)));
        }
        Ok(Self { operation, provider, range_requests, rest: Some(stream::iter(first).chain(all).boxed()) })
    }

    /// Returns the addresses that are taken, by space and address, IPv4 before IPv6. Calls `examine` with each record.
    ///
    /// Memory grows with the addresses of the requests that are under way, and not with all of them, if the provider
    /// has the capability `list_records`. Otherwise it grows with all of them.
    ///
    /// # Errors
    /// `Unsupported` if the provider lacks the capability and has more than [`MAX_PRESENT`] allocations; `Protocol` if
    /// it does not keep the order of records.
    pub(super) fn entries(self, examine: Examine<'p>) -> BoxStream<'p, Result<Entry>> {
        let (operation, provider) = (self.operation, self.provider);
        let Some(records) = self.rest else {
            return stream::once(found(operation, provider, examine)).try_flatten().boxed();
        };
        let state = InOrder { operation, records, examine, next: None, heap: BinaryHeap::new(), last: None };
        stream::try_unfold(state, |mut state| async move {
            let entry = state.next().await?;
            Ok::<_, Error>(entry.map(|entry| (entry, state)))
        })
        .boxed()
    }
}

/// Returns the addresses that are taken, as [`Contents::entries`] does.
///
/// # Errors
/// `Unsupported` if the provider does not list records and has more than [`MAX_PRESENT`] allocations; `Protocol` if it
/// does not keep the order of records; otherwise the [common errors](Error#common-errors).
pub(super) async fn entries(operation: Operation, provider: &dyn IpamProvider) -> Result<BoxStream<'_, Result<Entry>>> {
    Ok(Contents::open(operation, provider).await?.entries(Box::new(|_| None)))
}

/// Returns the addresses of a provider that does not list records.
async fn found(
    operation: Operation,
    provider: &dyn IpamProvider,
    examine: Examine<'_>,
) -> Result<impl futures_util::Stream<Item = Result<Entry>> + Send + use<>> {
    let request = Find::default().with_quarantined(provider.capabilities().policies);
    let mut all: Vec<Allocation> = limited(operation, "allocations", provider.find_all(request)).await?;
    all.sort_by(|one, other| (&one.space, one.address).cmp(&(&other.space, other.address)));
    let findings: HashMap<AllocationKey, Arc<Finding>> = {
        let mut requests: HashMap<&AllocationKey, Vec<&Allocation>> = HashMap::new();
        for allocation in &all {
            if let Some(key) = &allocation.key {
                requests.entry(key).or_default().push(allocation);
            }
        }
        let examined = requests.into_iter().filter_map(|(key, allocations)| {
            let allocations = allocations.into_iter().map(|one| PortableAllocation::new(0, one.clone())).collect();
            let message = examine(&PortableRecord::Request(PortableRequest::new(allocations)))?;
            Some((key.clone(), finding(message)))
        });
        examined.collect()
    };
    let entries = all.into_iter().map(|allocation| {
        let finding = match &allocation.key {
            Some(key) => findings.get(key).cloned(),
            None => {
                let alone = PortableRequest::new(vec![PortableAllocation::new(0, allocation.clone())]);
                examine(&PortableRecord::Request(alone)).map(finding)
            }
        };
        Entry { finding, ..Entry::new(allocation) }
    });
    let entries: VecDeque<Entry> = entries.collect();
    Ok(stream::iter(entries.into_iter().map(Ok)))
}

fn finding(message: String) -> Arc<Finding> {
    Arc::new(Finding { message, told: AtomicBool::new(false) })
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

/// Addresses of records in order. Those of a request with several wait until it is their turn.
struct InOrder<'p> {
    operation: Operation,
    records: BoxStream<'p, Result<PortableRecord>>,
    examine: Examine<'p>,
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
            let finding = (self.examine)(&record).map(finding);
            match record {
                PortableRecord::Request(record) if !record.allocations.is_empty() => {
                    let request = (record.fingerprint, record.count);
                    let request = record.key.is_some().then_some(request);
                    let entries = record.allocations.into_iter().map(|one| Entry {
                        request,
                        finding: finding.clone(),
                        ..Entry::new(one.allocation)
                    });
                    return Ok(Some(entries.collect()));
                }
                PortableRecord::Quarantine(record) => {
                    let mut allocation = Allocation::new("", record.space, record.range, record.address);
                    allocation.state = AllocationState::Quarantined;
                    return Ok(Some(vec![Entry { until: Some(record.until), finding, ..Entry::new(allocation) }]));
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
