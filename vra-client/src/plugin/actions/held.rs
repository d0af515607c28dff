//! AllocateIP over an IPAM that keeps tags: what the resource holds is the result, and only the rest is requested.
//!
//! # Why nothing is taken twice
//! - Each address carries its entry as the tag [`ENTRY_TAG`](super::entry::ENTRY_TAG). The allocations of an owner therefore say which entries have
//!   addresses, whatever else of the request has changed. The tag is written by the step that takes the address.
//! - The key of a request for what is missing depends on the resource's allocations only, not on the entries: it is the
//!   first of `vra.0/X`, `vra.1/X`, … that none of them has. Two requests that saw the same allocations have one key, so
//!   the provider lets one of them pass. The other one is a conflict, looks again, and finds what the first one took.
//!   A request that saw an older state has a key that is still in use, and looks again, too.
//! - A request that was cut off left everything or nothing. Its repetition finds everything by the tags, or sees the same
//!   allocations as before and makes the same request with the same key.
//! - A key that is in use for addresses of other owners, because an administrator gave an address another owner, is passed
//!   over: these addresses are not the resource's.
//!
//! # Open cases
//! - As for any key, a request that is still on its way while all addresses of its key are deallocated takes its addresses
//!   afterwards.
//! - If the result of a request is lost, and vRA repeats it with fewer network cards, the addresses of the others stay
//!   allocated. DeallocateIP frees the addresses that it names, and vRA never learnt these. They carry the machine's id as
//!   their owner, and an administrator finds and frees them by it.

use std::collections::BTreeSet;

use futures_util::TryStreamExt;
use ipam_core::{
    Allocate, Allocation, AllocationKey, Error, ErrorKind, Find, IpamProvider, IpamProviderExt, Labels, Operation,
    Owner, Patch, Retry, Tag, Tags, Update,
};

use super::entry::{Entry, Results, conflict, entry_of, listed};
use super::explained::{of_entries, with_holder};
use super::labels::allocate_in_turn;
use super::repeat;
use super::resource::{COMPUTE, REQUESTED_BY, ResourceInfo};
use crate::plugin::ActionError;

/// Largest number of looks at the resource's allocations. Each further one means that another request of the same resource
/// came first, or that an administrator gave addresses of one more key another owner.
const MAX_ROUNDS: usize = 8;

/// Keys that hold addresses of other owners.
type PassedOver = BTreeSet<AllocationKey>;

/// Returns the addresses that the resource holds for the entries, and allocates what is missing: all or none.
///
/// `entries` are ordered by network card and id, so that equal requests have equal lines in any order of the inputs.
pub(super) async fn allocate<P: IpamProvider + ?Sized>(
    provider: &P,
    resource: &ResourceInfo,
    entries: &[Entry<'_>],
) -> Result<Results, ActionError> {
    let mut passed_over = PassedOver::new();
    for _ in 0..MAX_ROUNDS {
        let held = read(provider, resource.ipam_owner()?).await?;
        let mut results = recorded(resource, entries, &held)?;
        let known: Vec<Allocation> = results.values().flatten().cloned().collect();
        if results.len() < entries.len() {
            let other = read(provider, resource.other_owner(COMPUTE)?).await?;
            let earlier: Vec<&Allocation> = held.iter().chain(&other).filter(|one| entry_of(one).is_none()).collect();
            repeat::add_earlier(provider, resource, entries, &earlier, &mut results).await?;
        }
        if take(provider, resource, entries, &held, &mut passed_over, &mut results).await? {
            for allocation in &known {
                relabel(provider, resource, allocation).await?;
            }
            return Ok(results);
        }
    }
    let message = "other requests of this resource were carried out first, again and again; repeat the action";
    Err(Error::new(ErrorKind::Busy, Operation::Allocate, message).with_retry(Retry::Safe).into())
}

/// Returns all allocations of an owner.
async fn read<P: IpamProvider + ?Sized>(provider: &P, owner: Owner) -> Result<Vec<Allocation>, ActionError> {
    let mut found: Vec<Allocation> = provider.find_all(Find::default().with_owner(owner)).try_collect().await?;
    found.sort_by(|one, other| (&one.space, one.address).cmp(&(&other.space, other.address)));
    Ok(found)
}

/// Returns the results of the entries that the resource has addresses for.
///
/// # Errors
/// `Conflict` if the addresses of an entry are not what it asks for.
fn recorded(resource: &ResourceInfo, entries: &[Entry<'_>], held: &[Allocation]) -> Result<Results, ActionError> {
    let mut results = Results::new();
    for entry in entries {
        let own: Vec<Allocation> = held.iter().filter(|one| entry_of(one) == Some(entry.id)).cloned().collect();
        if own.is_empty() {
            continue;
        }
        // All entries are compared before anything is taken for another one.
        if let Some(difference) = entry.difference(&own) {
            let list = listed(&own);
            return Err(conflict(format!(
                "ipAllocations[{}]: {} holds {list} for {entry}, but {difference}; nothing was taken or changed; \
                 deallocate {list} or delete the deployment, then request again",
                entry.index,
                resource.machine()?,
            )));
        }
        results.insert(entry.index, own);
    }
    Ok(results)
}

/// Returns the key number `number` of a resource.
fn key(number: usize, owner: &Owner) -> AllocationKey {
    // Another form than that of earlier versions, `vra:OWNER:ENTRY`: no entry's id can make the two equal.
    AllocationKey::new(format!("vra.{number}/{owner}"))
}

/// Allocates the addresses of the entries without a result. Returns false if another request came first, or the key belongs
/// to other owners: the caller then has to look again.
async fn take<P: IpamProvider + ?Sized>(
    provider: &P,
    resource: &ResourceInfo,
    entries: &[Entry<'_>],
    held: &[Allocation],
    passed_over: &mut PassedOver,
    results: &mut Results,
) -> Result<bool, ActionError> {
    let missing: Vec<&Entry<'_>> = entries.iter().filter(|entry| !results.contains_key(&entry.index)).collect();
    if missing.is_empty() {
        return Ok(true);
    }
    let owner = resource.ipam_owner()?;
    let in_use =
        |key: &AllocationKey| passed_over.contains(key) || held.iter().any(|one| one.key.as_ref() == Some(key));
    // One more than the keys that are in use, so one of them is free.
    let most = held.len() + passed_over.len();
    let key = (0..most).map(|at| key(at, &owner)).find(|key| !in_use(key)).unwrap_or_else(|| key(most, &owner));
    let request = |labels: &Labels| {
        let lines = missing.iter().map(|entry| entry.tagged_line(labels));
        lines.fold(Allocate::new(owner.clone()).with_key(key.clone()), Allocate::with_line)
    };
    // The labels are notes for people. An IPAM that does not take them must not refuse the machine.
    let requests = resource.labels_in_turn(true).iter().map(request).collect();
    match allocate_in_turn(provider, requests).await {
        Ok(allocated) => {
            for allocation in allocated.lines.iter().flatten() {
                if !is_own(resource, allocation)? {
                    passed_over.insert(key);
                    return Ok(false);
                }
            }
            results.extend(missing.iter().map(|entry| entry.index).zip(allocated.lines));
            Ok(true)
        }
        Err(error) if error.is_conflict() => {
            let others = provider.find_key(key.clone()).await?;
            if others.is_empty() {
                // The conflict is about an address.
                return Err(with_holder(provider, error, resource, &missing).await);
            }
            for allocation in &others {
                if is_own(resource, allocation)? {
                    return Ok(false);
                }
            }
            passed_over.insert(key);
            Ok(false)
        }
        Err(error) => Err(of_entries(error, resource, &missing)),
    }
}

/// Returns true if the resource owns the allocation.
fn is_own(resource: &ResourceInfo, allocation: &Allocation) -> Result<bool, ActionError> {
    allocation.owner.as_ref().map_or(Ok(true), |owner| resource.is_owner(owner))
}

/// Writes the resource's name, description and person to an allocation that it holds already, where they have changed.
async fn relabel<P: IpamProvider + ?Sized>(
    provider: &P,
    resource: &ResourceInfo,
    allocation: &Allocation,
) -> Result<(), ActionError> {
    // The address is the result with old labels as well, where the IPAM cannot change them.
    if !provider.capabilities().update {
        return Ok(());
    }
    let wanted = resource.labels(None);
    let labels = &allocation.labels;
    let mut update = Update::new(allocation.id.clone());
    update.hostname = changed(labels.hostname.as_deref(), wanted.hostname);
    update.description = changed(labels.description.as_deref(), wanted.description);
    if let Some(person) = resource.person() {
        let by = Tag::new(REQUESTED_BY, person);
        if !labels.tags.contains(&by) {
            let others = labels.tags.iter().filter(|tag| tag.key != REQUESTED_BY).cloned();
            update.tags = Patch::Set(others.chain([by]).collect::<Tags>());
        }
    }
    if update.hostname.is_keep() && update.description.is_keep() && update.tags.is_keep() {
        return Ok(());
    }
    let mut fewer = vec![update.clone()];
    // As in `take`: one after the other may not fit, and the address is the result all the same.
    update.tags = Patch::Keep;
    fewer.push(update.clone());
    update.description = Patch::Keep;
    fewer.push(update);
    fewer.dedup();
    for update in fewer {
        if update.hostname.is_keep() && update.description.is_keep() && update.tags.is_keep() {
            break;
        }
        match provider.update(&update).await {
            Err(error) if error.kind() == ErrorKind::InvalidInput => {}
            updated => return updated.map(drop).map_err(ActionError::from),
        }
    }
    Ok(())
}

/// Returns the change to a label. One that the resource does not have stays as it is.
fn changed(now: Option<&str>, wanted: Option<String>) -> Patch<String> {
    // Servers trim texts: a difference in spaces would be written again by every repetition.
    wanted.filter(|wanted| now.unwrap_or_default().trim() != wanted.trim()).map_or(Patch::Keep, Patch::Set)
}
