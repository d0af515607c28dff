//! Reading the feed.

use crate::engine::store::Store;
use crate::{ChangePosition, Changes, Result};

/// How many changes are read at once at most, whatever the caller asks for.
const MOST: usize = 10_000;

/// At most `limit` changes after `since`, oldest first.
pub(crate) fn changes<S: Store + ?Sized>(store: &mut S, since: Option<&ChangePosition>, limit: u32) -> Result<Changes> {
    store.changes(since, MOST.min(limit as usize))
}
