//! Clock of a simulated server, which a test can set.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// Clock of a simulated server. All clones share one time: advancing one advances all.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use ipam_core::testing::Clock;
///
/// let clock = Clock::fixed(SystemTime::UNIX_EPOCH);
/// let of_server = clock.clone();
/// clock.advance(Duration::from_secs(3600));
/// assert_eq!(of_server.now(), SystemTime::UNIX_EPOCH + Duration::from_secs(3600));
/// ```
#[derive(Debug, Clone)]
// Shared by clones: the test moves the clock that the server reads.
pub struct Clock(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    /// Fixed time; `None` follows the clock of the system.
    fixed: Option<SystemTime>,
    /// Time that the clock was advanced by.
    ahead: Duration,
}

impl Clock {
    /// Returns a clock that follows the clock of the system.
    #[must_use]
    pub fn system() -> Self {
        Self(Arc::new(Mutex::new(State { fixed: None, ahead: Duration::ZERO })))
    }

    /// Returns a clock that shows `time` until it is advanced.
    #[must_use]
    pub fn fixed(time: SystemTime) -> Self {
        Self(Arc::new(Mutex::new(State { fixed: Some(time), ahead: Duration::ZERO })))
    }

    /// Advances the clock, so that tokens expire and quarantines end.
    ///
    /// If all advances together lead to a time that [`SystemTime`] cannot represent, the clock shows the time that it
    /// would show without any.
    pub fn advance(&self, by: Duration) {
        // A poisoned lock is used on: it would hide the message of the test that panicked.
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.ahead = state.ahead.saturating_add(by);
    }

    /// Returns the time of the clock.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let base = state.fixed.unwrap_or_else(SystemTime::now);
        // A test that advances by `Duration::MAX` must not panic inside the server.
        base.checked_add(state.ahead).unwrap_or(base)
    }
}
