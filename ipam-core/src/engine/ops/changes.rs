//! Reading of the feed.

use crate::engine::store::Store;
use crate::engine::unkeyed;
use crate::{ChangePosition, Changes, Result};

/// Largest number of changes that one call returns, whatever its limit. It bounds the memory of the call.
const MOST: usize = 10_000;

/// Returns at most `limit` changes after `since`, oldest first.
pub(crate) fn changes<S: Store + ?Sized>(store: &mut S, since: Option<&ChangePosition>, limit: u32) -> Result<Changes> {
    let mut part = store.changes(since, MOST.min(limit as usize))?;
    part.items = part.items.into_iter().map(unkeyed::shown_change).collect();
    Ok(part)
}
