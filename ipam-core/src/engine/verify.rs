//! Whether a store is sound: what has to be true of its records between two requests.

use std::collections::{BTreeMap, HashSet};
use std::time::SystemTime;

use crate::engine::space::page::{PAGE_SIZE, Page, address, locate, set_bits};
use crate::engine::store::{Record, RequestKind, Store, StoredRange};
use crate::{AllocationKey, BlockFilter, Find, Range, RangeFilter, RangeId, Result, SpaceId};

/// How many records are read at once.
const BATCH: usize = 512;

/// How many findings are reported; where there are more, something is wrong on the whole.
const MOST: usize = 100;

/// What is wrong with a store, in sentences for people; nothing if it is sound. Reads all of it.
///
/// # Errors
///
/// As the store's: what cannot be read cannot be judged.
pub(crate) fn verify<S: Store + ?Sized>(store: &mut S, now: SystemTime) -> Result<Vec<String>> {
    let mut checks = Checks { store, now, findings: Vec::new(), living: BTreeMap::new(), of_key: BTreeMap::new() };
    checks.blocks()?;
    checks.ranges()?;
    checks.keys()?;
    checks.strays()?;
    let mut findings = checks.findings;
    findings.truncate(MOST);
    Ok(findings)
}

struct Checks<'s, S: ?Sized> {
    store: &'s mut S,
    now: SystemTime,
    findings: Vec<String>,
    /// How many allocations of each space have not expired.
    living: BTreeMap<SpaceId, usize>,
    /// How many allocations have each key.
    of_key: BTreeMap<AllocationKey, usize>,
}

impl<S: Store + ?Sized> Checks<'_, S> {
    fn must(&mut self, holds: bool, otherwise: impl FnOnce() -> String) {
        if !holds && self.findings.len() < MOST {
            self.findings.push(otherwise());
        }
    }

    fn blocks(&mut self) -> Result<()> {
        let mut after = None;
        loop {
            let blocks = self.store.list_blocks(&BlockFilter::default(), after.as_ref(), BATCH)?;
            for block in &blocks {
                let found = self.store.block_of_net(&block.space, block.net)?;
                self.must(found.as_ref() == Some(block), || {
                    format!("the block {:?} is not found by its prefix {}", block.id, block.net)
                });
                for stored in self.store.ranges_overlapping(&block.space, block.net)? {
                    let range = &stored.range;
                    self.must(block.net.contains(&range.net), || {
                        format!(
                            "the block {:?} ({}) lies in the range {:?} ({})",
                            block.id, block.net, range.id, range.net
                        )
                    });
                }
            }
            match blocks.last() {
                Some(last) if blocks.len() == BATCH => after = Some(last.id.clone()),
                _ => return Ok(()),
            }
        }
    }

    fn ranges(&mut self) -> Result<()> {
        let mut after: Option<RangeId> = None;
        loop {
            let ranges = self.store.list_ranges(&RangeFilter::default(), after.as_ref(), BATCH)?;
            for range in &ranges {
                match self.store.range(&range.id)? {
                    Some(stored) => self.range(range, &stored)?,
                    None => self.must(false, || format!("the range {:?} is listed but not found", range.id)),
                }
            }
            match ranges.last() {
                Some(last) if ranges.len() == BATCH => after = Some(last.id.clone()),
                _ => return Ok(()),
            }
        }
    }

    fn range(&mut self, listed: &Range, stored: &StoredRange) -> Result<()> {
        let range = &*stored.range;
        let id = &range.id;
        self.must(range == listed, || format!("the range {id:?} is listed as another than it is"));
        for other in self.store.ranges_overlapping(&range.space, range.net)? {
            let other = &other.range;
            let apart = other.id == *id || (other.net == range.net && !other.addresses.overlaps(&range.addresses));
            self.must(apart, || format!("the ranges {id:?} and {:?} overlap", other.id));
        }
        let key = match &range.key {
            Some(key) => self.store.request(key)?.is_some_and(|request| request.kind == RequestKind::Range),
            None => true,
        };
        self.must(key, || format!("the key of the range {id:?} has no request"));
        let allocated = self.allocations(stored)?;
        self.pages(stored, &allocated)
    }

    /// Checks the allocations of a range; answers their bits by page.
    fn allocations(&mut self, stored: &StoredRange) -> Result<BTreeMap<u128, Page>> {
        let mut bits: BTreeMap<u128, Page> = BTreeMap::new();
        let mut from = stored.range.addresses.first();
        loop {
            let records = self.store.allocations_in(&stored.range.id, from, BATCH)?;
            for record in &records {
                self.allocation(stored, record)?;
                let (no, bit) = locate(record.allocation.address);
                bits.entry(no).or_default().insert(bit);
            }
            let next = records.last().filter(|_| records.len() == BATCH).and_then(|last| {
                let (no, bit) = locate(last.allocation.address);
                address(stored.layout.family(), (no * PAGE_SIZE + u128::from(bit)).checked_add(1)?)
            });
            match next {
                Some(next) => from = next,
                None => return Ok(bits),
            }
        }
    }

    fn allocation(&mut self, stored: &StoredRange, record: &Record) -> Result<()> {
        let allocation = &record.allocation;
        let (id, at) = (&allocation.id, allocation.address);
        let space = &stored.range.space;
        let home = allocation.range == stored.range.id && allocation.space == *space;
        self.must(home, || format!("the allocation {id:?} names another range or space than it lies in"));
        self.must(stored.layout.contains(at), || format!("{at} is allocated, but reserved or outside its range"));
        let by_id = self.store.allocation(id)?;
        self.must(by_id.as_ref() == Some(record), || format!("the allocation {id:?} is not found by its id"));
        let by_address = self.store.allocation_at(space, at)?;
        self.must(by_address.as_ref() == Some(record), || format!("the allocation {id:?} is not found by its address"));
        let quarantined = self.store.quarantined_at(space, at)?.is_some();
        self.must(!quarantined, || format!("{at} is allocated and in quarantine at the same time"));
        self.request(record)?;
        if allocation.expires.is_none_or(|expires| expires > self.now) {
            *self.living.entry(space.clone()).or_default() += 1;
        }
        Ok(())
    }

    fn request(&mut self, record: &Record) -> Result<()> {
        let id = &record.allocation.id;
        let Some(key) = &record.allocation.key else {
            self.must(false, || format!("the allocation {id:?} has no key"));
            return Ok(());
        };
        let request = self.store.request(key)?;
        let Some(RequestKind::Addresses { lines, .. }) = request.as_ref().map(|request| request.kind) else {
            self.must(false, || format!("the allocation {id:?} has no request"));
            return Ok(());
        };
        let owner = request.map(|request| request.owner);
        self.must(record.allocation.owner == owner, || {
            format!("the allocation {id:?} has another owner than its request")
        });
        self.must(record.line < lines, || format!("the allocation {id:?} is of a line that its request does not have"));
        *self.of_key.entry(key.clone()).or_default() += 1;
        Ok(())
    }

    /// Every allocation was seen with its key; what is found by the key must be as many, each with that key.
    fn keys(&mut self) -> Result<()> {
        for (key, seen) in std::mem::take(&mut self.of_key) {
            let found = self.store.allocations_of_key(&key)?;
            let own = found.iter().all(|record| record.allocation.key.as_ref() == Some(&key));
            let apart = found.is_sorted_by(|a, b| (a.line, a.allocation.address) < (b.line, b.allocation.address));
            self.must(own && apart && found.len() == seen, || {
                format!("{seen} addresses have the key {key:?}, but {} are found by it", found.len())
            });
            let counted = self.store.count_of_key(&key, u32::MAX)? as usize;
            self.must(counted == seen, || format!("the addresses of the key {key:?} are counted wrongly: {counted}"));
            if let Some(RequestKind::Addresses { count, .. }) = self.store.request(&key)?.map(|request| request.kind) {
                self.must(seen <= count as usize, || {
                    format!("the key {key:?} has more addresses than its request took")
                });
            }
        }
        Ok(())
    }

    /// Checks the pages of a range against the addresses that are allocated.
    fn pages(&mut self, stored: &StoredRange, allocated: &BTreeMap<u128, Page>) -> Result<()> {
        let id = &stored.range.id;
        let mut from = 0;
        let (mut used, mut quarantined) = (0u128, 0u128);
        let mut expected_high_water = stored.layout.next_page(0);
        let mut next_open = self.store.next_open_page(id, 0)?;
        let mut seen: HashSet<u128> = HashSet::new();
        loop {
            let pages = self.store.pages(id, from, BATCH)?;
            for (no, page) in &pages {
                seen.insert(*no);
                used += u128::from(page.count());
                if expected_high_water == Some(*no) {
                    expected_high_water = stored.layout.next_page(no + 1);
                }
                let open = stored.layout.is_open(*no, page);
                let said = next_open.is_some_and(|(open, _)| open == *no);
                self.must(open == said, || {
                    format!("page {no} of the range {id:?} is open: {open}, but said to be: {said}")
                });
                if said {
                    next_open = self.store.next_open_page(id, no + 1)?;
                }
                let taken = allocated.get(no).copied().unwrap_or_default();
                self.must(taken.without(*page).is_empty(), || {
                    format!("page {no} of the range {id:?} has no bit for an address that is allocated")
                });
                for at in set_bits(*no, page.without(taken)) {
                    let Some(ip) = address(stored.layout.family(), at) else { continue };
                    let due = self.store.quarantined_at(&stored.range.space, ip)?;
                    self.must(due.as_ref().is_some_and(|due| due.range == *id), || {
                        format!("{ip} of the range {id:?} counts as used, but is neither allocated nor in quarantine")
                    });
                    self.must(stored.layout.contains(ip), || {
                        format!("{ip} is in quarantine, but is reserved or outside its range")
                    });
                    quarantined += 1;
                }
            }
            match pages.last() {
                Some((no, _)) if pages.len() == BATCH => from = no + 1,
                _ => break,
            }
        }
        self.must(allocated.keys().all(|no| seen.contains(no)), || {
            format!("an address of the range {id:?} is allocated, but its page is not stored")
        });
        self.must(next_open.is_none(), || format!("a page of the range {id:?} is said to be open, but is not stored"));
        // Pages without room do not matter, and all below the high-water mark are there.
        let reached = stored.layout.next_page(stored.high_water);
        let sound = match (expected_high_water, reached) {
            (Some(expected), Some(reached)) => reached <= expected,
            (Some(_), None) => false,
            (None, _) => true,
        };
        self.must(sound, || format!("the range {id:?} lacks a page below its frontier"));
        let counted = self.store.used_bits(id)?;
        self.must(counted == used, || format!("the used addresses of the range {id:?} are counted wrongly"));
        let (all, _) = self.store.count_quarantined(id, self.now)?;
        self.must(all == quarantined, || {
            format!("the quarantined addresses of the range {id:?} are counted wrongly: {all} for {quarantined}")
        });
        Ok(())
    }

    /// What belongs to no range was not seen; what is found must have been.
    fn strays(&mut self) -> Result<()> {
        let mut found: BTreeMap<SpaceId, usize> = BTreeMap::new();
        let mut after = None;
        loop {
            let part = self.store.find(&Find::default(), self.now, after.as_ref(), BATCH)?;
            for allocation in &part {
                *found.entry(allocation.space.clone()).or_default() += 1;
            }
            match part.last() {
                Some(last) if part.len() == BATCH => after = Some((last.space.clone(), last.address)),
                _ => break,
            }
        }
        let living = std::mem::take(&mut self.living);
        self.must(living == found, || format!("{living:?} addresses are allocated, but {found:?} are found"));
        Ok(())
    }
}
