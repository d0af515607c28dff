//! Parts of the history test: client processes, what they report, the faults, and the check at the end.

pub(crate) mod audit;
pub(crate) mod client;
pub(crate) mod faults;
pub(crate) mod follower;
pub(crate) mod history;

use std::net::IpAddr;
use std::time::Duration;

use ipam_core::{
    Allocate, AllocateLine, DefineBlock, DefineRange, IpamProvider, Order, Placement, RangePolicy, Selection,
};

/// Pseudo-random numbers, the same ones for the same seed.
pub(crate) struct Noise(pub(crate) u64);

impl Noise {
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

/// Request for addresses, as it is written in a report: `lan=3c` are three contiguous addresses of the range "lan",
/// `tiny@10.9.0.7` is one exact address, and an `!` at the end is a short expiry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked(pub(crate) String);

impl Asked {
    /// Returns true if the allocation expires soon.
    pub(crate) fn is_lease(&self) -> bool {
        self.0.ends_with('!')
    }

    /// Returns the range.
    pub(crate) fn range(&self) -> &str {
        self.0.split(['=', '@']).next().unwrap()
    }

    /// Returns the number of addresses.
    pub(crate) fn count(&self) -> usize {
        let count = self.0.split_once('=').map_or("1", |(_, count)| count.trim_end_matches(['c', '!']));
        count.parse().unwrap()
    }

    /// Returns the request with a key.
    pub(crate) fn request(&self, key: &str) -> Allocate {
        let text = self.0.trim_end_matches('!');
        let selection = match text.split_once('@') {
            Some((_, address)) => Selection::Exact { first: address.parse::<IpAddr>().unwrap(), count: 1 },
            None => {
                let placement = if text.ends_with('c') { Placement::Contiguous } else { Placement::Scattered };
                Selection::Next { count: u32::try_from(self.count()).unwrap(), placement }
            }
        };
        let mut line = AllocateLine::new(self.range(), selection);
        if self.is_lease() {
            line = line.with_expiry(LEASE);
        }
        Allocate::new(key.split('/').next().unwrap()).with_line(line).with_key(key)
    }
}

/// Time until a lease expires.
pub(crate) const LEASE: Duration = Duration::from_millis(700);

/// Block from which the clients allocate child prefixes.
pub(crate) const BLOCK: &str = "site";

/// Length of these child prefixes.
pub(crate) const CHILD: u8 = 28;

/// Ranges from which the clients allocate. The last one is so small that it is often full.
pub(crate) const RANGES: [(&str, &str); 4] =
    [("lan", "10.0.0.0/16"), ("dice", "10.1.0.0/20"), ("old", "10.2.0.0/22"), ("tiny", "10.9.0.0/27")];

/// Defines the ranges and the block.
pub(crate) async fn define(ipam: &dyn IpamProvider) {
    for (name, net) in RANGES {
        let policy = match name {
            "dice" => RangePolicy::default().with_order(Order::Random),
            "old" => RangePolicy::default().with_order(Order::LeastRecentlyUsed),
            "tiny" => RangePolicy::default().with_quarantine(Duration::from_millis(100)),
            _ => RangePolicy::default(),
        };
        ipam.define_range(&DefineRange::new(name, net.parse().unwrap()).with_policy(policy)).await.unwrap();
    }
    ipam.define_block(&DefineBlock::new(BLOCK, "10.128.0.0/12".parse().unwrap())).await.unwrap();
}
