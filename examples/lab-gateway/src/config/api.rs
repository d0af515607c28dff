//! Settings of the API and of tokens.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde::Deserialize;

use super::{ConfigError, SecretFile};

/// Section `[api]`.
///
/// ```
/// use lab_gateway::config::ApiSettings;
///
/// let api = ApiSettings::default();
/// assert!(api.listen.ip().is_loopback() && api.certificate.is_none());
/// ```
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct ApiSettings {
    /// Address and port to listen on; `127.0.0.1:8080` by default. Without TLS it has to be a loopback address.
    pub listen: SocketAddr,
    /// PEM file of the certificate and its chain.
    pub certificate: Option<PathBuf>,
    /// PEM file of the certificate's private key.
    pub key_file: Option<SecretFile>,
    /// Largest body of a request, in bytes.
    pub max_body: usize,
    /// Most connections at once.
    pub connections: usize,
}

impl Default for ApiSettings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            certificate: None,
            key_file: None,
            max_body: 16 << 10,
            connections: 64,
        }
    }
}

impl ApiSettings {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        match (&self.certificate, &self.key_file) {
            (Some(_), Some(_)) => {}
            (None, None) if self.listen.ip().is_loopback() => {}
            (None, None) => {
                return Err(ConfigError::new(
                    "api.listen",
                    self.listen,
                    "other machines reach it, and without TLS they would send their tokens in clear",
                    "set api.certificate and api.key_file, or listen on 127.0.0.1",
                ));
            }
            (certificate, _) => {
                let missing = if certificate.is_some() { "api.key_file" } else { "api.certificate" };
                let remedy = "set both api.certificate and api.key_file, or neither";
                return Err(ConfigError::without_value(missing, "it is missing", remedy));
            }
        }
        bounds("api.max_body", self.max_body, 1 << 10, 1 << 20)?;
        bounds("api.connections", self.connections, 1, 4096)
    }
}

/// Section `[token]`: how tokens of users are checked.
///
/// ```
/// use lab_gateway::config::TokenSettings;
///
/// fn server(token: &TokenSettings) -> Option<&str> {
///     token.key_url.as_deref()
/// }
/// # let _ = server;
/// ```
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct TokenSettings {
    /// URL of the main server; its key and algorithm are at `/api/1/auth/key`. They are fetched at start.
    pub key_url: Option<String>,
    /// PEM file of certificates to trust when the key is fetched, in addition to those of the system.
    pub ca_file: Option<PathBuf>,
    /// File of the key, in place of `key_url`: a public key in PEM, or the secret of an HMAC algorithm.
    pub key_file: Option<PathBuf>,
    /// Algorithm. With `key_file` it is required; with `key_url` the server has to name the same one.
    pub algorithm: Option<String>,
    /// Issuer that tokens have to name.
    pub issuer: String,
    /// URL of the page where users get tokens, which a refusal links to.
    pub login_page: Option<String>,
}

impl TokenSettings {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let remedy = "set token.key_url, or token.key_file and token.algorithm";
        match (&self.key_url, &self.key_file, &self.algorithm) {
            (Some(_), Some(file), _) => {
                Err(ConfigError::new("token.key_file", file.display(), "token.key_url is set as well", remedy))
            }
            (None, None, _) => Err(ConfigError::without_value("token.key_url", "no key is named", remedy)),
            (None, Some(_), None) => Err(ConfigError::without_value("token.algorithm", "it is missing", remedy)),
            _ if self.issuer.is_empty() => {
                let remedy = "set the issuer that the main server writes into its tokens";
                Err(ConfigError::new("token.issuer", "", "it is empty", remedy))
            }
            _ => Ok(()),
        }
    }
}

/// Checks that a number is in its bounds.
pub(super) fn bounds<T: PartialOrd + std::fmt::Display>(
    key: &str,
    value: T,
    least: T,
    most: T,
) -> Result<(), ConfigError> {
    if value < least || value > most {
        let problem = format!("it has to be from {least} to {most}");
        return Err(ConfigError::new(key, value, problem, "choose a number in between"));
    }
    Ok(())
}
