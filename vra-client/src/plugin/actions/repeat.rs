//! Repeated requests, also of allocations that an earlier version of this crate made.
//!
//! A provider returns the allocations of a repeated request if key and request are equal. Today the plug-in makes both
//! independent of the order of the entries and of the form of the resource's id. Earlier versions used the order and the
//! form that came, so their requests have to be made again in that form to be found.

use futures_util::TryStreamExt;
use ipam_core::{
    Allocate, AllocateRange, Allocated, AllocatedRange, AllocationKey, IpamProvider, IpamProviderExt, ListRanges,
    Owner, Result,
};

/// Largest number of lines of which every order is tried. 4 lines have 24 orders; 5 would have 120, each a request to the
/// IPAM, for allocations that only an earlier version can have made.
const ALL_ORDERS: usize = 4;

/// Allocates `request`, or returns what was allocated with the owner and the key `earlier`. The lines of the result are in
/// the order of `request`.
///
/// `given` is the order in which the entries came: the position of each entry in `request`.
pub(super) async fn allocate<P: IpamProvider + ?Sized>(
    provider: &P,
    mut request: Allocate,
    given: &[usize],
    earlier: (Owner, AllocationKey),
) -> Result<Allocated> {
    let (owner, key) = earlier;
    // Looked up and not tried: a request with the other form's key would allocate if the key were unknown.
    if !provider.find_key(key.clone()).await?.is_empty() {
        (request.owner, request.key) = (owner, Some(key));
    }
    match provider.allocate(&request).await {
        // A single line has no other order, so its conflict is final.
        Err(error) if error.is_conflict() && request.lines.len() > 1 => {
            match in_another_order(provider, &request, given).await? {
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

/// Allocates a child prefix, or returns what was allocated with the owner and the key `earlier`.
pub(super) async fn allocate_range<P: IpamProvider + ?Sized>(
    provider: &P,
    mut request: AllocateRange,
    earlier: (Owner, AllocationKey),
) -> Result<AllocatedRange> {
    let (owner, key) = earlier;
    // The trait finds addresses by key, but not ranges. A range shows its key, so all of them are listed.
    let mut ranges = provider.ranges(ListRanges::all());
    while let Some(range) = ranges.try_next().await? {
        if range.key.as_ref() == Some(&key) {
            (request.owner, request.key) = (owner, Some(key));
            break;
        }
    }
    provider.allocate_range(&request).await
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
