//! Random inputs of 32 and 128 bits against plain models.

use std::net::IpAddr;

use ipnet::IpNet;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::net::bits::{Bits, Cover, Interval};
use crate::net::runs::{Runs, merge_packed, radix_sort};
use crate::net::{
    FreeRanges, IpRange, IpSet, PrefixMap, SubnetDetails, aggregate, common_supernet, overlaps, parse_interface,
    parse_reverse, reverse_name, reverse_zones,
};

/// Numbers that meet: near zero, near the top, near a power of two, and anywhere.
fn v4() -> impl Strategy<Value = u32> + Clone {
    prop_oneof![
        0_u32..40,
        (0_u32..40).prop_map(|n| u32::MAX - n),
        (0_u32..40).prop_map(|n| 0x0a00_0000 - 20 + n),
        any::<u32>()
    ]
}

fn v6() -> impl Strategy<Value = u128> + Clone {
    prop_oneof![
        0_u128..40,
        (0_u128..40).prop_map(|n| u128::MAX - n),
        (0_u128..40).prop_map(|n| (0x2001_0db8_u128 << 96) - 20 + n),
        any::<u128>()
    ]
}

fn intervals<B: Bits>(ends: impl Strategy<Value = B> + Clone) -> impl Strategy<Value = Vec<Interval<B>>> {
    vec((ends.clone(), ends).prop_map(|(a, b)| Interval { first: a.min(b), last: a.max(b) }), 0..12)
}

fn has<B: Bits>(intervals: &[Interval<B>], n: B) -> bool {
    intervals.iter().any(|i| i.contains(n))
}

/// Membership can only change beside an end, so these numbers tell everything about sets made of such intervals.
fn telling<B: Bits>(intervals: &[Interval<B>]) -> Vec<B> {
    let near = |n: B| [n.down(), Some(n), n.up()].into_iter().flatten();
    intervals.iter().flat_map(|i| near(i.first).chain(near(i.last))).chain([B::ZERO, B::MAX]).collect()
}

fn check_algebra<B: Bits>(x: &[Interval<B>], y: &[Interval<B>]) {
    let (a, b) = (Runs::from_unsorted(x.to_vec()), Runs::from_unsorted(y.to_vec()));
    let mut grown = a.clone();
    y.iter().for_each(|i| grown.insert(*i));
    let mut shrunk = a.clone();
    y.iter().for_each(|i| shrunk.remove(*i));
    type Rule = fn(bool, bool) -> bool;
    let results: [(Runs<B>, Rule); 6] = [
        (a.union(&b), |x, y| x || y),
        (grown, |x, y| x || y),
        (a.intersection(&b), |x, y| x && y),
        (a.difference(&b), |x, y| x && !y),
        (shrunk, |x, y| x && !y),
        (a.symmetric_difference(&b), |x, y| x != y),
    ];
    for (set, rule) in results {
        for n in telling(&[x, y].concat()) {
            assert_eq!(set.find(n).is_some(), rule(has(x, n), has(y, n)), "at {n:?} of {set:?}");
        }
        for pair in set.as_slice().windows(2) {
            assert!(pair[0].last.up().unwrap() < pair[1].first, "not apart: {pair:?}");
        }
        let size = set.as_slice().iter().try_fold(0_u128, |sum, i| sum.checked_add(i.size()?));
        assert_eq!(set.size(), size);
        for run in set.as_slice() {
            let blocks: Vec<Interval<B>> = Cover::new(*run).map(|(first, len)| Interval::prefix(first, len)).collect();
            assert_eq!(Runs::from_unsorted(blocks).as_slice(), [*run]);
        }
    }
}

fn any_net() -> impl Strategy<Value = IpNet> {
    let v4 = (v4(), 0..=32_u8).prop_map(|(ip, len)| IpNet::new(IpAddr::V4(ip.into()), len).unwrap());
    let v6 = (v6(), 0..=128_u8).prop_map(|(ip, len)| IpNet::new(IpAddr::V6(ip.into()), len).unwrap());
    prop_oneof![v4, v6]
}

/// Prefixes that nest and repeat.
fn crowded_net() -> impl Strategy<Value = IpNet> {
    (0_u32..64, 24..=32_u8).prop_map(|(ip, len)| IpNet::new(IpAddr::V4((0xc000_0200 | ip).into()), len).unwrap())
}

fn any_range() -> impl Strategy<Value = IpRange> {
    let v4 =
        (v4(), v4()).prop_map(|(a, b)| IpRange::new(IpAddr::V4(a.min(b).into()), IpAddr::V4(a.max(b).into())).unwrap());
    let v6 =
        (v6(), v6()).prop_map(|(a, b)| IpRange::new(IpAddr::V6(a.min(b).into()), IpAddr::V6(a.max(b).into())).unwrap());
    prop_oneof![v4, v6]
}

proptest! {
    #[test]
    fn algebra_of_32_bits(x in intervals(v4()), y in intervals(v4())) {
        check_algebra(&x, &y);
    }

    #[test]
    fn algebra_of_128_bits(x in intervals(v6()), y in intervals(v6())) {
        check_algebra(&x, &y);
    }

    #[test]
    fn counting_sorts_like_comparing(mut narrow in intervals(v4()), mut wide in intervals(v6())) {
        let (mut a, mut b) = (narrow.clone(), wide.clone());
        narrow.sort_by_key(|i| i.first);
        wide.sort_by_key(|i| i.first);
        radix_sort(&mut a, &[0, 1, 2, 3], |i| i.first);
        radix_sort(&mut b, &(0..16).collect::<Vec<_>>(), |i| i.first);
        prop_assert_eq!(a, narrow);
        prop_assert_eq!(b, wide);
    }

    #[test]
    fn packed_prefixes_merge_like_plain_ones(
        base in v6(),
        parts in vec((0_u128..1 << 12, 0_u8..14), 1..60),
        shift in 0_u8..116,
    ) {
        let prefixes: Vec<_> =
            parts.into_iter().map(|(n, host)| Interval::prefix(base ^ (n << shift), 128 - (shift + host).min(128))).collect();
        prop_assert_eq!(merge_packed(&prefixes), Some(Runs::from_unsorted(prefixes).into_vec()));
    }

    #[test]
    fn prefixes_of_any_length_merge_packed_or_not_at_all(nets in vec((v6(), 0..=128_u8), 0..40)) {
        let prefixes: Vec<_> = nets.into_iter().map(|(ip, len)| Interval::prefix(ip, len)).collect();
        let plain = Runs::from_unsorted(prefixes.clone()).into_vec();
        prop_assert!(merge_packed(&prefixes).is_none_or(|packed| packed == plain));
    }

    #[test]
    fn aggregating_again_changes_nothing_and_agrees_with_ipnet(nets in vec(any_net(), 0..20)) {
        let once: Vec<IpNet> = aggregate(nets.clone()).collect();
        prop_assert_eq!(&aggregate(once.clone()).collect::<Vec<_>>(), &once);
        prop_assert_eq!(once, IpNet::aggregate(&nets));
    }

    #[test]
    fn a_range_is_its_text_its_prefixes_and_its_places(range in any_range(), n in any::<u128>()) {
        prop_assert_eq!(range.to_string().parse::<IpRange>(), Ok(range));
        prop_assert_eq!(range.prefixes().collect::<IpSet>(), IpSet::from(range));
        let n = range.size().map_or(n, |size| n % size);
        let ip = range.nth(n).unwrap();
        prop_assert!(range.contains(ip));
        prop_assert_eq!(range.position(ip), Some(n));
        let net = common_supernet([range]).unwrap();
        prop_assert!(IpRange::from(net).contains_range(&range));
        prop_assert_eq!(range.to_net(), Some(net).filter(|net| IpRange::from(*net) == range));
    }

    #[test]
    fn details_agree_with_each_other(net in any_net()) {
        prop_assert_eq!(parse_interface(&net.to_string()), Ok(net));
        let details = SubnetDetails::of(net);
        prop_assert_eq!(parse_interface(&format!("{}/{}", details.address, details.netmask)), Ok(net));
        prop_assert!(details.addresses.contains(details.address) && details.addresses.contains_range(&details.hosts));
        prop_assert_eq!(details.addresses.to_net(), Some(details.prefix));
        // What no host may have: nothing, the anycast address, or the network and broadcast addresses.
        let kept = IpSet::from(details.hosts).complement(&details.addresses);
        let point_to_point = net.prefix_len() + 1 >= net.max_prefix_len();
        let expected: Vec<IpAddr> = match details.broadcast {
            Some(broadcast) => vec![details.prefix.addr(), broadcast],
            None if point_to_point => Vec::new(),
            None => vec![details.prefix.addr()],
        };
        prop_assert_eq!(details.broadcast.is_some(), net.addr().is_ipv4() && !point_to_point);
        prop_assert_eq!(kept, expected.into_iter().collect::<IpSet>());
        if let Some(purpose) = details.purpose {
            prop_assert!(IpRange::from(purpose.prefix).contains_range(&details.addresses));
        }
    }

    #[test]
    fn free_is_the_complement(within in any_range(), taken in vec(any_range(), 0..12), n in 0_u128..50) {
        let set: IpSet = taken.into_iter().collect();
        let expected = set.complement(&within);
        prop_assert_eq!(&FreeRanges::of_set(within, &set).collect::<IpSet>(), &expected);
        prop_assert_eq!(&FreeRanges::new(within, &set).rev().collect::<IpSet>(), &expected);
        prop_assert_eq!(FreeRanges::of_set(within, &set).size(), expected.size());
        let nth = expected.addresses().nth(usize::try_from(n).unwrap());
        prop_assert_eq!(FreeRanges::of_set(within, &set).nth_address(n), nth);
        let run = FreeRanges::of_set(within, &set).run(n + 1);
        let long = |gap: &IpRange| gap.size().is_none_or(|size| size > n);
        prop_assert_eq!(run.map(|run| run.first()), expected.ranges().find(long).map(|gap| gap.first()));
        prop_assert!(run.is_none_or(|run| run.size() == Some(n + 1) && expected.contains_range(&run)));
    }

    #[test]
    fn the_longest_match_is_that_of_a_list(
        nets in vec(prop_oneof![crowded_net(), any_net()], 0..40),
        gone in vec(0_usize..40, 0..10),
        probe in crowded_net(),
        ip in v6(),
    ) {
        let mut map: PrefixMap<usize> = nets.iter().copied().zip(0..).collect();
        let mut list: Vec<(IpNet, usize)> = Vec::new();
        for (net, n) in nets.iter().map(IpNet::trunc).zip(0..) {
            list.retain(|(other, _)| *other != net);
            list.push((net, n));
        }
        for net in gone.iter().filter_map(|n| nets.get(*n)) {
            let before = list.len();
            list.retain(|(other, _)| *other != net.trunc());
            prop_assert_eq!(map.remove(*net).is_some(), list.len() < before);
        }
        list.sort();
        prop_assert_eq!(map.len(), list.len());
        prop_assert_eq!(map.iter().map(|(net, n)| (net, *n)).collect::<Vec<_>>(), list.clone());

        for ip in [probe.addr(), IpAddr::V6(ip.into())] {
            let best = list.iter().filter(|(net, _)| net.contains(&ip)).max_by_key(|(net, _)| net.prefix_len());
            prop_assert_eq!(map.longest_match(ip).map(|(net, n)| (net, *n)), best.copied());
        }
        let mut around: Vec<_> = list.iter().filter(|(net, _)| net.contains(&probe.trunc())).copied().collect();
        around.sort_by_key(|(net, _)| net.prefix_len());
        prop_assert_eq!(map.containing(probe).map(|(net, n)| (net, *n)).collect::<Vec<_>>(), around.clone());
        prop_assert_eq!(map.longest_containing(probe).map(|(net, n)| (net, *n)), around.last().copied());
        let inside: Vec<_> = list.iter().filter(|(net, _)| probe.trunc().contains(net)).copied().collect();
        prop_assert_eq!(map.inside(probe).map(|(net, n)| (net, *n)).collect::<Vec<_>>(), inside);
        prop_assert_eq!(map.get(probe).copied(), list.iter().find(|(net, _)| *net == probe.trunc()).map(|(_, n)| *n));
    }

    #[test]
    fn overlaps_name_each_that_has_one_before_it(nets in vec(crowded_net(), 0..20), ranges in vec(any_range(), 0..20)) {
        let all: Vec<IpRange> = nets.iter().map(|net| (*net).into()).chain(ranges).collect();
        let mut order: Vec<usize> = (0..all.len()).collect();
        order.sort_by_key(|n| (all[*n].first(), std::cmp::Reverse(all[*n].last()), *n));
        let expected: Vec<usize> = order
            .iter()
            .enumerate()
            .filter(|(place, n)| order[..*place].iter().any(|earlier| all[*earlier].overlaps(&all[**n])))
            .map(|(_, n)| *n)
            .collect();
        let found: Vec<_> = overlaps(all.clone()).collect();
        prop_assert_eq!(found.iter().map(|pair| pair.inner).collect::<Vec<_>>(), expected);
        prop_assert!(found.iter().all(|pair| pair.outer != pair.inner && all[pair.outer].overlaps(&all[pair.inner])));

        for pair in overlaps(nets.clone()) {
            let (outer, inner) = (nets[pair.outer].trunc(), nets[pair.inner].trunc());
            // Of equal prefixes the later is inside the earlier.
            let holds = |n: usize, net: &IpNet| net.contains(&inner) && (*net != inner || n < pair.inner);
            let around = nets.iter().map(IpNet::trunc).enumerate().filter(|(n, net)| holds(*n, net));
            let smallest = around.map(|(_, net)| net.prefix_len()).max();
            prop_assert_eq!(Some(outer.prefix_len()), smallest);
            prop_assert!(outer.contains(&inner));
        }
    }

    #[test]
    fn reverse_names_are_read_back(net in any_net()) {
        prop_assert_eq!(parse_reverse(&reverse_name(net.addr())), Ok(net.addr().into()));
        let zones: Vec<IpNet> = reverse_zones(net).map(|zone| parse_reverse(&zone).unwrap()).collect();
        prop_assert!(zones.len() <= 128);
        prop_assert_eq!(zones.into_iter().collect::<IpSet>(), IpSet::from(net));
    }

    #[test]
    fn no_text_makes_a_parser_panic(text in "[-./:0-9a-f a-rx]{0,40}|\\PC{0,20}") {
        if let Ok(range) = text.parse::<IpRange>() {
            prop_assert_eq!(range.to_string().parse::<IpRange>(), Ok(range));
        }
        for name in [text.clone(), format!("{text}in-addr.arpa"), format!("{text}.ip6.arpa")] {
            let read = parse_reverse(&name);
            prop_assert!(read.is_err() || read.is_ok_and(|net| net == net.trunc()));
        }
        prop_assert!(crate::net::parse_net(&text).is_ok_and(|net| net == net.trunc()) || crate::net::parse_net(&text).is_err());
    }
}

/// Long enough for the counting sort, with few bytes that vary and with many.
#[test]
fn large_sets_are_sorted_like_small_ones() {
    let mut state = 1_u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u128::from(state >> 20)
    };
    for spread in [96, 64, 1] {
        let ips: Vec<u128> = (0..40_000).map(|_| (0x2001 << 112) | ((random() % 100_000) * spread)).collect();
        let wide: Vec<u128> = (0..40_000).map(|_| random() << 84 | random() << 42 | random()).collect();
        for ips in [ips, wide] {
            let mut expected = ips.clone();
            expected.sort_unstable();
            expected.dedup();
            let set: IpSet = ips.iter().map(|ip| IpAddr::V6((*ip).into())).collect();
            assert!(set.addresses().eq(expected.iter().map(|ip| IpAddr::V6((*ip).into()))));
            let low = |ip: &u128| u32::try_from(ip & u128::from(u32::MAX)).unwrap();
            let mut expected: Vec<u32> = ips.iter().map(low).collect();
            let set: IpSet = expected.iter().map(|ip| IpAddr::V4((*ip).into())).collect();
            expected.sort_unstable();
            expected.dedup();
            assert!(set.addresses().eq(expected.into_iter().map(|ip| IpAddr::V4(ip.into()))));
        }
    }
}
