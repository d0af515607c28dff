//! Feed of changes of a store, and the entries that the engine makes.

use std::fmt::Display;
use std::time::SystemTime;

use crate::{Allocation, Change, ChangeKind, ChangePosition, Changes, Error, Operation, Result};

/// Access to the feed of changes.
///
/// The store issues the positions, when the change is appended or when it is committed. A reader that continues from
/// the position of the last returned change gets every later change exactly once: a change never appears at or before a
/// position that was returned already. Positions are opaque and need not be consecutive.
///
/// For each allocation that is inserted, updated or removed, one change is appended in the same transaction.
pub(crate) trait Feed {
    /// Appends a change. Its `position` is ignored.
    fn append_change(&mut self, change: Change) -> Result<()>;
    /// Appends a change of an allocation, as most are. A store that keeps such changes in another form has a method of
    /// its own, which need not build the public one.
    fn append_allocation_change(
        &mut self,
        allocation: &Allocation,
        kind: ChangeKind,
        at: SystemTime,
        actor: Option<&str>,
    ) -> Result<()> {
        self.append_change(change_of(allocation, kind, at, actor))
    }
    /// Returns at most `limit` changes after `since`, oldest first. `InvalidInput` for a position that is not this
    /// store's.
    fn changes(&mut self, since: Option<&ChangePosition>, limit: usize) -> Result<Changes>;
}

/// Returns the entry of the feed about an allocation.
pub(super) fn change_of(allocation: &Allocation, kind: ChangeKind, at: SystemTime, actor: Option<&str>) -> Change {
    let mut change = Change::new(no_position(), at, kind, allocation.space.clone());
    change.actor = actor.map(str::to_owned);
    change.owner.clone_from(&allocation.owner);
    change.range = Some(allocation.range.clone());
    change.address = Some(allocation.address);
    change.allocation = Some(allocation.id.clone());
    change.key.clone_from(&allocation.key);
    change
}

/// Returns the position of a change before the store has issued one.
// Shared, because an id of its own for each change would be an allocation of memory (bars M1 to M3).
pub(in crate::engine) fn no_position() -> ChangePosition {
    static NONE: std::sync::OnceLock<ChangePosition> = std::sync::OnceLock::new();
    NONE.get_or_init(|| ChangePosition::new("")).clone()
}

/// Returns the error for a position that the store did not issue.
pub(crate) fn unknown_position(since: impl Display) -> Error {
    let remedy = "give a position that this provider returned, or none to start over";
    Error::invalid(Operation::Changes, "since", since, remedy)
}

/// Returns the error for a position whose next changes are no longer kept.
pub(crate) fn dropped_position(since: impl Display) -> Error {
    let remedy = "the changes after it are no longer kept; give none to start with those that are kept";
    Error::invalid(Operation::Changes, "since", since, remedy)
}
