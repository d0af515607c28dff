//! Cases of policies: orders of allocation, and quarantine.

use std::collections::BTreeSet;
use std::time::Duration;

use super::Setup;
use super::allocate::{exactly, next};
use super::bench::Bench;
use super::literals::{ip, lines, net, sorted};
use super::outcome::{CaseResult, check, refused, same};
use super::stage::Stage;
use crate::{Allocate, Deallocate, DefineRange, ErrorKind, Operation, Order, RangePolicy};

const LONG: Duration = Duration::from_secs(3600);

pub(super) async fn quarantines_deallocated_addresses(bench: &Bench) -> CaseResult {
    let stage = with_policy(bench, "10.20.0.0/29", RangePolicy::default().with_quarantine(LONG)).await?;
    stage.take(next(&stage, 3)).await?;
    stage.deallocate_address("10.20.0.1").await?;
    stage.deallocate_address("10.20.0.3").await?;
    same(lines(&stage.take(next(&stage, 1)).await?), [["10.20.0.4"]], "a quarantined address is not allocated")?;
    refused(stage.take(exactly(&stage, "10.20.0.1", 1)).await, ErrorKind::Conflict, Operation::Allocate)?;
    // One quarantined address in a run of three is enough.
    refused(stage.take(exactly(&stage, "10.20.0.3", 3)).await, ErrorKind::Conflict, Operation::Allocate)?;
    same(
        lines(&stage.take(next(&stage, 2)).await?),
        [["10.20.0.5", "10.20.0.6"]],
        "only addresses that are not quarantined",
    )?;
    refused(stage.take(next(&stage, 1)).await, ErrorKind::Exhausted, Operation::Allocate)?;
    Ok(())
}

pub(super) async fn reports_quarantined_targets_as_free(bench: &Bench) -> CaseResult {
    let stage = with_policy(bench, "10.20.0.0/29", RangePolicy::default().with_quarantine(LONG)).await?;
    let allocation = stage.one(Allocate::one("vm-1", stage.range("lan")).with_key("vm-1")).await?;
    stage.provider.deallocate(&Deallocate::id(allocation.id.clone())).await?;
    for request in [
        Deallocate::id(allocation.id.clone()),
        Deallocate::key("vm-1"),
        Deallocate::address(stage.range("lan"), allocation.address),
    ] {
        let result = stage.provider.deallocate(&request).await?;
        check(result.was_free(), format_args!("a quarantined address counts as free: {request:?}"))?;
    }
    // The quarantine is one of the address. The key is free at once.
    let anew = stage.provider.allocate(&Allocate::one("vm-1", stage.range("lan")).with_key("vm-1")).await?;
    check(!anew.repeated, "its key is free")?;
    same(lines(&anew), [["10.20.0.2"]], "but the address is quarantined")
}

pub(super) async fn releases_addresses_after_quarantine(bench: &Bench) -> CaseResult {
    let rest = bench.harness.tick() * 2;
    let stage = with_policy(bench, "10.20.0.0/30", RangePolicy::default().with_quarantine(rest)).await?;
    stage.take(next(&stage, 2)).await?;
    stage.deallocate_address("10.20.0.1").await?;
    refused(stage.take(next(&stage, 1)).await, ErrorKind::Exhausted, Operation::Allocate)?;
    // One tick more than the time that was set: a store may round up to its unit.
    stage.wait(3).await?;
    same(
        lines(&stage.take(next(&stage, 1)).await?),
        [["10.20.0.1"]],
        "an address is allocated again after its quarantine",
    )?;
    stage.deallocate_address("10.20.0.2").await?;
    stage.wait(3).await?;
    same(lines(&stage.take(exactly(&stage, "10.20.0.2", 1)).await?), [["10.20.0.2"]], "or as an exact address")
}

pub(super) async fn allocates_at_random(bench: &Bench) -> CaseResult {
    let stage = with_policy(bench, "10.20.0.0/20", RangePolicy::default().with_order(Order::Random)).await?;
    let first = stage.take(next(&stage, 10)).await?;
    // A second call: a generator that starts with the same seed in every call would meet taken addresses only.
    let second = stage.take(next(&stage, 10)).await?;
    let all: Vec<_> = first.iter().chain(second.iter()).cloned().collect();
    let distinct: BTreeSet<_> = sorted(&all).into_iter().collect();
    same(distinct.len(), 20, "no address twice")?;
    let inside = distinct.iter().all(|address| net("10.20.0.0/20").contains(address));
    check(inside && !distinct.contains(&ip("10.20.0.0")), "all of them usable ones of the range")?;
    same(sorted(first.iter()), first.iter().map(|a| a.address).collect::<Vec<_>>(), "a line is in ascending order")?;
    // A random choice takes the 20 lowest of 4094 addresses about once in 10^54 runs.
    let lowest: BTreeSet<_> = (1..=20).map(|host| ip(&format!("10.20.0.{host}"))).collect();
    check(distinct != lowest, "random addresses are not the lowest ones")
}

pub(super) async fn finds_the_last_free_address_at_random(bench: &Bench) -> CaseResult {
    let stage = with_policy(bench, "10.20.0.0/28", RangePolicy::default().with_order(Order::Random)).await?;
    // A provider that draws addresses until it meets a free one needs many draws for the last one, and may give up.
    for _ in 0..14 {
        stage.take_one().await?;
    }
    refused(stage.take(next(&stage, 1)).await, ErrorKind::Exhausted, Operation::Allocate)?;
    stage.deallocate_address("10.20.0.11").await?;
    same(stage.take_one().await?.address, ip("10.20.0.11"), "the only free one")
}

pub(super) async fn allocates_the_least_recently_used_address(bench: &Bench) -> CaseResult {
    let stage = with_policy(bench, "10.20.0.0/29", RangePolicy::default().with_order(Order::LeastRecentlyUsed)).await?;
    stage.take(next(&stage, 4)).await?;
    for address in ["10.20.0.3", "10.20.0.1", "10.20.0.4"] {
        stage.deallocate_address(address).await?;
    }
    for expected in ["10.20.0.5", "10.20.0.6", "10.20.0.3", "10.20.0.1", "10.20.0.4"] {
        let address = stage.take_one().await?.address;
        same(address, ip(expected), "never used addresses in order, then the one deallocated longest ago")?;
    }
    refused(stage.take(next(&stage, 1)).await, ErrorKind::Exhausted, Operation::Allocate)?;
    Ok(())
}

pub(super) async fn quarantines_addresses_forever(bench: &Bench) -> CaseResult {
    let stage = bench.stage(Setup::empty()).await?;
    // The end of this quarantine overflows every clock.
    let endless = RangePolicy::default().with_quarantine(Duration::MAX);
    let define = DefineRange::new("lan", net("10.20.0.0/30")).with_policy(endless);
    match stage.provider.define_range(&define).await {
        Ok(_) => {}
        // A store may have no representation of such a time.
        Err(error) if error.kind() == ErrorKind::InvalidInput => return Ok(()),
        Err(error) => return Err(error.into()),
    }
    stage.take(next(&stage, 2)).await?;
    stage.deallocate_address("10.20.0.1").await?;
    refused(stage.take(next(&stage, 1)).await, ErrorKind::Exhausted, Operation::Allocate)?;
    refused(stage.take(exactly(&stage, "10.20.0.1", 1)).await, ErrorKind::Conflict, Operation::Allocate)?;
    Ok(())
}

async fn with_policy(bench: &Bench, prefix: &str, policy: RangePolicy) -> CaseResult<Stage> {
    bench.stage(Setup::empty().with_range(DefineRange::new("lan", net(prefix)).with_policy(policy))).await
}
