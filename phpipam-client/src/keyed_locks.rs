//! Per-key locks: callers with the same key take turns, callers with different keys do not wait for each other.
//!
//! An entry exists while a caller holds the lock of its key or waits for it. The last of them removes it, also if its
//! future is dropped. So there are never more entries than callers, and no cleanup is needed.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
#[cfg(feature = "provider")]
use std::time::Duration;
use std::time::Instant;

use tokio::sync::OwnedMutexGuard;

type Lock = Arc<tokio::sync::Mutex<()>>;

/// Per-key locks. See the [module](self).
pub(crate) struct KeyedLocks<K: Eq + Hash + Clone + Send + Sync> {
    /// Word for the keys, for events.
    of: &'static str,
    locks: Mutex<HashMap<K, Lock>>,
}

/// Turn of the one caller that holds the lock of a key. Dropping it lets the next caller continue.
pub(crate) struct Turn<'a, K: Eq + Hash + Clone + Send + Sync> {
    // Dropped in this order: the lock is free before the entry is looked at.
    _lock: OwnedMutexGuard<()>,
    _entry: Entry<'a, K>,
}

/// Share in the entry of a key. The last share removes the entry.
struct Entry<'a, K: Eq + Hash + Clone + Send + Sync> {
    locks: &'a KeyedLocks<K>,
    key: K,
    lock: Option<Lock>,
}

impl<K: Eq + Hash + Clone + Send + Sync> KeyedLocks<K> {
    /// Creates locks whose keys name `of`, such as "key" or "subnet".
    pub(crate) fn new(of: &'static str) -> Self {
        Self { of, locks: Mutex::default() }
    }

    fn map(&self) -> MutexGuard<'_, HashMap<K, Lock>> {
        self.locks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn entry(&self, key: &K) -> (Entry<'_, K>, Lock) {
        // The lock of the map is held for this look only, never across an await: a caller that waits blocks no other
        // key.
        let lock = Arc::clone(self.map().entry(key.clone()).or_default());
        (Entry { locks: self, key: key.clone(), lock: Some(Arc::clone(&lock)) }, lock)
    }

    /// Waits for the turn of this caller, without a limit.
    pub(crate) async fn lock(&self, key: &K) -> Turn<'_, K> {
        let began = Instant::now();
        let (entry, lock) = self.entry(key);
        let lock = lock.lock_owned().await;
        crate::trace::lock_wait(self.of, began.elapsed());
        Turn { _lock: lock, _entry: entry }
    }

    /// Waits for the turn of this caller for `limit` at most; `None` after that.
    #[cfg(feature = "provider")]
    pub(crate) async fn lock_within(&self, key: &K, limit: Duration) -> Option<Turn<'_, K>> {
        tokio::time::timeout(limit, self.lock(key)).await.ok()
    }

    /// Returns the turn of this caller if no other one holds the lock.
    #[cfg(feature = "provider")]
    pub(crate) fn try_lock(&self, key: &K) -> Option<Turn<'_, K>> {
        let (entry, lock) = self.entry(key);
        Some(Turn { _lock: lock.try_lock_owned().ok()?, _entry: entry })
    }
}

impl<K: Eq + Hash + Clone + Send + Sync> Drop for Entry<'_, K> {
    fn drop(&mut self) {
        let mut map = self.locks.map();
        // While the map is locked, no caller can take a further share. A count of 2 is the map and this share, so this
        // is the last one.
        if self.lock.take().is_some_and(|lock| Arc::strong_count(&lock) <= 2) {
            map.remove(&self.key);
        }
    }
}

impl<K: Eq + Hash + Clone + Send + Sync> fmt::Debug for KeyedLocks<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedLocks").field("of", &self.of).field("in use", &self.map().len()).finish()
    }
}

#[cfg(all(test, feature = "provider"))]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    fn in_use(locks: &KeyedLocks<u8>) -> usize {
        locks.map().len()
    }

    #[tokio::test(start_paused = true)]
    async fn callers_of_one_key_take_turns() {
        let locks = KeyedLocks::new("key");
        let inside = AtomicUsize::new(0);
        let work = || async {
            let _turn = locks.lock(&1).await;
            assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "one at a time");
            tokio::time::sleep(Duration::from_secs(1)).await;
            inside.fetch_sub(1, Ordering::SeqCst);
        };
        let began = tokio::time::Instant::now();
        tokio::join!(work(), work(), work());
        assert_eq!(began.elapsed().as_secs(), 3);
        assert_eq!(in_use(&locks), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn callers_of_two_keys_do_not_wait_for_each_other() {
        let locks = KeyedLocks::new("key");
        let work = |key: u8| {
            let locks = &locks;
            async move {
                let _turn = locks.lock(&key).await;
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        };
        let began = tokio::time::Instant::now();
        tokio::join!(work(1), work(2), work(3));
        assert_eq!(began.elapsed().as_secs(), 1);
        assert_eq!(in_use(&locks), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_that_goes_away_leaves_nothing_behind() {
        let locks = KeyedLocks::new("key");
        let turn = locks.lock(&1).await;
        assert!(locks.lock_within(&1, LONG).await.is_none(), "the limit passed");
        let mut waiting = Box::pin(locks.lock(&1));
        assert!(futures_util::poll!(waiting.as_mut()).is_pending());
        drop(waiting);
        assert!(locks.try_lock(&1).is_none());
        assert_eq!(in_use(&locks), 1, "it is held");
        drop(turn);
        assert_eq!(in_use(&locks), 0);
        // Dropped between the turn of the one before and its own.
        let turn = locks.lock(&1).await;
        let mut waiting = Box::pin(locks.lock(&1));
        assert!(futures_util::poll!(waiting.as_mut()).is_pending());
        drop(turn);
        assert_eq!(in_use(&locks), 1, "one waits");
        drop(waiting);
        assert_eq!(in_use(&locks), 0);
        assert!(locks.try_lock(&1).is_some(), "it is free");
    }

    /// Counts itself out, also when it is dropped.
    struct Inside<'a>(&'a AtomicUsize);

    impl Drop for Inside<'_> {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::SeqCst);
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn a_crowd_on_few_keys_leaves_nothing_behind() {
        let locks = Arc::new(KeyedLocks::new("key"));
        let inside: Arc<[AtomicUsize; 3]> = Arc::default();
        let tasks = (0..200_u8).map(|n| {
            let (locks, inside) = (Arc::clone(&locks), Arc::clone(&inside));
            tokio::spawn(async move {
                let key = n % 3;
                let counter = &inside[usize::from(key)];
                let mut work = Box::pin(async {
                    let _turn = locks.lock(&key).await;
                    assert_eq!(counter.fetch_add(1, Ordering::SeqCst), 0, "one at a time");
                    let _inside = Inside(counter);
                    tokio::task::yield_now().await;
                });
                // Some go away, while they wait or while it is their turn.
                if n % 5 == 0 {
                    let _ = futures_util::poll!(work.as_mut());
                } else {
                    work.await;
                }
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap();
        }
        assert_eq!(in_use(&locks), 0);
    }
}
