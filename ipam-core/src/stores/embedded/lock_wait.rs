//! Waiting for the lock of the store's file.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::{events, sqlite_errors};

/// Waits for a lock, a moment longer each time, until the deadline. Sleeps are short: another writer holds the lock for a
/// millisecond, and lets go of it only for a moment before the next one takes it.
///
/// A wait is told as an event when it is over.
pub(super) struct LockWait {
    /// What waits, for the event.
    operation: &'static str,
    start: Instant,
    deadline: Instant,
    next: Duration,
    /// How often and how long it has slept.
    sleeps: u32,
    waited: Duration,
    gave_up: bool,
}

impl LockWait {
    pub(super) fn new(operation: &'static str, wait: Duration) -> Self {
        let start = Instant::now();
        let deadline = start.checked_add(wait).unwrap_or_else(|| start + Duration::from_secs(365 * 86_400));
        let next = Duration::from_micros(50);
        Self { operation, start, deadline, next, sleeps: 0, waited: Duration::ZERO, gave_up: false }
    }

    /// Sleeps. Returns whether there is time for another attempt.
    pub(super) fn wait(&mut self) -> bool {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            self.gave_up = true;
            return false;
        }
        std::thread::sleep(self.next.min(left));
        self.sleeps = self.sleeps.saturating_add(1);
        self.waited = self.start.elapsed();
        // The clock's own noise keeps waiting processes from meeting at the same moment again and again.
        let clock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let noise = u64::from(clock.subsec_nanos() % 512);
        self.next = (self.next * 2).min(Duration::from_micros(1_000 + noise));
        true
    }

    /// Calls `attempt` until it does not fail because of a lock.
    pub(super) fn insist<T>(&mut self, mut attempt: impl FnMut() -> rusqlite::Result<T>) -> rusqlite::Result<T> {
        loop {
            match attempt() {
                Err(error) if sqlite_errors::is_busy(&error) && self.wait() => {}
                done => return done,
            }
        }
    }
}

impl Drop for LockWait {
    fn drop(&mut self) {
        if self.gave_up {
            events::stayed_locked(self.operation, self.waited, self.sleeps);
        } else if self.sleeps > 0 {
            events::lock_waited(self.operation, self.waited, self.sleeps);
        }
    }
}
