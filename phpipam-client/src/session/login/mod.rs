//! Logging in: the request, the token it brings, and how long to leave the server alone after it failed.

use std::time::Instant;

use http::Method;
use ipam_core::Retry;
use ipam_core::http::{FreshToken, LoginFailure, LoginPause};
use secrecy::SecretString;

use crate::envelope::Success;
use crate::error::{Error, RefusalKind, Result};
use crate::request::{ApiRequest, Call, Path};
use crate::trace;
use crate::transport::{Credential, Transport};
use crate::wire::{Hidden, ServerTime, model};

model! {
    /// What a login, or a look at a token, returns.
    pub struct Login {
        /// The token; only a login returns it.
        token: Option<Hidden> = "token",
        /// When the token ends, on the server's clock. The zone is unknown: assume six hours from the login.
        expires: Option<ServerTime> = "expires",
    }
}

/// Logs in. How long the token lives is not read from the response: that is in an unknown zone, and slides.
pub(super) async fn login(
    transport: &Transport,
    name: &str,
    password: &SecretString,
) -> Result<FreshToken<SecretString>, LoginFailure<Error>> {
    let started = Instant::now();
    match token(transport, name, password).await {
        Ok(token) => {
            trace::login(None, started.elapsed());
            Ok(FreshToken::new(token))
        }
        Err(error) => {
            // No error of a login repeats a part of the response, so that it can stand in a log.
            trace::login(Some(&error), started.elapsed());
            let pause = pause_after(&error);
            let error = error.when_unauthorized(
                "the app takes no user's login: it may want its app code (auth=code), or the user may not use it",
            );
            Err(LoginFailure::new(error, pause))
        }
    }
}

async fn token(transport: &Transport, name: &str, password: &SecretString) -> Result<SecretString> {
    token_of(&login_response(transport, name, password).await?)
}

fn token_of(success: &Success) -> Result<SecretString> {
    let login: Login = success.decode()?;
    let token = login.token.map(|token| token.secret().clone());
    token.ok_or_else(|| success.undecodable("data.token".to_owned(), "the server accepted the login and sent no token"))
}

/// How long to leave the server alone: it blocks a host for five minutes after eleven failures.
fn pause_after(error: &Error) -> LoginPause {
    match error {
        Error::Http(error) if error.retry() == Retry::Safe => LoginPause::None,
        Error::Refused(refusal) => match (refusal.kind, refusal.retry_after) {
            (RefusalKind::BadCredentials | RefusalKind::Invalid, _) => LoginPause::Forever,
            (RefusalKind::Busy, _) => LoginPause::None,
            (_, Some(wait)) => LoginPause::For(wait),
            _ => LoginPause::Backoff,
        },
        _ => LoginPause::Backoff,
    }
}

/// The login itself, once.
pub(crate) async fn login_response(transport: &Transport, name: &str, password: &SecretString) -> Result<Success> {
    let request = ApiRequest::new(Method::POST, Call::Login, Path::new("user"))?;
    transport.attempt(&request, Credential::Basic { name, password }).await?.success(&request)
}

#[cfg(test)]
mod tests;
