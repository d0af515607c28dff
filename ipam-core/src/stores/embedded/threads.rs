//! Count of the running threads of a provider.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Number of running threads of one provider, by role.
#[derive(Debug, Default)]
pub(super) struct Running {
    state: Mutex<State>,
    ended: Condvar,
}

#[derive(Debug, Default)]
struct State {
    readers: usize,
    writers: usize,
}

/// Role of a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Reader,
    Writer,
}

impl Running {
    fn lock(&self) -> MutexGuard<'_, State> {
        // No code that can panic runs under the lock, so that a poisoned count is right.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a thread that is about to be started.
    pub(super) fn starts(&self, role: Role) {
        *self.lock().count(role) += 1;
    }

    /// Counts a thread that ends. Returns the number of threads of its role that are left.
    pub(super) fn ends(&self, role: Role) -> usize {
        let mut state = self.lock();
        let count = state.count(role);
        *count = count.saturating_sub(1);
        let left = *count;
        drop(state);
        self.ended.notify_all();
        left
    }

    /// Waits until no reader runs any more. Their queue has to be closed.
    pub(super) fn wait_for_readers(&self) {
        let mut state = self.lock();
        while state.readers > 0 {
            state = self.ended.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits until all threads have ended, up to `limit`.
    pub(super) fn wait_for_all(&self, limit: Duration) {
        let begun = Instant::now();
        let mut state = self.lock();
        while state.readers + state.writers > 0 {
            let Some(left) = limit.checked_sub(begun.elapsed()) else { return };
            state = self.ended.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl State {
    fn count(&mut self, role: Role) -> &mut usize {
        match role {
            Role::Reader => &mut self.readers,
            Role::Writer => &mut self.writers,
        }
    }
}
