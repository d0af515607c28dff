//! What stays when the process ends.

use super::Setup;
use super::allocate::next;
use super::bench::Bench;
use super::literals::{ip, net};
use super::outcome::{Verdict, check, same};
use crate::{Allocate, AllocateRange, Deallocate, Find, ListRanges};

pub(super) async fn keeps_acknowledged_changes(bench: &Bench) -> Verdict {
    let stage = bench.stage(Setup::empty().range("lan", net("10.20.0.0/24"))).await?;
    let request = Allocate::new("vm-1").with_key("vm-1").with_line(next(&stage, 3));
    let answer = stage.provider.allocate(&request).await?;
    stage.give_back("10.20.0.2").await?;
    let gone = stage.take_one().await?;
    stage.provider.deallocate(&Deallocate::id(gone.id.clone())).await?;
    let before = stage.found(Find::default().with_range(stage.range("lan"))).await?;
    let ranges = super::ranges::listed(&stage, ListRanges::all()).await?;
    let feed = if stage.can.changes { Some(stage.provider.changes(None, 1_000).await?) } else { None };
    let stage = stage.reopen().await?;
    let after = stage.found(Find::default().with_range(stage.range("lan"))).await?;
    same(after, before, "what was answered stays, and what was given back stays free")?;
    same(super::ranges::listed(&stage, ListRanges::all()).await?, ranges, "so does the plan")?;
    if let Some(feed) = feed {
        same(stage.provider.changes(None, 1_000).await?, feed, "and the feed")?;
    }
    let partly = stage.provider.allocate(&request).await;
    let conflict = partly.as_ref().is_err_and(crate::Error::is_conflict);
    check(conflict, format_args!("the key remembers what it had: {partly:?}"))?;
    let new = stage.take_one().await?;
    same(new.address, ip("10.20.0.2"), "the lowest free one")?;
    let old = answer.iter().chain([&gone]).all(|old| old.id != new.id);
    check(old, "an id is never used again, by a new process neither")
}

pub(super) async fn keeps_keys(bench: &Bench) -> Verdict {
    let stage = bench.stage(Setup::empty().range("lan", net("10.20.0.0/24"))).await?;
    let request = Allocate::new("vm-1").with_key("vm-1").with_line(next(&stage, 2)).with_line(next(&stage, 1));
    let answer = stage.provider.allocate(&request).await?;
    let made = stage.take(next(&stage, 1)).await?;
    let stage = stage.reopen().await?;
    let again = stage.provider.allocate(&request).await?;
    check(again.repeated, "the key outlives the process")?;
    same(&again.lines, &answer.lines, "with the same allocations, line by line")?;
    let fresh = stage.take(next(&stage, 1)).await?;
    check(fresh.key != made.key, "keys that the provider makes do not come again")
}

pub(super) async fn keeps_child_prefixes(bench: &Bench) -> Verdict {
    let stage = bench.stage(Setup::empty().block("campus", net("10.20.0.0/24"))).await?;
    let request = AllocateRange::prefix_len("t", stage.block("campus"), 26).with_key("net-1");
    let answer = stage.provider.allocate_range(&request).await?;
    let stage = stage.reopen().await?;
    let again = stage.provider.allocate_range(&request).await?;
    check(again.repeated, "the key outlives the process")?;
    same(again.range, answer.range, "and so does the range")
}
