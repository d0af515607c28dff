//! Usage of ranges.

use std::time::SystemTime;

use crate::engine::store::Store;
use crate::{Error, Operation, RangeId, Result, Usage};

/// Returns the usage of each range, in the order of `ranges`.
pub(crate) fn usage<S: Store + ?Sized>(store: &mut S, now: SystemTime, ranges: &[RangeId]) -> Result<Vec<Usage>> {
    ranges.iter().map(|id| usage_of(store, now, id)).collect()
}

fn usage_of<S: Store + ?Sized>(store: &mut S, now: SystemTime, id: &RangeId) -> Result<Usage> {
    let Some(stored) = store.range(id)? else {
        return Err(Error::not_found(Operation::Usage, "range", id));
    };
    let (quarantined, not_over) = store.count_quarantined(id, now)?;
    let expired = store.count_expired(id, now)?;
    // An expired allocation is quarantined from its expiry on, although a later request writes that. So expired ones
    // whose quarantine is over as well count as free.
    let quarantine = stored.range.policy.quarantine;
    let expired_and_released = match now.checked_sub(quarantine) {
        _ if quarantine.is_zero() => expired,
        Some(then) => store.count_expired(id, then)?,
        None => 0,
    };
    // Counted by bits and not by allocations: one sum over the pages, instead of a count of all rows of the range.
    let allocated = store.used_bits(id)?.saturating_sub(quarantined).saturating_sub(expired);
    let quarantined = not_over + expired.saturating_sub(expired_and_released);
    let layout = &stored.layout;
    Ok(Usage::new(id.clone(), layout.total(), allocated, layout.reserved(), quarantined))
}
