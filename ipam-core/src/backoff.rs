//! Policy of retries: the waits, and the bounds by count and time. Layers and HTTP providers share it.
//!
//! Pure: time and randomness come in as arguments.

use std::time::Duration;

/// Waits between attempts: they double from `initial` to `max`, each with jitter. The default is 100 ms to 10 s.
///
/// ```
/// use std::time::Duration;
/// use ipam_core::BackoffConfig;
///
/// let backoff = BackoffConfig::new(Duration::from_millis(100), Duration::from_secs(2));
/// let third = backoff.delay(2, u64::MAX); // the longest that jitter allows
/// assert_eq!(third, Duration::from_millis(400));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct BackoffConfig {
    /// First wait.
    pub initial: Duration,
    /// Longest wait.
    pub max: Duration,
}

impl BackoffConfig {
    /// Makes waits that start at `initial` and double up to `max`.
    #[must_use]
    pub const fn new(initial: Duration, max: Duration) -> Self {
        Self { initial, max }
    }

    /// Returns the wait before retry number `retry` (the first is 0), between half and all of the doubled value.
    ///
    /// `random` is any number; 0 gives the shortest wait, `u64::MAX` the longest.
    // At least half of the wait is kept: full jitter would let some callers come back at once, none would all come
    // together.
    #[must_use]
    pub fn delay(&self, retry: u32, random: u64) -> Duration {
        // An overflow means a wait above any maximum.
        let doubled = 1_u32.checked_shl(retry).and_then(|factor| self.initial.checked_mul(factor));
        let whole = doubled.unwrap_or(self.max).min(self.max);
        let half = whole / 2;
        let spread = whole.saturating_sub(half).as_nanos();
        let extra = spread * u128::from(random) / u128::from(u64::MAX);
        half + Duration::from_nanos(u64::try_from(extra).unwrap_or(u64::MAX))
    }
}

impl Default for BackoffConfig {
    /// Makes waits from 100 ms to 10 s.
    fn default() -> Self {
        Self::new(Duration::from_millis(100), Duration::from_secs(10))
    }
}

/// Bounds of retries: by count, and by time. The default is three retries within a minute.
///
/// ```
/// use std::time::Duration;
/// use ipam_core::{BackoffConfig, RetryConfig};
///
/// let second = Duration::from_secs(1);
/// let config = RetryConfig::new(2, 10 * second).with_backoff(BackoffConfig::new(second, second));
/// assert_eq!(config.next_delay(0, Duration::ZERO, None, u64::MAX), Some(second));
/// assert_eq!(config.next_delay(2, second, None, 0), None); // the count is used up
/// assert_eq!(config.next_delay(0, 10 * second, None, 0), None); // the time is used up
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryConfig {
    /// Waits between attempts.
    pub backoff: BackoffConfig,
    /// Number of retries after the first attempt; 0 for none.
    pub max_retries: u32,
    /// Time after the start of the first attempt in which retries may start.
    pub timeout: Duration,
}

impl RetryConfig {
    /// Makes bounds of `max_retries` retries within `timeout`, with the default waits.
    #[must_use]
    pub fn new(max_retries: u32, timeout: Duration) -> Self {
        Self { backoff: BackoffConfig::default(), max_retries, timeout }
    }

    /// Makes bounds of one attempt without retries.
    #[must_use]
    pub fn none() -> Self {
        Self::new(0, Duration::ZERO)
    }

    /// Sets the waits.
    #[must_use]
    pub fn with_backoff(mut self, backoff: BackoffConfig) -> Self {
        self.backoff = backoff;
        self
    }

    /// Returns the wait before retry number `retry` (the first is 0), or `None` to stop.
    ///
    /// `elapsed` counts from the start of the first attempt. The wait that the server asks for replaces the backoff,
    /// also if it is shorter. A wait that would end after [`timeout`](Self::timeout) is not begun: the result is
    /// `None`. `random` is any number, as for [`BackoffConfig::delay`].
    ///
    /// It is for programs with a retry loop of their own; the clients call it themselves.
    #[must_use]
    pub fn next_delay(
        &self,
        retry: u32,
        elapsed: Duration,
        server_asks: Option<Duration>,
        random: u64,
    ) -> Option<Duration> {
        if retry >= self.max_retries {
            return None;
        }
        // The server knows when it is ready: a longer wait of ours would waste time, a shorter one would be refused
        // again.
        let delay = server_asks.unwrap_or_else(|| self.backoff.delay(retry, random));
        let end = elapsed.checked_add(delay)?;
        (end <= self.timeout).then_some(delay)
    }
}

impl Default for RetryConfig {
    /// Makes bounds of three retries within a minute.
    fn default() -> Self {
        Self::new(3, Duration::from_secs(60))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

    use super::*;
    use proptest::prelude::*;

    const SECOND: Duration = Duration::from_secs(1);

    proptest! {
        #[test]
        fn a_delay_stays_between_half_and_whole(initial in 0_u64..10_000, max in 0_u64..100_000, retry in 0_u32..200, random: u64) {
            let backoff = BackoffConfig::new(Duration::from_millis(initial), Duration::from_millis(max));
            let longest = backoff.delay(retry, u64::MAX);
            let delay = backoff.delay(retry, random);
            prop_assert!(delay <= longest && longest <= backoff.max);
            prop_assert!(delay >= longest / 2);
            prop_assert!(backoff.delay(retry.saturating_add(1), u64::MAX) >= longest);
        }
    }

    #[test]
    fn waits_double_up_to_the_maximum() {
        let backoff = BackoffConfig::new(SECOND, 5 * SECOND);
        let waits: Vec<u64> = (0..5).map(|retry| backoff.delay(retry, u64::MAX).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 5, 5]);
    }

    #[test]
    fn retries_are_bounded_by_count_and_by_time() {
        let config = RetryConfig::new(2, 10 * SECOND).with_backoff(BackoffConfig::new(SECOND, SECOND));
        assert!(config.next_delay(1, SECOND, None, 0).is_some());
        assert_eq!(config.next_delay(2, SECOND, None, 0), None);
        assert_eq!(config.next_delay(0, 10 * SECOND, None, 0), None);
        assert_eq!(RetryConfig::none().next_delay(0, Duration::ZERO, None, 0), None);
    }

    #[test]
    fn the_server_decides_the_wait() {
        let config = RetryConfig::new(2, 10 * SECOND).with_backoff(BackoffConfig::new(SECOND, SECOND));
        assert_eq!(config.next_delay(0, SECOND, Some(7 * SECOND), 0), Some(7 * SECOND));
        assert_eq!(config.next_delay(0, SECOND, Some(Duration::ZERO), 0), Some(Duration::ZERO));
        assert_eq!(config.next_delay(0, SECOND, Some(300 * SECOND), 0), None, "longer than we may wait");
    }
}
