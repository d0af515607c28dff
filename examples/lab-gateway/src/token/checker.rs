//! Checks of one token.

use std::net::IpAddr;
use std::str::FromStr as _;

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use rustls_pki_types::SubjectPublicKeyInfoDer;
use rustls_pki_types::pem::PemObject as _;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::ring_provider::{install, problem, public_key, symmetric};
use super::{KeyError, TokenError};

/// Longest token.
const MOST: usize = 8 << 10;
/// Difference of clocks that is tolerated, in seconds.
const LEEWAY: u64 = 10;
/// Version of tokens.
const VERSION: u64 = 2;

/// User of a valid token.
///
/// ```
/// use lab_gateway::token::User;
///
/// let user = User::new("alice", "alice@lab.example");
/// assert_eq!(user.name, "alice");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct User {
    /// Name.
    pub name: String,
    /// Mail address.
    pub email: String,
}

impl User {
    /// Makes a user.
    pub fn new(name: impl Into<String>, email: impl Into<String>) -> Self {
        Self { name: name.into(), email: email.into() }
    }
}

/// Claims of a token, read one by one so that a refusal names the one that is wrong.
#[derive(Deserialize)]
struct Claims(Map<String, Value>);

impl Claims {
    fn text(&self, name: &str) -> Result<&str, TokenError> {
        let text = self.0.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        text.ok_or_else(|| TokenError::Claim(name.to_owned()))
    }

    fn number(&self, name: &str) -> Result<u64, TokenError> {
        self.0.get(name).and_then(Value::as_u64).ok_or_else(|| TokenError::Claim(name.to_owned()))
    }
}

/// Checks of tokens with one key.
///
/// ```
/// use lab_gateway::token::{TokenChecker, TokenError};
///
/// let pem = "-----BEGIN PUBLIC KEY-----\n\
///     MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n\
///     -----END PUBLIC KEY-----\n";
/// let checker = TokenChecker::new("EdDSA", pem, "main.lab.example")?;
/// assert_eq!(checker.check("no.token.atall", [10, 0, 0, 1].into()), Err(TokenError::Malformed));
/// # Ok::<(), lab_gateway::token::KeyError>(())
/// ```
#[derive(Clone)]
pub struct TokenChecker {
    algorithm: Algorithm,
    key: DecodingKey,
    validation: Validation,
}

impl TokenChecker {
    /// Makes checks with a public key in PEM, or with the secret of an HMAC algorithm.
    ///
    /// # Errors
    /// [`KeyError::Algorithm`] for an unknown algorithm, [`KeyError::Key`] if the key is not one of it, and
    /// [`KeyError::Short`] for a secret that is too short.
    pub fn new(algorithm: &str, key: &str, issuer: &str) -> Result<Self, KeyError> {
        install();
        let name = algorithm;
        let algorithm = Algorithm::from_str(name).map_err(|_| KeyError::Algorithm(name.to_owned()))?;
        let wrong = |problem: String| KeyError::Key { algorithm: name.to_owned(), problem };
        let key = if let Some(hmac) = symmetric(algorithm) {
            let least = hmac.digest_algorithm().output_len();
            if key.len() < least {
                return Err(KeyError::Short { least });
            }
            DecodingKey::from_secret(key.as_bytes()).map_err(|error| wrong(error.to_string()))?
        } else {
            let der = SubjectPublicKeyInfoDer::from_pem_slice(key.as_bytes())
                .map_err(|_| wrong("it has no PUBLIC KEY in PEM".to_owned()))?;
            match (problem(algorithm, &der), public_key(algorithm, &der)) {
                (None, Some(key)) => key,
                (problem, _) => return Err(wrong(problem.unwrap_or_default())),
            }
        };
        let mut validation = Validation::new(algorithm);
        validation.leeway = LEEWAY;
        validation.validate_nbf = true;
        // Tokens of version 2 name no audience that a gateway could compare.
        validation.validate_aud = false;
        validation.set_issuer(&[issuer]);
        validation.set_required_spec_claims(&["exp", "iss"]);
        Ok(Self { algorithm, key, validation })
    }

    /// Checks a token that came from this address.
    ///
    /// # Errors
    /// [`TokenError`] with the first check that failed.
    pub fn check(&self, token: &str, peer: IpAddr) -> Result<User, TokenError> {
        if token.len() > MOST {
            return Err(TokenError::Malformed);
        }
        let claims =
            decode::<Claims>(token, &self.key, &self.validation).map_err(|error| refusal(error.into_kind()))?;
        let claims = claims.claims;
        let version = claims.number("version")?;
        if version != VERSION {
            return Err(TokenError::Version { found: version });
        }
        let (peer, client) = (peer.to_canonical(), claims.text("client_ip")?);
        // Compared as addresses, because an IPv6 address has several texts.
        if client.parse::<IpAddr>().map(|address| address.to_canonical()) != Ok(peer) {
            return Err(TokenError::Client { token: client.to_owned(), peer });
        }
        Ok(User::new(claims.text("username")?, claims.text("email")?))
    }
}

impl std::fmt::Debug for TokenChecker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The key may be a secret.
        f.debug_struct("TokenChecker").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

fn refusal(kind: ErrorKind) -> TokenError {
    match kind {
        ErrorKind::ExpiredSignature => TokenError::Expired,
        ErrorKind::ImmatureSignature => TokenError::Early,
        ErrorKind::InvalidIssuer => TokenError::Issuer,
        ErrorKind::MissingRequiredClaim(claim) | ErrorKind::InvalidClaimFormat(claim) => TokenError::Claim(claim),
        ErrorKind::InvalidSignature | ErrorKind::InvalidAlgorithm | ErrorKind::UnsupportedAlgorithm => {
            TokenError::Forged
        }
        _ => TokenError::Malformed,
    }
}
