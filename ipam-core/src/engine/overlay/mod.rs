//! Write set of a request, with read-your-writes over the store.
//!
//! A function of the engine reads and decides over an overlay, and writes it as a whole at the end. So a request that
//! fails has written nothing, and a preview is an overlay that is dropped.
//!
//! Expired and released addresses are cleaned up by the requests that come by (`sweep_some`, `sweep_range`), a bounded
//! number each. There is no background task: a store may be open in several processes, or in none.

mod reader;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::IpAddr;
use std::time::SystemTime;

use hashbrown::HashSet;
pub(super) use reader::{Access, OverlayPages};

use crate::engine::space::page::{Page, address, locate, number};
use crate::engine::space::small_map::SmallMap;
use crate::engine::store::{AllocationChange, Quarantined, Record, RequestRecord, Store, StoredRange};
use crate::{AllocationId, AllocationKey, ChangeKind, Error, Operation, Order, RangeId, Result};

/// Number of expired allocations, of any range, that a request ends besides its own work.
const SWEEP: usize = 64;

/// Number of expired and of released addresses of its range that a request frees before it chooses.
// A request thereby stays short after a pause in which many expired. If more are left, the lowest free address may be
// one of them, and is handed out by a later request. A request that finds no room goes on sweeping.
const SWEEP_RANGE: usize = 1024;

/// Number of deallocated addresses of a request that are remembered, for the error of a repetition.
pub(crate) const REMEMBERED: usize = 16;

/// Number of ended allocations up to which a linear search is used; above, their ids are hashed.
// Most requests end none or one, and then need no hash set.
const LISTED: usize = 8;

/// Write set of a request.
pub(super) struct Overlay<'s, S: ?Sized> {
    pub(super) store: &'s mut S,
    pub(super) now: SystemTime,
    /// True if chosen addresses are taken; false for a preview.
    pub(super) takes: bool,
    ranges: SmallMap<RangeId, Box<RangeOverlay>>,
    ended: Vec<(Record, ChangeKind)>,
    /// Ids of `ended`, once there are more than [`LISTED`].
    ended_ids: HashSet<AllocationId>,
}

/// Write set of one range.
pub(super) struct RangeOverlay {
    pub(super) stored: StoredRange,
    high_water: u128,
    pages: SmallMap<u128, Touched>,
    /// Addresses whose quarantine begins, by number.
    quarantined: BTreeMap<u128, Quarantined>,
    /// Addresses that leave the quarantine in the store.
    released: HashSet<u128>,
    /// Numbers of expired and of released addresses that were read; `None` once there were no more.
    expired_asked: Option<usize>,
    released_asked: Option<usize>,
}

/// Page that the request has read or changed.
struct Touched {
    /// Stored page, if there is one.
    was: Option<Page>,
    now: Page,
    /// True if the page is written even if its bits are the same.
    rewrite: bool,
}

/// Returns true if an allocation has expired.
pub(super) fn has_expired(record: &Record, now: SystemTime) -> bool {
    record.allocation.expires.is_some_and(|expires| expires <= now)
}

/// Returns `time` plus a duration, cut to about 8000 years.
// The sum must be a time that stores can write down and systems can express; a quarantine without end is as long.
pub(super) fn later(time: SystemTime, by: std::time::Duration) -> SystemTime {
    const FAR: std::time::Duration = std::time::Duration::from_secs(250_000_000_000);
    time.checked_add(by.min(FAR)).unwrap_or(time)
}

impl<'s, S: Store + ?Sized> Overlay<'s, S> {
    pub(super) fn new(store: &'s mut S, now: SystemTime) -> Self {
        Self { store, now, takes: true, ranges: SmallMap::default(), ended: Vec::new(), ended_ids: HashSet::new() }
    }

    /// Creates an overlay that is never written.
    pub(super) fn preview(store: &'s mut S, now: SystemTime) -> Self {
        Self { takes: false, ..Self::new(store, now) }
    }

    /// Reads a range into the overlay. `None` if there is none.
    pub(super) fn load(&mut self, id: &RangeId) -> Result<Option<&mut RangeOverlay>> {
        Ok(self.load_with_store(id)?.map(|(range, _)| range))
    }

    /// Returns a range of the overlay, and the store beneath it.
    pub(super) fn load_with_store(&mut self, id: &RangeId) -> Result<Option<(&mut RangeOverlay, &mut S)>> {
        if self.ranges.get(id).is_none() {
            let Some(stored) = self.store.range(id)? else { return Ok(None) };
            // Under the id of the stored range, and not that of the request: the memory store recognizes its own text
            // without comparing it.
            let Ok(_) = self
                .ranges
                .get_or_insert(stored.range.id.clone(), || Ok::<_, Infallible>(Box::new(RangeOverlay::new(stored))));
        }
        Ok(self.ranges.get_mut(id).map(|range| (&mut **range, &mut *self.store)))
    }

    /// Returns a range that a record refers to, which must exist, and the store beneath it.
    fn range_of(&mut self, id: &RangeId) -> Result<(&mut RangeOverlay, &mut S)> {
        self.load_with_store(id)?
            .ok_or_else(|| corrupt(format!("a record refers to the range {id}, which does not exist")))
    }

    /// Returns true if the overlay ends the allocation.
    pub(super) fn is_ended(&self, id: &AllocationId) -> bool {
        if self.ended.len() <= LISTED {
            return self.ended.iter().any(|(record, _)| record.allocation.id == *id);
        }
        self.ended_ids.contains(id)
    }

    /// Ends an allocation. Its address is quarantined if the policy of the range says so, and is free otherwise.
    pub(super) fn end(&mut self, record: Record, kind: ChangeKind) -> Result<()> {
        let now = self.now;
        let allocation = &record.allocation;
        // The quarantine of an expired address begins with its expiry, and not with the request that notices it.
        let since = allocation.expires.filter(|_| kind == ChangeKind::Expired).unwrap_or(now);
        let (range, store) = self.range_of(&allocation.range)?;
        let policy = range.stored.range.policy;
        let until = later(since, policy.quarantine);
        // In order least-recently-used the queue of quarantined addresses is also the order in which they are used
        // again, so that every address goes into it, even without a quarantine.
        // An address that the range does not hand out, which was restored, has no use for either.
        let handed_out = range.stored.layout.contains(allocation.address);
        if handed_out && (until > now || policy.order == Order::LeastRecentlyUsed) {
            let entry = Quarantined {
                space: allocation.space.clone(),
                range: allocation.range.clone(),
                address: allocation.address,
                allocation: allocation.id.clone(),
                since,
                until,
            };
            range.quarantined.insert(number(allocation.address), entry);
        } else {
            range.set(store, allocation.address, false)?;
        }
        self.end_with_range(record, kind);
        Ok(())
    }

    /// Ends an allocation whose range is removed, so that its bit and quarantine do not matter.
    pub(super) fn end_with_range(&mut self, record: Record, kind: ChangeKind) {
        self.ended.push((record, kind));
        if self.ended.len() > LISTED {
            let unlisted = self.ended.iter().skip(self.ended_ids.len());
            self.ended_ids.extend(unlisted.map(|(record, _)| record.allocation.id.clone()));
        }
    }

    /// Returns the allocation of an address as the overlay has it. Ends it if it has expired.
    pub(super) fn allocation_at(&mut self, range: &StoredRange, address: IpAddr) -> Result<Option<Record>> {
        let Some(record) = self.store.allocation_at(&range.range.space, address)? else { return Ok(None) };
        self.living(record)
    }

    /// Returns the record, unless the overlay has ended it. Ends it if it has expired.
    pub(super) fn living(&mut self, record: Record) -> Result<Option<Record>> {
        if self.is_ended(&record.allocation.id) {
            return Ok(None);
        }
        if has_expired(&record, self.now) {
            self.end(record, ChangeKind::Expired)?;
            return Ok(None);
        }
        Ok(Some(record))
    }

    /// Ends up to [`SWEEP`] expired allocations of any range.
    pub(super) fn sweep_some(&mut self) -> Result<()> {
        for record in self.store.expired(None, self.now, SWEEP)? {
            self.living(record)?;
        }
        Ok(())
    }

    /// Frees addresses of a range: those of expired allocations, and released ones. Returns true if there were any.
    ///
    /// The first call frees up to [`SWEEP_RANGE`] of each kind, and each further one eight times as many as before.
    pub(super) fn sweep_range(&mut self, id: &RangeId) -> Result<bool> {
        let now = self.now;
        let (range, store) = self.range_of(id)?;
        let mut any = false;
        let expired = match range.expired_asked {
            Some(asked) => {
                let more = asked.saturating_mul(8).max(SWEEP_RANGE);
                let expired = store.expired(Some(id), now, more)?;
                range.expired_asked = (expired.len() == more).then_some(more);
                expired
            }
            None => Vec::new(),
        };
        for record in expired {
            if !self.is_ended(&record.allocation.id) {
                self.end(record, ChangeKind::Expired)?;
                any = true;
            }
        }
        let (range, store) = self.range_of(id)?;
        // In order least-recently-used, released addresses stay in the queue until they are chosen from it.
        if range.stored.range.policy.order == Order::LeastRecentlyUsed {
            return Ok(any);
        }
        if let Some(asked) = range.released_asked {
            let more = asked.saturating_mul(8).max(SWEEP_RANGE);
            let released = store.released(id, now, more)?;
            range.released_asked = (released.len() == more).then_some(more);
            for entry in released {
                any |= range.release(store, entry.address)?;
            }
        }
        Ok(any)
    }

    /// Writes the overlay. Returns the allocations that it ended, in order.
    pub(super) fn commit(self, actor: Option<&str>) -> Result<Vec<(Record, ChangeKind)>> {
        self.prepare()?.write_all(actor).map(|(_, ended)| ended)
    }

    /// Does the last reads. [`Prepared::write`] then only writes, and cannot refuse anything.
    // The two halves keep the rule that no read follows a write: `Replay` repeats an operation whose read is missing,
    // and the memory store cannot roll back.
    pub(super) fn prepare(mut self) -> Result<Prepared<'s, S>> {
        let mut by_key: Vec<(&AllocationKey, IpAddr)> = Vec::with_capacity(self.ended.len());
        for (record, _) in &self.ended {
            by_key.extend(record.allocation.key.as_ref().map(|key| (key, record.allocation.address)));
        }
        by_key.sort_unstable();
        let mut requests = Vec::new();
        // A request is removed with its last allocation; until then it remembers the first addresses that ended.
        for addresses in by_key.chunk_by(|(one, _), (other, _)| one == other) {
            let Some((key, _)) = addresses.first().copied() else { continue };
            let ended = u32::try_from(addresses.len()).unwrap_or(u32::MAX);
            // Counted up to one more than end here: whether others are left is all that matters.
            if self.store.count_of_key(key, ended.saturating_add(1))? <= ended {
                requests.push(RequestChange::Remove(key.clone()));
                continue;
            }
            let Some(mut request) = self.store.request(key)? else { continue };
            if request.returned.len() < REMEMBERED {
                request.returned.extend(addresses.iter().map(|(_, address)| *address));
                request.returned.truncate(REMEMBERED);
                requests.push(RequestChange::Update(request));
            }
        }
        for range in self.ranges.values_mut() {
            range.settle_high_water();
        }
        Ok(Prepared { overlay: self, requests })
    }
}

enum RequestChange {
    Remove(AllocationKey),
    Update(RequestRecord),
}

/// Overlay that is ready to be written.
pub(super) struct Prepared<'s, S: ?Sized> {
    overlay: Overlay<'s, S>,
    requests: Vec<RequestChange>,
}

impl<'s, S: Store + ?Sized> Prepared<'s, S> {
    pub(super) const fn store(&mut self) -> &mut S {
        self.overlay.store
    }

    /// Writes the overlay. Returns the store, for the writes of the operation itself.
    pub(super) fn write(self, actor: Option<&str>) -> Result<&'s mut S> {
        self.write_all(actor).map(|(store, _)| store)
    }

    fn write_all(self, actor: Option<&str>) -> Result<(&'s mut S, Vec<(Record, ChangeKind)>)> {
        let Overlay { store, now, ranges, ended, .. } = self.overlay;
        // Ended allocations first: an address that expires and is taken again by this request has its entries in the
        // feed in this order, and never has two allocations.
        for (record, kind) in &ended {
            store.remove_allocation(record)?;
            store.append_allocation_change(&AllocationChange::ended(&record.allocation, *kind, now, actor))?;
        }
        for change in &self.requests {
            match change {
                RequestChange::Remove(key) => store.remove_request(key)?,
                RequestChange::Update(request) => store.update_request(request)?,
            }
        }
        for (id, range) in ranges.into_sorted() {
            range.write(store, &id)?;
        }
        Ok((store, ended))
    }
}

pub(super) fn corrupt(message: String) -> Error {
    Error::new(crate::ErrorKind::Corrupt, Operation::CheckStore, message)
}

impl RangeOverlay {
    fn new(stored: StoredRange) -> Self {
        Self {
            high_water: stored.high_water,
            stored,
            pages: SmallMap::default(),
            quarantined: BTreeMap::new(),
            released: HashSet::new(),
            expired_asked: Some(0),
            released_asked: Some(0),
        }
    }

    pub(super) fn id(&self) -> &RangeId {
        &self.stored.range.id
    }

    /// Returns a page as the overlay has it; `None` if it is neither stored nor changed.
    pub(super) fn page<S: Store + ?Sized>(&self, store: &mut S, no: u128) -> Result<Option<Page>> {
        match self.pages.get(&no) {
            Some(touched) => Ok(Some(touched.now)),
            None => store.page(self.id(), no),
        }
    }

    fn touch<S: Store + ?Sized>(&mut self, store: &mut S, no: u128) -> Result<&mut Touched> {
        let id = &self.stored.range.id;
        self.pages.get_or_insert(no, || {
            let was = store.page(id, no)?;
            Ok(Touched { was, now: was.unwrap_or_default(), rewrite: false })
        })
    }

    /// Sets or clears the bit of an address.
    pub(super) fn set<S: Store + ?Sized>(&mut self, store: &mut S, address: IpAddr, used: bool) -> Result<()> {
        let (no, bit) = locate(address);
        let touched = self.touch(store, no)?;
        if used {
            touched.now.insert(bit)
        } else {
            touched.now.remove(bit)
        }
        Ok(())
    }

    /// Marks a stored page to be written again, because a change of the layout may open or close it.
    pub(super) fn rewrite(&mut self, no: u128, stored: Page) {
        let unchanged = || Ok::<_, Infallible>(Touched { was: Some(stored), now: stored, rewrite: false });
        let Ok(touched) = self.pages.get_or_insert(no, unchanged);
        touched.rewrite = true;
    }

    /// Puts an address into quarantine and sets its bit.
    pub(super) fn quarantine<S: Store + ?Sized>(&mut self, store: &mut S, entry: Quarantined) -> Result<()> {
        self.set(store, entry.address, true)?;
        self.quarantined.insert(number(entry.address), entry);
        Ok(())
    }

    /// Removes an address from quarantine and clears its bit. Returns false if the overlay has released it already.
    pub(super) fn release<S: Store + ?Sized>(&mut self, store: &mut S, address: IpAddr) -> Result<bool> {
        let at = number(address);
        // An entry that this request has made is not in the store, and is only dropped.
        if self.quarantined.remove(&at).is_none() && !self.released.insert(at) {
            return Ok(false);
        }
        self.set(store, address, false)?;
        Ok(true)
    }

    /// Returns the quarantine of an address in the overlay.
    pub(super) fn quarantined_at<S: Store + ?Sized>(
        &self,
        store: &mut S,
        address: IpAddr,
    ) -> Result<Option<Quarantined>> {
        let at = number(address);
        if let Some(entry) = self.quarantined.get(&at) {
            return Ok(Some(entry.clone()));
        }
        if self.released.contains(&at) {
            return Ok(None);
        }
        store.quarantined_at(&self.stored.range.space, address)
    }

    /// Replaces the range by a changed one, with a new high-water mark.
    pub(super) fn replace(&mut self, stored: StoredRange) {
        self.high_water = stored.high_water;
        self.stored = stored;
    }

    /// Raises the high-water mark over the pages that this overlay adds.
    fn settle_high_water(&mut self) {
        // Stops at the first page that is neither stored nor about to be: below the mark it would never be found again.
        while let Some(no) = self.stored.layout.next_page(self.high_water) {
            match self.pages.get(&no) {
                Some(touched) if touched.was.is_some() || !touched.now.is_empty() => self.high_water = no + 1,
                _ => return,
            }
        }
    }

    fn write<S: Store + ?Sized>(self: Box<Self>, store: &mut S, id: &RangeId) -> Result<()> {
        let space = &self.stored.range.space;
        for at in self.released {
            if let Some(address) = address(self.stored.layout.family(), at) {
                store.remove_quarantined(space, address)?;
            }
        }
        // After the removals: an address may leave the quarantine and enter it again in one request.
        for entry in self.quarantined.values() {
            store.insert_quarantined(entry)?;
        }
        // A page that was only read, or whose changes cancel out, is not written. By number, so that writers of a
        // database with several of them lock pages in the same order.
        for (no, touched) in self.pages.into_sorted() {
            if touched.rewrite || touched.was.unwrap_or_default() != touched.now {
                store.put_page(id, no, &touched.now, self.stored.layout.is_open(no, &touched.now))?;
            }
        }
        if self.high_water != self.stored.high_water {
            store.set_high_water(id, self.high_water)?;
        }
        Ok(())
    }
}
