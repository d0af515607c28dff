//! The server's clock, which a test may turn.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// The clock of a server. Clones turn together.
#[derive(Debug, Clone)]
pub struct Clock(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    /// The time stands still at this moment; `None` follows the system.
    fixed: Option<SystemTime>,
    ahead: Duration,
}

impl Clock {
    /// Follows the system's clock.
    #[must_use]
    pub fn system() -> Self {
        Self(Arc::new(Mutex::new(State { fixed: None, ahead: Duration::ZERO })))
    }

    /// Stands still at `time` until it is advanced.
    #[must_use]
    pub fn fixed(time: SystemTime) -> Self {
        Self(Arc::new(Mutex::new(State { fixed: Some(time), ahead: Duration::ZERO })))
    }

    /// Moves the clock forward: tokens grow old, what rests is free again.
    pub fn advance(&self, by: Duration) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.ahead = state.ahead.saturating_add(by);
    }

    /// What the clock shows.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let base = state.fixed.unwrap_or_else(SystemTime::now);
        base.checked_add(state.ahead).unwrap_or(base)
    }
}
