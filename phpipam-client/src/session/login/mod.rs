//! Login: the request, the token it returns, and the pause after a failure.

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
    /// Response to a login, or to a request for the token's expiry.
    pub struct Login {
        /// Token; only a login returns it.
        token: Option<Hidden> = "token",
        /// Expiry of the token, as local time of the server without its offset. The server extends it to six hours
        /// after each call.
        expires: Option<ServerTime> = "expires",
    }
}

/// Logs in. The lifetime of the token is not read from the response, because it is in an unknown time zone and is
/// extended by each call (Q07, Q54).
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
            // Safe to log: no error of a login repeats a part of the response.
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

/// Returns the pause after a failed login. The server blocks an address for five minutes after eleven failures (Q55).
fn pause_after(error: &Error) -> LoginPause {
    match error {
        Error::Http(error) if error.retry() == Retry::Safe => LoginPause::None,
        Error::Refused(refusal) => match (refusal.kind, refusal.retry_after) {
            // Waiting does not make them right, and each further attempt counts towards the block.
            (RefusalKind::BadCredentials | RefusalKind::Invalid, _) => LoginPause::Forever,
            // The server's lock covers logins too. None was checked, so none counts as failed.
            (RefusalKind::Busy, _) => LoginPause::None,
            (_, Some(wait)) => LoginPause::For(wait),
            _ => LoginPause::Backoff,
        },
        _ => LoginPause::Backoff,
    }
}

/// Sends the login once.
pub(crate) async fn login_response(transport: &Transport, name: &str, password: &SecretString) -> Result<Success> {
    let request = ApiRequest::new(Method::POST, Call::Login, Path::new("user"))?;
    transport.attempt(&request, Credential::Basic { name, password }).await?.into_success(&request)
}

#[cfg(test)]
mod tests;
