//! Cases of concurrency: many callers at the same time.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;

use super::allocate::three_ranges;
use super::bench::Bench;
use super::literals::{ip, sorted};
use super::outcome::{CaseResult, check, fail, same, some};
use super::stage::with_retries;
use crate::{Allocate, AllocateLine, Allocated, Deallocate, DefineRange, Find, RemoveRange};

pub(super) async fn allocates_each_address_once(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/22").await?;
    let (lan, calls) = (stage.range("lan"), stage.limits().calls);
    let results = stage.callers(move |caller, provider| {
        let lan = lan.clone();
        async move {
            let mut taken = Vec::new();
            for call in 0..calls {
                // One to three addresses, so that requests overlap and do not only queue.
                let count = 1 + u32::try_from((caller + call) % 3).unwrap_or(0);
                let request = Allocate::new(format!("vm-{caller}"))
                    .with_key(format!("vm-{caller}/{call}"))
                    .with_line(AllocateLine::next(lan.clone(), count));
                let result = with_retries(|| provider.allocate(&request)).await?;
                same(result.iter().count(), usize::try_from(count).unwrap_or(0), "as many as were asked for")?;
                taken.extend(result.lines.into_iter().flatten());
            }
            Ok::<_, super::outcome::Stop>(taken)
        }
        .boxed()
    });
    let mut all = Vec::new();
    for result in results.await? {
        all.extend(result?);
    }
    let addresses = sorted(&all);
    let distinct: BTreeSet<&IpAddr> = addresses.iter().collect();
    same(distinct.len(), addresses.len(), "no address is handed out twice")?;
    let ids: BTreeSet<_> = all.iter().map(|allocation| &allocation.id).collect();
    same(ids.len(), all.len(), "each allocation has an id of its own")?;
    same(stage.taken("lan").await?, addresses.clone(), "exactly the acknowledged allocations exist")?;
    // With others at work a caller takes one of the lowest addresses, and may leave gaps. One that is alone fills them.
    let lowest = crate::net::IpRange::new(ip("10.20.0.1"), ip("10.20.3.254")).map_err(crate::Error::from)?;
    let lowest = some(lowest.addresses().find(|address| !distinct.contains(address)), "free address")?;
    same(stage.take_one().await?.address, lowest, "a caller that is alone takes the lowest free address")
}

pub(super) async fn serves_as_many_callers_as_addresses_are_free(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    // 14 addresses, and more than that are asked for.
    let lan = stage.range("lan");
    let tasks = stage.limits().tasks;
    // More calls than addresses, for any number of callers.
    let each = 14 / tasks.max(1) + 2;
    let results = stage.callers(move |caller, provider| {
        let lan = lan.clone();
        async move {
            let (mut taken, mut refused) = (Vec::new(), 0);
            for call in 0..each {
                let request = Allocate::one(format!("vm-{caller}"), lan.clone()).with_key(format!("{caller}/{call}"));
                match with_retries(|| provider.allocate(&request)).await {
                    Ok(result) => taken.extend(result.lines.into_iter().flatten()),
                    Err(error) if error.is_exhausted() => refused += 1,
                    Err(error) => return fail(format_args!("an address, or Exhausted: {error}")),
                }
            }
            Ok((taken, refused))
        }
        .boxed()
    });
    let (mut all, mut refused) = (Vec::new(), 0);
    for result in results.await? {
        let (taken, no) = result?;
        all.extend(taken);
        refused += no;
    }
    let expected: Vec<IpAddr> = (1..=14).map(|host| ip(&format!("10.20.0.{host}"))).collect();
    same(sorted(&all), expected, "each of the last addresses was allocated to one caller")?;
    same(refused, tasks * each - 14, "the other callers got Exhausted")?;
    same(stage.taken("lan").await?, sorted(&all), "no address is taken that no caller received")
}

pub(super) async fn allocates_an_exact_address_to_one_caller(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/24").await?;
    let lan = stage.range("lan");
    // Several rounds, because one may be decided before the second caller starts.
    for round in 1..=5 {
        let (lan, address) = (lan.clone(), ip(&format!("10.20.0.{round}")));
        let results = stage.callers(move |caller, provider| {
            let request = Allocate::new(format!("vm-{caller}")).with_line(AllocateLine::exactly(lan.clone(), address));
            async move { with_retries(|| provider.allocate(&request)).await }.boxed()
        });
        let mut accepted = 0;
        for result in results.await? {
            match result {
                Ok(_) => accepted += 1,
                Err(error) if error.is_conflict() => {}
                Err(error) => return fail(format_args!("the address, or a conflict: {error}")),
            }
        }
        same(accepted, 1, "one caller gets the address")?;
        same(stage.taken("lan").await?.len(), round, "and no other is taken")?;
    }
    Ok(())
}

pub(super) async fn never_allocates_a_held_address(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    let (lan, calls) = (stage.range("lan"), stage.limits().calls);
    let held: Arc<Mutex<BTreeSet<IpAddr>>> = Arc::default();
    let results = stage.callers(move |caller, provider| {
        let (lan, held) = (lan.clone(), Arc::clone(&held));
        async move {
            for call in 0..calls {
                let request = Allocate::one(format!("vm-{caller}"), lan.clone());
                let result = match with_retries(|| provider.allocate(&request)).await {
                    Ok(result) => result,
                    Err(error) if error.is_exhausted() => continue,
                    Err(error) => return fail(format_args!("an address, or Exhausted: {error}")),
                };
                for allocation in result.iter() {
                    // The set is the reference: an address is in it from the acknowledgement to the
                    // deallocation.
                    let alone = held.lock().unwrap_or_else(PoisonError::into_inner).insert(allocation.address);
                    check(alone, format_args!("{} has two holders", allocation.address))?;
                }
                for allocation in result.iter() {
                    held.lock().unwrap_or_else(PoisonError::into_inner).remove(&allocation.address);
                    // By id and by address, because both must respect the holder.
                    let request = if call % 2 == 0 {
                        Deallocate::id(allocation.id.clone())
                    } else {
                        Deallocate::address(lan.clone(), allocation.address)
                    };
                    let back = with_retries(|| provider.deallocate(&request)).await?;
                    same(back.freed().count(), 1, "the holder of an address can deallocate it")?;
                }
            }
            Ok(())
        }
        .boxed()
    });
    results.await?.into_iter().collect::<CaseResult<Vec<()>>>()?;
    stage.nothing_taken().await
}

pub(super) async fn deallocates_an_allocation_once(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    for _ in 0..5 {
        let allocation = stage.take_one().await?;
        let results = stage.callers(move |_, provider| {
            let request = Deallocate::id(allocation.id.clone());
            async move { with_retries(|| provider.deallocate(&request)).await }.boxed()
        });
        let mut freed = 0;
        for result in results.await? {
            freed += result?.freed().count();
        }
        if stage.can.exclusive_deallocate {
            same(freed, 1, "one caller deallocates it, the others find it free")?;
        }
        check(freed > 0, "one caller at least deallocates it")?;
    }
    stage.nothing_taken().await
}

pub(super) async fn keeps_requests_for_several_ranges_atomic(bench: &Bench) -> CaseResult {
    let setup = three_ranges().range("lan", super::literals::net("10.20.9.0/24"));
    let stage = bench.stage(setup).await?;
    let (a, b, lan) = (stage.range("a"), stage.range("b"), stage.range("lan"));
    // Two addresses each in a and b, taken in both orders, as in a deadlock: two callers are served in full,
    // the others get nothing.
    let results = stage.callers(move |caller, provider| {
        let (first, second) = if caller % 2 == 0 { (&a, &b) } else { (&b, &a) };
        let request = Allocate::new(format!("vm-{caller}"))
            .with_key(format!("vm-{caller}"))
            .with_line(AllocateLine::next(lan.clone(), 2))
            .with_line(AllocateLine::next(first.clone(), 1))
            .with_line(AllocateLine::next(second.clone(), 1));
        async move { with_retries(|| provider.allocate(&request)).await }.boxed()
    });
    let mut served: Vec<Allocated> = Vec::new();
    for result in results.await? {
        match result {
            Ok(result) => served.push(result),
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
    same(all, sorted(served.iter().flat_map(Allocated::iter)), "a caller that was not served holds no address")?;
    for result in &served {
        let found = stage.found(Find::default().with_key(result.key.clone())).await?;
        same(sorted(&found), sorted(result.iter()), "a caller that was served has all lines")?;
    }
    Ok(())
}

pub(super) async fn keeps_allocations_while_ranges_are_removed(bench: &Bench) -> CaseResult {
    let stage = bench.stage(super::Setup::empty()).await?;
    let define = DefineRange::new("lan", super::literals::net("10.20.0.0/24"));
    stage.provider.define_range(&define).await?;
    let calls = stage.limits().calls;
    let results = stage.callers(move |caller, provider| {
        let (define, remove) = (define.clone(), RemoveRange::new("lan"));
        async move {
            for call in 0..calls {
                if caller == 0 {
                    // Without a pause the range would be gone most of the time, and the others would only see
                    // NotFound.
                    super::threads::sleep(std::time::Duration::from_micros(300)).await;
                    // The range may be removed only while it has no allocation. It is defined again at once.
                    let removed = with_retries(|| provider.remove_range(&remove)).await;
                    match removed {
                        Ok(removed) => same(removed.freed, [], "no allocation is deallocated with an empty range")?,
                        Err(error) if error.is_conflict() => continue,
                        Err(error) => return Err(error.into()),
                    }
                    with_retries(|| provider.define_range(&define)).await?;
                    continue;
                }
                let request = Allocate::one(format!("vm-{caller}"), "lan").with_key(format!("{caller}/{call}"));
                let result = match with_retries(|| provider.allocate(&request)).await {
                    Ok(result) => result,
                    Err(error) if error.is_not_found() => continue,
                    Err(error) => return Err(error.into()),
                };
                // Held for a moment, so that a removal meets it.
                super::threads::sleep(std::time::Duration::from_millis(1)).await;
                let found = super::pages::find(&*provider, &Find::default().with_key(result.key.clone())).await?;
                same(sorted(&found), sorted(result.iter()), "a range with an allocated address is kept")?;
                let back = Deallocate::key(result.key);
                same(
                    with_retries(|| provider.deallocate(&back)).await?.freed().count(),
                    1,
                    "until the address is deallocated",
                )?;
            }
            Ok(())
        }
        .boxed()
    });
    results.await?.into_iter().collect::<CaseResult<Vec<()>>>()?;
    same(stage.found(Find::default()).await?, [], "nothing remains")
}
