//! State that a host shares with its connections.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Site;
use crate::testing::{Faults, Logged};

/// Largest number of requests in the log. Older ones are removed, so that a long test cannot fill the memory.
const MAX_LOG: usize = 100_000;

/// State of a host. No lock is held while a site responds: a site may be slow, and may ask for the log.
pub(super) struct HostState<S: Site> {
    pub(super) site: S,
    // Locks of the standard library, taken for single accesses: a test reads the log also outside of the runtime.
    log: Mutex<VecDeque<Logged<S::Fault>>>,
    faults: Mutex<Faults<S::Fault>>,
}

impl<S: Site> HostState<S> {
    pub(super) fn new(site: S) -> Self {
        Self { site, log: Mutex::default(), faults: Mutex::default() }
    }

    pub(super) fn log(&self) -> MutexGuard<'_, VecDeque<Logged<S::Fault>>> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn faults(&self) -> MutexGuard<'_, Faults<S::Fault>> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn record(&self, entry: Logged<S::Fault>) {
        let mut log = self.log();
        // A ring: a test that counts requests of the last minutes still works after hours.
        if log.len() == MAX_LOG {
            log.pop_front();
        }
        log.push_back(entry);
    }
}
