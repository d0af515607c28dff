//! Memory provider, through the trait: bars M1 to M4, M6 and M7. The bare index is in `index.rs`.
//!
//! `cargo bench -p ipam-core --bench memory`
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a benchmark fails by panicking")]

mod support;

use std::collections::HashSet;
use std::hint::black_box;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use futures_executor::block_on;
use ipam_core::{
    Allocate, AllocateLine, AllocateRange, AllocationId, Deallocate, DeallocateRange, DefineBlock, DefineRange,
    IpamProvider, MemoryProvider, RangeId,
};
use support::{Numbers, Reach, against, apart, bytes, heading, per_call, rounds, status, wanted};

/// Pairs of one round.
const PAIRS: usize = 20_000;

/// A provider with one range, some of it taken, and what was handed out since.
struct Pool {
    provider: Arc<dyn IpamProvider>,
    range: RangeId,
    held: Vec<(AllocationId, IpAddr)>,
    /// Addresses that were allocated (true) and deallocated, in order.
    log: Vec<(IpAddr, bool)>,
    numbers: Numbers,
}

impl Pool {
    fn new(net: &str) -> Self {
        let provider: Arc<dyn IpamProvider> = Arc::new(MemoryProvider::new());
        block_on(provider.define_range(&DefineRange::new("pool", net.parse().unwrap()))).unwrap();
        Self { provider, range: RangeId::from("pool"), held: Vec::new(), log: Vec::new(), numbers: Numbers::new(7) }
    }

    /// The lowest `count` addresses are taken, each by a request of its own.
    fn contiguous(net: &str, count: usize) -> Self {
        let mut pool = Self::new(net);
        for number in 0..count {
            let request = Allocate::one(format!("vm-{number}"), pool.range.clone());
            pool.take(&request);
        }
        pool
    }

    /// `count` addresses of the /16 are taken, anywhere.
    fn scattered(net: &str, count: usize) -> Self {
        let mut pool = Self::contiguous(net, 65_534);
        Numbers::new(1).shuffle(&mut pool.held);
        while pool.held.len() > count {
            let (id, address) = pool.held.pop().unwrap();
            block_on(pool.provider.deallocate(&Deallocate::id(id))).unwrap();
            pool.log.push((address, false));
        }
        pool
    }

    /// `count` addresses anywhere in a /64.
    fn scattered_64(count: usize) -> Self {
        let mut pool = Self::new("2001:db8::/64");
        let mut numbers = Numbers::new(2);
        let base = u128::from(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0));
        for number in 0..count {
            let address = IpAddr::V6(Ipv6Addr::from(base + u128::from(numbers.next().max(2))));
            let line = AllocateLine::exactly(pool.range.clone(), address);
            pool.take(&Allocate::new(format!("vm-{number}")).with_line(line));
        }
        pool
    }

    fn take(&mut self, request: &Allocate) {
        let taken = block_on(self.provider.allocate(request)).unwrap();
        let allocation = taken.lines.into_iter().flatten().next().unwrap();
        self.log.push((allocation.address, true));
        self.held.push((allocation.id, allocation.address));
    }

    /// Allocates the next address and deallocates it. Returns the nanoseconds of a pair.
    fn pairs(&mut self) -> f64 {
        let Self { provider, range, log, .. } = self;
        per_call(PAIRS, || {
            block_on(async {
                for _ in 0..PAIRS {
                    let taken = provider.allocate(&Allocate::one("vm", range.clone())).await.unwrap();
                    let allocation = &taken.lines[0][0];
                    log.extend([(allocation.address, true), (allocation.address, false)]);
                    provider.deallocate(&Deallocate::id(allocation.id.clone())).await.unwrap();
                }
            });
        })
    }

    /// Deallocates a random address and allocates the next one. Returns the nanoseconds of a pair.
    fn churn(&mut self) -> f64 {
        let Self { provider, range, held, log, numbers } = self;
        per_call(PAIRS, || {
            block_on(async {
                for _ in 0..PAIRS {
                    let index = numbers.below(held.len());
                    let (id, address) = held.swap_remove(index);
                    log.push((address, false));
                    provider.deallocate(&Deallocate::id(id)).await.unwrap();
                    let taken = provider.allocate(&Allocate::one("vm", range.clone())).await.unwrap();
                    let allocation = taken.lines.into_iter().flatten().next().unwrap();
                    log.push((allocation.address, true));
                    held.push((allocation.id, allocation.address));
                }
            });
        })
    }

    /// Asserts that no address was allocated twice, and none deallocated that was free.
    fn check(&self) {
        let mut held = HashSet::new();
        for (address, taken) in &self.log {
            assert!(if *taken { held.insert(address) } else { held.remove(address) }, "{address}: {taken}");
        }
        assert_eq!(held.len(), self.held.len());
    }
}

/// One line of a bar against go-ipam, which is timed outside of the project.
fn against_go(bar: &str, what: &str, ours: &[f64], most_us: f64) {
    apart(bar, what, ours, "go-ipam", most_us * 1e3);
}

fn addresses() {
    let mut empty = Pool::new("10.0.0.0/24");
    let mut half = Pool::contiguous("10.0.0.0/16", 32_767);
    let mut holes = Pool::scattered("10.0.0.0/16", 32_767);
    let mut full = Pool::contiguous("10.0.0.0/16", 64_880);
    let mut full_holes = Pool::scattered("10.0.0.0/16", 64_880);
    let mut churned = Pool::scattered("10.0.0.0/16", 64_880);
    let mut wide = Pool::contiguous("2001:db8::/64", 100_000);
    let mut wide_holes = Pool::scattered_64(100_000);
    let [of_empty, of_half, of_holes, of_full, of_full_holes, of_churned, of_wide, of_wide_holes] = rounds([
        &mut || empty.pairs(),
        &mut || half.pairs(),
        &mut || holes.pairs(),
        &mut || full.pairs(),
        &mut || full_holes.pairs(),
        &mut || churned.churn(),
        &mut || wide.pairs(),
        &mut || wide_holes.pairs(),
    ]);
    [empty, half, holes, full, full_holes, churned, wide, wide_holes].iter().for_each(Pool::check);
    against_go("M1", "99 % of a /16, contiguous", &of_full, 2.6);
    against_go("M1", "99 % of a /16, random", &of_full_holes, 1.9);
    against_go("M1", "99 % of a /16, random, deallocate a random one", &of_churned, 1.9);
    against_go("M2", "half a /16, contiguous", &of_half, 2.2);
    against_go("M2", "half a /16, random", &of_holes, 1.7);
    against_go("M2", "/64 with 100 000 taken, contiguous", &of_wide, 3.1);
    against_go("M2", "/64 with 100 000 taken, random", &of_wide_holes, 3.1);
    against_go("M3", "empty /24", &of_empty, 1.3);
    against("M6", "99 % of a /16, random", &of_full_holes, "empty /24", &of_empty, Reach::AtMost(3.0));
    against("M6", "/64 with 100 000 taken, random", &of_wide_holes, "contiguous", &of_wide, Reach::AtMost(10.0));
}

fn children() {
    let provider: Arc<dyn IpamProvider> = Arc::new(MemoryProvider::new());
    let mut seen = HashSet::new();
    block_on(async {
        provider.define_block(&DefineBlock::new("ten", "10.0.0.0/8".parse().unwrap())).await.unwrap();
        for number in 0..10_000 {
            let child =
                provider.allocate_range(&AllocateRange::prefix_len(format!("n-{number}"), "ten", 24)).await.unwrap();
            assert!(seen.insert(child.range.net));
        }
    });
    let mut pairs = || {
        per_call(PAIRS / 10, || {
            block_on(async {
                for _ in 0..PAIRS / 10 {
                    let child = provider.allocate_range(&AllocateRange::prefix_len("net", "ten", 24)).await.unwrap();
                    assert!(!seen.contains(&child.range.net));
                    provider.deallocate_range(&DeallocateRange::id(child.range.id)).await.unwrap();
                }
            });
        })
    };
    let [ours] = rounds([&mut pairs]);
    against_go("M4", "a /24 of a /8 with 10 000 siblings", &ours, 1.7);
}

fn memory() {
    const COUNT: u32 = 1_000_000;
    let Some(before) = status("VmRSS:") else {
        println!("M7   not measured: this system does not tell how much memory a process uses");
        return;
    };
    let provider = MemoryProvider::new();
    block_on(async {
        provider.define_range(&DefineRange::new("pool", "10.0.0.0/8".parse().unwrap())).await.unwrap();
        for _ in 0..COUNT {
            black_box(provider.allocate(&Allocate::one("vm", "pool")).await.unwrap());
        }
    });
    let after = status("VmRSS:").unwrap();
    bytes("M7", "memory per allocation of 1 000 000, no metadata", (after - before) / f64::from(COUNT), 200.0);
    let usage = block_on(provider.usage(&[RangeId::from("pool")])).unwrap();
    assert_eq!(usage[0].allocated, u128::from(COUNT), "an address for each");

    let many: Vec<MemoryProvider> = (0..256).map(|_| MemoryProvider::new()).collect();
    for net in ["10.0.0.0/8", "2001:db8::/64"] {
        let before = status("VmRSS:").unwrap();
        for provider in &many {
            block_on(provider.define_range(&DefineRange::new(net, net.parse().unwrap()))).unwrap();
        }
        let each = (status("VmRSS:").unwrap() - before) / many.len() as f64;
        bytes("M7", &format!("memory of a fresh {net}"), each, 64.0 * 1024.0);
    }
}

fn main() {
    heading("memory provider, allocate and deallocate");
    // First, while little memory was used and released.
    if wanted("M7") {
        memory();
    }
    if ["M1", "M2", "M3", "M6"].iter().any(|bar| wanted(bar)) {
        addresses();
    }
    if wanted("M4") {
        children();
    }
}
