//! Single cases: what a request gets, and why it is refused.

use super::*;

fn policy(order: Order, quarantine: u64) -> RangePolicy {
    RangePolicy::default().with_order(order).with_quarantine(Duration::from_secs(quarantine))
}

#[test]
fn first_free_takes_the_lowest_and_skips_reserved_and_excluded_ones() {
    let lan = range("lan", "10.0.0.0/24")
        .with_gateway([10, 0, 0, 1].into())
        .with_reserved(vec!["10.0.0.3-10.0.0.5".parse().unwrap()]);
    let mut bench = Bench::with(&[lan]);
    assert_eq!(bench.line(AllocateLine::next("lan", 3)).unwrap(), ["10.0.0.2", "10.0.0.6", "10.0.0.7"]);
    bench.deallocate_at("lan", "10.0.0.6");
    let excluded = AllocateLine::next("lan", 1).without("10.0.0.6".parse::<net::IpRange>().unwrap());
    assert_eq!(bench.line(excluded).unwrap(), ["10.0.0.8"]);
    assert_eq!(bench.line(AllocateLine::next("lan", 1)).unwrap(), ["10.0.0.6"]);
    let usage = bench.usage("lan");
    assert_eq!((usage.total, usage.allocated, usage.reserved, usage.free), (254, 4, 4, 246));
    assert_eq!(bench.line(AllocateLine::next("lan", 247)).unwrap_err().kind(), ErrorKind::Exhausted);
    assert_eq!(bench.line(AllocateLine::next("lan", 246)).unwrap().len(), 246);
    assert_eq!(bench.line(AllocateLine::next("lan", 1)).unwrap_err().kind(), ErrorKind::Exhausted);
    bench.sound();
}

#[test]
fn a_wide_exclusion_is_jumped_over() {
    let mut bench = Bench::with(&[range("wide", "2001:db8::/64")]);
    let half: net::IpRange = "2001:db8::/65".parse().unwrap();
    assert_eq!(bench.line(AllocateLine::next("wide", 1).without(half)).unwrap(), ["2001:db8:0:0:8000::"]);
    assert_eq!(bench.line(AllocateLine::contiguous("wide", 300).without(half)).unwrap()[0], "2001:db8::8000:0:0:1");
    assert_eq!(bench.line(AllocateLine::next("wide", 1)).unwrap(), ["2001:db8::1"]);
    bench.sound();
}

#[test]
fn runs_go_over_pages_that_are_stored_and_those_that_are_not() {
    let mut bench = Bench::with(&[range("r", "10.0.0.0/20")]);
    assert_eq!(bench.line(AllocateLine::exactly("r", [10, 0, 2, 0].into())).unwrap(), ["10.0.2.0"]);
    // 10.0.0.1 to 10.0.1.255 are 511 addresses.
    let run = bench.line(AllocateLine::contiguous("r", 511)).unwrap();
    assert_eq!((run[0].as_str(), run[510].as_str()), ("10.0.0.1", "10.0.1.255"));
    let run = bench.line(AllocateLine::contiguous("r", 700)).unwrap();
    assert_eq!((run[0].as_str(), run[699].as_str()), ("10.0.2.1", "10.0.4.188"));
    let aligned = AllocateLine::new("r", Selection::Next { count: 60, placement: Placement::Aligned });
    assert_eq!(bench.line(aligned).unwrap()[0], "10.0.4.192");
    let aligned = AllocateLine::new("r", Selection::Next { count: 257, placement: Placement::Aligned });
    assert_eq!(bench.line(aligned).unwrap()[0], "10.0.6.0");
    assert_eq!(bench.line(AllocateLine::contiguous("r", 4000)).unwrap_err().kind(), ErrorKind::Exhausted);
    bench.sound();
}

#[test]
fn a_line_is_served_whole_by_the_first_range_with_room() {
    let mut bench = Bench::with(&[range("a", "10.0.0.0/29"), range("b", "10.0.1.0/24")]);
    assert_eq!(bench.line(AllocateLine::next("a", 4)).unwrap().len(), 4);
    assert_eq!(bench.line(AllocateLine::next("a", 3).or_from("b")).unwrap(), ["10.0.1.1", "10.0.1.2", "10.0.1.3"]);
    assert_eq!(bench.line(AllocateLine::next("a", 2).or_from("b")).unwrap(), ["10.0.0.5", "10.0.0.6"]);
    let error = bench.line(AllocateLine::next("a", 1)).unwrap_err();
    assert_eq!((error.context("line"), error.context("ranges")), (Some("0"), Some("a")));
    assert_eq!(bench.line(AllocateLine::next("c", 1)).unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn exact_addresses_come_before_others_and_name_the_owner() {
    let lan = range("lan", "10.0.0.0/24").with_gateway([10, 0, 0, 254].into());
    let mut bench = Bench::with(&[lan, range("dmz", "10.0.1.0/24")]);
    let exact = |last| AllocateLine::exactly("lan", [10, 0, 0, last].into());
    let request = Allocate::new("o").with_line(AllocateLine::next("lan", 1)).with_line(exact(1));
    let taken = bench.allocate(&request).unwrap();
    assert_eq!(taken.lines[0][0].address.to_string(), "10.0.0.2");
    assert_eq!(taken.lines[1][0].address.to_string(), "10.0.0.1");
    let error = bench.line(exact(1)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.message().contains("allocated to o") && !error.to_string().contains(taken.key.as_str()), "{error}");
    assert!(bench.line(exact(254)).unwrap_err().message().contains("gateway"));
    assert_eq!(
        bench.line(AllocateLine::exactly("lan", [10, 0, 1, 1].into())).unwrap_err().kind(),
        ErrorKind::InvalidInput
    );
    assert_eq!(bench.line(AllocateLine::exactly("lan", [10, 0, 1, 1].into()).or_from("dmz")).unwrap(), ["10.0.1.1"]);
    let twice = Allocate::new("o").with_line(exact(9)).with_line(exact(9));
    assert_eq!(bench.allocate(&twice).unwrap_err().kind(), ErrorKind::InvalidInput);
    let both = exact(9).without("10.0.0.0/28".parse::<net::IpRange>().unwrap());
    assert_eq!(bench.line(both).unwrap_err().kind(), ErrorKind::InvalidInput);
    bench.sound();
}

#[test]
fn a_key_names_its_request_until_all_is_deallocated() {
    let mut bench = Bench::with(&[range("lan", "10.0.0.0/24")]);
    let request = Allocate::new("vm").with_key("k").with_line(AllocateLine::next("lan", 3));
    let first = bench.allocate(&request).unwrap();
    let again = bench.allocate(&request).unwrap();
    assert_eq!((first.lines.clone(), true), (again.lines, again.repeated));
    let other = Allocate::new("vm").with_key("k").with_line(AllocateLine::next("lan", 4));
    assert_eq!(bench.allocate(&other).unwrap_err().kind(), ErrorKind::Conflict);
    bench.deallocate_at("lan", "10.0.0.2");
    let error = bench.allocate(&request).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.message().contains("10.0.0.2") && error.message().contains("1 of the 3"), "{error}");
    bench.sound();
    assert_eq!(bench.deallocate(&Deallocate::key("k")).unwrap().freed().count(), 2);
    assert!(bench.deallocate(&Deallocate::key("k")).unwrap().was_free());
    assert!(!bench.allocate(&other).unwrap().repeated);
    bench.sound();
}

#[test]
fn a_key_whose_addresses_all_expired_is_free_and_a_partly_expired_one_is_not() {
    let mut bench = Bench::with(&[range("lan", "10.0.0.0/24")]);
    let line = |seconds| AllocateLine::next("lan", 1).with_expiry(Duration::from_secs(seconds));
    let request = Allocate::new("vm").with_key("k").with_line(line(10)).with_line(line(20));
    bench.allocate(&request).unwrap();
    bench.pass(10);
    let error = bench.allocate(&request).unwrap_err();
    assert!(error.message().contains("10.0.0.1)"), "{error}");
    bench.pass(10);
    let taken = bench.allocate(&request).unwrap();
    assert!(!taken.repeated);
    assert_eq!(taken.lines[0][0].address.to_string(), "10.0.0.1");
    bench.sound();
    // A child prefix may have the key, too.
    bench.pass(20);
    let block = DefineBlock::new("b", "10.1.0.0/16".parse().unwrap());
    bench.run(|store, context| define_block(store, context, &block)).unwrap();
    let child = AllocateRange::prefix_len("vm", "b", 24).with_key("k");
    assert!(!bench.run(|store, context| allocate_range(store, context, &child)).unwrap().repeated);
    assert_eq!(bench.allocate(&request).unwrap_err().kind(), ErrorKind::Conflict);
    bench.sound();
}

#[test]
fn deallocated_addresses_are_quarantined_and_count_as_used() {
    let mut bench = Bench::with(&[range("lan", "10.0.0.0/30").with_policy(policy(Order::FirstFree, 60))]);
    assert_eq!(bench.line(AllocateLine::next("lan", 2)).unwrap(), ["10.0.0.1", "10.0.0.2"]);
    bench.deallocate_at("lan", "10.0.0.1");
    assert_eq!(bench.usage("lan").quarantined, 1);
    assert_eq!(bench.line(AllocateLine::next("lan", 1)).unwrap_err().kind(), ErrorKind::Exhausted);
    let error = bench.line(AllocateLine::exactly("lan", [10, 0, 0, 1].into())).unwrap_err();
    assert!(error.message().contains("in quarantine for"), "{error}");
    let found = find(&mut bench.store, bench.now, &Find::default().with_quarantined(true)).unwrap();
    assert_eq!(found.items.len(), 2);
    assert_eq!(found.items[0].state, AllocationState::Quarantined);
    bench.sound();
    bench.pass(60);
    let usage = bench.usage("lan");
    assert_eq!((usage.quarantined, usage.free, usage.allocated), (0, 1, 1));
    assert_eq!(bench.line(AllocateLine::next("lan", 1)).unwrap(), ["10.0.0.1"]);
    bench.sound();
}

#[test]
fn expired_addresses_are_quarantined_from_their_expiry_on() {
    let mut bench = Bench::with(&[range("lan", "10.0.0.0/30").with_policy(policy(Order::FirstFree, 60))]);
    bench.line(AllocateLine::next("lan", 2).with_expiry(Duration::from_secs(30))).unwrap();
    bench.pass(40);
    let usage = bench.usage("lan");
    assert_eq!((usage.allocated, usage.quarantined, usage.free), (0, 2, 0));
    assert_eq!(find(&mut bench.store, bench.now, &Find::default()).unwrap().items, []);
    assert_eq!(bench.line(AllocateLine::next("lan", 1)).unwrap_err().kind(), ErrorKind::Exhausted);
    bench.pass(50);
    assert_eq!(bench.usage("lan").free, 2);
    assert_eq!(bench.line(AllocateLine::next("lan", 1)).unwrap(), ["10.0.0.1"]);
    let kinds: Vec<ChangeKind> = changes(&mut bench.store, None, 100).unwrap().items.iter().map(|c| c.kind).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == ChangeKind::Expired).count(), 2);
    bench.sound();
}

#[test]
fn the_lowest_comes_first_though_hundreds_expired_at_once() {
    let mut bench = Bench::with(&[range("lan", "10.0.0.0/22").with_policy(policy(Order::FirstFree, 5))]);
    bench.line(AllocateLine::next("lan", 500)).unwrap();
    let all = (1..=500u128)
        .map(|at| Target::Address { range: "lan".into(), address: address(Family::V4, 0x0a00_0000 + at).unwrap() });
    let request = all.rev().fold(Deallocate::address("lan", [10, 0, 1, 200].into()), Deallocate::and);
    assert_eq!(bench.deallocate(&request).unwrap().freed().count(), 500);
    bench.line(AllocateLine::next("lan", 400).with_expiry(Duration::from_secs(3))).unwrap();
    bench.pass(10);
    assert_eq!(bench.line(AllocateLine::next("lan", 2)).unwrap(), ["10.0.0.1", "10.0.0.2"]);
    bench.sound();
}

#[test]
fn least_recently_used_goes_round() {
    let mut bench = Bench::with(&[range("lan", "10.0.0.0/29").with_policy(policy(Order::LeastRecentlyUsed, 0))]);
    let next = |bench: &mut Bench| bench.line(AllocateLine::next("lan", 1)).unwrap().remove(0);
    assert_eq!((next(&mut bench), next(&mut bench)), ("10.0.0.1".to_owned(), "10.0.0.2".to_owned()));
    bench.deallocate_at("lan", "10.0.0.2");
    bench.pass(1);
    bench.deallocate_at("lan", "10.0.0.1");
    bench.sound();
    for expected in ["10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6", "10.0.0.2", "10.0.0.1"] {
        assert_eq!(next(&mut bench), expected);
    }
    assert_eq!(bench.line(AllocateLine::next("lan", 1)).unwrap_err().kind(), ErrorKind::Exhausted);
    bench.sound();
    for last in [3u8, 2, 4] {
        bench.pass(1);
        bench.deallocate_at("lan", &format!("10.0.0.{last}"));
    }
    // A run is made of released addresses if there are no others; those not taken keep their place.
    assert_eq!(bench.line(AllocateLine::contiguous("lan", 2)).unwrap(), ["10.0.0.2", "10.0.0.3"]);
    assert_eq!(next(&mut bench), "10.0.0.4");
    bench.sound();
}

#[test]
fn random_order_reaches_every_address_once() {
    let holes = vec!["10.0.1.0-10.0.2.200".parse().unwrap()];
    let mut bench = Bench::with(&[
        range("r", "10.0.0.0/22").with_policy(policy(Order::Random, 0)).with_reserved(holes),
        range("wide", "2001:db8::/64").with_policy(policy(Order::Random, 0)),
    ]);
    let free = bench.usage("r").free;
    let mut seen = std::collections::HashSet::new();
    for count in [1, 100, 1, 1, 200] {
        seen.extend(bench.line(AllocateLine::next("r", count)).unwrap());
    }
    while let Ok(one) = bench.line(AllocateLine::next("r", 1)) {
        assert!(seen.insert(one[0].clone()));
    }
    assert_eq!(seen.len() as u128, free);
    bench.sound();
    let first = bench.line(AllocateLine::next("wide", 1000)).unwrap();
    assert!(first.is_sorted_by_key(|ip| ip.parse::<std::net::IpAddr>().unwrap()));
    assert_ne!(first[0], "2001:db8::1");
    assert_eq!(bench.line(AllocateLine::contiguous("wide", 600)).unwrap().len(), 600);
    bench.sound();
}

#[test]
fn expectations_protect_the_next_owner() {
    let mut bench = Bench::with(&[range("lan", "10.0.0.0/24")]);
    let taken = bench.allocate(&Allocate::one("old", "lan")).unwrap();
    bench.deallocate(&Deallocate::key(taken.key.clone())).unwrap();
    let new = bench.allocate(&Allocate::one("new", "lan")).unwrap();
    assert_eq!(new.lines[0][0].address, taken.lines[0][0].address);
    let late = Deallocate::address("lan", taken.lines[0][0].address);
    assert!(bench.deallocate(&late.clone().with_precondition(Precondition::Owner("old".into()))).unwrap().was_free());
    assert!(bench.deallocate(&late.clone().with_precondition(Precondition::Key(taken.key))).unwrap().was_free());
    assert!(bench.deallocate(&Deallocate::id(taken.lines[0][0].id.clone())).unwrap().was_free());
    let twice = late.and(Target::Id(new.lines[0][0].id.clone())).and(Target::Key(new.key));
    let result = bench.deallocate(&twice).unwrap();
    assert_eq!(result.targets.iter().map(|target| target.freed.len()).collect::<Vec<_>>(), [1, 0, 0]);
    bench.sound();
    let outside = Deallocate::address("lan", [10, 0, 1, 0].into());
    assert_eq!(bench.deallocate(&outside).unwrap_err().kind(), ErrorKind::InvalidInput);
    let nowhere = Deallocate::address("none", [10, 0, 1, 0].into());
    assert_eq!(bench.deallocate(&nowhere).unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn a_preview_takes_nothing_and_is_right() {
    let mut bench = Bench::with(&[range("lan", "10.0.0.0/30").with_policy(policy(Order::FirstFree, 5))]);
    bench.line(AllocateLine::next("lan", 2).with_expiry(Duration::from_secs(1))).unwrap();
    let request = Allocate::new("o").with_key("k").with_line(AllocateLine::next("lan", 1));
    let look = |bench: &mut Bench| bench.run(|store, context| preview(store, context, &request));
    assert_eq!(look(&mut bench).unwrap_err().kind(), ErrorKind::Exhausted);
    bench.pass(6);
    let before = bench.store.feed_len();
    let seen = look(&mut bench).unwrap();
    assert_eq!((look(&mut bench).unwrap(), bench.store.feed_len()), (seen.clone(), before));
    let taken = bench.allocate(&request).unwrap();
    assert_eq!(seen.lines[0][0].address, taken.lines[0][0].address);
    assert_eq!(look(&mut bench).unwrap(), seen);
}

#[test]
fn changing_a_range_keeps_what_is_allocated() {
    let mut bench = Bench::with(&[range("lan", "10.0.0.0/22").with_policy(policy(Order::FirstFree, 60))]);
    bench.line(AllocateLine::next("lan", 300)).unwrap();
    bench.deallocate_at("lan", "10.0.0.9");
    let change =
        |bench: &mut Bench, request: UpdateRange| bench.run(|store, context| update_range(store, context, &request));
    let range = |text: &str| text.parse::<net::IpRange>().unwrap();
    for refused in [
        UpdateRange::new("lan").with_gateway(Patch::Set([10, 0, 0, 8].into())),
        UpdateRange::new("lan").with_reserved(Patch::Set(vec![range("10.0.1.0/24")])),
        UpdateRange::new("lan").with_addresses(Patch::Set(range("10.0.0.2-10.0.3.0"))),
    ] {
        assert_eq!(change(&mut bench, refused).unwrap_err().kind(), ErrorKind::Conflict);
        bench.sound();
    }
    // A quarantined address may become the gateway.
    change(&mut bench, UpdateRange::new("lan").with_gateway(Patch::Set([10, 0, 0, 9].into()))).unwrap();
    bench.sound();
    change(&mut bench, UpdateRange::new("lan").with_addresses(Patch::Set(range("10.0.0.0-10.0.1.50")))).unwrap();
    bench.sound();
    assert_eq!(bench.line(AllocateLine::next("lan", 2)).unwrap(), ["10.0.0.0", "10.0.1.45"]);
    change(&mut bench, UpdateRange::new("lan").with_addresses(Patch::Clear).with_gateway(Patch::Clear)).unwrap_err();
    bench.deallocate_at("lan", "10.0.0.0");
    let back = UpdateRange::new("lan").with_addresses(Patch::Clear).with_gateway(Patch::Clear);
    assert_eq!(change(&mut bench, back).unwrap().addresses, range("10.0.0.1-10.0.3.254"));
    bench.sound();
    assert_eq!(bench.line(AllocateLine::next("lan", 2)).unwrap(), ["10.0.0.9", "10.0.1.46"]);
}

#[test]
fn the_plan_is_a_tree() {
    let mut bench = Bench::new();
    let mut block = |id: &str, net: &str| {
        let request = DefineBlock::new(id, net.parse().unwrap());
        bench.run(|store, context| define_block(store, context, &request)).map_err(|error| error.kind())
    };
    block("site", "10.0.0.0/8").unwrap();
    block("room", "10.1.0.0/16").unwrap();
    assert_eq!(block("room", "10.2.0.0/16"), Err(ErrorKind::AlreadyExists));
    assert_eq!(block("again", "10.1.0.0/16"), Err(ErrorKind::AlreadyExists));
    let mut define = |request: DefineRange| {
        bench.run(|store, context| define_range(store, context, &request)).map_err(|error| error.kind())
    };
    assert_eq!(define(range("lan", "10.1.2.0/24")).unwrap().block, Some("room".into()));
    assert_eq!(define(range("lan", "10.9.0.0/24")), Err(ErrorKind::AlreadyExists));
    assert_eq!(define(range("inner", "10.1.2.0/25")), Err(ErrorKind::Conflict));
    assert_eq!(define(range("outer", "10.1.0.0/20")), Err(ErrorKind::Conflict));
    assert_eq!(define(range("over-block", "10.0.0.0/15")), Err(ErrorKind::Conflict));
    assert_eq!(define(range("same", "10.1.2.0/24")), Err(ErrorKind::Conflict));
    let upper = |net: &str, from: &str| range("upper", net).with_addresses(Some(from.parse().unwrap()));
    assert_eq!(define(upper("10.1.3.0/24", "10.1.3.128/25")).unwrap().block, Some("room".into()));
    assert_eq!(
        define(
            DefineRange::new("lower", "10.1.3.0/24".parse().unwrap())
                .with_addresses(Some("10.1.3.0/25".parse().unwrap()))
        )
        .unwrap()
        .addresses
        .to_string(),
        "10.1.3.0-10.1.3.127"
    );
    let mut other = range("other", "10.1.2.0/24");
    other.space = "blue".into();
    assert_eq!(define(other).unwrap().block, None);
    let inside = DefineBlock::new("inside", "10.1.2.0/26".parse().unwrap());
    let refused = bench.run(|store, context| define_block(store, context, &inside));
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Conflict);
    let gone = bench.run(|store, context| remove_block(store, context, &RemoveBlock::new("room"))).unwrap();
    assert_eq!(gone.unwrap().net.to_string(), "10.1.0.0/16");
    let ranges = list_ranges(&mut bench.store, &ListRanges::id("lan")).unwrap();
    assert_eq!(ranges.items[0].block, Some("site".into()));
    bench.sound();
}

#[test]
fn child_prefixes_fill_the_smallest_gap_and_are_deallocated() {
    let mut bench = Bench::new();
    for (id, net) in [("site", "10.0.0.0/16"), ("room", "10.0.0.0/24")] {
        let request = DefineBlock::new(id, net.parse().unwrap());
        bench.run(|store, context| define_block(store, context, &request)).unwrap();
    }
    let allocate_child = |bench: &mut Bench, request: AllocateRange| {
        bench.run(|store, context| allocate_range(store, context, &request))
    };
    let net = |result: Result<AllocatedRange>| result.unwrap().range.net.to_string();
    let request = AllocateRange::prefix_len("vm", "site", 24).with_key("k");
    assert_eq!(net(allocate_child(&mut bench, request.clone())), "10.0.1.0/24");
    let again = allocate_child(&mut bench, request.clone()).unwrap();
    assert!(again.repeated && again.range.block == Some("site".into()));
    assert_eq!(net(allocate_child(&mut bench, AllocateRange::prefix_len("vm", "site", 26))), "10.0.2.0/26");
    assert_eq!(net(allocate_child(&mut bench, AllocateRange::prefix_len("vm", "site", 25))), "10.0.2.128/25");
    assert_eq!(net(allocate_child(&mut bench, AllocateRange::prefix_len("vm", "room", 24))), "10.0.0.0/24");
    let full = allocate_child(&mut bench, AllocateRange::prefix_len("vm", "room", 30)).unwrap_err();
    assert_eq!(full.kind(), ErrorKind::Exhausted);
    assert_eq!(
        net(allocate_child(&mut bench, AllocateRange::prefix_len("vm", "room", 30).or_from("site"))),
        "10.0.2.64/30"
    );
    let exactly = |text: &str| AllocateRange::new("vm", "site", ChildPrefix::Exact(text.parse().unwrap()));
    assert_eq!(net(allocate_child(&mut bench, exactly("10.0.9.0/24"))), "10.0.9.0/24");
    for (taken, kind) in [
        ("10.0.9.0/25", ErrorKind::Conflict),
        ("10.0.8.0/22", ErrorKind::Conflict),
        ("10.0.0.0/23", ErrorKind::Conflict),
        ("10.1.0.0/24", ErrorKind::InvalidInput),
    ] {
        assert_eq!(allocate_child(&mut bench, exactly(taken)).unwrap_err().kind(), kind, "{taken}");
    }
    for len in [15, 33] {
        let request = AllocateRange::prefix_len("vm", "site", len);
        assert_eq!(allocate_child(&mut bench, request).unwrap_err().kind(), ErrorKind::InvalidInput);
    }
    bench.sound();
    let id = again.range.id;
    bench.line(AllocateLine::next(id.clone(), 1)).unwrap();
    let back = |bench: &mut Bench, request: DeallocateRange| {
        bench.run(|store, context| deallocate_range(store, context, &request))
    };
    let late = DeallocateRange::key("k").with_precondition(Precondition::Owner("other".into())).with_allocations(true);
    assert!(back(&mut bench, late).unwrap().was_free());
    assert_eq!(back(&mut bench, DeallocateRange::key("k")).unwrap_err().kind(), ErrorKind::Conflict);
    let gone = back(&mut bench, DeallocateRange::id(id).with_allocations(true)).unwrap();
    assert_eq!(gone.freed.len(), 1);
    assert!(back(&mut bench, DeallocateRange::key("k")).unwrap().was_free());
    bench.sound();
    assert!(!allocate_child(&mut bench, request).unwrap().repeated);
    bench.sound();
}

#[test]
fn pages_of_a_listing_hold_each_allocation_once() {
    let mut bench = Bench::with(&[range("a", "10.0.0.0/23"), range("b", "2001:db8::/64"), {
        let mut blue = range("c", "10.0.0.0/24");
        blue.space = "blue".into();
        blue
    }]);
    for id in ["a", "b", "c"] {
        let labels = Labels::default().with_hostname(format!("Host-{id}"));
        bench.line(AllocateLine::next(id, 150).with_labels(labels)).unwrap();
    }
    let all = |bench: &mut Bench, request: &Find| {
        let mut request = request.clone();
        let mut items = Vec::new();
        loop {
            let page = find(&mut bench.store, bench.now, &request).unwrap();
            items.extend(page.items);
            match page.next {
                Some(token) => request.page.token = Some(token),
                None => return items,
            }
        }
    };
    for size in [1, 7, 150, 1000] {
        let sized = Find::default().with_page(PageRequest::of(size));
        let found = all(&mut bench, &sized);
        assert_eq!(found.len(), 450);
        assert!(found.is_sorted_by(|a, b| (&a.space, a.address) < (&b.space, b.address)));
        assert_eq!(all(&mut bench, &sized.clone().with_range("b")).len(), 150);
        assert_eq!(all(&mut bench, &sized.clone().with_hostname("host-A")).len(), 150);
        assert_eq!(all(&mut bench, &sized.clone().with_owner("o")).len(), 450);
        assert_eq!(all(&mut bench, &sized.clone().with_space("blue")).len(), 150);
        assert_eq!(all(&mut bench, &sized.with_address(Some([10, 0, 0, 7].into()))).len(), 2);
    }
    for garbage in ["", "x", "a", "a ", "a 10.0.0.1", "a 10.0.0.300 default", "r lan", "a 10.0.0.1 "] {
        let page = PageRequest::default().with_token(Some(PageToken::from(garbage)));
        let error = find(&mut bench.store, bench.now, &Find::default().with_page(page)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{garbage:?}");
    }
}

#[test]
fn renewing_moves_the_end_and_no_change_is_no_entry() {
    let mut bench = Bench::with(&[range("lan", "10.0.0.0/24")]);
    let taken = bench
        .allocate(&Allocate::new("o").with_line(AllocateLine::next("lan", 1).with_expiry(Duration::from_secs(10))));
    let id = taken.unwrap().lines[0][0].id.clone();
    bench.pass(9);
    let change = |bench: &mut Bench, request: Update| bench.run(|store, context| update(store, context, &request));
    let renewed = change(&mut bench, Update::new(id.clone()).with_expiry(Patch::Set(Duration::from_secs(10)))).unwrap();
    assert_eq!(renewed.expires, Some(bench.now + Duration::from_secs(10)));
    bench.pass(9);
    let before = bench.store.feed_len();
    change(&mut bench, Update::new(id.clone())).unwrap();
    assert_eq!(bench.store.feed_len(), before);
    let named = change(&mut bench, Update::new(id.clone()).with_hostname(Patch::Set("web".into()))).unwrap();
    assert_eq!((named.updated, named.labels.hostname.as_deref()), (Some(bench.now), Some("web")));
    bench.sound();
    bench.pass(1);
    assert_eq!(change(&mut bench, Update::new(id)).unwrap_err().kind(), ErrorKind::NotFound);
    bench.sound();
}
