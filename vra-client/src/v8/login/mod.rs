//! Logins of version 8 and of VCF Automation 9.

mod jwt;
mod server_login;

use secrecy::SecretString;

use crate::lenient::model;

pub(super) use server_login::{Form, ServerLogin, logout_request};

model! {
    /// Response of the login with a password: a token to log in with, or one that is used at once.
    pub struct IssuedToken {
        /// Refresh token, which is exchanged for an access token. It lives for 90 days.
        refresh_token: SecretString = "refresh_token";
        /// Access token of the login without `?access_token`.
        csp_auth_token: SecretString = "cspAuthToken";
    }
}

model! {
    /// Access token, from a refresh token.
    pub struct AccessToken {
        /// Token of the IaaS service, a JWT.
        token: SecretString = "token";
        /// Token of VCF Automation 9, a JWT.
        access_token: SecretString = "access_token";
        /// `Bearer`.
        token_type: String = "tokenType" | "token_type";
        /// Refresh token for the next login, which takes the place of the one that was used; accounts of services only.
        refresh_token: SecretString = "refresh_token";
        /// Lifetime in seconds; VCF Automation 9.
        expires_in: i64 = "expires_in";
    }
}
