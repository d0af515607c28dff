//! Callers that go away.

use std::time::{Duration, Instant};

use futures_util::FutureExt;

use super::allocate::next;
use super::bench::Bench;
use super::join;
use super::literals::{net, sorted};
use super::outcome::{Verdict, check, fail, same};
use super::stage::{Stage, patiently};
use super::threads;
use crate::{Allocate, AllocateLine, Deallocate, Find};

/// After how many polls a caller goes away: not at all yet, at once, and later and later.
const POLLS: [usize; 12] = [0, 1, 1, 1, 2, 2, 3, 4, 5, 7, 11, 23];

pub(super) async fn is_all_or_nothing_with_a_key(bench: &Bench) -> Verdict {
    let plan = super::Setup::empty().range("lan", net("10.20.0.0/24")).range("dmz", net("10.21.0.0/24"));
    let stage = bench.stage(plan).await?;
    let mut expected = 0;
    for (round, polls) in POLLS.into_iter().enumerate() {
        let key = format!("vm-{round}");
        let request = Allocate::new("vm")
            .with_key(key.as_str())
            .with_line(next(&stage, 2))
            .with_line(AllocateLine::next(stage.range("dmz"), 1));
        let answered = join::drop_after(polls, stage.provider.allocate(&request)).await;
        let found = stage.found(Find::default().with_key(key.as_str())).await?;
        let whole = found.is_empty() || found.len() == 3;
        check(whole, format_args!("dropped after {polls} polls: all or nothing, not {found:?}"))?;
        // Repeating with the key settles it, whatever happened.
        let again = patiently(|| stage.provider.allocate(&request)).await?;
        if let Some(answer) = answered {
            same(&again.lines, &answer?.lines, "what was answered is what the key has")?;
        }
        if !found.is_empty() {
            same(sorted(again.iter()), sorted(&found), "what was found is what the key has")?;
        }
        expected += 2;
        same(stage.taken("lan").await?.len(), expected, format_args!("dropped after {polls} polls: nothing is lost"))?;
    }
    same(stage.taken("dmz").await?.len(), POLLS.len(), "nor elsewhere")
}

pub(super) async fn undoes_dropped_allocations_without_a_key(bench: &Bench) -> Verdict {
    let stage = bench.lan("10.20.0.0/24").await?;
    let mut answered = Vec::new();
    for polls in POLLS {
        let request = Allocate::new("vm").with_line(next(&stage, 2));
        if let Some(answer) = join::drop_after(polls, stage.provider.allocate(&request)).await {
            answered.extend(answer?.lines.into_iter().flatten());
        }
    }
    settles(&stage, &sorted(&answered)).await?;
    // Nobody waits for nothing: the next answer is as ever.
    let answer = stage.take(next(&stage, 1)).await?;
    let twice = sorted(answer.iter()).iter().any(|address| sorted(&answered).contains(address));
    check(!twice, "what was answered is not handed out again")
}

pub(super) async fn undoes_dropped_allocations_under_load(bench: &Bench) -> Verdict {
    let plan = super::Setup::empty().range("lan", net("10.20.0.0/24")).range("dmz", net("10.21.0.0/24"));
    let stage = bench.stage(plan).await?;
    let (lan, dmz, calls) = (stage.range("lan"), stage.range("dmz"), stage.limits().calls);
    let answers = stage.callers(move |caller, provider| {
        let (lan, dmz) = (lan.clone(), dmz.clone());
        async move {
            let mut answered = Vec::new();
            for call in 0..calls {
                if caller % 2 == 0 {
                    // Goes away, sooner or later.
                    let request = Allocate::new("gone").with_line(AllocateLine::next(lan.clone(), 1));
                    let polls = POLLS[(caller + call) % POLLS.len()];
                    if let Some(Ok(answer)) = join::drop_after(polls, provider.allocate(&request)).await {
                        answered.extend(answer.lines.into_iter().flatten());
                    }
                } else {
                    let request = Allocate::new("busy").with_line(AllocateLine::next(dmz.clone(), 1));
                    let answer = patiently(|| provider.allocate(&request)).await?;
                    let back = Deallocate::key(answer.key);
                    patiently(|| provider.deallocate(&back)).await?;
                }
            }
            Ok::<_, super::outcome::Stop>(answered)
        }
        .boxed()
    });
    let mut answered = Vec::new();
    for answer in answers.await? {
        answered.extend(answer?);
    }
    settles(&stage, &sorted(&answered)).await?;
    same(stage.taken("dmz").await?.len(), 0, "and others are not disturbed")
}

pub(super) async fn completes_a_dropped_deallocation_by_repeating(bench: &Bench) -> Verdict {
    let stage = bench.lan("10.20.0.0/24").await?;
    for polls in POLLS {
        let answer = stage.take(next(&stage, 3)).await?;
        let other = stage.take_one().await?;
        let request = Deallocate::key(answer.key);
        drop(join::drop_after(polls, stage.provider.deallocate(&request)).await);
        patiently(|| stage.provider.deallocate(&request)).await?;
        same(stage.taken("lan").await?, [other.address], "repeating finishes it, and others keep theirs")?;
        stage.provider.deallocate(&Deallocate::id(other.id)).await?;
    }
    Ok(())
}

pub(super) async fn survives_dropped_reads(bench: &Bench) -> Verdict {
    let stage = bench.lan("10.20.0.0/28").await?;
    for polls in POLLS {
        let find = Find::default().with_range(stage.range("lan"));
        drop(join::drop_after(polls, stage.provider.find(&find)).await);
        drop(join::drop_after(polls, stage.provider.list_ranges(&crate::ListRanges::all())).await);
        drop(join::drop_after(polls, stage.provider.check()).await);
    }
    stage.nothing_taken().await?;
    same(stage.take(next(&stage, 14)).await?.iter().count(), 14, "nothing is held by those who went away")
}

/// Waits until exactly this is taken.
async fn settles(stage: &Stage, expected: &[std::net::IpAddr]) -> Verdict {
    let until = Instant::now() + stage.limits().settle;
    loop {
        let taken = stage.taken("lan").await?;
        if taken == expected {
            return Ok(());
        }
        if Instant::now() > until {
            return fail(format_args!(
                "an allocation without a key whose caller went away is taken back\n    taken:    {taken:?}\n    answered: {expected:?}"
            ));
        }
        threads::sleep(Duration::from_millis(20)).await;
    }
}
