//! Login with a password: the request for a token, the issued token and its end.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::future::BoxFuture;
use ipam_core::http::FreshToken;
use secrecy::{ExposeSecret, SecretString};

use crate::error::Error;
use crate::lenient::{Timestamp, model};
use crate::request::ApiRequest;
use crate::session::Login;
use crate::transport::{Reply, Transport};

model! {
    /// Token that the server issued.
    pub struct IssuedToken {
        /// Token, an opaque text of 100 to 200 characters.
        id: SecretString = "id";
        /// Latest time of expiry. The server can end a token earlier.
        expires: Timestamp = "expires";
        /// Tenant that the token is for.
        tenant: String = "tenant";
    }
}

/// User of one tenant, with password.
pub(super) struct PasswordLogin {
    pub(super) username: String,
    pub(super) password: SecretString,
    pub(super) tenant: String,
}

impl Login for PasswordLogin {
    fn login<'a>(&'a self, transport: &'a Transport) -> BoxFuture<'a, Result<FreshToken<Arc<SecretString>>, Error>> {
        Box::pin(async move {
            let request = token_request(&self.username, &self.password, &self.tenant);
            fresh_token(&transport.send(&request, None).await?)
        })
    }
}

// Not derived, so that the password is not even mentioned.
impl fmt::Debug for PasswordLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordLogin")
            .field("username", &self.username)
            .field("tenant", &self.tenant)
            .finish_non_exhaustive()
    }
}

/// Makes the request for a token.
pub(super) fn token_request(username: &str, password: &SecretString, tenant: &str) -> ApiRequest {
    // The password is exposed here only, to become a part of the body. `Debug` of the request hides it by its name.
    let body = serde_json::json!({"username": username, "password": password.expose_secret(), "tenant": tenant});
    ApiRequest::post("/identity/api/tokens", &[]).with_body(body).anonymously()
}

/// Ends a token. A token that has ended already is no error.
pub(super) async fn end_token(transport: &Transport, token: &SecretString) -> Result<(), Error> {
    let request = ApiRequest::delete("/identity/api/tokens/{token}", &[token.expose_secret()]);
    match transport.send(&request, Some(token)).await {
        // The token authenticates its own end. So a 401 means that it was not valid any more.
        Err(error) if !matches!(error.status(), Some(401 | 404)) => Err(error),
        _ => Ok(()),
    }
}

/// Reads the token from the response of a login.
fn fresh_token(reply: &Reply) -> Result<FreshToken<Arc<SecretString>>, Error> {
    // By the `Date` of the response: against a local clock that is wrong, a fresh token would seem expired, and every
    // call would log in.
    let now = reply.date.unwrap_or_else(SystemTime::now);
    let issued: IssuedToken = reply.json()?;
    let Some(id) = issued.id.as_ref().filter(|id| !id.expose_secret().is_empty()) else {
        return Err(reply.lacks("it has no token"));
    };
    let fresh = FreshToken::new(Arc::new(id.clone()));
    Ok(match remaining(&issued, now) {
        Some(lifetime) => fresh.with_lifetime(lifetime),
        // Used until the server rejects it: the default life is 24 h, but it can be configured.
        None => fresh,
    })
}

/// Returns the remaining lifetime of a token, by its own date and the server's clock. A date that cannot be read, or
/// that has passed on a server that has just issued the token, is ignored.
fn remaining(issued: &IssuedToken, now: SystemTime) -> Option<Duration> {
    let expires = issued.expires.as_ref()?.time().ok()?;
    expires.duration_since(now).ok().filter(|left| !left.is_zero())
}

#[cfg(test)]
mod tests;
