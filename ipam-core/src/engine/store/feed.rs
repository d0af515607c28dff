//! Feed of changes of a store, and the entries that the engine makes.

use std::fmt::Display;
use std::time::SystemTime;

use crate::{Allocation, Change, ChangeKind, ChangePosition, ChangedItem, Changes, Error, Operation, Result};

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
    fn append_allocation_change(&mut self, change: &AllocationChange<'_>) -> Result<()> {
        self.append_change(change.to_change())
    }
    /// Returns at most `limit` changes after `since`, oldest first. `InvalidInput` for a position that is not this
    /// store's.
    fn changes(&mut self, since: Option<&ChangePosition>, limit: usize) -> Result<Changes>;
}

/// Change of an allocation.
pub(crate) struct AllocationChange<'a> {
    pub(crate) kind: ChangeKind,
    pub(crate) at: SystemTime,
    pub(crate) actor: Option<&'a str>,
    /// Allocation that the change names.
    pub(crate) allocation: &'a Allocation,
    /// State before and after; both are `None` if it is not known.
    pub(crate) before: Option<&'a Allocation>,
    pub(crate) after: Option<&'a Allocation>,
}

impl<'a> AllocationChange<'a> {
    /// Returns the change by which an allocation comes.
    pub(crate) const fn made(allocation: &'a Allocation, at: SystemTime, actor: Option<&'a str>) -> Self {
        Self { kind: ChangeKind::Allocated, at, actor, allocation, before: None, after: Some(allocation) }
    }

    /// Returns the change by which an allocation ends.
    pub(crate) const fn ended(
        allocation: &'a Allocation,
        kind: ChangeKind,
        at: SystemTime,
        actor: Option<&'a str>,
    ) -> Self {
        Self { kind, at, actor, allocation, before: Some(allocation), after: None }
    }

    /// Returns the change as callers see it, without its position.
    pub(crate) fn to_change(&self) -> Change {
        let allocation = self.allocation;
        let mut change = Change::new(no_position(), self.at, self.kind, allocation.space.clone());
        change.actor = self.actor.map(str::to_owned);
        change.owner.clone_from(&allocation.owner);
        change.range = Some(allocation.range.clone());
        change.address = Some(allocation.address);
        change.allocation = Some(allocation.id.clone());
        change.key.clone_from(&allocation.key);
        let item = |state: &Allocation| Box::new(ChangedItem::Allocation(state.clone()));
        change.before = self.before.map(item);
        change.after = self.after.map(item);
        change
    }
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
