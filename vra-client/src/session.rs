//! Session of a client: credentials, token, one login in flight, and one retry after a rejected token.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use http::Method;
use ipam_core::http::{FreshToken, ListLimits, LoginFailure, LoginPause, TokenCache, TokenPolicy};
use ipam_core::{ErrorKind, Outcome, Retry, RetryAdvice};
use secrecy::SecretString;

use crate::call::Backend;
use crate::error::Error;
use crate::request::ApiRequest;
use crate::transport::{Reply, Transport};

/// Login of one version of the server.
// A trait, because later versions log in with other calls.
pub(crate) trait Login: fmt::Debug + Send + Sync {
    /// Logs in once. The session decides what a failure means for later logins.
    fn login<'a>(&'a self, transport: &'a Transport) -> BoxFuture<'a, Result<FreshToken<Arc<SecretString>>, Error>>;

    /// Forgets what earlier logins left, such as a token to log in with.
    fn forget(&self) {}
}

/// Credentials of a session.
pub(crate) enum Credentials {
    /// Login with a password; tokens are renewed.
    Login(Box<dyn Login>),
    /// Token of the caller, which cannot be renewed.
    Token(SecretString),
    /// No credentials; calls are sent without a token.
    Anonymous,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Login(login) => login.fmt(f),
            Self::Token(_) => f.write_str("Token([redacted])"),
            Self::Anonymous => f.write_str("Anonymous"),
        }
    }
}

/// Transport with a token that is renewed.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) transport: Transport,
    credentials: Credentials,
    tokens: TokenCache<Arc<SecretString>, Error>,
}

impl Session {
    pub(crate) fn new(transport: Transport, credentials: Credentials, policy: TokenPolicy) -> Self {
        let tokens = TokenCache::new(policy);
        if let Credentials::Token(token) = &credentials {
            // Without a lifetime: it is used until the server rejects it.
            tokens.put(FreshToken::new(Arc::new(token.clone())));
        }
        Self { transport, credentials, tokens }
    }

    /// Returns the token in use; logs in if there is none.
    pub(crate) async fn token(&self) -> Result<Arc<SecretString>, Error> {
        Ok(Arc::clone(self.tokens.get(|| self.login()).await?.value()))
    }

    /// Returns the token in use, without logging in for one.
    pub(crate) async fn present_token(&self) -> Option<Arc<SecretString>> {
        // The cache has no way to look without a login, so this login fails at once.
        let none = || async {
            let error = Error::invalid("token", "none", "a client that is logged in");
            Err(LoginFailure::new(error, LoginPause::None))
        };
        self.tokens.get(none).await.ok().map(|token| Arc::clone(token.value()))
    }

    /// Forgets the token and earlier failures.
    pub(crate) fn forget(&self) {
        if let Credentials::Login(login) = &self.credentials {
            login.forget();
        }
        self.tokens.clear();
    }

    async fn login(&self) -> Result<FreshToken<Arc<SecretString>>, LoginFailure<Error>> {
        let Credentials::Login(login) = &self.credentials else {
            let error = Error::invalid(
                "credentials",
                "none that can log in",
                "a user name with password, or a token to log in with",
            );
            return Err(LoginFailure::new(error, LoginPause::None));
        };
        // For the event only.
        let started = Instant::now();
        let result = login.login(&self.transport).await;
        event(result.as_ref().err(), started.elapsed());
        result.map_err(|error| {
            let pause = pause_after(&error);
            LoginFailure::new(error, pause)
        })
    }
}

/// Emits the event of a login that ended. No error of a login repeats a part of the response, so it may be logged.
#[cfg(feature = "tracing")]
fn event(failure: Option<&Error>, took: Duration) {
    let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    match failure {
        None => tracing::debug!(took_ms, "logged in"),
        Some(error) => tracing::warn!(took_ms, %error, "cannot log in"),
    }
}

#[cfg(not(feature = "tracing"))]
fn event(_: Option<&Error>, _: Duration) {}

/// Returns the pause of logins after one that failed: these servers lock accounts.
fn pause_after(error: &Error) -> LoginPause {
    match error {
        // Nothing was sent, so the server cannot have counted a failure.
        Error::Transport { source, .. } if source.retry() == Retry::Safe => LoginPause::None,
        // The handshake failed before the password was sent. A pause would only delay the caller who pins the
        // certificate.
        Error::Transport { source, .. } if source.kind() == ErrorKind::Untrusted => LoginPause::None,
        // A wrong user, password or tenant stays wrong; each further login would bring the account closer to its lock.
        // 400 is what the manual documents for input that fails validation.
        Error::Server(server) if matches!(server.status, 400 | 401 | 403) => LoginPause::Forever,
        Error::Server(server) => server.retry_after.map_or(LoginPause::Backoff, LoginPause::For),
        _ => LoginPause::Backoff,
    }
}

impl Backend for Session {
    fn list_limits(&self) -> ListLimits {
        self.transport.list_limits()
    }

    fn execute<'a>(&'a self, request: &'a ApiRequest) -> BoxFuture<'a, Result<Reply, Error>> {
        Box::pin(async move {
            request.validate()?;
            match &self.credentials {
                // First, so that the status of a server that starts can be read without a login.
                _ if request.is_anonymous() => self.transport.send(request, None).await,
                Credentials::Anonymous => self.transport.send(request, None).await,
                // It cannot be renewed, so a 401 is returned as it is: it says more than a failed login would.
                Credentials::Token(_) => {
                    let token = self.token().await?;
                    self.transport.send(request, Some(&token)).await
                }
                Credentials::Login(_) => {
                    // A rejected token starts the attempts anew, with a new error. That an attempt before it may have
                    // been carried out has to survive that, or a lost POST would count as not applied. Reads have no
                    // effect, so they are never in doubt.
                    let doubt = &AtomicBool::new(false);
                    let attempt = |token: ipam_core::http::Token<Arc<SecretString>>| async move {
                        let result = self.transport.send(request, Some(token.value())).await;
                        let lost = matches!(&result, Err(error) if error.outcome() == Outcome::Unknown);
                        doubt.fetch_or(lost && *request.method() != Method::GET, Ordering::Relaxed);
                        result
                    };
                    let result = self.tokens.call(|| self.login(), attempt, rejected).await;
                    if doubt.load(Ordering::Relaxed) { result.map_err(RetryAdvice::in_doubt) } else { result }
                }
            }
        })
    }
}

/// Returns true if the server rejected the token.
// 401 only, also with version 8, whose description has 403 for every call and 401 for none. What is published of real
// servers has 401 for an expired token and for one that is not valid, and the one captured 403 is a missing role. A
// user without a right would log in anew with each call that meets it, until the limit of logins stops all others. A
// token that names its end is replaced before that anyway.
fn rejected(result: &Result<Reply, Error>) -> bool {
    matches!(result, Err(error) if error.is_unauthenticated())
}
