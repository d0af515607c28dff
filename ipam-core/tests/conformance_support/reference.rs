//! Smallest provider that keeps the contract: a map behind a mutex, with ranges that are fixed when it is made.
//!
//! It copies its whole state for each change and scans every address. That is slow, and easy to verify by reading.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use ipam_core::conformance::{Fixture, Harness, NoFixture, Setup};
use ipam_core::net::IpRange;
use ipam_core::{
    Allocate, AllocateLine, Allocated, Allocation, AllocationId, AllocationKey, Capabilities, Deallocate, Deallocated,
    DeallocatedTarget, DefineRange, Error, ErrorKind, Find, Fingerprint, Health, IpamProvider, ListRanges, Operation,
    Page, PageRequest, PageToken, Placement, Range, RangeId, RangePolicy, Result, Selection, SpaceId, Target,
};

/// Harness that makes a provider from the set-up of each case.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReferenceHarness;

#[async_trait]
impl Harness for ReferenceHarness {
    async fn fresh(&self, setup: &Setup) -> Result<Fixture, NoFixture> {
        let reference = Arc::new(Reference::of(setup)?);
        Ok(Fixture::new(Arc::clone(&reference) as Arc<dyn IpamProvider>).with_guard(reference))
    }

    async fn plant(&self, fixture: &Fixture, range: &RangeId, address: IpAddr) -> bool {
        let Some(reference) = fixture.guard.downcast_ref::<Arc<Reference>>() else { return false };
        let planted = reference.change(|state| {
            let Some(range) = state.ranges.get(range) else {
                return Err(Error::not_found(Operation::Allocate, "range", range));
            };
            let key = (range.space.clone(), address);
            let allocation = Allocation::new(format!("planted/{address}"), key.0.clone(), range.id.clone(), address);
            state.taken.insert(key, allocation);
            Ok(())
        });
        planted.is_ok()
    }
}

#[derive(Debug)]
pub(crate) struct Reference(Mutex<State>);

#[derive(Debug, Clone, Default)]
struct State {
    ranges: BTreeMap<RangeId, Range>,
    taken: BTreeMap<(SpaceId, IpAddr), Allocation>,
    requests: BTreeMap<AllocationKey, Request>,
    last_id: u64,
}

/// Request and allocations of a key.
#[derive(Debug, Clone)]
struct Request {
    fingerprint: Fingerprint,
    lines: Vec<Vec<(AllocationId, IpAddr)>>,
}

impl Reference {
    /// Returns a provider with the ranges of a set-up.
    pub(crate) fn of(setup: &Setup) -> Result<Self, NoFixture> {
        if let Some(block) = setup.blocks.first() {
            return Err(NoFixture::Unfit(format!("the reference has no blocks such as {:?}", block.id)));
        }
        if setup.ranges.iter().any(|range| range.policy != RangePolicy::default()) {
            return Err(NoFixture::Unfit("the reference knows one policy".to_owned()));
        }
        let ranges = setup.ranges.iter().map(|wanted| (wanted.id.clone(), range(wanted))).collect();
        Ok(Self(Mutex::new(State { ranges, ..State::default() })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `change` on a copy of the state, and keeps the copy only if it succeeds.
    fn change<T>(&self, change: impl FnOnce(&mut State) -> Result<T>) -> Result<T> {
        let mut state = self.state();
        let mut next = state.clone();
        let result = change(&mut next)?;
        *state = next;
        Ok(result)
    }
}

fn range(wanted: &DefineRange) -> Range {
    let mut range = Range::new(wanted.id.clone(), wanted.space.clone(), wanted.net, wanted.resolved_addresses());
    range.network = wanted.network.clone();
    range.reserved = wanted.reserved.clone();
    range
}

#[async_trait]
impl IpamProvider for Reference {
    fn capabilities(&self) -> Capabilities {
        let mut can = Capabilities::minimal("reference");
        can.contiguous = true;
        can
    }

    async fn check(&self) -> Result<Health> {
        Ok(Health::new())
    }

    async fn list_ranges(&self, request: &ListRanges) -> Result<Page<Range>> {
        let state = self.state();
        let matching = state.ranges.values().filter(|range| request.filter.matches(range));
        page(Operation::ListRanges, &request.page, matching.map(|range| (range.id.to_string(), range.clone())))
    }

    async fn allocate(&self, request: &Allocate) -> Result<Allocated> {
        request.validate()?;
        if request.lines.iter().any(|line| line.expiry.is_some() || !line.labels.tags.is_empty()) {
            return Err(Error::unsupported(Operation::Allocate, "reference"));
        }
        self.change(|state| state.allocate(request))
    }

    async fn deallocate(&self, request: &Deallocate) -> Result<Deallocated> {
        request.validate()?;
        self.change(|state| {
            let targets = request.targets.iter().map(|target| state.deallocate(target, request));
            Ok(Deallocated::new(targets.collect::<Result<_>>()?))
        })
    }

    async fn find(&self, request: &Find) -> Result<Page<Allocation>> {
        request.validate()?;
        let state = self.state();
        let mut matching: Vec<_> = state.taken.values().filter(|allocation| request.matches(allocation)).collect();
        matching.sort_by_key(|allocation| allocation.id.clone());
        let keyed = matching.into_iter().map(|allocation| (allocation.id.to_string(), allocation.clone()));
        page(Operation::Find, &request.page, keyed)
    }
}

impl State {
    fn allocate(&mut self, request: &Allocate) -> Result<Allocated> {
        let fingerprint = request.fingerprint();
        let key = match &request.key {
            Some(key) => {
                if let Some(lines) = self.repeat(key, fingerprint)? {
                    return Ok(Allocated::new(key.clone(), lines, true));
                }
                key.clone()
            }
            None => AllocationKey::from(format!("made/{}", self.last_id + 1)),
        };
        refuse_twice(request)?;
        let mut lines = Vec::new();
        for (index, line) in request.lines.iter().enumerate() {
            let (range, addresses) = self.choose(index, line)?;
            let mut taken = Vec::new();
            for address in addresses {
                self.last_id += 1;
                let id = format!("{:020}", self.last_id);
                let mut allocation = Allocation::new(id, range.space.clone(), range.id.clone(), address);
                allocation.key = Some(key.clone());
                allocation.owner = Some(request.owner.clone());
                allocation.labels = line.labels.clone();
                self.taken.insert((range.space.clone(), address), allocation.clone());
                taken.push(allocation);
            }
            lines.push(taken);
        }
        let ids = lines.iter().map(|line| line.iter().map(|a| (a.id.clone(), a.address)).collect()).collect();
        self.requests.insert(key.clone(), Request { fingerprint, lines: ids });
        Ok(Allocated::new(key, lines, false))
    }

    /// Returns the allocations of a key that is in use.
    fn repeat(&self, key: &AllocationKey, fingerprint: Fingerprint) -> Result<Option<Vec<Vec<Allocation>>>> {
        let Some(request) = self.requests.get(key) else { return Ok(None) };
        let conflict =
            |message: String| Error::new(ErrorKind::Conflict, Operation::Allocate, message).with_context("key", key);
        let now = |id: &AllocationId| self.taken.values().find(|allocation| allocation.id == *id).cloned();
        let all = request.lines.iter().flatten();
        let gone: Vec<String> =
            all.clone().filter(|(id, _)| now(id).is_none()).map(|(_, address)| address.to_string()).collect();
        if gone.len() == all.count() {
            return Ok(None);
        }
        if request.fingerprint != fingerprint {
            return Err(Error::other_request(Operation::Allocate, key));
        }
        if !gone.is_empty() {
            return Err(conflict(format!("deallocated since: {}", gone.join(", "))));
        }
        Ok(Some(request.lines.iter().map(|line| line.iter().filter_map(|(id, _)| now(id)).collect()).collect()))
    }

    fn choose(&self, index: usize, line: &AllocateLine) -> Result<(Range, Vec<IpAddr>)> {
        let known = |id| self.ranges.get(id).ok_or_else(|| Error::not_found(Operation::Allocate, "range", id));
        let ranges = line.ranges.iter().map(known).collect::<Result<Vec<_>>>()?;
        match line.selection {
            Selection::Exact { first, count } => {
                let holds = |range: &&&Range| (0..count).all(|n| range.addresses.contains(plus(first, n)));
                let Some(range) = ranges.iter().find(holds) else {
                    let remedy = "choose addresses that one of the line's ranges holds";
                    return Err(Error::invalid(
                        Operation::Allocate,
                        format_args!("lines[{index}].first"),
                        first,
                        remedy,
                    ));
                };
                let addresses: Vec<IpAddr> = (0..count).map(|n| plus(first, n)).collect();
                if let Some(taken) = addresses.iter().find(|address| !self.is_free(range, **address)) {
                    let message = format!("{taken} is not free");
                    return Err(
                        Error::new(ErrorKind::Conflict, Operation::Allocate, message).with_context("line", index)
                    );
                }
                Ok(((**range).clone(), addresses))
            }
            Selection::Next { count, placement } => {
                for range in ranges {
                    if let Some(addresses) = self.next(range, count, placement, &line.exclude) {
                        return Ok((range.clone(), addresses));
                    }
                }
                Err(Error::new(ErrorKind::Exhausted, Operation::Allocate, "no range has room")
                    .with_context("line", index))
            }
        }
    }

    fn next(&self, range: &Range, count: u32, placement: Placement, exclude: &[IpRange]) -> Option<Vec<IpAddr>> {
        let wanted = usize::try_from(count).ok()?;
        let is_free = |address: &IpAddr| {
            self.is_free(range, *address) && !exclude.iter().any(|excluded| excluded.contains(*address))
        };
        if placement == Placement::Scattered {
            let free: Vec<IpAddr> = range.addresses.addresses().filter(is_free).take(wanted).collect();
            return (free.len() == wanted).then_some(free);
        }
        let align = if placement == Placement::Aligned { u128::from(count.next_power_of_two()) } else { 1 };
        range.addresses.addresses().filter(|first| number(*first).is_multiple_of(align)).find_map(|first| {
            let end = IpRange::new(first, range.addresses.last()).ok()?;
            let row: Vec<IpAddr> = end.addresses().take(wanted).take_while(is_free).collect();
            (row.len() == wanted).then_some(row)
        })
    }

    fn is_free(&self, range: &Range, address: IpAddr) -> bool {
        range.can_allocate(address) && !self.taken.contains_key(&(range.space.clone(), address))
    }

    fn deallocate(&mut self, target: &Target, request: &Deallocate) -> Result<DeallocatedTarget> {
        if let Target::Address { range, address } = target {
            let Some(range) = self.ranges.get(range) else {
                return Err(Error::not_found(Operation::Deallocate, "range", range));
            };
            if !range.net.contains(address) {
                let remedy = format!("choose an address of {}", range.net);
                return Err(Error::invalid(Operation::Deallocate, "address", address, remedy));
            }
        }
        let named = |allocation: &Allocation| match target {
            Target::Id(id) => allocation.id == *id,
            Target::Key(key) => allocation.key.as_ref() == Some(key),
            Target::Address { range, address } => allocation.range == *range && allocation.address == *address,
        };
        let ends = |allocation: &Allocation| {
            named(allocation) && request.precondition.fits(allocation.owner.as_ref(), allocation.key.as_ref())
        };
        let freed: Vec<Allocation> = self.taken.values().filter(|allocation| ends(allocation)).cloned().collect();
        for allocation in &freed {
            self.taken.remove(&(allocation.space.clone(), allocation.address));
        }
        Ok(DeallocatedTarget::new(freed))
    }
}

/// Refuses two lines for one exact address.
fn refuse_twice(request: &Allocate) -> Result<()> {
    let exact = request.lines.iter().enumerate().filter_map(|(index, line)| match line.selection {
        Selection::Exact { first, count } => Some((index, &line.ranges, first, count)),
        Selection::Next { .. } => None,
    });
    let mut seen = BTreeMap::new();
    for (index, ranges, first, count) in exact {
        for address in (0..count).map(|n| plus(first, n)) {
            for range in ranges {
                if seen.insert((range, address), index).is_some() {
                    let field = format!("lines[{index}].first");
                    return Err(Error::invalid(
                        Operation::Allocate,
                        field,
                        address,
                        "ask for each address in one line only",
                    ));
                }
            }
        }
    }
    Ok(())
}

/// Returns the items after the token's, in the order of their names.
fn page<T>(operation: Operation, request: &PageRequest, items: impl Iterator<Item = (String, T)>) -> Result<Page<T>> {
    request.validate(operation)?;
    let after = match &request.token {
        None => None,
        Some(token) => {
            let remedy = "give the token of the page before";
            let after = token.as_str().strip_prefix("after:");
            Some(after.ok_or_else(|| Error::invalid(operation, "page.token", token, remedy))?)
        }
    };
    let size = request.size.map_or(100, |size| usize::try_from(size.get()).unwrap_or(usize::MAX));
    let mut rest: Vec<(String, T)> =
        items.filter(|(name, _)| after.is_none_or(|after| name.as_str() > after)).take(size + 1).collect();
    let more = rest.len() > size;
    rest.truncate(size);
    let next = rest.last().filter(|_| more).map(|(name, _)| PageToken::from(format!("after:{name}")));
    Ok(Page::new(rest.into_iter().map(|(_, item)| item).collect(), next))
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    }
}

/// Returns the `n`-th address after `first`. Validated requests stay inside the family.
fn plus(first: IpAddr, n: u32) -> IpAddr {
    match first {
        IpAddr::V4(address) => IpAddr::V4(address.to_bits().wrapping_add(n).into()),
        IpAddr::V6(address) => IpAddr::V6(address.to_bits().wrapping_add(u128::from(n)).into()),
    }
}
