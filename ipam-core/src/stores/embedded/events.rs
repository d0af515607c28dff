//! Events for waits that would otherwise be invisible (feature `tracing`). They name no path and no request.

use std::time::Duration;

// Without the feature the functions are empty; `let _` keeps their arguments from being unused.

/// Reports a lock that was free after a wait.
pub(super) fn lock_waited(operation: &'static str, waited: Duration, attempts: u32) {
    #[cfg(feature = "tracing")]
    tracing::debug!(operation, waited_ms = millis(waited), attempts, "waited for the lock of the store");
    #[cfg(not(feature = "tracing"))]
    let _ = (operation, waited, attempts);
}

/// Reports a lock that was not free in time.
pub(super) fn stayed_locked(operation: &'static str, waited: Duration, attempts: u32) {
    #[cfg(feature = "tracing")]
    tracing::warn!(operation, waited_ms = millis(waited), attempts, "the store stayed locked");
    #[cfg(not(feature = "tracing"))]
    let _ = (operation, waited, attempts);
}

/// Reports a read for which SQLite itself gave up waiting for a lock.
pub(super) fn read_was_busy(operation: &'static str) {
    #[cfg(feature = "tracing")]
    tracing::warn!(operation, "the store was busy");
    #[cfg(not(feature = "tracing"))]
    let _ = operation;
}

/// Reports a caller that waited for room in the queue.
pub(super) fn queue_waited(waited: Duration) {
    #[cfg(feature = "tracing")]
    tracing::debug!(waited_ms = millis(waited), "waited for room in the queue of the store");
    #[cfg(not(feature = "tracing"))]
    let _ = waited;
}

#[cfg(feature = "tracing")]
fn millis(waited: Duration) -> u64 {
    u64::try_from(waited.as_millis()).unwrap_or(u64::MAX)
}
