//! Layer that limits how many calls run at once, and how many begin in a second.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until, timeout};

use super::runtime::needs_tokio;
use super::{Call, Intercept, Next, Reply};
use crate::{Error, ErrorKind, Operation, Result, Retry};

/// Limits of concurrency and rate, for a server that must not be overrun.
///
/// A call that would have to wait longer than the maximum wait fails at once or at that time, with nothing done:
/// [`Busy`](ErrorKind::Busy) for a place, [`RateLimited`](ErrorKind::RateLimited) with the time to wait for the rate.
/// [`close`](crate::IpamProvider::close) is not limited.
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
    places: Option<Semaphore>,
    rate: Option<Rate>,
    max_wait: Duration,
}

/// Calls that may begin in a second, spaced evenly after a burst of one second's worth.
#[derive(Debug)]
struct Rate {
    interval: Duration,
    burst: Duration,
    /// Time at which the allowance is used up to date.
    next: Mutex<Option<Instant>>,
}

impl LimitLayer {
    /// A layer without limits yet; calls wait for up to 30 seconds.
    #[must_use]
    pub const fn new() -> Self {
        Self { places: None, rate: None, max_wait: Duration::from_secs(30) }
    }

    /// Lets at most `calls` run at once; 0 counts as 1.
    #[must_use]
    pub fn with_concurrency(mut self, calls: usize) -> Self {
        self.places = Some(Semaphore::new(calls.clamp(1, Semaphore::MAX_PERMITS)));
        self
    }

    /// Lets at most `calls` begin in a second, on average; as many may begin at once after a pause. 0 counts as 1.
    #[must_use]
    pub fn with_rate(mut self, calls: u32) -> Self {
        let interval = Duration::from_secs(1) / calls.max(1);
        self.rate = Some(Rate { interval, burst: Duration::from_secs(1), next: Mutex::new(None) });
        self
    }

    /// Sets the longest time that a call waits for its turn.
    #[must_use]
    pub const fn with_max_wait(mut self, wait: Duration) -> Self {
        self.max_wait = wait;
        self
    }

    async fn place(&self, operation: Operation) -> Result<Option<SemaphorePermit<'_>>> {
        let Some(places) = &self.places else { return Ok(None) };
        // The semaphore is never closed.
        if let Ok(Ok(permit)) = timeout(self.max_wait, places.acquire()).await {
            return Ok(Some(permit));
        }
        let message =
            format!("no place was free for {:?}; try again later, or allow more calls at once", self.max_wait);
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
    /// Returns when the call may begin, or how long it would have to wait. A caller that goes away while it waits has
    /// used its turn up: the limit is a ceiling, and stays one.
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
        if operation == Operation::Close {
            return next.run().await;
        }
        needs_tokio(call)?;
        // The turn first: a call that waits for it holds no place.
        self.turn(operation).await?;
        let _place = self.place(operation).await?;
        next.run().await
    }
}
