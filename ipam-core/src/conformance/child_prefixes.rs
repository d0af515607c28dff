//! Cases of child prefixes: `allocate_range` and `deallocate_range`.

use futures_util::FutureExt;
use ipnet::IpNet;

use super::Setup;
use super::allocate::{exactly_in, three_ranges};
use super::bench::Bench;
use super::literals::{ip, lines, net, only, texts};
use super::outcome::{CaseResult, check, fail, refused, same};
use super::pages;
use super::stage::{Stage, with_retries};
use crate::net::{HostPolicy, hosts};
use crate::{
    Allocate, AllocateLine, AllocateRange, ChildPrefix, DeallocateRange, DefineRange, ErrorKind, Operation,
    Precondition, Properties, Result, Tag, Tags,
};

pub(super) async fn allocates_the_lowest_free_prefix(bench: &Bench) -> CaseResult {
    let stage = bench.stage(Setup::empty().block("campus", net("10.20.0.0/24"))).await?;
    for expected in ["10.20.0.0/26", "10.20.0.64/26", "10.20.0.128/26", "10.20.0.192/26"] {
        same(allocate_prefix(&stage, 26).await?, net(expected), "prefixes are allocated in ascending order")?;
    }
    refused(allocate_prefix(&stage, 26).await, ErrorKind::Exhausted, Operation::AllocateRange)?;
    // Also for the smallest prefix: nothing is left.
    refused(allocate_prefix(&stage, 32).await, ErrorKind::Exhausted, Operation::AllocateRange)?;
    Ok(())
}

pub(super) async fn prefers_the_smallest_free_gap(bench: &Bench) -> CaseResult {
    let stage = bench.stage(Setup::empty().block("campus", net("10.20.0.0/24"))).await?;
    same(allocate_exact_prefix(&stage, "10.20.0.128/26").await?, net("10.20.0.128/26"), "the exact prefix")?;
    // First fit would split the /25 below, and the next call would fail.
    same(allocate_prefix(&stage, 27).await?, net("10.20.0.192/27"), "the smallest gap that is large enough")?;
    same(allocate_prefix(&stage, 25).await?, net("10.20.0.0/25"), "the larger gap was kept whole")?;
    same(allocate_prefix(&stage, 28).await?, net("10.20.0.224/28"), "what is left")
}

pub(super) async fn describes_the_new_range(bench: &Bench) -> CaseResult {
    let stage = bench.stage(Setup::empty().with_block(super::blocks::full("campus"))).await?;
    let (tags, properties) =
        (Tags::from([Tag::new("env", "prod")]), Properties::from([("rack".to_owned(), "7".to_owned())]));
    let request = AllocateRange::prefix_len("tenant-7", stage.block("campus"), 26)
        .with_key("tenant-7/net-1")
        .with_name("Tenant 7")
        .with_description(Some("on demand".to_owned()))
        .with_tags(tags.clone())
        .with_properties(properties.clone());
    let result = stage.provider.allocate_range(&request).await?;
    check(!result.repeated, "nothing was repeated")?;
    same(result.key.as_str(), "tenant-7/net-1", "the result has the key of the request")?;
    let range = result.range;
    same(range.net, net("10.20.0.0/26"), "prefix")?;
    same(range.addresses, hosts(range.net, HostPolicy::Hosts), "the usable addresses of its prefix")?;
    same((range.name.as_str(), range.description.as_deref()), ("Tenant 7", Some("on demand")), "name and description")?;
    same((&range.tags, &range.properties), (&tags, &properties), "tags and properties")?;
    same(&range.space, &stage.space("red"), "the block's address space")?;
    same(range.block.as_ref(), Some(&stage.block("campus")), "the block")?;
    same(range.key.as_ref().map(AsRef::as_ref), Some("tenant-7/net-1"), "key")?;
    same(range.owner.as_ref().map(AsRef::as_ref), Some("tenant-7"), "owner")?;
    same(&range.network, &super::blocks::full("campus").network, "the block's DNS servers, domains and VLAN")?;
    let listed = only(pages::ranges(&*stage.provider, &range.id).await?)?;
    same(&listed, &range, "list_ranges returns the same range")?;
    // Neither name nor key: the provider sets both.
    let bare = stage.provider.allocate_range(&AllocateRange::prefix_len("t", stage.block("campus"), 26)).await?;
    same(bare.range.name.as_str(), "10.20.0.64/26", "without a name it is its prefix")?;
    same(bare.range.key.as_ref(), Some(&bare.key), "without a key the provider makes one")?;
    check(bare.range.id != range.id, "another range")
}

pub(super) async fn allocates_addresses_of_the_new_range(bench: &Bench) -> CaseResult {
    let stage = bench.stage(Setup::empty().block("campus", net("10.20.0.0/24"))).await?;
    let range = stage.provider.allocate_range(&AllocateRange::prefix_len("t", stage.block("campus"), 30)).await?.range;
    let result = stage.take(AllocateLine::next(range.id.clone(), 2)).await?;
    same(lines(&result), [["10.20.0.1", "10.20.0.2"]], "its usable addresses")?;
    refused(stage.take(AllocateLine::next(range.id, 1)).await, ErrorKind::Exhausted, Operation::Allocate)?;
    Ok(())
}

pub(super) async fn allocates_an_exact_prefix(bench: &Bench) -> CaseResult {
    let stage = bench.stage(Setup::empty().block("campus", net("10.20.0.0/24"))).await?;
    allocate_exact_prefix(&stage, "10.20.0.64/27").await?;
    // The same prefix, a part at each end, one around it, and the whole block.
    for taken in ["10.20.0.64/27", "10.20.0.64/28", "10.20.0.80/28", "10.20.0.64/26", "10.20.0.0/24"] {
        refused(allocate_exact_prefix(&stage, taken).await, ErrorKind::Conflict, Operation::AllocateRange)?;
    }
    // Beside the block, around the block, and the other family.
    for outside in ["10.21.0.0/27", "10.20.0.0/23", "2001:db8::/64"] {
        refused(allocate_exact_prefix(&stage, outside).await, ErrorKind::InvalidInput, Operation::AllocateRange)?;
    }
    same(allocate_exact_prefix(&stage, "10.20.0.96/27").await?, net("10.20.0.96/27"), "the free prefix next to it")
}

pub(super) async fn allocates_a_whole_block(bench: &Bench) -> CaseResult {
    let stage = bench.stage(Setup::empty().block("campus", net("10.20.0.0/24"))).await?;
    same(allocate_prefix(&stage, 24).await?, net("10.20.0.0/24"), "a prefix as long as the block's")?;
    refused(allocate_prefix(&stage, 30).await, ErrorKind::Exhausted, Operation::AllocateRange)?;
    Ok(())
}

pub(super) async fn never_allocates_a_covered_prefix(bench: &Bench) -> CaseResult {
    let setup = Setup::empty()
        .block("campus", net("10.20.0.0/24"))
        .block("inner", net("10.20.0.64/26"))
        .range("lan", net("10.20.0.0/26"));
    let stage = bench.stage(setup).await?;
    same(
        allocate_prefix(&stage, 26).await?,
        net("10.20.0.128/26"),
        "the first prefix after the range and the inner block",
    )?;
    refused(allocate_exact_prefix(&stage, "10.20.0.0/27").await, ErrorKind::Conflict, Operation::AllocateRange)?;
    refused(allocate_exact_prefix(&stage, "10.20.0.64/27").await, ErrorKind::Conflict, Operation::AllocateRange)?;
    let inner = AllocateRange::prefix_len("t", stage.block("inner"), 27);
    let range = stage.provider.allocate_range(&inner).await?.range;
    same(range.net, net("10.20.0.64/27"), "the inner block has its own room")?;
    // Deallocation later returns the prefix to the right block.
    same(range.block, Some(stage.block("inner")), "and is the block of its child prefixes")
}

pub(super) async fn tries_the_blocks_in_the_order_given(bench: &Bench) -> CaseResult {
    let setup = Setup::empty().block("a", net("10.20.0.0/30")).block("b", net("10.21.0.0/30"));
    let stage = bench.stage(setup).await?;
    let request = || AllocateRange::prefix_len("t", stage.block("b"), 31).or_from(stage.block("a"));
    for expected in ["10.21.0.0/31", "10.21.0.2/31", "10.20.0.0/31", "10.20.0.2/31"] {
        let range = stage.provider.allocate_range(&request()).await?.range;
        same(range.net, net(expected), "the first block that can give it")?;
    }
    refused(stage.provider.allocate_range(&request()).await, ErrorKind::Exhausted, Operation::AllocateRange)?;
    Ok(())
}

pub(super) async fn tries_every_block_around_an_exact_prefix(bench: &Bench) -> CaseResult {
    // The prefixes lie in "campus" too, but an inner block covers them there.
    let setup = Setup::empty()
        .block("campus", net("10.20.0.0/16"))
        .block("floor", net("10.20.1.0/24"))
        .block("room", net("10.20.1.128/25"));
    let stage = bench.stage(setup).await?;
    let give = |order: [&str; 3], prefix: &str| {
        let [first, second, third] = order.map(|name| stage.block(name));
        let request = AllocateRange::new("t", first, ChildPrefix::Exact(net(prefix))).or_from(second).or_from(third);
        let provider = &stage.provider;
        async move { provider.allocate_range(&request).await }
    };
    let orders = [
        ["campus", "floor", "room"],
        ["campus", "room", "floor"],
        ["floor", "campus", "room"],
        ["floor", "room", "campus"],
        ["room", "campus", "floor"],
        ["room", "floor", "campus"],
    ];
    // Every order of the three blocks, because a provider may try the outer one first and stop at its conflict.
    for (n, order) in orders.into_iter().enumerate() {
        for (giver, base) in [("floor", "10.20.1."), ("room", "10.20.1."), ("campus", "10.20.2.")] {
            // Another prefix for each order. The room is the upper half of the floor.
            let last = 4 * n + if giver == "room" { 128 } else { 0 };
            let prefix = format!("{base}{last}/30");
            let range = give(order, &prefix).await?.range;
            same(range.net, net(&prefix), "the prefix asked for")?;
            same(
                range.block,
                Some(stage.block(giver)),
                format_args!("{giver} has the prefix free; the blocks were named in the order {order:?}"),
            )?;
        }
    }
    Ok(())
}

pub(super) async fn reports_why_no_block_has_the_prefix(bench: &Bench) -> CaseResult {
    let setup = Setup::empty()
        .block("campus", net("10.20.0.0/23"))
        .block("floor", net("10.20.1.0/24"))
        .block("other", net("10.21.0.0/24"));
    let stage = bench.stage(setup).await?;
    let from = |blocks: &[&str], what: ChildPrefix| {
        let request = AllocateRange::new("t", stage.block(blocks.first().copied().unwrap_or_default()), what);
        let request = blocks.iter().skip(1).fold(request, |request, name| request.or_from(stage.block(name)));
        let provider = &stage.provider;
        async move { provider.allocate_range(&request).await }
    };
    let inner = ChildPrefix::Exact(net("10.20.1.8/30"));
    for blocks in [&["campus"][..], &["campus", "other"], &["other", "campus"]] {
        refused(from(blocks, inner).await, ErrorKind::Conflict, Operation::AllocateRange)?;
    }
    refused(from(&["other"], inner).await, ErrorKind::InvalidInput, Operation::AllocateRange)?;
    from(&["campus", "floor"], inner).await?;
    for blocks in [&["campus", "floor"][..], &["floor", "campus"], &["other", "floor", "campus"]] {
        refused(from(blocks, inner).await, ErrorKind::Conflict, Operation::AllocateRange)?;
    }
    // The inner block leaves one /24 of the outer block, and nothing after that.
    from(&["campus"], ChildPrefix::PrefixLen(24)).await?;
    for blocks in [&["campus"][..], &["campus", "floor"], &["floor", "campus"]] {
        refused(from(blocks, ChildPrefix::PrefixLen(24)).await, ErrorKind::Exhausted, Operation::AllocateRange)?;
    }
    same(
        from(&["campus", "floor"], ChildPrefix::PrefixLen(25)).await?.range.net,
        net("10.20.1.128/25"),
        "what is left",
    )?;
    refused(
        from(&["campus", "floor"], ChildPrefix::PrefixLen(25)).await,
        ErrorKind::Exhausted,
        Operation::AllocateRange,
    )?;
    Ok(())
}

pub(super) async fn allocates_ipv6_prefixes(bench: &Bench) -> CaseResult {
    let stage = bench.stage(Setup::empty().block("campus", net("2001:db8:20::/48"))).await?;
    for expected in ["2001:db8:20::/64", "2001:db8:20:1::/64"] {
        same(allocate_prefix(&stage, 64).await?, net(expected), "prefixes are allocated in ascending order")?;
    }
    same(
        allocate_exact_prefix(&stage, "2001:db8:20:ffff::/64").await?,
        net("2001:db8:20:ffff::/64"),
        "the last prefix of the block",
    )?;
    // A larger prefix after smaller ones: the next free address is not aligned for it.
    same(allocate_prefix(&stage, 56).await?, net("2001:db8:20:100::/56"), "a larger one")
}

pub(super) async fn refuses_invalid_requests(bench: &Bench) -> CaseResult {
    let stage = bench.stage(Setup::empty().block("campus", net("10.20.0.0/24"))).await?;
    let provider = &stage.provider;
    // Shorter than the block, longer than IPv4 has, and lengths that no family has.
    for len in [8, 23, 33, 64, 129, 255] {
        refused(allocate_prefix(&stage, len).await, ErrorKind::InvalidInput, Operation::AllocateRange)?;
    }
    refused(allocate_exact_prefix(&stage, "10.20.0.1/25").await, ErrorKind::InvalidInput, Operation::AllocateRange)?;
    let missing = AllocateRange::prefix_len("t", "no-such-block", 26);
    let error = refused(provider.allocate_range(&missing).await, ErrorKind::NotFound, Operation::AllocateRange)?;
    check(error.to_string().contains("no-such-block"), format_args!("the error names the block: {error}"))?;
    let second = AllocateRange::prefix_len("t", stage.block("campus"), 26).or_from("no-such-block");
    refused(provider.allocate_range(&second).await, ErrorKind::NotFound, Operation::AllocateRange)?;
    let mut none = AllocateRange::prefix_len("t", stage.block("campus"), 26);
    none.blocks.clear();
    refused(provider.allocate_range(&none).await, ErrorKind::InvalidInput, Operation::AllocateRange)?;
    same(allocate_prefix(&stage, 24).await?, net("10.20.0.0/24"), "no child prefix was allocated")
}

pub(super) async fn repeats_by_key(bench: &Bench) -> CaseResult {
    let stage = bench.stage(Setup::empty().block("campus", net("10.20.0.0/29"))).await?;
    let provider = &stage.provider;
    let request = AllocateRange::prefix_len("t", stage.block("campus"), 30).with_key("net-1");
    let first = provider.allocate_range(&request).await?;
    let again = provider.allocate_range(&request).await?;
    check(!first.repeated && again.repeated, "a repeat sets `repeated`")?;
    same(&again.range, &first.range, "a repeat returns the same range")?;
    // Another length, another owner, and the same prefix as an exact one: each is another request.
    let others = [
        AllocateRange::prefix_len("t", stage.block("campus"), 31).with_key("net-1"),
        AllocateRange::prefix_len("other", stage.block("campus"), 30).with_key("net-1"),
        AllocateRange::new("t", stage.block("campus"), ChildPrefix::Exact(first.range.net)).with_key("net-1"),
    ];
    for other in others {
        refused(provider.allocate_range(&other).await, ErrorKind::Conflict, Operation::AllocateRange)?;
    }
    same(allocate_prefix(&stage, 30).await?, net("10.20.0.4/30"), "repeats and refusals took nothing")?;
    same(&provider.allocate_range(&request).await?.range, &first.range, "a repeat needs no free address")?;
    provider.deallocate_range(&DeallocateRange::key("net-1")).await?;
    let anew = provider.allocate_range(&request).await?;
    check(!anew.repeated, "a key can be used again after its range was deallocated")
}

pub(super) async fn shares_keys_with_allocate(bench: &Bench) -> CaseResult {
    let stage = bench.stage(three_ranges().block("campus", net("10.30.0.0/24"))).await?;
    let provider = &stage.provider;
    let addresses = |key: &str| Allocate::one("t", stage.range("a")).with_key(key);
    let range = |key: &str| AllocateRange::prefix_len("t", stage.block("campus"), 30).with_key(key);
    provider.allocate(&addresses("one")).await?;
    provider.allocate_range(&range("two")).await?;
    refused(provider.allocate_range(&range("one")).await, ErrorKind::Conflict, Operation::AllocateRange)?;
    refused(provider.allocate(&addresses("two")).await, ErrorKind::Conflict, Operation::Allocate)?;
    same(stage.taken_texts("a").await?, ["10.20.0.1"], "a refused request takes nothing")?;
    provider.deallocate(&crate::Deallocate::key("one")).await?;
    check(!provider.allocate_range(&range("one")).await?.repeated, "the key is free for either")
}

pub(super) async fn deallocates_a_child_prefix(bench: &Bench) -> CaseResult {
    let stage = bench.stage(Setup::empty().block("campus", net("10.20.0.0/29"))).await?;
    let provider = &stage.provider;
    let one = AllocateRange::prefix_len("t", stage.block("campus"), 30).with_key("one");
    let two = AllocateRange::prefix_len("t", stage.block("campus"), 30).with_key("two");
    let first = provider.allocate_range(&one).await?.range;
    let second = provider.allocate_range(&two).await?.range;
    let by_id = DeallocateRange::id(first.id.clone());
    let by_key = DeallocateRange::key("two");
    same(provider.deallocate_range(&by_id).await?.range, Some(first.clone()), "by id: the range as it was")?;
    same(provider.deallocate_range(&by_key).await?.range, Some(second), "by key: the range as it was")?;
    for again in [by_id, by_key, DeallocateRange::id("no-such-range"), DeallocateRange::key("no-such-key")] {
        let result = provider.deallocate_range(&again).await?;
        check(
            result.was_free() && result.freed.is_empty(),
            format_args!("a range that is gone counts as free: {again:?}"),
        )?;
    }
    same(pages::ranges(&**provider, &first.id).await?, [], "it is not listed")?;
    same(allocate_prefix(&stage, 29).await?, net("10.20.0.0/29"), "the deallocated prefixes can be allocated as one")
}

pub(super) async fn keeps_a_range_in_use(bench: &Bench) -> CaseResult {
    let stage = bench.stage(Setup::empty().block("campus", net("10.20.0.0/24"))).await?;
    let provider = &stage.provider;
    let range = provider.allocate_range(&AllocateRange::prefix_len("t", stage.block("campus"), 28)).await?.range;
    stage.take(AllocateLine::next(range.id.clone(), 2)).await?;
    let request = DeallocateRange::id(range.id.clone());
    refused(provider.deallocate_range(&request).await, ErrorKind::Conflict, Operation::DeallocateRange)?;
    let found = stage.found(crate::Find::default().with_range(range.id.clone())).await?;
    same(found.len(), 2, "a refused request frees nothing")?;
    let result = provider.deallocate_range(&request.with_allocations(true)).await?;
    let mut freed = texts(&result.freed);
    freed.sort();
    same(freed, ["10.20.0.1", "10.20.0.2"], "its allocations are deallocated with it")?;
    same(stage.found(crate::Find::default().with_address(ip("10.20.0.1"))).await?, [], "and are not found")
}

pub(super) async fn keeps_the_range_of_another_owner(bench: &Bench) -> CaseResult {
    let stage = bench.stage(Setup::empty().block("campus", net("10.20.0.0/30"))).await?;
    let provider = &stage.provider;
    let old = AllocateRange::prefix_len("old", stage.block("campus"), 30).with_key("first");
    provider.allocate_range(&old).await?;
    provider.deallocate_range(&DeallocateRange::key("first")).await?;
    let new = AllocateRange::prefix_len("new", stage.block("campus"), 30).with_key("first");
    let range = provider.allocate_range(&new).await?.range;
    // A late call of the old owner, by key and by id, and one with a wrong key.
    let late = [
        DeallocateRange::key("first").with_precondition(Precondition::Owner("old".into())),
        DeallocateRange::id(range.id.clone()).with_precondition(Precondition::Owner("old".into())),
        DeallocateRange::id(range.id.clone()).with_precondition(Precondition::Key("zeroth".into())),
    ];
    for request in late {
        let result = provider.deallocate_range(&request).await?;
        check(result.was_free(), format_args!("a range of another owner counts as free: {request:?}"))?;
        same(pages::ranges(&**provider, &range.id).await?, [range.clone()], "and stays")?;
    }
    let fits = DeallocateRange::id(range.id.clone()).with_precondition(Precondition::Owner("new".into()));
    same(provider.deallocate_range(&fits).await?.range, Some(range), "its owner may deallocate it")
}

pub(super) async fn refuses_to_deallocate_a_defined_range(bench: &Bench) -> CaseResult {
    let setup =
        Setup::empty().block("campus", net("10.20.0.0/16")).with_range(DefineRange::new("lan", net("10.20.7.0/24")));
    let stage = bench.stage(setup).await?;
    let request = DeallocateRange::id(stage.range("lan")).with_allocations(true);
    refused(stage.provider.deallocate_range(&request).await, ErrorKind::Conflict, Operation::DeallocateRange)?;
    stage.take(exactly_in(&stage, "lan", "10.20.7.7", 1)).await?;
    Ok(())
}

pub(super) async fn allocates_each_prefix_once_under_concurrency(bench: &Bench) -> CaseResult {
    // Free prefixes for two callers fewer than there are: the last two must get `Exhausted`.
    let stage = bench.stage(Setup::empty().block("campus", net("10.20.0.0/16"))).await?;
    let room = stage.limits().tasks.saturating_sub(2).max(1);
    for n in room..256 {
        allocate_exact_prefix(&stage, &format!("10.20.{n}.0/24")).await?;
    }
    let block = stage.block("campus");
    let results = stage.callers(move |caller, provider| {
        let request = AllocateRange::prefix_len(format!("tenant-{caller}"), block.clone(), 24);
        async move { with_retries(|| provider.allocate_range(&request)).await }.boxed()
    });
    let mut nets: Vec<IpNet> = Vec::new();
    for result in results.await? {
        match result {
            Ok(result) => nets.push(result.range.net),
            Err(error) if error.is_exhausted() => {}
            Err(error) => return fail(format_args!("a range, or Exhausted: {error}")),
        }
    }
    nets.sort();
    let expected: Vec<IpNet> = (0..room).map(|n| net(&format!("10.20.{n}.0/24"))).collect();
    same(nets, expected, "each free prefix went to one caller")
}

async fn allocate_prefix(stage: &Stage, len: u8) -> Result<IpNet> {
    let request = AllocateRange::prefix_len("tenant", stage.block("campus"), len);
    Ok(stage.provider.allocate_range(&request).await?.range.net)
}

async fn allocate_exact_prefix(stage: &Stage, prefix: &str) -> Result<IpNet> {
    let request = AllocateRange::new("tenant", stage.block("campus"), ChildPrefix::Exact(net(prefix)));
    Ok(stage.provider.allocate_range(&request).await?.range.net)
}
