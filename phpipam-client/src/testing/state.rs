//! State of one server.

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
    pub(super) file_lock: Arc<tokio::sync::Mutex<()>>,
    pub(super) mysql_lock: Arc<tokio::sync::Mutex<()>>,
    pub(super) store: Mutex<Store>,
}

impl State {
    pub(super) fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
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
