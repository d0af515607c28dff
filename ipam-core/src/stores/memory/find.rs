//! Search for allocations.

use std::net::IpAddr;
use std::time::SystemTime;

use super::key::{Key, Place};
use super::state::State;
use crate::{Allocation, Family, Find, SpaceId};

/// Position of an allocation in the listing.
type Position = (SpaceId, IpAddr);

pub(super) fn find(
    state: &State,
    request: &Find,
    now: SystemTime,
    after: Option<&Position>,
    limit: usize,
) -> Vec<Allocation> {
    // If an index finds few candidates, they are sorted. If it finds many, or there is no index for the request,
    // walking over the ranges in order until the page is full is less work. The limit grows with the number of records,
    // because a walk passes over those that do not match.
    let most = limit.saturating_mul(4).saturating_add(1024).max(state.records.len().isqrt() * 4);
    match few(state, request, most) {
        Some(places) => {
            let found = places.into_iter().filter_map(|place| at(state, request, now, place));
            let mut found: Vec<Allocation> = found.filter(|found| is_after(found, after)).collect();
            found.sort_by(|a, b| (&a.space, a.address).cmp(&(&b.space, b.address)));
            found.truncate(limit);
            found
        }
        None => in_order(state, request, now, after, limit),
    }
}

fn is_after(found: &Allocation, after: Option<&Position>) -> bool {
    after.is_none_or(|(space, address)| (&found.space, found.address) > (space, *address))
}

/// Returns the places of all candidates, if an index finds them and there are at most `most`.
fn few(state: &State, request: &Find, most: usize) -> Option<Vec<Place>> {
    let records = &state.records;
    let places = |indexes: &mut dyn Iterator<Item = u32>| {
        let places: Vec<Place> =
            indexes.take(most + 1).filter_map(|index| Some(records.view(index)?.slot.place)).collect();
        (places.len() <= most).then_some(places)
    };
    if let Some(id) = &request.id {
        return Some(Place::of_id(id).into_iter().map(|(place, _)| place).collect());
    }
    if let Some(address) = request.address {
        let spaces = state.inventory.spaces_from(None);
        return Some(spaces.map(|(number, ..)| Place::new(number, address)).collect());
    }
    if let Some(key) = &request.key
        && let Some(places) = places(&mut records.of_key(&Key::from(key)))
    {
        return Some(places);
    }
    if let Some(mac) = request.mac
        && let Some(places) = places(&mut records.of_mac(mac))
    {
        return Some(places);
    }
    if let Some(hostname) = &request.hostname
        && let Some(places) = places(&mut records.of_hostname(hostname))
    {
        return Some(places);
    }
    if let Some(owner) = &request.owner {
        return places(&mut records.of_owner(owner));
    }
    None
}

/// Returns the allocations that match, by walking over the ranges in order.
fn in_order(state: &State, request: &Find, now: SystemTime, after: Option<&Position>, limit: usize) -> Vec<Allocation> {
    let mut found = Vec::new();
    let only = match &request.range {
        Some(id) => match state.inventory.range_number(id) {
            Some(number) => Some(number),
            None => return found,
        },
        None => None,
    };
    for (_, id, space) in state.inventory.spaces_from(after.map(|(space, _)| space)) {
        if request.space.as_ref().is_some_and(|only| only != id) {
            continue;
        }
        let from = after.filter(|(space, _)| space == id).map(|(_, address)| *address);
        for ((family, _), number) in &space.ranges {
            let Some(range) = state.inventory.range(*number) else { continue };
            let passed = from.is_some_and(|from| range.stored.range.addresses.last() <= from);
            if passed || only.is_some_and(|only| only != *number) {
                continue;
            }
            let start = from.filter(|from| from.is_ipv4() == (*family == Family::V4)).map_or(0, crate::engine::number);
            for address in range.used_from(start) {
                let Some(allocation) = at(state, request, now, Place::new(range.space, address)) else { continue };
                if !is_after(&allocation, after) {
                    continue;
                }
                found.push(allocation);
                if found.len() == limit {
                    return found;
                }
            }
        }
    }
    found
}

/// Returns the allocation or quarantined address at a place, if it matches.
fn at(state: &State, request: &Find, now: SystemTime, place: Place) -> Option<Allocation> {
    if let Some(view) = state.records.at(place).and_then(|index| state.records.view(index)) {
        // The cheap conditions first: the allocation is only built for candidates that pass them.
        let owner = request.owner.as_ref().is_none_or(|owner| owner == view.owner);
        let key = request.key.as_ref().is_none_or(|key| view.has_key(&Key::from(key)));
        if view.has_expired(now) || !owner || !key {
            return None;
        }
        return state.allocation_of(&view).filter(|allocation| request.matches(allocation));
    }
    // No allocation at the place: it may be a quarantined address, which is listed on request only.
    if !request.quarantined {
        return None;
    }
    let (space, _) = state.inventory.space(place.space())?;
    let range = state.inventory.range(state.inventory.range_at(space, place.ip())?)?;
    let entry = range.quarantine.get(place.number()).filter(|entry| entry.until > now)?;
    let allocation = state.quarantined_allocation(&range.stored.range, place, entry);
    request.matches(&allocation).then_some(allocation)
}
