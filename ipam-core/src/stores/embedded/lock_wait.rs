//! Waiting for the lock of the store's file.
//!
//! SQLite's own busy handler sleeps longer with each attempt, up to 100 ms. Writers of other processes release the lock
//! for microseconds between two transactions, so that a process with long sleeps would hardly ever get it (bar E4).

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::{events, sqlite_errors};

/// Wait for a lock: sleeps of 50 µs to about 1.5 ms, until the deadline.
///
/// When it is dropped it reports the wait as an event, if there was one.
pub(super) struct LockWait {
    /// Name of the waiting operation, for the event.
    operation: &'static str,
    start: Instant,
    deadline: Instant,
    /// Length of the next sleep.
    next: Duration,
    /// Number of sleeps so far.
    sleeps: u32,
    waited: Duration,
    gave_up: bool,
}

impl LockWait {
    pub(super) fn new(operation: &'static str, wait: Duration) -> Self {
        let start = Instant::now();
        // A year stands for timeouts that are too long for the clock, such as `Duration::MAX`.
        let deadline = start.checked_add(wait).unwrap_or_else(|| start + Duration::from_secs(365 * 86_400));
        let next = Duration::from_micros(50);
        Self { operation, start, deadline, next, sleeps: 0, waited: Duration::ZERO, gave_up: false }
    }

    /// Sleeps. Returns true if there is time for another attempt.
    pub(super) fn wait(&mut self) -> bool {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            self.gave_up = true;
            return false;
        }
        std::thread::sleep(self.next.min(left));
        self.sleeps = self.sleeps.saturating_add(1);
        self.waited = self.start.elapsed();
        // Processes that began to wait together would wake together, again and again. The low digits of the clock are
        // noise enough to part them.
        let clock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let noise = u64::from(clock.subsec_nanos() % 512);
        self.next = (self.next * 2).min(Duration::from_micros(1_000 + noise));
        true
    }

    /// Repeats `attempt` as long as it fails because of a lock and there is time.
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
