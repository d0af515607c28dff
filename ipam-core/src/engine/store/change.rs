//! Entries of the feed, as the engine makes them.

use std::time::SystemTime;

use crate::{Allocation, Change, ChangeKind, ChangePosition};

/// The entry of the feed about an allocation.
pub(in crate::engine) fn change_of(
    allocation: &Allocation,
    kind: ChangeKind,
    at: SystemTime,
    actor: Option<&str>,
) -> Change {
    let mut change = Change::new(no_position(), at, kind, allocation.space.clone());
    change.actor = actor.map(str::to_owned);
    change.owner.clone_from(&allocation.owner);
    change.range = Some(allocation.range.clone());
    change.address = Some(allocation.address);
    change.allocation = Some(allocation.id.clone());
    change.key.clone_from(&allocation.key);
    change
}

/// What stands for the position until the store gives one.
pub(in crate::engine) fn no_position() -> ChangePosition {
    static NONE: std::sync::OnceLock<ChangePosition> = std::sync::OnceLock::new();
    NONE.get_or_init(|| ChangePosition::new("")).clone()
}
