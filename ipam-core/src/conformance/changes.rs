//! Cases of `changes`, the feed.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::FutureExt;

use super::Setup;
use super::allocate::{next, three_ranges};
use super::bench::Bench;
use super::literals::{ip, net};
use super::outcome::{CaseResult, check, fail, refused, same, some};
use super::stage::{Stage, with_retries};
use crate::{
    Allocate, AllocateLine, AllocateRange, Change, ChangeKind, ChangePosition, Deallocate, DeallocateRange,
    DefineBlock, DefineRange, ErrorKind, IpamProvider, Operation, Patch, RemoveBlock, RemoveRange, Update, UpdateBlock,
    UpdateRange,
};

/// Upper limit of reads, above what any case needs. A feed without end fails the case instead of hanging it.
const TOO_MANY: usize = 5_000;

pub(super) async fn lists_changes_in_order(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    let start = now(&stage).await?;
    let first = stage.one(Allocate::one("vm-1", stage.range("lan")).with_key("vm-1")).await?;
    let two = stage.provider.allocate(&Allocate::new("vm-2").with_key("vm-2").with_line(next(&stage, 2))).await?;
    stage.provider.deallocate(&Deallocate::id(first.id.clone())).await?;
    stage.provider.deallocate(&Deallocate::key("vm-2")).await?;
    let feed = read(&*stage.provider, Some(start), 100).await?;
    let listed_changes: Vec<(ChangeKind, Option<String>)> =
        feed.iter().map(|change| (change.kind, change.address.map(|address| address.to_string()))).collect();
    let all = [
        (ChangeKind::Allocated, "10.20.0.1"),
        (ChangeKind::Allocated, "10.20.0.2"),
        (ChangeKind::Allocated, "10.20.0.3"),
        (ChangeKind::Deallocated, "10.20.0.1"),
        (ChangeKind::Deallocated, "10.20.0.2"),
        (ChangeKind::Deallocated, "10.20.0.3"),
    ];
    let expected: Vec<_> = all.into_iter().map(|(kind, address)| (kind, Some(address.to_owned()))).collect();
    same(listed_changes, expected, "oldest first, each change once")?;
    for change in &feed {
        let allocation = some(
            std::iter::once(&first).chain(two.iter()).find(|allocation| Some(allocation.address) == change.address),
            "allocation of this address",
        )?;
        same(&change.space, &allocation.space, "the space")?;
        same(change.range.as_ref(), Some(&allocation.range), "the range")?;
        same(change.allocation.as_ref(), Some(&allocation.id), "the allocation")?;
        same(change.owner.as_ref(), allocation.owner.as_ref(), "the owner")?;
        same(change.key.as_ref(), allocation.key.as_ref(), "the key")?;
        same(change.block.as_ref(), None, "a change of an allocation names no block")?;
    }
    // Positions order the feed. Times may be equal, but a reader sorts by them, so they must not decrease.
    let mut times: Vec<_> = feed.iter().map(|change| change.at).collect();
    let listed_changes = times.clone();
    times.sort();
    same(listed_changes, times, "times are in ascending order")
}

pub(super) async fn lists_updates_of_allocations(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    let allocation = stage.take_one().await?;
    let start = now(&stage).await?;
    let update = Update::new(allocation.id.clone()).with_hostname(Patch::Set("web1".to_owned()));
    stage.provider.update(&update).await?;
    let feed = read(&*stage.provider, Some(start), 100).await?;
    let listed_changes: Vec<_> = feed.iter().map(|change| (change.kind, change.allocation.clone())).collect();
    same(listed_changes, [(ChangeKind::Updated, Some(allocation.id))], "the feed lists the update")
}

pub(super) async fn lists_changes_of_ranges(bench: &Bench) -> CaseResult {
    let stage = bench.stage(Setup::empty()).await?;
    let start = now(&stage).await?;
    let provider = &stage.provider;
    provider.define_range(&DefineRange::new("lan", net("10.20.0.0/28"))).await?;
    provider.update_range(&UpdateRange::new("lan").with_name(Patch::Set("New".to_owned()))).await?;
    stage.take(next(&stage, 1)).await?;
    provider.remove_range(&RemoveRange::new("lan").with_allocations(true)).await?;
    let feed = read(&**provider, Some(start), 100).await?;
    let mut kinds: Vec<ChangeKind> = feed.iter().map(|change| change.kind).collect();
    // The contract leaves open whether the deallocations come before or after the removal of the range.
    kinds.retain(|kind| *kind != ChangeKind::Deallocated);
    let expected =
        [ChangeKind::RangeDefined, ChangeKind::RangeUpdated, ChangeKind::Allocated, ChangeKind::RangeRemoved];
    same(kinds, expected, "the feed lists definition, update and removal of the range")?;
    let ended = feed.iter().filter(|change| change.kind == ChangeKind::Deallocated).map(|change| change.address);
    same(
        ended.collect::<Vec<_>>(),
        [Some(ip("10.20.0.1"))],
        "the feed lists the allocations that were deallocated with the range",
    )?;
    let all = feed.iter().all(|change| change.range.as_ref().map(AsRef::as_ref) == Some("lan"));
    check(all, "all changes name the range")
}

pub(super) async fn lists_expired_allocations(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/30").await?;
    let start = now(&stage).await?;
    let line = next(&stage, 1).with_expiry(Some(stage.ticks(2)));
    let old = stage.one(Allocate::new("vm-1").with_key("vm-1").with_line(line)).await?;
    stage.wait(3).await?;
    let new = stage.take_one().await?;
    same(new.address, old.address, "the address can be allocated again")?;
    let feed = read(&*stage.provider, Some(start), 100).await?;
    let listed_changes: Vec<_> = feed.iter().map(|change| (change.kind, change.allocation.clone())).collect();
    let (old, new) = (Some(old.id), Some(new.id));
    let expected = [(ChangeKind::Allocated, old.clone()), (ChangeKind::Expired, old), (ChangeKind::Allocated, new)];
    same(listed_changes, expected, "the feed lists the expiry before the next allocation of the address")
}

pub(super) async fn lists_changes_of_blocks(bench: &Bench) -> CaseResult {
    let stage = bench.stage(Setup::empty()).await?;
    let start = now(&stage).await?;
    let provider = &stage.provider;
    provider.define_block(&DefineBlock::new("campus", net("10.20.0.0/16"))).await?;
    provider.update_block(&UpdateBlock::new("campus").with_name(Patch::Set("New".to_owned()))).await?;
    let child = AllocateRange::prefix_len("tenant-7", "campus", 24).with_key("net-1");
    let range = provider.allocate_range(&child).await?.range;
    // A repeat: the feed must not list it.
    provider.allocate_range(&child).await?;
    provider.deallocate_range(&DeallocateRange::key("net-1")).await?;
    provider.remove_block(&RemoveBlock::new("campus")).await?;
    let feed = read(&**provider, Some(start), 100).await?;
    let kinds: Vec<ChangeKind> = feed.iter().map(|change| change.kind).collect();
    let expected = [
        ChangeKind::BlockDefined,
        ChangeKind::BlockUpdated,
        ChangeKind::RangeDefined,
        ChangeKind::RangeRemoved,
        ChangeKind::BlockRemoved,
    ];
    same(kinds, expected, "the feed lists the changes of the block and of its child prefix")?;
    for change in &feed {
        match change.kind {
            ChangeKind::RangeDefined | ChangeKind::RangeRemoved => {
                same(change.range.as_ref(), Some(&range.id), "the range")?;
                same(change.owner.as_ref(), range.owner.as_ref(), "the owner")?;
                same(change.key.as_ref(), range.key.as_ref(), "the key of the request that allocated it")?;
            }
            _ => same(change.block.as_ref().map(AsRef::as_ref), Some("campus"), "the block")?,
        }
    }
    Ok(())
}

pub(super) async fn omits_failed_and_repeated_requests(bench: &Bench) -> CaseResult {
    let stage = bench.stage(three_ranges()).await?;
    let request = Allocate::one("vm-1", stage.range("a")).with_key("vm-1");
    stage.provider.allocate(&request).await?;
    let start = now(&stage).await?;
    let failing = Allocate::new("vm-2")
        .with_line(AllocateLine::next(stage.range("b"), 2))
        .with_line(AllocateLine::next(stage.range("c"), 3));
    refused(stage.provider.allocate(&failing).await, ErrorKind::Exhausted, Operation::Allocate)?;
    stage.provider.allocate(&request).await?;
    stage.provider.deallocate(&Deallocate::key("no-such-key")).await?;
    if stage.can.preview {
        stage.provider.preview_allocate(&Allocate::one("vm-3", stage.range("b"))).await?;
    }
    same(read(&*stage.provider, Some(start), 100).await?, [], "failures, repeats and previews are no changes")
}

pub(super) async fn is_the_same_for_every_limit(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/27").await?;
    for _ in 0..3 {
        let result = stage.take(next(&stage, 3)).await?;
        stage.provider.deallocate(&Deallocate::key(result.key)).await?;
    }
    let whole = read(&*stage.provider, None, 1_000).await?;
    // More is right too: the definition of the range may be in the feed.
    check(whole.len() >= 18, format_args!("9 addresses came and went; the feed has {}", whole.len()))?;
    for limit in [1, 2, 3, 5, 7] {
        let cut = read(&*stage.provider, None, limit).await?;
        same(&cut, &whole, format_args!("read {limit} at a time"))?;
    }
    // A position per transaction would make it impossible to continue inside a request of several addresses.
    let positions: BTreeSet<&ChangePosition> = whole.iter().map(|change| &change.position).collect();
    same(positions.len(), whole.len(), "each entry has a position of its own")?;
    for (index, change) in whole.iter().enumerate() {
        let rest = read(&*stage.provider, Some(change.position.clone()), 1_000).await?;
        let expected: Vec<_> = whole.iter().skip(index + 1).cloned().collect();
        same(rest, expected, "the position of an entry is where to continue after it")?;
    }
    Ok(())
}

pub(super) async fn returns_the_position_to_continue_from(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    stage.take_one().await?;
    let mut position = now(&stage).await?;
    for expected in ["10.20.0.2", "10.20.0.3"] {
        for _ in 0..2 {
            let quiet = stage.provider.changes(Some(&position), 10).await?;
            same(quiet.items, [], "nothing new yet")?;
            // The position of an empty result must stay valid, also if it is used again.
            position = quiet.next;
        }
        stage.take_one().await?;
        let news = stage.provider.changes(Some(&position), 10).await?;
        let listed_changes: Vec<_> = news.items.iter().map(|change| change.address).collect();
        same(listed_changes, [Some(ip(expected))], "the new change, and only that")?;
        position = news.next;
    }
    Ok(())
}

pub(super) async fn returns_no_changes_for_a_limit_of_zero(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    stage.take(next(&stage, 3)).await?;
    let whole = read(&*stage.provider, None, 100).await?;
    let start = stage.provider.changes(None, 0).await?;
    same(start.items, [], "a limit of 0 returns no changes")?;
    same(
        read(&*stage.provider, Some(start.next), 100).await?,
        whole.clone(),
        "and the position of the start of the feed",
    )?;
    let first = some(whole.first(), "entry")?;
    let there = stage.provider.changes(Some(&first.position), 0).await?;
    same(there.items, [], "nothing is taken in the other range either")?;
    let rest: Vec<_> = whole.iter().skip(1).cloned().collect();
    same(read(&*stage.provider, Some(there.next), 100).await?, rest, "and the position does not move")
}

pub(super) async fn is_complete_during_concurrent_writes(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/22").await?;
    let start = now(&stage).await?;
    let (lan, calls) = (stage.range("lan"), stage.limits().calls);
    // The last caller reads. Ids that are issued before a commit would become visible out of order here.
    let writers = stage.limits().tasks.saturating_sub(1).max(1);
    let busy = Arc::new(AtomicUsize::new(writers));
    let results = stage.callers(move |caller, provider| {
        let (lan, start, busy) = (lan.clone(), start.clone(), Arc::clone(&busy));
        async move {
            if caller < writers {
                let written = write(&*provider, &lan, caller, calls).await;
                busy.fetch_sub(1, Ordering::SeqCst);
                return written.map(Listed::Written);
            }
            // The reader uses small pages, and reads once more after the last writer has ended: a change that a
            // writer committed just before its end must still arrive.
            let (mut position, mut seen) = (start, Vec::new());
            for _ in 0..TOO_MANY {
                let last = busy.load(Ordering::SeqCst) == 0;
                let part = provider.changes(Some(&position), 3).await?;
                position = part.next;
                let quiet = part.items.is_empty();
                seen.extend(part.items);
                if quiet && last {
                    return Ok(Listed::Read(seen));
                }
                if quiet {
                    super::threads::sleep(std::time::Duration::from_millis(1)).await;
                }
            }
            fail("the feed does not end")
        }
        .boxed()
    });
    let (mut written, mut read_along) = (Vec::new(), Vec::new());
    for result in results.await? {
        match result? {
            Listed::Written(ids) => written.extend(ids),
            Listed::Read(changes) => read_along = changes,
        }
    }
    let mut seen: Vec<(String, bool)> = Vec::new();
    for change in &read_along {
        let id = some(change.allocation.as_ref(), "allocation in an entry about one")?.to_string();
        let came = change.kind == ChangeKind::Allocated;
        let twice = seen.contains(&(id.clone(), came));
        check(!twice, format_args!("the feed lists a change of {id} twice: {change:?}"))?;
        let order = came || seen.contains(&(id.clone(), true));
        check(order, format_args!("the feed lists the deallocation of {id} before its allocation: {change:?}"))?;
        seen.push((id, came));
    }
    for id in &written {
        for came in [true, false] {
            let listed_changes = seen.contains(&(id.clone(), came));
            check(listed_changes, format_args!("the feed omits a change of {id} (allocated: {came})"))?;
        }
    }
    same(seen.len(), 2 * written.len(), "the feed lists nothing else")
}

pub(super) async fn refuses_an_unknown_position(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    // A position of zero bytes or beyond the end must not be read as the start.
    for text in ["no-such-position", "", "99999999999999999999999999999999999999999999", "é"] {
        let position = ChangePosition::from(text);
        refused(stage.provider.changes(Some(&position), 10).await, ErrorKind::InvalidInput, Operation::Changes)?;
    }
    Ok(())
}

enum Listed {
    Written(Vec<String>),
    Read(Vec<Change>),
}

/// Allocates and deallocates. Returns the ids of the allocations.
async fn write(
    provider: &dyn IpamProvider,
    lan: &crate::RangeId,
    caller: usize,
    calls: usize,
) -> CaseResult<Vec<String>> {
    let mut ids = Vec::new();
    for call in 0..calls {
        let request = Allocate::new(format!("writer-{caller}"))
            .with_key(format!("{caller}/{call}"))
            .with_line(AllocateLine::next(lan.clone(), 2));
        let result = with_retries(|| provider.allocate(&request)).await?;
        ids.extend(result.iter().map(|allocation| allocation.id.to_string()));
        let back = Deallocate::key(result.key);
        with_retries(|| provider.deallocate(&back)).await?;
    }
    Ok(ids)
}

/// Returns the position after the latest change.
async fn now(stage: &Stage) -> CaseResult<ChangePosition> {
    let mut position = stage.provider.changes(None, 0).await?.next;
    for _ in 0..TOO_MANY {
        let part = stage.provider.changes(Some(&position), 1_000).await?;
        if part.items.is_empty() {
            return Ok(part.next);
        }
        position = part.next;
    }
    fail("the feed does not end")
}

/// Returns all changes after `since`, read `limit` at a time.
async fn read(provider: &dyn IpamProvider, since: Option<ChangePosition>, limit: u32) -> CaseResult<Vec<Change>> {
    let (mut position, mut all) = (since, Vec::new());
    for _ in 0..TOO_MANY {
        let part = provider.changes(position.as_ref(), limit).await?;
        if part.items.is_empty() {
            return Ok(all);
        }
        let fits = part.items.len() <= usize::try_from(limit).unwrap_or(usize::MAX);
        check(fits, format_args!("at most {limit} were requested, {} were returned", part.items.len()))?;
        all.extend(part.items);
        position = Some(part.next);
    }
    fail("the feed does not end")
}
