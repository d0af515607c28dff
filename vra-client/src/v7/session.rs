//! Who we are, and for how long the server believes it.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::future::BoxFuture;
use ipam_core::http::{FreshToken, ListLimits, LoginFailure, Rest, TokenCache, TokenPolicy};
use ipam_core::{ErrorKind, Retry};
use secrecy::SecretString;

use super::identity::{IssuedToken, token_request};
use crate::call::Backend;
use crate::error::Error;
use crate::lenient::SecretText;
use crate::request::ApiRequest;
use crate::transport::{Reply, Transport};

/// How to get a token.
#[derive(Clone)]
pub(crate) enum Credentials {
    /// Log in with a password.
    Password { username: String, password: SecretText, tenant: String },
    /// A token from elsewhere, which cannot be renewed.
    Token(SecretString),
    /// None: for the calls that need no token.
    Anonymous,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Password { username, tenant, .. } => {
                f.debug_struct("Password").field("username", username).field("tenant", tenant).finish_non_exhaustive()
            }
            Self::Token(_) => f.write_str("Token([redacted])"),
            Self::Anonymous => f.write_str("Anonymous"),
        }
    }
}

/// A transport with a token that is renewed.
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
            tokens.put(FreshToken::new(Arc::new(token.clone())));
        }
        Self { transport, credentials, tokens }
    }

    /// The token in use; logs in if there is none.
    pub(crate) async fn token(&self) -> Result<Arc<SecretString>, Error> {
        Ok(Arc::clone(self.tokens.get(|| self.login()).await?.value()))
    }

    /// The token in use, without logging in for one.
    pub(crate) async fn present_token(&self) -> Option<Arc<SecretString>> {
        let none = || async {
            let error = Error::invalid("token", "none", "a client that is logged in");
            Err(LoginFailure::new(error, Rest::No))
        };
        self.tokens.get(none).await.ok().map(|token| Arc::clone(token.value()))
    }

    pub(crate) fn tenant(&self) -> Option<&str> {
        match &self.credentials {
            Credentials::Password { tenant, .. } => Some(tenant),
            Credentials::Token(_) | Credentials::Anonymous => None,
        }
    }

    /// Forgets the token and earlier failures.
    pub(crate) fn forget(&self) {
        self.tokens.clear();
    }

    async fn login(&self) -> Result<FreshToken<Arc<SecretString>>, LoginFailure<Error>> {
        let Credentials::Password { username, password, tenant } = &self.credentials else {
            let error = Error::invalid("credentials", "none that can log in", "a user name with password and tenant");
            return Err(LoginFailure::new(error, Rest::No));
        };
        let request = token_request(username, password, tenant);
        let failure = |error: Error| {
            let rest = match &error {
                // Nothing was sent.
                Error::Transport { source, .. } if source.retry() == Retry::Safe => Rest::No,
                Error::Transport { source, .. } if source.kind() == ErrorKind::Untrusted => Rest::No,
                Error::Server(server) if matches!(server.status, 400 | 401 | 403) => Rest::Forever,
                Error::Server(server) => server.retry_after.map_or(Rest::Backoff, Rest::For),
                _ => Rest::Backoff,
            };
            LoginFailure::new(error, rest)
        };
        let reply = self.transport.send(&request, None).await.map_err(failure)?;
        fresh_token(&reply).map_err(failure)
    }
}

/// The token that a login brought.
fn fresh_token(reply: &Reply) -> Result<FreshToken<Arc<SecretString>>, Error> {
    let now = reply.date.unwrap_or_else(SystemTime::now);
    let issued: IssuedToken = reply.json()?;
    let Some(id) = issued.id.as_ref().filter(|id| !id.expose().is_empty()) else {
        return Err(reply.lacks("there is no token in it"));
    };
    let fresh = FreshToken::new(Arc::new(SecretString::from(id.expose().to_owned())));
    Ok(match remaining(&issued, now) {
        Some(lifetime) => fresh.with_lifetime(lifetime),
        // It is good until the server says otherwise.
        None => fresh,
    })
}

/// How long a token lasts by its own date and the server's clock. A date that cannot be read, or has passed on a server
/// that has just given the token out, says nothing.
fn remaining(issued: &IssuedToken, now: SystemTime) -> Option<Duration> {
    let expires = issued.expires.as_ref()?.time().ok()?;
    expires.duration_since(now).ok().filter(|left| !left.is_zero())
}

impl Backend for Session {
    fn list_limits(&self) -> ListLimits {
        self.transport.list_limits()
    }

    fn execute<'a>(&'a self, request: &'a ApiRequest) -> BoxFuture<'a, Result<Reply, Error>> {
        Box::pin(async move {
            request.validate()?;
            if request.is_anonymous() || matches!(self.credentials, Credentials::Anonymous) {
                return self.transport.send(request, None).await;
            }
            let token = self.tokens.get(|| self.login()).await?;
            let first = self.transport.send(request, Some(token.value())).await;
            // A token that came from elsewhere cannot be renewed: the server's refusal says more than ours would.
            if !rejected(&first) || matches!(self.credentials, Credentials::Token(_)) {
                return first;
            }
            self.tokens.reject(&token);
            let token = self.tokens.get(|| self.login()).await?;
            let second = self.transport.send(request, Some(token.value())).await;
            if rejected(&second) {
                self.tokens.reject(&token);
            }
            second
        })
    }
}

fn rejected(result: &Result<Reply, Error>) -> bool {
    matches!(result, Err(error) if error.is_unauthenticated())
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
