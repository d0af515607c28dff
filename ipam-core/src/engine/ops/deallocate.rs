//! Deallocation of addresses.

use crate::engine::context::Context;
use crate::engine::overlay::Overlay;
use crate::engine::store::{Record, Store};
use crate::engine::unkeyed;
use crate::{ChangeKind, Deallocate, Deallocated, DeallocatedTarget, Error, Operation, Result, Target};

/// Deallocates the targets that meet the precondition. Targets that are free already are no error.
pub(crate) fn deallocate<S: Store + ?Sized>(
    store: &mut S,
    context: &mut Context<'_>,
    request: &Deallocate,
) -> Result<Deallocated> {
    request.validate()?;
    let mut overlay = Overlay::new(store, context.now);
    overlay.sweep_some()?;
    let mut counts = Vec::with_capacity(request.targets.len());
    for target in &request.targets {
        let mut freed = 0;
        for record in records(&mut overlay, target)? {
            // An expired allocation counts as free: it is ended as expired, and not reported as deallocated.
            let Some(record) = overlay.living(record)? else { continue };
            let owner = unkeyed::shown_owner(record.allocation.owner.clone());
            let key = unkeyed::shown_key(record.allocation.key.clone());
            if request.precondition.fits(owner.as_ref(), key.as_ref()) {
                overlay.end(record, ChangeKind::Deallocated)?;
                freed += 1;
            }
        }
        counts.push(freed);
    }
    // The targets ended their allocations in order, so that the counts divide the list of the ended ones again.
    let ended = overlay.commit(context.actor)?.into_iter();
    let mut freed = ended
        .filter(|(_, kind)| *kind == ChangeKind::Deallocated)
        .map(|(record, _)| unkeyed::shown(*record.allocation));
    let targets = counts.into_iter().map(|count| {
        let mut of_target = Vec::with_capacity(count);
        of_target.extend(freed.by_ref().take(count));
        DeallocatedTarget::new(of_target)
    });
    Ok(Deallocated::new(targets.collect()))
}

fn records<S: Store + ?Sized>(
    overlay: &mut Overlay<'_, S>,
    target: &Target,
) -> Result<impl Iterator<Item = Record> + use<S>> {
    let (one, more) = match target {
        Target::Id(id) => (overlay.store.allocation(id)?, Vec::new()),
        Target::Key(key) => (None, overlay.store.allocations_of_key(key)?),
        Target::Address { range: id, address } => {
            let Some((range, store)) = overlay.load_with_store(id)? else {
                return Err(Error::not_found(Operation::Deallocate, "range", id));
            };
            let net = range.stored.range.net;
            if !net.contains(address) {
                let remedy = format!("give an address of {net}, the prefix of the range {id}");
                return Err(Error::invalid(Operation::Deallocate, "address", address, remedy));
            }
            let found = store.allocation_at(&range.stored.range.space, *address)?;
            // Ranges may share a prefix. An address of another range counts as free in this one.
            (found.filter(|record| record.allocation.range == *id), Vec::new())
        }
    };
    Ok(one.into_iter().chain(more))
}
