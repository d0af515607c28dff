//! Cases of keys: a repeated request takes nothing more.

use futures_util::FutureExt;

use super::Setup;
use super::allocate::{exactly, next, three_ranges};
use super::bench::Bench;
use super::literals::{ip, lines, net, sorted};
use super::outcome::{CaseResult, check, fail, refused, same};
use super::stage::{Stage, with_retries};
use crate::{Allocate, AllocateLine, Deallocate, ErrorKind, Find, Labels, MAX_ID_LEN, Operation, Patch, Update};

pub(super) async fn returns_the_same_allocations_for_a_repeat(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    let request = keyed(&stage, 3);
    let first = stage.provider.allocate(&request).await?;
    check(!first.repeated, "the first call takes")?;
    stage.take_one().await?;
    // The repeat may come over another connection, or from another process.
    for caller in 0..3 {
        let again = stage.handle(caller).allocate(&request).await?;
        check(again.repeated, "a repeat sets `repeated`")?;
        same(&again.key, &first.key, "the key")?;
        same(&again.lines, &first.lines, "a repeat returns the same allocations")?;
    }
    same(stage.taken("lan").await?.len(), 4, "a repeat takes nothing more")
}

pub(super) async fn repeats_all_lines(bench: &Bench) -> CaseResult {
    let stage = bench.stage(three_ranges()).await?;
    let request = Allocate::new("vm-1")
        .with_key("vm-1/all")
        .with_line(AllocateLine::next(stage.range("b"), 2))
        .with_line(AllocateLine::next(stage.range("a"), 1).or_from(stage.range("c")))
        .with_line(AllocateLine::next(stage.range("a"), 1));
    let first = stage.provider.allocate(&request).await?;
    let again = stage.provider.allocate(&request).await?;
    same(&again.lines, &first.lines, "line by line, in the order asked")?;
    check(again.repeated, "a repeat sets `repeated`")?;
    let found = stage.found(Find::default().with_key("vm-1/all")).await?;
    same(sorted(&found), sorted(first.iter()), "the key finds all lines")
}

pub(super) async fn repeats_when_the_range_is_exhausted(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/30").await?;
    let request = keyed(&stage, 2);
    let first = stage.provider.allocate(&request).await?;
    let again = stage.provider.allocate(&request).await?;
    // A provider that looks for free addresses before it looks up the key fails with Exhausted.
    same(&again.lines, &first.lines, "a repeat needs no free address")
}

pub(super) async fn refuses_another_request_with_the_key(bench: &Bench) -> CaseResult {
    let stage =
        bench.stage(Setup::empty().range("lan", net("10.20.0.0/28")).range("other", net("10.20.1.0/28"))).await?;
    let request = keyed(&stage, 2);
    let first = stage.provider.allocate(&request).await?;
    let line = || next(&stage, 2);
    let with = |line: AllocateLine| Allocate::new("vm-1").with_key("vm-1/nic-0").with_line(line);
    // Each differs from the first request in one part.
    let others = [
        ("another owner", Allocate::new("vm-2").with_key("vm-1/nic-0").with_line(line())),
        ("another number", with(next(&stage, 1))),
        ("another range", with(AllocateLine::next(stage.range("other"), 2))),
        ("a further range", with(line().or_from(stage.range("other")))),
        ("exact addresses", with(exactly(&stage, "10.20.0.1", 2))),
        ("an exclusion", with(line().without(ip("10.20.0.9")))),
        ("another host name", with(line().with_labels(Labels::default().with_hostname("web1")))),
        ("a further line", with(line()).with_line(next(&stage, 1))),
    ];
    for (what, other) in others {
        let error = refused(stage.provider.allocate(&other).await, ErrorKind::Conflict, Operation::Allocate)?;
        check(error.to_string().contains("key"), format_args!("{what}: the error speaks of the key: {error}"))?;
    }
    same(stage.taken("lan").await?, sorted(first.iter()), "a refused request takes nothing")?;
    same(stage.taken_texts("other").await?, [""; 0], "nothing is taken in the other range either")
}

pub(super) async fn compares_keys_byte_by_byte(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    // Case, a trailing blank and Cyrillic: collations of databases treat some of these as equal.
    for (key, expected) in [("k", "10.20.0.1"), ("K", "10.20.0.2"), ("k ", "10.20.0.3"), ("ключ-1", "10.20.0.4")] {
        let request = Allocate::one("vm-1", stage.range("lan")).with_key(key);
        same(stage.one(request.clone()).await?.address, ip(expected), format_args!("{key:?} is a key of its own"))?;
        same(stage.one(request).await?.address, ip(expected), format_args!("{key:?} repeated"))?;
    }
    Ok(())
}

pub(super) async fn keeps_keys_of_the_maximum_length(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    // The keys differ in the last byte only, which a column that truncates would lose.
    let shared = "k".repeat(MAX_ID_LEN - 1);
    for (end, expected) in [("1", "10.20.0.1"), ("2", "10.20.0.2")] {
        let request = Allocate::one("o".repeat(MAX_ID_LEN), stage.range("lan")).with_key(format!("{shared}{end}"));
        same(stage.one(request.clone()).await?.address, ip(expected), "keys that differ in their last byte")?;
        same(stage.one(request).await?.address, ip(expected), "keys that differ in their last byte, repeated")?;
    }
    Ok(())
}

pub(super) async fn refuses_a_repeat_after_partial_deallocation(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    let request = keyed(&stage, 3);
    stage.provider.allocate(&request).await?;
    stage.deallocate_address("10.20.0.2").await?;
    let error = refused(stage.provider.allocate(&request).await, ErrorKind::Conflict, Operation::Allocate)?;
    check(error.to_string().contains("10.20.0.2"), format_args!("the error names the deallocated address: {error}"))?;
    same(stage.taken_texts("lan").await?, ["10.20.0.1", "10.20.0.3"], "a refused repeat takes nothing")?;
    let found = stage.found(Find::default().with_key("vm-1/nic-0")).await?;
    same(found.len(), 2, "the key still has the other allocations")
}

pub(super) async fn reuses_a_key_after_all_are_deallocated(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    let request = keyed(&stage, 2);
    let first = stage.provider.allocate(&request).await?;
    stage.deallocate_address("10.20.0.1").await?;
    stage.deallocate_address("10.20.0.2").await?;
    let second = stage.provider.allocate(&request).await?;
    check(!second.repeated, "the key was free, so this is no repeat")?;
    same(lines(&second), [["10.20.0.1", "10.20.0.2"]], "the request takes addresses again")?;
    check(first.iter().all(|old| second.iter().all(|new| new.id != old.id)), "an id is never used again")?;
    stage.provider.deallocate(&Deallocate::key("vm-1/nic-0")).await?;
    let other = Allocate::one("vm-9", stage.range("lan")).with_key("vm-1/nic-0");
    // A key belongs to its allocations, not to its first owner.
    check(!stage.provider.allocate(&other).await?.repeated, "another request may have a key that is free")?;
    Ok(())
}

pub(super) async fn releases_the_key_of_a_failed_request(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/30").await?;
    refused(stage.provider.allocate(&keyed(&stage, 3)).await, ErrorKind::Exhausted, Operation::Allocate)?;
    same(stage.found(Find::default().with_key("vm-1/nic-0")).await?, [], "a request that failed has nothing")?;
    let result = stage.provider.allocate(&keyed(&stage, 2)).await?;
    // A provider that writes the key before it looks for addresses must undo that too.
    check(!result.repeated, "a key of a request that failed is free for another")
}

pub(super) async fn returns_current_allocations_for_a_repeat(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    let request = keyed(&stage, 1);
    let first = stage.one(request.clone()).await?;
    let update = Update::new(first.id.clone()).with_hostname(Patch::Set("renamed".to_owned()));
    let renamed = stage.provider.update(&update).await?;
    let again = stage.provider.allocate(&request).await?;
    // A provider that compares the request with the stored allocations, and not with the stored request, fails here.
    check(again.repeated, "a change to an allocation does not make the request another")?;
    same(again.lines, [[renamed]], "a repeat shows the allocation as it is now")
}

pub(super) async fn allocates_once_for_concurrent_equal_requests(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/24").await?;
    // Several rounds, because a single one rarely meets the race between the lookup of a key and its insertion.
    for round in 0..3 {
        let request = Allocate::new("vm-1").with_key(format!("vm-1/{round}")).with_line(next(&stage, 2));
        let results = stage.callers(move |_, provider| {
            let request = request.clone();
            async move { with_retries(|| provider.allocate(&request)).await }.boxed()
        });
        let mut first = None;
        let mut took = 0;
        for result in results.await? {
            let result = result?;
            took += usize::from(!result.repeated);
            let first = first.get_or_insert_with(|| result.lines.clone());
            same(&result.lines, &*first, "all callers have the same allocations")?;
        }
        same(took, 1, "one caller took them, the others repeated")?;
        same(stage.taken("lan").await?.len(), 2 * (round + 1), "and nothing else is taken")?;
    }
    Ok(())
}

pub(super) async fn accepts_one_of_concurrent_different_requests(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/24").await?;
    let lan = stage.range("lan");
    let results = stage.callers(move |caller, provider| {
        let request = Allocate::one(format!("vm-{caller}"), lan.clone()).with_key("contested");
        async move { with_retries(|| provider.allocate(&request)).await }.boxed()
    });
    let mut accepted = Vec::new();
    for result in results.await? {
        match result {
            Ok(result) => accepted.extend(result.lines.into_iter().flatten()),
            Err(error) if error.is_conflict() => {}
            Err(error) => return fail(format_args!("the key belongs to another request: {error}")),
        }
    }
    same(accepted.len(), 1, "one of several requests has the key")?;
    same(stage.taken("lan").await?, sorted(&accepted), "and only its address is taken")
}

fn keyed(stage: &Stage, count: u32) -> Allocate {
    Allocate::new("vm-1").with_key("vm-1/nic-0").with_line(next(stage, count))
}
