//! Cases of dropped calls: a caller that drops the future of a call.

use std::time::{Duration, Instant};

use futures_util::FutureExt;

use super::allocate::next;
use super::bench::Bench;
use super::join;
use super::literals::{net, sorted};
use super::outcome::{CaseResult, check, fail, same};
use super::stage::{Stage, with_retries};
use super::threads;
use crate::{Allocate, AllocateLine, Deallocate, Find};

/// Numbers of polls after which a caller drops its future: before the first poll, at the first await, and later.
const POLLS: [usize; 12] = [0, 1, 1, 1, 2, 2, 3, 4, 5, 7, 11, 23];

pub(super) async fn is_all_or_nothing_with_a_key(bench: &Bench) -> CaseResult {
    let setup = super::Setup::empty().range("lan", net("10.20.0.0/24")).range("dmz", net("10.21.0.0/24"));
    let stage = bench.stage(setup).await?;
    let mut expected = 0;
    for (round, polls) in POLLS.into_iter().enumerate() {
        let key = format!("vm-{round}");
        let request = Allocate::new("vm")
            .with_key(key.as_str())
            .with_line(next(&stage, 2))
            .with_line(AllocateLine::next(stage.range("dmz"), 1));
        let returned = join::drop_after(polls, stage.provider.allocate(&request)).await;
        // Looked up before the repeat, which would complete a half of the request.
        let found = stage.found(Find::default().with_key(key.as_str())).await?;
        let whole = found.is_empty() || found.len() == 3;
        check(whole, format_args!("dropped after {polls} polls: all or nothing, not {found:?}"))?;
        // A repeat with the key works in both cases: the call was applied, or it was not.
        let again = with_retries(|| stage.provider.allocate(&request)).await?;
        if let Some(result) = returned {
            same(&again.lines, &result?.lines, "a returned allocation is the one of the key")?;
        }
        if !found.is_empty() {
            same(sorted(again.iter()), sorted(&found), "a found allocation is the one of the key")?;
        }
        expected += 2;
        same(
            stage.taken("lan").await?.len(),
            expected,
            format_args!("dropped after {polls} polls: no address is leaked"),
        )?;
    }
    same(stage.taken("dmz").await?.len(), POLLS.len(), "nothing is taken in the other range either")
}

pub(super) async fn undoes_dropped_allocations_without_a_key(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/24").await?;
    let mut returned = Vec::new();
    for polls in POLLS {
        let request = Allocate::new("vm").with_line(next(&stage, 2));
        if let Some(result) = join::drop_after(polls, stage.provider.allocate(&request)).await {
            returned.extend(result?.lines.into_iter().flatten());
        }
    }
    settles(&stage, &sorted(&returned)).await?;
    // A returned allocation must not be undone together with the dropped ones.
    let result = stage.take(next(&stage, 1)).await?;
    let twice = sorted(result.iter()).iter().any(|address| sorted(&returned).contains(address));
    check(!twice, "an acknowledged address is not allocated again")
}

pub(super) async fn undoes_dropped_allocations_under_load(bench: &Bench) -> CaseResult {
    let setup = super::Setup::empty().range("lan", net("10.20.0.0/24")).range("dmz", net("10.21.0.0/24"));
    let stage = bench.stage(setup).await?;
    let (lan, dmz, calls) = (stage.range("lan"), stage.range("dmz"), stage.limits().calls);
    let results = stage.callers(move |caller, provider| {
        let (lan, dmz) = (lan.clone(), dmz.clone());
        async move {
            let mut returned = Vec::new();
            for call in 0..calls {
                if caller % 2 == 0 {
                    // The number of polls differs from call to call, so that drops meet every state of the provider.
                    let request = Allocate::new("gone").with_line(AllocateLine::next(lan.clone(), 1));
                    // Polls differ by caller and call: otherwise all drops would meet the same state.
                    let polls = POLLS[(caller + call) % POLLS.len()];
                    if let Some(Ok(result)) = join::drop_after(polls, provider.allocate(&request)).await {
                        returned.extend(result.lines.into_iter().flatten());
                    }
                } else {
                    let request = Allocate::new("busy").with_line(AllocateLine::next(dmz.clone(), 1));
                    let result = with_retries(|| provider.allocate(&request)).await?;
                    let back = Deallocate::key(result.key);
                    with_retries(|| provider.deallocate(&back)).await?;
                }
            }
            Ok::<_, super::outcome::Stop>(returned)
        }
        .boxed()
    });
    let mut returned = Vec::new();
    for result in results.await? {
        returned.extend(result?);
    }
    settles(&stage, &sorted(&returned)).await?;
    same(stage.taken("dmz").await?.len(), 0, "other callers are not affected")
}

pub(super) async fn completes_a_dropped_deallocation_by_repeating(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/24").await?;
    for polls in POLLS {
        let result = stage.take(next(&stage, 3)).await?;
        let other = stage.take_one().await?;
        let request = Deallocate::key(result.key);
        drop(join::drop_after(polls, stage.provider.deallocate(&request)).await);
        with_retries(|| stage.provider.deallocate(&request)).await?;
        same(stage.taken("lan").await?, [other.address], "repeating completes it, and other allocations are kept")?;
        stage.provider.deallocate(&Deallocate::id(other.id)).await?;
    }
    Ok(())
}

pub(super) async fn survives_dropped_reads(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    for polls in POLLS {
        let find = Find::default().with_range(stage.range("lan"));
        drop(join::drop_after(polls, stage.provider.find(&find)).await);
        drop(join::drop_after(polls, stage.provider.list_ranges(&crate::ListRanges::all())).await);
        drop(join::drop_after(polls, stage.provider.check()).await);
    }
    stage.nothing_taken().await?;
    same(stage.take(next(&stage, 14)).await?.iter().count(), 14, "dropped calls hold no address")
}

/// Waits until exactly these addresses are taken, for at most [`Limits::settle`](super::Limits::settle).
async fn settles(stage: &Stage, expected: &[std::net::IpAddr]) -> CaseResult {
    let until = Instant::now() + stage.limits().settle;
    loop {
        let taken = stage.taken("lan").await?;
        if taken == expected {
            return Ok(());
        }
        if Instant::now() > until {
            return fail(format_args!(
                "an allocation without a key whose call was dropped is undone\n    taken:    {taken:?}\n    returned: {expected:?}"
            ));
        }
        // Checked often instead of once at the end, so that a fast provider does not wait for the slowest allowed.
        threads::sleep(Duration::from_millis(20)).await;
    }
}
