//! Cases of `close`.

use std::sync::Arc;

use futures_util::FutureExt;

use super::allocate::next;
use super::bench::Bench;
use super::literals::{net, sorted};
use super::outcome::{CaseResult, Stop, check, fail, same};
use super::stage::with_retries;
use super::{Setup, join};
use crate::{
    Allocate, AllocateLine, Allocation, Deallocate, Error, ErrorKind, Find, IpamProvider, ListBlocks, ListRanges,
    Operation, Result, Retry, Sweep, Update,
};

pub(super) async fn can_be_repeated(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/24").await?;
    stage.take_one().await?;
    for _ in 0..3 {
        // Another handle of the same provider, which is closed with it.
        let handle: Arc<dyn IpamProvider> = Arc::new(Arc::clone(&stage.provider));
        handle.close().await?;
        stage.provider.close().await?;
    }
    Ok(())
}

pub(super) async fn works_or_reports_that_it_is_closed(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/24").await?;
    let provider = &stage.provider;
    let kept = stage.take_one().await?;
    provider.close().await?;
    let find = Find::default().with_range(stage.range("lan"));
    if let Some(page) = closed(Operation::Find, provider.find(&find).await)? {
        same(page.items, [kept.clone()], "a provider that still works keeps its allocations")?;
    }
    let line = AllocateLine::next(stage.range("lan"), 1);
    if let Some(result) = closed(Operation::Allocate, provider.allocate(&Allocate::new("late").with_line(line)).await)?
    {
        let mut both = sorted(result.iter());
        check(!both.contains(&kept.address), "no address is allocated twice, also after `close`")?;
        both.push(kept.address);
        both.sort_unstable();
        same(stage.taken("lan").await?, both, "a provider that still works keeps what it acknowledges")?;
    }
    // All other operations. Each must work or say that the provider was closed; none may hang or fail otherwise.
    closed(Operation::Check, provider.check().await)?;
    closed(Operation::ListRanges, provider.list_ranges(&ListRanges::all()).await)?;
    if stage.can.blocks {
        closed(Operation::ListBlocks, provider.list_blocks(&ListBlocks::all()).await)?;
    }
    if stage.can.usage {
        closed(Operation::Usage, provider.usage(&[stage.range("lan")]).await)?;
    }
    if stage.can.changes {
        closed(Operation::Changes, provider.changes(None, 1).await)?;
    }
    if stage.can.sweep {
        closed(Operation::Sweep, provider.sweep(&Sweep::new()).await)?;
    }
    if stage.can.update {
        closed(Operation::Update, provider.update(&Update::new(kept.id.clone())).await)?;
    }
    closed(Operation::Deallocate, provider.deallocate(&Deallocate::id(kept.id)).await)?;
    provider.close().await?;
    Ok(())
}

pub(super) async fn keeps_acknowledged_changes(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/24").await?;
    let request = Allocate::new("vm-1").with_key("vm-1").with_line(next(&stage, 3));
    let result = stage.provider.allocate(&request).await?;
    let gone = stage.take_one().await?;
    stage.take_one().await?;
    stage.provider.deallocate(&Deallocate::id(gone.id)).await?;
    let before = stage.found(Find::default().with_range(stage.range("lan"))).await?;
    stage.provider.close().await?;
    let stage = stage.reopen().await?;
    let after = stage.found(Find::default().with_range(stage.range("lan"))).await?;
    same(after, before, "allocations acknowledged before `close` are found after reopening")?;
    let again = stage.provider.allocate(&request).await?;
    check(again.repeated, "the key is kept too")?;
    same(again.lines, result.lines, "with the same allocations")
}

pub(super) async fn finishes_pending_requests(bench: &Bench) -> CaseResult {
    let stage = bench.stage(Setup::empty().range("lan", net("10.20.0.0/22"))).await?;
    let (lan, calls, callers) = (stage.range("lan"), stage.limits().calls, stage.limits().tasks);
    let futures = (0..callers).map(|caller| {
        let (lan, provider) = (lan.clone(), Arc::clone(&stage.provider));
        async move {
            let mut taken: Vec<Allocation> = Vec::new();
            for call in 0..calls {
                // The first caller closes half-way, while the others have calls in flight.
                if caller == 0 && call == calls / 2 {
                    provider.close().await?;
                }
                let line = AllocateLine::next(lan.clone(), 1);
                let request = Allocate::new("vm").with_key(format!("vm-{caller}/{call}")).with_line(line);
                match with_retries(|| provider.allocate(&request)).await {
                    Ok(result) => taken.extend(result.lines.into_iter().flatten()),
                    Err(error) => said_so(Operation::Allocate, &error)?,
                }
            }
            Ok::<_, Stop>(taken)
        }
        .boxed()
    });
    let results = join::all(&stage.harness, futures.collect()).await;
    let mut acknowledged = Vec::new();
    for result in results {
        match result {
            Some(taken) => acknowledged.extend(taken?),
            None => return fail("a caller's thread panicked"),
        }
    }
    let stage = stage.reopen().await?;
    let found = stage.found(Find::default().with_range(stage.range("lan"))).await?;
    for allocation in &acknowledged {
        check(found.contains(allocation), format_args!("acknowledged during `close`, and lost: {allocation:?}"))?;
    }
    let mut addresses = sorted(&found);
    addresses.dedup();
    same(addresses.len(), found.len(), "never twice")
}

pub(super) async fn does_not_affect_other_providers(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/24").await?;
    // Two providers in one process may share a cache of connections, which `close` must not end.
    let Some(other) = stage.harness.open_another(&stage.fixture).await else {
        return Err(Stop::Skip("the harness cannot open another provider of the same store".to_owned()));
    };
    let kept = stage.take_one().await?;
    let theirs = other.allocate(&Allocate::new("other").with_line(next(&stage, 1))).await?;
    stage.provider.close().await?;
    let late = other.allocate(&Allocate::new("other").with_line(next(&stage, 1))).await?;
    let mut expected = sorted(theirs.iter().chain(late.iter()).chain([&kept]));
    let find = Find::default().with_range(stage.range("lan"));
    let found = super::pages::find(&*other, &find).await?;
    same(sorted(&found), expected.clone(), "another provider of the same store still works, and sees all allocations")?;
    other.deallocate(&Deallocate::id(kept.id)).await?;
    expected.retain(|address| *address != kept.address);
    let found = super::pages::find(&*other, &find).await?;
    same(sorted(&found), expected, "it may deallocate what the closed provider allocated")
}

/// Returns the result of a provider that still works, or `None` if the error says that it was closed.
fn closed<T>(operation: Operation, result: Result<T>) -> CaseResult<Option<T>> {
    match result {
        Ok(result) => Ok(Some(result)),
        Err(error) => said_so(operation, &error).map(|()| None),
    }
}

/// Checks that the error says that the provider was closed and that the call was not applied.
fn said_so(operation: Operation, error: &Error) -> CaseResult {
    let unavailable = error.kind() == ErrorKind::Unavailable;
    check(
        unavailable,
        format_args!("{operation} after `close` must work or fail with Unavailable, but failed with: {error}"),
    )?;
    check(
        error.to_string().contains("closed"),
        format_args!("the error must say that the provider was closed: {error}"),
    )?;
    check(error.retry() != Retry::IfIdempotent, format_args!("the error must say that nothing was applied: {error}"))
}
