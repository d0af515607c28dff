//! State that the server and its connections share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use ipam_core::testing::{Clock, Faults};

use super::dispatch::Setup;
use super::faults::{Fault, Logged};
use super::store::Store;

/// Store, clock, locks, log and faults of one server.
#[derive(Debug)]
pub(super) struct State {
    pub(super) setup: Setup,
    pub(super) clock: Clock,
    pub(super) race_window: Duration,
    pub(super) file_lock: Arc<tokio::sync::Mutex<()>>,
    pub(super) mysql_lock: Arc<tokio::sync::Mutex<()>>,
    pub(super) store: Mutex<Store>,
    pub(super) log: Mutex<Vec<Logged>>,
    pub(super) faults: Mutex<Faults<Fault>>,
}

impl State {
    pub(super) fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn faults(&self) -> MutexGuard<'_, Faults<Fault>> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn log(&self) -> MutexGuard<'_, Vec<Logged>> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets the tokens of one holder, or of all, expire.
pub(super) fn expire(store: &mut Store, token: Option<&str>, now: SystemTime) {
    for account in &mut store.accounts {
        if let Some(held) = &mut account.token
            && token.is_none_or(|t| t == held.text)
        {
            held.until = now;
        }
    }
}
