//! Cases of expiry.

use std::time::Duration;

use super::allocate::next;
use super::bench::Bench;
use super::literals::{ip, lines, only};
use super::outcome::{CaseResult, check, refused, same, some};
use super::stage::Stage;
use crate::{Allocate, Allocation, Deallocate, ErrorKind, Find, Operation, Patch, Update};

pub(super) async fn expires_an_allocation(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/30").await?;
    let lease = short(&stage, "vm-1").await?;
    let other = stage.take_one().await?;
    check(lease.expires.is_some(), "an allocation with expiry has a time of expiry")?;
    same(other.expires, None, "an allocation without expiry has none")?;
    same(stage.taken_texts("lan").await?, ["10.20.0.1", "10.20.0.2"], "it is listed until it expires")?;
    // Not expired yet, so the range is full.
    refused(stage.take(next(&stage, 1)).await, ErrorKind::Exhausted, Operation::Allocate)?;
    // One tick more than the time that was set: a store may round up to its unit.
    stage.wait(3).await?;
    same(
        stage.found(Find::default().with_range(stage.range("lan"))).await?,
        [other],
        "an expired allocation is not listed",
    )?;
    for gone in [Find::default().with_id(lease.id.clone()), Find::default().with_key("vm-1")] {
        same(stage.found(gone).await?, [], "an expired allocation is not found by id or key")?;
    }
    let late = stage.provider.deallocate(&Deallocate::id(lease.id.clone())).await?;
    check(late.was_free(), "a deallocation of an expired allocation reports it as free")?;
    if stage.can.usage {
        let usage = only(stage.provider.usage(&[stage.range("lan")]).await?)?;
        same((usage.allocated, usage.free), (1, 1), "an expired allocation counts as free")?;
    }
    if stage.can.update {
        refused(stage.provider.update(&Update::new(lease.id.clone())).await, ErrorKind::NotFound, Operation::Update)?;
    }
    let new = stage.take_one().await?;
    same(new.address, ip("10.20.0.1"), "its address can be allocated again")?;
    check(new.id != lease.id, "the new allocation has another id")
}

pub(super) async fn releases_the_key_of_expired_allocations(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    short(&stage, "vm-1").await?;
    stage.wait(3).await?;
    let other = Allocate::one("vm-2", stage.range("lan")).with_key("vm-1");
    check(!stage.provider.allocate(&other).await?.repeated, "a key whose last allocation has expired is free")
}

pub(super) async fn refuses_a_repeat_after_partial_expiry(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    let request = Allocate::new("vm-1")
        .with_key("vm-1")
        .with_line(next(&stage, 1).with_expiry(Some(stage.ticks(2))))
        .with_line(next(&stage, 1));
    stage.provider.allocate(&request).await?;
    stage.wait(3).await?;
    let error = refused(stage.provider.allocate(&request).await, ErrorKind::Conflict, Operation::Allocate)?;
    check(error.to_string().contains("10.20.0.1"), format_args!("the error names what has expired: {error}"))?;
    same(stage.taken_texts("lan").await?, ["10.20.0.2"], "a refused repeat takes nothing")
}

pub(super) async fn renews_by_update(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    let renewed = short(&stage, "renewed").await?;
    let kept = short(&stage, "kept").await?;
    let left = short(&stage, "left").await?;
    let longer = Update::new(renewed.id.clone()).with_expiry(Patch::Set(stage.ticks(3600)));
    let longer = stage.provider.update(&longer).await?;
    let (before, after) = (
        some(renewed.expires, "time of expiry of the first allocation")?,
        some(longer.expires, "time of expiry of the renewed allocation")?,
    );
    check(after > before, "setting the expiry counts from now")?;
    let forever = stage.provider.update(&Update::new(kept.id.clone()).with_expiry(Patch::Clear)).await?;
    same(forever.expires, None, "clearing it makes the allocation permanent")?;
    // An update that rewrites the whole record could renew by accident.
    let named = Update::new(left.id.clone()).with_hostname(Patch::Set("web1".to_owned()));
    same(stage.provider.update(&named).await?.expires, left.expires, "an update of something else does not renew")?;
    stage.wait(3).await?;
    let found = stage.found(Find::default().with_range(stage.range("lan"))).await?;
    let mut keys: Vec<_> = found.iter().filter_map(|a| a.key.as_ref()).map(ToString::to_string).collect();
    keys.sort();
    same(keys, ["kept", "renewed"], "only what was renewed or made permanent is there")
}

pub(super) async fn repeats_before_expiry(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    let line = next(&stage, 2).with_expiry(Some(stage.ticks(3600)));
    let request = Allocate::new("vm-1").with_key("vm-1").with_line(line);
    let first = stage.provider.allocate(&request).await?;
    let again = stage.provider.allocate(&request).await?;
    same(&again.lines, &first.lines, "a repeat returns the same allocations and does not renew them")?;
    same(lines(&again), [["10.20.0.1", "10.20.0.2"]], "two addresses")?;
    // The expiry is part of the request: another one is another request.
    let other = next(&stage, 2).with_expiry(Some(stage.ticks(7200)));
    let other = Allocate::new("vm-1").with_key("vm-1").with_line(other);
    refused(stage.provider.allocate(&other).await, ErrorKind::Conflict, Operation::Allocate)?;
    Ok(())
}

pub(super) async fn refuses_an_unrepresentable_expiry(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    let line = next(&stage, 1).with_expiry(Some(Duration::MAX));
    refused(stage.take(line).await, ErrorKind::InvalidInput, Operation::Allocate)?;
    stage.nothing_taken().await?;
    if stage.can.update {
        let allocation = stage.take_one().await?;
        let update = Update::new(allocation.id.clone()).with_expiry(Patch::Set(Duration::MAX));
        refused(stage.provider.update(&update).await, ErrorKind::InvalidInput, Operation::Update)?;
        same(stage.found(Find::default().with_id(allocation.id.clone())).await?, [allocation], "nothing changed")?;
    }
    Ok(())
}

/// Returns an allocation that expires after two ticks.
async fn short(stage: &Stage, key: &str) -> CaseResult<Allocation> {
    let line = next(stage, 1).with_expiry(Some(stage.ticks(2)));
    stage.one(Allocate::new("vm").with_key(key).with_line(line)).await
}
