//! Count of the threads of a provider that still run.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The threads of one provider.
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

/// What a thread does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Reader,
    Writer,
}

impl Running {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that can panic runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a thread that is about to be started.
    pub(super) fn starts(&self, role: Role) {
        *self.lock().count(role) += 1;
    }

    /// Counts a thread out. Returns how many of its role are left.
    pub(super) fn ends(&self, role: Role) -> usize {
        let mut state = self.lock();
        let count = state.count(role);
        *count = count.saturating_sub(1);
        let left = *count;
        drop(state);
        self.ended.notify_all();
        left
    }

    /// Waits until no thread reads any more. Their queue has to be closed.
    pub(super) fn wait_for_readers(&self) {
        let mut state = self.lock();
        while state.readers > 0 {
            state = self.ended.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits until all threads have ended, but not for long.
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
