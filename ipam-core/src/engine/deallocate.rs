//! Giving addresses back.

use super::draft::Draft;
use super::store::{Context, Record, Store};
use crate::{ChangeKind, Deallocate, Deallocated, Error, Freed, Result, Target};

const OP: &str = "deallocate";

/// Ends what is asked for and expected; what is free already counts as done.
pub(crate) fn deallocate<S: Store + ?Sized>(
    store: &mut S,
    context: &mut Context<'_>,
    request: &Deallocate,
) -> Result<Deallocated> {
    request.validate()?;
    let mut draft = Draft::new(store, context.now);
    draft.sweep_some()?;
    let mut targets = Vec::with_capacity(request.targets.len());
    for target in &request.targets {
        let mut freed = Vec::new();
        for record in records(&mut draft, target)? {
            // What has expired is free already, though it is tidied up here.
            let Some(record) = draft.living(record)? else { continue };
            let allocation = &record.allocation;
            if request.expect.fits(allocation.owner.as_ref(), allocation.key.as_ref()) {
                freed.push(allocation.clone());
                draft.end(record, ChangeKind::Deallocated)?;
            }
        }
        targets.push(Freed::new(freed));
    }
    draft.commit(context.actor)?;
    Ok(Deallocated::new(targets))
}

fn records<S: Store + ?Sized>(draft: &mut Draft<'_, S>, target: &Target) -> Result<Vec<Record>> {
    match target {
        Target::Id(id) => Ok(draft.store.allocation(id)?.into_iter().collect()),
        Target::Key(key) => draft.store.allocations_of_key(key),
        Target::Address { range: id, address } => {
            let Some((range, store)) = draft.load_with_store(id)? else {
                return Err(Error::not_found(OP, "range", id));
            };
            let net = range.stored.range.net;
            if !net.contains(address) {
                let remedy = format!("give an address of {net}, the prefix of the range {id}");
                return Err(Error::invalid(OP, "address", address, remedy));
            }
            let found = store.allocation_at(&range.stored.range.space, *address)?;
            // Ranges may share a prefix; what another one holds is not in this one.
            Ok(found.into_iter().filter(|record| record.allocation.range == *id).collect())
        }
    }
}
