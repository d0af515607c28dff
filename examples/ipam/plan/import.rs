//! Applying a plan: all of it, or nothing.

use futures_util::StreamExt;
use ipam_core::{AllocationKey, BlockId, Deallocate, Error, IpamProvider, RangeId, RemoveBlock, RemoveRange, Target};

use super::check::{Judgement, request};
use crate::progress::Progress;

/// How many addresses are taken at a time. A store on disk writes what waits together.
const AT_ONCE: usize = 64;

/// What was added so far, for taking it back.
#[derive(Debug, Default)]
struct Applied {
    blocks: Vec<BlockId>,
    ranges: Vec<RangeId>,
    keys: Vec<AllocationKey>,
}

/// Why a plan was not applied, and what could not be undone.
#[derive(Debug)]
pub(crate) struct ImportError {
    pub(crate) cause: Error,
    /// What is left behind; empty when all was undone.
    pub(crate) left: Vec<String>,
}

/// Adds what the judgement found new. If one thing fails, what was added before it is taken back.
pub(crate) async fn apply(
    provider: &dyn IpamProvider,
    judgement: &Judgement,
    progress: &Progress,
) -> Result<(), ImportError> {
    let mut applied = Applied::default();
    let Err(cause) = add(provider, judgement, progress, &mut applied).await else { return Ok(()) };
    let left = undo(provider, applied).await;
    Err(ImportError { cause, left })
}

async fn add(
    provider: &dyn IpamProvider,
    judgement: &Judgement,
    progress: &Progress,
    applied: &mut Applied,
) -> Result<(), Error> {
    let mut blocks: Vec<_> = judgement.blocks.iter().collect();
    blocks.sort_by_key(|block| block.net.prefix_len());
    for block in blocks {
        provider.define_block(block).await?;
        applied.blocks.push(block.id.clone());
        progress.step();
    }
    for range in &judgement.ranges {
        provider.define_range(range).await?;
        applied.ranges.push(range.id.clone());
        progress.step();
    }
    let requests: Vec<_> = judgement.addresses.iter().map(request).collect();
    let answers = futures_util::stream::iter(requests.iter())
        .map(|request| async move { (request.key.clone(), provider.allocate(request).await) })
        .buffer_unordered(AT_ONCE);
    futures_util::pin_mut!(answers);
    let mut failed = None;
    // Also after a failure the rest is waited for: what is under way may yet be taken, and has to be known.
    while let Some((key, answer)) = answers.next().await {
        match answer {
            Ok(_) => {
                applied.keys.extend(key);
                progress.step();
            }
            Err(error) => {
                // The outcome may be unknown; giving back a key that took nothing is no error.
                if error.retry() == ipam_core::Retry::IfIdempotent {
                    applied.keys.extend(key);
                }
                failed.get_or_insert(error);
            }
        }
    }
    failed.map_or(Ok(()), Err)
}

async fn undo(provider: &dyn IpamProvider, applied: Applied) -> Vec<String> {
    let mut left = Vec::new();
    for keys in applied.keys.chunks(1_000) {
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
    for id in applied.ranges.into_iter().rev() {
        if let Err(error) = provider.remove_range(&RemoveRange::new(id.clone())).await {
            left.push(format!("the range {id}: {error}"));
        }
    }
    for id in applied.blocks.into_iter().rev() {
        if let Err(error) = provider.remove_block(&RemoveBlock::new(id.clone())).await {
            left.push(format!("the block {id}: {error}"));
        }
    }
    left
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use ipam_core::{ErrorKind, Find, ListBlocks, ListRanges, MemoryProvider};

    use super::*;
    use crate::plan::check::{Present, judge};
    use crate::plan::csv;

    /// Judged by an empty store, applied to another: what nobody could foresee.
    async fn apply_to(provider: &MemoryProvider, text: &str) -> Result<(), ImportError> {
        let judgement = judge(&csv::parse(text).unwrap(), &Present::default());
        assert_eq!(judgement.conflicts().count(), 0);
        apply(provider, &judgement, &Progress::new("importing", 0)).await
    }

    #[tokio::test]
    async fn what_fails_half_way_is_undone() {
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
    }

    #[tokio::test]
    async fn what_is_there_already_stops_it_and_stays() {
        let provider = MemoryProvider::new();
        let plan = "kind,id,net\nblock,b,10.0.0.0/8\nrange,r,10.0.0.0/24\n";
        apply_to(&provider, plan).await.unwrap();
        assert_eq!(apply_to(&provider, plan).await.unwrap_err().cause.kind(), ErrorKind::AlreadyExists);
        assert_eq!(provider.list_blocks(&ListBlocks::all()).await.unwrap().items.len(), 1);
    }
}
