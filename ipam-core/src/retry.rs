//! Loop that repeats an operation if its errors allow it.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::time::Duration;

use tokio::time::Instant;

use crate::{Error, ErrorKind, Operation, Outcome, Result, Retry, RetryConfig};

/// Error type that a [`Retrier`] can handle: it tells whether its request may be repeated (feature `http` or `layers`).
///
/// [`Error`] implements it. A client with an error type of its own does so too:
///
/// ```
/// use std::time::Duration;
/// use ipam_core::{Outcome, Retry, RetryAdvice};
///
/// #[derive(Debug)]
/// struct MyError {
///     text: String,
///     retry: Retry,
///     outcome: Outcome,
/// }
///
/// impl std::fmt::Display for MyError {
///     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
///         f.write_str(&self.text)
///     }
/// }
///
/// impl RetryAdvice for MyError {
///     fn retry(&self) -> Retry {
///         self.retry
///     }
///     fn outcome(&self) -> Outcome {
///         self.outcome
///     }
///     fn in_doubt(self) -> Self {
///         Self { outcome: Outcome::Unknown, ..self }
///     }
///     fn given_up(self, attempts: u32) -> Self {
///         Self { text: format!("{} ({attempts} attempts)", self.text), retry: Retry::Never, ..self }
///     }
///     fn out_of_time(limit: Duration, outcome: Outcome, _: Option<Self>) -> Self {
///         Self { text: format!("no result within {limit:?}"), retry: Retry::Never, outcome }
///     }
/// }
///
/// let refused = MyError { text: "refused".into(), retry: Retry::Safe, outcome: Outcome::NotApplied };
/// assert_eq!(refused.given_up(3).to_string(), "refused (3 attempts)");
/// ```
pub trait RetryAdvice: Sized + fmt::Display {
    /// Returns the advice whether the same request may be sent again.
    fn retry(&self) -> Retry;

    /// Returns the time to wait before the next attempt, if the server or a limit of the program gave one; `None` by
    /// default.
    fn retry_after(&self) -> Option<Duration> {
        None
    }

    /// Returns what is known of the effect of the request.
    fn outcome(&self) -> Outcome;

    /// Returns the error with [`Outcome::Unknown`]. The loop calls it if an earlier attempt may have been carried out:
    /// a refusal of a later attempt says nothing about that one.
    #[must_use]
    fn in_doubt(self) -> Self;

    /// Returns the error with [`Retry::Never`] after `attempts` attempts, so that an outer loop does not repeat all of
    /// them again. The outcome stays.
    #[must_use]
    fn given_up(self, attempts: u32) -> Self;

    /// Makes the error of an operation whose time `limit` ended during an attempt. `outcome` is what is known of that
    /// attempt, and `last` the error of the attempt before, if there was one.
    fn out_of_time(limit: Duration, outcome: Outcome, last: Option<Self>) -> Self;
}

impl RetryAdvice for Error {
    fn retry(&self) -> Retry {
        Self::retry(self)
    }

    fn retry_after(&self) -> Option<Duration> {
        Self::retry_after(self)
    }

    fn outcome(&self) -> Outcome {
        Self::outcome(self)
    }

    fn in_doubt(self) -> Self {
        self.with_outcome(Outcome::Unknown)
    }

    fn given_up(self, attempts: u32) -> Self {
        let error = self.with_retry(Retry::Never);
        // A single attempt needs no mention.
        if attempts > 1 { error.with_context("attempts", attempts) } else { error }
    }

    fn out_of_time(limit: Duration, outcome: Outcome, last: Option<Self>) -> Self {
        let error = Self::new(ErrorKind::Timeout, Operation::Send, format!("the operation took longer than {limit:?}"))
            .with_outcome(outcome);
        match last {
            Some(last) => error.with_source(last),
            None => error,
        }
    }
}

/// Loop that repeats an operation if its errors allow it, within the bounds of a [`RetryConfig`] and a time limit
/// (feature `http` or `layers`).
///
/// Pauses need a tokio runtime with time enabled. Outside of one there is a single attempt, without the time limit.
/// `layers::RetryLayer` is stricter: its calls fail with `Config` there.
///
/// ```
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// use std::sync::atomic::{AtomicU32, Ordering};
/// use ipam_core::{Error, ErrorKind, Operation, Retrier, Retry, RetryConfig};
///
/// let calls = AtomicU32::new(0);
/// let result = Retrier::new(RetryConfig::default())
///     .run(|_attempt| async {
///         if calls.fetch_add(1, Ordering::Relaxed) == 0 {
///             return Err(Error::new(ErrorKind::Unavailable, Operation::Send, "refused").with_retry(Retry::Safe));
///         }
///         Ok("here")
///     })
///     .await;
/// assert_eq!(result.unwrap(), "here");
/// # }
/// ```
#[must_use]
pub struct Retrier<E> {
    config: RetryConfig,
    idempotent: bool,
    read: bool,
    limit: Option<Duration>,
    error: PhantomData<fn() -> E>,
}

impl<E: RetryAdvice + Send> Retrier<E> {
    /// Makes a loop for an operation that is not idempotent: it is repeated after [`Retry::Safe`] only.
    pub fn new(config: RetryConfig) -> Self {
        Self { config, idempotent: false, read: false, limit: None, error: PhantomData }
    }

    /// Sets whether the operation is idempotent: it is then repeated after [`Retry::IfIdempotent`] as well.
    pub fn with_idempotent(mut self, idempotent: bool) -> Self {
        self.idempotent = idempotent;
        self
    }

    /// Sets whether the operation only reads: it is repeated like an idempotent one, and its outcome is never unknown.
    pub fn with_read(mut self, read: bool) -> Self {
        self.read = read;
        self
    }

    /// Sets the time limit of the operation with all of its attempts; none by default. It also ends an attempt that is
    /// running, unlike [`RetryConfig::timeout`], which only limits when a retry may start. Both apply.
    ///
    /// Outside of a tokio runtime the limit has no effect.
    pub fn with_limit(mut self, limit: Duration) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Runs `attempt` until it succeeds, must not be repeated, or the bounds are reached. Its argument is the number of
    /// the attempt, from 0.
    ///
    /// # Errors
    /// The error of the last attempt. It went through [`RetryAdvice::given_up`] if it could have been repeated, and
    /// through [`RetryAdvice::in_doubt`] if an attempt before it may have been carried out. At the end of the time
    /// limit it is the error that [`RetryAdvice::out_of_time`] makes.
    pub async fn run<T, F, Fut>(&self, mut attempt: F) -> Result<T, E>
    where
        T: Send,
        F: FnMut(u32) -> Fut + Send,
        Fut: Future<Output = Result<T, E>> + Send,
    {
        if tokio::runtime::Handle::try_current().is_err() {
            // Without a runtime neither a pause nor the end of the time can be waited for: timers would panic. An
            // attempt that needs one says so itself.
            return attempt(0).await;
        }
        let start = Instant::now();
        let deadline = self.limit.and_then(|limit| start.checked_add(limit));
        let mut last = None;
        let mut doubt = false;
        let mut number = 0;
        loop {
            let result = match deadline {
                None => attempt(number).await,
                Some(deadline) => match tokio::time::timeout_at(deadline, attempt(number)).await {
                    Ok(result) => result,
                    Err(_) => {
                        // The attempt was dropped while it ran: a write may have been sent.
                        let outcome = if self.read { Outcome::NotApplied } else { Outcome::Unknown };
                        return Err(E::out_of_time(self.limit.unwrap_or_default(), outcome, last));
                    }
                },
            };
            let error = match result {
                Ok(value) => return Ok(value),
                // A refusal of this attempt does not tell whether an earlier one, whose response was lost, was carried
                // out.
                Err(error) if doubt => error.in_doubt(),
                Err(error) => error,
            };
            // Once in doubt, in doubt for good: only the attempt itself knew whether it was carried out.
            doubt |= !self.read && error.outcome() == Outcome::Unknown;
            if !self.may_repeat(&error) {
                return Err(error);
            }
            // Without randomness all callers wait for the same time and come back together, which is slower but not
            // wrong.
            let random = getrandom::u64().unwrap_or(u64::MAX);
            let delay = self.config.next_delay(number, start.elapsed(), error.retry_after(), random);
            number += 1;
            let Some(delay) = delay else { return Err(error.given_up(number)) };
            // A pause that ends after the deadline is not begun: the caller learns of the failure now, with its cause.
            if deadline.is_some_and(|deadline| Instant::now() + delay >= deadline) {
                return Err(error.given_up(number));
            }
            event(number, delay, &error);
            tokio::time::sleep(delay).await;
            last = Some(error);
        }
    }

    fn may_repeat(&self, error: &E) -> bool {
        match error.retry() {
            Retry::Never => false,
            Retry::Safe => true,
            Retry::IfIdempotent => self.idempotent || self.read,
        }
    }
}

/// Emits an event for a repetition, which would otherwise look like a slow call.
#[cfg(feature = "tracing")]
fn event(attempts: u32, delay: Duration, error: &impl fmt::Display) {
    let delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
    tracing::debug!(attempts, delay_ms, %error, "the request is repeated");
}

#[cfg(not(feature = "tracing"))]
fn event(_: u32, _: Duration, _: &impl fmt::Display) {}

impl<E> fmt::Debug for Retrier<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retrier")
            .field("config", &self.config)
            .field("idempotent", &self.idempotent)
            .field("read", &self.read)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

    use super::*;
    use crate::BackoffConfig;
    use std::sync::atomic::{AtomicU32, Ordering};

    const SECOND: Duration = Duration::from_secs(1);

    fn config() -> RetryConfig {
        RetryConfig::new(2, 60 * SECOND).with_backoff(BackoffConfig::new(SECOND, SECOND))
    }

    fn error(retry: Retry) -> Error {
        Error::new(ErrorKind::Unavailable, Operation::Send, "refused").with_retry(retry)
    }

    #[tokio::test(start_paused = true)]
    async fn a_lost_response_is_not_forgotten_over_later_refusals() {
        for (read, outcome) in [(false, Outcome::Unknown), (true, Outcome::NotApplied)] {
            let retrier = Retrier::new(config()).with_idempotent(true).with_read(read);
            let result: Result<()> = retrier
                .run(|number| async move {
                    match number {
                        0 => Err(error(Retry::IfIdempotent)),
                        1 => Err(error(Retry::Safe)),
                        _ => Err(Error::new(ErrorKind::Exhausted, Operation::Allocate, "no room")),
                    }
                })
                .await;
            let error = result.unwrap_err();
            assert_eq!((error.kind(), error.outcome()), (ErrorKind::Exhausted, outcome));
        }
    }

    async fn attempts(retrier: Retrier<Error>, make: impl Fn() -> Error + Send + Sync) -> (u32, Error) {
        let calls = AtomicU32::new(0);
        let result: Result<()> = retrier
            .run(|_| {
                calls.fetch_add(1, Ordering::Relaxed);
                let error = make();
                async move { Err(error) }
            })
            .await;
        (calls.load(Ordering::Relaxed), result.unwrap_err())
    }

    #[tokio::test(start_paused = true)]
    async fn advice_and_idempotency_decide() {
        for (advice, idempotent, expected) in [
            (Retry::Never, true, 1),
            (Retry::Safe, false, 3),
            (Retry::IfIdempotent, false, 1),
            (Retry::IfIdempotent, true, 3),
        ] {
            let retrier = Retrier::new(config()).with_idempotent(idempotent);
            let (calls, _) = attempts(retrier, || error(advice)).await;
            assert_eq!(calls, expected, "{advice:?} {idempotent}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn after_the_last_attempt_the_advice_is_never() {
        let (_, last) = attempts(Retrier::new(config()), || error(Retry::Safe)).await;
        assert_eq!((last.retry(), last.context("attempts")), (Retry::Never, Some("3")));
    }

    #[tokio::test(start_paused = true)]
    async fn giving_up_does_not_hide_that_the_outcome_is_unknown() {
        let (_, last) = attempts(Retrier::new(config()).with_idempotent(true), || error(Retry::IfIdempotent)).await;
        assert_eq!((last.retry(), last.outcome()), (Retry::Never, Outcome::Unknown));
        let (_, last) = attempts(Retrier::new(config()), || error(Retry::Safe)).await;
        assert_eq!((last.retry(), last.outcome()), (Retry::Never, Outcome::NotApplied));
    }

    #[tokio::test(start_paused = true)]
    async fn an_error_that_was_not_repeated_keeps_its_advice() {
        let (_, last) = attempts(Retrier::new(config()), || error(Retry::IfIdempotent)).await;
        assert_eq!(last.retry(), Retry::IfIdempotent, "a caller with a key may repeat it");
    }

    #[tokio::test(start_paused = true)]
    async fn the_server_says_how_long_to_wait() {
        let start = Instant::now();
        let _ = attempts(Retrier::new(config()), || error(Retry::Safe).with_retry_after(7 * SECOND)).await;
        assert_eq!(start.elapsed().as_secs(), 14);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_beyond_the_limit_is_not_begun() {
        let start = Instant::now();
        let retrier = Retrier::new(config()).with_limit(5 * SECOND);
        let (calls, last) = attempts(retrier, || error(Retry::Safe).with_retry_after(7 * SECOND)).await;
        assert_eq!((calls, last.retry(), start.elapsed()), (1, Retry::Never, Duration::ZERO));
        assert_eq!(last.retry_after(), Some(7 * SECOND), "the caller may want to wait");
    }

    #[tokio::test(start_paused = true)]
    async fn the_limit_ends_an_attempt_that_hangs() {
        let retrier: Retrier<Error> = Retrier::new(config()).with_limit(5 * SECOND);
        let calls = AtomicU32::new(0);
        let result: Result<()> = retrier
            .run(|_| {
                let first = calls.fetch_add(1, Ordering::Relaxed) == 0;
                async move {
                    if first {
                        return Err(error(Retry::Safe));
                    }
                    std::future::pending().await
                }
            })
            .await;
        let failure = result.unwrap_err();
        assert_eq!((failure.kind(), failure.outcome()), (ErrorKind::Timeout, Outcome::Unknown));
        assert!(std::error::Error::source(&failure).unwrap().to_string().contains("refused"));
    }
}
