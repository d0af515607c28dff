//! Login at the server: from a password or a refresh token to an access token.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use futures_util::future::BoxFuture;
use ipam_core::ErrorKind;
use ipam_core::http::FreshToken;
use secrecy::{ExposeSecret, SecretString};

use super::{AccessToken, IssuedToken, jwt};
use crate::error::Error;
use crate::request::ApiRequest;
use crate::session::Login;
use crate::transport::{Reply, Transport};

/// Advice for a login that was refused. The server's own words are not shown, since they may repeat a token.
const WRONG_PASSWORD: &str = "the server refused the user, the password or the domain; check all three";
const WRONG_TOKEN: &str = "the server refused the refresh token: it has expired or belongs to another organization; make \
                           a new API token";
const NO_LOGIN: &str = "the server does not have this login; check its URL, and whether it is version 8, or VCF \
                        Automation with `with_organization` and the name of an organization that exists";
const NO_ACCESS: &str = "the server refused the token that it has just issued; check that the user has a role in the \
                         organization";

/// Credentials of a login.
#[derive(Clone)]
pub(in crate::v8) enum Form {
    /// Password; `direct` takes the token of the password login itself.
    Password { username: String, password: SecretString, domain: Option<String>, direct: bool },
    /// Refresh token of version 8, also called API token.
    RefreshToken(SecretString),
    /// Refresh token of an organization of VCF Automation 9.
    Organization { name: String, token: SecretString },
}

// Not derived, so that no secret is even mentioned.
impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Password { username, domain, direct, .. } => f
                .debug_struct("Password")
                .field("username", username)
                .field("domain", domain)
                .field("direct", direct)
                .finish_non_exhaustive(),
            Self::RefreshToken(_) => f.write_str("RefreshToken([redacted])"),
            Self::Organization { name, .. } => {
                f.debug_struct("Organization").field("name", name).finish_non_exhaustive()
            }
        }
    }
}

/// Login of a client, with the refresh token of its last login.
pub(in crate::v8) struct ServerLogin {
    form: Form,
    /// Refresh token that a password was exchanged for, or that took the place of the given one. A server keeps each
    /// one for 90 days, so that one is used as long as it works.
    held: Mutex<Option<SecretString>>,
}

impl ServerLogin {
    pub(in crate::v8) fn new(form: Form) -> Self {
        Self { form, held: Mutex::new(None) }
    }

    fn held(&self) -> Option<SecretString> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn hold(&self, token: Option<SecretString>) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = token;
    }

    /// Logs in with a password, or with the refresh token that it was exchanged for.
    async fn with_password(&self, transport: &Transport) -> Result<FreshToken<Arc<SecretString>>, Error> {
        if let Some(held) = self.held() {
            match exchange(transport, &held).await {
                // Expired, or ended by an administrator: the password gives a new one.
                Err(error) if is_refused(&error) => self.hold(None),
                other => return other,
            }
        }
        let Form::Password { username, password, domain, direct } = &self.form else {
            return Err(Error::invalid("credentials", "no password", "a login with a password"));
        };
        let request = password_request(username, password, domain.as_deref(), *direct);
        let reply = transport
            .send(&request, None)
            .await
            .map_err(|error| explained(error, WRONG_PASSWORD, ErrorKind::Unauthenticated))?;
        let issued: IssuedToken = reply.json()?;
        let given = |token: Option<SecretString>| token.filter(|token| !token.expose_secret().is_empty());
        // Whatever was asked for: a gateway may drop the parameter that decides between the two.
        match (given(issued.refresh_token), given(issued.csp_auth_token)) {
            (Some(refresh), _) => {
                // The password was accepted, so that the user is known and has no rights.
                let refused = |error| explained(error, NO_ACCESS, ErrorKind::PermissionDenied);
                let fresh = exchange(transport, &refresh).await.map_err(refused)?;
                // Only one that works is held.
                self.hold(Some(refresh));
                Ok(fresh)
            }
            (None, Some(token)) => Ok(fresh(token, None, &reply)),
            (None, None) => Err(reply.lacks("it has no token")),
        }
    }

    /// Logs in to an organization of VCF Automation 9.
    async fn with_organization(
        &self,
        transport: &Transport,
        name: &str,
        given: &SecretString,
    ) -> Result<FreshToken<Arc<SecretString>>, Error> {
        let token = self.held().unwrap_or_else(|| given.clone());
        let mut sent = transport.send(&organization_request(ORGANIZATION, name, &token), None).await;
        // The vendor's pages and published clients name both paths.
        if matches!(&sent, Err(error) if error.status() == Some(404)) {
            sent = transport.send(&organization_request(OTHER_ORGANIZATION, name, &token), None).await;
        }
        let reply = sent.map_err(|error| explained(error, WRONG_TOKEN, ErrorKind::Unauthenticated))?;
        let read: AccessToken = reply.json()?;
        // The token of an account of a service is replaced at each login; without this the next login would be refused.
        if let Some(next) = read.refresh_token.clone().filter(|token| !token.expose_secret().is_empty()) {
            self.hold(Some(next));
        }
        issued(read, &reply)
    }
}

impl Login for ServerLogin {
    fn login<'a>(&'a self, transport: &'a Transport) -> BoxFuture<'a, Result<FreshToken<Arc<SecretString>>, Error>> {
        Box::pin(async move {
            match &self.form {
                Form::Password { .. } => self.with_password(transport).await,
                // A refresh token of the caller: it cannot be renewed.
                Form::RefreshToken(token) => exchange(transport, token)
                    .await
                    .map_err(|error| explained(error, WRONG_TOKEN, ErrorKind::Unauthenticated)),
                Form::Organization { name, token } => self.with_organization(transport, name, token).await,
            }
        })
    }

    fn forget(&self) {
        // The token of an organization that was replaced cannot be used again, so its successor is kept.
        if matches!(self.form, Form::Password { .. }) {
            self.hold(None);
        }
    }
}

impl fmt::Debug for ServerLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerLogin").field("form", &self.form).finish_non_exhaustive()
    }
}

/// Makes the request for a token by password.
fn password_request(username: &str, password: &SecretString, domain: Option<&str>, direct: bool) -> ApiRequest {
    // The password is exposed here only, to become a part of the body. `Debug` of the request hides it by its name.
    let mut body = serde_json::json!({"username": username, "password": password.expose_secret()});
    if let Some(domain) = domain {
        body["domain"] = domain.into();
    }
    let request = ApiRequest::post("/csp/gateway/am/api/login", &[]).with_body(body).anonymously();
    // The flag decides which token the response has.
    if direct { request } else { request.with_query("access_token", "") }
}

/// Paths of the token of an organization.
const ORGANIZATION: &str = "/tm/oauth/tenant/{organization}/token";
const OTHER_ORGANIZATION: &str = "/oauth/tenant/{organization}/token";

/// Makes the request that exchanges a refresh token of an organization of VCF Automation 9.
fn organization_request(template: &'static str, organization: &str, token: &SecretString) -> ApiRequest {
    ApiRequest::post(template, &[organization])
        .with_form(&[("grant_type", "refresh_token"), ("refresh_token", token.expose_secret())])
        .anonymously()
}

/// Makes the request that ends an access token.
pub(in crate::v8) fn logout_request(token: &SecretString) -> ApiRequest {
    let body = serde_json::json!({"idToken": token.expose_secret()});
    ApiRequest::post("/csp/gateway/am/api/auth/logout", &[]).with_body(body)
}

/// Exchanges a refresh token for an access token.
async fn exchange(transport: &Transport, refresh: &SecretString) -> Result<FreshToken<Arc<SecretString>>, Error> {
    let body = serde_json::json!({"refreshToken": refresh.expose_secret()});
    let request = ApiRequest::post("/iaas/api/login", &[]).with_body(body).anonymously();
    access_token(&transport.send(&request, None).await?)
}

fn access_token(reply: &Reply) -> Result<FreshToken<Arc<SecretString>>, Error> {
    issued(reply.json()?, reply)
}

fn issued(read: AccessToken, reply: &Reply) -> Result<FreshToken<Arc<SecretString>>, Error> {
    let token = read.token.or(read.access_token).filter(|token| !token.expose_secret().is_empty());
    match token {
        Some(token) => Ok(fresh(token, read.expires_in, reply)),
        None => Err(reply.lacks("it has no token")),
    }
}

/// Makes a token with the lifetime that it has, as far as it or the response says.
fn fresh(token: SecretString, expires_in: Option<i64>, reply: &Reply) -> FreshToken<Arc<SecretString>> {
    // By the `Date` of the response: against a local clock that is wrong, a fresh token would seem expired, and every
    // call would log in.
    let now = reply.date.unwrap_or_else(SystemTime::now);
    let own = jwt::expiry(token.expose_secret()).and_then(|end| end.duration_since(now).ok());
    let stated = expires_in.and_then(|seconds| u64::try_from(seconds).ok()).map(Duration::from_secs);
    let lifetime = own.or(stated).filter(|left| !left.is_zero());
    let fresh = FreshToken::new(Arc::new(token));
    // Without a lifetime it is used until the server rejects it.
    lifetime.into_iter().fold(fresh, FreshToken::with_lifetime)
}

/// Returns true if the server refused the credentials, so that the same ones are refused again.
fn is_refused(error: &Error) -> bool {
    matches!(error, Error::Server(server) if matches!(server.status, 400 | 401 | 403))
}

/// Says what a refused login means, and what to do.
fn explained(error: Error, advice: &str, kind: ErrorKind) -> Error {
    match error {
        // The logins of the two products have nothing in common.
        Error::Server(server) if matches!(server.status, 404 | 405) => {
            Error::Server(Box::new(server.explained(NO_LOGIN, ErrorKind::Config)))
        }
        Error::Server(server) if matches!(server.status, 400 | 401 | 403) => {
            Error::Server(Box::new(server.explained(advice, kind)))
        }
        other => other,
    }
}

#[cfg(test)]
mod tests;
