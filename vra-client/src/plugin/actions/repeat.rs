//! Requests that repeat an earlier one, also one that an earlier version made in another form.
//!
//! A repeated request meets its allocations by key and content. Today both are independent of the order of the entries
//! and of the form of the resource's id. Earlier versions took both as they came.

use futures_util::TryStreamExt;
use ipam_core::{
    Allocate, AllocateRange, Allocated, AllocatedRange, AllocationKey, IpamProvider, IpamProviderExt, ListRanges,
    Owner, Result,
};

/// Up to so many lines, every order of them is tried to meet an earlier request: 24 orders of 4.
const ALL_ORDERS: usize = 4;

/// Allocates `request`, or repeats what was allocated as `earlier`. The response has the lines in the order of `request`.
///
/// `given` is the order in which the entries came: the position of each in `request`.
pub(super) async fn allocate<P: IpamProvider + ?Sized>(
    provider: &P,
    mut request: Allocate,
    given: &[usize],
    earlier: (Owner, AllocationKey),
) -> Result<Allocated> {
    let (owner, key) = earlier;
    if !provider.find_key(key.clone()).await?.is_empty() {
        (request.owner, request.key) = (owner, Some(key));
    }
    match provider.allocate(&request).await {
        Err(error) if error.is_conflict() && request.lines.len() > 1 => {
            match in_another_order(provider, &request, given).await? {
                Some(answer) => Ok(answer),
                None => Err(error),
            }
        }
        answer => answer,
    }
}

/// The allocations of a key whose request had the same lines in another order, if it is one.
async fn in_another_order<P: IpamProvider + ?Sized>(
    provider: &P,
    request: &Allocate,
    given: &[usize],
) -> Result<Option<Allocated>> {
    let Some(key) = &request.key else { return Ok(None) };
    // Without allocations of the key the conflict is about an address.
    if provider.find_key(key.clone()).await?.is_empty() {
        return Ok(None);
    }
    for order in orders(given) {
        let mut other = request.clone();
        other.lines = order.iter().filter_map(|index| request.lines.get(*index).cloned()).collect();
        match provider.allocate(&other).await {
            Ok(mut answer) => {
                let mut lines: Vec<_> = order.into_iter().zip(answer.lines).collect();
                lines.sort_by_key(|(index, _)| *index);
                answer.lines = lines.into_iter().map(|(_, line)| line).collect();
                return Ok(Some(answer));
            }
            Err(error) if error.is_conflict() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// The orders to try, but the ascending one: the given one first; of few lines all.
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

/// Allocates a child prefix, or repeats what was allocated as `earlier`.
pub(super) async fn allocate_range<P: IpamProvider + ?Sized>(
    provider: &P,
    mut request: AllocateRange,
    earlier: (Owner, AllocationKey),
) -> Result<AllocatedRange> {
    let (owner, key) = earlier;
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
