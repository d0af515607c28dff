//! HTTP client of one server: one request, one attempt, one response. The only module that calls the HTTP library.

use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use url::Url;

use super::{HttpOptions, Origin, Redactor, runtime};
use crate::tls::{TlsFailure, find_failure};
use crate::{Error, ErrorKind, Operation, Outcome, Result, Retry};

/// HTTP request as a value, which can be built and tested without a server.
///
/// ```
/// use http::{HeaderValue, Method, header};
/// use ipam_core::http::{HttpRequest, Origin};
///
/// let origin = Origin::new("https://ipam.example", false)?;
/// let request = HttpRequest::new(Method::POST, origin.url("api/app/addresses/")?)
///     .with_header(header::AUTHORIZATION, HeaderValue::from_static("Bearer s3cret"))
///     .with_body("application/json", r#"{"subnetId":"8"}"#);
/// assert_eq!(request.headers[header::CONTENT_TYPE], "application/json");
/// assert!(!format!("{request:?}").contains("s3cret"));
/// # Ok::<(), ipam_core::Error>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct HttpRequest {
    /// Method.
    pub method: Method,
    /// URL, which must be on the [`Origin`] of the client.
    pub url: Url,
    /// Headers. The client adds those for host, length, user agent and compression.
    pub headers: HeaderMap,
    /// Body, if any.
    pub body: Option<Vec<u8>>,
}

impl HttpRequest {
    /// Returns a request without headers and body.
    pub fn new(method: Method, url: Url) -> Self {
        Self { method, url, headers: HeaderMap::new(), body: None }
    }

    /// Sets a header. It replaces earlier values of that name.
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Sets the body and its content type.
    pub fn with_body(mut self, content_type: &'static str, body: impl Into<Vec<u8>>) -> Self {
        self.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        self.body = Some(body.into());
        self
    }
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let redactor = Redactor::new();
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("url", &redactor.url(&self.url))
            .field("headers", &redactor.headers(&self.headers))
            .field("body_bytes", &self.body.as_ref().map(Vec::len))
            .finish()
    }
}

/// HTTP response with its whole body.
///
/// See the [module](super) for an example. `Debug` shows status, headers without secrets, and the length of the body.
#[derive(Clone)]
#[non_exhaustive]
pub struct HttpResponse {
    /// Status. An error status is a response, not an [`Error`].
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body, decompressed.
    pub body: Vec<u8>,
}

impl fmt::Debug for HttpResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpResponse")
            .field("status", &self.status)
            .field("headers", &Redactor::new().headers(&self.headers))
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

/// HTTP client of one server. A clone shares the connections.
///
/// It sends each request once. Wrap [`send`](Self::send) in a [`Retrier`](crate::Retrier) to repeat requests, and in
/// [`TokenCache::call`](super::TokenCache::call) to log in.
///
/// ```
/// use ipam_core::ErrorKind;
/// use ipam_core::http::{HttpClient, HttpOptions};
///
/// let client = HttpClient::new("https://ipam.example/phpipam", HttpOptions::new())?;
/// assert_eq!(client.origin().base().as_str(), "https://ipam.example/phpipam/");
///
/// let plain = HttpClient::new("http://ipam.example", HttpOptions::new()).unwrap_err();
/// assert_eq!(plain.kind(), ErrorKind::Config);
/// # Ok::<(), ipam_core::Error>(())
/// ```
#[derive(Clone)]
pub struct HttpClient {
    client: reqwest::Client,
    origin: Origin,
    options: HttpOptions,
}

impl HttpClient {
    /// Returns a client of the server at `base`. Nothing is sent yet.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) if the URL or an option is invalid; [`Config`](ErrorKind::Config) if the URL
    /// is `http://` and the options do not allow that, or if TLS cannot be set up from the options.
    pub fn new(base: &str, options: HttpOptions) -> Result<Self> {
        let origin = Origin::new(base, options.allow_http())?;
        let client = options.build()?;
        Ok(Self { client, origin, options })
    }

    /// Returns the server of the client.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Returns the options of the client.
    #[must_use = "getting the options has no effect"]
    pub fn options(&self) -> &HttpOptions {
        &self.options
    }

    /// Sends a request once and reads the whole response, both within the attempt timeout.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) if the URL is not on the [`Origin`] of the client; otherwise the
    /// [errors of sending](super#errors). The outcome of the error says whether the server may have applied the request.
    pub async fn send(&self, request: HttpRequest) -> Result<HttpResponse> {
        let limit = self.options.attempt_timeout();
        // For the error. Taken now, because sending consumes the request.
        let method = request.method.clone();
        let url = Redactor::new().url(&request.url);
        runtime::present()?;
        let attempt = async {
            let body = self.open(request).await?;
            let (status, headers) = (body.status(), body.headers().clone());
            let body = body.read(self.options.max_body()).await?;
            Ok(HttpResponse { status, headers, body })
        };
        within(limit, attempt).await.map_err(|error| error.with_context("request", format_args!("{method} {url}")))
    }

    /// Sends a request once and returns with the head of the response. The body is then read in pieces.
    ///
    /// The attempt timeout applies to the head, and then to each piece. There is no limit of the whole body; use a
    /// [`ListMeter`](super::ListMeter).
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) if the URL is not on the [`Origin`] of the client; otherwise the
    /// [errors of sending](super#errors).
    pub async fn open(&self, request: HttpRequest) -> Result<HttpBody> {
        runtime::present()?;
        // The fields of a request are public: the URL need not come from the origin.
        self.origin.check(&request.url)?;
        let limit = self.options.attempt_timeout();
        let mut outgoing = self.client.request(request.method, request.url).headers(request.headers);
        if let Some(body) = request.body {
            outgoing = outgoing.body(body);
        }
        // The limit of the library covers the whole body. Here it is one of the head, and `chunk` has its own.
        let sent = async { outgoing.send().await.map_err(failed) };
        let response = within(limit, sent).await?;
        Ok(HttpBody { response, limit })
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient")
            .field("origin", &self.origin)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// HTTP response whose body is read in pieces, for bodies that do not fit into memory.
///
/// ```
/// # #[cfg(not(feature = "testing"))]
/// # fn main() {}
/// # #[cfg(feature = "testing")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use ipam_core::http::{HttpClient, HttpOptions, HttpRequest};
/// # use ipam_core::testing::http::{Fault, Host, Request, Response, Site};
/// # struct Long;
/// # impl Site for Long {
/// #     type Fault = Fault;
/// #     async fn respond(&self, _: &Request, _: Option<&Fault>) -> Response { Response::json(200, "x".repeat(100_000)) }
/// #     fn failure(&self, status: u16, _: &str) -> Response { Response::empty(status) }
/// # }
/// # let server = Host::start(|_| Long).await?;
/// # let client = HttpClient::new(&server.url(), HttpOptions::new().with_allow_http(true))?;
/// # let request = HttpRequest::new(http::Method::GET, client.origin().url("addresses/")?);
/// let mut body = client.open(request).await?;
/// let mut length = 0;
/// while let Some(piece) = body.chunk().await? {
///     length += piece.len();
/// }
/// assert_eq!(length, 100_000);
/// # Ok(())
/// # }
/// ```
pub struct HttpBody {
    response: reqwest::Response,
    limit: Duration,
}

impl HttpBody {
    /// Returns the status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.response.status()
    }

    /// Returns the headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// Returns the next piece of the body, or `None` at its end.
    ///
    /// # Errors
    /// [`Unavailable`](ErrorKind::Unavailable) if the connection breaks, [`Timeout`](ErrorKind::Timeout) if the server
    /// sends nothing within the attempt timeout, [`Protocol`](ErrorKind::Protocol) if the body cannot be decompressed.
    pub async fn chunk(&mut self) -> Result<Option<Vec<u8>>> {
        runtime::present()?;
        // The limit starts anew with each piece: a large list may take longer than one attempt.
        let next = async { self.response.chunk().await.map_err(failed) };
        Ok(within(self.limit, next).await?.map(|bytes| bytes.to_vec()))
    }

    /// Reads the remaining body, of at most `limit` bytes.
    ///
    /// # Errors
    /// [`Protocol`](ErrorKind::Protocol) if the body is longer; otherwise as for [`chunk`](Self::chunk).
    pub async fn read(mut self, limit: usize) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            // Checked before the piece is stored. A length in the headers is not trusted: compression hides the real
            // one.
            if body.len() + chunk.len() > limit {
                let message =
                    format!("the response is longer than {limit} bytes; HttpOptions::with_max_body allows more");
                // The server responded, so it may have applied the request.
                return Err(Error::new(ErrorKind::Protocol, Operation::Send, message)
                    .with_outcome(Outcome::Unknown)
                    .with_context("status", self.response.status()));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

impl fmt::Debug for HttpBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpBody").field("status", &self.status()).finish_non_exhaustive()
    }
}

/// Awaits `work` for at most `limit`.
async fn within<T>(limit: Duration, work: impl Future<Output = Result<T>> + Send) -> Result<T> {
    tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
        let message = format!("no response within {limit:?}");
        Err(Error::new(ErrorKind::Timeout, Operation::Send, message).with_retry(Retry::IfIdempotent))
    })
}

/// Converts an error of the HTTP library.
fn failed(error: reqwest::Error) -> Error {
    // The query of the URL may have secrets. The context `request` has the redacted URL.
    let error = error.without_url();
    // Nothing of a request leaves this host before the connection is complete. Only then is repeating safe.
    let retry = if error.is_connect() { Retry::Safe } else { Retry::IfIdempotent };
    let new = |kind, message| Error::new(kind, Operation::Send, message);
    // A TLS alert may arrive after the request was sent. In TLS 1.3 that includes the one about the client certificate,
    // which the server checks after the client has finished its part of the handshake.
    let outcome = if error.is_connect() { Outcome::NotApplied } else { Outcome::Unknown };
    // The text of the TLS library is for its developers. The message here replaces it, and it is not kept as the cause.
    match find_failure(&error) {
        Some(TlsFailure::Untrusted { reason, chain }) => {
            return Error::new(
                ErrorKind::Untrusted,
                Operation::Send,
                format!("the server's certificate is not trusted: {reason}"),
            )
            .with_certificates(chain);
        }
        Some(TlsFailure::ClientRefused) => {
            return new(ErrorKind::Unauthenticated, "the server requires a client certificate, or refused the configured one; check TlsOptions::with_client_identity")
                .with_outcome(outcome);
        }
        Some(TlsFailure::Handshake(message)) => return new(ErrorKind::Protocol, message).with_outcome(outcome),
        None => {}
    }
    // The order matters: an error while connecting is a timeout too, and a decoding error may be a broken connection.
    let failure = if error.is_builder() {
        new(ErrorKind::InvalidInput, "the request is not valid HTTP")
    } else if error.is_timeout() {
        new(ErrorKind::Timeout, "no connection within the connect timeout").with_retry(retry)
    } else if error.is_connect() {
        new(ErrorKind::Unavailable, "cannot connect to the server").with_retry(retry)
    } else if error.is_decode() && is_about_content(&error) {
        new(ErrorKind::Protocol, "the body of the response cannot be decompressed").with_outcome(Outcome::Unknown)
    } else if is_not_http(&error) {
        new(ErrorKind::Protocol, "the response is not HTTP; if this is a port of HTTPS, write https:// in the URL")
            .with_outcome(Outcome::Unknown)
    } else {
        new(ErrorKind::Unavailable, "the connection broke").with_retry(retry)
    };
    failure.with_source(error)
}

/// Returns true if the response was not HTTP.
// The library has no public type for this error, only its text. `client_tests.rs` fails if the text changes.
fn is_not_http(error: &reqwest::Error) -> bool {
    let mut next = error.source();
    while let Some(error) = next {
        if error.to_string().starts_with("invalid HTTP") {
            return true;
        }
        next = error.source();
    }
    false
}

/// Returns true if the content of a body is damaged.
// The library reports a body that breaks off as undecodable too. That one may succeed when repeated; damaged content is
// damaged again.
fn is_about_content(error: &reqwest::Error) -> bool {
    let mut next = error.source();
    while let Some(error) = next {
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            return matches!(io.kind(), std::io::ErrorKind::InvalidData | std::io::ErrorKind::InvalidInput);
        }
        next = error.source();
    }
    false
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
