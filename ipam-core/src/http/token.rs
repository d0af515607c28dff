//! One login for everybody, no more logins than the server puts up with.

use std::collections::VecDeque;
use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::BackoffConfig;

/// What a successful login brings.
#[derive(Clone)]
#[non_exhaustive]
pub struct FreshToken<T> {
    value: T,
    lifetime: Option<Duration>,
}

impl<T> FreshToken<T> {
    /// A token that is good until the server rejects it.
    pub fn new(value: T) -> Self {
        Self { value, lifetime: None }
    }

    /// Sets how long the token is good for, counted from now.
    #[must_use]
    pub fn with_lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = Some(lifetime);
        self
    }
}

impl<T> fmt::Debug for FreshToken<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FreshToken").field("lifetime", &self.lifetime).finish_non_exhaustive()
    }
}

/// A failed login, and how long to leave the server alone after it.
#[derive(Debug)]
#[non_exhaustive]
pub struct LoginFailure<E> {
    error: E,
    pause: LoginPause,
}

impl<E> LoginFailure<E> {
    /// A failed login.
    pub fn new(error: E, pause: LoginPause) -> Self {
        Self { error, pause }
    }
}

/// How long no login is tried after a failed one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoginPause {
    /// Not at all: the server has not seen the login (no connection), so it cannot count it against us.
    None,
    /// As the cache's backoff says, longer after each failure in a row.
    Backoff,
    /// This long, or [`TokenPolicy::with_max_pause`]: the server said so.
    For(Duration),
    /// For ever, until [`TokenCache::clear`] or [`TokenCache::retry_login`]: the credentials are wrong and will stay so.
    Forever,
}

/// Bounds of logging in.
#[derive(Debug, Clone)]
#[must_use]
pub struct TokenPolicy {
    min_ttl: Duration,
    backoff: BackoffConfig,
    max_logins: usize,
    window: Duration,
    max_pause: Duration,
}

impl TokenPolicy {
    /// A token is replaced 30 s before it expires; failures pause logins for 30 s to 5 min, 10 min where the server asks for more; two
    /// logins a minute.
    pub fn new() -> Self {
        Self {
            min_ttl: Duration::from_secs(30),
            backoff: BackoffConfig::new(Duration::from_secs(30), Duration::from_secs(300)),
            max_logins: 2,
            window: Duration::from_secs(60),
            max_pause: Duration::from_secs(600),
        }
    }

    /// Limits how long a server is believed that asks for a pause ([`LoginPause::For`]).
    pub fn with_max_pause(mut self, max: Duration) -> Self {
        self.max_pause = max;
        self
    }

    /// Replaces a token that has less than this left.
    pub fn with_min_ttl(mut self, min_ttl: Duration) -> Self {
        self.min_ttl = min_ttl;
        self
    }

    /// Sets the rests after failed logins. They are used without jitter: only this cache waits for them.
    pub fn with_backoff(mut self, backoff: BackoffConfig) -> Self {
        self.backoff = backoff;
        self
    }

    /// Allows at most `max` logins (at least one), good or bad, begun within `window`.
    pub fn with_max_logins(mut self, max: usize, window: Duration) -> Self {
        self.max_logins = max.max(1);
        self.window = window;
        self
    }
}

impl Default for TokenPolicy {
    fn default() -> Self {
        Self::new()
    }
}

/// A token from the cache, to use and, if the server rejects it, to give back to [`TokenCache::reject`].
#[derive(Clone)]
pub struct Token<T> {
    value: T,
    generation: u64,
}

impl<T> Token<T> {
    /// The token itself.
    pub fn value(&self) -> &T {
        &self.value
    }
}

impl<T> fmt::Debug for Token<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("generation", &self.generation).finish_non_exhaustive()
    }
}

/// Why there is no token.
///
/// Complete on purpose: a client's own error has a meaning for each, and the compiler holds it to that.
#[derive(Debug)]
pub enum TokenError<E> {
    /// The login failed. Everybody who waited for it gets the same error.
    Refused(Arc<E>),
    /// No login was tried, because an earlier one failed; `wait` is the pause left, `None` for ever.
    Paused {
        /// The error of the earlier login.
        error: Arc<E>,
        /// How long no login will be tried.
        wait: Option<Duration>,
    },
    /// No login was tried, because too many were begun of late: somebody else keeps replacing the token, or callers
    /// give up before the server answers.
    TooManyLogins {
        /// How long no login will be tried.
        wait: Duration,
    },
}

impl<E> Clone for TokenError<E> {
    fn clone(&self) -> Self {
        match self {
            Self::Refused(error) => Self::Refused(Arc::clone(error)),
            Self::Paused { error, wait } => Self::Paused { error: Arc::clone(error), wait: *wait },
            Self::TooManyLogins { wait } => Self::TooManyLogins { wait: *wait },
        }
    }
}

impl<E: fmt::Display> fmt::Display for TokenError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(error) => write!(f, "login failed: {error}"),
            Self::Paused { error, wait: Some(wait) } => {
                write!(f, "no login for {wait:?}, because one failed: {error}")
            }
            Self::Paused { error, wait: None } => write!(f, "no login any more, because one failed: {error}"),
            Self::TooManyLogins { wait } => write!(f, "no login for {wait:?}, because there were too many of late"),
        }
    }
}

impl<E: StdError + 'static> StdError for TokenError<E> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Refused(error) | Self::Paused { error, .. } => Some(error.as_ref()),
            Self::TooManyLogins { .. } => None,
        }
    }
}

/// Holds the token of one credential.
///
/// One login is in flight at a time; who needs a token meanwhile waits for that one, and gets its token or its error.
/// A login is never repeated because it failed; failures are followed by a pause ([`LoginPause`]), because servers lock out
/// who fails too often. The login runs inside the future of a caller: when that is dropped, the next one waiting logs
/// in, and the dropped login still counts in [`TokenPolicy::with_max_logins`]. No lock is held while a token is used.
pub struct TokenCache<T, E> {
    policy: TokenPolicy,
    /// Held by whoever logs in; an asynchronous lock, so that the next one gets it when the holder is dropped.
    gate: tokio::sync::Mutex<()>,
    state: Mutex<State<T, E>>,
}

struct State<T, E> {
    token: Option<Cached<T>>,
    generation: u64,
    /// Logins that ended, to tell those who waited at the gate whether one ended meanwhile.
    ended: u64,
    failure: Option<Failure<E>>,
    failures_in_a_row: u32,
    begun: VecDeque<Instant>,
}

struct Cached<T> {
    value: T,
    expires: Option<Instant>,
}

struct Failure<E> {
    error: Arc<E>,
    pause: Paused,
    /// Whether the server said how long.
    named: bool,
    at: Instant,
}

#[derive(Clone, Copy)]
enum Paused {
    Until(Instant),
    Forever,
}

impl<T: Clone + Send, E: Send + Sync> TokenCache<T, E> {
    /// An empty cache.
    #[must_use]
    pub fn new(policy: TokenPolicy) -> Self {
        let state =
            State { token: None, generation: 0, ended: 0, failure: None, failures_in_a_row: 0, begun: VecDeque::new() };
        Self { policy, gate: tokio::sync::Mutex::new(()), state: Mutex::new(state) }
    }

    /// The token; `login` is called if there is none that is good for a while yet.
    ///
    /// # Errors
    /// [`TokenError`]. A login that fails while the old token is still good is no error yet.
    pub async fn get<F, Fut>(&self, login: F) -> Result<Token<T>, TokenError<E>>
    where
        F: FnOnce() -> Fut + Send,
        Fut: Future<Output = Result<FreshToken<T>, LoginFailure<E>>> + Send,
    {
        let ended_before = {
            let state = self.state();
            if let Some(token) = state.usable(self.policy.min_ttl) {
                return Ok(token);
            }
            state.ended
        };
        let _gate = self.gate.lock().await;
        {
            let mut state = self.state();
            if let Some(token) = state.usable(self.policy.min_ttl) {
                return Ok(token);
            }
            if let Err(error) = state.may_login(ended_before, &self.policy) {
                return state.usable(Duration::ZERO).ok_or(error);
            }
            state.begun.push_back(Instant::now());
        }
        let outcome = login().await;
        let mut state = self.state();
        state.ended += 1;
        match outcome {
            Ok(fresh) => {
                state.generation += 1;
                state.failure = None;
                state.failures_in_a_row = 0;
                let expires = fresh.lifetime.and_then(|lifetime| Instant::now().checked_add(lifetime));
                state.token = Some(Cached { value: fresh.value.clone(), expires });
                Ok(Token { value: fresh.value, generation: state.generation })
            }
            Err(failure) => {
                let error = Arc::new(failure.error);
                let now = Instant::now();
                let pause = match failure.pause {
                    LoginPause::None => Paused::Until(now),
                    LoginPause::For(wait) => {
                        now.checked_add(wait.min(self.policy.max_pause)).map_or(Paused::Forever, Paused::Until)
                    }
                    LoginPause::Backoff => {
                        Paused::Until(now + self.policy.backoff.delay(state.failures_in_a_row, u64::MAX))
                    }
                    LoginPause::Forever => Paused::Forever,
                };
                if failure.pause == LoginPause::None {
                    state.begun.pop_back();
                } else {
                    state.failures_in_a_row = state.failures_in_a_row.saturating_add(1);
                }
                let named = matches!(failure.pause, LoginPause::For(_));
                state.failure = Some(Failure { error: Arc::clone(&error), pause, named, at: now });
                state.usable(Duration::ZERO).ok_or(TokenError::Refused(error))
            }
        }
    }

    /// Drops `token` after the server rejected it, unless a newer one has taken its place already.
    pub fn reject(&self, token: &Token<T>) {
        let mut state = self.state();
        if state.generation == token.generation {
            state.token = None;
        }
    }

    /// Puts in a token that was got elsewhere; later logins replace it.
    pub fn put(&self, fresh: FreshToken<T>) {
        let mut state = self.state();
        state.generation += 1;
        let expires = fresh.lifetime.and_then(|lifetime| Instant::now().checked_add(lifetime));
        state.token = Some(Cached { value: fresh.value, expires });
    }

    /// Forgets the token and earlier failures, for credentials that were changed. Logins begun of late still count.
    pub fn clear(&self) {
        let mut state = self.state();
        state.token = None;
        state.failure = None;
        state.failures_in_a_row = 0;
    }

    /// Lets the next call log in although an earlier login failed at least `age` ago, for callers who were asked to try
    /// again. A pause that the server named stands, and so does [`TokenPolicy::with_max_logins`].
    pub fn retry_login(&self, age: Duration) {
        let mut state = self.state();
        if state.failure.as_ref().is_some_and(|failure| !failure.named && failure.at.elapsed() >= age) {
            state.failure = None;
        }
    }

    /// Does `request` with the token. When the result counts as `rejected`, the token is dropped and the request done
    /// once more with another one, never a third time.
    ///
    /// # Errors
    /// Those of `request`, and of [`get`](Self::get).
    pub async fn call<R, CE, L, LFut, Q, QFut>(
        &self,
        login: L,
        mut request: Q,
        rejected: impl Fn(&Result<R, CE>) -> bool + Send,
    ) -> Result<R, CE>
    where
        R: Send,
        CE: From<TokenError<E>> + Send,
        L: Fn() -> LFut + Send + Sync,
        LFut: Future<Output = Result<FreshToken<T>, LoginFailure<E>>> + Send,
        Q: FnMut(Token<T>) -> QFut + Send,
        QFut: Future<Output = Result<R, CE>> + Send,
    {
        let token = self.get(&login).await?;
        let first = request(token.clone()).await;
        if !rejected(&first) {
            return first;
        }
        self.reject(&token);
        let token = self.get(&login).await?;
        let second = request(token.clone()).await;
        if rejected(&second) {
            self.reject(&token);
        }
        second
    }

    fn state(&self) -> MutexGuard<'_, State<T, E>> {
        // Every change leaves the state whole, so a panic elsewhere spoils nothing.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Clone, E> State<T, E> {
    fn usable(&self, min_ttl: Duration) -> Option<Token<T>> {
        let cached = self.token.as_ref()?;
        let good = cached.expires.is_none_or(|expires| expires.saturating_duration_since(Instant::now()) > min_ttl);
        good.then(|| Token { value: cached.value.clone(), generation: self.generation })
    }

    fn may_login(&mut self, ended_before: u64, policy: &TokenPolicy) -> Result<(), TokenError<E>> {
        let now = Instant::now();
        if let Some(failure) = &self.failure {
            let error = || Arc::clone(&failure.error);
            if self.ended > ended_before {
                return Err(TokenError::Refused(error()));
            }
            match failure.pause {
                Paused::Forever => return Err(TokenError::Paused { error: error(), wait: None }),
                Paused::Until(until) if until > now => {
                    return Err(TokenError::Paused { error: error(), wait: Some(until - now) });
                }
                Paused::Until(_) => {}
            }
        }
        while self.begun.front().is_some_and(|begun| now.duration_since(*begun) >= policy.window) {
            self.begun.pop_front();
        }
        match self.begun.front() {
            Some(oldest) if self.begun.len() >= policy.max_logins => {
                Err(TokenError::TooManyLogins { wait: policy.window.saturating_sub(now.duration_since(*oldest)) })
            }
            _ => Ok(()),
        }
    }
}

impl<T, E> fmt::Debug for TokenCache<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCache").field("policy", &self.policy).finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "token_tests.rs"]
mod tests;
