//! Cases of durability: state after the process has ended.

use super::Setup;
use super::allocate::next;
use super::bench::Bench;
use super::literals::{ip, net};
use super::outcome::{CaseResult, check, same};
use crate::{Allocate, AllocateRange, Deallocate, Find, ListRanges};

pub(super) async fn keeps_acknowledged_changes(bench: &Bench) -> CaseResult {
    let stage = bench.stage(Setup::empty().range("lan", net("10.20.0.0/24"))).await?;
    let request = Allocate::new("vm-1").with_key("vm-1").with_line(next(&stage, 3));
    let result = stage.provider.allocate(&request).await?;
    // A key with a part of its allocations deallocated: the state that is easiest to lose.
    stage.deallocate_address("10.20.0.2").await?;
    let gone = stage.take_one().await?;
    stage.provider.deallocate(&Deallocate::id(gone.id.clone())).await?;
    let before = stage.found(Find::default().with_range(stage.range("lan"))).await?;
    let ranges = super::ranges::listed(&stage, ListRanges::all()).await?;
    // The feed too: a reader continues from its position after the restart.
    let feed = if stage.can.changes { Some(stage.provider.changes(None, 1_000).await?) } else { None };
    let stage = stage.reopen().await?;
    let after = stage.found(Find::default().with_range(stage.range("lan"))).await?;
    same(after, before, "acknowledged allocations are kept, and deallocated addresses stay free")?;
    same(super::ranges::listed(&stage, ListRanges::all()).await?, ranges, "the ranges are kept")?;
    if let Some(feed) = feed {
        same(stage.provider.changes(None, 1_000).await?, feed, "the feed is kept")?;
    }
    let partly = stage.provider.allocate(&request).await;
    let conflict = partly.as_ref().is_err_and(crate::Error::is_conflict);
    check(conflict, format_args!("the key keeps its partial deallocation: {partly:?}"))?;
    let new = stage.take_one().await?;
    same(new.address, ip("10.20.0.2"), "the lowest free one")?;
    let old = result.iter().chain([&gone]).all(|old| old.id != new.id);
    check(old, "an id is never used again, also after a restart")
}

pub(super) async fn keeps_keys(bench: &Bench) -> CaseResult {
    let stage = bench.stage(Setup::empty().range("lan", net("10.20.0.0/24"))).await?;
    let request = Allocate::new("vm-1").with_key("vm-1").with_line(next(&stage, 2)).with_line(next(&stage, 1));
    let result = stage.provider.allocate(&request).await?;
    let made = stage.take(next(&stage, 1)).await?;
    let stage = stage.reopen().await?;
    let again = stage.provider.allocate(&request).await?;
    check(again.repeated, "the key outlives the process")?;
    same(&again.lines, &result.lines, "with the same allocations, line by line")?;
    // A counter in memory starts again after the restart, and would return a key that is in use.
    let fresh = stage.take(next(&stage, 1)).await?;
    check(fresh.key != made.key, "a generated key is never generated again")
}

pub(super) async fn keeps_child_prefixes(bench: &Bench) -> CaseResult {
    let stage = bench.stage(Setup::empty().block("campus", net("10.20.0.0/24"))).await?;
    let request = AllocateRange::prefix_len("t", stage.block("campus"), 26).with_key("net-1");
    let result = stage.provider.allocate_range(&request).await?;
    let stage = stage.reopen().await?;
    let again = stage.provider.allocate_range(&request).await?;
    check(again.repeated, "the key outlives the process")?;
    same(again.range, result.range, "the range is kept")
}
