//! Allocations and the requests that took them.
//!
//! There may be millions of them, and bar M7 allows 200 bytes for each, so that:
//!
//! - an allocation has no key, owner or time of its own: they are those of its request;
//! - ids and keys that the provider makes are stored as the numbers they are made of (`key`);
//! - equal owners share one text;
//! - labels, expiry and updates, which few allocations have, are in a separate box;
//! - indexes are hash tables of numbers, which compare through the records and keep no copy of the key;
//! - lists (addresses of a request, requests of an owner) are links between records, and not vectors.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hash};
use std::net::IpAddr;
use std::time::SystemTime;

use hashbrown::{DefaultHashBuilder, HashMap, HashTable};

use super::key::{Key, Place, nanoseconds, time};
use super::slab::Slab;
use crate::engine::{RequestKind, RequestRecord};
use crate::{AllocationKey, Fingerprint, Labels, MacAddr, Owner};

/// End of a linked list of numbers.
const NONE: u32 = u32::MAX;

/// Allocation as it is kept: 56 bytes.
#[derive(Debug)]
pub(super) struct Slot {
    // Not zero, so that the `Option` around a slot needs no byte of its own.
    pub(super) serial: std::num::NonZeroU64,
    pub(super) place: Place,
    pub(super) range: u32,
    pub(super) line: u16,
    request: u32,
    /// Previous and next allocation of the same request.
    before: u32,
    after: u32,
    /// Values that few allocations have.
    extra: Option<Box<Extra>>,
}

#[derive(Debug)]
struct Extra {
    labels: Labels,
    updated: Option<SystemTime>,
    expires: Option<SystemTime>,
}

#[derive(Debug)]
struct Request {
    key: Key,
    fingerprint: Fingerprint,
    owner: Owner,
    /// Creation time in nanoseconds since 1970; saturates 292 years from then.
    // A `SystemTime` takes twice the memory.
    created: i64,
    /// Number of addresses less one, so that the largest request (65 536) fits.
    count: u16,
    /// Number of lines; 0 for a request for a range.
    lines: u16,
    /// First of its allocations.
    first: u32,
    /// Previous and next request of the same owner.
    before: u32,
    after: u32,
}

/// Allocation with the values of its request, but without the names of its range and space.
pub(super) struct View<'a> {
    pub(super) slot: &'a Slot,
    pub(super) labels: Option<&'a Labels>,
    pub(super) owner: &'a Owner,
    pub(super) created: SystemTime,
    pub(super) updated: SystemTime,
    pub(super) expires: Option<SystemTime>,
    key: &'a Key,
}

impl View<'_> {
    pub(super) fn key(&self) -> AllocationKey {
        self.key.into()
    }

    pub(super) fn has_key(&self, key: &Key) -> bool {
        self.key == key
    }

    pub(super) fn has_expired(&self, now: SystemTime) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }
}

/// Values of a new allocation.
pub(super) struct NewSlot<'a> {
    pub(super) serial: std::num::NonZeroU64,
    pub(super) place: Place,
    pub(super) range: u32,
    pub(super) line: u16,
    pub(super) key: &'a Key,
    pub(super) details: Details<'a>,
}

/// Values of an allocation that may change.
pub(super) struct Details<'a> {
    pub(super) labels: &'a Labels,
    pub(super) created: Option<SystemTime>,
    pub(super) updated: Option<SystemTime>,
    pub(super) expires: Option<SystemTime>,
}

/// All allocations and requests, with their indexes.
#[derive(Debug, Default)]
pub(super) struct Records {
    slots: Slab<Slot>,
    requests: Slab<Request>,
    by_place: HashTable<u32>,
    by_key: HashTable<u32>,
    /// Newest request of each owner, from which the others are linked.
    by_owner: HashTable<u32>,
    // Maps with keys of their own from here on: few allocations are in them.
    by_hostname: HashMap<Box<str>, BTreeSet<u32>>,
    by_mac: HashMap<MacAddr, BTreeSet<u32>>,
    expiring: BTreeSet<(SystemTime, u32)>,
    /// The same by range.
    expiring_in: HashMap<u32, BTreeSet<(SystemTime, u32)>>,
    /// First deallocated addresses of a request that is not deallocated completely.
    returned: HashMap<u32, Vec<IpAddr>>,
    hasher: DefaultHashBuilder,
}

impl Records {
    fn hash(&self, value: &impl Hash) -> u64 {
        self.hasher.hash_one(value)
    }

    pub(super) const fn len(&self) -> usize {
        self.slots.len()
    }

    // Allocations.

    pub(super) fn at(&self, place: Place) -> Option<u32> {
        let same = |index: &u32| self.slots.get(*index).is_some_and(|slot| slot.place == place);
        self.by_place.find(self.hash(&place), same).copied()
    }

    pub(super) fn view(&self, index: u32) -> Option<View<'_>> {
        let slot = self.slots.get(index)?;
        let request = self.requests.get(slot.request)?;
        let created = time(request.created);
        let extra = slot.extra.as_deref();
        Some(View {
            slot,
            labels: extra.map(|extra| &extra.labels),
            owner: &request.owner,
            created,
            updated: extra.and_then(|extra| extra.updated).unwrap_or(created),
            expires: extra.and_then(|extra| extra.expires),
            key: &request.key,
        })
    }

    /// Adds an allocation to its request. Returns false if there is no such request.
    pub(super) fn insert(&mut self, new: &NewSlot<'_>) -> bool {
        let Some(number) = self.request_of(new.key) else { return false };
        let Some(request) = self.requests.get_mut(number) else { return false };
        // Added at the front, which needs no walk to the end. `allocations_of_key` sorts.
        let after = request.first;
        if let Some(created) = new.details.created {
            request.created = nanoseconds(created);
        }
        let created = request.created;
        let extra = extra(&new.details, created);
        let (serial, place, range, line) = (new.serial, new.place, new.range, new.line);
        let index = self.slots.insert(Slot { serial, place, range, line, request: number, before: NONE, after, extra });
        if let Some(request) = self.requests.get_mut(number) {
            request.first = index;
        }
        if let Some(next) = self.slots.get_mut(after) {
            next.before = index;
        }
        // The table holds numbers only. When it grows it hashes the places again, through the records: four bytes for
        // each allocation instead of 24 (bar M7).
        let hash = self.hash(&place);
        let (slots, hasher) = (&self.slots, &self.hasher);
        let rehash = |index: &u32| slots.get(*index).map_or(0, |slot| hasher.hash_one(slot.place));
        self.by_place.insert_unique(hash, index, rehash);
        self.index(index);
        true
    }

    /// Replaces the values that may change.
    pub(super) fn update(&mut self, index: u32, details: &Details<'_>) {
        // Out of the indexes and in again: which of them hold the allocation depends on the values that change.
        self.unindex(index);
        let Some(created) = self.view(index).map(|view| nanoseconds(view.created)) else { return };
        if let Some(slot) = self.slots.get_mut(index) {
            slot.extra = extra(details, created);
        }
        self.index(index);
    }

    pub(super) fn remove(&mut self, index: u32) {
        self.unindex(index);
        let Some(slot) = self.slots.get(index) else { return };
        let hash = self.hash(&slot.place);
        if let Ok(entry) = self.by_place.find_entry(hash, |other| *other == index) {
            entry.remove();
        }
        let Some(slot) = self.slots.remove(index) else { return };
        // Unlinked from both sides, so that removing the addresses of a large request one by one is not quadratic.
        match self.slots.get_mut(slot.before) {
            Some(before) => before.after = slot.after,
            None => {
                if let Some(request) = self.requests.get_mut(slot.request) {
                    request.first = slot.after;
                }
            }
        }
        if let Some(after) = self.slots.get_mut(slot.after) {
            after.before = slot.before;
        }
    }

    /// Adds an allocation to the indexes of host names, MAC addresses and expiry times.
    fn index(&mut self, index: u32) {
        let Some(slot) = self.slots.get(index) else { return };
        let Some(extra) = slot.extra.as_deref() else { return };
        if let Some(hostname) = &extra.labels.hostname {
            self.by_hostname.entry(folded(hostname)).or_default().insert(index);
        }
        if let Some(mac) = extra.labels.mac {
            self.by_mac.entry(mac).or_default().insert(index);
        }
        if let Some(expires) = extra.expires {
            self.expiring.insert((expires, index));
            self.expiring_in.entry(slot.range).or_default().insert((expires, index));
        }
    }

    fn unindex(&mut self, index: u32) {
        let Some(slot) = self.slots.get(index) else { return };
        let Some(extra) = slot.extra.as_deref() else { return };
        if let Some(hostname) = &extra.labels.hostname {
            drop_from(&mut self.by_hostname, folded(hostname), &index);
        }
        if let Some(mac) = extra.labels.mac {
            drop_from(&mut self.by_mac, mac, &index);
        }
        if let Some(expires) = extra.expires {
            self.expiring.remove(&(expires, index));
            drop_from(&mut self.expiring_in, slot.range, &(expires, index));
        }
    }

    // Each allocation asks, and mostly no allocation expires: then the look-up of the range is left out (bars M1 to
    // M3).
    pub(super) fn none_expires(&self) -> bool {
        self.expiring.is_empty()
    }

    /// Returns the allocations that have expired, the longest expired first.
    pub(super) fn expired(&self, range: Option<u32>, now: SystemTime) -> impl Iterator<Item = u32> + '_ {
        let all = match range {
            Some(range) => self.expiring_in.get(&range),
            None => Some(&self.expiring),
        };
        all.into_iter().flat_map(move |all| all.range(..=(now, NONE))).map(|(_, index)| *index)
    }

    pub(super) fn of_hostname(&self, hostname: &str) -> impl Iterator<Item = u32> + '_ {
        self.by_hostname.get(&folded(hostname)).into_iter().flatten().copied()
    }

    pub(super) fn of_mac(&self, mac: MacAddr) -> impl Iterator<Item = u32> + '_ {
        self.by_mac.get(&mac).into_iter().flatten().copied()
    }

    pub(super) fn of_owner(&self, owner: &Owner) -> impl Iterator<Item = u32> + '_ {
        let mut next = self.owners_newest(owner).and_then(|number| self.requests.get(number));
        std::iter::from_fn(move || {
            let request = next?;
            next = self.requests.get(request.after);
            Some(request)
        })
        .flat_map(|request| self.of_request(request))
    }

    pub(super) fn of_key(&self, key: &Key) -> impl Iterator<Item = u32> + '_ {
        let request = self.request_of(key).and_then(|number| self.requests.get(number));
        request.into_iter().flat_map(|request| self.of_request(request))
    }

    fn of_request(&self, request: &Request) -> impl Iterator<Item = u32> + '_ {
        let mut next = request.first;
        std::iter::from_fn(move || {
            let index = next;
            next = self.slots.get(index)?.after;
            Some(index)
        })
    }

    // Requests.

    fn request_of(&self, key: &Key) -> Option<u32> {
        let same = |number: &u32| self.requests.get(*number).is_some_and(|request| request.key == *key);
        self.by_key.find(self.hash(key), same).copied()
    }

    fn owners_newest(&self, owner: &Owner) -> Option<u32> {
        let same = |number: &u32| self.requests.get(*number).is_some_and(|request| request.owner == *owner);
        self.by_owner.find(self.hash(owner), same).copied()
    }

    pub(super) fn request(&self, key: &Key) -> Option<RequestRecord> {
        let number = self.request_of(key)?;
        let request = self.requests.get(number)?;
        let kind = match request.lines {
            0 => RequestKind::Range,
            lines => RequestKind::Addresses { count: u32::from(request.count) + 1, lines: lines.into() },
        };
        Some(RequestRecord {
            key: key.into(),
            fingerprint: request.fingerprint,
            kind,
            owner: request.owner.clone(),
            returned: self.returned.get(&number).cloned().unwrap_or_default(),
        })
    }

    pub(super) fn insert_request(&mut self, key: Key, new: &RequestRecord) {
        let (count, lines) = match new.kind {
            RequestKind::Addresses { count, lines } => (short(count.saturating_sub(1)), short(lines)),
            RequestKind::Range => (0, 0),
        };
        let newest = self.owners_newest(&new.owner);
        // The text of an owner that is known already is shared: a clone of it is a reference.
        let owner =
            newest.and_then(|number| self.requests.get(number)).map_or(&new.owner, |other| &other.owner).clone();
        let hash = self.hash(&key);
        let number = self.requests.insert(Request {
            key,
            fingerprint: new.fingerprint,
            owner,
            created: 0,
            count,
            lines,
            first: NONE,
            before: NONE,
            after: newest.unwrap_or(NONE),
        });
        let owner_hash = self.hash(&new.owner);
        let (requests, hasher) = (&mut self.requests, &self.hasher);
        match newest {
            Some(newest) => {
                if let Some(next) = requests.get_mut(newest) {
                    next.before = number;
                }
                if let Some(place) = self.by_owner.find_mut(owner_hash, |other| *other == newest) {
                    *place = number;
                }
            }
            None => {
                let rehash = |number: &u32| requests.get(*number).map_or(0, |request| hasher.hash_one(&request.owner));
                self.by_owner.insert_unique(owner_hash, number, rehash);
            }
        }
        let rehash = |number: &u32| requests.get(*number).map_or(0, |request| hasher.hash_one(&request.key));
        self.by_key.insert_unique(hash, number, rehash);
        if !new.returned.is_empty() {
            self.returned.insert(number, new.returned.clone());
        }
    }

    pub(super) fn set_returned(&mut self, key: &Key, returned: &[IpAddr]) {
        if let Some(number) = self.request_of(key) {
            self.returned.insert(number, returned.to_vec());
        }
    }

    pub(super) fn remove_request(&mut self, key: &Key) {
        let Some(number) = self.request_of(key) else { return };
        if let Ok(entry) = self.by_key.find_entry(self.hash(key), |other| *other == number) {
            entry.remove();
        }
        self.returned.remove(&number);
        let Some(request) = self.requests.remove(number) else { return };
        if let Some(after) = self.requests.get_mut(request.after) {
            after.before = request.before;
        }
        if let Some(before) = self.requests.get_mut(request.before) {
            before.after = request.after;
            return;
        }
        // It was the newest request of its owner, which the index refers to.
        if let Ok(mut entry) = self.by_owner.find_entry(self.hash(&request.owner), |other| *other == number) {
            if request.after == NONE {
                entry.remove();
            } else {
                *entry.get_mut() = request.after;
            }
        }
    }
}

/// Returns the box of rare values, if the allocation has any of them.
fn extra(details: &Details<'_>, created: i64) -> Option<Box<Extra>> {
    // A new allocation was updated when it was created, which needs no box.
    let updated = details.updated.filter(|updated| nanoseconds(*updated) != created);
    let Labels { hostname, description, mac, tags } = details.labels;
    let unlabelled = hostname.is_none() && description.is_none() && mac.is_none() && tags.is_empty();
    if unlabelled && details.expires.is_none() && updated.is_none() {
        return None;
    }
    Some(Box::new(Extra { labels: details.labels.clone(), updated, expires: details.expires }))
}

/// Converts a number that validation has limited to 65 536.
fn short(number: u32) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}

/// Returns a host name in lower case: the search ignores case.
fn folded(hostname: &str) -> Box<str> {
    hostname.to_ascii_lowercase().into()
}

fn drop_from<K: Eq + Hash, T: Ord>(map: &mut HashMap<K, BTreeSet<T>>, key: K, value: &T) {
    use hashbrown::hash_map::Entry;
    if let Entry::Occupied(mut entry) = map.entry(key) {
        entry.get_mut().remove(value);
        if entry.get().is_empty() {
            entry.remove();
        }
    }
}

#[cfg(all(test, target_pointer_width = "64"))]
mod tests {
    use super::*;
    use crate::request::{MAX_ADDRESSES, MAX_LINES};

    #[test]
    fn records_stay_small() {
        assert_eq!((size_of::<Option<Slot>>(), size_of::<Option<Request>>()), (56, 96));
        assert!(u16::try_from(MAX_ADDRESSES - 1).is_ok() && u16::try_from(MAX_LINES).is_ok());
    }
}
