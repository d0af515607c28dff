//! Layer that limits the number of calls at once, and of those that begin in a second.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until, timeout};

use super::runtime::needs_tokio;
use super::{Call, Intercept, Next, Reply};
use crate::{Error, ErrorKind, Operation, Result, Retry};

/// Limits of concurrency and rate, for a server that must not be overrun.
///
/// A call waits for its turn up to the maximum wait, 30 seconds by default. Then it fails before it reaches the
/// provider, so that every request may be repeated ([`Retry::Safe`]):
///
/// - with [`RateLimited`](ErrorKind::RateLimited) at once, if the rate would let it begin only after the maximum wait;
///   [`retry_after`](Error::retry_after) is the time until it could begin;
/// - with [`Busy`](ErrorKind::Busy) after the maximum wait, if too many other calls are still running.
///
/// With both limits a call waits for each in turn, so that it may wait for twice the maximum. A
/// [`TimeoutLayer`](super::TimeoutLayer) outside of this layer counts these waits: set
/// [`with_max_wait`](Self::with_max_wait) so that they end before its limit. Otherwise the call fails with `Timeout`
/// and not as above, and the outcome of a write counts as unknown although nothing was sent.
///
/// [`close`](crate::IpamProvider::close) is not limited. The layer needs a tokio runtime; outside of one, calls fail
/// with [`Config`](ErrorKind::Config).
///
/// ```
/// use std::time::Duration;
/// use ipam_core::layers::{Layered, LimitLayer};
/// use ipam_core::MemoryProvider;
///
/// let limits = LimitLayer::new().with_concurrency(4).with_rate(50).with_max_wait(Duration::from_secs(5));
/// let ipam = Layered::new(MemoryProvider::new(), limits);
/// ```
#[derive(Debug)]
pub struct LimitLayer {
    permits: Option<Semaphore>,
    rate: Option<Rate>,
    max_wait: Duration,
}

/// Number of calls that may begin in a second: a burst of one second's worth, then evenly spaced.
// The generic cell rate algorithm: one instant is the whole state, and needs no timer of its own.
#[derive(Debug)]
struct Rate {
    interval: Duration,
    burst: Duration,
    /// Instant at which the next call may begin if the burst is used up.
    // A mutex of the standard library: it is held for a few instructions, and never while a call waits.
    next: Mutex<Option<Instant>>,
}

impl LimitLayer {
    /// Makes a layer without limits yet; calls wait for up to 30 seconds.
    #[must_use]
    pub const fn new() -> Self {
        // Half of the minute after which callers and proxies usually give up, so that the caller gets this error and
        // not a time-out without a reason.
        Self { permits: None, rate: None, max_wait: Duration::from_secs(30) }
    }

    /// Lets at most `calls` run at once; 0 counts as 1.
    #[must_use]
    pub fn with_concurrency(mut self, calls: usize) -> Self {
        // With zero permits each call would wait in vain, and above its maximum the semaphore panics.
        self.permits = Some(Semaphore::new(calls.clamp(1, Semaphore::MAX_PERMITS)));
        self
    }

    /// Lets at most `calls` begin in a second, on average. After a pause of a second, as many may begin at once. 0
    /// counts as 1.
    #[must_use]
    pub fn with_rate(mut self, calls: u32) -> Self {
        let interval = Duration::from_secs(1) / calls.max(1);
        // The calls of one second may come at once: a caller that was idle is not slowed down, and the average stays.
        self.rate = Some(Rate { interval, burst: Duration::from_secs(1), next: Mutex::new(None) });
        self
    }

    /// Sets the longest time that a call waits for its turn, and that it waits for a permit; 30 seconds by default.
    #[must_use]
    pub const fn with_max_wait(mut self, wait: Duration) -> Self {
        self.max_wait = wait;
        self
    }

    async fn permit(&self, operation: Operation) -> Result<Option<SemaphorePermit<'_>>> {
        let Some(permits) = &self.permits else { return Ok(None) };
        // The semaphore is never closed: an inner error cannot occur.
        if let Ok(Ok(permit)) = timeout(self.max_wait, permits.acquire()).await {
            return Ok(Some(permit));
        }
        let message =
            format!("too many calls were running for {:?}; try again later, or allow more at once", self.max_wait);
        Err(Error::new(ErrorKind::Busy, operation, message).with_retry(Retry::Safe))
    }

    async fn turn(&self, operation: Operation) -> Result<()> {
        let Some(rate) = &self.rate else { return Ok(()) };
        match rate.reserve(Instant::now(), self.max_wait) {
            Ok(at) => {
                sleep_until(at).await;
                Ok(())
            }
            Err(wait) => {
                let message = "too many calls in the last second; call less often, or allow a higher rate";
                Err(Error::new(ErrorKind::RateLimited, operation, message)
                    .with_retry(Retry::Safe)
                    .with_retry_after(wait))
            }
        }
    }
}

impl Default for LimitLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl Rate {
    /// Returns the instant at which the call may begin, or the time it would have to wait if that is above `max_wait`.
    // A call that is dropped while it waits has used its turn: giving it to another one could exceed the limit.
    fn reserve(&self, now: Instant, max_wait: Duration) -> Result<Instant, Duration> {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = now.checked_sub(self.burst.saturating_sub(self.interval)).unwrap_or(now);
        let at = next.map_or(idle, |next| next.max(idle));
        let wait = at.saturating_duration_since(now);
        if wait > max_wait {
            return Err(wait);
        }
        *next = at.checked_add(self.interval);
        Ok(at.max(now))
    }
}

impl Intercept for LimitLayer {
    async fn around<T: Reply>(&self, call: &Call<'_>, next: &Next<'_, T>) -> Result<T> {
        let operation = call.operation();
        // A program that ends while the limit is reached must still be able to close the provider.
        if operation == Operation::Close {
            return next.run().await;
        }
        needs_tokio(call)?;
        // The turn first: a call that waits for it holds no permit.
        self.turn(operation).await?;
        let _permit = self.permit(operation).await?;
        next.run().await
    }
}
