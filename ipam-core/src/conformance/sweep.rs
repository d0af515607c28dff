//! Cases of `sweep`: it undoes abandoned claims, and nothing else.

use std::net::IpAddr;
use std::time::Duration;

use futures_util::FutureExt;

use super::Setup;
use super::allocate::next;
use super::bench::Bench;
use super::literals::{ip, net, sorted};
use super::outcome::{CaseResult, Stop, check, fail, same};
use super::stage::{Stage, with_retries};
use crate::{AbandonedClaim, Allocate, AllocateLine, AllocateRange, Find, ListRanges, Selection, Sweep, Swept};

/// Values of `older_than` that a careless caller may give.
const AGES: [Option<Duration>; 4] =
    [None, Some(Duration::ZERO), Some(Duration::from_nanos(1)), Some(Duration::from_secs(1))];

pub(super) async fn keeps_acknowledged_allocations(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/24").await?;
    let keyed = Allocate::new("vm-1").with_key("vm-1").with_line(next(&stage, 2));
    let result = stage.provider.allocate(&keyed).await?;
    stage.take(next(&stage, 2)).await?;
    // An address that another user of the server took is no claim of this provider.
    let planted = stage.harness.plant(&stage.fixture, &stage.range("lan"), ip("10.20.0.77")).await;
    let before = stage.found(Find::default().with_range(stage.range("lan"))).await?;
    same(before.len(), if planted { 5 } else { 4 }, "all allocations exist before the sweep")?;
    // An acknowledged allocation is no claim, however old it is. A harness that would have to sleep skips this part.
    // Older than the age at which a provider may consider a claim abandoned.
    let hours = Duration::from_secs(48 * 3600);
    for late in [false, true] {
        if late && !stage.harness.advance(hours).await {
            break;
        }
        for age in AGES {
            let swept = stage.provider.sweep(&Sweep::new().with_older_than(age)).await?;
            same(swept, Swept::default(), format_args!("there is nothing to undo, for any older_than: {age:?}"))?;
        }
    }
    let after = stage.found(Find::default().with_range(stage.range("lan"))).await?;
    same(after, before, "an acknowledged allocation is never touched")?;
    let again = stage.provider.allocate(&keyed).await?;
    check(again.repeated, "its key is kept")?;
    same(again.lines, result.lines, "with the same allocations")
}

pub(super) async fn keeps_child_prefixes(bench: &Bench) -> CaseResult {
    let stage = bench.stage(Setup::empty().block("campus", net("10.20.0.0/24"))).await?;
    let keyed = AllocateRange::prefix_len("t", stage.block("campus"), 28).with_key("net-1");
    let range = stage.provider.allocate_range(&keyed).await?.range;
    stage.provider.allocate_range(&AllocateRange::prefix_len("t", stage.block("campus"), 28)).await?;
    let before = super::ranges::listed(&stage, ListRanges::all()).await?;
    for age in AGES {
        let swept = stage.provider.sweep(&Sweep::new().with_older_than(age)).await?;
        same(swept, Swept::default(), format_args!("there is nothing to undo, for any older_than: {age:?}"))?;
    }
    same(super::ranges::listed(&stage, ListRanges::all()).await?, before, "an acknowledged child prefix stays")?;
    let again = stage.provider.allocate_range(&keyed).await?;
    check(again.repeated, "its key is kept")?;
    same(again.range, range, "with the same range")
}

pub(super) async fn keeps_claims_in_progress(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/22").await?;
    let (lan, calls) = (stage.range("lan"), stage.limits().calls);
    let results = stage.callers(move |caller, provider| {
        let lan = lan.clone();
        async move {
            let mut taken = Vec::new();
            for call in 0..calls {
                if caller == 0 {
                    let sweep = Sweep::new().with_older_than(Duration::ZERO);
                    let swept = with_retries(|| provider.sweep(&sweep)).await?;
                    same(swept, Swept::default(), "a claim that may still be completed is kept")?;
                    continue;
                }
                let line = AllocateLine::next(lan.clone(), 2);
                // With and without a key: a provider marks its claims in both cases, and differently.
                let mut request = Allocate::new(format!("vm-{caller}")).with_line(line);
                request.key = (call % 2 == 0).then(|| format!("vm-{caller}/{call}").into());
                taken.extend(with_retries(|| provider.allocate(&request)).await?.lines.into_iter().flatten());
            }
            Ok::<_, Stop>(taken)
        }
        .boxed()
    });
    let mut all = Vec::new();
    for result in results.await? {
        all.extend(result?);
    }
    same(stage.taken("lan").await?, sorted(&all), "exactly the acknowledged allocations exist")
}

pub(super) async fn changes_nothing_in_a_dry_run(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/24").await?;
    let kept = stage.take(next(&stage, 1)).await?;
    let abandoned = abandon(&stage).await?;
    let dry = Sweep::new().with_dry_run(true);
    for again in ["at first", "again"] {
        let swept = stage.provider.sweep(&dry).await?;
        lists(&stage, &swept.claims, &[abandoned])?;
        check(!swept.more, format_args!("a dry run lists all that a sweep would undo, {again}"))?;
    }
    let swept = stage.provider.sweep(&Sweep::new()).await?;
    lists(&stage, &swept.claims, &[abandoned])?;
    let swept = stage.provider.sweep(&dry).await?;
    same(swept.claims, [], "an undone claim is not listed again")?;
    same(stage.taken("lan").await?, sorted(kept.iter()), "acknowledged allocations are kept")
}

pub(super) async fn undoes_an_abandoned_claim(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/24").await?;
    let kept = stage.take(next(&stage, 1)).await?;
    let abandoned = abandon(&stage).await?;
    check(kept.iter().all(|allocation| allocation.address != abandoned), "an allocated address is not claimed again")?;
    let swept = stage.provider.sweep(&Sweep::new()).await?;
    lists(&stage, &swept.claims, &[abandoned])?;
    check(!swept.more, "nothing remains")?;
    same(stage.taken("lan").await?, sorted(kept.iter()), "the claim is undone, and acknowledged allocations are kept")?;
    // Finds a sweep that removes the claim from its list, but not from the server.
    let exactly = Selection::Exact { first: abandoned, count: 1 };
    let taken = stage.take(AllocateLine::new(stage.range("lan"), exactly)).await?;
    same(sorted(taken.iter()), [abandoned], "its address can be allocated")?;
    same(
        stage.provider.sweep(&Sweep::new()).await?,
        Swept::default(),
        "repeating is safe: the address is no claim any more",
    )?;
    let mut all = sorted(kept.iter());
    all.push(abandoned);
    all.sort_unstable();
    same(stage.taken("lan").await?, all, "the new allocation is kept")
}

pub(super) async fn stops_at_its_limit(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/24").await?;
    let mut left = vec![abandon(&stage).await?, abandon(&stage).await?, abandon(&stage).await?];
    for dry_run in [true, false] {
        let swept = stage.provider.sweep(&Sweep::new().with_limit(2).with_dry_run(dry_run)).await?;
        same(swept.claims.len(), 2, "one call undoes at most `limit` claims")?;
        check(swept.more, "`more` says that claims remain")?;
        if !dry_run {
            left.retain(|address| swept.claims.iter().all(|claim| claim.address != Some(*address)));
        }
    }
    let swept = stage.provider.sweep(&Sweep::new().with_limit(2)).await?;
    lists(&stage, &swept.claims, &left)?;
    check(!swept.more, "the last call says that no claim remains")?;
    same(stage.provider.sweep(&Sweep::new()).await?, Swept::default(), "no claim remains")
}

/// Leaves an abandoned claim in "lan". Skips the case if the harness cannot.
async fn abandon(stage: &Stage) -> CaseResult<IpAddr> {
    match stage.harness.abandon(&stage.fixture, &stage.range("lan")).await {
        Some(address) => Ok(address),
        None => Err(Stop::Skip("the harness cannot leave an abandoned claim".to_owned())),
    }
}

/// Checks that the claims are exactly those of these addresses of "lan".
fn lists(stage: &Stage, claims: &[AbandonedClaim], expected: &[IpAddr]) -> CaseResult {
    let mut addresses = Vec::new();
    for claim in claims {
        same(&claim.range, &stage.range("lan"), "a claim names its range")?;
        match claim.address {
            Some(address) => addresses.push(address),
            None => return fail(format_args!("a claim of an address names the address: {claim:?}")),
        }
    }
    let mut expected = expected.to_vec();
    addresses.sort_unstable();
    expected.sort_unstable();
    same(addresses, expected, "exactly the abandoned claims are listed")
}
