//! Events of `tracing` for waits that would otherwise be invisible. Without the feature `tracing`, the functions do
//! nothing.

use std::time::Duration;

/// Shortest wait that is reported.
const MIN_REPORTED_WAIT: Duration = Duration::from_millis(250);

/// Reports that a caller waited for another one of this process.
pub(crate) fn lock_wait(of: &'static str, waited: Duration) {
    if waited >= MIN_REPORTED_WAIT {
        #[cfg(feature = "tracing")]
        tracing::debug!(of, waited_ms = millis(waited), "waited for another call of this process");
        #[cfg(not(feature = "tracing"))]
        let _ = of;
    }
}

/// Reports that an operation waits before it looks or tries again.
#[cfg(feature = "provider")]
pub(crate) fn pause(reason: &'static str, attempt: u32, waited: Duration, next: Duration) {
    #[cfg(feature = "tracing")]
    if waited.saturating_add(next) >= MIN_REPORTED_WAIT {
        tracing::debug!(reason, attempt, waited_ms = millis(waited), next_ms = millis(next), "waits and tries again");
    }
    #[cfg(not(feature = "tracing"))]
    let _ = (reason, attempt, waited, next);
}

/// Reports that a claim is made again.
#[cfg(feature = "provider")]
pub(crate) fn claim_again(reason: &'static str, round: u32) {
    #[cfg(feature = "tracing")]
    tracing::debug!(reason, round, "makes the claim anew");
    #[cfg(not(feature = "tracing"))]
    let _ = (reason, round);
}

/// Reports the end of a login.
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

#[cfg(all(test, feature = "tracing", feature = "provider"))]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::fmt::Debug;
    use std::sync::{Arc, Mutex};

    use tracing::field::{Field, Visit};
    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Metadata, Subscriber};

    use super::*;

    /// Keeps the text of every event.
    #[derive(Default, Clone)]
    struct Heard(Arc<Mutex<Vec<String>>>);

    struct Text(String);

    impl Visit for Text {
        fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
            self.0.push_str(&format!("{}={value:?} ", field.name()));
        }
    }

    impl Subscriber for Heard {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }

        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }

        fn record(&self, _: &Id, _: &Record<'_>) {}

        fn record_follows_from(&self, _: &Id, _: &Id) {}

        fn event(&self, event: &Event<'_>) {
            let mut text = Text(String::new());
            event.record(&mut text);
            self.0.lock().unwrap().push(text.0);
        }

        fn enter(&self, _: &Id) {}

        fn exit(&self, _: &Id) {}
    }

    #[test]
    fn long_waits_and_new_rounds_are_told_and_short_waits_are_not() {
        let heard = Heard::default();
        tracing::subscriber::with_default(heard.clone(), || {
            lock_wait("key", Duration::from_millis(1));
            lock_wait("key", Duration::from_secs(2));
            pause("a response was lost", 0, Duration::ZERO, Duration::from_millis(20));
            pause("a response was lost", 3, Duration::from_millis(200), Duration::from_millis(80));
            claim_again("others were first", 1);
        });
        let heard = heard.0.lock().unwrap().join("\n");
        for part in ["waited_ms=2000", "attempt=3", "next_ms=80", "round=1", "others were first"] {
            assert!(heard.contains(part), "{part}: {heard}");
        }
        assert_eq!(heard.lines().count(), 3, "{heard}");
    }
}
