//! State of one running server.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use ipam_core::testing::Clock;

use super::dispatch::Setup;
use super::store::Store;

/// Store, clock and locks of one server.
#[derive(Debug)]
pub(super) struct State {
    pub(super) setup: Setup,
    pub(super) clock: Clock,
    pub(super) race_window: Duration,
    // phpIPAM has two locks that do not exclude each other: a lock file, and a row lock of the database.
    pub(super) file_lock: Arc<tokio::sync::Mutex<()>>,
    pub(super) mysql_lock: Arc<tokio::sync::Mutex<()>>,
    pub(super) store: Mutex<Store>,
}

impl State {
    /// Locks the store. It is never held over an `await`.
    pub(super) fn store(&self) -> MutexGuard<'_, Store> {
        // A test that panics inside `seed` must not make later requests fail for another reason than its own.
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes one token expire, or all of them if `token` is `None`.
pub(super) fn expire(store: &mut Store, token: Option<&str>, now: SystemTime) {
    for account in &mut store.accounts {
        if let Some(held) = &mut account.token
            && token.is_none_or(|t| t == held.text)
        {
            held.until = now;
        }
    }
}
