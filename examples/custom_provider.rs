//! Custom provider: the six required methods, tested by the conformance suite.
//!
//! Runs as it is: `cargo run -p ipam-examples --example custom_provider`. The suite runs with
//! `cargo test -p ipam-examples --example custom_provider`.
//!
//! The provider keeps its data in memory behind one lock, so the promises are easy to keep: a request is computed aside,
//! and stored only when all of it succeeded. A provider that calls a server needs other means; the suite is the same.

#[path = "report.rs"]
mod report;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use ipam_core::net::IpRange;
use ipam_core::{
    Allocate, AllocateLine, Allocated, Allocation, AllocationKey, Capabilities, Deallocate, Deallocated,
    DeallocatedTarget, Error, ErrorKind, Find, Fingerprint, Health, IpamProvider, IpamProviderExt, ListRanges,
    Operation, Page, Range, RangeId, Result, SpaceId, Target,
};

/// Provider of a fixed list of ranges. Clones share their allocations.
#[derive(Debug, Clone)]
pub struct Shelf {
    ranges: Arc<Vec<Range>>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// Allocations by number, which gives the order of listings. A number is never used again.
    allocations: BTreeMap<u64, Allocation>,
    taken: HashSet<(SpaceId, IpAddr)>,
    requests: HashMap<AllocationKey, Request>,
    last: u64,
}

/// Request of a key, kept until its last allocation is deallocated.
#[derive(Debug)]
struct Request {
    fingerprint: Fingerprint,
    lines: Vec<Vec<(u64, IpAddr)>>,
}

impl Shelf {
    /// Provider of these ranges, which must not overlap in one address space.
    #[must_use]
    pub fn new(ranges: Vec<Range>) -> Self {
        Self { ranges: Arc::new(ranges), state: Arc::default() }
    }

    fn range(&self, operation: Operation, id: &RangeId) -> Result<&Range> {
        self.ranges.iter().find(|range| range.id == *id).ok_or_else(|| Error::not_found(operation, "range", id))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The state changes in one step at the end of a request, so it is valid even if a caller panicked with the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl IpamProvider for Shelf {
    fn capabilities(&self) -> Capabilities {
        Capabilities::minimal("shelf")
    }

    async fn check(&self) -> Result<Health> {
        Ok(Health::new())
    }

    async fn list_ranges(&self, request: &ListRanges) -> Result<Page<Range>> {
        // The ranges never change, so their positions are numbers for ever.
        let matching = (1..).zip(self.ranges.iter()).filter(|(_, range)| request.filter.matches(range));
        request.page.cut(Operation::ListRanges, |_| matching.map(|(number, range)| (number, range.clone())))
    }

    async fn allocate(&self, request: &Allocate) -> Result<Allocated> {
        request.validate_for(&self.capabilities())?;
        let lines = request.resolve_lines(|id| self.ranges.iter().find(|range| range.id == *id))?;
        let mut state = self.state();
        if let Some(key) = &request.key
            && let Some(earlier) = state.repeat(key, request)?
        {
            return Ok(earlier);
        }
        let mut writes = WriteSet { state: &state, taken: HashSet::new() };
        let mut chosen = Vec::new();
        for (index, (line, ranges)) in request.lines.iter().zip(lines).enumerate() {
            chosen.push(writes.line(index, line, &ranges)?);
        }
        Ok(state.store(request, chosen))
    }

    async fn deallocate(&self, request: &Deallocate) -> Result<Deallocated> {
        request.validate()?;
        for target in &request.targets {
            if let Target::Address { range, address } = target {
                let net = self.range(Operation::Deallocate, range)?.net;
                if !net.contains(address) {
                    let remedy = format!("give an address of {net}");
                    return Err(Error::invalid(Operation::Deallocate, "address", address, remedy));
                }
            }
        }
        let mut state = self.state();
        let targets = request.targets.iter().map(|target| {
            let wanted = |allocation: &Allocation| match target {
                Target::Id(id) => allocation.id == *id,
                Target::Key(key) => allocation.key.as_ref() == Some(key),
                Target::Address { range, address } => allocation.range == *range && allocation.address == *address,
            };
            let fits =
                |allocation: &Allocation| request.precondition.fits(allocation.owner.as_ref(), allocation.key.as_ref());
            DeallocatedTarget::new(state.free(|allocation| wanted(allocation) && fits(allocation)))
        });
        Ok(Deallocated::new(targets.collect()))
    }

    async fn find(&self, request: &Find) -> Result<Page<Allocation>> {
        request.validate()?;
        let state = self.state();
        request.page.cut(Operation::Find, |after| {
            let later = state.allocations.range(after + 1..).filter(|(_, allocation)| request.matches(allocation));
            later.map(|(number, allocation)| (*number, allocation.clone()))
        })
    }
}

/// Addresses chosen for a request, which are not stored yet.
struct WriteSet<'a> {
    state: &'a State,
    taken: HashSet<(SpaceId, IpAddr)>,
}

impl WriteSet<'_> {
    /// Chooses the addresses of one line, all in one range.
    fn line(
        &mut self,
        index: usize,
        line: &AllocateLine,
        ranges: &[&Range],
    ) -> Result<Vec<(Range, AllocateLine, IpAddr)>> {
        for range in ranges {
            let addresses = match line.selection.exact_range() {
                Some(wanted) => self.exact(range, wanted)?,
                None => self.next(range, line),
            };
            if addresses.len() as u64 == u64::from(line.selection.count()) {
                let place = |address| (range.space.clone(), address);
                self.taken.extend(addresses.iter().copied().map(place));
                let chosen = addresses.into_iter().map(|address| ((*range).clone(), line.clone(), address));
                return Ok(chosen.collect());
            }
        }
        let message = format!("none of its ranges has {} free addresses", line.selection.count());
        Err(Error::new(ErrorKind::Exhausted, Operation::Allocate, message).with_context("line", index))
    }

    fn is_taken(&self, range: &Range, address: IpAddr) -> bool {
        let place = (range.space.clone(), address);
        self.state.taken.contains(&place) || self.taken.contains(&place)
    }

    fn exact(&self, range: &Range, wanted: IpRange) -> Result<Vec<IpAddr>> {
        let addresses: Vec<IpAddr> = wanted.into_iter().collect();
        match addresses.iter().find(|ip| !range.can_allocate(**ip) || self.is_taken(range, **ip)) {
            None => Ok(addresses),
            Some(ip) => {
                let message = format!("{ip} is taken, reserved or the gateway; choose another address");
                Err(Error::new(ErrorKind::Conflict, Operation::Allocate, message).with_context("range", &range.id))
            }
        }
    }

    /// Returns the lowest free addresses, up to the requested number. Skips reserved and excluded ranges in one step, so
    /// that the time depends on the number of allocations and not on the size of the range.
    fn next(&self, range: &Range, line: &AllocateLine) -> Vec<IpAddr> {
        let mut found = Vec::new();
        let mut at = 0;
        while let Some(ip) = range.addresses.nth(at) {
            if found.len() as u64 == u64::from(line.selection.count()) {
                break;
            }
            let obstacle = range.reserved.iter().chain(&line.exclude).find(|obstacle| obstacle.contains(ip));
            if let Some(obstacle) = obstacle {
                let Some(end) = range.addresses.position(obstacle.last()) else { break };
                at = end + 1;
                continue;
            }
            if range.can_allocate(ip) && !self.is_taken(range, ip) {
                found.push(ip);
            }
            at += 1;
        }
        found
    }
}

impl State {
    /// Returns the allocations of an earlier request with this key; `None` if the key is new.
    fn repeat(&self, key: &AllocationKey, request: &Allocate) -> Result<Option<Allocated>> {
        let Some(known) = self.requests.get(key) else { return Ok(None) };
        let conflict = |message: String| {
            Err(Error::new(ErrorKind::Conflict, Operation::Allocate, message).with_context("key", key))
        };
        if known.fingerprint != request.fingerprint() {
            return Err(Error::other_request(Operation::Allocate, key));
        }
        let all = || known.lines.iter().flatten();
        let gone: Vec<String> =
            all().filter(|(id, _)| !self.allocations.contains_key(id)).map(|(_, ip)| ip.to_string()).collect();
        if !gone.is_empty() {
            return conflict(format!(
                "{} was given back since; give back the rest, or choose another key",
                gone.join(", ")
            ));
        }
        let line =
            |line: &Vec<(u64, IpAddr)>| line.iter().filter_map(|(id, _)| self.allocations.get(id).cloned()).collect();
        Ok(Some(Allocated::new(key.clone(), known.lines.iter().map(line).collect(), true)))
    }

    /// Puts a request down, of which all is known to be good.
    fn store(&mut self, request: &Allocate, chosen: Vec<Vec<(Range, AllocateLine, IpAddr)>>) -> Allocated {
        let key = request.key.clone().unwrap_or_else(|| self.new_key());
        let mut lines = Vec::new();
        let mut numbers = Vec::new();
        for line in chosen {
            let mut allocations = Vec::new();
            let mut ids = Vec::new();
            for (range, line, address) in line {
                self.last += 1;
                let id = self.last.to_string();
                let mut allocation = Allocation::new(id, range.space.clone(), range.id, address);
                (allocation.key, allocation.owner) = (Some(key.clone()), Some(request.owner.clone()));
                allocation.labels = line.labels;
                self.taken.insert((range.space, address));
                self.allocations.insert(self.last, allocation.clone());
                ids.push((self.last, address));
                allocations.push(allocation);
            }
            lines.push(allocations);
            numbers.push(ids);
        }
        self.requests.insert(key.clone(), Request { fingerprint: request.fingerprint(), lines: numbers });
        Allocated::new(key, lines, false)
    }

    fn new_key(&self) -> AllocationKey {
        let keys = (self.last..).map(|number| AllocationKey::new(format!("shelf/{number}")));
        keys.into_iter().find(|key| !self.requests.contains_key(key)).unwrap_or_else(|| AllocationKey::new("shelf"))
    }

    fn free(&mut self, wanted: impl Fn(&Allocation) -> bool) -> Vec<Allocation> {
        let numbers: Vec<u64> =
            self.allocations.iter().filter(|(_, allocation)| wanted(allocation)).map(|(number, _)| *number).collect();
        let freed: Vec<Allocation> = numbers.iter().filter_map(|number| self.allocations.remove(number)).collect();
        for allocation in &freed {
            self.taken.remove(&(allocation.space.clone(), allocation.address));
        }
        // A key whose last allocation went can be used anew.
        let allocations = &self.allocations;
        self.requests.retain(|_, request| request.lines.iter().flatten().any(|(id, _)| allocations.contains_key(id)));
        freed
    }
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    report::end(run().await)
}

async fn run() -> std::result::Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut lan = Range::new("lan", "default", "192.0.2.0/29".parse()?, "192.0.2.1-192.0.2.6".parse()?);
    lan.network.gateway = Some("192.0.2.1".parse()?);
    let provider: Arc<dyn IpamProvider> = Arc::new(Shelf::new(vec![lan]));

    let web = provider.allocate_one("lan", "web1").await?;
    println!("web1 has {}", web.address);
    let request = Allocate::new("db1").with_key("db1/nic-0").with_line(AllocateLine::next("lan", 2));
    let first = provider.allocate(&request).await?;
    let again = provider.allocate(&request).await?;
    println!("db1 has {}, and still has on asking again: {}", addresses(&first).join(" and "), again.repeated);
    provider.deallocate(&Deallocate::id(web.id)).await?;
    println!("the next one is {} again", provider.allocate_one("lan", "web2").await?.address);
    Ok(())
}

fn addresses(allocated: &Allocated) -> Vec<String> {
    allocated.iter().map(|allocation| allocation.address.to_string()).collect()
}

#[cfg(test)]
mod tests {
    use ipam_core::conformance::{self, Fixture, Harness, NoFixture, Setup};

    use super::*;

    struct Shelves;

    #[async_trait]
    impl Harness for Shelves {
        async fn fresh(&self, setup: &Setup) -> std::result::Result<Fixture, NoFixture> {
            if !setup.blocks.is_empty() {
                return Err(NoFixture::Unfit("a shelf has no blocks".to_owned()));
            }
            let range = |wanted: &ipam_core::DefineRange| {
                let plain = wanted.policy == ipam_core::RangePolicy::default();
                let mut range =
                    Range::new(wanted.id.clone(), wanted.space.clone(), wanted.net, wanted.resolved_addresses());
                if !wanted.name.is_empty() {
                    range.name.clone_from(&wanted.name);
                }
                range.description.clone_from(&wanted.description);
                range.network = wanted.network.clone();
                range.reserved.clone_from(&wanted.reserved);
                (range.tags, range.properties) = (wanted.tags.clone(), wanted.properties.clone());
                plain
                    .then_some(range)
                    .ok_or_else(|| NoFixture::Unfit("a shelf has one order and no quarantine".to_owned()))
            };
            let ranges = setup.ranges.iter().map(range).collect::<std::result::Result<_, _>>()?;
            let shelf = Shelf::new(ranges);
            let mut fixture = Fixture::new(Arc::new(shelf.clone()));
            fixture.others.push(Arc::new(shelf));
            Ok(fixture)
        }
    }

    conformance::tests!(Shelves);
}
