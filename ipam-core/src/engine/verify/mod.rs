//! Invariants between the records of a store, which hold between two requests.

mod findings;
mod lookups;

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::time::SystemTime;

pub(crate) use findings::Findings;
#[cfg(any(feature = "embedded", feature = "postgres"))]
pub(crate) use findings::MAX_FINDINGS;
pub(crate) use lookups::{Lookups, OpenKeys};

use crate::engine::space::page::{Page, address, locate, next_address, set_bits};
use crate::engine::store::{Record, RequestKind, Store, StoredRange};
use crate::{BlockFilter, Range, RangeFilter, RangeId, Result, SpaceId};

/// Number of records that are read at once.
const BATCH: usize = 512;

/// Checks a whole store. Adds a sentence to `findings` for each violation, and stops at one more than
/// [`findings::MAX_FINDINGS`].
///
/// Reads the records in parts. Memory grows only with the requests for several addresses, until all of these were seen.
/// [`Lookups`] checks that each allocation is found in every way; a store may do that at once for all.
///
/// # Errors
/// The error of a read that failed. `findings` has the violations found before.
pub(crate) fn verify<S: Lookups + ?Sized>(store: &mut S, now: SystemTime, findings: &mut Vec<String>) -> Result<()> {
    let findings = Findings::of(findings);
    let mut checks = Checks { store, now, findings, living: BTreeMap::new(), open_keys: OpenKeys::default() };
    checks.blocks()?;
    checks.ranges()?;
    checks.store.verify_open_keys(checks.open_keys.take(), &mut checks.findings)?;
    checks.found()
}

struct Checks<'s, S: ?Sized> {
    store: &'s mut S,
    now: SystemTime,
    findings: Findings<'s>,
    /// Number of allocations of each space that have not expired.
    living: BTreeMap<SpaceId, usize>,
    open_keys: OpenKeys,
}

impl<S: Lookups + ?Sized> Checks<'_, S> {
    fn must(&mut self, holds: bool, otherwise: impl FnOnce() -> String) {
        self.findings.must(holds, otherwise);
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
                            "the block {:?} ({}) lies in the range {:?} ({}) of the space {}",
                            block.id, block.net, range.id, range.net, range.space
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
            if other.id == *id {
                continue;
            }
            self.must(other.net == range.net, || {
                format!(
                    "the ranges {id:?} ({}) and {:?} ({}) overlap in the space {}",
                    range.net, other.id, other.net, range.space
                )
            });
            self.must(other.net != range.net || !other.addresses.overlaps(&range.addresses), || {
                format!("the addresses of the ranges {id:?} and {:?} overlap in the space {}", other.id, range.space)
            });
        }
        let key = match &range.key {
            Some(key) => self.store.request(key)?.is_some_and(|request| request.kind == RequestKind::Range),
            None => true,
        };
        self.must(key, || format!("the key of the range {id:?} has no request"));
        self.pages(stored)
    }

    fn allocation(&mut self, stored: &StoredRange, record: &Record) -> Result<()> {
        let allocation = &record.allocation;
        let (id, at) = (&allocation.id, allocation.address);
        let space = &stored.range.space;
        // The allocation was found by its range. Its own fields could still name another one.
        let home = allocation.range == stored.range.id && allocation.space == *space;
        self.must(home, || format!("the allocation {id:?} names another range or space than it lies in"));
        // Reserved addresses may be allocated: those that were restored from a server.
        self.must(stored.layout.spans(at), || format!("{at} is allocated, but outside its range"));
        self.store.verify_lookups(space, record, &mut self.open_keys, &mut self.findings)?;
        if allocation.expires.is_none_or(|expires| expires > self.now) {
            *self.living.entry(space.clone()).or_default() += 1;
        }
        Ok(())
    }

    /// Checks the pages of a range against its allocations and quarantined addresses, both read in order.
    fn pages(&mut self, stored: &StoredRange) -> Result<()> {
        let id = &stored.range.id;
        let mut allocated = Allocated::of(stored);
        let (mut used, mut quarantined) = (0u128, 0u128);
        // Lowest page with an address to hand out that was not seen yet.
        let mut expected = stored.layout.next_page(0);
        // The index of open pages is walked beside the pages, and must name each open one and no other.
        let mut next_open = self.store.next_open_page(id, 0)?;
        let mut from = 0;
        loop {
            let pages = self.store.pages(id, from, BATCH)?;
            for (no, page) in &pages {
                // Pages below the mark must be stored. Above it, the gap is skipped in one step: a /64 has 2^56 pages.
                while let Some(missing) = expected.filter(|expected| expected < no) {
                    self.must(missing >= stored.high_water, || lacks(id, missing));
                    let goes_on = missing < stored.high_water && !self.findings.is_full();
                    expected =
                        if goes_on { stored.layout.next_page(missing + 1) } else { stored.layout.next_page(*no) };
                }
                self.without_page(stored, &mut allocated, Some(*no))?;
                if expected == Some(*no) {
                    expected = stored.layout.next_page(no + 1);
                }
                used += u128::from(page.count());
                let open = next_open.is_some_and(|(open, _)| open == *no);
                self.must(stored.layout.is_open(*no, page) == open, || {
                    format!("page {no:#x} of the range {id:?} is open or closed wrongly")
                });
                if open {
                    next_open = self.store.next_open_page(id, no + 1)?;
                }
                let taken = self.page_of(stored, &mut allocated, *no)?;
                self.must(taken.without(*page).is_empty(), || {
                    format!("page {no:#x} of the range {id:?} has no bit for an address that is allocated")
                });
                quarantined += self.bits_without_allocation(stored, *no, page.without(taken))?;
            }
            match pages.last() {
                Some((no, _)) if pages.len() == BATCH => from = no + 1,
                _ => break,
            }
        }
        if let Some(missing) = expected.filter(|expected| *expected < stored.high_water) {
            self.must(false, || lacks(id, missing));
        }
        self.without_page(stored, &mut allocated, None)?;
        self.must(next_open.is_none(), || format!("a page of the range {id:?} is said to be open, but is not stored"));
        // Stores keep a count beside the bits, from which usage is computed.
        let counted = self.store.used_bits(id)?;
        self.must(counted == used, || format!("the used addresses of the range {id:?} are counted wrongly"));
        let (all, _) = self.store.count_quarantined(id, self.now)?;
        self.must(all == quarantined, || {
            format!("{all} addresses of the range {id:?} are in quarantine, but {quarantined} bits of its pages say so")
        });
        Ok(())
    }

    /// Checks set bits without an allocation: each has to be quarantined. Returns the number that are.
    fn bits_without_allocation(&mut self, stored: &StoredRange, no: u128, bits: Page) -> Result<u128> {
        let id = &stored.range.id;
        let mut quarantined = 0;
        for at in set_bits(no, bits) {
            let Some(ip) = address(stored.layout.family(), at) else { continue };
            let entry = self.store.quarantined_at(&stored.range.space, ip)?;
            let known = entry.as_ref().is_some_and(|entry| entry.range == *id);
            self.must(known, || {
                format!("{ip} of the range {id:?} counts as used, but is neither allocated nor in quarantine")
            });
            self.must(stored.layout.contains(ip), || {
                format!("{ip} is in quarantine, but reserved or outside its range")
            });
            quarantined += u128::from(known);
        }
        Ok(quarantined)
    }

    /// Reports the allocations before a page: their pages are not stored.
    fn without_page(&mut self, stored: &StoredRange, allocated: &mut Allocated, before: Option<u128>) -> Result<()> {
        // One finding for each page and not for each address, which would fill the list.
        let mut last = None;
        while let Some(record) = allocated.next(self.store, before)? {
            let (id, at) = (&stored.range.id, record.allocation.address);
            let page = Some(locate(at).0);
            self.must(page == last, || format!("{at} of the range {id:?} is allocated, but its page is not stored"));
            last = page;
            self.allocation(stored, &record)?;
        }
        Ok(())
    }

    /// Checks the allocations of a page. Returns their bits.
    fn page_of(&mut self, stored: &StoredRange, allocated: &mut Allocated, no: u128) -> Result<Page> {
        let mut bits = Page::default();
        while let Some(record) = allocated.next(self.store, no.checked_add(1))? {
            bits.insert(locate(record.allocation.address).1);
            self.allocation(stored, &record)?;
        }
        Ok(bits)
    }

    /// Compares the number of allocations seen in ranges with that of all allocations: one without a range was not
    /// seen.
    fn found(&mut self) -> Result<()> {
        let found = self.store.count_found(self.now)?;
        let living = std::mem::take(&mut self.living);
        self.must(living == found, || format!("{living:?} addresses are allocated, but {found:?} are found"));
        Ok(())
    }
}

fn lacks(id: &RangeId, page: u128) -> String {
    format!("the range {id:?} lacks page {page:#x}, which lies below its high-water mark")
}

/// Allocations of a range in order, read a batch at a time.
struct Allocated {
    range: RangeId,
    /// Address at which the next batch begins.
    from: Option<IpAddr>,
    batch: VecDeque<Record>,
}

impl Allocated {
    fn of(stored: &StoredRange) -> Self {
        let from = Some(stored.range.addresses.first());
        Self { range: stored.range.id.clone(), from, batch: VecDeque::new() }
    }

    /// Returns the next allocation, if it lies before the page `before`.
    fn next<S: Store + ?Sized>(&mut self, store: &mut S, before: Option<u128>) -> Result<Option<Record>> {
        if self.batch.is_empty()
            && let Some(from) = self.from
        {
            self.batch = store.allocations_in(&self.range, from, BATCH)?.into();
            let last = self.batch.back().filter(|_| self.batch.len() == BATCH).map(|last| last.allocation.address);
            self.from = last.and_then(next_address);
        }
        let is_before = |record: &Record| before.is_none_or(|before| locate(record.allocation.address).0 < before);
        Ok(if self.batch.front().is_some_and(is_before) { self.batch.pop_front() } else { None })
    }
}
