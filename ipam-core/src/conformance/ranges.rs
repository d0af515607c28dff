//! Cases of ranges: defining, changing and removing them, where the provider can.

use std::time::Duration;

use futures_util::FutureExt;

use super::Setup;
use super::allocate::{exactly, next};
use super::bench::Bench;
use super::literals::{ip, lines, net, only, sorted, span, texts};
use super::outcome::{CaseResult, check, fail, refused, same};
use super::pages;
use super::stage::with_retries;
use crate::net::HostPolicy;
use crate::{
    Allocate, AllocateLine, DefineRange, ErrorKind, Find, ListRanges, NetworkInfo, Operation, Order, Patch, Properties,
    Range, RangePolicy, RemoveRange, SpaceId, Tag, Tags, UpdateRange, Vlan,
};

pub(super) use super::list_ranges::{
    describes_a_range, listed, lists_by_tags_and_space, lists_each_range_once_in_pages,
    lists_lasting_ranges_once_during_changes, lists_matching_ranges, refuses_an_unknown_page_token,
};

pub(super) async fn defines_a_range_as_requested(bench: &Bench) -> CaseResult {
    let stage = bench.stage(Setup::empty()).await?;
    let mut request = full("lan", "10.20.0.0/24");
    if !stage.can.policies {
        request.policy = RangePolicy::default();
    }
    let range = stage.provider.define_range(&request).await?;
    same(&range.id, &request.id, "id")?;
    same(&range.space, &request.space, "address space")?;
    same(&range.name, &request.name, "name")?;
    same(&range.description, &request.description, "description")?;
    same(range.net, request.net, "prefix")?;
    same(Some(range.addresses), request.addresses, "first and last address")?;
    same(&range.network, &request.network, "gateway, DNS, VLAN")?;
    same(&range.policy, &request.policy, "policy")?;
    same(&range.tags, &request.tags, "tags")?;
    same(&range.properties, &request.properties, "properties")?;
    same(
        (&range.key, &range.owner, &range.block),
        (&None, &None, &None),
        "a defined range has no key, owner or block",
    )?;
    // All 256, because off-by-one errors are at the ends of ranges and reservations.
    for address in span("10.20.0.0-10.20.0.255").addresses() {
        let wanted = request.addresses.is_some_and(|addresses| addresses.contains(address))
            && request.network.gateway != Some(address)
            && !request.reserved.iter().any(|reserved| reserved.contains(address));
        same(range.can_allocate(address), wanted, format_args!("whether {address} may be handed out"))?;
    }
    same(
        only(pages::ranges(&*stage.provider, &request.id).await?)?,
        range,
        "list_ranges returns the range that define_range returned",
    )
}

pub(super) async fn fills_in_defaults(bench: &Bench) -> CaseResult {
    let stage = bench.stage(Setup::empty()).await?;
    let range = stage.provider.define_range(&DefineRange::new("lan", net("10.20.0.0/24"))).await?;
    same(range.name.as_str(), "lan", "the name is the id")?;
    same(range.space, SpaceId::default(), "the space is the default one")?;
    same(range.addresses, span("10.20.0.1-10.20.0.254"), "the usable addresses")?;
    same(range.network, NetworkInfo::default(), "no gateway, DNS, VLAN")?;
    // A pool has no network and broadcast address, such as the addresses behind a NAT.
    let pool = DefineRange::new("pool", net("10.21.0.0/24")).with_hosts(HostPolicy::All);
    same(stage.provider.define_range(&pool).await?.addresses, span("10.21.0.0-10.21.0.255"), "all addresses of a pool")
}

pub(super) async fn refuses_a_duplicate_id(bench: &Bench) -> CaseResult {
    let stage = bench.stage(Setup::empty()).await?;
    let request = DefineRange::new("lan", net("10.20.0.0/24"));
    stage.provider.define_range(&request).await?;
    refused(stage.provider.define_range(&request).await, ErrorKind::AlreadyExists, Operation::DefineRange)?;
    // An id is unique in the provider, not in a space.
    let other = DefineRange::new("lan", net("10.99.0.0/24")).with_space("elsewhere");
    let error = refused(stage.provider.define_range(&other).await, ErrorKind::AlreadyExists, Operation::DefineRange)?;
    check(error.to_string().contains("lan"), format_args!("the error names the range: {error}"))?;
    let range = only(pages::ranges(&*stage.provider, &"lan".into()).await?)?;
    same(range.net, net("10.20.0.0/24"), "the range stays as it was")
}

pub(super) async fn refuses_overlapping_ranges(bench: &Bench) -> CaseResult {
    let stage = bench.stage(Setup::empty()).await?;
    let part = |id: &str, addresses: &str| DefineRange::new(id, net("10.20.0.0/24")).with_addresses(span(addresses));
    stage.provider.define_range(&part("a", "10.20.0.10-10.20.0.20")).await?;
    stage.provider.define_range(&part("b", "10.20.0.21-10.20.0.30")).await?;
    // At the end, at the start, around both, inside, and prefixes inside or around the prefix of the ranges.
    let overlaps = [
        part("x", "10.20.0.30-10.20.0.40"),
        part("x", "10.20.0.1-10.20.0.10"),
        part("x", "10.20.0.1-10.20.0.254"),
        part("x", "10.20.0.15"),
        DefineRange::new("x", net("10.20.0.0/24")),
        DefineRange::new("x", net("10.20.0.128/25")),
        DefineRange::new("x", net("10.20.0.128/32")),
        DefineRange::new("x", net("10.20.0.0/16")),
        DefineRange::new("x", net("10.20.0.0/23")).with_addresses(span("10.20.1.1-10.20.1.9")),
    ];
    for request in overlaps {
        let error = refused(stage.provider.define_range(&request).await, ErrorKind::Conflict, Operation::DefineRange)?;
        let text = error.to_string();
        check(text.contains('a') || text.contains('b'), format_args!("the error names the other range: {error}"))?;
    }
    same(listed(&stage, ListRanges::all()).await?.len(), 2, "a refused range is not there")?;
    stage.provider.define_range(&part("c", "10.20.0.31-10.20.0.40")).await?;
    stage.provider.define_range(&DefineRange::new("d", net("10.20.1.0/24"))).await?;
    stage.provider.define_range(&DefineRange::new("e", net("10.20.0.0/16")).with_space("elsewhere")).await?;
    same(
        listed(&stage, ListRanges::all()).await?.len(),
        5,
        "adjacent ranges, and ranges of another space, are accepted",
    )
}

pub(super) async fn refuses_an_invalid_range(bench: &Bench) -> CaseResult {
    let stage = bench.stage(Setup::empty()).await?;
    let lan = || DefineRange::new("lan", net("10.20.0.0/24"));
    let vlan = |number| NetworkInfo { vlan: Some(Vlan::new(number)), ..NetworkInfo::default() };
    let bad = [
        ("net", DefineRange::new("lan", net("10.20.0.7/24"))),
        ("addresses", DefineRange::new("lan", net("::/0")).with_hosts(HostPolicy::All)),
        ("gateway", lan().with_gateway(ip("10.20.1.1"))),
        ("gateway", lan().with_gateway(ip("2001:db8::1"))),
        ("addresses", lan().with_addresses(span("10.20.0.250-10.20.1.5"))),
        ("addresses", lan().with_addresses(span("2001:db8::1-2001:db8::5"))),
        ("reserved", lan().with_reserved(vec![span("10.20.0.5"), span("10.20.1.5")])),
        ("range", DefineRange::new("", net("10.20.0.0/24"))),
        ("range", DefineRange::new("a\nb", net("10.20.0.0/24"))),
        ("space", lan().with_space("")),
        ("vlan", lan().with_network(vlan(0))),
        ("vlan", lan().with_network(vlan(4095))),
        ("tags", lan().with_tags(Tags::from([Tag::new("", "x")]))),
        ("properties", lan().with_properties(Properties::from([(String::new(), "x".to_owned())]))),
        ("name", lan().with_name("x".repeat(crate::MAX_TEXT_LEN + 1))),
    ];
    for (field, request) in bad {
        let error =
            refused(stage.provider.define_range(&request).await, ErrorKind::InvalidInput, Operation::DefineRange)?;
        check(error.message().contains(field), format_args!("the error names the field {field}: {error}"))?;
    }
    same(listed(&stage, ListRanges::all()).await?, [], "nothing was defined")
}

pub(super) async fn changes_only_named_fields(bench: &Bench) -> CaseResult {
    let stage = bench.stage(Setup::empty()).await?;
    let mut request = full("lan", "10.20.0.0/24");
    if !stage.can.policies {
        request.policy = RangePolicy::default();
    }
    let before = stage.provider.define_range(&request).await?;
    let update = || UpdateRange::new("lan");
    let tags = Tags::from([Tag::new("env", "prod")]);
    let properties = Properties::from([("rack".to_owned(), "9".to_owned())]);
    type Expect = fn(&mut Range);
    let steps: Vec<(&str, UpdateRange, Expect)> = vec![
        ("nothing", update(), |_| {}),
        ("name", update().with_name(Patch::Set("New".to_owned())), |r| r.name = "New".to_owned()),
        ("no name", update().with_name(Patch::Clear), |r| r.name = "lan".to_owned()),
        ("description", update().with_description(Patch::Set("d".to_owned())), |r| {
            r.description = Some("d".to_owned())
        }),
        ("no description", update().with_description(Patch::Clear), |r| r.description = None),
        ("gateway", update().with_gateway(Patch::Set(ip("10.20.0.11"))), |r| {
            r.network.gateway = Some(ip("10.20.0.11"))
        }),
        ("no gateway", update().with_gateway(Patch::Clear), |r| r.network.gateway = None),
        ("no DNS", update().with_dns_servers(Patch::Clear), |r| r.network.dns_servers = vec![]),
        ("DNS", update().with_dns_servers(Patch::Set(vec![ip("::1")])), |r| r.network.dns_servers = vec![ip("::1")]),
        ("no search domains", update().with_search_domains(Patch::Clear), |r| r.network.search_domains = vec![]),
        ("domain", update().with_domain(Patch::Set("b.test".to_owned())), |r| {
            r.network.domain = Some("b.test".to_owned())
        }),
        ("no domain", update().with_domain(Patch::Clear), |r| r.network.domain = None),
        ("no VLAN", update().with_vlan(Patch::Clear), |r| r.network.vlan = None),
        ("VLAN", update().with_vlan(Patch::Set(Vlan::new(9))), |r| r.network.vlan = Some(Vlan::new(9))),
        ("reserved", update().with_reserved(Patch::Set(vec![span("10.20.0.50")])), |r| {
            r.reserved = vec![span("10.20.0.50")]
        }),
        ("nothing reserved", update().with_reserved(Patch::Clear), |r| r.reserved = vec![]),
        ("addresses", update().with_addresses(Patch::Set(span("10.20.0.20-10.20.0.30"))), |r| {
            r.addresses = span("10.20.0.20-10.20.0.30");
        }),
        ("tags", update().with_tags(Patch::Set(tags)), |r| r.tags = Tags::from([Tag::new("env", "prod")])),
        ("no tags", update().with_tags(Patch::Clear), |r| r.tags = Tags::new()),
        ("properties", update().with_properties(Patch::Set(properties)), |r| {
            r.properties = Properties::from([("rack".to_owned(), "9".to_owned())]);
        }),
        ("no properties", update().with_properties(Patch::Clear), |r| r.properties = Properties::new()),
        ("no policy", update().with_policy(Patch::Clear), |r| r.policy = RangePolicy::default()),
    ];
    let mut expected = before;
    for (what, update, change) in steps {
        change(&mut expected);
        let range = stage.provider.update_range(&update).await?;
        same(&range, &expected, format_args!("after changing {what}"))?;
        same(
            &only(pages::ranges(&*stage.provider, &range.id).await?)?,
            &expected,
            format_args!("listed after {what}"),
        )?;
    }
    Ok(())
}

pub(super) async fn allocates_from_the_changed_range(bench: &Bench) -> CaseResult {
    let stage = bench.stage(Setup::empty()).await?;
    let provider = &stage.provider;
    provider.define_range(&DefineRange::new("lan", net("10.20.0.0/24"))).await?;
    let update = UpdateRange::new("lan")
        .with_addresses(Patch::Set(span("10.20.0.100-10.20.0.105")))
        .with_gateway(Patch::Set(ip("10.20.0.100")))
        .with_reserved(Patch::Set(vec![span("10.20.0.102")]));
    provider.update_range(&update).await?;
    same(
        lines(&stage.take(next(&stage, 2)).await?),
        [["10.20.0.101", "10.20.0.103"]],
        "allocations come from the changed range",
    )?;
    // Free addresses below the allocated ones: an index of the lowest free address must be rebuilt.
    let wider = UpdateRange::new("lan").with_addresses(Patch::Clear).with_gateway(Patch::Clear);
    let range = provider.update_range(&wider).await?;
    same(range.addresses, span("10.20.0.1-10.20.0.254"), "back to the usable addresses of the prefix")?;
    same(stage.take_one().await?.address, ip("10.20.0.1"), "the lowest one of the range as it is now")?;
    stage.take(exactly(&stage, "10.20.0.100", 1)).await?;
    same(
        stage.taken_texts("lan").await?,
        ["10.20.0.1", "10.20.0.100", "10.20.0.101", "10.20.0.103"],
        "existing allocations are kept",
    )
}

pub(super) async fn refuses_changes_that_exclude_allocations(bench: &Bench) -> CaseResult {
    let stage = bench.stage(Setup::empty()).await?;
    let provider = &stage.provider;
    let other = DefineRange::new("other", net("10.20.0.0/24")).with_addresses(span("10.20.0.200-10.20.0.254"));
    provider.define_range(&other).await?;
    let lan = DefineRange::new("lan", net("10.20.0.0/24")).with_addresses(span("10.20.0.1-10.20.0.99"));
    let before = provider.define_range(&lan).await?;
    stage.take(exactly(&stage, "10.20.0.50", 1)).await?;
    let update = || UpdateRange::new("lan");
    let conflicts = [
        ("outside", update().with_addresses(Patch::Set(span("10.20.0.51-10.20.0.99")))),
        ("the gateway", update().with_gateway(Patch::Set(ip("10.20.0.50")))),
        ("a reservation", update().with_reserved(Patch::Set(vec![span("10.20.0.49-10.20.0.51")]))),
        ("in another range", update().with_addresses(Patch::Set(span("10.20.0.1-10.20.0.200")))),
        ("in another range by clearing", update().with_addresses(Patch::Clear)),
    ];
    for (what, update) in conflicts {
        // A second change in the same call shows whether a refused update is applied in part.
        let update = update.with_name(Patch::Set("changed".to_owned()));
        let result = provider.update_range(&update).await;
        refused(result, ErrorKind::Conflict, Operation::UpdateRange).map_err(|stop| stop.about(what))?;
    }
    let bad = [
        update().with_gateway(Patch::Set(ip("10.21.0.1"))),
        update().with_addresses(Patch::Set(span("10.20.0.250-10.20.1.1"))),
        update().with_reserved(Patch::Set(vec![span("10.21.0.1")])),
        update().with_vlan(Patch::Set(Vlan::new(5000))),
    ];
    for update in bad {
        refused(provider.update_range(&update).await, ErrorKind::InvalidInput, Operation::UpdateRange)?;
    }
    same(only(pages::ranges(&**provider, &"lan".into()).await?)?, before, "a refused change changes nothing")?;
    refused(
        provider.update_range(&UpdateRange::new("no-such-range")).await,
        ErrorKind::NotFound,
        Operation::UpdateRange,
    )?;
    Ok(())
}

pub(super) async fn removes_a_range(bench: &Bench) -> CaseResult {
    let stage = bench.stage(Setup::empty()).await?;
    let provider = &stage.provider;
    let range = provider.define_range(&DefineRange::new("lan", net("10.20.0.0/24"))).await?;
    let taken = provider.allocate(&Allocate::new("vm-1").with_key("vm-1").with_line(next(&stage, 2))).await?;
    refused(provider.remove_range(&RemoveRange::new("lan")).await, ErrorKind::Conflict, Operation::RemoveRange)?;
    same(stage.taken("lan").await?, sorted(taken.iter()), "a refused removal frees nothing")?;
    let removed = provider.remove_range(&RemoveRange::new("lan").with_allocations(true)).await?;
    same(removed.range, Some(range), "the range as it was")?;
    let mut freed = texts(&removed.freed);
    freed.sort();
    same(freed, ["10.20.0.1", "10.20.0.2"], "and the allocations that were deallocated with it")?;
    let again = provider.remove_range(&RemoveRange::new("lan").with_allocations(true)).await?;
    check(again.was_free() && again.freed.is_empty(), "a range that is gone counts as free")?;
    same(listed(&stage, ListRanges::all()).await?, [], "it is not listed")?;
    same(stage.found(Find::default().with_key("vm-1")).await?, [], "its allocations are not found")?;
    refused(stage.take(next(&stage, 1)).await, ErrorKind::NotFound, Operation::Allocate)?;
    provider.define_range(&DefineRange::new("lan", net("10.20.0.0/24"))).await?;
    // A key that survived the removal of its allocations would make this a conflict.
    let anew = provider.allocate(&Allocate::new("vm-9").with_key("vm-1").with_line(next(&stage, 1))).await?;
    same(lines(&anew), [["10.20.0.1"]], "a new range of that id is empty, and the key is free")?;
    check(anew.iter().all(|new| taken.iter().all(|old| old.id != new.id)), "an id is never used again")?;
    provider.deallocate(&crate::Deallocate::key("vm-1")).await?;
    let removed = provider.remove_range(&RemoveRange::new("lan")).await?;
    check(!removed.was_free() && removed.freed.is_empty(), "an empty range is removed without a flag")
}

pub(super) async fn deallocates_part_of_a_key_with_a_range(bench: &Bench) -> CaseResult {
    let stage = bench.stage(Setup::empty()).await?;
    let provider = &stage.provider;
    for (id, prefix) in [("lan", "10.20.0.0/24"), ("dmz", "10.21.0.0/24")] {
        provider.define_range(&DefineRange::new(id, net(prefix))).await?;
    }
    let request = Allocate::new("vm-1")
        .with_key("vm-1")
        .with_line(AllocateLine::next("lan", 1))
        .with_line(AllocateLine::next("dmz", 1));
    provider.allocate(&request).await?;
    provider.remove_range(&RemoveRange::new("dmz").with_allocations(true)).await?;
    let found = stage.found(Find::default().with_key("vm-1")).await?;
    same(texts(&found), ["10.20.0.1"], "the other range's allocation stays")?;
    let repeat = provider.allocate(&request).await;
    let kind = repeat.as_ref().err().map(crate::Error::kind);
    // NotFound is right too: a range of the request no longer exists.
    let known = matches!(kind, Some(ErrorKind::Conflict | ErrorKind::NotFound));
    check(known, format_args!("the request cannot be repeated, but: {repeat:?}"))?;
    same(stage.taken_texts("lan").await?, ["10.20.0.1"], "a refused repeat takes nothing")
}

pub(super) async fn defines_one_of_concurrent_duplicates(bench: &Bench) -> CaseResult {
    let stage = bench.stage(Setup::empty()).await?;
    // Two races: the same id with different prefixes, and the same prefix with different ids.
    for (round, shared) in [true, false].into_iter().enumerate() {
        let results = stage.callers(move |caller, provider| {
            let (id, prefix) = if shared { ("lan".to_owned(), caller) } else { (format!("r{caller}"), 0) };
            let request = DefineRange::new(id, net(&format!("10.{}.{prefix}.0/24", 20 + round)));
            async move { with_retries(|| provider.define_range(&request)).await }.boxed()
        });
        let mut accepted = Vec::new();
        for result in results.await? {
            let expected = if shared { ErrorKind::AlreadyExists } else { ErrorKind::Conflict };
            match result {
                Ok(range) => accepted.push(range),
                Err(error) if error.kind() == expected => {}
                Err(error) => return fail(format_args!("one caller defines it, the others find it taken: {error}")),
            }
        }
        let accepted_one = only(accepted)?;
        same(
            pages::ranges(&*stage.provider, &accepted_one.id).await?,
            [accepted_one],
            "the range is the one that was accepted",
        )?;
    }
    same(listed(&stage, ListRanges::all()).await?.len(), 2, "and no other range exists")
}

/// Returns the definition of a range with all fields set.
fn full(id: &str, prefix: &str) -> DefineRange {
    let network = NetworkInfo {
        gateway: Some(ip("10.20.0.1")),
        dns_servers: vec![ip("10.1.1.2"), ip("2001:db8::53"), ip("10.1.1.1")],
        search_domains: vec!["b.example.com".to_owned(), "a.example.com".to_owned()],
        domain: Some("example.com".to_owned()),
        vlan: Some(Vlan::new(42).with_name("büro")),
    };
    DefineRange::new(id, net(prefix))
        .with_space("red")
        .with_name("Office \"one\"")
        .with_description(Some("first\nsecond".to_owned()))
        .with_addresses(span("10.20.0.10-10.20.0.100"))
        .with_network(network)
        .with_reserved(vec![span("10.20.0.10-10.20.0.12"), span("10.20.0.99")])
        .with_policy(
            RangePolicy::default().with_order(Order::LeastRecentlyUsed).with_quarantine(Duration::from_secs(90)),
        )
        .with_tags(Tags::from([Tag::new("env", "test"), Tag::new("billed", "")]))
        .with_properties(Properties::from([("rack".to_owned(), "7".to_owned()), ("leer".to_owned(), String::new())]))
}
