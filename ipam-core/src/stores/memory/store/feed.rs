//! Feed of changes in memory.

use super::super::feed::Kept;
use super::super::state::State;
use super::missing;
use crate::engine::{AllocationChange, Feed};
use crate::{Change, ChangePosition, Changes, Result};

impl Feed for State {
    fn append_change(&mut self, change: Change) -> Result<()> {
        self.feed.append(change);
        Ok(())
    }

    fn append_allocation_change(&mut self, change: &AllocationChange<'_>) -> Result<()> {
        // One of the two states is kept in a smaller form.
        let kept = match (change.before, change.after) {
            (Some(state), None) | (None, Some(state)) => Kept::of(state),
            _ => None,
        };
        let Some(kept) = kept else { return self.append_change(change.to_change()) };
        let AllocationChange { allocation, kind, at, actor, .. } = *change;
        let id = self.memo.of_id(&allocation.id).ok_or_else(|| missing("an id"))?;
        let key = allocation.key.as_ref().map(|key| self.memo.key(key));
        let range = self.inventory.range_of(&allocation.range).ok_or_else(|| missing("a range"))?;
        self.feed.append_allocation(allocation.owner.clone(), id, key, &range.home, (kind, at, kept), actor);
        Ok(())
    }

    fn changes(&mut self, since: Option<&ChangePosition>, limit: usize) -> Result<Changes> {
        self.feed.read(since, limit)
    }
}
