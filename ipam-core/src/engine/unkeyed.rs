//! Allocations without a key or owner of a caller, which were restored from a server where people enter addresses.
//!
//! The stores keep each allocation under a request with a key and an owner. One that has none is kept under a key that
//! no caller can give, because it begins with a control character, and for the empty owner. Callers see neither. The
//! key also holds the state, so that the stores need no field for what few allocations have.

use crate::engine::hex::Hex;
use crate::engine::random::Random;
use crate::{Allocation, AllocationKey, AllocationState, Change, ChangedItem, Owner};

/// Starts of the keys that are hidden, by state.
const STARTS: [(&str, AllocationState); 2] =
    [("\u{1}a", AllocationState::Allocated), ("\u{1}r", AllocationState::Reserved)];

/// Makes a hidden key for an allocation in this state.
pub(super) fn key(state: AllocationState, random: &mut dyn Random) -> AllocationKey {
    let start = STARTS.iter().find(|(_, of)| *of == state).map_or("\u{1}a", |(start, _)| *start);
    AllocationKey::from(format!("{start}{}", Hex::new().whole(random.next()).as_str()))
}

/// Returns the owner as it is stored.
pub(super) fn stored_owner(owner: Option<&Owner>) -> Owner {
    owner.cloned().unwrap_or_else(|| Owner::new(""))
}

/// Returns the key as callers see it.
pub(super) fn shown_key(key: Option<AllocationKey>) -> Option<AllocationKey> {
    key.filter(|key| !key.as_str().starts_with('\u{1}'))
}

/// Returns the owner as callers see it.
pub(super) fn shown_owner(owner: Option<Owner>) -> Option<Owner> {
    owner.filter(|owner| !owner.as_str().is_empty())
}

/// Returns an allocation as callers see it.
pub(super) fn shown(mut allocation: Allocation) -> Allocation {
    if let Some(key) = &allocation.key {
        if let Some((_, state)) = STARTS.iter().find(|(start, _)| key.as_str().starts_with(start)) {
            allocation.state = *state;
            allocation.key = None;
        }
        allocation.owner = shown_owner(allocation.owner);
    }
    allocation
}

/// Returns a change as callers see it.
pub(super) fn shown_change(mut change: Change) -> Change {
    change.key = shown_key(change.key);
    change.owner = shown_owner(change.owner);
    for item in [&mut change.before, &mut change.after].into_iter().flatten() {
        if let ChangedItem::Allocation(allocation) = &mut **item {
            *allocation = shown(allocation.clone());
        }
    }
    change
}
