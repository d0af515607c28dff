//! Provider over any system that keeps one record per address. Not about NetBox.
//!
//! A system implements [`Records`]; [`RecordProvider`] makes an [`IpamProvider`] of it. What the provider has to know about
//! an address is in the record: the [`Mark`]. So there is no state beside the system, and any number of programs may use it.
//!
//! # What the system has to keep
//! - [`Records::create`] creates all of its records in one step, or none, and no address twice in one address space.
//! - One `create` after the other: the ids of a later one are higher, and a caller that lists after it sees both. That settles two
//!   requests with one key: the records with the lower ids stand, and the other request takes its own back.
//!
//! # What the provider does not do
//! - A process that ends between its `create` and its look for others with the same key may leave the addresses of a second
//!   request with that key, if both ran at the same time. They carry key and owner, and are deallocated with the key.
//! - A request may have at most [`MOST_ADDRESSES`] addresses.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;
use ipam_core::net::{FreeRanges, IpRange, IpSet};
use ipam_core::{
    Allocate, Allocated, Allocation, Capabilities, Deallocate, Deallocated, DeallocatedTarget, Error, ErrorKind, Find,
    Health, IpamProvider, ListRanges, Operation, Outcome, Page, PageToken, Placement, Range, RangeId, Result, Retry,
    Selection, SpaceId, Target,
};
use tokio::task::JoinHandle;

use super::{By, Mark, Paging, Record, Records};

/// Most addresses of one request: each mark lists all of them.
pub(crate) const MOST_ADDRESSES: usize = 256;

/// Attempts of one request while others take the same addresses. In each round one of them gets its own, so this many
/// requests can be made at the same time.
const ATTEMPTS: usize = 50;

/// Provider over a system. A clone is another handle.
#[derive(Debug)]
pub(crate) struct RecordProvider<R>(Arc<R>);

impl<R> Clone for RecordProvider<R> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

#[async_trait]
impl<R: Records> IpamProvider for RecordProvider<R> {
    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::minimal(R::NAME);
        // The system keeps what it acknowledged, and the mark has the tags.
        (capabilities.durable, capabilities.contiguous, capabilities.tags) = (true, true, true);
        capabilities
    }

    async fn check(&self) -> Result<Health> {
        self.0.check().await
    }

    async fn list_ranges(&self, request: &ListRanges) -> Result<Page<Range>> {
        let page = Paging::of(Operation::ListRanges, &request.page)?;
        let found = self.0.ranges(None, page).await?;
        let next = found.next().map(|id| PageToken::new(id.to_string()));
        Ok(Page::new(
            found.rows.into_iter().map(|(_, range)| range).filter(|range| request.filter.matches(range)).collect(),
            next,
        ))
    }

    async fn allocate(&self, request: &Allocate) -> Result<Allocated> {
        request.validate_for(&self.capabilities())?;
        let count: usize = request.lines.iter().map(|line| line.selection.count() as usize).sum();
        if count > MOST_ADDRESSES {
            return Err(Error::unsupported(Operation::Allocate, R::NAME));
        }
        if request.key.is_some() {
            return self.clone().take(request.clone()).await;
        }
        let request = request.clone().with_key(format!("{}/{}", R::NAME, random()?));
        let mut undo = Undo { provider: self.clone(), task: None };
        // In a task, which goes on if this future is dropped: only its end tells what there is to undo.
        let task = undo.task.insert(tokio::spawn(self.clone().take(request)));
        let done = task.await;
        undo.task = None;
        done.map_err(|error| Error::new(ErrorKind::Unavailable, Operation::Allocate, error.to_string()))?
    }

    async fn deallocate(&self, request: &Deallocate) -> Result<Deallocated> {
        request.validate()?;
        for target in &request.targets {
            if let Target::Address { range, address } = target {
                let net = self.range(Operation::Deallocate, range).await?.net;
                if !net.contains(address) {
                    let remedy = format!("give an address of {net}");
                    return Err(Error::invalid(Operation::Deallocate, "address", address, remedy));
                }
            }
        }
        let mut targets = Vec::new();
        for target in &request.targets {
            let find = match target {
                Target::Id(id) => Find::default().with_id(id.clone()),
                Target::Key(key) => Find::default().with_key(key.clone()),
                Target::Address { range, address } => Find::default().with_range(range.clone()).with_address(*address),
            };
            let mut freed = Vec::new();
            for allocation in self.found(find).await? {
                // The mark of a record never changes, and its id is never used again: what was read still holds.
                if request.precondition.fits(allocation.owner.as_ref(), allocation.key.as_ref())
                    && self.delete(allocation.id.as_str()).await?
                {
                    freed.push(allocation);
                }
            }
            targets.push(DeallocatedTarget::new(freed));
        }
        Ok(Deallocated::new(targets))
    }

    async fn find(&self, request: &Find) -> Result<Page<Allocation>> {
        request.validate()?;
        let page = Paging::of(Operation::Find, &request.page)?;
        let by = match request {
            Find { id: Some(id), .. } => match id.as_str().parse() {
                Ok(id) => By::Id(id),
                Err(_) => return Ok(Page::new(Vec::new(), None)),
            },
            Find { key: Some(key), .. } => By::Key(key),
            Find { address: Some(address), .. } => By::Address(*address),
            Find { owner: Some(owner), .. } => By::Owner(owner),
            Find { range: Some(range), .. } => match self.range(Operation::Find, range).await {
                Ok(range) => By::Net(range.net),
                Err(error) if error.is_not_found() => return Ok(Page::new(Vec::new(), None)),
                Err(error) => return Err(error),
            },
            _ => By::All,
        };
        let found = self.0.records(&by, page).await?;
        let next = found.next().map(|id| PageToken::new(id.to_string()));
        let ranges = if found.rows.iter().all(|(_, record)| record.mark.is_some()) {
            Vec::new()
        } else {
            // An address that was entered by other means is in the smallest prefix around it.
            let mut ranges: Vec<Range> = self.every_range().await?;
            ranges.sort_by_key(|range| std::cmp::Reverse(range.net.prefix_len()));
            ranges
        };
        let all = found.rows.into_iter().filter_map(|(id, record)| allocation(id, record, &ranges));
        Ok(Page::new(all.filter(|allocation| request.matches(allocation)).collect(), next))
    }
}

/// Returns the allocation of a record. `None` for a record outside of all ranges.
fn allocation(id: u64, record: Record, ranges: &[Range]) -> Option<Allocation> {
    let id = id.to_string();
    if let Some(mark) = record.mark {
        let mut allocation = mark.allocation;
        allocation.id = id.into();
        return Some(allocation);
    }
    let address = record.net.addr();
    let range = ranges.iter().find(|range| range.space == record.space && range.net.contains(&address))?;
    Some(Allocation::new(id, record.space, range.id.clone(), address))
}

/// Allocation without a key whose caller may go away: it is undone then, because nothing could find it.
struct Undo<R: Records> {
    provider: RecordProvider<R>,
    task: Option<JoinHandle<Result<Allocated>>>,
}

impl<R: Records> Drop for Undo<R> {
    fn drop(&mut self) {
        let (Some(task), provider) = (self.task.take(), self.provider.clone()) else { return };
        tokio::spawn(async move {
            if let Ok(Ok(allocated)) = task.await {
                // Nothing is left to tell of a failure; the record has its owner.
                let _ = provider.deallocate(&Deallocate::key(allocated.key)).await;
            }
        });
    }
}

impl<R: Records> RecordProvider<R> {
    pub(crate) fn new(system: R) -> Self {
        Self(Arc::new(system))
    }

    /// Takes the addresses of a request with a key.
    async fn take(self, request: Allocate) -> Result<Allocated> {
        let call = random()?;
        let mut lost = None;
        for _ in 0..ATTEMPTS {
            if let Some(allocated) = self.of_key(&request, &call).await? {
                return Ok(allocated);
            }
            if let Some(error) = lost {
                return Err(error);
            }
            let marks = self.choose(&request, &call).await?;
            // The next round looks for the key: it finds these records, or those of another call that came first.
            match self.0.create(&marks).await {
                Ok(()) => {}
                Err(error) if error.is_conflict() => {}
                Err(error) if error.outcome() == Outcome::Unknown => lost = Some(error),
                Err(error) => return Err(error),
            }
        }
        let message = format!("others took the chosen addresses {ATTEMPTS} times; try again");
        Err(Error::new(ErrorKind::Busy, Operation::Allocate, message).with_retry(Retry::Safe))
    }

    /// Returns what the key of the request has. If another call was first, the records of `call` are deleted.
    async fn of_key(&self, request: &Allocate, call: &str) -> Result<Option<Allocated>> {
        let Some(key) = &request.key else { return Ok(None) };
        let mut marked = Vec::new();
        for (id, record) in self.every_record(&By::Key(key)).await? {
            if let Some(mark) = record.mark.filter(|mark| mark.allocation.key.as_ref() == Some(key)) {
                marked.push((id, mark));
            }
        }
        let Some((_, first)) = marked.first().cloned() else { return Ok(None) };
        let mut lines = vec![Vec::new(); request.lines.len()];
        let mut gone: BTreeSet<(usize, IpAddr)> = first.request.iter().copied().collect();
        for (id, mark) in marked {
            if mark.call == first.call {
                gone.remove(&(mark.line, mark.allocation.address));
                let mut allocation = mark.allocation;
                allocation.id = id.to_string().into();
                lines.get_mut(mark.line).into_iter().for_each(|line| line.push(allocation.clone()));
            } else if mark.call == call {
                self.delete(&id.to_string()).await?;
            }
        }
        if first.fingerprint != request.fingerprint().to_string() {
            return Err(Error::other_request(Operation::Allocate, key));
        }
        if !gone.is_empty() {
            let gone: Vec<String> = gone.iter().map(|(_, address)| address.to_string()).collect();
            let message =
                format!("{} was given back since; give back the rest, or choose another key", gone.join(", "));
            return Err(Error::new(ErrorKind::Conflict, Operation::Allocate, message).with_context("key", key));
        }
        lines.iter_mut().for_each(|line| line.sort_by_key(|allocation| allocation.address));
        Ok(Some(Allocated::new(key.clone(), lines, first.call != call)))
    }

    /// Chooses the lowest free addresses for each line.
    async fn choose(&self, request: &Allocate, call: &str) -> Result<Vec<Mark>> {
        let mut ranges: HashMap<RangeId, Range> = HashMap::new();
        for id in request.lines.iter().flat_map(|line| &line.ranges) {
            if !ranges.contains_key(id) {
                let mut range = self.range(Operation::Allocate, id).await?;
                range.reserved = self.reserved(&range).await?;
                ranges.insert(id.clone(), range);
            }
        }
        let lines = request.resolve_lines(|id| ranges.get(id))?;
        let mut used: HashMap<SpaceId, IpSet> = HashMap::new();
        let mut read: Vec<&RangeId> = Vec::new();
        let mut chosen = Vec::new();
        for (index, (line, ranges)) in request.lines.iter().zip(&lines).enumerate() {
            let count = line.selection.count() as usize;
            let mut addresses = Vec::new();
            for range in ranges {
                let used = used.entry(range.space.clone()).or_default();
                if !read.contains(&&range.id) {
                    for (_, record) in self.every_record(&By::Net(range.net)).await? {
                        if record.space == range.space {
                            used.insert(record.net.addr());
                        }
                    }
                    read.push(&range.id);
                }
                addresses = match line.selection.exact_range() {
                    Some(wanted) if wanted.addresses().any(|ip| !range.can_allocate(ip) || used.contains(ip)) => {
                        let message =
                            format!("an address of {wanted} is taken, reserved or the gateway; choose another");
                        let error = Error::new(ErrorKind::Conflict, Operation::Allocate, message);
                        return Err(error.with_context("range", &range.id));
                    }
                    Some(wanted) => wanted.addresses().collect(),
                    None => {
                        let mut out = used.clone();
                        range.reserved.iter().chain(&line.exclude).for_each(|other| out.insert(*other));
                        range.network.gateway.into_iter().for_each(|gateway| out.insert(gateway));
                        lowest(line.selection, range.addresses, &out)
                    }
                };
                if addresses.len() == count {
                    addresses.iter().for_each(|address| used.insert(*address));
                    chosen.extend(addresses.iter().map(|address| (index, *range, *address)));
                    break;
                }
            }
            if addresses.len() < count {
                let message = format!("none of its ranges has {count} free addresses");
                return Err(Error::new(ErrorKind::Exhausted, Operation::Allocate, message).with_context("line", index));
            }
        }
        let places: Vec<_> = chosen.iter().map(|(line, _, address)| (*line, *address)).collect();
        let mark = |(line, range, address): (usize, &Range, IpAddr)| {
            let mut allocation = Allocation::new("", range.space.clone(), range.id.clone(), address);
            (allocation.key, allocation.owner) = (request.key.clone(), Some(request.owner.clone()));
            allocation.labels = request.lines.get(line).map(|line| line.labels.clone()).unwrap_or_default();
            let (call, fingerprint) = (call.to_owned(), request.fingerprint().to_string());
            Mark { call, fingerprint, line, request: places.clone(), prefix_len: range.net.prefix_len(), allocation }
        };
        Ok(chosen.into_iter().map(mark).collect())
    }

    async fn range(&self, operation: Operation, id: &RangeId) -> Result<Range> {
        let missing = || Error::not_found(operation, "range", id);
        let number = id.as_str().parse().map_err(|_| missing())?;
        let found = self.0.ranges(Some(number), Paging { after: 0, size: 1 }).await?;
        found.rows.into_iter().map(|(_, range)| range).find(|range| range.id == *id).ok_or_else(missing)
    }

    async fn reserved(&self, range: &Range) -> Result<Vec<IpRange>> {
        let (mut page, mut all) = (Paging { after: 0, size: 1000 }, Vec::new());
        loop {
            let found = self.0.reserved(range, page).await?;
            let next = found.next();
            for (_, reserved) in found.rows.into_iter().filter(|(_, reserved)| reserved.space == range.space) {
                let addresses = IpRange::new(reserved.first.addr(), reserved.last.addr()).map_err(|error| {
                    Error::new(
                        ErrorKind::Protocol,
                        Operation::Allocate,
                        format!("a reservation of {}: {error}", range.net),
                    )
                })?;
                all.push(addresses);
            }
            let Some(after) = next else { return Ok(all) };
            page.after = after;
        }
    }

    async fn every_range(&self) -> Result<Vec<Range>> {
        let (mut page, mut all) = (Paging { after: 0, size: 1000 }, Vec::new());
        loop {
            let found = self.0.ranges(None, page).await?;
            let next = found.next();
            all.extend(found.rows.into_iter().map(|(_, range)| range));
            let Some(after) = next else { return Ok(all) };
            page.after = after;
        }
    }

    async fn every_record(&self, by: &By<'_>) -> Result<Vec<(u64, Record)>> {
        let (mut page, mut all) = (Paging { after: 0, size: 1000 }, Vec::new());
        loop {
            let found = self.0.records(by, page).await?;
            let next = found.next();
            all.extend(found.rows);
            let Some(after) = next else { return Ok(all) };
            page.after = after;
        }
    }

    async fn found(&self, mut find: Find) -> Result<Vec<Allocation>> {
        let mut all = Vec::new();
        loop {
            let page = self.find(&find).await?;
            all.extend(page.items);
            let Some(next) = page.next else { return Ok(all) };
            find.page.token = Some(next);
        }
    }

    /// Deletes a record. Returns false if it was gone.
    async fn delete(&self, id: &str) -> Result<bool> {
        let Ok(id) = id.parse() else { return Ok(false) };
        match self.0.delete(id).await {
            Err(error) if error.is_not_found() => Ok(false),
            deleted => deleted.map(|()| true),
        }
    }
}

/// Returns the lowest free addresses, as many as the line asks for or fewer.
fn lowest(selection: Selection, within: IpRange, out: &IpSet) -> Vec<IpAddr> {
    let free = FreeRanges::of_set(within, out);
    let (count, placement) = match selection {
        Selection::Next { count, placement } => (count, placement),
        Selection::Exact { .. } => return Vec::new(),
    };
    let run = match placement {
        Placement::Contiguous => free.run(count.into()),
        Placement::Aligned => free.aligned_run(count.into(), count.next_power_of_two().into()),
        _ => return free.addresses().take(count as usize).collect(),
    };
    run.iter().flat_map(IpRange::addresses).collect()
}

/// Returns a random number as text.
fn random() -> Result<String> {
    let number = getrandom::u64().map_err(|error| {
        Error::new(ErrorKind::Unavailable, Operation::Allocate, format!("the system gives no random numbers: {error}"))
    })?;
    Ok(format!("{number:016x}"))
}
