//! Cases of `allocate`: choice of the addresses, and atomicity of a request.

use super::Setup;
use super::bench::Bench;
use super::literals::{ip, lines, net, sorted, span, texts};
use super::outcome::{CaseResult, check, fail, refused, same};
use super::stage::Stage;
use crate::{
    Allocate, AllocateLine, AllocationState, DefineRange, ErrorKind, Find, Labels, MacAddr, Operation, Placement,
    RangeId, Selection,
};

pub(super) async fn takes_the_lowest_free_address(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    for expected in ["10.20.0.1", "10.20.0.2", "10.20.0.3"] {
        same(stage.take_one().await?.address, ip(expected), "each call takes the lowest free address")?;
    }
    stage.deallocate_address("10.20.0.2").await?;
    same(stage.take_one().await?.address, ip("10.20.0.2"), "a deallocated address is free again, and here the lowest")?;
    same(stage.take_one().await?.address, ip("10.20.0.4"), "the next free address follows")
}

pub(super) async fn fills_gaps_from_below(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    stage.take(exactly(&stage, "10.20.0.2", 1)).await?;
    // Free: .1, .3, then .6 and up. A search that starts after the last allocation would skip the gaps.
    stage.take(exactly(&stage, "10.20.0.4", 2)).await?;
    let result = stage.take(next(&stage, 4)).await?;
    let expected = [["10.20.0.1", "10.20.0.3", "10.20.0.6", "10.20.0.7"]];
    same(lines(&result), expected, "scattered addresses are the lowest free ones, in ascending order")
}

pub(super) async fn returns_all_fields_of_an_allocation(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    let labels = Labels::default()
        .with_hostname("web1.example.com")
        // Quotes and letters outside ASCII find missing escapes and columns of another character set.
        .with_description("front end, \"büro\"")
        .with_mac(MacAddr::new([2, 0, 0, 0, 0, 1]));
    let line = next(&stage, 2).with_labels(labels.clone());
    let result = stage.provider.allocate(&Allocate::new("vm-1").with_key("vm-1/nic-0").with_line(line)).await?;
    same(result.key.as_str(), "vm-1/nic-0", "the result has the key of the request")?;
    check(!result.repeated, "nothing was repeated")?;
    same(lines(&result), [["10.20.0.1", "10.20.0.2"]], "two addresses")?;
    let space = super::literals::only(super::pages::ranges(&*stage.provider, &stage.range("lan")).await?)?.space;
    for allocation in result.iter() {
        same(&allocation.range, &stage.range("lan"), "the range")?;
        same(&allocation.space, &space, "the range's address space")?;
        same(allocation.state, AllocationState::Allocated, "the state")?;
        same(allocation.key.as_ref().map(AsRef::as_ref), Some("vm-1/nic-0"), "the key")?;
        same(allocation.owner.as_ref().map(AsRef::as_ref), Some("vm-1"), "the owner")?;
        same(&allocation.labels, &labels, "the labels of the request")?;
        same(allocation.expires, None, "an allocation without expiry never expires")?;
        let found = stage.found(Find::default().with_id(allocation.id.clone())).await?;
        same(
            found.as_slice(),
            std::slice::from_ref(allocation),
            "find by id returns the allocation that allocate returned",
        )?;
    }
    let mut ids: Vec<_> = result.iter().map(|allocation| &allocation.id).collect();
    ids.dedup();
    same(ids.len(), 2, "each address has an id of its own")
}

pub(super) async fn generates_a_key_if_none_is_given(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    let first = stage.take(next(&stage, 2)).await?;
    let second = stage.take(next(&stage, 1)).await?;
    // A generated key must work as a given one: a caller stores it to deallocate later.
    check(first.key != second.key, "two requests have two keys")?;
    for result in [&first, &second] {
        check(!result.repeated, "nothing was repeated")?;
        for allocation in result.iter() {
            same(allocation.key.as_ref(), Some(&result.key), "an allocation has the key of its request")?;
        }
        let found = stage.found(Find::default().with_key(result.key.clone())).await?;
        same(sorted(&found), sorted(result.iter()), "find by key returns the allocations of the request")?;
    }
    Ok(())
}

pub(super) async fn tries_the_ranges_in_the_order_given(bench: &Bench) -> CaseResult {
    let stage = bench.stage(three_ranges()).await?;
    let line = from(&stage, 1, &["c", "a", "b"]);
    for expected in ["10.20.2.1", "10.20.2.2", "10.20.0.1", "10.20.0.2", "10.20.1.1", "10.20.1.2"] {
        same(lines(&stage.take(line.clone()).await?), [[expected]], "the first range with room serves the line")?;
    }
    let error = refused(stage.take(line).await, ErrorKind::Exhausted, Operation::Allocate)?;
    same(error.context("line"), Some("0"), format_args!("the context `line` names the line that has no room: {error}"))
}

pub(super) async fn serves_a_line_from_one_range(bench: &Bench) -> CaseResult {
    let setup = three_ranges().range("wide", net("10.20.9.0/28"));
    let stage = bench.stage(setup).await?;
    let result = stage.take(from(&stage, 3, &["a", "b", "wide"])).await?;
    same(lines(&result), [["10.20.9.1", "10.20.9.2", "10.20.9.3"]], "one range serves the whole line")?;
    // A line must not be split: its addresses share gateway and VLAN of one range.
    same(stage.taken_texts("a").await?, [""; 0], "nothing is taken where there is too little room")?;
    let short = stage.take(from(&stage, 3, &["a", "b", "c"])).await;
    refused(short, ErrorKind::Exhausted, Operation::Allocate)?;
    for range in ["a", "b", "c"] {
        same(stage.taken_texts(range).await?, [""; 0], "a line that found no room has taken nothing")?;
    }
    Ok(())
}

pub(super) async fn falls_back_to_another_family(bench: &Bench) -> CaseResult {
    // A provider may group ranges by family. The order of the line counts.
    let setup = Setup::empty().range("v4", net("10.20.0.0/32")).range("v6", net("2001:db8:20::/126"));
    let stage = bench.stage(setup).await?;
    let line = from(&stage, 1, &["v4", "v6"]);
    same(lines(&stage.take(line.clone()).await?), [["10.20.0.0"]], "the first range has room")?;
    same(lines(&stage.take(line).await?), [["2001:db8:20::1"]], "then the second one, of another family")
}

pub(super) async fn allocates_each_address_once_until_exhausted(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    let mut seen = Vec::new();
    // One address per call: a single request for 14 would not show an address that two calls get.
    for _ in 0..14 {
        seen.push(stage.take_one().await?.address);
    }
    seen.sort_unstable();
    same(seen, (1..=14).map(|host| ip(&format!("10.20.0.{host}"))).collect::<Vec<_>>(), "each host address once")?;
    let error = refused(stage.take(next(&stage, 1)).await, ErrorKind::Exhausted, Operation::Allocate)?;
    same(error.context("line"), Some("0"), format_args!("the context `line` names the line: {error}"))?;
    stage.deallocate_address("10.20.0.9").await?;
    same(stage.take_one().await?.address, ip("10.20.0.9"), "a deallocated address can be allocated again")
}

pub(super) async fn takes_nothing_if_too_few_are_free(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/29").await?;
    stage.take(next(&stage, 2)).await?;
    refused(stage.take(next(&stage, 5)).await, ErrorKind::Exhausted, Operation::Allocate)?;
    // An implementation that takes address by address leaves four of the five behind.
    same(stage.taken_texts("lan").await?, ["10.20.0.1", "10.20.0.2"], "a request that found no room took nothing")?;
    let rest = stage.take(next(&stage, 4)).await?;
    same(
        lines(&rest),
        [["10.20.0.3", "10.20.0.4", "10.20.0.5", "10.20.0.6"]],
        "all remaining addresses can be allocated",
    )
}

pub(super) async fn never_takes_the_gateway(bench: &Bench) -> CaseResult {
    let range = DefineRange::new("lan", net("10.20.0.0/29")).with_gateway(ip("10.20.0.1"));
    let stage = bench.stage(Setup::empty().with_range(range)).await?;
    let result = stage.take(next(&stage, 5)).await?;
    let expected = [["10.20.0.2", "10.20.0.3", "10.20.0.4", "10.20.0.5", "10.20.0.6"]];
    same(lines(&result), expected, "the gateway is never handed out")?;
    refused(stage.take(next(&stage, 1)).await, ErrorKind::Exhausted, Operation::Allocate)?;
    // The gateway is an address of the range, so naming it is a conflict and not invalid input.
    refused(stage.take(exactly(&stage, "10.20.0.1", 1)).await, ErrorKind::Conflict, Operation::Allocate)?;
    Ok(())
}

pub(super) async fn never_takes_reserved_addresses(bench: &Bench) -> CaseResult {
    let reserved = vec![span("10.20.0.1-10.20.0.2"), span("10.20.0.4"), span("10.20.0.6-10.20.0.7")];
    let range = DefineRange::new("lan", net("10.20.0.0/29")).with_reserved(reserved);
    let stage = bench.stage(Setup::empty().with_range(range)).await?;
    refused(stage.take(next(&stage, 3)).await, ErrorKind::Exhausted, Operation::Allocate)?;
    for address in ["10.20.0.1", "10.20.0.4", "10.20.0.6"] {
        refused(stage.take(exactly(&stage, address, 1)).await, ErrorKind::Conflict, Operation::Allocate)?;
    }
    refused(stage.take(exactly(&stage, "10.20.0.3", 3)).await, ErrorKind::Conflict, Operation::Allocate)?;
    same(lines(&stage.take(next(&stage, 2)).await?), [["10.20.0.3", "10.20.0.5"]], "reservations are never handed out")
}

pub(super) async fn takes_only_addresses_of_the_range(bench: &Bench) -> CaseResult {
    let range = DefineRange::new("lan", net("10.20.0.0/24")).with_addresses(span("10.20.0.100-10.20.0.102"));
    let stage = bench.stage(Setup::empty().with_range(range)).await?;
    let result = stage.take(next(&stage, 3)).await?;
    same(
        lines(&result),
        [["10.20.0.100", "10.20.0.101", "10.20.0.102"]],
        "only addresses from the first to the last of the range",
    )?;
    refused(stage.take(next(&stage, 1)).await, ErrorKind::Exhausted, Operation::Allocate)?;
    for outside in ["10.20.0.99", "10.20.0.103"] {
        refused(stage.take(exactly(&stage, outside, 1)).await, ErrorKind::InvalidInput, Operation::Allocate)?;
    }
    Ok(())
}

pub(super) async fn never_takes_excluded_addresses(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/29").await?;
    let line = next(&stage, 1).without(ip("10.20.0.1")).without(span("10.20.0.3-10.20.0.4"));
    for expected in ["10.20.0.2", "10.20.0.5", "10.20.0.6"] {
        same(lines(&stage.take(line.clone()).await?), [[expected]], "excluded addresses are left out")?;
    }
    refused(stage.take(line).await, ErrorKind::Exhausted, Operation::Allocate)?;
    let other = next(&stage, 1).without(span("10.30.0.0-10.30.0.255"));
    same(lines(&stage.take(other).await?), [["10.20.0.1"]], "the exclusion applies to its line only")
}

pub(super) async fn takes_one_exact_address(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    let result = stage.take(exactly(&stage, "10.20.0.9", 1)).await?;
    same(lines(&result), [["10.20.0.9"]], "exactly the requested address")?;
    same(stage.taken_texts("lan").await?, ["10.20.0.9"], "nothing else is taken")?;
    same(stage.take_one().await?.address, ip("10.20.0.1"), "the next one is still the lowest")
}

pub(super) async fn takes_several_exact_addresses(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    let result = stage.take(exactly(&stage, "10.20.0.5", 3)).await?;
    same(lines(&result), [["10.20.0.5", "10.20.0.6", "10.20.0.7"]], "those addresses, in ascending order")?;
    // Overlaps with .5 to .7 at its start, at its end, on both sides, and inside.
    for (first, count) in [("10.20.0.3", 3), ("10.20.0.7", 2), ("10.20.0.4", 5), ("10.20.0.6", 1)] {
        let taken = stage.take(exactly(&stage, first, count)).await;
        refused(taken, ErrorKind::Conflict, Operation::Allocate)?;
    }
    let expected = ["10.20.0.5", "10.20.0.6", "10.20.0.7"];
    same(stage.taken_texts("lan").await?, expected, "a conflict takes none of the free addresses")
}

pub(super) async fn takes_exact_addresses_from_the_range_that_holds_them(bench: &Bench) -> CaseResult {
    let stage = bench.stage(three_ranges()).await?;
    let line = |first: &str, count| {
        let mut line = from(&stage, count, &["a", "b", "c"]);
        line.selection = Selection::Exact { first: ip(first), count };
        line
    };
    // The second of three ranges has them: the order of the line does not matter for exact addresses.
    let result = stage.take(line("10.20.1.1", 2)).await?;
    same(lines(&result), [["10.20.1.1", "10.20.1.2"]], "the addresses")?;
    same(result.iter().all(|a| a.range == stage.range("b")), true, "they belong to the range that contains them")?;
    refused(stage.take(line("10.20.1.1", 1)).await, ErrorKind::Conflict, Operation::Allocate)?;
    refused(stage.take(line("10.20.7.1", 1)).await, ErrorKind::InvalidInput, Operation::Allocate)?;
    Ok(())
}

pub(super) async fn refuses_exact_addresses_outside_the_ranges(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    // Another prefix, the network address, the broadcast address, a run past each end, and the other family.
    let cases =
        [("10.20.1.1", 1), ("10.20.0.0", 1), ("10.20.0.15", 1), ("10.20.0.13", 3), ("10.19.255.255", 3), ("::1", 1)];
    for (first, count) in cases {
        let error =
            refused(stage.take(exactly(&stage, first, count)).await, ErrorKind::InvalidInput, Operation::Allocate)?;
        check(error.to_string().contains(first), format_args!("the error names the address {first}: {error}"))?;
    }
    stage.nothing_taken().await
}

pub(super) async fn refuses_two_lines_for_one_exact_address(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    let twice = [("10.20.0.5", 1, "10.20.0.5", 1), ("10.20.0.2", 4, "10.20.0.5", 2)];
    for (first, count, other, others) in twice {
        let request =
            Allocate::new("tester").with_line(exactly(&stage, first, count)).with_line(exactly(&stage, other, others));
        refused(stage.provider.allocate(&request).await, ErrorKind::InvalidInput, Operation::Allocate)?;
    }
    stage.nothing_taken().await
}

pub(super) async fn never_allocates_one_address_for_two_lines(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/29").await?;
    let request = Allocate::new("tester").with_line(next(&stage, 1)).with_line(exactly(&stage, "10.20.0.1", 1));
    match stage.provider.allocate(&request).await {
        // A provider may serve the exact line first, or find the address taken by the line before.
        Ok(result) => same(lines(&result), [["10.20.0.2"], ["10.20.0.1"]], "two lines, two addresses"),
        Err(error) if error.is_conflict() => stage.nothing_taken().await,
        Err(error) => fail(format_args!("two addresses, or a conflict: {error}")),
    }
}

pub(super) async fn returns_one_list_per_line(bench: &Bench) -> CaseResult {
    let stage = bench.stage(three_ranges().range("wide", net("10.20.9.0/28"))).await?;
    let host = |name: &str| Labels::default().with_hostname(name);
    let request = Allocate::new("vm-1")
        .with_line(from(&stage, 2, &["wide"]).with_labels(host("first")))
        .with_line(from(&stage, 1, &["b"]).with_labels(host("second")))
        // The third line uses the range of the first: results must not be grouped by range.
        .with_line(from(&stage, 3, &["wide"]))
        .with_line(exactly_in(&stage, "a", "10.20.0.2", 1).with_labels(host("fourth")));
    let result = stage.provider.allocate(&request).await?;
    let expected: [&[&str]; 4] =
        [&["10.20.9.1", "10.20.9.2"], &["10.20.1.1"], &["10.20.9.3", "10.20.9.4", "10.20.9.5"], &["10.20.0.2"]];
    same(lines(&result), expected, "one list per line, in the order asked, each in ascending order")?;
    let hosts: Vec<_> =
        result.lines.iter().map(|line| line.first().and_then(|a| a.labels.hostname.as_deref())).collect();
    same(hosts, [Some("first"), Some("second"), None, Some("fourth")], "each line has its own labels")?;
    same(result.iter().all(|a| a.key.as_ref() == Some(&result.key)), true, "all lines have one key")
}

pub(super) async fn takes_nothing_when_a_later_line_fails(bench: &Bench) -> CaseResult {
    let stage = bench.stage(three_ranges()).await?;
    stage.take(exactly_in(&stage, "c", "10.20.2.1", 1)).await?;
    let bad = [
        (ErrorKind::Exhausted, from(&stage, 2, &["c"])),
        (ErrorKind::Conflict, exactly_in(&stage, "c", "10.20.2.1", 1)),
        (ErrorKind::InvalidInput, exactly_in(&stage, "c", "10.20.0.1", 1)),
        (ErrorKind::NotFound, AllocateLine::next("no-such-range", 1)),
    ];
    for (kind, line) in bad {
        // With a key, a claim may be written before the addresses. It must be undone too.
        for key in [None, Some("vm-1")] {
            let mut request = Allocate::new("tester")
                .with_line(from(&stage, 2, &["a"]))
                .with_line(from(&stage, 1, &["b"]))
                .with_line(line.clone());
            request.key = key.map(Into::into);
            let error = refused(stage.provider.allocate(&request).await, kind, Operation::Allocate)?;
            if kind == ErrorKind::Exhausted {
                same(error.context("line"), Some("2"), format_args!("the context `line` counts from 0: {error}"))?;
            }
            same(stage.taken_texts("a").await?, [""; 0], format_args!("{kind:?} of a later line undoes the first"))?;
            same(stage.taken_texts("b").await?, [""; 0], format_args!("{kind:?} of a later line undoes the second"))?;
            same(stage.taken_texts("c").await?, ["10.20.2.1"], "the allocations of other requests are kept")?;
        }
    }
    let all = stage.take(from(&stage, 2, &["a"])).await?;
    same(lines(&all), [["10.20.0.1", "10.20.0.2"]], "addresses of an undone request can be allocated")
}

pub(super) async fn requires_every_range_to_exist(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    let missing = AllocateLine::next("no-such-range", 1);
    let error = refused(stage.take(missing).await, ErrorKind::NotFound, Operation::Allocate)?;
    check(error.to_string().contains("no-such-range"), format_args!("the error names the range: {error}"))?;
    let second = next(&stage, 1).or_from("no-such-range");
    refused(stage.take(second).await, ErrorKind::NotFound, Operation::Allocate)?;
    stage.nothing_taken().await
}

pub(super) async fn refuses_the_id_of_a_block(bench: &Bench) -> CaseResult {
    let setup = Setup::empty().block("campus", net("10.20.0.0/16")).range("lan", net("10.20.0.0/28"));
    let stage = bench.stage(setup).await?;
    let block = RangeId::new(stage.block("campus").as_str());
    // Ids of blocks and ranges may come from one table of the server, where a block looks like a range.
    let inside = Selection::Exact { first: ip("10.20.0.5"), count: 1 };
    // The unknown range must be reported before the address is checked against it.
    let elsewhere = Selection::Exact { first: ip("192.0.2.1"), count: 1 };
    for line in [
        AllocateLine::next(block.clone(), 1),
        AllocateLine::new(block.clone(), inside),
        AllocateLine::new(block.clone(), elsewhere),
        next(&stage, 1).or_from(block.clone()),
    ] {
        refused(stage.take(line).await, ErrorKind::NotFound, Operation::Allocate)?;
    }
    stage.nothing_taken().await
}

pub(super) async fn uses_both_addresses_of_a_point_to_point_link(bench: &Bench) -> CaseResult {
    ends(bench, "10.20.0.6/31", &["10.20.0.6", "10.20.0.7"]).await?;
    ends(bench, "2001:db8:20::6/127", &["2001:db8:20::6", "2001:db8:20::7"]).await
}

pub(super) async fn uses_the_address_of_a_single_host(bench: &Bench) -> CaseResult {
    ends(bench, "10.20.0.6/32", &["10.20.0.6"]).await?;
    ends(bench, "2001:db8:20::6/128", &["2001:db8:20::6"]).await
}

pub(super) async fn never_takes_network_broadcast_or_anycast_addresses(bench: &Bench) -> CaseResult {
    ends(bench, "10.20.0.4/30", &["10.20.0.5", "10.20.0.6"]).await?;
    ends(bench, "2001:db8:20::4/126", &["2001:db8:20::5", "2001:db8:20::6", "2001:db8:20::7"]).await?;
    // The last prefix of IPv4: arithmetic one step further overflows.
    ends(bench, "255.255.255.252/30", &["255.255.255.253", "255.255.255.254"]).await
}

/// Checks that a small range hands out exactly these addresses, in this order.
async fn ends(bench: &Bench, prefix: &str, expected: &[&str]) -> CaseResult {
    let stage = bench.lan(prefix).await?;
    for expected in expected {
        same(stage.take_one().await?.address, ip(expected), format_args!("usable addresses of {prefix}"))?;
    }
    refused(stage.take(next(&stage, 1)).await, ErrorKind::Exhausted, Operation::Allocate)?;
    Ok(())
}

pub(super) async fn serves_an_ipv6_subnet(bench: &Bench) -> CaseResult {
    let stage = bench.lan("2001:db8:20::/64").await?;
    let first = stage.take(next(&stage, 3)).await?;
    let expected = [["2001:db8:20::1", "2001:db8:20::2", "2001:db8:20::3"]];
    same(lines(&first), expected, "the lowest ones, not the subnet-router anycast address")?;
    // The last two addresses of 2^64: an index of 32 bits, or a scan of the range, fails here.
    let far = "2001:db8:20:0:ffff:ffff:ffff:fffe";
    let last = stage.take(exactly(&stage, far, 2)).await?;
    same(lines(&last), [[far, "2001:db8:20:0:ffff:ffff:ffff:ffff"]], "the highest ones")?;
    refused(stage.take(exactly(&stage, far, 1)).await, ErrorKind::Conflict, Operation::Allocate)?;
    stage.deallocate_address("2001:db8:20::2").await?;
    same(stage.take_one().await?.address, ip("2001:db8:20::2"), "the gap is filled")?;
    same(stage.take_one().await?.address, ip("2001:db8:20::4"), "then the next one")
}

pub(super) async fn takes_contiguous_addresses(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    stage.take(exactly(&stage, "10.20.0.3", 1)).await?;
    stage.take(exactly(&stage, "10.20.0.8", 1)).await?;
    let run = |count| AllocateLine::contiguous(stage.range("lan"), count);
    let four = stage.take(run(4)).await?;
    same(lines(&four), [["10.20.0.4", "10.20.0.5", "10.20.0.6", "10.20.0.7"]], "the lowest run that is long enough")?;
    let three = stage.take(run(3)).await?;
    same(lines(&three), [["10.20.0.9", "10.20.0.10", "10.20.0.11"]], "the next run")?;
    let two = stage.take(run(2)).await?;
    same(lines(&two), [["10.20.0.1", "10.20.0.2"]], "a run that was too short before")?;
    refused(stage.take(run(4)).await, ErrorKind::Exhausted, Operation::Allocate)?;
    let rest = stage.take(run(3)).await?;
    same(lines(&rest), [["10.20.0.12", "10.20.0.13", "10.20.0.14"]], "the remaining addresses are contiguous")
}

pub(super) async fn splits_runs_at_unavailable_addresses(bench: &Bench) -> CaseResult {
    let range = DefineRange::new("lan", net("10.20.0.0/28"))
        .with_gateway(ip("10.20.0.3"))
        .with_reserved(vec![span("10.20.0.6")]);
    let stage = bench.stage(Setup::empty().with_range(range)).await?;
    let run = |count| AllocateLine::contiguous(stage.range("lan"), count);
    // The runs are .1-.2, .4-.5 and .7-.14. The excluded .8 splits the last one.
    let excluding = run(3).without(ip("10.20.0.8"));
    same(
        lines(&stage.take(excluding).await?),
        [["10.20.0.9", "10.20.0.10", "10.20.0.11"]],
        "the run contains no gateway, reservation or excluded address",
    )?;
    same(
        lines(&stage.take(run(3)).await?),
        [["10.20.0.12", "10.20.0.13", "10.20.0.14"]],
        "the next run contains none either",
    )?;
    refused(stage.take(run(3)).await, ErrorKind::Exhausted, Operation::Allocate)?;
    Ok(())
}

pub(super) async fn takes_a_contiguous_run_from_one_range(bench: &Bench) -> CaseResult {
    let setup = Setup::empty().range("a", net("10.20.0.0/29")).range("b", net("10.20.1.0/28"));
    let stage = bench.stage(setup).await?;
    stage.take(exactly_in(&stage, "a", "10.20.0.3", 1)).await?;
    let mut line = from(&stage, 4, &["a", "b"]);
    line.selection = Selection::Next { count: 4, placement: Placement::Contiguous };
    let result = stage.take(line).await?;
    let expected = [["10.20.1.1", "10.20.1.2", "10.20.1.3", "10.20.1.4"]];
    // A search for a range with enough free addresses would choose the first range and fail.
    same(lines(&result), expected, "five addresses are free in the first range, but no four are contiguous")
}

pub(super) async fn aligns_a_contiguous_run(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    let aligned =
        |count| AllocateLine::new(stage.range("lan"), Selection::Next { count, placement: Placement::Aligned });
    let expected: [(u32, &[&str]); 5] = [
        (4, &["10.20.0.4", "10.20.0.5", "10.20.0.6", "10.20.0.7"]),
        (2, &["10.20.0.2", "10.20.0.3"]),
        (1, &["10.20.0.1"]),
        // Three are aligned as four are: the run is the beginning of a /30.
        (3, &["10.20.0.8", "10.20.0.9", "10.20.0.10"]),
        (3, &["10.20.0.12", "10.20.0.13", "10.20.0.14"]),
    ];
    for (count, expected) in expected {
        let result = stage.take(aligned(count)).await?;
        same(lines(&result), [expected], "the first is a multiple of the count rounded up to a power of two")?;
    }
    refused(stage.take(aligned(2)).await, ErrorKind::Exhausted, Operation::Allocate)?;
    same(stage.take_one().await?.address, ip("10.20.0.11"), "an address that fits no run can be allocated on its own")
}

pub(super) async fn separates_address_spaces(bench: &Bench) -> CaseResult {
    let setup = Setup::empty()
        .with_range(DefineRange::new("red-lan", net("10.20.0.0/29")).with_space("red"))
        .with_range(DefineRange::new("blue-lan", net("10.20.0.0/29")).with_space("blue"));
    let stage = bench.stage(setup).await?;
    let red = stage.take(exactly_in(&stage, "red-lan", "10.20.0.3", 1)).await?;
    let blue = stage.take(exactly_in(&stage, "blue-lan", "10.20.0.3", 1)).await?;
    same(texts(red.iter()), texts(blue.iter()), "an address is unique in its space only")?;
    for (result, space) in [(&red, "red"), (&blue, "blue")] {
        same(result.iter().all(|a| a.space == stage.space(space)), true, "each is in its space")?;
    }
    let found = stage.found(Find::default().with_address(ip("10.20.0.3")).with_space(stage.space("red"))).await?;
    same(found, red.iter().cloned().collect::<Vec<_>>(), "one of them is in the space red")
}

/// Returns a set-up of three ranges with two addresses each.
pub(super) fn three_ranges() -> Setup {
    Setup::empty().range("a", net("10.20.0.0/30")).range("b", net("10.20.1.0/30")).range("c", net("10.20.2.0/30"))
}

pub(super) fn next(stage: &Stage, count: u32) -> AllocateLine {
    AllocateLine::next(stage.range("lan"), count)
}

pub(super) fn exactly(stage: &Stage, first: &str, count: u32) -> AllocateLine {
    exactly_in(stage, "lan", first, count)
}

pub(super) fn exactly_in(stage: &Stage, range: &str, first: &str, count: u32) -> AllocateLine {
    AllocateLine::new(stage.range(range), Selection::Exact { first: ip(first), count })
}

/// Returns a line of `count` addresses from the first of these ranges that has them.
pub(super) fn from(stage: &Stage, count: u32, ranges: &[&str]) -> AllocateLine {
    let mut line = AllocateLine::next("", count);
    line.ranges = ranges.iter().map(|range| stage.range(range)).collect();
    line
}
