//! Definition, update and removal of ranges.

use ipnet::IpNet;

use crate::engine::context::Context;
use crate::engine::overlay::{Overlay, has_expired};
use crate::engine::space::layout::Layout;
use crate::engine::space::page::{PAGE_SIZE, address, next_address, set_bits};
use crate::engine::store::no_position;
use crate::engine::store::{Origin, Record, Store, StoredRange};
use crate::engine::unkeyed;
use crate::net::{HostPolicy, IpRange, hosts};
use crate::request::range_parts;
use crate::{
    Change, ChangeKind, ChangedItem, DefineRange, Error, ErrorKind, Operation, Patch, Range, RangeId, RemoveRange,
    RemovedRange, Result, SpaceId, UpdateRange,
};

/// Number of records or pages that are read at once.
const BATCH: usize = 256;

/// Adds a range.
pub(crate) fn define_range<S: Store + ?Sized>(
    store: &mut S,
    context: &mut Context<'_>,
    request: &DefineRange,
) -> Result<Range> {
    request.validate()?;
    if store.range(&request.id)?.is_some() {
        return Err(Error::new(
            ErrorKind::AlreadyExists,
            Operation::DefineRange,
            format!("the range {:?} exists already; choose another id, or update the range", request.id),
        ));
    }
    // Kept as resolved here: a later change of the host policy's rules must not move an existing range.
    let addresses = request.resolved_addresses();
    must_fit(store, Operation::DefineRange, &request.space, request.net, addresses, None)?;
    let mut range = Range::new(request.id.clone(), request.space.clone(), request.net, addresses);
    if !request.name.is_empty() {
        range.name.clone_from(&request.name);
    }
    range.description.clone_from(&request.description);
    range.network.clone_from(&request.network);
    range.reserved.clone_from(&request.reserved);
    range.policy = request.policy;
    range.tags.clone_from(&request.tags);
    range.properties.clone_from(&request.properties);
    range.block = store.block_around(&range.space, range.net)?;
    let origin = Origin {
        explicit_addresses: request.addresses.is_some(),
        all_hosts: request.hosts == HostPolicy::All,
        child_prefix: false,
    };
    insert(store, context, range, origin)
}

/// Writes a new range, whose block the caller has set. Returns it.
pub(super) fn insert<S: Store + ?Sized>(
    store: &mut S,
    context: &mut Context<'_>,
    range: Range,
    origin: Origin,
) -> Result<Range> {
    let mut stored = StoredRange::new(range, 0, origin);
    // The mark begins at the first page, and not at 0: below it there is no page that would have to be stored.
    stored.high_water = first_page(&stored.layout);
    store.insert_range(&stored)?;
    store.append_change(about(context, ChangeKind::RangeDefined, None, Some(&stored.range)))?;
    Ok((*stored.range).clone())
}

/// Returns the first page with an address to hand out; a number after all pages if there is none.
fn first_page(layout: &Layout) -> u128 {
    layout.next_page(0).unwrap_or(u128::MAX / PAGE_SIZE + 1)
}

/// Returns the change of a range for the feed. At least one of the states is given.
fn about(context: &Context<'_>, kind: ChangeKind, before: Option<&Range>, after: Option<&Range>) -> Change {
    let range = after.or(before);
    let space = range.map(|range| range.space.clone()).unwrap_or_default();
    let mut change = Change::new(no_position(), context.now, kind, space);
    change.actor = context.actor.map(str::to_owned);
    change.range = range.map(|range| range.id.clone());
    change.owner = range.and_then(|range| range.owner.clone());
    change.key = range.and_then(|range| range.key.clone());
    let item = |range: &Range| Box::new(ChangedItem::Range(range.clone()));
    change.before = before.map(item);
    change.after = after.map(item);
    change
}

/// Refuses a range whose prefix or addresses overlap those of others. `own` is the id of an existing range, which does
/// not conflict with itself.
pub(super) fn must_fit<S: Store + ?Sized>(
    store: &mut S,
    op: Operation,
    space: &SpaceId,
    net: IpNet,
    addresses: IpRange,
    own: Option<&RangeId>,
) -> Result<()> {
    for other in store.ranges_overlapping(space, net)? {
        let other = other.range;
        if own == Some(&other.id) {
            continue;
        }
        if other.net != net {
            let message = format!(
                "the prefix {net} overlaps {}, that of the range {:?}; choose another prefix",
                other.net, other.id
            );
            return Err(Error::new(ErrorKind::Conflict, op, message).with_context("space", space));
        }
        if other.addresses.overlaps(&addresses) {
            let message = format!(
                "the addresses {addresses} overlap {}, those of the range {:?}; choose other addresses",
                other.addresses, other.id
            );
            return Err(Error::new(ErrorKind::Conflict, op, message).with_context("space", space));
        }
    }
    // A range inside the prefix was refused above, so that a prefix found inside is that of a block.
    if own.is_none()
        && let Some(inner) = store.nets_within(space, net)?.into_iter().find(|inner| *inner != net)
    {
        let message = format!("the prefix {net} holds the block {inner}; define ranges inside that");
        return Err(Error::new(ErrorKind::Conflict, op, message).with_context("space", space));
    }
    Ok(())
}

/// Changes the fields of a range that the request names.
pub(crate) fn update_range<S: Store + ?Sized>(
    store: &mut S,
    context: &mut Context<'_>,
    request: &UpdateRange,
) -> Result<Range> {
    request.validate()?;
    let mut overlay = Overlay::new(store, context.now);
    let Some(loaded) = overlay.load(&request.id)? else {
        return Err(Error::not_found(Operation::UpdateRange, "range", &request.id));
    };
    let old = loaded.stored.clone();
    let (range, origin) = changed(&old, request);
    range_parts(Operation::UpdateRange, range.net, range.addresses, &range.network, &range.reserved)?;
    if range.addresses != old.range.addresses {
        must_fit(overlay.store, Operation::UpdateRange, &range.space, range.net, range.addresses, Some(&range.id))?;
    }
    let mut new = StoredRange::new(range, old.high_water, origin);
    // A change of the name or the tags leaves the pages alone, which may be many.
    if new.layout != old.layout {
        new.high_water = first_page(&new.layout);
        relayout(&mut overlay, &old, &new)?;
    }
    if let Some(loaded) = overlay.load(&request.id)? {
        loaded.replace(new.clone());
    }
    // The range is written last: the pages before belong to it as it was.
    let store = overlay.prepare()?.write(context.actor)?;
    store.update_range(&new)?;
    store.append_change(about(context, ChangeKind::RangeUpdated, Some(&old.range), Some(&new.range)))?;
    Ok((*new.range).clone())
}

/// Returns the range after the change.
fn changed(old: &StoredRange, request: &UpdateRange) -> (Range, Origin) {
    let mut range = (*old.range).clone();
    let mut origin = old.origin;
    match &request.name {
        Patch::Keep => {}
        Patch::Set(name) if !name.is_empty() => range.name.clone_from(name),
        Patch::Set(_) | Patch::Clear => range.name = range.id.to_string(),
    }
    range.description = request.description.clone().apply(range.description);
    match request.addresses {
        Patch::Keep => {}
        Patch::Set(addresses) => {
            range.addresses = addresses;
            origin.explicit_addresses = true;
        }
        // Back to the addresses that the definition would have given, by the policy that it named.
        Patch::Clear => {
            let policy = if origin.all_hosts { HostPolicy::All } else { HostPolicy::Hosts };
            range.addresses = hosts(range.net, policy);
            origin.explicit_addresses = false;
        }
    }
    let network = &mut range.network;
    network.gateway = request.gateway.apply(network.gateway);
    network.dns_servers = request.dns_servers.clone().apply_or_default(std::mem::take(&mut network.dns_servers));
    network.search_domains =
        request.search_domains.clone().apply_or_default(std::mem::take(&mut network.search_domains));
    network.domain = request.domain.clone().apply(network.domain.take());
    network.vlan = request.vlan.clone().apply(network.vlan.take());
    range.reserved = request.reserved.clone().apply_or_default(std::mem::take(&mut range.reserved));
    range.policy = request.policy.apply_or_default(range.policy);
    range.tags = request.tags.clone().apply_or_default(std::mem::take(&mut range.tags));
    range.properties = request.properties.clone().apply_or_default(std::mem::take(&mut range.properties));
    (range, origin)
}

/// Adapts the pages of a range to a new layout.
///
/// An address that can no longer be handed out must not be allocated; its quarantine ends. Pages whose mask changes are
/// written again, because they may have become open or closed.
fn relayout<S: Store + ?Sized>(overlay: &mut Overlay<'_, S>, old: &StoredRange, new: &StoredRange) -> Result<()> {
    let id = &old.range.id;
    let mut from = 0;
    loop {
        let pages = overlay.store.pages(id, from, BATCH)?;
        for (no, page) in &pages {
            // Pages whose mask stays the same have the same addresses to hand out, and the same `open`.
            let (was, is) = (old.layout.mask(*no), new.layout.mask(*no));
            if was == is {
                continue;
            }
            if let Some(range) = overlay.load(id)? {
                range.rewrite(*no, *page);
            }
            // Set bits that the new layout masks out: allocated and quarantined addresses.
            // Only those that the old layout did not: an address that was restored into a hole stays there.
            let closed = page.without(page.without(is)).without(was);
            for at in set_bits(*no, closed) {
                let Some(address) = address(old.layout.family(), at) else { continue };
                if let Some(record) = overlay.allocation_at(old, address)? {
                    return Err(in_the_way(new, &record));
                }
                if let Some((range, store)) = overlay.load_with_store(id)? {
                    range.release(store, address)?;
                    range.set(store, address, false)?;
                }
            }
        }
        match pages.last() {
            Some((no, _)) if pages.len() == BATCH => from = no + 1,
            _ => return Ok(()),
        }
    }
}

fn in_the_way(new: &StoredRange, record: &Record) -> Error {
    let address = record.allocation.address;
    let what = if !new.layout.spans(address) {
        "would fall outside"
    } else if new.range.network.gateway == Some(address) {
        "would become the gateway"
    } else {
        "would become reserved"
    };
    let owner = unkeyed::shown_owner(record.allocation.owner.clone());
    let owner = owner.map_or_else(String::new, |owner| format!(", allocated to {owner},"));
    Error::new(ErrorKind::Conflict, Operation::UpdateRange, format!("{address}{owner} {what}; deallocate it first"))
        .with_context("range", &new.range.id)
}

/// Removes a range.
pub(crate) fn remove_range<S: Store + ?Sized>(
    store: &mut S,
    context: &mut Context<'_>,
    request: &RemoveRange,
) -> Result<RemovedRange> {
    request.id.validate(Operation::RemoveRange)?;
    match store.range(&request.id)? {
        Some(stored) => remove(store, context, Operation::RemoveRange, &stored, request.with_allocations),
        None => Ok(RemovedRange::default()),
    }
}

/// Removes a range, with its allocations if `with_allocations` is true.
pub(super) fn remove<S: Store + ?Sized>(
    store: &mut S,
    context: &mut Context<'_>,
    op: Operation,
    stored: &StoredRange,
    with_allocations: bool,
) -> Result<RemovedRange> {
    let id = &stored.range.id;
    let mut overlay = Overlay::new(store, context.now);
    let mut freed = Vec::new();
    let mut from = Some(stored.range.addresses.first());
    while let Some(start) = from {
        let records = overlay.store.allocations_in(id, start, BATCH)?;
        from = match records.last() {
            Some(last) if records.len() == BATCH => next_address(last.allocation.address),
            _ => None,
        };
        for record in records {
            if has_expired(&record, overlay.now) {
                overlay.end_with_range(record, ChangeKind::Expired);
            } else if with_allocations {
                freed.push(unkeyed::shown((*record.allocation).clone()));
                overlay.end_with_range(record, ChangeKind::Deallocated);
            } else {
                let message = format!(
                    "{} of the range is allocated; deallocate its addresses first, or remove the range with them",
                    record.allocation.address
                );
                return Err(Error::new(ErrorKind::Conflict, op, message).with_context("range", id));
            }
        }
    }
    // The allocations first: a store may refuse to remove a range that has some, and the feed has their ends before
    // that of the range.
    let store = overlay.prepare()?.write(context.actor)?;
    store.remove_range(id)?;
    if let Some(key) = &stored.range.key {
        store.remove_request(key)?;
    }
    store.append_change(about(context, ChangeKind::RangeRemoved, Some(&stored.range), None))?;
    Ok(RemovedRange::new(Some((*stored.range).clone()), freed))
}
