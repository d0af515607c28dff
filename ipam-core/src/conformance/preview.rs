//! Cases of `preview_allocate`: the addresses that `allocate` would take.

use super::Setup;
use super::allocate::{exactly, exactly_in, from, next, three_ranges};
use super::bench::Bench;
use super::literals::{candidates, ip, lines, net};
use super::outcome::{CaseResult, check, refused, same};
use super::stage::Stage;
use crate::{Allocate, AllocateLine, Candidate, ErrorKind, Operation, Placement, Selection};

pub(super) async fn returns_what_the_next_call_takes(bench: &Bench) -> CaseResult {
    let setup = three_ranges().range("lan", net("10.20.9.0/27"));
    let stage = bench.stage(setup).await?;
    stage.take(exactly(&stage, "10.20.9.2", 2)).await?;
    let mut requests = vec![
        Allocate::new("vm-1").with_line(next(&stage, 3)),
        Allocate::new("vm-1").with_line(next(&stage, 1).without(ip("10.20.9.6"))),
        Allocate::new("vm-1").with_line(exactly(&stage, "10.20.9.20", 2)),
        Allocate::new("vm-1").with_key("vm-1").with_line(from(&stage, 2, &["b", "a"])),
        Allocate::new("vm-1")
            .with_line(from(&stage, 2, &["b", "a"]))
            .with_line(next(&stage, 1))
            .with_line(from(&stage, 1, &["c"]))
            .with_line(next(&stage, 2)),
    ];
    if stage.can.contiguous {
        for (count, placement) in [(3, Placement::Contiguous), (4, Placement::Aligned)] {
            let line = AllocateLine::new(stage.range("lan"), Selection::Next { count, placement });
            requests.push(Allocate::new("vm-1").with_line(line));
        }
    }
    // Each request is previewed and then taken, so that the next one starts from another state.
    for request in requests {
        let preview = stage.provider.preview_allocate(&request).await?;
        let result = stage.provider.allocate(&request).await?;
        same(
            candidates(&preview),
            lines(&result),
            format_args!("the preview names the addresses that allocate takes: {request:?}"),
        )?;
        let ranges = preview.lines.iter().flatten().map(|candidate| &candidate.range).collect::<Vec<_>>();
        same(ranges, result.iter().map(|a| &a.range).collect::<Vec<_>>(), "and their ranges")?;
    }
    Ok(())
}

pub(super) async fn takes_nothing(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/29").await?;
    let request = Allocate::new("vm-1").with_key("vm-1").with_line(next(&stage, 6));
    let first = stage.provider.preview_allocate(&request).await?;
    for _ in 0..3 {
        // A provider that allocates and undoes for a preview moves on to the next addresses.
        same(&stage.provider.preview_allocate(&request).await?, &first, "a preview holds nothing for the next call")?;
    }
    stage.nothing_taken().await?;
    let other = Allocate::new("vm-2").with_key("vm-1").with_line(next(&stage, 1));
    check(!stage.provider.allocate(&other).await?.repeated, "a preview does not use its key")
}

pub(super) async fn returns_the_allocations_of_a_used_key(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    let request = Allocate::new("vm-1").with_key("vm-1").with_line(next(&stage, 2)).with_line(next(&stage, 1));
    let result = stage.provider.allocate(&request).await?;
    stage.take_one().await?;
    let preview = stage.provider.preview_allocate(&request).await?;
    let has: Vec<Vec<Candidate>> = result
        .lines
        .iter()
        .map(|line| line.iter().map(|a| Candidate::new(a.range.clone(), a.address)).collect())
        .collect();
    same(preview.lines, has, "the preview of a used key has its allocations")?;
    let other = Allocate::new("vm-1").with_key("vm-1").with_line(next(&stage, 2));
    refused(stage.provider.preview_allocate(&other).await, ErrorKind::Conflict, Operation::PreviewAllocate)?;
    Ok(())
}

pub(super) async fn fails_like_allocate(bench: &Bench) -> CaseResult {
    let stage = bench.stage(three_ranges()).await?;
    stage.take(exactly_in(&stage, "c", "10.20.2.1", 1)).await?;
    let one = |line: AllocateLine| Allocate::new("vm-1").with_line(from(&stage, 1, &["a"])).with_line(line);
    let bad = [
        (ErrorKind::Exhausted, one(from(&stage, 2, &["c"]))),
        (ErrorKind::Conflict, one(exactly_in(&stage, "c", "10.20.2.1", 1))),
        (ErrorKind::InvalidInput, one(exactly_in(&stage, "c", "10.20.0.1", 1))),
        (ErrorKind::NotFound, one(AllocateLine::next("no-such-range", 1))),
        (ErrorKind::InvalidInput, one(from(&stage, 0, &["a"]))),
        (ErrorKind::InvalidInput, Allocate::new("vm-1")),
    ];
    for (kind, request) in bad {
        refused(stage.provider.preview_allocate(&request).await, kind, Operation::PreviewAllocate)?;
        refused(stage.provider.allocate(&request).await, kind, Operation::Allocate)?;
    }
    Ok(())
}

pub(super) async fn previews_different_addresses_for_each_line(bench: &Bench) -> CaseResult {
    let stage: Stage = bench.stage(Setup::empty().range("lan", net("10.20.0.0/29"))).await?;
    let request = Allocate::new("vm-1").with_line(next(&stage, 4)).with_line(next(&stage, 2));
    let preview = stage.provider.preview_allocate(&request).await?;
    let expected: [&[&str]; 2] = [&["10.20.0.1", "10.20.0.2", "10.20.0.3", "10.20.0.4"], &["10.20.0.5", "10.20.0.6"]];
    same(candidates(&preview), expected, "no address is named for two lines")?;
    let more = request.with_line(next(&stage, 1));
    let error =
        refused(stage.provider.preview_allocate(&more).await, ErrorKind::Exhausted, Operation::PreviewAllocate)?;
    same(error.context("line"), Some("2"), format_args!("the context `line` names the line that has no room: {error}"))
}
