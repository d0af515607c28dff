//! Feed of changes of a store, and its entries as the engine makes them.

use std::time::SystemTime;

use crate::{Allocation, Change, ChangeKind, ChangePosition, Changes, Result};

/// The feed of changes.
///
/// The store issues the positions, when the change is appended or when it is committed. Whoever reads on from the position
/// of the last change that was returned gets every change committed since or later, none twice: a change never appears
/// at or before a position that was returned already. Positions are opaque; nothing says that they are consecutive.
///
/// For each allocation that is inserted, updated or removed, one change is appended in the same transaction.
pub(crate) trait Feed {
    /// Appends a change. Its `position` is ignored.
    fn append_change(&mut self, change: Change) -> Result<()>;
    /// Appends what happened to an allocation, which is most of the feed. A store that keeps such entries in another form
    /// does without the one that callers see.
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

/// The position of a change that the store has not issued one for yet.
pub(in crate::engine) fn no_position() -> ChangePosition {
    static NONE: std::sync::OnceLock<ChangePosition> = std::sync::OnceLock::new();
    NONE.get_or_init(|| ChangePosition::new("")).clone()
}
