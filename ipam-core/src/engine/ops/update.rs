//! Update of an allocation.

use crate::engine::context::Context;
use crate::engine::overlay::Overlay;
use crate::engine::store::{AllocationChange, Store};
use crate::engine::unkeyed;
use crate::{Allocation, ChangeKind, Error, Operation, Patch, Result, Update};

/// Changes the fields of an allocation that the request names. Returns the allocation after the change.
pub(crate) fn update<S: Store + ?Sized>(
    store: &mut S,
    context: &mut Context<'_>,
    request: &Update,
) -> Result<Allocation> {
    request.validate()?;
    let mut overlay = Overlay::new(store, context.now);
    // An allocation that has expired is not found, so that it cannot be renewed: its address may be in use again.
    overlay.sweep_some()?;
    let found = match overlay.store.allocation(&request.allocation)? {
        Some(record) => overlay.living(record)?,
        None => None,
    };
    let mut record = found.ok_or_else(|| Error::not_found(Operation::Update, "allocation", &request.allocation))?;
    let before = record.allocation.clone();
    let allocation = &mut record.allocation;
    let labels = &mut allocation.labels;
    labels.hostname = request.hostname.clone().apply(labels.hostname.take());
    labels.description = request.description.clone().apply(labels.description.take());
    labels.mac = request.mac.apply(labels.mac);
    labels.tags = request.tags.clone().apply_or_default(std::mem::take(&mut labels.tags));
    match request.expiry {
        Patch::Keep => {}
        Patch::Clear => allocation.expires = None,
        Patch::Set(expiry) => {
            let Some(expires) = context.now.checked_add(expiry) else {
                let value = format!("{} s", expiry.as_secs());
                return Err(Error::invalid(Operation::Update, "expiry", value, "give a shorter time to live"));
            };
            allocation.expires = Some(expires);
        }
    }
    // An update that changes nothing is not written, so that a repetition adds no entry to the feed.
    let changed = (&before.labels, before.expires) != (&allocation.labels, allocation.expires);
    if changed {
        allocation.updated = Some(context.now);
    }
    let store = overlay.prepare()?.write(context.actor)?;
    if changed {
        store.update_allocation(&record)?;
        let change = AllocationChange::made(&record.allocation, context.now, context.actor);
        let kind = ChangeKind::Updated;
        store.append_allocation_change(&AllocationChange { kind, before: Some(&before), ..change })?;
    }
    Ok(unkeyed::shown(*record.allocation))
}
