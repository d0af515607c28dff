//! Many callers at the same time.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;

use super::allocate::three_ranges;
use super::bench::Bench;
use super::literals::{ip, sorted};
use super::outcome::{Verdict, check, fail, same};
use super::stage::patiently;
use crate::{Allocate, AllocateLine, Allocated, Deallocate, DefineRange, Find, RemoveRange};

pub(super) async fn allocates_each_address_once(bench: &Bench) -> Verdict {
    let stage = bench.lan("10.20.0.0/22").await?;
    let (lan, calls) = (stage.range("lan"), stage.limits().calls);
    let answers = stage.callers(move |caller, provider| {
        let lan = lan.clone();
        async move {
            let mut taken = Vec::new();
            for call in 0..calls {
                let count = 1 + u32::try_from((caller + call) % 3).unwrap_or(0);
                let request = Allocate::new(format!("vm-{caller}"))
                    .with_key(format!("vm-{caller}/{call}"))
                    .with_line(AllocateLine::next(lan.clone(), count));
                let answer = patiently(|| provider.allocate(&request)).await?;
                same(answer.iter().count(), usize::try_from(count).unwrap_or(0), "as many as were asked for")?;
                taken.extend(answer.lines.into_iter().flatten());
            }
            Ok::<_, super::outcome::Stop>(taken)
        }
        .boxed()
    });
    let mut all = Vec::new();
    for answer in answers.await? {
        all.extend(answer?);
    }
    let addresses = sorted(&all);
    let distinct: BTreeSet<&IpAddr> = addresses.iter().collect();
    same(distinct.len(), addresses.len(), "no address is handed out twice")?;
    let ids: BTreeSet<_> = all.iter().map(|allocation| &allocation.id).collect();
    same(ids.len(), all.len(), "each allocation has an id of its own")?;
    same(stage.taken("lan").await?, addresses.clone(), "what was answered is there, and nothing else")?;
    let highest = ip("10.20.0.0").max(addresses.last().copied().unwrap_or_else(|| ip("10.20.0.0")));
    let dense = crate::net::IpRange::new(ip("10.20.0.1"), highest).ok().and_then(|range| range.size());
    same(dense, u128::try_from(addresses.len()).ok(), "the lowest free ones: nothing is left out between them")
}

pub(super) async fn serves_as_many_callers_as_addresses_are_free(bench: &Bench) -> Verdict {
    let stage = bench.lan("10.20.0.0/28").await?;
    // 14 addresses, and more than that are asked for.
    let lan = stage.range("lan");
    let tasks = stage.limits().tasks;
    let each = 14 / tasks.max(1) + 2;
    let answers = stage.callers(move |caller, provider| {
        let lan = lan.clone();
        async move {
            let (mut taken, mut refused) = (Vec::new(), 0);
            for call in 0..each {
                let request = Allocate::one(format!("vm-{caller}"), lan.clone()).with_key(format!("{caller}/{call}"));
                match patiently(|| provider.allocate(&request)).await {
                    Ok(answer) => taken.extend(answer.lines.into_iter().flatten()),
                    Err(error) if error.is_exhausted() => refused += 1,
                    Err(error) => return fail(format_args!("an address, or Exhausted: {error}")),
                }
            }
            Ok((taken, refused))
        }
        .boxed()
    });
    let (mut all, mut refused) = (Vec::new(), 0);
    for answer in answers.await? {
        let (taken, no) = answer?;
        all.extend(taken);
        refused += no;
    }
    let expected: Vec<IpAddr> = (1..=14).map(|host| ip(&format!("10.20.0.{host}"))).collect();
    same(sorted(&all), expected, "each of the last addresses went to one caller")?;
    same(refused, tasks * each - 14, "and the others were told that there is none")?;
    same(stage.taken("lan").await?, sorted(&all), "nobody has an address that was not answered")
}

pub(super) async fn allocates_an_exact_address_to_one_caller(bench: &Bench) -> Verdict {
    let stage = bench.lan("10.20.0.0/24").await?;
    let lan = stage.range("lan");
    for round in 1..=5 {
        let (lan, address) = (lan.clone(), ip(&format!("10.20.0.{round}")));
        let answers = stage.callers(move |caller, provider| {
            let request = Allocate::new(format!("vm-{caller}")).with_line(AllocateLine::exactly(lan.clone(), address));
            async move { patiently(|| provider.allocate(&request)).await }.boxed()
        });
        let mut winners = 0;
        for answer in answers.await? {
            match answer {
                Ok(_) => winners += 1,
                Err(error) if error.is_conflict() => {}
                Err(error) => return fail(format_args!("the address, or a conflict: {error}")),
            }
        }
        same(winners, 1, "one caller has the address")?;
        same(stage.taken("lan").await?.len(), round, "and no other is taken")?;
    }
    Ok(())
}

pub(super) async fn never_allocates_a_held_address(bench: &Bench) -> Verdict {
    let stage = bench.lan("10.20.0.0/28").await?;
    let (lan, calls) = (stage.range("lan"), stage.limits().calls);
    let held: Arc<Mutex<BTreeSet<IpAddr>>> = Arc::default();
    let answers = stage.callers(move |caller, provider| {
        let (lan, held) = (lan.clone(), Arc::clone(&held));
        async move {
            for call in 0..calls {
                let request = Allocate::one(format!("vm-{caller}"), lan.clone());
                let answer = match patiently(|| provider.allocate(&request)).await {
                    Ok(answer) => answer,
                    Err(error) if error.is_exhausted() => continue,
                    Err(error) => return fail(format_args!("an address, or Exhausted: {error}")),
                };
                for allocation in answer.iter() {
                    let alone = held.lock().unwrap_or_else(PoisonError::into_inner).insert(allocation.address);
                    check(alone, format_args!("{} has two holders", allocation.address))?;
                }
                for allocation in answer.iter() {
                    held.lock().unwrap_or_else(PoisonError::into_inner).remove(&allocation.address);
                    let request = if call % 2 == 0 {
                        Deallocate::id(allocation.id.clone())
                    } else {
                        Deallocate::address(lan.clone(), allocation.address)
                    };
                    let back = patiently(|| provider.deallocate(&request)).await?;
                    same(back.freed().count(), 1, "what one holds, one can give back")?;
                }
            }
            Ok(())
        }
        .boxed()
    });
    answers.await?.into_iter().collect::<Verdict<Vec<()>>>()?;
    stage.nothing_taken().await
}

pub(super) async fn deallocates_an_allocation_once(bench: &Bench) -> Verdict {
    let stage = bench.lan("10.20.0.0/28").await?;
    for _ in 0..5 {
        let allocation = stage.take_one().await?;
        let answers = stage.callers(move |_, provider| {
            let request = Deallocate::id(allocation.id.clone());
            async move { patiently(|| provider.deallocate(&request)).await }.boxed()
        });
        let mut freed = 0;
        for answer in answers.await? {
            freed += answer?.freed().count();
        }
        same(freed, 1, "one caller freed it, for the others it was free")?;
    }
    stage.nothing_taken().await
}

pub(super) async fn keeps_requests_for_several_ranges_atomic(bench: &Bench) -> Verdict {
    let plan = three_ranges().range("lan", super::literals::net("10.20.9.0/24"));
    let stage = bench.stage(plan).await?;
    let (a, b, lan) = (stage.range("a"), stage.range("b"), stage.range("lan"));
    // Two addresses each in a and b, taken in both orders: two callers can be served, and nobody by half.
    let answers = stage.callers(move |caller, provider| {
        let (first, second) = if caller % 2 == 0 { (&a, &b) } else { (&b, &a) };
        let request = Allocate::new(format!("vm-{caller}"))
            .with_key(format!("vm-{caller}"))
            .with_line(AllocateLine::next(lan.clone(), 2))
            .with_line(AllocateLine::next(first.clone(), 1))
            .with_line(AllocateLine::next(second.clone(), 1));
        async move { patiently(|| provider.allocate(&request)).await }.boxed()
    });
    let mut served: Vec<Allocated> = Vec::new();
    for answer in answers.await? {
        match answer {
            Ok(answer) => served.push(answer),
            Err(error) if error.is_exhausted() => {}
            Err(error) => return fail(format_args!("all lines, or Exhausted: {error}")),
        }
    }
    same(served.len(), stage.limits().tasks.min(2), "as many as there is room for")?;
    let mut all: Vec<IpAddr> = Vec::new();
    for range in ["a", "b", "lan"] {
        all.extend(stage.taken(range).await?);
    }
    all.sort_unstable();
    same(all, sorted(served.iter().flat_map(Allocated::iter)), "who was not served has nothing")?;
    for answer in &served {
        let found = stage.found(Find::default().with_key(answer.key.clone())).await?;
        same(sorted(&found), sorted(answer.iter()), "who was served has all lines")?;
    }
    Ok(())
}

pub(super) async fn keeps_allocations_while_ranges_are_removed(bench: &Bench) -> Verdict {
    let stage = bench.stage(super::Setup::empty()).await?;
    let define = DefineRange::new("lan", super::literals::net("10.20.0.0/24"));
    stage.provider.define_range(&define).await?;
    let calls = stage.limits().calls;
    let answers = stage.callers(move |caller, provider| {
        let (define, remove) = (define.clone(), RemoveRange::new("lan"));
        async move {
            for call in 0..calls {
                if caller == 0 {
                    super::threads::sleep(std::time::Duration::from_micros(300)).await;
                    // Goes only when nobody has an address of it, and comes back at once.
                    let removed = patiently(|| provider.remove_range(&remove)).await;
                    match removed {
                        Ok(removed) => same(removed.freed, [], "nothing ends with an empty range")?,
                        Err(error) if error.is_conflict() => continue,
                        Err(error) => return Err(error.into()),
                    }
                    patiently(|| provider.define_range(&define)).await?;
                    continue;
                }
                let request = Allocate::one(format!("vm-{caller}"), "lan").with_key(format!("{caller}/{call}"));
                let answer = match patiently(|| provider.allocate(&request)).await {
                    Ok(answer) => answer,
                    Err(error) if error.is_not_found() => continue,
                    Err(error) => return Err(error.into()),
                };
                super::threads::sleep(std::time::Duration::from_millis(1)).await;
                let found = super::pages::find(&*provider, &Find::default().with_key(answer.key.clone())).await?;
                same(sorted(&found), sorted(answer.iter()), "a range with an address in use stays")?;
                let back = Deallocate::key(answer.key);
                same(patiently(|| provider.deallocate(&back)).await?.freed().count(), 1, "until it is given back")?;
            }
            Ok(())
        }
        .boxed()
    });
    answers.await?.into_iter().collect::<Verdict<Vec<()>>>()?;
    same(stage.found(Find::default()).await?, [], "nothing is left")
}
