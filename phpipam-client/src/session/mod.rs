//! Session of a client: one login in flight, one repetition after a rejected token, no login after a failed one.

mod login;

use std::fmt;
use std::future::Future;
use std::time::Duration;

use ipam_core::http::{TokenCache, TokenPolicy};
use secrecy::SecretString;

use crate::auth::{Auth, Mode};
use crate::envelope::Reply;
use crate::error::{Error, RefusalKind, Result};
use crate::request::ApiRequest;
use crate::rows::Opened;
use crate::transport::{Credential, Transport};

pub use login::Login;
use login::login;
pub(crate) use login::login_response;

pub(crate) struct Session {
    auth: Auth,
    tokens: TokenCache<SecretString, Error>,
}

impl Session {
    pub(crate) fn new(auth: Auth, policy: TokenPolicy) -> Self {
        Self { auth, tokens: TokenCache::new(policy) }
    }

    /// Sends a request with the client's credentials.
    pub(crate) async fn send(&self, transport: &Transport, request: &ApiRequest) -> Result<Reply> {
        self.authenticated(transport, |proof| async move { transport.attempt(request, proof.credential()).await }).await
    }

    /// Sends a request for a streamed list with the client's credentials.
    pub(crate) async fn open(&self, transport: &Transport, request: &ApiRequest) -> Result<Opened> {
        self.authenticated(transport, |proof| async move { transport.open(request, proof.credential()).await }).await
    }

    /// Runs `attempt` with a token. A rejected token is replaced once, also for writes: the server rejects it before it
    /// acts (Q51).
    async fn authenticated<R, F, Fut>(&self, transport: &Transport, attempt: F) -> Result<R>
    where
        R: Send,
        F: Fn(Proof) -> Fut + Send + Sync,
        Fut: Future<Output = Result<R>> + Send,
    {
        match &self.auth.0 {
            Mode::None => attempt(Proof::None).await,
            // An app code does not expire, so a rejection is final.
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
                    // Only 401 `Unauthorized`. "invalid permissions" is 401 too, but a new token would not change it
                    // (Q52).
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

    /// Logs in once more, for the contents of the response. Returns `None` if the credentials are not those of a user.
    #[cfg(feature = "scan-agent")]
    pub(crate) async fn login_once(&self, transport: &Transport) -> Result<Option<Login>> {
        match &self.auth.0 {
            Mode::User { name, password } => login_response(transport, name, password).await?.decode().map(Some),
            _ => Ok(None),
        }
    }

    /// Allows the next call to log in, if the last failure is a minute old.
    pub(crate) fn retry_login(&self) {
        // A minute between attempts is far below eleven failures in five minutes, after which the server blocks this
        // address and every valid token that comes from it (Q55).
        self.tokens.retry_login(Duration::from_secs(60));
    }

    /// Forgets the token and earlier failures.
    pub(crate) fn forget(&self) {
        self.tokens.clear();
    }
}

/// Credential of one attempt.
enum Proof {
    None,
    Token(SecretString),
    /// Key of encrypted requests.
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

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("auth", &self.auth).finish_non_exhaustive()
    }
}
