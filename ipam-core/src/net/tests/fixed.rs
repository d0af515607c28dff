//! Fixed cases at zero, at the top, and at the lengths where rules change.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::net::{
    FreeRanges, HostPolicy, IpRange, IpSet, NetErrorKind, Overlap, Planner, SubnetSize, aggregate, common_supernet,
    overlaps, subnets, subtract, supernet,
};

fn net(text: &str) -> IpNet {
    text.parse().unwrap()
}

fn range(text: &str) -> IpRange {
    text.parse().unwrap()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn set(ranges: &[&str]) -> IpSet {
    ranges.iter().map(|text| range(text)).collect()
}

fn shown(nets: impl IntoIterator<Item = IpNet>) -> Vec<String> {
    nets.into_iter().map(|net| net.to_string()).collect()
}

#[test]
fn the_last_address_but_one_stays_alone() {
    assert_eq!(shown(aggregate([net("255.255.255.254/32")])), ["255.255.255.254/32"]);
    assert_eq!(shown(aggregate([net("255.255.255.254/32"), net("255.255.255.255/32")])), ["255.255.255.254/31"]);
    assert_eq!(shown(range("255.255.255.254").prefixes()), ["255.255.255.254/32"]);
    let top = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe";
    assert_eq!(shown(aggregate([ip(top)])), [format!("{top}/128")]);
}

#[test]
fn whole_families() {
    let halves = ["0.0.0.0/1", "128.0.0.0/1", "8000::/1", "::/1"].map(net);
    assert_eq!(shown(aggregate(halves)), ["0.0.0.0/0", "::/0"]);
    let mut all: IpSet = IpRange::IPV6.into();
    assert_eq!(all.size(), None);
    assert_eq!(all.complement(&IpRange::IPV6), IpSet::new());
    assert_eq!(all.complement(&IpRange::IPV4), IpRange::IPV4.into());
    all.remove(ip("::"));
    assert_eq!(all.size(), Some(u128::MAX));
    all.insert(ip("10.0.0.1"));
    assert_eq!(all.size(), None);
    assert_eq!(IpSet::new().size(), Some(0));
}

#[test]
fn free_at_the_ends_of_ipv6() {
    let none = IpSet::new();
    let free = || FreeRanges::of_set(IpRange::IPV6, &none);
    assert_eq!(free().size(), None);
    assert_eq!(free().nth_address(u128::MAX), Some(IpRange::IPV6.last()));
    assert_eq!(free().prefix(0).unwrap(), Some(net("::/0")));
    assert_eq!(free().run(u128::MAX), Some(range("::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe")));

    let ends: IpSet = [IpRange::IPV6.first(), IpRange::IPV6.last(), ip("0.0.0.0")].into_iter().collect();
    let free = || FreeRanges::of_set(IpRange::IPV6, &ends);
    assert_eq!(free().size(), Some(u128::MAX - 1));
    assert_eq!(free().first_address(), Some(ip("::1")));
    assert_eq!(free().last_address(), Some(ip("ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe")));
    assert_eq!(free().nth_address(u128::MAX), None);
    assert_eq!(free().prefix(1).unwrap(), None);
    assert_eq!(free().prefix(2).unwrap(), Some(net("4000::/2")));
    assert_eq!(free().prefix(129).unwrap_err().field(), "prefix length");
}

#[test]
fn free_in_a_full_and_in_a_small_range() {
    let taken = set(&["10.0.0.0/24", "2001:db8::/64"]);
    let full = FreeRanges::of_set(range("10.0.0.0/25"), &taken);
    assert_eq!(full.clone().first_address(), None);
    assert_eq!(full.clone().last_address(), None);
    assert_eq!(full.clone().run(1), None);
    assert_eq!(full.size(), Some(0));
    let one = FreeRanges::new(range("10.0.0.255-10.0.1.0"), &taken);
    assert_eq!(one.clone().run(0), None);
    assert_eq!(one.clone().aligned_run(1, 256), Some(range("10.0.1.0")));
    assert_eq!(one.addresses().collect::<Vec<_>>(), [ip("10.0.1.0")]);
    let from_addresses = FreeRanges::new(range("10.0.0.0/30"), [ip("9.0.0.0"), ip("10.0.0.1"), ip("10.0.0.9")]);
    assert_eq!(from_addresses.map(|gap| gap.to_string()).collect::<Vec<_>>(), ["10.0.0.0", "10.0.0.2-10.0.0.3"]);
}

#[test]
fn subnets_at_the_lengths_that_overflow() {
    let all = subnets(net("::/0"), 128).unwrap();
    assert_eq!(all.count_left(), None);
    assert_eq!(all.size_hint(), (usize::MAX, None));
    assert_eq!(all.last(), Some(net("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128")));
    assert_eq!(shown(subnets(net("::/0"), 0).unwrap()), ["::/0"]);
    assert_eq!(shown(subnets(net("0.0.0.0/0"), 0).unwrap()), ["0.0.0.0/0"]);
    assert_eq!(subnets(net("0.0.0.0/0"), 32).unwrap().count_left(), Some(1 << 32));
    assert_eq!(shown(subnets(net("255.255.255.254/31"), 32).unwrap()), ["255.255.255.254/32", "255.255.255.255/32"]);
    assert_eq!(shown(subnets(net("10.0.0.7/24"), 25).unwrap()), ["10.0.0.0/25", "10.0.0.128/25"]);
    for (of, len) in [("10.0.0.0/24", 23), ("10.0.0.0/24", 33), ("::/0", 129)] {
        let error = subnets(net(of), len).unwrap_err();
        assert_eq!((error.field(), error.value()), ("prefix length", len.to_string().as_str()));
    }
}

#[test]
fn supernets() {
    assert_eq!(supernet(net("10.1.2.3/32"), 8), Ok(net("10.0.0.0/8")));
    assert_eq!(supernet(net("10.1.2.3/24"), 24), Ok(net("10.1.2.0/24")));
    assert_eq!(supernet(net("ffff::/16"), 0), Ok(net("::/0")));
    assert!(supernet(net("10.0.0.0/8"), 9).is_err());
    assert_eq!(common_supernet([net("0.0.0.0/32"), net("255.255.255.255/32")]), Some(net("0.0.0.0/0")));
    assert_eq!(common_supernet([ip("10.0.0.1")]), Some(net("10.0.0.1/32")));
    assert_eq!(common_supernet([range("10.0.0.3-10.0.0.4")]), Some(net("10.0.0.0/29")));
    assert_eq!(common_supernet([ip("10.0.0.1"), ip("::1")]), None);
    assert_eq!(common_supernet(Vec::<IpNet>::new()), None);
}

#[test]
fn subtracting() {
    assert_eq!(shown(subtract(net("10.0.0.0/30"), [net("10.0.0.0/24")])), Vec::<String>::new());
    assert_eq!(shown(subtract(net("10.0.0.9/30"), [net("10.0.1.0/24"), net("::/0")])), ["10.0.0.8/30"]);
    assert_eq!(
        shown(subtract(net("255.255.255.252/30"), [ip("255.255.255.255")])),
        ["255.255.255.252/31", "255.255.255.254/32"]
    );
}

#[test]
fn equal_prefixes_overlap_in_the_order_given() {
    let pairs = |nets: &[&str]| -> Vec<(usize, usize)> {
        overlaps(nets.iter().map(|text| range(text))).map(|Overlap { outer, inner }| (outer, inner)).collect()
    };
    assert_eq!(pairs(&["10.0.0.0/24", "10.0.0.0/24", "10.0.0.0/24"]), [(0, 1), (1, 2)]);
    assert_eq!(pairs(&["10.0.0.0/25", "10.0.0.128/25", "::/0"]), []);
    assert_eq!(pairs(&["10.0.0.0/26", "0.0.0.0/0", "10.0.0.128/25", "10.0.0.0/24"]), [(1, 3), (3, 0), (3, 2)]);
    assert_eq!(pairs(&["10.0.0.5-10.0.0.9", "10.0.0.9-10.0.0.12"]), [(0, 1)]);
}

#[test]
fn sets_hold_both_families_and_keep_them_apart() {
    let set = set(&["::1", "10.0.0.1-10.0.0.2", "10.0.0.3", "2001:db8::/127"]);
    assert_eq!(set.to_string(), "10.0.0.1-10.0.0.3, ::1, 2001:db8::-2001:db8::1");
    assert_eq!(format!("{set:?}"), "{10.0.0.1-10.0.0.3, ::1, 2001:db8::-2001:db8::1}");
    assert_eq!(set.ranges().next_back(), Some(range("2001:db8::/127")));
    assert_eq!(set.addresses().rev().nth(3), Some(ip("10.0.0.3")));
    assert_eq!(set.range_of(ip("10.0.0.2")), Some(range("10.0.0.1-10.0.0.3")));
    assert!(set.contains(ip("::1")) && !set.contains(ip("0.0.0.1")) && !set.contains(ip("::a00:1")));
    assert!(set.overlaps(&range("2001:db8::1-2001:db8::9")) && !set.overlaps(&range("2001:db8::2-2001:db8::9")));
    assert_eq!(shown(set.prefixes()), shown(set.clone().into_prefixes()));
    let mut grown = IpSet::new();
    grown.extend(set.ranges().rev());
    assert_eq!(grown, set);
}

#[cfg(feature = "serde")]
#[test]
fn a_set_is_a_list_of_strings_in_json() {
    let text = serde_json::to_string(&set(&["10.0.0.0/31", "::1"])).unwrap();
    assert_eq!(text, r#"["10.0.0.0-10.0.0.1","::1"]"#);
    assert_eq!(serde_json::from_str::<IpSet>(&text).unwrap(), set(&["10.0.0.0/31", "::1"]));
    assert_eq!(serde_json::from_str::<IpSet>(r#"["10.0.0.2","10.0.0.0/31"]"#).unwrap(), set(&["10.0.0.0-10.0.0.2"]));
}

#[test]
fn plans_count_hosts_by_policy() {
    let lens = |block: &str, policy, counts: &[u128]| -> Vec<u8> {
        let sizes: Vec<_> = counts.iter().map(|n| SubnetSize::Hosts(*n)).collect();
        Planner::new([net(block)]).with_policy(policy).plan(&sizes).unwrap().iter().map(IpNet::prefix_len).collect()
    };
    let counts = [1, 2, 3, 6, 7, 254, 255];
    assert_eq!(lens("10.0.0.0/8", HostPolicy::Hosts, &counts), [32, 31, 29, 29, 28, 24, 23]);
    assert_eq!(lens("10.0.0.0/8", HostPolicy::All, &[1, 2, 3, 4, 5, 256, 257]), [32, 31, 30, 30, 29, 24, 23]);
    assert_eq!(lens("2001:db8::/32", HostPolicy::Hosts, &counts), [128, 127, 126, 125, 125, 120, 120]);
    assert_eq!(lens("::/0", HostPolicy::Hosts, &[u128::MAX]), [0]);
    assert_eq!(lens("0.0.0.0/0", HostPolicy::Hosts, &[(1 << 32) - 2]), [0]);
}

#[test]
fn a_plan_leaves_out_what_is_taken_and_fits_best() {
    let planner = Planner::new([net("10.0.0.0/24"), net("10.9.0.0/28")]).with_taken(set(&["10.0.0.0-10.0.0.31"]));
    let sizes = [SubnetSize::PrefixLen(28), SubnetSize::PrefixLen(25), SubnetSize::PrefixLen(30)];
    // The /28 goes into the block it fills, not into a piece of the larger one.
    assert_eq!(shown(planner.plan(&sizes).unwrap()), ["10.9.0.0/28", "10.0.0.128/25", "10.0.0.32/30"]);
    assert_eq!(shown(planner.plan(&[]).unwrap()), Vec::<String>::new());
}

#[test]
fn a_plan_that_cannot_be_says_what_did_not_fit() {
    let planner = Planner::new([net("10.0.0.0/24")]);
    let error =
        planner.plan(&[SubnetSize::PrefixLen(25), SubnetSize::PrefixLen(25), SubnetSize::Hosts(3)]).unwrap_err();
    assert_eq!(error.kind(), NetErrorKind::Exhausted);
    assert_eq!(error.value(), "sizes[2] Hosts(3) (/29)");
    assert_eq!(error.problem(), "no room for 1 of 3 subnets, nothing is left free");
    let error = planner.plan(&[SubnetSize::PrefixLen(25), SubnetSize::PrefixLen(23)]).unwrap_err();
    assert!(error.problem().contains("at most a /25 is left"), "{error}");
    let error = planner.plan(&[SubnetSize::PrefixLen(24); 20]).unwrap_err();
    assert!(error.value().ends_with("and 11 more"), "{error}");
    assert_eq!(Planner::new([]).plan(&[SubnetSize::Hosts(1)]).unwrap_err().kind(), NetErrorKind::Exhausted);

    let both = Planner::new([net("10.0.0.0/24"), net("::/64")]);
    assert_eq!(both.plan(&[]).unwrap_err().kind(), NetErrorKind::InvalidInput);
    for size in [SubnetSize::PrefixLen(33), SubnetSize::Hosts(0), SubnetSize::Hosts(1 << 32)] {
        assert_eq!(planner.plan(&[size]).unwrap_err().kind(), NetErrorKind::InvalidInput);
    }
}

#[test]
fn a_range_from_an_address_on_ends_with_its_family() {
    let from = |first: &str, count: u128| IpRange::starting_at(ip(first), count).map(|range| range.to_string());
    assert_eq!(from("0.0.0.0", 1 << 32).unwrap(), "0.0.0.0-255.255.255.255");
    assert_eq!(from("255.255.255.255", 1).unwrap(), "255.255.255.255");
    assert_eq!(from("::", u128::MAX).unwrap(), "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe");
    assert_eq!(from("::1", u128::MAX).unwrap(), "::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
    for (first, count) in [("0.0.0.0", 0), ("0.0.0.1", 1 << 32), ("0.0.0.0", u128::MAX), ("::2", u128::MAX), ("::", 0)]
    {
        let error = from(first, count).unwrap_err();
        assert_eq!((error.kind(), error.field()), (NetErrorKind::InvalidInput, "count"), "{first} {count}");
    }
}
