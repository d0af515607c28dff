//! Events of `tracing` where a wait would otherwise be invisible. Without the feature `tracing` they are nothing.

use std::time::Duration;

/// Waits that are shorter than this are not worth an event.
const WORTH_TELLING: Duration = Duration::from_millis(250);

/// A caller waited for another one of this process.
pub(crate) fn lock_wait(of: &'static str, waited: Duration) {
    if waited >= WORTH_TELLING {
        #[cfg(feature = "tracing")]
        tracing::debug!(of, waited_ms = millis(waited), "waited for another call of this process");
        #[cfg(not(feature = "tracing"))]
        let _ = of;
    }
}

/// An operation waits before it looks, or tries, again.
#[cfg(feature = "provider")]
pub(crate) fn pause(reason: &'static str, attempt: u32, waited: Duration, next: Duration) {
    #[cfg(feature = "tracing")]
    if next >= WORTH_TELLING || waited.saturating_add(next) >= WORTH_TELLING {
        tracing::debug!(reason, attempt, waited_ms = millis(waited), next_ms = millis(next), "waits and tries again");
    }
    #[cfg(not(feature = "tracing"))]
    let _ = (reason, attempt, waited, next);
}

/// A claim is made anew.
#[cfg(feature = "provider")]
pub(crate) fn claim_again(reason: &'static str, round: u32) {
    #[cfg(feature = "tracing")]
    tracing::debug!(reason, round, "makes the claim anew");
    #[cfg(not(feature = "tracing"))]
    let _ = (reason, round);
}

/// A login ended.
pub(crate) fn login(failure: Option<&dyn std::fmt::Display>, took: Duration) {
    #[cfg(feature = "tracing")]
    match failure {
        None => tracing::debug!(took_ms = millis(took), "logged in"),
        Some(error) => tracing::warn!(took_ms = millis(took), %error, "cannot log in"),
    }
    #[cfg(not(feature = "tracing"))]
    let _ = (failure, took);
}

#[cfg(feature = "tracing")]
fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
