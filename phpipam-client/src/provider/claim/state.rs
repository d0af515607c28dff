//! One call's claim while it is under way: what it is for, and what it has by now.

use std::net::IpAddr;
use std::time::Instant;

use ipam_core::net::IpSet;
use ipam_core::{Allocate, AllocationKey};

use super::plan::{Plan, order};
use crate::models::{Address, AddressId, SubnetId};
use crate::provider::Inner;
use crate::provider::key::abandoned::UnderWay;
use crate::provider::key::mark::{Nonce, request_number};

/// One address that is ours.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taken {
    pub(crate) id: AddressId,
    pub(super) subnet: SubnetId,
    pub(crate) ip: IpAddr,
    pub(super) seq: u32,
}

/// One call's claim while it is under way.
pub(crate) struct Claim<'a> {
    pub(super) inner: &'a Inner,
    pub(super) request: &'a Allocate,
    pub(super) key: &'a AllocationKey,
    /// Whether others may know the key.
    pub(super) keyed: bool,
    pub(super) plan: &'a Plan,
    pub(super) fingerprint: u64,
    pub(super) count: u32,
    pub(super) began: u64,
    pub(super) until: Instant,
    /// When others may begin to take it for dead, with time to spare.
    pub(super) deadline: Instant,
    pub(super) under_way: UnderWay,
    pub(super) taken: Vec<Taken>,
    pub(super) attempts: u32,
    /// Whether an answer was lost: what it was about may still be carried out.
    pub(super) doubts: bool,
    /// Whether another call with the key may have found it whole, and answered with it.
    pub(super) known: bool,
    /// Addresses that are registered elsewhere in the address space, as was found after they were taken.
    pub(super) refused: IpSet,
    /// The row of the one address, as it was read after it was taken.
    pub(super) seen: Option<Address>,
}

impl<'a> Claim<'a> {
    pub(crate) fn begin(inner: &'a Inner, request: &'a Allocate, key: &'a AllocationKey, plan: &'a Plan) -> Self {
        let keyed = request.key.is_some();
        // The upper half of a random number is as good as the lower.
        let random = u32::try_from(crate::provider::random() >> 32).unwrap_or(0);
        let count = request.lines.iter().map(|line| line.what.count()).sum();
        let (start, time) = (Instant::now(), inner.time_for(count));
        Self {
            inner,
            request,
            key,
            keyed,
            plan,
            fingerprint: request_number(&request.fingerprint()),
            count,
            began: inner.now(),
            until: start + time,
            deadline: start + time.saturating_mul(2),
            under_way: inner.claims.begin(key.clone(), !keyed, random),
            taken: Vec::new(),
            attempts: 0,
            doubts: false,
            known: false,
            refused: IpSet::default(),
            seen: None,
        }
    }

    pub(super) fn nonce(&self) -> Nonce {
        self.under_way.nonce()
    }

    /// How many addresses of a line are taken already.
    pub(super) fn taken_of(&self, index: usize) -> usize {
        let first = self.seq_of(index, 0);
        let count = self.request.lines.get(index).map_or(0, |line| line.what.count());
        self.taken.iter().filter(|taken| (first..first.saturating_add(count)).contains(&taken.seq)).count()
    }

    /// The number of an address in the claim. Exact lines are served first and have the first numbers.
    pub(super) fn seq_of(&self, index: usize, offset: usize) -> u32 {
        let before = order(self.plan).take_while(|other| *other != index);
        let counts = before.filter_map(|other| self.request.lines.get(other)).map(|line| line.what.count());
        counts.sum::<u32>().saturating_add(u32::try_from(offset).unwrap_or(u32::MAX))
    }

    /// The tags of the line that an address belongs to.
    pub(super) fn tags_of(&self, seq: u32) -> ipam_core::Tags {
        let mut end = 0_u32;
        let line = order(self.plan).filter_map(|index| self.request.lines.get(index)).find(|line| {
            end = end.saturating_add(line.what.count());
            seq < end
        });
        line.map(|line| line.labels.tags.clone()).unwrap_or_default()
    }
}
