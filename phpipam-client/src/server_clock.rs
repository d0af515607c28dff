//! Clock of the server, read from the header `Date` of its responses.
//!
//! Processes on several hosts compare times that they wrote into the server's rows. The hosts' clocks may differ by
//! minutes; the server's clock is the same for all of them.

#[cfg(any(feature = "doctor", feature = "scan-agent"))]
use std::sync::atomic::AtomicBool;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, header};
use jiff::fmt::rfc2822::DateTimeParser;

/// Difference between the server's clock and this host's, as far as it is known.
#[derive(Debug, Default)]
pub(crate) struct ServerClock {
    /// Milliseconds by which the server's clock is ahead; negative if it is behind.
    ahead: AtomicI64,
    /// True once a response had a date.
    #[cfg(any(feature = "doctor", feature = "scan-agent"))]
    known: AtomicBool,
}

impl ServerClock {
    /// Compares the clocks by a response that was received at `now`. A response without a readable date changes
    /// nothing.
    pub(crate) fn note(&self, headers: &HeaderMap, now: SystemTime) {
        let date = headers.get(header::DATE).and_then(|date| date.to_str().ok());
        let Some(date) = date.and_then(|date| DateTimeParser::new().parse_timestamp(date).ok()) else { return };
        // The header has whole seconds: the true time is half a second later on average.
        let server = date.as_millisecond().saturating_add(500);
        // `Relaxed` is enough: the value stands alone, and any recent one is right.
        self.ahead.store(server.saturating_sub(millis(now)), Ordering::Relaxed);
        #[cfg(any(feature = "doctor", feature = "scan-agent"))]
        self.known.store(true, Ordering::Relaxed);
    }

    /// Returns true if a response had a date, so that [`at`](Self::at) is the server's time and not this host's.
    #[cfg(any(feature = "doctor", feature = "scan-agent"))]
    pub(crate) fn is_known(&self) -> bool {
        self.known.load(Ordering::Relaxed)
    }

    /// Returns the seconds by which the server's clock is ahead of this host's, negative if it is behind; `None` before a
    /// response had a date.
    #[cfg(feature = "doctor")]
    pub(crate) fn ahead(&self) -> Option<i64> {
        self.is_known().then(|| self.ahead.load(Ordering::Relaxed) / 1000)
    }

    /// Returns the server's time when this host's clock shows `now`; `now` itself if the difference is unknown.
    #[cfg_attr(not(feature = "provider"), allow(dead_code, reason = "only claims of the provider carry times"))]
    pub(crate) fn at(&self, now: SystemTime) -> SystemTime {
        let ahead = self.ahead.load(Ordering::Relaxed);
        let distance = Duration::from_millis(ahead.unsigned_abs());
        // Rounding and the way of the response make up to a second, so a smaller difference is none.
        if distance < Duration::from_secs(1) {
            return now;
        }
        let shifted = if ahead < 0 { now.checked_sub(distance) } else { now.checked_add(distance) };
        shifted.unwrap_or(now)
    }
}

fn millis(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use http::HeaderValue;

    use super::*;

    fn headers(date: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::DATE, HeaderValue::from_static(date))])
    }

    #[test]
    fn hosts_whose_clocks_differ_agree_on_the_servers_time() {
        // Sat, 28 Nov 2026 06:45:06 GMT
        let server = UNIX_EPOCH + Duration::from_secs(1_795_848_306);
        for (behind, ahead) in [(0, 3_600), (86_400, 0), (0, 0)] {
            let host = server - Duration::from_secs(behind) + Duration::from_secs(ahead);
            let clock = ServerClock::default();
            clock.note(&headers("Sat, 28 Nov 2026 06:45:06 GMT"), host);
            let later = clock.at(host + Duration::from_secs(100));
            let apart = later.duration_since(server + Duration::from_secs(100)).unwrap();
            assert!(apart < Duration::from_secs(1), "{behind} {ahead}: {apart:?}");
        }
    }

    #[test]
    fn a_response_without_a_date_changes_nothing() {
        let (clock, now) = (ServerClock::default(), UNIX_EPOCH + Duration::from_secs(1_000));
        assert_eq!(clock.at(now), now);
        clock.note(&headers("yesterday"), now);
        clock.note(&HeaderMap::new(), now);
        assert_eq!(clock.at(now), now);
    }
}
