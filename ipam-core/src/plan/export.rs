//! Export of a provider as a plan.

use std::collections::HashMap;

use futures_util::TryStreamExt;

use super::contents;
use super::definitions;
use super::rows::{AddressPlan, PlannedAllocation, Row};
use crate::net::IpRange;
use crate::{AllocationState, Error, ErrorKind, IpamProvider, Operation, RangeId, Result};

impl AddressPlan {
    /// Reads a provider into a plan: its blocks, ranges and addresses, each by space and prefix or address.
    ///
    /// What a plan cannot say is in the [notes](Self::notes), one for each reason: times, quarantine, addresses that
    /// expire, and the keys of ranges and of requests for several addresses. A reserved address becomes a reservation
    /// of its range. An address without owner or key gets those that a plan gives by default.
    ///
    /// ```
    /// use ipam_core::plan::{AddressPlan, Format};
    /// use ipam_core::{Allocate, DefineRange, IpamProvider, MemoryProvider};
    ///
    /// # futures_executor::block_on(async {
    /// let ipam = MemoryProvider::new();
    /// ipam.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse()?)).await?;
    /// ipam.allocate(&Allocate::one("vm-42", "lan").with_key("vm-42/nic-0")).await?;
    /// let plan = AddressPlan::from_provider(&ipam).await?;
    /// assert_eq!(plan.allocations[0].item.key.as_str(), "vm-42/nic-0");
    /// assert_eq!(AddressPlan::parse(&plan.to_text(Format::Json), Format::Json)?.len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// `Unsupported` if the provider has more than [`MAX_ROWS`](Self::MAX_ROWS) blocks, ranges and addresses; otherwise
    /// the [common errors](crate::Error#common-errors).
    pub async fn from_provider(provider: &dyn IpamProvider) -> Result<Self> {
        const OP: Operation = Operation::Export;
        let mut plan = Self::new();
        let mut notes = Notes::default();
        let (mut blocks, mut ranges) = (contents::blocks(OP, provider).await?, contents::ranges(OP, provider).await?);
        blocks.sort_by(|one, other| (&one.space, one.net).cmp(&(&other.space, other.net)));
        ranges.sort_by(|one, other| {
            (&one.space, one.net, one.addresses.first()).cmp(&(&other.space, other.net, other.addresses.first()))
        });
        plan.blocks = blocks.iter().map(|block| Row::new("provider", definitions::of_block(block))).collect();
        for range in &ranges {
            if range.key.is_some() {
                notes.add("ranges were allocated from blocks; the plan defines them, without key and owner");
            }
            plan.ranges.push(Row::new("provider", definitions::of_range(range)));
        }
        let index: HashMap<RangeId, usize> =
            ranges.into_iter().enumerate().map(|(index, range)| (range.id, index)).collect();
        let mut entries = contents::entries(OP, provider).await?;
        while let Some(entry) = entries.try_next().await? {
            let several = entry.request.is_some_and(|(_, addresses)| addresses > 1);
            let allocation = entry.allocation;
            match allocation.state {
                AllocationState::Quarantined => {
                    notes.add("quarantined addresses are left out");
                    continue;
                }
                AllocationState::Reserved => {
                    let range = index.get(&allocation.range).and_then(|index| plan.ranges.get_mut(*index));
                    if let Some(range) = range {
                        range.item.reserved.push(IpRange::from(allocation.address));
                    }
                    notes.add("reserved addresses are reservations of their ranges, without their labels");
                    continue;
                }
                AllocationState::Allocated => {}
            }
            if allocation.expires.is_some() {
                notes.add("addresses expire; in the plan they never do");
            }
            let mut planned =
                PlannedAllocation::new(allocation.range, allocation.address).with_labels(allocation.labels);
            match allocation.key {
                // A row is a request of its own, and a key that two rows have is a conflict.
                Some(_) if several => notes.add("addresses share a key with others; each gets the default key"),
                Some(key) => planned = planned.with_key(key),
                None => notes.add("addresses have no key; each gets the default key"),
            }
            match allocation.owner {
                Some(owner) => planned = planned.with_owner(owner),
                None => notes.add("addresses have no owner; each gets the owner plan"),
            }
            plan.allocations.push(Row::new("provider", planned));
            if plan.len() > Self::MAX_ROWS {
                let message = format!("the provider has more than {} rows for a plan", Self::MAX_ROWS);
                return Err(Error::new(ErrorKind::Unsupported, OP, message));
            }
        }
        plan.notes = notes.0.into_iter().map(|(text, n)| Row::new("provider", format!("{n} {text}"))).collect();
        Ok(plan)
    }
}

/// Notes with the number of cases of each, in the order in which they were found.
#[derive(Default)]
struct Notes(Vec<(&'static str, u64)>);

impl Notes {
    fn add(&mut self, text: &'static str) {
        match self.0.iter_mut().find(|(known, _)| *known == text) {
            Some((_, count)) => *count += 1,
            None => self.0.push((text, 1)),
        }
    }
}
