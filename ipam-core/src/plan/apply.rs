//! Application of a checked plan: all of it, or nothing.

use std::error::Error as StdError;
use std::fmt;

use futures_util::{StreamExt, pin_mut};

use super::check::CheckedPlan;
use super::rows::PlannedAllocation;
use crate::{
    AllocationKey, BlockId, Deallocate, Error, ErrorKind, IpamProvider, Operation, Outcome, RangeId, RemoveBlock,
    RemoveRange, Target,
};

/// How many addresses are taken at a time. A store on disk writes what waits together.
const AT_ONCE: usize = 64;
/// How many addresses one call gives back.
const FREED_AT_ONCE: usize = 1_000;
/// How many things that could not be undone are named.
const MAX_LEFT: usize = 100;

/// What an import did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Imported {
    /// How many rows were added.
    pub added: usize,
    /// How many rows the provider had already.
    pub unchanged: usize,
}

/// A plan that was not applied, and what could not be undone.
///
/// Converts to the [`Error`] that stopped it.
#[derive(Debug)]
#[non_exhaustive]
pub struct ImportError {
    /// What stopped it.
    pub cause: Error,
    /// What was added and could not be undone, with the reason; empty when all was undone.
    pub left: Vec<String>,
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.cause, f)?;
        if self.left.is_empty() {
            return Ok(());
        }
        write!(f, "; the import failed half-way, and this could not be undone: {}", self.left.join("; "))
    }
}

impl StdError for ImportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.source()
    }
}

impl From<ImportError> for Error {
    fn from(error: ImportError) -> Self {
        match error.left.is_empty() {
            true => error.cause.with_context("import", "failed half-way, and was undone"),
            false => {
                let left = error.left.join("; ");
                error.cause.with_context("import", format_args!("failed half-way, and could not undo {left}"))
            }
        }
    }
}

/// What was added so far, for taking it back.
#[derive(Debug, Default)]
struct Added {
    blocks: Vec<BlockId>,
    ranges: Vec<RangeId>,
    keys: Vec<AllocationKey>,
}

/// Adds what the check found new. If one thing fails, what was added before it is taken back. Each addition is reported
/// by `added_one`, and that things are being taken back by `undoing`.
pub(super) async fn apply(
    provider: &dyn IpamProvider,
    checked: &CheckedPlan,
    added_one: &(dyn Fn() + Send + Sync),
    undoing: &(dyn Fn() + Send + Sync),
) -> Result<Imported, ImportError> {
    if let Some(row) = checked.conflicts().next() {
        let message = format!("{}: {row}", row.at);
        let cause = Error::new(ErrorKind::Conflict, Operation::Import, message);
        return Err(ImportError { cause, left: Vec::new() });
    }
    let mut added = Added::default();
    match add(provider, checked, added_one, &mut added).await {
        Ok(()) => Ok(Imported { added: checked.new_rows(), unchanged: checked.unchanged_rows() }),
        Err(cause) => {
            undoing();
            let left = undo(provider, added).await;
            Err(ImportError { cause, left })
        }
    }
}

async fn add(
    provider: &dyn IpamProvider,
    checked: &CheckedPlan,
    added_one: &(dyn Fn() + Send + Sync),
    added: &mut Added,
) -> Result<(), Error> {
    // Outer blocks first: a block has to be there before those inside of it.
    let mut blocks: Vec<_> = checked.blocks.iter().collect();
    blocks.sort_by_key(|block| block.net.prefix_len());
    for block in blocks {
        provider.define_block(block).await?;
        added.blocks.push(block.id.clone());
        added_one();
    }
    for range in &checked.ranges {
        provider.define_range(range).await?;
        added.ranges.push(range.id.clone());
        added_one();
    }
    let requests = checked.allocations.iter().map(PlannedAllocation::to_request);
    let allocated = futures_util::stream::iter(requests)
        .map(|request| async move {
            let result = provider.allocate(&request).await;
            (request.key, result)
        })
        .buffer_unordered(AT_ONCE);
    pin_mut!(allocated);
    let mut failed = None;
    // After a failure the calls under way are waited for: what they take has to be known, to be undone.
    while let Some((key, result)) = allocated.next().await {
        match result {
            Ok(_) => {
                added.keys.extend(key);
                added_one();
            }
            Err(error) => {
                // It may have been carried out; giving back a key that took nothing is no error.
                if error.outcome() == Outcome::Unknown {
                    added.keys.extend(key);
                }
                failed.get_or_insert(error);
            }
        }
    }
    failed.map_or(Ok(()), Err)
}

async fn undo(provider: &dyn IpamProvider, added: Added) -> Vec<String> {
    let mut left = Vec::new();
    for keys in added.keys.chunks(FREED_AT_ONCE) {
        let request = keys.iter().fold(None, |request: Option<Deallocate>, key| {
            let target = Target::Key(key.clone());
            Some(match request {
                None => Deallocate::new(target),
                Some(request) => request.and(target),
            })
        });
        if let Some(request) = request
            && let Err(error) = provider.deallocate(&request).await
        {
            left.push(format!("{} addresses: {error}", keys.len()));
        }
    }
    for id in added.ranges.into_iter().rev() {
        if let Err(error) = provider.remove_range(&RemoveRange::new(id.clone())).await {
            left.push(format!("the range {id}: {error}"));
        }
    }
    for id in added.blocks.into_iter().rev() {
        if let Err(error) = provider.remove_block(&RemoveBlock::new(id.clone())).await {
            left.push(format!("the block {id}: {error}"));
        }
    }
    let more = left.len().saturating_sub(MAX_LEFT);
    left.truncate(MAX_LEFT);
    if more > 0 {
        left.push(format!("{more} more"));
    }
    left
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use futures_executor::block_on;

    use super::*;
    use crate::plan::{Importer, Plan};
    use crate::{Find, ListBlocks, ListRanges, MemoryProvider};

    /// Checked as if the provider were empty: what a check cannot foresee.
    async fn apply_to(provider: &MemoryProvider, text: &str) -> Result<Imported, ImportError> {
        let checked = Plan::from_csv(text).unwrap().check();
        assert_eq!(checked.conflicts().count(), 0);
        Importer::new(provider).apply(&checked).await
    }

    #[test]
    fn what_fails_half_way_is_undone() {
        block_on(async {
            let provider = MemoryProvider::new();
            let plan = "kind,id,net,range,address,key\nblock,b,10.0.0.0/8,,,\nrange,r,10.0.0.0/24,,,\n\
                allocation,,,r,10.0.0.1,one\nallocation,,,r,10.0.0.2,two\n";
            apply_to(&provider, "kind,id,net,range,address,key\nrange,x,10.9.0.0/24,,,\nallocation,,,x,10.9.0.1,two\n")
                .await
                .unwrap();
            let error = apply_to(&provider, plan).await.unwrap_err();
            assert_eq!((error.cause.kind(), error.left.len()), (ErrorKind::Conflict, 0), "{error:?}");
            assert!(provider.list_blocks(&ListBlocks::all()).await.unwrap().items.is_empty());
            let ranges = provider.list_ranges(&ListRanges::all()).await.unwrap().items;
            assert_eq!(ranges.iter().map(|range| range.id.as_str()).collect::<Vec<_>>(), ["x"]);
            let found = provider.find(&Find::default()).await.unwrap().items;
            assert_eq!(found.iter().map(|found| found.address.to_string()).collect::<Vec<_>>(), ["10.9.0.1"]);
        });
    }

    #[test]
    fn what_is_there_already_stops_it_and_stays() {
        block_on(async {
            let provider = MemoryProvider::new();
            let plan = "kind,id,net\nblock,b,10.0.0.0/8\nrange,r,10.0.0.0/24\n";
            apply_to(&provider, plan).await.unwrap();
            assert_eq!(apply_to(&provider, plan).await.unwrap_err().cause.kind(), ErrorKind::AlreadyExists);
            assert_eq!(provider.list_blocks(&ListBlocks::all()).await.unwrap().items.len(), 1);
        });
    }

    #[test]
    fn a_plan_in_conflict_is_not_applied() {
        block_on(async {
            let provider = MemoryProvider::new();
            let plan = Plan::from_csv("kind,id,net\nrange,a,10.0.0.0/24\nrange,b,10.0.0.0/25\n").unwrap();
            let error = Importer::new(&provider).apply(&plan.check()).await.unwrap_err();
            assert_eq!((error.cause.kind(), error.left.len()), (ErrorKind::Conflict, 0));
            assert!(error.to_string().contains("line 3: range b 10.0.0.0/25: it overlaps"), "{error}");
            assert!(provider.list_ranges(&ListRanges::all()).await.unwrap().items.is_empty());
        });
    }
}
