//! Locks of this process: callers of one key, and of one address, take turns.

use std::collections::BTreeSet;
use std::time::Duration;

use ipam_core::{Error, ErrorKind, Operation, Result, Retry};
use tokio::sync::{Mutex, MutexGuard};

/// Turn of a caller. Dropping it lets the next one continue.
pub(super) type Turn<'a> = Vec<MutexGuard<'a, ()>>;

/// Table of locks, by the hash of a text.
#[derive(Debug)]
pub(super) struct Locks {
    /// Word for the texts, for messages.
    of: &'static str,
    locks: Vec<Mutex<()>>,
}

impl Locks {
    pub(super) fn new(of: &'static str) -> Self {
        // Enough that two texts seldom share one, and small.
        Self { of, locks: (0..1024).map(|_| Mutex::new(())).collect() }
    }

    /// Locks texts, waiting for `limit` at most.
    ///
    /// # Errors
    /// `Busy` after the limit.
    pub(super) async fn lock(
        &self,
        operation: Operation,
        texts: impl IntoIterator<Item = String>,
        limit: Duration,
    ) -> Result<Turn<'_>> {
        // Ascending and each once: two callers that lock several wait for each other in one direction only.
        let places: BTreeSet<usize> = texts.into_iter().map(|text| self.place_of(&text)).collect();
        let all = async {
            let mut turn = Vec::with_capacity(places.len());
            for lock in places.into_iter().filter_map(|place| self.locks.get(place)) {
                turn.push(lock.lock().await);
            }
            turn
        };
        tokio::time::timeout(limit, all).await.map_err(|_| {
            let message =
                format!("other calls of this process with the {} did not end within {limit:?}; try again", self.of);
            Error::new(ErrorKind::Busy, operation, message).with_retry(Retry::Safe)
        })
    }

    fn place_of(&self, text: &str) -> usize {
        let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, mix);
        let count = u64::try_from(self.locks.len()).unwrap_or(1);
        usize::try_from(hash % count).unwrap_or(0)
    }
}
