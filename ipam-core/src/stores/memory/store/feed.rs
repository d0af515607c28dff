//! Feed of changes in memory.

use std::time::SystemTime;

use super::super::state::State;
use super::missing;
use crate::engine::Feed;
use crate::{Allocation, Change, ChangeKind, ChangePosition, Changes, Result};

impl Feed for State {
    fn append_change(&mut self, change: Change) -> Result<()> {
        self.feed.append(change);
        Ok(())
    }

    fn append_allocation_change(
        &mut self,
        allocation: &Allocation,
        kind: ChangeKind,
        at: SystemTime,
        actor: Option<&str>,
    ) -> Result<()> {
        let id = self.memo.of_id(&allocation.id).ok_or_else(|| missing("an id"))?;
        let key = allocation.key.as_ref().map(|key| self.memo.key(key));
        let range = self.inventory.range_of(&allocation.range).ok_or_else(|| missing("a range"))?;
        self.feed.append_allocation(allocation.owner.clone(), id, key, &range.home, (kind, at), actor);
        Ok(())
    }

    fn changes(&mut self, since: Option<&ChangePosition>, limit: usize) -> Result<Changes> {
        self.feed.read(since, limit)
    }
}
