//! Clock, tokens and write lock of a running server, as a test controls them.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OwnedMutexGuard;

use super::config::Lock;
use super::server::Server;
use super::state::expire;

impl Server {
    /// Moves the server's clock forward.
    pub fn advance(&self, by: Duration) {
        self.host.site().clock.advance(by);
    }

    /// Lets all tokens expire now.
    pub fn expire_tokens(&self) {
        let site = self.host.site();
        expire(&mut site.store(), None, site.clock.now());
    }

    /// Holds the write lock of all apps of that kind until the guard is dropped; writes of such apps wait, and fail after their time.
    pub async fn hold_lock(&self, lock: Lock) -> LockGuard {
        let lock = match lock {
            Lock::MySql(_) => &self.host.site().mysql_lock,
            Lock::File(_) | Lock::Disabled => &self.host.site().file_lock,
        };
        LockGuard { _guard: Arc::clone(lock).lock_owned().await }
    }
}

/// The server's write lock, held by a test.
#[derive(Debug)]
#[must_use = "the lock is free again when this is dropped"]
pub struct LockGuard {
    _guard: OwnedMutexGuard<()>,
}
