//! Failures of tokens and of their key.

use std::net::IpAddr;

/// Refusal of a token.
///
/// ```
/// use lab_gateway::token::TokenError;
///
/// assert!(TokenError::Missing.to_string().contains("X-Auth"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// There is none.
    #[error("the header X-Auth is missing; send the token of the main server in it, once")]
    Missing,
    /// It is no JSON Web Token, or too long to be one.
    #[error("the header X-Auth has no token; send the token of the main server as it is")]
    Malformed,
    /// Its signature does not fit the key, or it names another algorithm.
    #[error("the token is not signed by the main server; get a new one")]
    Forged,
    /// It is not valid any more.
    #[error("the token has expired; get a new one")]
    Expired,
    /// It is not valid yet.
    #[error("the token is not valid yet; set the clock of this gateway")]
    Early,
    /// Another server issued it.
    #[error("the token is of another issuer; get one of the main server of this gateway")]
    Issuer,
    /// A claim is missing or has another type.
    #[error("the token lacks the claim {0}; get a new one")]
    Claim(String),
    /// It has another version.
    #[error("the token has the version {found}, and this gateway knows 2; get a token of version 2")]
    Version {
        /// Version of the token.
        found: u64,
    },
    /// It was given to another address.
    #[error(
        "the token is of the client {token}, and the request came from {peer}; get a token from there, without a proxy"
    )]
    Client {
        /// Address of the token.
        token: String,
        /// Address of the request.
        peer: IpAddr,
    },
    /// The key is not there yet.
    #[error("the key of tokens was not fetched from the main server yet; try again later")]
    NoKey,
}

/// Failure to get the key of tokens.
///
/// ```
/// use lab_gateway::token::{KeyError, TokenChecker};
///
/// let refused = TokenChecker::new("none", "", "main.lab.example").unwrap_err();
/// assert!(matches!(refused, KeyError::Algorithm(_)));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The algorithm is unknown.
    #[error(
        "token.algorithm is {0:?}, which is unknown; use RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA, HS256, \
         HS384 or HS512"
    )]
    Algorithm(String),
    /// The key is no public key of the algorithm.
    #[error("the key of tokens cannot be used for {algorithm}: {problem}; use the main server's public key, in PEM")]
    Key {
        /// Algorithm.
        algorithm: String,
        /// Problem.
        problem: String,
    },
    /// The secret of an HMAC algorithm is too short to be safe.
    #[error("the secret of tokens has less than {least} bytes; use a longer one")]
    Short {
        /// Least length.
        least: usize,
    },
    /// The main server named a symmetric algorithm: its key is no secret, so that anyone could sign.
    #[error(
        "the main server signs with {0}, whose key it tells to everyone; make it use a key pair, such as EdDSA or RS512"
    )]
    Public(String),
    /// The main server named another algorithm than the settings.
    #[error("the main server signs with {found}, and token.algorithm is {expected}; correct one of them")]
    Other {
        /// Algorithm of the settings.
        expected: String,
        /// Algorithm of the server.
        found: String,
    },
    /// The response of the main server cannot be understood.
    #[error("the main server's response at {path} has no key: {problem}; check token.key_url")]
    Response {
        /// Path.
        path: &'static str,
        /// Problem.
        problem: String,
    },
    /// A setting is wrong.
    #[error(transparent)]
    Config(#[from] crate::config::ConfigError),
    /// The main server cannot be asked.
    #[error("the main server cannot be asked for the key of tokens: {0}")]
    Server(#[from] ipam_core::Error),
}
