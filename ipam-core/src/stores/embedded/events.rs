//! Events for waits that would otherwise be invisible (feature `tracing`). They name no path and no request.

use std::time::Duration;

/// The lock was free after a wait.
pub(super) fn lock_waited(operation: &'static str, waited: Duration, attempts: u32) {
    #[cfg(feature = "tracing")]
    tracing::debug!(operation, waited_ms = millis(waited), attempts, "waited for the lock of the store");
    #[cfg(not(feature = "tracing"))]
    let _ = (operation, waited, attempts);
}

/// The lock was not free in time.
pub(super) fn stayed_locked(operation: &'static str, waited: Duration, attempts: u32) {
    #[cfg(feature = "tracing")]
    tracing::warn!(operation, waited_ms = millis(waited), attempts, "the store stayed locked");
    #[cfg(not(feature = "tracing"))]
    let _ = (operation, waited, attempts);
}

/// SQLite gave up waiting for a lock by itself, as it does where it reads.
pub(super) fn read_was_busy(operation: &'static str) {
    #[cfg(feature = "tracing")]
    tracing::warn!(operation, "the store was busy");
    #[cfg(not(feature = "tracing"))]
    let _ = operation;
}

/// A caller found the queue full, and had to wait until there was room.
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
