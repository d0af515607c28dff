//! Allocation of addresses, and its preview.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

use crate::engine::context::Context;
use crate::engine::keys::{self, Named};
use crate::engine::overlay::{Access, Overlay, OverlayPages, RangeOverlay, corrupt};
use crate::engine::random::Random;
use crate::engine::space::page::{address, locate, number};
use crate::engine::space::select::{Wanted, select};
use crate::engine::store::{AllocationChange, Record, RequestKind, RequestRecord, Store, StoredRange};
use crate::engine::unkeyed;
use crate::net::IpRange;
use crate::{
    Allocate, AllocateLine, Allocated, Allocation, AllocationKey, Candidate, Error, ErrorKind, Family, Operation,
    Order, Placement, Preview, Range, RangeId, Result, Selection,
};

/// Allocates the addresses of all lines, or returns those that the key has already.
pub(crate) fn allocate<S: Store + ?Sized>(
    store: &mut S,
    context: &mut Context<'_>,
    request: &Allocate,
) -> Result<Allocated> {
    request.validate()?;
    let mut overlay = Overlay::new(store, context.now);
    if let Some(key) = &request.key
        && let Named::Addresses { records, by_position } = named(&mut overlay, Operation::Allocate, key, request)?
    {
        return Ok(Allocated::new(key.clone(), by_line(request, records, by_position), true));
    }
    overlay.sweep_some()?;
    let choices = Choices::make(&mut overlay, context.random, Operation::Allocate, request)?;
    // A request without a key gets one, too: it is the name by which the allocation can be undone.
    let key = request.key.clone().unwrap_or_else(|| keys::made(context.random));
    check_expiries(Operation::Allocate, request, context.now)?;

    let mut prepared = overlay.prepare()?;
    let mut allocated = Vec::with_capacity(choices.lines.len());
    for (chosen, line) in choices.lines.iter().zip(&request.lines) {
        let range = &chosen.range;
        let expires = expiry(line, context.now);
        let mut allocations = Vec::with_capacity(chosen.found.len());
        for address in chosen.addresses() {
            let id = prepared.store().new_allocation_id(&range.space, address)?;
            let mut allocation = Allocation::new(id, range.space.clone(), range.id.clone(), address);
            allocation.key = Some(key.clone());
            allocation.owner = Some(request.owner.clone());
            allocation.labels = line.labels.clone();
            allocation.created = Some(context.now);
            allocation.updated = Some(context.now);
            allocation.expires = expires;
            allocations.push(allocation);
        }
        allocated.push(allocations);
    }
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let requested = RequestRecord {
        key: key.clone(),
        fingerprint: request.fingerprint(),
        kind: RequestKind::Addresses { count: number(choices.count()), lines: number(choices.lines.len()) },
        owner: request.owner.clone(),
        returned: Vec::new(),
    };

    // Only writes from here on: nothing can be refused any more. The request comes before its allocations, because the
    // embedded store takes their serial numbers from it.
    let store = prepared.write(context.actor)?;
    store.insert_request(&requested)?;
    for (line, allocations) in (0u32..).zip(&allocated) {
        for allocation in allocations {
            store.insert_allocation(allocation, line)?;
            store.append_allocation_change(&AllocationChange::made(allocation, context.now, context.actor))?;
        }
    }
    Ok(Allocated::new(key, allocated, false))
}

/// Returns the addresses that [`allocate`] would allocate.
pub(crate) fn preview<S: Store + ?Sized>(
    store: &mut S,
    context: &mut Context<'_>,
    request: &Allocate,
) -> Result<Preview> {
    request.validate().map_err(|error| error.with_operation(Operation::PreviewAllocate))?;
    let mut overlay = Overlay::preview(store, context.now);
    if let Some(key) = &request.key
        && let Named::Addresses { records, by_position } =
            named(&mut overlay, Operation::PreviewAllocate, key, request)?
    {
        let lines = by_line(request, records, by_position).into_iter();
        let candidate = |allocation: Allocation| Candidate::new(allocation.range, allocation.address);
        return Ok(Preview::new(lines.map(|line| line.into_iter().map(candidate).collect()).collect()));
    }
    let choices = Choices::make(&mut overlay, context.random, Operation::PreviewAllocate, request)?;
    check_expiries(Operation::PreviewAllocate, request, context.now)?;
    let candidates =
        |chosen: &Chosen| chosen.addresses().map(|address| Candidate::new(chosen.range.id.clone(), address)).collect();
    Ok(Preview::new(choices.lines.iter().map(candidates).collect()))
}

/// Looks up the key. It never names a range here: the fingerprint of a request for a range is another.
fn named<S: Store + ?Sized>(
    overlay: &mut Overlay<'_, S>,
    operation: Operation,
    key: &AllocationKey,
    request: &Allocate,
) -> Result<Named> {
    keys::resolve(overlay, operation, key, &request.fingerprint())
}

/// Groups the records of a request by line. They come sorted by line and address.
fn by_line(request: &Allocate, records: Vec<Record>, by_position: bool) -> Vec<Vec<Allocation>> {
    let mut lines = vec![Vec::new(); request.lines.len()];
    let of_position = if by_position { lines_by_position(request) } else { Vec::new() };
    for record in records {
        let at = record.line as usize;
        let line = if by_position { of_position.get(at).copied() } else { Some(at) };
        if let Some(line) = line.and_then(|line| lines.get_mut(line)) {
            line.push(*record.allocation);
        }
    }
    if by_position {
        lines.iter_mut().for_each(|line| line.sort_by_key(|allocation| allocation.address));
    }
    lines
}

/// Returns the line of each position: exact lines come first.
fn lines_by_position(request: &Allocate) -> Vec<usize> {
    let all = request.lines.iter().enumerate();
    let (exact, next): (Vec<_>, Vec<_>) = all.partition(|(_, line)| matches!(line.selection, Selection::Exact { .. }));
    let counted = exact.into_iter().chain(next).map(|(index, line)| (index, line.selection.count() as usize));
    counted.flat_map(|(index, count)| std::iter::repeat_n(index, count)).collect()
}

/// Returns the expiry time of a line's addresses; `None` without an expiry, or if the system cannot express the time.
fn expiry(line: &AllocateLine, now: SystemTime) -> Option<SystemTime> {
    line.expiry.and_then(|expiry| now.checked_add(expiry))
}

fn check_expiries(operation: Operation, request: &Allocate, now: SystemTime) -> Result<()> {
    for (index, line) in request.lines.iter().enumerate() {
        if let Some(asked) = line.expiry
            && expiry(line, now).is_none()
        {
            return Err(Error::invalid(
                operation,
                format_args!("lines[{index}].expiry"),
                format_args!("{} s", asked.as_secs()),
                "give a shorter time to live, or none",
            ));
        }
    }
    Ok(())
}

/// Addresses chosen for one line.
struct Chosen {
    range: Arc<Range>,
    family: Family,
    /// Addresses as numbers, in ascending order.
    found: Vec<u128>,
}

impl Chosen {
    fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.found.iter().filter_map(|at| address(self.family, *at))
    }
}

/// Addresses chosen for a request, in the order of its lines.
struct Choices {
    lines: Vec<Chosen>,
}

impl Choices {
    fn count(&self) -> usize {
        self.lines.iter().map(|line| line.found.len()).sum()
    }

    /// Chooses addresses for every line, and marks them as used in the overlay.
    fn make<S: Store + ?Sized>(
        overlay: &mut Overlay<'_, S>,
        random: &mut dyn Random,
        operation: Operation,
        request: &Allocate,
    ) -> Result<Self> {
        // All ranges are looked up before any is used: a request with a wrong id fails as `NotFound` whatever room the
        // other ranges have, so that the mistake is found at once.
        for line in &request.lines {
            for range in &line.ranges {
                if overlay.load(range)?.is_none() {
                    return Err(Error::not_found(operation, "range", range));
                }
            }
        }
        // Exact addresses first, so that no other line takes them.
        let mut lines: Vec<Option<Chosen>> = Vec::with_capacity(request.lines.len());
        let mut exact: Vec<(RangeId, IpRange)> = Vec::new();
        for (index, line) in request.lines.iter().enumerate() {
            lines.push(match line.selection {
                Selection::Exact { first, count } => {
                    let line = Exact { index, line, first, count, operation };
                    Some(line.take(overlay, &mut exact)?)
                }
                Selection::Next { .. } => None,
            });
        }
        for (index, (line, chosen)) in request.lines.iter().zip(&mut lines).enumerate() {
            if let Selection::Next { count, placement } = line.selection {
                *chosen = Some(next(overlay, random, operation, (index, line), (count, placement))?);
            }
        }
        // Each line was served by one of the two loops, so that none is missing.
        let lines: Option<Vec<Chosen>> = lines.into_iter().collect();
        Ok(Self { lines: lines.unwrap_or_default() })
    }
}

/// Chooses addresses for a line from the first of its ranges with enough room. A line is never split over ranges.
fn next<S: Store + ?Sized>(
    overlay: &mut Overlay<'_, S>,
    random: &mut dyn Random,
    operation: Operation,
    (index, line): (usize, &AllocateLine),
    (count, placement): (u32, Placement),
) -> Result<Chosen> {
    let (now, takes) = (overlay.now, overlay.takes);
    for id in &line.ranges {
        // Each request sweeps a little, so that expired addresses do not pile up until a range looks full.
        overlay.sweep_range(id)?;
        loop {
            let Some((range, store)) = overlay.load_with_store(id)? else { break };
            let whole = Arc::clone(&range.stored.layout);
            let without = (!line.exclude.is_empty()).then(|| whole.without(line.exclude.iter().copied()));
            let wanted = Wanted { count, placement, order: range.stored.range.policy.order };
            let access = Access { takes, whole: without.is_none() };
            let mut pages = OverlayPages { range: &mut *range, store: &mut *store, now, access };
            let found = select(&mut pages, without.as_ref().unwrap_or(&whole), wanted, random)?;
            if let Some(found) = found {
                return take(range, store, found);
            }
            // No room. Sweep more and try again, until there is nothing left to sweep.
            if u128::from(count) > whole.size() || !overlay.sweep_range(id)? {
                break;
            }
        }
    }
    let names: Vec<&str> = line.ranges.iter().map(RangeId::as_str).collect();
    let placement = match placement {
        Placement::Scattered => "",
        Placement::Contiguous => ", contiguous",
        Placement::Aligned => ", contiguous and aligned",
    };
    let plural = if count == 1 { "address" } else { "addresses" };
    let message = format!("no range has {count} free {plural}{placement}; free some, or add a range");
    Err(Error::new(ErrorKind::Exhausted, operation, message)
        .with_context("line", index)
        .with_context("ranges", names.join(", ")))
}

/// Marks chosen addresses as used in the overlay.
fn take<S: Store + ?Sized>(range: &mut RangeOverlay, store: &mut S, found: Vec<u128>) -> Result<Chosen> {
    let chosen = Chosen { range: Arc::clone(&range.stored.range), family: range.stored.layout.family(), found };
    let may_be_quarantined = range.stored.range.policy.order == Order::LeastRecentlyUsed;
    for address in chosen.addresses() {
        // A set bit here is that of a released address, which the choice counts as free.
        if may_be_quarantined {
            let (no, bit) = locate(address);
            if range.page(store, no)?.is_some_and(|page| page.contains(bit)) {
                range.release(store, address)?;
            }
        }
        range.set(store, address, true)?;
    }
    Ok(chosen)
}

/// Line that asks for exactly these addresses.
struct Exact<'a> {
    index: usize,
    line: &'a AllocateLine,
    first: IpAddr,
    count: u32,
    operation: Operation,
}

impl Exact<'_> {
    fn take<S: Store + ?Sized>(
        &self,
        overlay: &mut Overlay<'_, S>,
        others: &mut Vec<(RangeId, IpRange)>,
    ) -> Result<Chosen> {
        let (first, count) = (self.first, self.count);
        let asked = IpRange::starting_at(first, count.into())
            .map_err(|_| self.invalid("give a smaller count, or a lower address: the family ends before"))?;
        if let Some(excluded) = self.line.exclude.iter().find(|excluded| excluded.overlaps(&asked)) {
            return Err(self.invalid(&format!("the line also excludes {excluded}; drop one of the two")));
        }
        let mut stored = None;
        for id in &self.line.ranges {
            let Some(range) = overlay.load(id)? else { continue };
            if range.stored.range.addresses.contains_range(&asked) {
                stored = Some(range.stored.clone());
                break;
            }
        }
        let Some(stored) = stored else {
            let ranges: Vec<&str> = self.line.ranges.iter().map(RangeId::as_str).collect();
            let remedy = format!("choose {count} from there inside one of the line's ranges ({})", ranges.join(", "));
            return Err(self.invalid(&remedy));
        };
        let id = &stored.range.id;
        if others.iter().any(|(range, other)| range == id && other.overlaps(&asked)) {
            return Err(self.invalid("name each address in one line only: another line asks for it, too"));
        }
        // Remembered for the other lines: a bit that this line sets has no allocation yet, and would count as free
        // there.
        others.push((id.clone(), asked));

        let mut found = Vec::with_capacity(count as usize);
        for address in asked.addresses() {
            self.must_be_free(overlay, &stored, address)?;
            found.push(number(address));
        }
        let Some((range, store)) = overlay.load_with_store(id)? else {
            return Err(Error::not_found(self.operation, "range", id));
        };
        take(range, store, found)
    }

    fn must_be_free<S: Store + ?Sized>(
        &self,
        overlay: &mut Overlay<'_, S>,
        stored: &StoredRange,
        address: IpAddr,
    ) -> Result<()> {
        if !stored.layout.contains(address) {
            let gateway = stored.range.network.gateway == Some(address);
            return Err(self.conflict(stored, address, if gateway { "is the gateway" } else { "is reserved" }));
        }
        let (no, bit) = locate(address);
        let Some((range, store)) = overlay.load_with_store(&stored.range.id)? else { return Ok(()) };
        // A clear bit is free. A set bit may also be that of an expired or released address, which is freed here.
        if !range.page(store, no)?.is_some_and(|page| page.contains(bit)) {
            return Ok(());
        }
        if let Some(record) = overlay.allocation_at(stored, address)? {
            let owner = unkeyed::shown_owner(record.allocation.owner);
            let owner = owner.map_or_else(String::new, |owner| format!(" to {owner}"));
            return Err(self.conflict(stored, address, &format!("is allocated{owner}")));
        }
        let now = overlay.now;
        let Some((range, store)) = overlay.load_with_store(&stored.range.id)? else { return Ok(()) };
        match range.quarantined_at(store, address)? {
            Some(entry) if entry.until > now => {
                let left = entry.until.duration_since(now).map_or(0, |left| left.as_secs().saturating_add(1));
                Err(self.conflict(stored, address, &format!("is in quarantine for another {left} s")))
            }
            Some(_) => range.release(store, address).map(|_| ()),
            // An expired allocation was ended, which has cleared the bit. If it is still set, nothing says why: in a store
            // whose reads are not of one moment, the address has been given back since the page was read. The page would
            // not be written, because it has the bit, and its change by the other writer would not be noticed.
            None if range.page(store, no)?.is_some_and(|page| page.contains(bit)) => Err(corrupt(format!(
                "{address} is marked as used, and there is neither an allocation nor a quarantine"
            ))),
            None => Ok(()),
        }
    }

    fn conflict(&self, stored: &StoredRange, address: IpAddr, why: &str) -> Error {
        Error::new(ErrorKind::Conflict, self.operation, format!("{address} {why}"))
            .with_context("line", self.index)
            .with_context("range", &stored.range.id)
    }

    fn invalid(&self, remedy: &str) -> Error {
        Error::invalid(self.operation, format_args!("lines[{}].first", self.index), self.first, remedy)
    }
}
