//! Cases of `usage`.

use super::Setup;
use super::allocate::{next, three_ranges};
use super::bench::Bench;
use super::literals::{ip, net, only, span};
use super::outcome::{CaseResult, check, refused, same};
use super::stage::Stage;
use crate::{DefineRange, ErrorKind, Operation, RangePolicy};

/// Counts of a range: total, allocated, reserved, quarantined, free.
type Parts = (u128, u128, u128, u128, u128);

async fn parts(stage: &Stage, range: &str) -> CaseResult<Parts> {
    let usage = only(stage.provider.usage(&[stage.range(range)]).await?)?;
    same(&usage.range, &stage.range(range), "the requested range")?;
    let sum = usage.allocated + usage.reserved + usage.quarantined + usage.free;
    same(sum, usage.total, format_args!("the four parts add up to the total: {usage:?}"))?;
    Ok((usage.total, usage.allocated, usage.reserved, usage.quarantined, usage.free))
}

pub(super) async fn counts_allocated_addresses(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    same(parts(&stage, "lan").await?, (14, 0, 0, 0, 14), "nothing is taken")?;
    stage.take(next(&stage, 5)).await?;
    same(parts(&stage, "lan").await?, (14, 5, 0, 0, 9), "five are taken")?;
    stage.deallocate_address("10.20.0.2").await?;
    same(parts(&stage, "lan").await?, (14, 4, 0, 0, 10), "one is deallocated")?;
    stage.take(next(&stage, 10)).await?;
    same(parts(&stage, "lan").await?, (14, 14, 0, 0, 0), "all are taken")
}

pub(super) async fn counts_reserved_addresses_once(bench: &Bench) -> CaseResult {
    // Overlapping reservations, one around the gateway, and two outside the usable addresses.
    let reserved =
        vec![span("10.20.0.1-10.20.0.3"), span("10.20.0.3-10.20.0.5"), span("10.20.0.0"), span("10.20.0.15")];
    let range = DefineRange::new("lan", net("10.20.0.0/28")).with_gateway(ip("10.20.0.4")).with_reserved(reserved);
    let stage = bench.stage(Setup::empty().with_range(range)).await?;
    let expected = (14, 0, 5, 0, 9);
    same(
        parts(&stage, "lan").await?,
        expected,
        "overlapping reservations count once, those outside the range not at all",
    )?;
    stage.take(next(&stage, 9)).await?;
    same(parts(&stage, "lan").await?, (14, 9, 5, 0, 0), "all free addresses can be allocated")
}

pub(super) async fn counts_quarantined_addresses(bench: &Bench) -> CaseResult {
    let policy = RangePolicy::default().with_quarantine(std::time::Duration::from_secs(3600));
    let range = DefineRange::new("lan", net("10.20.0.0/28")).with_policy(policy);
    let stage = bench.stage(Setup::empty().with_range(range)).await?;
    stage.take(next(&stage, 3)).await?;
    stage.deallocate_address("10.20.0.2").await?;
    same(parts(&stage, "lan").await?, (14, 2, 0, 1, 11), "one is quarantined")
}

pub(super) async fn counts_a_large_range(bench: &Bench) -> CaseResult {
    let stage = bench.lan("2001:db8:20::/64").await?;
    stage.take(next(&stage, 3)).await?;
    // 2^64 - 1. With the anycast address it would not fit into 64 bits, and a floating point number rounds it.
    let total = u128::from(u64::MAX);
    same(parts(&stage, "lan").await?, (total, 3, 0, 0, total - 3), "a /64 without its anycast address")
}

pub(super) async fn returns_ranges_in_the_requested_order(bench: &Bench) -> CaseResult {
    let stage = bench.stage(three_ranges()).await?;
    stage.take(super::allocate::from(&stage, 1, &["b"])).await?;
    // Not sorted, and one range twice.
    let asked = ["c", "a", "b", "c"].map(|name| stage.range(name));
    let usage = stage.provider.usage(&asked).await?;
    same(
        usage.iter().map(|usage| &usage.range).collect::<Vec<_>>(),
        asked.iter().collect::<Vec<_>>(),
        "the order asked",
    )?;
    same(
        usage.iter().map(|usage| usage.allocated).collect::<Vec<_>>(),
        [0, 0, 1, 0],
        "each range has its own counts, also if it is named twice",
    )?;
    same(stage.provider.usage(&[]).await?, [], "no range gives an empty list")
}

pub(super) async fn requires_every_range_to_exist(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    let asked = [stage.range("lan"), "no-such-range".into()];
    let error = refused(stage.provider.usage(&asked).await, ErrorKind::NotFound, Operation::Usage)?;
    check(error.to_string().contains("no-such-range"), format_args!("the error names the range: {error}"))
}

pub(super) async fn counts_the_largest_range(bench: &Bench) -> CaseResult {
    // 2^128 - 1 usable addresses is the largest count there is; with the lowest address it would overflow.
    let stage = bench.stage(Setup::empty().range("lan", net("::/0"))).await?;
    same(parts(&stage, "lan").await?, (u128::MAX, 0, 0, 0, u128::MAX), "all of IPv6 but its lowest address")?;
    stage.take(next(&stage, 2)).await?;
    same(parts(&stage, "lan").await?, (u128::MAX, 2, 0, 0, u128::MAX - 2), "two are taken")
}
