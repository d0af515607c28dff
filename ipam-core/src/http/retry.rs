//! Whether and when to send again.

use std::fmt;
use std::future::Future;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode, header};
use tokio::time::Instant;

use crate::{Error, ErrorKind, Result, Retry, RetryConfig};

/// What an error says about repeating the request.
pub trait RetryAdvice: Sized {
    /// The general advice.
    fn retry(&self) -> Retry;

    /// How long the server asks to wait.
    fn retry_after(&self) -> Option<Duration> {
        None
    }

    /// The same error after the last attempt: its advice is [`Retry::Never`], so that retries do not multiply.
    #[must_use]
    fn given_up(self, attempts: u32) -> Self;

    /// The error for an operation that ran out of time; `last` is the error of the attempt before, if one ended.
    fn out_of_time(limit: Duration, last: Option<Self>) -> Self;
}

impl RetryAdvice for Error {
    fn retry(&self) -> Retry {
        Self::retry(self)
    }

    fn retry_after(&self) -> Option<Duration> {
        Self::retry_after(self)
    }

    fn given_up(self, attempts: u32) -> Self {
        let error = self.with_retry(Retry::Never);
        if attempts > 1 { error.with_context("attempts", attempts) } else { error }
    }

    fn out_of_time(limit: Duration, last: Option<Self>) -> Self {
        let error = Self::new(ErrorKind::Timeout, "send", format!("the operation took longer than {limit:?}"));
        match last {
            Some(last) => error.with_source(last),
            None => error,
        }
    }
}

/// What a classifier thinks of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing; the opinion of those before stands.
    NoOpinion,
    /// Nothing was applied: repeat, whatever the request.
    Safe,
    /// Repeat what is idempotent.
    IfIdempotent,
    /// Do not repeat.
    Forbid,
}

/// Knows what errors of one kind of server mean for a repetition.
///
/// Classifiers are asked in order, the general ones first; the last one with an opinion wins, so a specific one may
/// allow what a general one did not, and forbid what it did. Closures are classifiers.
pub trait Classify<E>: Send + Sync {
    /// What this classifier thinks of `error`.
    fn classify(&self, error: &E) -> Verdict;
}

impl<E, F: Fn(&E) -> Verdict + Send + Sync> Classify<E> for F {
    fn classify(&self, error: &E) -> Verdict {
        self(error)
    }
}

/// Repeats an operation where its errors allow it, within the bounds of a [`RetryConfig`] and a time limit.
///
/// ```
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// use std::sync::atomic::{AtomicU32, Ordering};
/// use ipam_core::{Error, ErrorKind, Retry, RetryConfig};
/// use ipam_core::http::Retrier;
///
/// let calls = AtomicU32::new(0);
/// let answer = Retrier::new(RetryConfig::default())
///     .run(|_attempt| async {
///         if calls.fetch_add(1, Ordering::Relaxed) == 0 {
///             return Err(Error::new(ErrorKind::Unavailable, "get", "refused").with_retry(Retry::Safe));
///         }
///         Ok("here")
///     })
///     .await;
/// assert_eq!(answer.unwrap(), "here");
/// # }
/// ```
#[must_use]
pub struct Retrier<'a, E> {
    config: RetryConfig,
    idempotent: bool,
    limit: Option<Duration>,
    classifiers: Vec<&'a dyn Classify<E>>,
}

impl<'a, E: RetryAdvice + Send> Retrier<'a, E> {
    /// Repeats what is safe to repeat; the operation counts as not idempotent.
    pub fn new(config: RetryConfig) -> Self {
        Self { config, idempotent: false, limit: None, classifiers: Vec::new() }
    }

    /// Sets whether the operation may be repeated when its outcome is unknown.
    pub fn with_idempotent(mut self, idempotent: bool) -> Self {
        self.idempotent = idempotent;
        self
    }

    /// Ends the operation after `limit`, also in the middle of an attempt.
    pub fn with_limit(mut self, limit: Duration) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Adds a classifier; it is asked after those added before.
    pub fn with_classifier(mut self, classifier: &'a dyn Classify<E>) -> Self {
        self.classifiers.push(classifier);
        self
    }

    /// Runs `attempt` (its argument counts from 0) until it succeeds, must not be repeated, or the bounds are reached.
    ///
    /// # Errors
    /// The last attempt's, with [`RetryAdvice::given_up`] if it could have been repeated; or that of
    /// [`RetryAdvice::out_of_time`].
    pub async fn run<T, F, Fut>(&self, mut attempt: F) -> Result<T, E>
    where
        T: Send,
        F: FnMut(u32) -> Fut + Send,
        Fut: Future<Output = Result<T, E>> + Send,
    {
        let start = Instant::now();
        let deadline = self.limit.and_then(|limit| start.checked_add(limit));
        let mut last = None;
        let mut number = 0;
        loop {
            let result = match deadline {
                None => attempt(number).await,
                Some(deadline) => match tokio::time::timeout_at(deadline, attempt(number)).await {
                    Ok(result) => result,
                    Err(_) => return Err(E::out_of_time(self.limit.unwrap_or_default(), last)),
                },
            };
            let error = match result {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            if !self.may_repeat(&error) {
                return Err(error);
            }
            // Without randomness a crowd moves together, which is slower but not wrong.
            let random = getrandom::u64().unwrap_or(u64::MAX);
            let delay = self.config.next_delay(number, start.elapsed(), error.retry_after(), random);
            number += 1;
            let Some(delay) = delay else { return Err(error.given_up(number)) };
            if deadline.is_some_and(|deadline| Instant::now() + delay >= deadline) {
                return Err(error.given_up(number));
            }
            tokio::time::sleep(delay).await;
            last = Some(error);
        }
    }

    fn may_repeat(&self, error: &E) -> bool {
        let general = match error.retry() {
            Retry::Never => Verdict::Forbid,
            Retry::Safe => Verdict::Safe,
            Retry::IfIdempotent => Verdict::IfIdempotent,
        };
        let verdict = self.classifiers.iter().fold(general, |verdict, next| match next.classify(error) {
            Verdict::NoOpinion => verdict,
            opinion => opinion,
        });
        match verdict {
            Verdict::Safe => true,
            Verdict::IfIdempotent => self.idempotent,
            Verdict::NoOpinion | Verdict::Forbid => false,
        }
    }
}

impl<E> fmt::Debug for Retrier<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retrier")
            .field("config", &self.config)
            .field("idempotent", &self.idempotent)
            .field("limit", &self.limit)
            .field("classifiers", &self.classifiers.len())
            .finish()
    }
}

/// What a status says in general, for servers that use it as RFC 9110 and RFC 6585 mean it.
///
/// 429 was not applied; of 408, 502, 503 and 504 nobody knows; everything else will be answered the same again.
#[must_use]
pub fn status_advice(status: StatusCode) -> Retry {
    match status {
        StatusCode::TOO_MANY_REQUESTS => Retry::Safe,
        StatusCode::REQUEST_TIMEOUT
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => Retry::IfIdempotent,
        _ => Retry::Never,
    }
}

/// The wait that a `Retry-After` header asks for, in seconds or as a date (RFC 9110 §10.2.3); a date counts from `now`.
/// What cannot be read counts as absent, a date that has passed as no wait.
#[must_use]
pub fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(value).ok()?;
    Some(SystemTime::from(at).duration_since(now).unwrap_or_default())
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
        Error::new(ErrorKind::Unavailable, "get", "refused").with_retry(retry)
    }

    async fn attempts(retrier: Retrier<'_, Error>, make: impl Fn() -> Error + Send + Sync) -> (u32, Error) {
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
    async fn an_error_that_was_not_repeated_keeps_its_advice() {
        let (_, last) = attempts(Retrier::new(config()), || error(Retry::IfIdempotent)).await;
        assert_eq!(last.retry(), Retry::IfIdempotent, "a caller with a key may repeat it");
    }

    #[tokio::test(start_paused = true)]
    async fn the_specific_classifier_is_asked_last_and_may_forbid_or_allow() {
        let allow = |_: &Error| Verdict::Safe;
        let forbid = |_: &Error| Verdict::Forbid;
        let silent = |_: &Error| Verdict::NoOpinion;
        let retrier = Retrier::new(config()).with_classifier(&allow).with_classifier(&forbid).with_classifier(&silent);
        assert_eq!(attempts(retrier, || error(Retry::Safe)).await.0, 1);
        let retrier = Retrier::new(config()).with_classifier(&forbid).with_classifier(&allow);
        assert_eq!(attempts(retrier, || error(Retry::Never)).await.0, 3);
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
        let retrier: Retrier<'_, Error> = Retrier::new(config()).with_limit(5 * SECOND);
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
        assert_eq!(failure.kind(), ErrorKind::Timeout);
        assert!(std::error::Error::source(&failure).unwrap().to_string().contains("refused"));
    }

    #[test]
    fn retry_after_comes_in_seconds_or_as_a_date() {
        let now = SystemTime::UNIX_EPOCH + 784_111_777 * SECOND;
        let read = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::RETRY_AFTER, value.parse().unwrap());
            retry_after(&headers, now)
        };
        assert_eq!(read("120"), Some(120 * SECOND));
        assert_eq!(read("Sun, 06 Nov 1994 08:50:37 GMT"), Some(60 * SECOND));
        assert_eq!(read("Sun, 06 Nov 1994 08:00:00 GMT"), Some(Duration::ZERO));
        for unreadable in ["soon", "-1", "", "1.5"] {
            assert_eq!(read(unreadable), None, "{unreadable}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }

    #[test]
    fn only_statuses_of_congestion_are_worth_another_try() {
        assert_eq!(status_advice(StatusCode::TOO_MANY_REQUESTS), Retry::Safe);
        assert_eq!(status_advice(StatusCode::BAD_GATEWAY), Retry::IfIdempotent);
        assert_eq!(status_advice(StatusCode::INTERNAL_SERVER_ERROR), Retry::Never);
        assert_eq!(status_advice(StatusCode::NOT_FOUND), Retry::Never);
    }
}
