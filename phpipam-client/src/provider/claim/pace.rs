//! How often, and how fast, a claim tries again.

use std::time::Duration;

/// How often an address is asked for anew after its answer was lost, or somebody else had it.
pub(super) const ATTEMPTS: u32 = 60;

/// Some milliseconds, more with each attempt, so that a crowd spreads out.
pub(crate) async fn pause(attempt: u32) {
    let backoff = ipam_core::BackoffConfig::new(Duration::from_millis(10), Duration::from_millis(500));
    tokio::time::sleep(backoff.delay(attempt, crate::provider::random())).await;
}
