//! Cases of `deallocate`: repeatable, and never the allocation of another owner.

use super::Setup;
use super::allocate::{exactly, next};
use super::bench::Bench;
use super::literals::{freed, ip, net, texts};
use super::outcome::{CaseResult, Stop, check, refused, same};
use crate::{Allocate, Deallocate, ErrorKind, Find, Operation, Precondition, Target};

pub(super) async fn deallocates_by_id(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    let taken = stage.take(next(&stage, 2)).await?;
    let first = super::literals::only(taken.iter().take(1).cloned().collect())?;
    let result = stage.provider.deallocate(&Deallocate::id(first.id.clone())).await?;
    same(freed(&result), [["10.20.0.1"]], "the result lists the deallocated address")?;
    check(!result.was_free(), "it was not free before")?;
    same(result.freed().map(|a| &a.id).collect::<Vec<_>>(), [&first.id], "the deallocated allocation")?;
    same(result.freed().map(|a| &a.owner).collect::<Vec<_>>(), [&first.owner], "and its owner")?;
    same(stage.taken_texts("lan").await?, ["10.20.0.2"], "nothing else is freed")
}

pub(super) async fn deallocates_by_key(bench: &Bench) -> CaseResult {
    let stage =
        bench.stage(Setup::empty().range("lan", net("10.20.0.0/28")).range("other", net("10.20.1.0/28"))).await?;
    let request = Allocate::new("vm-1")
        .with_key("vm-1")
        .with_line(next(&stage, 2))
        // A second range, whose allocations a provider may keep elsewhere.
        .with_line(crate::AllocateLine::next(stage.range("other"), 1));
    stage.provider.allocate(&request).await?;
    stage.take_one().await?;
    let result = stage.provider.deallocate(&Deallocate::key("vm-1")).await?;
    let mut addresses = texts(result.freed());
    addresses.sort();
    same(addresses, ["10.20.0.1", "10.20.0.2", "10.20.1.1"], "all that the request took")?;
    same(result.targets.len(), 1, "one entry per target")?;
    same(stage.taken_texts("lan").await?, ["10.20.0.3"], "and nothing else")
}

pub(super) async fn deallocates_by_address(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    stage.take(next(&stage, 3)).await?;
    let result = stage.provider.deallocate(&Deallocate::address(stage.range("lan"), ip("10.20.0.2"))).await?;
    same(freed(&result), [["10.20.0.2"]], "that address")?;
    same(stage.taken_texts("lan").await?, ["10.20.0.1", "10.20.0.3"], "and no other")
}

pub(super) async fn can_be_repeated(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    let allocation = stage.one(Allocate::one("vm-1", stage.range("lan")).with_key("vm-1")).await?;
    stage.provider.deallocate(&Deallocate::id(allocation.id.clone())).await?;
    let requests = [
        Deallocate::id(allocation.id),
        Deallocate::key("vm-1"),
        Deallocate::address(stage.range("lan"), allocation.address),
    ];
    // Every form of target, twice: the result of a lost response must be safe to ask for again.
    for request in requests {
        for _ in 0..2 {
            let result = stage.provider.deallocate(&request).await?;
            check(result.was_free(), format_args!("a free address counts as deallocated: {request:?}"))?;
            same(result.targets.len(), 1, "one entry per target")?;
        }
    }
    Ok(())
}

pub(super) async fn never_frees_the_next_allocation_by_an_old_id(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/30").await?;
    for _ in 0..3 {
        let old = stage.take_one().await?;
        stage.provider.deallocate(&Deallocate::id(old.id.clone())).await?;
        let new = stage.take_one().await?;
        same(new.address, old.address, "the same address again")?;
        // Ids made from range and address would repeat here, and a late call would free the new allocation.
        check(new.id != old.id, "an id is never used again for another allocation")?;
        let late = stage.provider.deallocate(&Deallocate::id(old.id)).await?;
        check(late.was_free(), "the old allocation counts as free")?;
        same(stage.taken_texts("lan").await?, ["10.20.0.1"], "the new one stays")?;
        stage.provider.deallocate(&Deallocate::id(new.id)).await?;
    }
    Ok(())
}

pub(super) async fn reports_unknown_targets_as_free(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    let request = Deallocate::id("no-such-allocation")
        .and(Target::Key("no-such-key".into()))
        .and(Target::Address { range: stage.range("lan"), address: ip("10.20.0.7") })
        .and(Target::Address { range: stage.range("lan"), address: ip("10.20.0.0") });
    let result = stage.provider.deallocate(&request).await?;
    same(
        freed(&result),
        [[""; 0]; 4],
        "an unknown id, an unknown key, a free address and a network address deallocate nothing",
    )
}

pub(super) async fn returns_one_entry_per_target(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    stage.provider.allocate(&Allocate::new("vm-1").with_key("vm-1").with_line(next(&stage, 2))).await?;
    let third = stage.take_one().await?;
    stage.take(next(&stage, 2)).await?;
    let lan = |address: &str| Target::Address { range: stage.range("lan"), address: ip(address) };
    let request = Deallocate::new(lan("10.20.0.5"))
        .and(Target::Id(third.id))
        .and(Target::Key("no-such-key".into()))
        // Targets that free nothing must keep their place in the list.
        .and(lan("10.20.0.9"))
        .and(Target::Key("vm-1".into()));
    let mut result = freed(&stage.provider.deallocate(&request).await?);
    result.iter_mut().for_each(|target| target.sort());
    let expected: [&[&str]; 5] = [&["10.20.0.5"], &["10.20.0.3"], &[], &[], &["10.20.0.1", "10.20.0.2"]];
    same(result, expected, "one entry per target, in the order asked")?;
    same(stage.taken_texts("lan").await?, ["10.20.0.4"], "allocations that no target names are kept")
}

pub(super) async fn lists_a_repeated_target_once(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    let allocation = stage.one(Allocate::one("vm-1", stage.range("lan")).with_key("vm-1")).await?;
    let request = Deallocate::id(allocation.id.clone())
        .and(Target::Address { range: stage.range("lan"), address: allocation.address })
        .and(Target::Key("vm-1".into()))
        .and(Target::Id(allocation.id));
    let result = stage.provider.deallocate(&request).await?;
    let expected: [&[&str]; 4] = [&["10.20.0.1"], &[], &[], &[]];
    same(freed(&result), expected, "an allocation is listed with the first target that names it")
}

pub(super) async fn keeps_the_address_of_another_owner(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    let old = stage.one(Allocate::one("old", stage.range("lan")).with_key("first")).await?;
    let late = [
        Deallocate::id(old.id.clone()),
        Deallocate::address(stage.range("lan"), old.address),
        Deallocate::key("first"),
    ];
    stage.provider.deallocate(&Deallocate::key("first").with_precondition(Precondition::Owner("old".into()))).await?;
    // The next owner uses the same key, so a late repeat by key must not free it either.
    let new = stage.one(Allocate::one("new", stage.range("lan")).with_key("first")).await?;
    same(new.address, old.address, "the next owner has the same address")?;
    // A caller that timed out repeats its call after the address has a new owner. The precondition protects that one.
    for request in late {
        let result =
            stage.provider.deallocate(&request.clone().with_precondition(Precondition::Owner("old".into()))).await?;
        check(result.was_free(), format_args!("a late repeat finds nothing of the old owner: {request:?}"))?;
        let kept = stage.found(Find::default().with_owner("new")).await?;
        same(kept, std::slice::from_ref(&new), format_args!("the next owner keeps its address: {request:?}"))?;
    }
    let request =
        Deallocate::address(stage.range("lan"), new.address).with_precondition(Precondition::Owner("new".into()));
    same(freed(&stage.provider.deallocate(&request).await?), [["10.20.0.1"]], "its owner may deallocate it")
}

pub(super) async fn keeps_the_address_of_another_request(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    let old = stage.one(Allocate::one("vm-1", stage.range("lan")).with_key("first")).await?;
    stage.provider.deallocate(&Deallocate::key("first").with_precondition(Precondition::Key("first".into()))).await?;
    let new = stage.one(Allocate::one("vm-1", stage.range("lan")).with_key("second")).await?;
    same(new.address, old.address, "the next request has the same address")?;
    // The owner is the same here. Only the key tells the old request from the new one.
    for request in [Deallocate::address(stage.range("lan"), new.address), Deallocate::id(new.id.clone())] {
        let result =
            stage.provider.deallocate(&request.clone().with_precondition(Precondition::Key("first".into()))).await?;
        check(result.was_free(), format_args!("a late repeat finds nothing of the old request: {request:?}"))?;
    }
    same(stage.found(Find::default().with_key("second")).await?, [new.clone()], "the next request keeps its address")?;
    let request = Deallocate::id(new.id).with_precondition(Precondition::Key("second".into()));
    same(freed(&stage.provider.deallocate(&request).await?), [["10.20.0.1"]], "a precondition with its own key holds")
}

pub(super) async fn checks_the_precondition_of_each_target(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    let lan = |address: &str| Target::Address { range: stage.range("lan"), address: ip(address) };
    for (owner, key) in [("a", "1"), ("b", "2"), ("a", "3"), ("b", "4")] {
        stage.provider.allocate(&Allocate::one(owner, stage.range("lan")).with_key(key)).await?;
    }
    let request = Deallocate::new(lan("10.20.0.1"))
        .and(lan("10.20.0.2"))
        .and(Target::Key("3".into()))
        .and(Target::Key("4".into()))
        .with_precondition(Precondition::Owner("a".into()));
    let expected: [&[&str]; 4] = [&["10.20.0.1"], &[], &["10.20.0.3"], &[]];
    same(freed(&stage.provider.deallocate(&request).await?), expected, "the address of another owner counts as free")?;
    same(stage.taken_texts("lan").await?, ["10.20.0.2", "10.20.0.4"], "and stays")
}

pub(super) async fn deallocates_addresses_without_owner_and_key(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    for (address, expect) in [
        ("10.20.0.1", Precondition::Owner("vm-1".into())),
        ("10.20.0.2", Precondition::Key("vm-1".into())),
        ("10.20.0.3", Precondition::Anyone),
    ] {
        if !stage.harness.plant(&stage.fixture, &stage.range("lan"), ip(address)).await {
            return Err(Stop::Skip("the harness cannot take an address without owner and key".to_owned()));
        }
        refused(stage.take(exactly(&stage, address, 1)).await, ErrorKind::Conflict, Operation::Allocate)?;
        let unmarked = super::literals::only(stage.found(Find::default().with_address(ip(address))).await?)?;
        same((&unmarked.owner, &unmarked.key), (&None, &None), "the allocation has neither owner nor key")?;
        let request = Deallocate::address(stage.range("lan"), ip(address)).with_precondition(expect.clone());
        same(
            freed(&stage.provider.deallocate(&request).await?),
            [[address]],
            format_args!("{expect:?} holds for an address without owner and key"),
        )?;
    }
    Ok(())
}

pub(super) async fn requires_the_range_to_exist(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    let request = Deallocate::address("no-such-range", ip("10.20.0.1"));
    let error = refused(stage.provider.deallocate(&request).await, ErrorKind::NotFound, Operation::Deallocate)?;
    check(error.to_string().contains("no-such-range"), format_args!("the error names the range: {error}"))
}

pub(super) async fn requires_an_address_of_the_prefix(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    // One above the prefix, one below, and the other family.
    for outside in ["10.20.0.16", "10.19.255.255", "2001:db8::1"] {
        let request = Deallocate::address(stage.range("lan"), ip(outside));
        let error = refused(stage.provider.deallocate(&request).await, ErrorKind::InvalidInput, Operation::Deallocate)?;
        check(error.to_string().contains(outside), format_args!("the error names the address {outside}: {error}"))?;
    }
    Ok(())
}

pub(super) async fn deallocates_only_in_the_named_range(bench: &Bench) -> CaseResult {
    let part = |id: &str, addresses: &str| {
        crate::DefineRange::new(id, net("10.20.0.0/24")).with_addresses(super::literals::span(addresses))
    };
    let setup =
        Setup::empty().with_range(part("a", "10.20.0.10-10.20.0.19")).with_range(part("b", "10.20.0.20-10.20.0.29"));
    let stage = bench.stage(setup).await?;
    let held = stage.one(Allocate::one("vm-1", stage.range("b"))).await?;
    // A provider that stores addresses per subnet finds the address there, and must still respect the ranges.
    let wrong = Deallocate::address(stage.range("a"), held.address);
    let result = stage.provider.deallocate(&wrong).await?;
    check(result.was_free(), "the address is of the prefix, but no address of the range that was named")?;
    same(stage.taken_texts("b").await?, ["10.20.0.20"], "the allocation of the other range is kept")?;
    let right = Deallocate::address(stage.range("b"), held.address);
    same(freed(&stage.provider.deallocate(&right).await?), [["10.20.0.20"]], "in its own range the address is found")
}
