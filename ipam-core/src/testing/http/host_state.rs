//! What a host shares with its connections.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Site;
use crate::testing::{Faults, Logged};

/// The log keeps so many requests; the oldest go first.
const MAX_LOG: usize = 100_000;

/// What the connections share. No lock is held while a site responds.
pub(super) struct HostState<S: Site> {
    pub(super) site: S,
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
        if log.len() == MAX_LOG {
            log.pop_front();
        }
        log.push_back(entry);
    }
}
