//! Deallocation of addresses.

use std::net::IpAddr;
use std::sync::Arc;

use ipam_core::{
    Allocation, AllocationId, AllocationKey, Deallocate, Deallocated, DeallocatedTarget, Error, ErrorKind, Operation,
    Outcome, Precondition, Range, RangeId, Result, Target,
};
use tokio::time::Instant;

use super::inner::Inner;
use super::record::{Record, State, place};
use super::write::{PER_CALL, in_doubt};

/// Deallocates addresses, unless the provider was closed.
pub(super) async fn deallocate(inner: &Arc<Inner>, request: &Deallocate) -> Result<Deallocated> {
    inner.open(Operation::Deallocate)?;
    run(inner, request).await
}

/// Deallocates addresses.
pub(super) async fn run(inner: &Inner, request: &Deallocate) -> Result<Deallocated> {
    let operation = Operation::Deallocate;
    request.validate()?;
    // All ranges first, so that a wrong one frees nothing.
    for target in &request.targets {
        if let Target::Address { range, address } = target {
            let net = inner.range(operation, range).await?.net;
            if !net.contains(address) {
                let remedy = format!("give an address of {net}");
                return Err(Error::invalid(operation, "address", address, remedy));
            }
        }
    }
    // For the whole time: a call of this process with a key must not return what is about to be freed.
    let keys = request.targets.iter().filter_map(|target| match target {
        Target::Key(key) => Some(key.clone()),
        _ => None,
    });
    let keys: Vec<AllocationKey> = keys.collect();
    let _turn = inner.lock_keys(operation, &keys).await?;
    let mut targets = Vec::new();
    let mut begun = false;
    for target in &request.targets {
        let mut by_range: Vec<(Arc<Range>, Vec<Place>)> = Vec::new();
        for (range, place) in found(inner, target).await.map_err(|error| in_doubt(error, begun))? {
            match by_range.iter_mut().find(|(known, _)| known.id == range.id) {
                Some((_, places)) => places.push(place),
                None => by_range.push((range, vec![place])),
            }
        }
        let mut freed = Vec::new();
        for (range, places) in by_range {
            let result = free(inner, &range, &places, &request.precondition, &mut freed).await;
            // What was freed before the failure stays free, so the request did not change nothing.
            begun |= !freed.is_empty();
            result.map_err(|error| in_doubt(error, begun))?;
        }
        targets.push(DeallocatedTarget::new(freed));
    }
    Ok(Deallocated::new(targets))
}

/// Address that a target names, with the id that its allocation must have.
type Place = (IpAddr, Option<AllocationId>);

/// Returns the addresses that a target names.
async fn found(inner: &Inner, target: &Target) -> Result<Vec<(Arc<Range>, Place)>> {
    let operation = Operation::Deallocate;
    Ok(match target {
        Target::Address { range, address } => vec![(inner.range(operation, range).await?, (*address, None))],
        Target::Id(id) => {
            // An id that was not made here is one of no allocation.
            let Some((range, address)) = place(id) else { return Ok(Vec::new()) };
            match known(inner, &range).await? {
                Some(range) => vec![(range, (address, Some(id.clone())))],
                None => Vec::new(),
            }
        }
        Target::Key(key) => {
            let each = inner.claims(operation, key).await?.into_values().flatten();
            each.map(|(range, record)| {
                let id = record.allocation(&range).id;
                (range, (record.address, Some(id)))
            })
            .collect()
        }
    })
}

async fn known(inner: &Inner, id: &RangeId) -> Result<Option<Arc<Range>>> {
    match inner.range(Operation::Deallocate, id).await {
        Ok(range) => Ok(Some(range)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Frees addresses of a range whose allocations fit, and adds them to `freed`.
async fn free(
    inner: &Inner,
    range: &Range,
    places: &[Place],
    precondition: &Precondition,
    freed: &mut Vec<Allocation>,
) -> Result<()> {
    let operation = Operation::Deallocate;
    // Callers of one process take turns at an address: the call names no claim, so a late one could free the next one.
    let named = places.iter().map(|(address, _)| format!("{}/{address}", range.id));
    let _turn = inner.addresses.lock(operation, named, inner.config.longest_turn()).await?;
    let mut looked = Instant::now();
    let records = match inner.records(operation, range).await {
        Err(error) if error.is_not_found() => return Ok(()),
        records => records?,
    };
    let mut chosen: Vec<(&Record, Allocation)> = Vec::new();
    for record in records.iter().filter(|record| record.state != State::Released) {
        let allocation = record.allocation(range);
        let named =
            |(address, id): &Place| *address == record.address && id.as_ref().is_none_or(|id| *id == allocation.id);
        let fits = precondition.fits(allocation.owner.as_ref(), allocation.key.as_ref());
        if fits && places.iter().any(named) {
            chosen.push((record, allocation));
        }
    }
    // Many at once where the server allows it: each call takes it some seconds.
    let (many, single): (Vec<_>, Vec<_>) = chosen.into_iter().partition(|(record, _)| record.state == State::ByUser);
    for part in many.chunks(PER_CALL) {
        let addresses: Vec<IpAddr> = part.iter().map(|(record, _)| record.address).collect();
        let mut left: Option<Vec<Record>> = None;
        let mut uncertain = false;
        if part.len() > 1 {
            let limit = inner.release_limit(looked, None);
            let Err(error) = inner.release_call(operation, range, &addresses, false, limit).await else {
                freed.extend(part.iter().map(|(_, allocation)| allocation.clone()));
                continue;
            };
            // One of them was free already, or the response was lost. Read again: another owner may have one by now.
            uncertain = error.outcome() == Outcome::Unknown && error.kind() != ErrorKind::Conflict;
            looked = Instant::now();
            let read = inner.records(operation, range).await;
            left = Some(read.map_err(|error| in_doubt(error, uncertain))?);
        }
        for (record, allocation) in part {
            let is_left = left.as_ref().is_none_or(|left| left.iter().any(|other| other.is_same(record)));
            // Whose release it was is not known: this call's if it may have been carried out, and else another one's.
            let done = match is_left {
                true => {
                    let released = inner.release_one(operation, range, record, looked).await;
                    released.map_err(|error| in_doubt(error, uncertain))?
                }
                false => uncertain,
            };
            if done {
                freed.push(allocation.clone());
            }
        }
    }
    for (record, allocation) in single {
        if inner.release_one(operation, range, record, looked).await? {
            freed.push(allocation);
        }
    }
    Ok(())
}
