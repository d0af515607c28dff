//! Cache for the token of one credential: one login at a time, and no more logins than the server allows.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::{FreshToken, LoginFailure, LoginPause, Token, TokenError, TokenPolicy};

/// Cache for the token of one credential.
///
/// - **A token is there**: [`get`](Self::get) returns it. It is replaced shortly before it expires
///   ([`TokenPolicy::with_min_ttl`]), or after the server has rejected it ([`reject`](Self::reject)).
/// - **No token**: the first caller logs in. Callers that come meanwhile wait, and get the same token or the same error.
/// - **A login fails**: the caller and the waiting ones get [`TokenError::Refused`]. A [pause](LoginPause) follows, because
///   servers lock accounts after repeated failures. Calls in the pause fail with [`TokenError::Paused`]. A failed login is
///   never repeated within a call. If the old token has not expired yet, it is returned instead of an error.
/// - **Too many logins**: at the limit of [`TokenPolicy::with_max_logins`], calls fail with [`TokenError::TooManyLogins`].
/// - **A caller drops its call during the login**: the next waiting caller logs in. The dropped login still counts.
///
/// No lock is held while a token is used. Share a cache in an [`Arc`], one for each credential.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use std::time::Duration;
/// use ipam_core::http::{FreshToken, LoginFailure, LoginPause, TokenCache, TokenError, TokenPolicy};
///
/// let policy = TokenPolicy::new().with_max_logins(5, Duration::from_secs(60));
/// let cache: TokenCache<u32, &str> = TokenCache::new(policy);
/// let token = cache.get(|| async { Ok(FreshToken::new(1)) }).await.unwrap();
/// assert_eq!(*token.value(), 1);
///
/// // The server rejects the token, and then the password.
/// cache.reject(&token);
/// let wrong_password = || async { Err(LoginFailure::new("wrong password", LoginPause::Forever)) };
/// assert!(matches!(cache.get(wrong_password).await, Err(TokenError::Refused(_))));
/// assert!(matches!(cache.get(wrong_password).await, Err(TokenError::Paused { wait: None, .. })));
///
/// // The operator corrects the password.
/// cache.clear();
/// assert_eq!(*cache.get(|| async { Ok(FreshToken::new(2)) }).await.unwrap().value(), 2);
/// # }
/// ```
pub struct TokenCache<T, E> {
    policy: TokenPolicy,
    /// Lock of the caller that logs in. It is asynchronous: dropping its holder passes it to the next waiting caller.
    gate: tokio::sync::Mutex<()>,
    state: Mutex<State<T, E>>,
}

struct State<T, E> {
    token: Option<Cached<T>>,
    /// Number of tokens so far. It tells a rejected token from its successor.
    generation: u64,
    /// Number of logins that ended. It tells a caller that waited at the gate whether a login ended meanwhile.
    ended: u64,
    failure: Option<Failure<E>>,
    failures_in_a_row: u32,
    /// Start times of the logins in the window of [`TokenPolicy::with_max_logins`].
    begun: VecDeque<Instant>,
}

struct Cached<T> {
    value: T,
    expires: Option<Instant>,
}

struct Failure<E> {
    error: Arc<E>,
    pause: Paused,
    /// True if the server asked for this pause.
    from_server: bool,
    at: Instant,
}

#[derive(Clone, Copy)]
enum Paused {
    Until(Instant),
    Forever,
}

impl<T: Clone + Send, E: Send + Sync> TokenCache<T, E> {
    /// Returns an empty cache.
    #[must_use]
    pub fn new(policy: TokenPolicy) -> Self {
        let state =
            State { token: None, generation: 0, ended: 0, failure: None, failures_in_a_row: 0, begun: VecDeque::new() };
        Self { policy, gate: tokio::sync::Mutex::new(()), state: Mutex::new(state) }
    }

    /// Returns the token. Calls `login` if there is none, or if it expires within [`TokenPolicy::with_min_ttl`].
    ///
    /// `login` runs inside the future of this call, at most once.
    ///
    /// # Errors
    /// [`TokenError::Refused`] if the login fails, [`TokenError::Paused`] in the pause after a failed login,
    /// [`TokenError::TooManyLogins`] at the limit of the policy. If the old token has not expired yet, it is returned
    /// instead of an error.
    pub async fn get<F, Fut>(&self, login: F) -> Result<Token<T>, TokenError<E>>
    where
        F: FnOnce() -> Fut + Send,
        Fut: Future<Output = Result<FreshToken<T>, LoginFailure<E>>> + Send,
    {
        // Read before waiting at the gate: only a login that ends after this concerns the caller.
        let ended_before = {
            let state = self.state();
            if let Some(token) = state.usable(self.policy.min_ttl) {
                return Ok(token);
            }
            state.ended
        };
        let _gate = self.gate.lock().await;
        // Looked up again: the caller that held the gate may have brought a token, or an error, meanwhile.
        {
            let mut state = self.state();
            if let Some(token) = state.usable(self.policy.min_ttl) {
                return Ok(token);
            }
            if let Err(error) = state.may_login(ended_before, &self.policy) {
                // The token is about to expire, but not yet: it still works.
                return state.usable(Duration::ZERO).ok_or(error);
            }
            // Counted before the login starts. A caller that drops its future must not make the login free, or a caller
            // with a short timeout in a loop would send one login after another.
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
                    // The failure is kept, for the callers that wait at the gate, and pauses no later call.
                    LoginPause::None => Paused::Until(now),
                    LoginPause::For(wait) => {
                        now.checked_add(wait.min(self.policy.max_pause)).map_or(Paused::Forever, Paused::Until)
                    }
                    LoginPause::Backoff => {
                        // `u64::MAX` is the upper end of the jitter: the full delay.
                        Paused::Until(now + self.policy.backoff.delay(state.failures_in_a_row, u64::MAX))
                    }
                    LoginPause::Forever => Paused::Forever,
                };
                if failure.pause == LoginPause::None {
                    // The newest entry is this login: the gate is still held.
                    state.begun.pop_back();
                } else {
                    state.failures_in_a_row = state.failures_in_a_row.saturating_add(1);
                }
                let from_server = matches!(failure.pause, LoginPause::For(_));
                state.failure = Some(Failure { error: Arc::clone(&error), pause, from_server, at: now });
                state.usable(Duration::ZERO).ok_or(TokenError::Refused(error))
            }
        }
    }

    /// Removes `token` after the server has rejected it, unless a newer token has replaced it already.
    pub fn reject(&self, token: &Token<T>) {
        let mut state = self.state();
        // Of many requests that fail with one token, the last may report it after the next login. That must not cost
        // another login.
        if state.generation == token.generation {
            state.token = None;
        }
    }

    /// Stores a token from elsewhere, such as from a file. Later logins replace it.
    pub fn put(&self, fresh: FreshToken<T>) {
        let mut state = self.state();
        state.generation += 1;
        let expires = fresh.lifetime.and_then(|lifetime| Instant::now().checked_add(lifetime));
        state.token = Some(Cached { value: fresh.value, expires });
    }

    /// Removes the token and ends every pause. Use it after the credentials have changed.
    ///
    /// The logins so far still count in [`TokenPolicy::with_max_logins`].
    pub fn clear(&self) {
        let mut state = self.state();
        state.token = None;
        state.failure = None;
        state.failures_in_a_row = 0;
    }

    /// Ends the pause of a login that failed at least `age` ago, so that the next call logs in.
    ///
    /// For a request of the user to try again, such as a health check. A pause that the server asked for
    /// ([`LoginPause::For`]) does not end, and [`TokenPolicy::with_max_logins`] still applies.
    pub fn retry_login(&self, age: Duration) {
        let mut state = self.state();
        if state.failure.as_ref().is_some_and(|failure| !failure.from_server && failure.at.elapsed() >= age) {
            state.failure = None;
        }
    }

    /// Sends a request with the token, and once more with a new token if the server rejects the first.
    ///
    /// `login` returns a new token, `request` sends the request with a token, and `rejected` tells from the result whether
    /// the server rejected the token. There is no third attempt: a server that rejects a new token has another problem.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), ipam_core::http::TokenError<String>> {
    /// use ipam_core::http::{FreshToken, TokenCache, TokenError, TokenPolicy};
    ///
    /// let cache: TokenCache<&str, String> = TokenCache::new(TokenPolicy::new());
    /// cache.put(FreshToken::new("expired"));
    /// let status = cache
    ///     .call(
    ///         || async { Ok(FreshToken::new("valid")) },
    ///         |token| async move { Ok(if *token.value() == "valid" { 200 } else { 401 }) },
    ///         |result: &Result<u16, TokenError<String>>| matches!(result, Ok(401)),
    ///     )
    ///     .await?;
    /// assert_eq!(status, 200);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// The error of `request`; or the error of [`get`](Self::get), converted, if there is no token.
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
        // The second result is final. A rejected token is removed all the same, so that the next call logs in instead
        // of sending it again.
        let second = request(token.clone()).await;
        if rejected(&second) {
            self.reject(&token);
        }
        second
    }

    fn state(&self) -> MutexGuard<'_, State<T, E>> {
        // Each assignment leaves the state valid on its own, so it can be used after a panic of another thread.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Clone, E> State<T, E> {
    /// Returns the token if its remaining lifetime is above `min_ttl`.
    fn usable(&self, min_ttl: Duration) -> Option<Token<T>> {
        let cached = self.token.as_ref()?;
        let good = cached.expires.is_none_or(|expires| expires.saturating_duration_since(Instant::now()) > min_ttl);
        good.then(|| Token { value: cached.value.clone(), generation: self.generation })
    }

    /// Refuses a login in a pause, at the limit of logins, or if the login that the caller waited for has failed.
    fn may_login(&mut self, ended_before: u64, policy: &TokenPolicy) -> Result<(), TokenError<E>> {
        let now = Instant::now();
        if let Some(failure) = &self.failure {
            let error = || Arc::clone(&failure.error);
            // A login failed while this caller waited. Its error is shared, whatever the pause: with `LoginPause::None`
            // fifty waiting callers would otherwise send fifty logins, one after another.
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
        // Logins are in the order of their start, so the ones to forget are at the front.
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
