//! One attempt: from a request to its classified response. Beside `doctor`, whose requests may go to other paths, the only
//! caller of the HTTP client.

use base64::Engine as _;
use http::{HeaderName, HeaderValue, header};
use ipam_core::Operation;
use ipam_core::http::{HttpClient, HttpRequest};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};

use crate::envelope::{Received, Reply, classify};
use crate::error::{Error, Result};
use crate::request::ApiRequest;
use crate::rows::{self, Opened};
use crate::server_clock::ServerClock;

/// Content type of every request, also of those without a body.
// The format of the response follows the content type of the request (Q22), and PHP 8 behind FastCGI refuses requests
// without one with 415, up to 1.7 (Q23).
const JSON: HeaderValue = HeaderValue::from_static("application/json");

#[derive(Debug)]
pub(crate) struct Transport {
    http: HttpClient,
    /// Path prefix `api/{app}/`.
    prefix: String,
    token_header: HeaderName,
    stringify: bool,
    lenient: bool,
    clock: ServerClock,
}

/// Content of the credential headers of one attempt.
#[derive(Clone, Copy)]
pub(crate) enum Credential<'a> {
    None,
    Token(&'a SecretString),
    Basic {
        name: &'a str,
        password: &'a SecretString,
    },
    /// Key that encrypts the whole call; no header is sent.
    #[cfg(feature = "crypt")]
    Crypt(&'a SecretString),
}

impl Transport {
    pub(crate) fn new(http: HttpClient, app: &str, token_header: HeaderName, stringify: bool, lenient: bool) -> Self {
        let prefix = format!("api/{}/", utf8_percent_encode(app, NON_ALPHANUMERIC));
        Self { http, prefix, token_header, stringify, lenient, clock: ServerClock::default() }
    }

    pub(crate) fn http(&self) -> &HttpClient {
        &self.http
    }

    #[cfg(feature = "scan-agent")]
    pub(crate) fn site(&self) -> String {
        format!("{}{}", self.http.origin(), self.prefix)
    }

    #[cfg(feature = "provider")]
    pub(crate) fn clock(&self) -> &ServerClock {
        &self.clock
    }

    pub(crate) async fn attempt(&self, request: &ApiRequest, credential: Credential<'_>) -> Result<Reply> {
        let response = self.http.send(self.build(request, credential)?).await?;
        // Marks of the provider hold the server's time, which only this header tells with an offset (Q07).
        self.clock.note(&response.headers, std::time::SystemTime::now());
        let received = Received { status: response.status, headers: &response.headers, body: &response.body };
        classify(request, &received, self.lenient)
    }

    /// Sends a request for a streamed list.
    pub(crate) async fn open(&self, request: &ApiRequest, credential: Credential<'_>) -> Result<Opened> {
        let body = self.http.open(self.build(request, credential)?).await?;
        rows::open(request, body, self.http.options(), self.lenient).await
    }

    fn build(&self, request: &ApiRequest, credential: Credential<'_>) -> Result<HttpRequest> {
        let target = match credential {
            #[cfg(feature = "crypt")]
            Credential::Crypt(code) => {
                let sealed = crate::crypt::sealed(request, code)?;
                format!("{}?enc_request={}", self.prefix, utf8_percent_encode(&sealed, NON_ALPHANUMERIC))
            }
            _ => format!("{}{}", self.prefix, request.path_and_query()),
        };
        let url = self.http.origin().url(&target)?;
        let mut built = HttpRequest::new(request.method().clone(), url).with_header(header::CONTENT_TYPE, JSON);
        // Q02: understood from 1.7 on, ignored before.
        if self.stringify || request.wants_strings() {
            built = built.with_header(HeaderName::from_static("api-stringify-results"), HeaderValue::from_static("1"));
        }
        built = match credential {
            Credential::None => built,
            #[cfg(feature = "crypt")]
            Credential::Crypt(_) => return Ok(built),
            Credential::Token(token) => {
                built.with_header(self.token_header.clone(), secret_header(token.expose_secret())?)
            }
            Credential::Basic { name, password } => {
                let pair = SecretString::from(format!("{name}:{}", password.expose_secret()));
                let encoded = base64::engine::general_purpose::STANDARD.encode(pair.expose_secret());
                let value = SecretString::from(format!("Basic {encoded}"));
                built.with_header(header::AUTHORIZATION, secret_header(value.expose_secret())?)
            }
        };
        if let Some(body) = request.body() {
            built = built.with_body("application/json", body.to_string());
        }
        Ok(built)
    }
}

fn secret_header(value: &str) -> Result<HeaderValue> {
    let mut value = HeaderValue::from_str(value)
        .map_err(|_| Error::invalid(Operation::Login, "[not shown]", "it has characters that no header can carry"))?;
    // Keeps the token out of debug output, and of HPACK's table of headers.
    value.set_sensitive(true);
    Ok(value)
}
