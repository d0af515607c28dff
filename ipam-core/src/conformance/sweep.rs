//! What a sweep undoes, and what it leaves alone.

use std::net::IpAddr;
use std::time::Duration;

use futures_util::FutureExt;

use super::Setup;
use super::allocate::next;
use super::bench::Bench;
use super::literals::{ip, net, sorted};
use super::outcome::{Stop, Verdict, check, fail, same};
use super::stage::{Stage, patiently};
use crate::{AbandonedClaim, Allocate, AllocateLine, AllocateRange, Find, ListRanges, Selection, Sweep, Swept};

/// Every age that a careless caller may give.
const AGES: [Option<Duration>; 4] =
    [None, Some(Duration::ZERO), Some(Duration::from_nanos(1)), Some(Duration::from_secs(1))];

pub(super) async fn keeps_acknowledged_allocations(bench: &Bench) -> Verdict {
    let stage = bench.lan("10.20.0.0/24").await?;
    let keyed = Allocate::new("vm-1").with_key("vm-1").with_line(next(&stage, 2));
    let answer = stage.provider.allocate(&keyed).await?;
    stage.take(next(&stage, 2)).await?;
    // Where there is a server that others write to, what they wrote is no claim of this provider.
    let planted = stage.harness.plant(&stage.fixture, &stage.range("lan"), ip("10.20.0.77")).await;
    let before = stage.found(Find::default().with_range(stage.range("lan"))).await?;
    same(before.len(), if planted { 5 } else { 4 }, "all of it is there before the sweep")?;
    // An acknowledged allocation is no claim, however old it is. A harness without such a clock does not wait.
    let hours = Duration::from_secs(48 * 3600);
    for late in [false, true] {
        if late && !stage.harness.advance(hours).await {
            break;
        }
        for age in AGES {
            let swept = stage.provider.sweep(&Sweep::new().with_older_than(age)).await?;
            same(swept, Swept::default(), format_args!("there is nothing to undo, whatever older_than says: {age:?}"))?;
        }
    }
    let after = stage.found(Find::default().with_range(stage.range("lan"))).await?;
    same(after, before, "an acknowledged allocation is never touched")?;
    let again = stage.provider.allocate(&keyed).await?;
    check(again.repeated, "nor is its key")?;
    same(again.lines, answer.lines, "which has the same allocations")
}

pub(super) async fn keeps_child_prefixes(bench: &Bench) -> Verdict {
    let stage = bench.stage(Setup::empty().block("campus", net("10.20.0.0/24"))).await?;
    let keyed = AllocateRange::prefix_len("t", stage.block("campus"), 28).with_key("net-1");
    let range = stage.provider.allocate_range(&keyed).await?.range;
    stage.provider.allocate_range(&AllocateRange::prefix_len("t", stage.block("campus"), 28)).await?;
    let before = super::ranges::listed(&stage, ListRanges::all()).await?;
    for age in AGES {
        let swept = stage.provider.sweep(&Sweep::new().with_older_than(age)).await?;
        same(swept, Swept::default(), format_args!("there is nothing to undo, whatever older_than says: {age:?}"))?;
    }
    same(super::ranges::listed(&stage, ListRanges::all()).await?, before, "an acknowledged child prefix stays")?;
    let again = stage.provider.allocate_range(&keyed).await?;
    check(again.repeated, "and so does its key")?;
    same(again.range, range, "with the same range")
}

pub(super) async fn keeps_claims_in_progress(bench: &Bench) -> Verdict {
    let stage = bench.lan("10.20.0.0/22").await?;
    let (lan, calls) = (stage.range("lan"), stage.limits().calls);
    let answers = stage.callers(move |caller, provider| {
        let lan = lan.clone();
        async move {
            let mut taken = Vec::new();
            for call in 0..calls {
                if caller == 0 {
                    let sweep = Sweep::new().with_older_than(Duration::ZERO);
                    let swept = patiently(|| provider.sweep(&sweep)).await?;
                    same(swept, Swept::default(), "a claim that may still be completed is left alone")?;
                    continue;
                }
                let line = AllocateLine::next(lan.clone(), 2);
                let mut request = Allocate::new(format!("vm-{caller}")).with_line(line);
                request.key = (call % 2 == 0).then(|| format!("vm-{caller}/{call}").into());
                taken.extend(patiently(|| provider.allocate(&request)).await?.lines.into_iter().flatten());
            }
            Ok::<_, Stop>(taken)
        }
        .boxed()
    });
    let mut all = Vec::new();
    for answer in answers.await? {
        all.extend(answer?);
    }
    same(stage.taken("lan").await?, sorted(&all), "what was acknowledged is there, and nothing else")
}

pub(super) async fn changes_nothing_in_a_dry_run(bench: &Bench) -> Verdict {
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
    same(swept.claims, [], "what was undone is not listed again")?;
    same(stage.taken("lan").await?, sorted(kept.iter()), "what was acknowledged stays")
}

pub(super) async fn undoes_an_abandoned_claim(bench: &Bench) -> Verdict {
    let stage = bench.lan("10.20.0.0/24").await?;
    let kept = stage.take(next(&stage, 1)).await?;
    let abandoned = abandon(&stage).await?;
    check(kept.iter().all(|allocation| allocation.address != abandoned), "never twice: another address is claimed")?;
    let swept = stage.provider.sweep(&Sweep::new()).await?;
    lists(&stage, &swept.claims, &[abandoned])?;
    check(!swept.more, "nothing is left")?;
    same(stage.taken("lan").await?, sorted(kept.iter()), "the claim is gone, and what was acknowledged stays")?;
    let exactly = Selection::Exact { first: abandoned, count: 1 };
    let taken = stage.take(AllocateLine::new(stage.range("lan"), exactly)).await?;
    same(sorted(taken.iter()), [abandoned], "its address can be allocated")?;
    same(stage.provider.sweep(&Sweep::new()).await?, Swept::default(), "repeating is safe: it is a claim no longer")?;
    let mut all = sorted(kept.iter());
    all.push(abandoned);
    all.sort_unstable();
    same(stage.taken("lan").await?, all, "and its new holder keeps it")
}

pub(super) async fn stops_at_its_limit(bench: &Bench) -> Verdict {
    let stage = bench.lan("10.20.0.0/24").await?;
    let mut left = vec![abandon(&stage).await?, abandon(&stage).await?, abandon(&stage).await?];
    for dry_run in [true, false] {
        let swept = stage.provider.sweep(&Sweep::new().with_limit(2).with_dry_run(dry_run)).await?;
        same(swept.claims.len(), 2, "at most `limit` claims in one call")?;
        check(swept.more, "and `more` tells that others are left")?;
        if !dry_run {
            left.retain(|address| swept.claims.iter().all(|claim| claim.address != Some(*address)));
        }
    }
    let swept = stage.provider.sweep(&Sweep::new().with_limit(2)).await?;
    lists(&stage, &swept.claims, &left)?;
    check(!swept.more, "the last call says that nothing is left")?;
    same(stage.provider.sweep(&Sweep::new()).await?, Swept::default(), "nor is there")
}

/// Leaves an abandoned claim in "lan", if the harness can.
async fn abandon(stage: &Stage) -> Verdict<IpAddr> {
    match stage.harness.abandon(&stage.fixture, &stage.range("lan")).await {
        Some(address) => Ok(address),
        None => Err(Stop::Skip("the harness cannot leave an abandoned claim".to_owned())),
    }
}

/// Checks that the claims are those of these addresses of "lan".
fn lists(stage: &Stage, claims: &[AbandonedClaim], expected: &[IpAddr]) -> Verdict {
    let mut addresses = Vec::new();
    for claim in claims {
        same(&claim.range, &stage.range("lan"), "a claim says its range")?;
        match claim.address {
            Some(address) => addresses.push(address),
            None => return fail(format_args!("a claim of an address says it: {claim:?}")),
        }
    }
    let mut expected = expected.to_vec();
    addresses.sort_unstable();
    expected.sort_unstable();
    same(addresses, expected, "the abandoned claims, and nothing else")
}
