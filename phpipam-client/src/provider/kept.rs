//! Listings that are kept for their further pages, and a snapshot that is shared by calls close to each other.

use std::any::Any;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ipnet::IpNet;

use super::snapshot::Snapshot;
use crate::models::SubnetId;

/// Time for which a listing is kept after its latest page was read.
const KEPT_FOR: Duration = Duration::from_secs(120);
/// Largest number of kept listings. With more of them at once, the oldest is read again for its next page.
const MAX_LISTINGS: usize = 8;
/// Largest number of rows of all kept listings, but for the newest.
const MAX_ROWS: usize = 500_000;
/// Largest number of subnets, and of networks, that are remembered as too long to list.
const MAX_CROWDED: usize = 256;

type Listing = Arc<dyn Any + Send + Sync>;

#[derive(Debug)]
struct Entry {
    number: u64,
    used: Instant,
    rows: usize,
    listing: Listing,
}

/// Listings by number, which is a part of their page tokens.
#[derive(Debug, Default)]
pub(crate) struct Kept(Mutex<Vec<Entry>>);

impl Kept {
    fn entries(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns a listing that is still kept.
    pub(crate) fn get<T: Send + Sync + 'static>(&self, number: u64) -> Option<Arc<T>> {
        let mut entries = self.entries();
        let now = Instant::now();
        entries.retain(|entry| now.saturating_duration_since(entry.used) < KEPT_FOR);
        let entry = entries.iter_mut().find(|entry| entry.number == number)?;
        entry.used = now;
        Arc::clone(&entry.listing).downcast().ok()
    }

    /// Keeps a listing of so many rows for its further pages.
    pub(crate) fn put<T: Send + Sync + 'static>(&self, number: u64, listing: &Arc<T>, rows: usize) {
        let mut entries = self.entries();
        let now = Instant::now();
        let listing: Listing = Arc::clone(listing) as Listing;
        entries.retain(|entry| entry.number != number && now.saturating_duration_since(entry.used) < KEPT_FOR);
        entries.push(Entry { number, used: now, rows, listing });
        let is_full = |entries: &Vec<Entry>| {
            entries.len() > MAX_LISTINGS || entries.iter().map(|entry| entry.rows).sum::<usize>() > MAX_ROWS
        };
        while entries.len() > 1 && is_full(&entries) {
            let oldest = entries.iter().enumerate().min_by_key(|(_, entry)| entry.used).map(|(index, _)| index);
            entries.remove(oldest.unwrap_or(0));
        }
    }

    /// Forgets a listing whose last page was read.
    pub(crate) fn remove(&self, number: u64) {
        self.entries().retain(|entry| entry.number != number);
    }

    pub(crate) fn clear(&self) {
        self.entries().clear();
    }
}

/// Latest snapshot, for calls close to each other.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    /// Held while a snapshot is read, so that calls at the same time share one.
    pub(crate) latest: tokio::sync::Mutex<Option<Arc<Snapshot>>>,
    /// Number of changes that this provider made to subnets.
    changes: AtomicU64,
}

impl Shared {
    pub(crate) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// Tells that this provider has changed a subnet: a snapshot that was begun before is not shared any more.
    pub(crate) fn changed(&self) {
        self.changes.fetch_add(1, Ordering::AcqRel);
    }
}

/// Sizes of lists that the server's memory did not hold (Q76). What died once is not tried again in that size.
#[derive(Debug, Default)]
pub(crate) struct TooLong {
    /// Number of steps by which the list of subnets has to be split.
    subnet_steps: AtomicUsize,
    /// 1 if the list of all addresses is too long.
    addresses: AtomicUsize,
    /// Smallest number of several subnets whose addresses were too many for one search; 0 if there was none.
    search: AtomicUsize,
    /// Networks whose addresses were too many for one search.
    networks: Mutex<BTreeSet<IpNet>>,
    /// Subnets whose addresses are too many for one list.
    crowded: Mutex<BTreeSet<SubnetId>>,
}

impl TooLong {
    pub(crate) fn subnet_steps(&self) -> usize {
        self.subnet_steps.load(Ordering::Relaxed)
    }

    pub(crate) fn note_subnet_steps(&self, steps: usize) {
        self.subnet_steps.store(steps, Ordering::Relaxed);
    }

    pub(crate) fn all_addresses(&self) -> bool {
        self.addresses.load(Ordering::Relaxed) != 0
    }

    pub(crate) fn note_all_addresses(&self) {
        self.addresses.store(1, Ordering::Relaxed);
    }

    /// Returns true if the addresses of a network with so many subnets were too many for one search, or are expected to
    /// be.
    pub(crate) fn is_search_of(&self, net: IpNet, subnets: usize) -> bool {
        let died = self.search.load(Ordering::Relaxed);
        let as_many = died > 0 && subnets.saturating_mul(4) >= died.saturating_mul(3);
        as_many && subnets > 1 || self.networks().contains(&net)
    }

    pub(crate) fn note_search_of(&self, net: IpNet, subnets: usize) {
        let mut networks = self.networks();
        if networks.len() < MAX_CROWDED {
            networks.insert(net);
        }
        drop(networks);
        let died = self.search.load(Ordering::Relaxed);
        // A single subnet with many addresses says nothing about others.
        if subnets > 1 && (died == 0 || subnets < died) {
            self.search.store(subnets, Ordering::Relaxed);
        }
    }

    fn networks(&self) -> MutexGuard<'_, BTreeSet<IpNet>> {
        self.networks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn crowded(&self) -> MutexGuard<'_, BTreeSet<SubnetId>> {
        self.crowded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_crowded(&self, subnet: SubnetId) -> bool {
        self.crowded().contains(&subnet)
    }

    pub(crate) fn note_crowded(&self, subnet: SubnetId) {
        let mut crowded = self.crowded();
        if crowded.len() < MAX_CROWDED {
            crowded.insert(subnet);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn kept_listings_are_bounded() {
        let kept = Kept::default();
        for number in 0..20_u64 {
            kept.put(number, &Arc::new(number), 10);
        }
        assert!(kept.get::<u64>(11).is_none());
        assert_eq!(kept.get::<u64>(12).as_deref(), Some(&12));
        assert!(kept.get::<u32>(12).is_none(), "a listing of another kind");
        kept.put(20, &Arc::new(20_u64), MAX_ROWS);
        assert!(kept.get::<u64>(19).is_none(), "too many rows");
        assert_eq!(kept.get::<u64>(20).as_deref(), Some(&20));
        kept.remove(20);
        assert!(kept.get::<u64>(20).is_none());
    }

    #[test]
    fn searches_of_a_size_that_died_are_not_repeated() {
        let too_long = TooLong::default();
        let net = |text: &str| text.parse::<IpNet>().unwrap();
        assert!(!too_long.is_search_of(net("10.0.0.0/8"), 32_000));
        too_long.note_search_of(net("10.0.0.0/8"), 32_000);
        too_long.note_search_of(net("10.0.0.0/9"), 16_000);
        assert!(too_long.is_search_of(net("10.128.0.0/9"), 15_000));
        assert!(!too_long.is_search_of(net("10.128.0.0/10"), 8_000));
        too_long.note_search_of(net("172.20.0.0/16"), 1);
        assert!(too_long.is_search_of(net("172.20.0.0/16"), 1));
        assert!(!too_long.is_search_of(net("172.21.0.0/16"), 1), "one subnet says nothing about others");
        assert!(too_long.is_search_of(net("10.128.0.0/9"), 15_000));
    }
}
