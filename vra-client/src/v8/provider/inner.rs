//! State that all handles of a provider share.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ipam_core::{AllocationKey, Error, ErrorKind, Operation, RangeId, Result};
use tokio::task::JoinHandle;

use super::config::VraConfig;
use super::kept::Kept;
use super::locks::{Locks, Turn};
use crate::v8::Client;

/// Name of the provider in messages.
pub(super) const NAME: &str = "vRealize Automation 8";

/// State of a provider.
#[derive(Debug)]
pub(super) struct Inner {
    pub(super) client: Client,
    pub(super) config: VraConfig,
    /// Time for which a released address stays taken, as the server says.
    pub(super) release_wait: Duration,
    pub(super) kept: Mutex<Option<Kept>>,
    /// Addresses that calls of this process are about to take.
    // Without them, callers of one process would choose the same lowest address, and all but one would fail at the server.
    in_flight: Mutex<BTreeMap<RangeId, BTreeSet<IpAddr>>>,
    /// Locks of keys. Taken before those of addresses.
    pub(super) keys: Locks,
    /// Locks of addresses. A table of their own: a key is locked for minutes at times, which must not stop a deallocation
    /// that has nothing to do with it.
    pub(super) addresses: Locks,
    /// Claims that cannot be given back any more, as this process knows.
    confirmed: Mutex<BTreeSet<String>>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    closed: AtomicBool,
}

impl Inner {
    /// Locks keys.
    ///
    /// # Errors
    /// `Busy` if other calls with them take too long.
    pub(super) async fn lock_keys(&self, operation: Operation, keys: &[AllocationKey]) -> Result<Turn<'_>> {
        let texts = keys.iter().map(ToString::to_string);
        self.keys.lock(operation, texts, self.config.longest_turn()).await
    }

    pub(super) fn new(client: Client, config: VraConfig, release_wait: Duration) -> Self {
        Self {
            client,
            config,
            release_wait,
            kept: Mutex::new(None),
            in_flight: Mutex::new(BTreeMap::new()),
            keys: Locks::new("key"),
            addresses: Locks::new("address"),
            confirmed: Mutex::new(BTreeSet::new()),
            tasks: Mutex::new(Vec::new()),
            closed: AtomicBool::new(false),
        }
    }

    /// Fails if the provider was closed.
    pub(super) fn open(&self, operation: Operation) -> Result<()> {
        match self.closed.load(Ordering::SeqCst) {
            false => Ok(()),
            true => Err(Error::new(ErrorKind::Unavailable, operation, "the provider was closed")),
        }
    }

    /// Returns the addresses of a range that calls of this process are about to take.
    pub(super) fn in_flight(&self, range: &RangeId) -> BTreeSet<IpAddr> {
        locked(&self.in_flight).get(range).cloned().unwrap_or_default()
    }

    /// Reserves addresses for a call, unless another call of this process has one of them.
    pub(super) fn reserve(self: &Arc<Self>, addresses: &[(RangeId, IpAddr)]) -> Option<Reservation> {
        let mut held = locked(&self.in_flight);
        if addresses.iter().any(|(range, address)| held.get(range).is_some_and(|held| held.contains(address))) {
            return None;
        }
        for (range, address) in addresses {
            held.entry(range.clone()).or_default().insert(*address);
        }
        Some(Reservation { inner: Arc::clone(self), addresses: addresses.to_vec() })
    }

    /// Notes that a claim cannot be given back any more.
    pub(super) fn confirm(&self, claim: &str) {
        const MOST: usize = 100_000;
        let mut confirmed = locked(&self.confirmed);
        if confirmed.len() >= MOST {
            // Those that are forgotten cost a wait at most.
            confirmed.clear();
        }
        confirmed.insert(claim.to_owned());
    }

    pub(super) fn is_confirmed(&self, claim: &str) -> bool {
        locked(&self.confirmed).contains(claim)
    }

    /// Keeps a background task, so that closing waits for it.
    pub(super) fn keep(&self, task: JoinHandle<()>) {
        let mut tasks = locked(&self.tasks);
        tasks.retain(|task| !task.is_finished());
        tasks.push(task);
    }

    /// Refuses later calls, and waits for background tasks.
    pub(super) async fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        loop {
            let Some(task) = locked(&self.tasks).pop() else { return };
            // A task that panicked has nothing left to wait for.
            let _ = task.await;
        }
    }
}

/// Addresses that a call of this process is about to take.
#[derive(Debug)]
pub(super) struct Reservation {
    inner: Arc<Inner>,
    addresses: Vec<(RangeId, IpAddr)>,
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let mut held = locked(&self.inner.in_flight);
        for (range, address) in &self.addresses {
            if let Some(addresses) = held.get_mut(range) {
                addresses.remove(address);
                if addresses.is_empty() {
                    held.remove(range);
                }
            }
        }
    }
}

pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is behind the locks stays valid after every single change.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns a function that converts the client's errors to errors of an operation.
pub(super) fn failed(operation: Operation) -> impl Fn(crate::Error) -> Error {
    move |error| Error::from(error).with_operation(operation)
}

/// Returns a random number as text.
pub(super) fn random(operation: Operation) -> Result<String> {
    let number = getrandom::u64().map_err(|error| {
        Error::new(ErrorKind::Unavailable, operation, format!("the system gives no random numbers: {error}"))
    })?;
    Ok(format!("{number:016x}"))
}
