//! Key of tokens: from a file, or from the main server at start.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::Method;
use ipam_core::http::{HttpClient, HttpOptions, HttpRequest, TlsOptions};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use url::{Host, Url};

use super::{KeyError, TokenChecker, TokenError, User};
use crate::background::{Report, Stop};
use crate::config::{ConfigError, SecretFile, TokenSettings, read_text};

/// Path of the key on the main server.
const PATH: &str = "api/1/auth/key";
/// Largest response with a key.
const MOST: usize = 64 << 10;
/// Largest PEM file.
const MAX_PEM: u64 = 1 << 20;
/// Wait after the first failure; it doubles up to the longest one.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// Longest wait between two attempts.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// Time limit of one attempt.
const ATTEMPT: Duration = Duration::from_secs(10);

#[derive(Deserialize)]
struct Response {
    content: Option<Key>,
}

#[derive(Deserialize)]
struct Key {
    key: String,
    algorithm: String,
    format: Option<String>,
}

/// Checks of tokens, once their key is there.
///
/// ```
/// use lab_gateway::token::{TokenError, Tokens};
///
/// let tokens = Tokens::new();
/// assert_eq!(tokens.check("a.b.c", [10, 0, 0, 1].into()), Err(TokenError::NoKey));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Tokens(Arc<OnceLock<TokenChecker>>);

impl Tokens {
    /// Makes checks without a key yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the key, unless there is one.
    pub fn set(&self, checker: TokenChecker) {
        // The first one stays: the key is that of the start.
        let _ = self.0.set(checker);
    }

    /// Checks a token that came from this address.
    ///
    /// # Errors
    /// [`TokenError::NoKey`] if there is no key yet; otherwise [`TokenError`] with the first check that failed.
    pub fn check(&self, token: &str, peer: IpAddr) -> Result<User, TokenError> {
        self.0.get().ok_or(TokenError::NoKey)?.check(token, peer)
    }

    /// Fetches the key from the main server, again and again until it is there or the service stops. Failures are reported.
    pub async fn fetch(&self, settings: &TokenSettings, report: &Report, stop: &Stop) {
        let mut wait = FIRST_WAIT;
        loop {
            match stop.or(checker(settings)).await {
                None => return,
                Some(Ok(checker)) => {
                    self.set(checker);
                    report.up("the key is there");
                    return;
                }
                Some(Err(error)) => report.down(error.to_string()),
            }
            if stop.or(tokio::time::sleep(wait)).await.is_none() {
                return;
            }
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }
}

/// Gets the key once, and returns a remark.
pub(crate) async fn check(settings: &TokenSettings) -> Result<String, KeyError> {
    checker(settings).await?;
    Ok(if settings.key_url.is_some() { "the main server has a key" } else { "the key fits the algorithm" }.to_owned())
}

/// Returns the checks with the key of the settings.
pub(crate) async fn checker(settings: &TokenSettings) -> Result<TokenChecker, KeyError> {
    match (&settings.key_url, &settings.key_file) {
        (Some(url), _) => fetched(url, settings).await,
        (None, Some(path)) => {
            let algorithm = settings.algorithm.as_deref().unwrap_or_default();
            // A public key may be read by all; the secret of an HMAC may not.
            if algorithm.starts_with("HS") {
                let secret = SecretFile::new(path).read("token.key_file")?;
                return TokenChecker::new(algorithm, secret.expose_secret(), &settings.issuer);
            }
            let pem = read_text(path, MAX_PEM).map_err(|error| unreadable("token.key_file", path, &error))?;
            TokenChecker::new(algorithm, &pem, &settings.issuer)
        }
        (None, None) => Err(ConfigError::without_value("token.key_url", "no key is named", "set it").into()),
    }
}

async fn fetched(url: &str, settings: &TokenSettings) -> Result<TokenChecker, KeyError> {
    let mut options = HttpOptions::new().with_attempt_timeout(ATTEMPT).with_max_body(MOST);
    // A key that came over the network without TLS could be anyone's.
    options = options.with_allow_http(is_of_this_machine(url));
    if let Some(path) = &settings.ca_file {
        let pem = read_text(path, MAX_PEM).map_err(|error| unreadable("token.ca_file", path, &error))?;
        options = options.with_tls(TlsOptions::new().with_ca_pem(&pem)?);
    }
    let client = HttpClient::new(url, options)?;
    let response = client.send(HttpRequest::new(Method::GET, client.origin().url(PATH)?)).await?;
    let problem = |problem: String| KeyError::Response { path: PATH, problem };
    if !response.status.is_success() {
        return Err(problem(format!("its status is {}", response.status)));
    }
    let parsed: Response = serde_json::from_slice(&response.body).map_err(|error| problem(error.to_string()))?;
    let key = parsed.content.ok_or_else(|| problem("content is null".to_owned()))?;
    if key.format.as_deref().is_some_and(|format| !format.eq_ignore_ascii_case("pem")) {
        return Err(problem(format!("its format is {:?}, not pem", key.format.unwrap_or_default())));
    }
    if let Some(expected) = settings.algorithm.as_ref().filter(|expected| **expected != key.algorithm) {
        return Err(KeyError::Other { expected: expected.clone(), found: key.algorithm });
    }
    // An algorithm with one secret for both sides is refused by its name, before its key is looked at.
    if key.algorithm.starts_with("HS") {
        return Err(KeyError::Public(key.algorithm));
    }
    TokenChecker::new(&key.algorithm, &key.key, &settings.issuer)
}

fn is_of_this_machine(url: &str) -> bool {
    let url = Url::parse(url).ok();
    match url.as_ref().and_then(Url::host) {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

fn unreadable(key: &str, path: &std::path::Path, error: &std::io::Error) -> ConfigError {
    ConfigError::new(key, path.display(), format!("the file cannot be read: {error}"), "name a readable PEM file")
}
