//! Undoing of an import that failed half-way: removes only what this import is known to have added.

use std::collections::BTreeMap;

use super::rows::PlannedAllocation;
use crate::{
    Allocation, AllocationId, BlockId, Deallocate, IpamProvider, IpamProviderExt, Owner, Precondition, RangeId,
    RemoveBlock, RemoveRange, Result, Target,
};

/// Number of addresses that one call deallocates.
// A store frees them in one transaction. If a chunk fails, those after it are still undone.
const FREED_AT_ONCE: usize = 1_000;
/// Maximum number of items that could not be undone and are named.
// They are joined into one message. If a million rows are left, the server is down, and a hundred names tell as much.
const MAX_LEFT: usize = 100;

/// Items that were added so far.
#[derive(Debug, Default)]
pub(super) struct Added<'a> {
    pub(super) blocks: Vec<&'a BlockId>,
    pub(super) ranges: Vec<&'a RangeId>,
    /// Block or range whose addition failed and may have been carried out; it is the last one that was tried.
    // At most one block and one range, because they are added one at a time, and the first error ends the import.
    pub(super) doubtful_block: Option<&'a BlockId>,
    pub(super) doubtful_range: Option<&'a RangeId>,
    /// Allocations by owner.
    // By id and not by key: a key may belong to a request of another caller by now.
    taken: BTreeMap<Owner, Vec<AllocationId>>,
    /// Rows that an earlier call had allocated: another import, or an attempt of this one whose response was lost.
    pub(super) repeated: Vec<&'a PlannedAllocation>,
    /// Rows whose request failed and may have been carried out.
    pub(super) doubtful: Vec<&'a PlannedAllocation>,
}

impl Added<'_> {
    /// Records the allocations of a request for `owner`.
    pub(super) fn take<'t>(&mut self, owner: &Owner, allocations: impl IntoIterator<Item = &'t Allocation>) {
        let ids = allocations.into_iter().map(|allocation| allocation.id.clone());
        self.taken.entry(owner.clone()).or_default().extend(ids);
    }
}

/// Items that could not be undone: the first [`MAX_LEFT`] by name, and the number of the others.
#[derive(Debug, Default)]
struct Left {
    named: Vec<String>,
    more: usize,
}

impl Left {
    fn push(&mut self, what: impl FnOnce() -> String) {
        match self.named.len() < MAX_LEFT {
            true => self.named.push(what()),
            false => self.more += 1,
        }
    }

    fn into_vec(mut self) -> Vec<String> {
        if self.more > 0 {
            self.named.push(format!("{} more", self.more));
        }
        self.named
    }
}

/// Undoes what was added, innermost items first, and returns what is left.
pub(super) async fn undo(provider: &dyn IpamProvider, mut added: Added<'_>) -> Vec<String> {
    let mut left = Left::default();
    for row in std::mem::take(&mut added.doubtful) {
        match of_row(provider, row).await {
            Ok(Some(ours)) => added.take(&row.owner, &ours),
            Ok(None) => left.push(|| {
                let PlannedAllocation { address, range, key, .. } = row;
                format!(
                    "the address {address} of {range}: its key {key} belongs to another request, which was left alone"
                )
            }),
            Err(error) => left.push(|| {
                let PlannedAllocation { address, range, .. } = row;
                format!("the address {address} of {range}: it may be allocated, and looking it up failed: {error}")
            }),
        }
    }
    for row in &added.repeated {
        left.push(|| {
            let PlannedAllocation { address, range, .. } = row;
            format!("the address {address} of {range}: an earlier call had allocated it, maybe that of another import")
        });
    }
    // Addresses before ranges before blocks: a range is removed only if it has no allocations, and a block last, so
    // that a failure in between leaves a consistent plan.
    for (owner, ids) in &added.taken {
        for ids in ids.chunks(FREED_AT_ONCE) {
            if let Err(error) = free(provider, owner, ids).await {
                left.push(|| format!("{} addresses: {error}", ids.len()));
            }
        }
    }
    if let Some(id) = added.doubtful_range {
        // Not removed: it may be another caller's range of that id.
        left.push(|| format!("the range {id}: whether it was added is unknown; look whether it is there"));
    }
    for id in added.ranges.into_iter().rev() {
        if let Err(error) = provider.remove_range(&RemoveRange::new(id.clone())).await {
            left.push(|| format!("the range {id}: {error}"));
        }
    }
    if let Some(id) = added.doubtful_block {
        left.push(|| format!("the block {id}: whether it was added is unknown; look whether it is there"));
    }
    // In reverse, so that an inner block is removed before the one around it.
    for id in added.blocks.into_iter().rev() {
        if let Err(error) = provider.remove_block(&RemoveBlock::new(id.clone())).await {
            left.push(|| format!("the block {id}: {error}"));
        }
    }
    left.into_vec()
}

/// Returns the allocations of the request of `row`; `None` if its key belongs to another request.
async fn of_row(provider: &dyn IpamProvider, row: &PlannedAllocation) -> Result<Option<Vec<Allocation>>> {
    let found = provider.find_key(row.key.clone()).await?;
    let is_ours = |found: &Allocation| {
        found.range == row.range
            && found.address == row.address
            && found.owner.as_ref().is_none_or(|owner| *owner == row.owner)
    };
    Ok(found.iter().all(is_ours).then_some(found))
}

// With the owner as a condition: an address that another caller has deallocated and allocated since stays.
async fn free(provider: &dyn IpamProvider, owner: &Owner, ids: &[AllocationId]) -> Result<()> {
    let mut targets = ids.iter().cloned().map(Target::Id);
    let Some(first) = targets.next() else { return Ok(()) };
    let request = targets.fold(Deallocate::new(first), Deallocate::and);
    provider.deallocate(&request.with_precondition(Precondition::Owner(owner.clone()))).await.map(drop)
}

#[cfg(all(test, feature = "layers"))]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use futures_executor::block_on;
    use futures_util::FutureExt;
    use futures_util::future::BoxFuture;

    use crate::layers::{Call, Intercept, Layered, Next, Reply};
    use crate::plan::{AddressPlan, ImportError, Importer};
    use crate::{
        Allocate, AllocateLine, DefineRange, ErrorKind, Find, IpamProvider, IpamProviderExt, ListRanges,
        MemoryProvider, Operation, Outcome, Result,
    };

    /// Makes the failures of an operation, or all of its results, ones that leave the outcome unknown.
    #[derive(Debug)]
    struct InDoubt {
        operation: Operation,
        only_failures: bool,
    }

    impl Intercept for InDoubt {
        async fn around<T: Reply>(&self, call: &Call<'_>, next: &Next<'_, T>) -> Result<T> {
            let result = next.run().await;
            if call.operation() != self.operation || (self.only_failures && result.is_ok()) {
                return result;
            }
            let lost = crate::Error::new(ErrorKind::Unavailable, self.operation, "the response was lost");
            Err(result.err().unwrap_or(lost).with_outcome(Outcome::Unknown))
        }
    }

    const ROWS: &str = "kind,id,net,range,address,key\nblock,b,10.0.0.0/8,,,\nrange,r,10.0.0.0/24,,,\n\
        allocation,,,r,10.0.0.1,one\n";

    async fn fail(provider: &impl IpamProvider, rows: &str) -> ImportError {
        Importer::new(provider).apply(&AddressPlan::from_csv(rows).unwrap().check()).await.unwrap_err()
    }

    async fn addresses(provider: &impl IpamProvider) -> Vec<String> {
        let found = provider.find(&Find::default()).await.unwrap().items;
        found.iter().map(|found| found.address.to_string()).collect()
    }

    async fn ranges(provider: &impl IpamProvider) -> Vec<String> {
        let found = provider.list_ranges(&ListRanges::all()).await.unwrap().items;
        found.iter().map(|range| range.id.to_string()).collect()
    }

    fn lossy(operation: Operation, only_failures: bool) -> Layered<MemoryProvider, InDoubt> {
        Layered::new(MemoryProvider::new(), InDoubt { operation, only_failures })
    }

    #[test]
    fn another_callers_key_is_left_alone_when_the_outcome_is_unknown() {
        block_on(async {
            let provider = lossy(Operation::Allocate, true);
            provider.define_range(&DefineRange::new("x", "192.0.2.0/24".parse().unwrap())).await.unwrap();
            provider.allocate(&Allocate::one("another", "x").with_key("one")).await.unwrap();
            let before = addresses(&provider).await;
            let error = fail(&provider, ROWS).await;
            assert_eq!(addresses(&provider).await, before);
            assert_eq!(error.left.len(), 1, "{error:?}");
            assert!(error.left[0].starts_with("the address 10.0.0.1 of r:"), "{error}");
            assert_eq!(ranges(&provider).await, ["x"]);
        });
    }

    #[test]
    fn an_address_whose_response_was_lost_is_found_and_undone() {
        block_on(async {
            let provider = lossy(Operation::Allocate, false);
            let error = fail(&provider, ROWS).await;
            assert_eq!(error.left, Vec::<String>::new());
            assert!(addresses(&provider).await.is_empty() && ranges(&provider).await.is_empty());
        });
    }

    #[test]
    fn what_another_import_had_taken_stays() {
        block_on(async {
            let provider = MemoryProvider::new();
            provider.define_range(&DefineRange::new("r", "10.0.0.0/24".parse().unwrap())).await.unwrap();
            let rows = "kind,id,net,range,address,key\nallocation,,,r,10.0.0.1,one\nallocation,,,r,10.0.0.2,two\n\
                allocation,,,r,10.0.0.3,three\n";
            let plan = AddressPlan::from_csv(rows).unwrap();
            let importer = Importer::new(&provider);
            let checked = importer.check(&plan).await.unwrap();
            provider.allocate(&plan.allocations[0].item.to_request()).await.unwrap();
            let line = AllocateLine::exactly("r", "10.0.0.3".parse().unwrap());
            provider.allocate(&Allocate::new("another").with_line(line)).await.unwrap();
            let applying: BoxFuture<'_, _> = importer.apply(&checked).boxed();
            let error = applying.await.unwrap_err();
            assert_eq!(addresses(&provider).await, ["10.0.0.1", "10.0.0.3"]);
            assert_eq!(error.left.len(), 1, "{error:?}");
            assert!(error.left[0].starts_with("the address 10.0.0.1 of r: an earlier call"), "{error}");
            assert_eq!(provider.find_key("one").await.unwrap().len(), 1);
        });
    }

    #[test]
    fn a_definition_whose_response_was_lost_is_named_and_not_removed() {
        block_on(async {
            let provider = lossy(Operation::DefineRange, false);
            let error = fail(&provider, ROWS).await;
            assert!(error.left[0].starts_with("the range r: whether it was added is unknown"), "{error}");
            assert_eq!(ranges(&provider).await, ["r"]);
            let message = crate::Error::from(error).to_string();
            assert!(message.contains("could not undo the range r") && !message.contains("was undone"), "{message}");
            let provider = lossy(Operation::DefineBlock, false);
            let error = fail(&provider, ROWS).await;
            assert_eq!(error.left.len(), 1, "{error:?}");
            assert!(error.left[0].starts_with("the block b: whether it was added is unknown"), "{error}");
        });
    }
}
