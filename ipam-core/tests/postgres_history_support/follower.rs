//! Reader of the feed that follows it during the whole run, and the replay of a feed.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ipam_core::{AllocationId, AllocationKey, Change, ChangeKind, ChangePosition, IpamProvider, RangeId, Retry};

/// Reads the feed until `ends` is set and nothing more comes.
pub(crate) async fn follow(ipam: &dyn IpamProvider, limit: u32, ends: Arc<AtomicBool>) -> Vec<Change> {
    let (mut read, mut position) = (Vec::new(), None::<ChangePosition>);
    loop {
        let last = ends.load(Ordering::SeqCst);
        match ipam.changes(position.as_ref(), limit).await {
            Ok(part) if part.items.is_empty() && last => return read,
            Ok(part) => {
                if part.items.is_empty() {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                position = Some(part.next);
                read.extend(part.items);
            }
            Err(error) => {
                assert_ne!(error.retry(), Retry::Never, "{error}");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

/// State that a feed leads to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Replayed {
    pub(crate) allocations: BTreeMap<IpAddr, (AllocationId, Option<AllocationKey>, RangeId)>,
    pub(crate) ranges: BTreeMap<RangeId, Option<AllocationKey>>,
}

/// Applies all changes, in order. Adds a sentence for each that does not fit to what came before.
pub(crate) fn replay(changes: &[Change], problems: &mut Vec<String>) -> Replayed {
    let mut state = Replayed::default();
    for change in changes {
        let fits = match (change.kind, change.address, &change.range) {
            (ChangeKind::RangeDefined, _, Some(range)) => {
                state.ranges.insert(range.clone(), change.key.clone()).is_none()
            }
            (ChangeKind::RangeRemoved, _, Some(range)) => state.ranges.remove(range).is_some(),
            (ChangeKind::Allocated, Some(address), Some(range)) => {
                let id = change.allocation.clone().unwrap();
                let one = (id, change.key.clone(), range.clone());
                state.ranges.contains_key(range) && state.allocations.insert(address, one).is_none()
            }
            (ChangeKind::Updated, Some(address), _) => {
                state.allocations.get(&address).map(|one| &one.0) == change.allocation.as_ref()
            }
            (ChangeKind::Deallocated | ChangeKind::Expired, Some(address), _) => {
                state.allocations.remove(&address).map(|one| one.0) == change.allocation
            }
            (ChangeKind::BlockDefined, ..) => true,
            _ => false,
        };
        if !fits {
            problems.push(format!("the feed has a change that does not fit: {change:?}"));
        }
    }
    state
}
