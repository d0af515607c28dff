//! Subnet maths against the crates people would take instead: bars S1 to S4.
//!
//! `cargo bench -p ipam-core --bench net`
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a benchmark fails by panicking")]

mod support;

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipam_core::net::{IpRange, aggregate, subnets, subtract};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use iprange::IpRange as PeerSet;
use prefix_trie::PrefixSet;
use rangemap::RangeInclusiveSet;
use support::{Numbers, Reach, against, heading, per_call, rounds, wanted};

const MILLION: usize = 1_000_000;

fn v4(address: u32, len: u8) -> Ipv4Net {
    Ipv4Net::new(Ipv4Addr::from(address), len).unwrap().trunc()
}

fn v4_of(net: &IpNet) -> Ipv4Net {
    match net {
        IpNet::V4(net) => *net,
        IpNet::V6(_) => panic!("IPv4 only"),
    }
}

/// A million different /28 of a /8 in any order.
fn shuffled() -> Vec<IpNet> {
    let mut numbers = Numbers::new(1);
    let mut all: Vec<u32> = (0..1 << 20).collect();
    numbers.shuffle(&mut all);
    all.truncate(MILLION);
    all.into_iter().map(|number| IpNet::V4(v4(0x0a00_0000 | number << 4, 28))).collect()
}

/// A million prefixes of the lengths of a routing table, anywhere, which overlap.
fn overlapping() -> Vec<IpNet> {
    let mut numbers = Numbers::new(2);
    let net = |_| IpNet::V4(v4(u32::try_from(numbers.next() >> 32).unwrap(), 16 + numbers.next().to_le_bytes()[0] % 9));
    (0..MILLION).map(net).collect()
}

/// A million /48 of a /28 and some shorter ones, in any order.
fn v6() -> Vec<IpNet> {
    let mut numbers = Numbers::new(3);
    let net = |_| {
        let address = 0x2001_0db0_0000_0000_0000_0000_0000_0000 | u128::from(numbers.next() & 0xf_ffff) << 80;
        let len = if numbers.next().is_multiple_of(8) { 44 } else { 48 };
        IpNet::V6(Ipv6Net::new(Ipv6Addr::from(address), len).unwrap().trunc())
    };
    (0..MILLION).map(net).collect()
}

/// One pass over a million.
fn pass<T>(work: impl FnOnce() -> T) -> f64 {
    per_call(1, || {
        black_box(work());
    })
}

fn same(ours: &[IpNet], theirs: &[IpNet]) {
    assert!(ours.is_sorted_by(|a, b| a.network() < b.network()), "each once, in order");
    let mut theirs = theirs.to_vec();
    theirs.sort_unstable();
    assert_eq!(ours, theirs);
}

fn aggregation() {
    let cases =
        [("1 M shuffled /28", shuffled(), 1.3), ("1 M overlapping IPv4", overlapping(), 1.8), ("1 M IPv6", v6(), 1.8)];
    for (what, nets, most) in &cases {
        if wanted("S1") {
            same(&aggregate(nets.iter().copied()).collect::<Vec<_>>(), &IpNet::aggregate(nets));
            let [ours, theirs] =
                rounds([&mut || pass(|| aggregate(nets.iter().copied()).collect::<Vec<_>>()), &mut || {
                    pass(|| IpNet::aggregate(nets))
                }]);
            against("S1", &format!("aggregate {what}"), &ours, "ipnet::aggregate", &theirs, Reach::AtLeast(*most));
        }
    }
    if wanted("S2") {
        let [(_, nets, _), ..] = &cases;
        let only_v4: Vec<Ipv4Net> = nets.iter().map(v4_of).collect();
        let [ours, set, trie] = rounds([
            &mut || pass(|| aggregate(nets.iter().copied()).collect::<Vec<_>>()),
            &mut || {
                pass(|| {
                    let mut set: PeerSet<Ipv4Net> = only_v4.iter().copied().collect();
                    set.simplify();
                    set.iter().collect::<Vec<_>>()
                })
            },
            &mut || {
                pass(|| {
                    // It keeps prefixes apart; what covers others is found by walking.
                    let set: PrefixSet<Ipv4Net> = only_v4.iter().copied().collect();
                    set.iter().collect::<Vec<_>>()
                })
            },
        ]);
        against("S2", "aggregate 1 M shuffled /28", &ours, "iprange", &set, Reach::AtLeast(25.0));
        against("S2", "aggregate 1 M shuffled /28", &ours, "prefix-trie, insert only", &trie, Reach::AtLeast(3.0));
    }
}

fn difference() {
    let mut numbers = Numbers::new(4);
    let eight = v4(0x0a00_0000, 8);
    let taken: Vec<Ipv4Net> =
        (0..100_000).map(|_| v4(0x0a00_0000 | u32::try_from(numbers.next() >> 40).unwrap(), 28)).collect();
    let ours = || subtract(IpNet::V4(eight), taken.iter().map(|net| IpNet::V4(*net))).collect::<Vec<_>>();
    let theirs = || {
        let from: PeerSet<Ipv4Net> = [eight].into_iter().collect();
        let mut minus: PeerSet<Ipv4Net> = taken.iter().copied().collect();
        minus.simplify();
        from.exclude(&minus).iter().map(IpNet::V4).collect::<Vec<_>>()
    };
    same(&ours(), &theirs());
    let [mine, set, map] = rounds([&mut || pass(ours), &mut || pass(theirs), &mut || {
        pass(|| {
            let mut free = RangeInclusiveSet::new();
            free.insert(u32::from(eight.network())..=u32::from(eight.broadcast()));
            for net in &taken {
                free.remove(u32::from(net.network())..=u32::from(net.broadcast()));
            }
            let nets = |range: &std::ops::RangeInclusive<u32>| {
                let (first, last) = (IpAddr::V4((*range.start()).into()), IpAddr::V4((*range.end()).into()));
                IpRange::new(first, last).unwrap().prefixes()
            };
            free.iter().flat_map(nets).collect::<Vec<_>>()
        })
    }]);
    against("S3", "/8 minus 100 000 /28", &mine, "iprange", &set, Reach::AtLeast(40.0));
    against("S3", "/8 minus 100 000 /28", &mine, "rangemap", &map, Reach::AtLeast(10.0));
}

fn splitting() {
    let eight: IpNet = "10.0.0.0/8".parse().unwrap();
    assert!(subnets(eight, 28).unwrap().eq(eight.subnets(28).unwrap()));
    let [ours, theirs] = rounds([&mut || pass(|| subnets(eight, 28).unwrap().collect::<Vec<_>>()), &mut || {
        pass(|| eight.subnets(28).unwrap().collect::<Vec<_>>())
    }]);
    against("S4", "split a /8 into 1 M /28, collected", &ours, "ipnet", &theirs, Reach::AtLeast(3.0));
}

fn containing() {
    let mut numbers = Numbers::new(5);
    let nets: Vec<IpNet> = overlapping().into_iter().take(4096).collect();
    let ranges: Vec<IpRange> = nets.iter().map(|net| IpRange::from(*net)).collect();
    let probes: Vec<IpAddr> = nets
        .iter()
        .map(|net| match (net.network(), numbers.next().is_multiple_of(2)) {
            (near, true) => near,
            _ => IpAddr::V4(u32::try_from(numbers.next() >> 32).unwrap().into()),
        })
        .collect();
    let agree = |(probe, (net, range)): (&IpAddr, (&IpNet, &IpRange))| net.contains(probe) == range.contains(*probe);
    assert!(probes.iter().zip(nets.iter().zip(&ranges)).all(agree));
    let times = 256;
    let [ours, theirs] = rounds([
        &mut || {
            per_call(times * probes.len(), || {
                for _ in 0..times {
                    black_box(probes.iter().zip(&ranges).filter(|(probe, range)| range.contains(**probe)).count());
                }
            })
        },
        &mut || {
            per_call(times * probes.len(), || {
                for _ in 0..times {
                    black_box(probes.iter().zip(&nets).filter(|(probe, net)| net.contains(*probe)).count());
                }
            })
        },
    ]);
    against("S4", "does a prefix contain an address", &ours, "ipnet", &theirs, Reach::AtLeast(3.0));
}

fn main() {
    heading("subnet maths");
    if wanted("S1") || wanted("S2") {
        aggregation();
    }
    if wanted("S3") {
        difference();
    }
    if wanted("S4") {
        splitting();
        containing();
    }
}
