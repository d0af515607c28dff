//! Repetitions that are found by their key: in an IPAM without tags, and of allocations that an earlier version of this
//! crate made.
//!
//! A provider returns the allocations of a repeated request if key and request are equal. Keys and lines of today's requests
//! do not depend on the order of the entries and the form of the resource's id. Earlier versions used the order and the form
//! that came, and wrote no tags, so their requests have to be made again in that form to be found.

use futures_util::TryStreamExt;
use ipam_core::{
    Allocate, AllocateRange, Allocated, AllocatedRange, Allocation, AllocationKey, ChildPrefix, Error, ErrorKind,
    IpamProvider, IpamProviderExt, Labels, ListRanges, Owner, Range, Result,
};

use super::entry::{Entry, Results, conflict, listed};
use super::explained::{of_entries, of_resource, with_holder};
use super::gone::without_gone_blocks;
use super::resource::{COMPUTE, REQUESTED_BY, ResourceInfo, ipam_key};
use crate::plugin::ActionError;

/// Largest number of lines of which every order is tried. 4 lines have 24 orders; 5 would have 120, each a request to the
/// IPAM, for allocations that only an earlier version can have made.
const ALL_ORDERS: usize = 4;

/// Remedy for a request that is not the repetition of what the resource holds.
const REMEDY: &str = "nothing was taken or changed; repeat the request unchanged, or deallocate these addresses or delete \
                      the deployment, then request again";

/// Returns the request for entries as it is without tags.
fn request(owner: &Owner, key: &AllocationKey, entries: &[&Entry<'_>], labels: &Labels) -> Allocate {
    let lines = entries.iter().map(|entry| entry.line.clone().with_labels(labels.clone()));
    lines.fold(Allocate::new(owner.clone()).with_key(key.clone()), Allocate::with_line)
}

/// Returns the order in which the entries came: the position of each in `entries`.
fn given(entries: &[&Entry<'_>]) -> Vec<usize> {
    let mut came: Vec<(usize, usize)> = entries.iter().map(|entry| entry.index).zip(0..).collect();
    came.sort_unstable();
    came.into_iter().map(|(_, position)| position).collect()
}

/// Allocates the entries in an IPAM without tags, where only the key and the whole request tell what an address is for.
pub(super) async fn allocate_untagged<P: IpamProvider + ?Sized>(
    provider: &P,
    resource: &ResourceInfo,
    entries: &[Entry<'_>],
) -> Result<Results, ActionError> {
    let entries: Vec<&Entry<'_>> = entries.iter().collect();
    // The smallest id does not depend on the order of the entries. A key of all ids would let a request with one more
    // network card take new addresses for the others; with the smallest one it is a conflict and takes nothing.
    let smallest = entries.iter().map(|entry| entry.id).min().unwrap_or_default();
    let (mut owner, other) = (resource.ipam_owner()?, resource.other_owner(COMPUTE)?);
    let (mut key, other_key) = (ipam_key(&owner, smallest), ipam_key(&other, smallest));
    // Looked up and not tried: a request with the other form's key would allocate if the key were unknown.
    if !provider.find_key(other_key.clone()).await?.is_empty() {
        (owner, key) = (other, other_key);
    }
    let mut refused: Option<Error> = None;
    // Earlier versions wrote no person and the whole texts. An IPAM that does not take them must not refuse the machine.
    for labels in resource.labels_in_turn(false).into_iter().chain(resource.earlier_labels()) {
        match allocate(provider, &request(&owner, &key, &entries, &labels), &given(&entries)).await {
            Ok(allocated) => return Ok(entries.iter().map(|entry| entry.index).zip(allocated.lines).collect()),
            Err(error) if error.is_conflict() || error.kind() == ErrorKind::InvalidInput => {
                // A conflict says more than labels that are refused.
                if !refused.as_ref().is_some_and(Error::is_conflict) {
                    refused = Some(error);
                }
            }
            Err(error) => return Err(of_entries(error, resource, &entries)),
        }
    }
    match refused {
        Some(error) if error.is_conflict() => {
            let known = provider.find_key(key).await?;
            if known.is_empty() {
                return Err(with_holder(provider, error, resource, &entries).await);
            }
            let message = "holds {} for another request, and this IPAM does not record the entries of addresses";
            Err(conflict(format!("{} {}; {REMEDY}", resource.machine()?, message.replace("{}", &listed(&known)))))
        }
        Some(error) => Err(of_entries(error, resource, &entries)),
        None => Ok(Results::new()),
    }
}

/// Adds the results of the entries that an earlier version allocated. `earlier` are the resource's allocations without the
/// tag of an entry.
///
/// # Errors
/// `Conflict` if an entry has such an allocation, and the request is not the one that made it.
pub(super) async fn add_earlier<P: IpamProvider + ?Sized>(
    provider: &P,
    resource: &ResourceInfo,
    entries: &[Entry<'_>],
    earlier: &[&Allocation],
    results: &mut Results,
) -> Result<(), ActionError> {
    let mut by_id: Vec<&Entry<'_>> = entries.iter().collect();
    by_id.sort_by_key(|entry| entry.id);
    for entry in by_id {
        for owner in [resource.ipam_owner()?, resource.other_owner(COMPUTE)?] {
            let key = ipam_key(&owner, entry.id);
            let known: Vec<Allocation> =
                earlier.iter().copied().filter(|one| one.key.as_ref() == Some(&key)).cloned().collect();
            if known.is_empty() || results.contains_key(&entry.index) {
                continue;
            }
            // The key names the smallest id of its request: this entry alone, or with some that have larger ids.
            let larger = |other: &&Entry<'_>| other.id >= entry.id && !results.contains_key(&other.index);
            let larger: Vec<&Entry<'_>> = entries.iter().filter(larger).collect();
            let mut found = None;
            let labels: Vec<Labels> = [resource.labels(None)].into_iter().chain(resource.earlier_labels()).collect();
            // In loops and not closures, whose lifetimes would make the future of the action not `Send`.
            let mut tries = Vec::new();
            for wanted in [larger, vec![entry]] {
                for labels in &labels {
                    tries.push((wanted.clone(), labels));
                }
            }
            for (wanted, labels) in tries {
                match allocate(provider, &request(&owner, &key, &wanted, labels), &given(&wanted)).await {
                    Ok(allocated) => {
                        found = Some(wanted.into_iter().map(|entry| entry.index).zip(allocated.lines));
                        break;
                    }
                    // Texts that this IPAM refuses have not made it either.
                    Err(error) if error.is_conflict() || error.kind() == ErrorKind::InvalidInput => {}
                    Err(error) => return Err(of_entries(error, resource, &wanted)),
                }
            }
            let Some(found) = found else {
                return Err(conflict(format!(
                    "ipAllocations[{}]: {} holds {} from a request of an earlier version of this plug-in, which did not \
                     record the entries of addresses; {REMEDY}",
                    entry.index,
                    resource.machine()?,
                    listed(&known),
                )));
            };
            results.extend(found);
        }
    }
    Ok(())
}

/// Allocates `request`, or returns what the same lines in another order allocated under its key. The lines of the result are
/// in the order of `request`.
///
/// `given` is the order in which the entries came: the position of each entry in `request`.
async fn allocate<P: IpamProvider + ?Sized>(provider: &P, request: &Allocate, given: &[usize]) -> Result<Allocated> {
    match provider.allocate(request).await {
        // A single line has no other order, so its conflict is final.
        Err(error) if error.is_conflict() && request.lines.len() > 1 => {
            match in_another_order(provider, request, given).await? {
                Some(allocated) => Ok(allocated),
                None => Err(error),
            }
        }
        other => other,
    }
}

/// Returns the allocations of the request's key if they were made by the same lines in another order.
async fn in_another_order<P: IpamProvider + ?Sized>(
    provider: &P,
    request: &Allocate,
    given: &[usize],
) -> Result<Option<Allocated>> {
    let Some(key) = &request.key else { return Ok(None) };
    // Without allocations of the key, the conflict is about an address; another order would only take other addresses.
    if provider.find_key(key.clone()).await?.is_empty() {
        return Ok(None);
    }
    for order in orders(given) {
        let mut other = request.clone();
        other.lines = order.iter().filter_map(|index| request.lines.get(*index).cloned()).collect();
        match provider.allocate(&other).await {
            Ok(mut allocated) => {
                let mut lines: Vec<_> = order.into_iter().zip(allocated.lines).collect();
                lines.sort_by_key(|(index, _)| *index);
                allocated.lines = lines.into_iter().map(|(_, line)| line).collect();
                return Ok(Some(allocated));
            }
            // Not this order; the key was made by another one, or by another request altogether.
            Err(error) if error.is_conflict() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// Returns the orders to try: the given one first, then all others if there are few lines. The ascending order is left out,
/// as it was tried already.
fn orders(given: &[usize]) -> Vec<Vec<usize>> {
    let mut orders = vec![given.to_vec()];
    if given.len() <= ALL_ORDERS {
        let mut all = vec![Vec::new()];
        for _ in 0..given.len() {
            let longer = |order: Vec<usize>| {
                let left: Vec<usize> = (0..given.len()).filter(|index| !order.contains(index)).collect();
                left.into_iter().map(move |index| [order.as_slice(), &[index]].concat())
            };
            all = all.into_iter().flat_map(longer).collect();
        }
        orders.extend(all);
    }
    let mut seen = Vec::new();
    orders.retain(|order| {
        !order.is_sorted() && !seen.contains(order) && {
            seen.push(order.clone());
            true
        }
    });
    orders
}

/// Allocates a child prefix, or returns the network that the resource holds under the key, also in the form of an earlier
/// version, `earlier`.
///
/// # Errors
/// `Conflict` if the network under the key is not what is asked for.
pub(super) async fn allocate_range<P: IpamProvider + ?Sized>(
    provider: &P,
    resource: &ResourceInfo,
    mut request: AllocateRange,
    earlier: (Owner, AllocationKey),
) -> Result<Range, ActionError> {
    let (owner, key) = earlier;
    // The trait finds addresses by key, but not ranges. A range shows its key, so all of them are listed.
    if !with_key(provider, &key).await?.is_empty() {
        (request.owner, request.key) = (owner, Some(key));
    }
    let mut allocated = in_turn(provider, &request).await;
    if request.blocks.len() > 1
        && allocated.as_ref().is_err_and(Error::is_not_found)
        && let Some(fewer) = without_gone_blocks(provider, &request).await?
    {
        request = fewer;
        allocated = in_turn(provider, &request).await;
    }
    match allocated {
        Ok(allocated) => Ok(allocated.range),
        Err(error) if error.is_conflict() => {
            let known = match &request.key {
                Some(key) => with_key(provider, key).await?,
                None => Vec::new(),
            };
            // More than one: processes that ran at once made one each, and the IPAM has not removed the surplus yet.
            let Ok([held]) = <[Range; 1]>::try_from(known) else { return Err(error.into()) };
            held_range(resource, &request, held)
        }
        Err(error) => Err(of_resource(error)),
    }
}

/// Allocates a child prefix with all labels, or with as many as the IPAM takes: they are notes for people.
async fn in_turn<P: IpamProvider + ?Sized>(provider: &P, request: &AllocateRange) -> Result<AllocatedRange> {
    let mut tries = vec![request.clone()];
    let mut plain = request.clone();
    plain.tags.retain(|tag| tag.key != REQUESTED_BY);
    tries.push(plain.clone());
    plain.description = None;
    tries.push(plain.clone());
    plain.name.clear();
    tries.dedup();
    for request in tries {
        match provider.allocate_range(&request).await {
            Err(error) if error.kind() == ErrorKind::InvalidInput => {}
            other => return other,
        }
    }
    provider.allocate_range(&plain).await
}

/// Returns the network that the resource holds, if it is what the request asks for; name, description, person and
/// properties may differ.
fn held_range(resource: &ResourceInfo, request: &AllocateRange, held: Range) -> Result<Range, ActionError> {
    let own = held.owner.as_ref().map_or(Ok(true), |owner| resource.is_owner(owner))?;
    let block = held.block.as_ref().is_none_or(|block| request.blocks.contains(block));
    let difference = match request.prefix {
        _ if !own => "it belongs to another resource now".to_owned(),
        ChildPrefix::Exact(net) if net != held.net => format!("{net} is asked for (subnetCidr)"),
        ChildPrefix::PrefixLen(len) if len != held.net.prefix_len() => {
            format!("the prefix length {len} is asked for (subnetPrefixLength)")
        }
        _ if !block => "other blocks are named (ipBlockIds)".to_owned(),
        _ => return Ok(held),
    };
    Err(Error::new(
        ErrorKind::Conflict,
        ipam_core::Operation::AllocateRange,
        format!(
            "ipRangeAllocation: resource {} holds the network {} (range {}) for this request, but {difference}; nothing \
             was taken or changed; deallocate the network or delete the deployment, then request again",
            resource.ipam_owner()?,
            held.net,
            held.id,
        ),
    )
    .into())
}

/// Returns the ranges that were allocated under a key.
async fn with_key<P: IpamProvider + ?Sized>(provider: &P, key: &AllocationKey) -> Result<Vec<Range>> {
    let ranges = provider.ranges(ListRanges::all());
    ranges.try_filter(|range| std::future::ready(range.key.as_ref() == Some(key))).try_collect().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_of_few_lines_is_tried_once_and_the_given_one_first() {
        assert_eq!(orders(&[0]), Vec::<Vec<usize>>::new());
        assert_eq!(orders(&[1, 0]), [[1, 0]]);
        assert_eq!(orders(&[0, 1]), [[1, 0]]);
        let three = orders(&[2, 0, 1]);
        assert_eq!((three.len(), three.first()), (5, Some(&vec![2, 0, 1])));
        assert_eq!(orders(&[3, 1, 2, 0]).len(), 23);
        assert_eq!(orders(&[4, 1, 2, 3, 0]), [[4, 1, 2, 3, 0]]);
    }
}
