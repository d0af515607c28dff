//! How long we are who we are: one login in flight, one retry after a rejected token, no login after a failed one.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use http::Method;
use ipam_core::Retry;
use ipam_core::http::{FreshToken, LoginFailure, Rest, TokenCache, TokenPolicy};
use secrecy::SecretString;

use crate::auth::{Auth, Mode};
use crate::controllers::user::model::Login;
use crate::envelope::{Answer, Outcome};
use crate::error::{Error, RefusalKind, Result};
use crate::request::{Call, Path, Request};
use crate::rows::Opened;
use crate::transport::{Credential, Transport};

pub(crate) struct Session {
    auth: Auth,
    tokens: TokenCache<SecretString, Error>,
}

impl Session {
    pub(crate) fn new(auth: Auth, policy: TokenPolicy) -> Self {
        Self { auth, tokens: TokenCache::new(policy) }
    }

    /// Sends a request as who we are.
    pub(crate) async fn send(&self, transport: &Transport, request: &Request) -> Result<Outcome> {
        self.authenticated(transport, |proof| async move { transport.attempt(request, proof.credential()).await }).await
    }

    /// Sends a request for a list that is read as it comes.
    pub(crate) async fn open(&self, transport: &Transport, request: &Request) -> Result<Opened> {
        self.authenticated(transport, |proof| async move { transport.open(request, proof.credential()).await }).await
    }

    /// Does `attempt` with a token. One that is rejected is replaced once; the server rejects before it acts, so that
    /// is right for writes as well.
    async fn authenticated<R, F, Fut>(&self, transport: &Transport, attempt: F) -> Result<R>
    where
        R: Send,
        F: Fn(Proof) -> Fut + Send + Sync,
        Fut: Future<Output = Result<R>> + Send,
    {
        match &self.auth.0 {
            Mode::None => attempt(Proof::None).await,
            Mode::AppCode(code) => attempt(Proof::Token(code.clone())).await.map_err(|error| {
                error.when_unauthorized(
                    "the app code is wrong, or the app wants a user's login (its security is not \"SSL with App code token\")",
                )
            }),
            #[cfg(feature = "crypt")]
            Mode::Crypt(code) => attempt(Proof::Code(code.clone())).await,
            Mode::User { name, password } => self
                .tokens
                .call(
                    || login(transport, name, password),
                    |token| attempt(Proof::Token(token.value().clone())),
                    |result| matches!(result, Err(error) if error.refusal_kind() == Some(RefusalKind::Unauthorized)),
                )
                .await
                .map_err(|error| {
                    error.when_unauthorized(
                        "the server gave out this token and does not accept it: the app may want its app code instead of a \
                         user's login (auth=code)",
                    )
                }),
        }
    }

    /// Lets the next call log in although an earlier login failed a while ago.
    pub(crate) fn retry_login(&self) {
        self.tokens.retry_login(Duration::from_secs(60));
    }

    /// Forgets the token and earlier failures.
    pub(crate) fn forget(&self) {
        self.tokens.clear();
    }
}

/// What shows the server who we are.
enum Proof {
    None,
    Token(SecretString),
    /// The key of encrypted requests.
    #[cfg(feature = "crypt")]
    Code(SecretString),
}

impl Proof {
    fn credential(&self) -> Credential<'_> {
        match self {
            Self::None => Credential::None,
            Self::Token(token) => Credential::Token(token),
            #[cfg(feature = "crypt")]
            Self::Code(code) => Credential::Crypt(code),
        }
    }
}

/// Logs in. How long the token lives is not read from the answer: that is in a zone nobody knows, and slides.
async fn login(
    transport: &Transport,
    name: &str,
    password: &SecretString,
) -> Result<FreshToken<SecretString>, LoginFailure<Error>> {
    match token(transport, name, password).await {
        Ok(token) => Ok(FreshToken::new(token)),
        Err(error) => {
            let rest = rest_after(&error);
            let error = error.when_unauthorized(
                "the app takes no user's login: it may want its app code (auth=code), or the user may not use it",
            );
            Err(LoginFailure::new(error, rest))
        }
    }
}

async fn token(transport: &Transport, name: &str, password: &SecretString) -> Result<SecretString> {
    token_of(&login_answer(transport, name, password).await?)
}

fn token_of(answer: &Answer) -> Result<SecretString> {
    let login: Login = answer.decode()?;
    let token = login.token.map(|token| token.secret().clone());
    token.ok_or_else(|| answer.undecodable("data.token".to_owned(), "the server accepted the login and sent no token"))
}

/// How long to leave the server alone: it blocks a host for five minutes after eleven failures.
fn rest_after(error: &Error) -> Rest {
    match error {
        Error::Http(error) if error.retry() == Retry::Safe => Rest::No,
        Error::Refused(refusal) => match (refusal.kind, refusal.retry_after) {
            (RefusalKind::BadCredentials | RefusalKind::Invalid, _) => Rest::Forever,
            (RefusalKind::Busy, _) => Rest::No,
            (_, Some(wait)) => Rest::For(wait),
            _ => Rest::Backoff,
        },
        _ => Rest::Backoff,
    }
}

/// The login itself, once.
pub(crate) async fn login_answer(transport: &Transport, name: &str, password: &SecretString) -> Result<Answer> {
    let request = Request::new(Method::POST, Call::Login, Path::new("user"))?;
    transport.attempt(&request, Credential::Basic { name, password }).await?.answer(&request)
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("auth", &self.auth).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
