//! One request, one attempt, one answer: the only caller of the HTTP library.

use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use url::Url;

use super::tls::{TlsFailure, find_failure};
use super::{HttpOptions, Origin, Redactor, runtime};
use crate::{Error, ErrorKind, Operation, Outcome, Result, Retry};

/// A request as a value: built and tested without a server.
#[derive(Clone)]
#[must_use]
pub struct HttpRequest {
    /// The method.
    pub method: Method,
    /// Where to; must be on the client's [`Origin`].
    pub url: Url,
    /// Headers besides those that the client adds (host, length, user agent, compression).
    pub headers: HeaderMap,
    /// The body, if any.
    pub body: Option<Vec<u8>>,
}

impl HttpRequest {
    /// A request without headers and body.
    pub fn new(method: Method, url: Url) -> Self {
        Self { method, url, headers: HeaderMap::new(), body: None }
    }

    /// Sets a header; an earlier value of that name is replaced.
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

/// An answer with its whole body.
#[derive(Clone)]
#[non_exhaustive]
pub struct HttpResponse {
    /// The status; an error status is an answer too.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, decompressed.
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

/// Sends requests to one server. A clone shares the connections.
#[derive(Clone)]
pub struct HttpClient {
    client: reqwest::Client,
    origin: Origin,
    options: HttpOptions,
}

impl HttpClient {
    /// A client of the server at `base`. Nothing is sent yet.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) or [`InvalidInput`](ErrorKind::InvalidInput) when the URL or the options cannot
    /// work; see [`Origin::new`].
    pub fn new(base: &str, options: HttpOptions) -> Result<Self> {
        let origin = Origin::new(base, options.allow_http())?;
        let client = options.build()?;
        Ok(Self { client, origin, options })
    }

    /// The server.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The options in use.
    #[must_use = "getting the options has no effect"]
    pub fn options(&self) -> &HttpOptions {
        &self.options
    }

    /// Sends a request once and reads the whole answer, both within the attempt timeout.
    ///
    /// # Errors
    /// Those of the [module](super#errors); the retry advice says whether the request can have had an effect.
    pub async fn send(&self, request: HttpRequest) -> Result<HttpResponse> {
        let limit = self.options.attempt_timeout();
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

    /// Sends a request once and returns as soon as the answer's head is there; the body is read piece by piece.
    /// The attempt timeout counts until the head, and then anew for every piece.
    ///
    /// # Errors
    /// Those of the [module](super#errors).
    pub async fn open(&self, request: HttpRequest) -> Result<HttpBody> {
        runtime::present()?;
        self.origin.check(&request.url)?;
        let limit = self.options.attempt_timeout();
        let mut outgoing = self.client.request(request.method, request.url).headers(request.headers);
        if let Some(body) = request.body {
            outgoing = outgoing.body(body);
        }
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

/// An answer whose body is read as it comes.
pub struct HttpBody {
    response: reqwest::Response,
    limit: Duration,
}

impl HttpBody {
    /// The status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.response.status()
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// The next piece of the body, or `None` at its end.
    ///
    /// # Errors
    /// [`Unavailable`](ErrorKind::Unavailable) when the connection breaks, [`Timeout`](ErrorKind::Timeout) when nothing
    /// comes for the attempt timeout.
    pub async fn chunk(&mut self) -> Result<Option<Vec<u8>>> {
        runtime::present()?;
        let next = async { self.response.chunk().await.map_err(failed) };
        Ok(within(self.limit, next).await?.map(|bytes| bytes.to_vec()))
    }

    /// The rest of the body, up to `limit` bytes.
    ///
    /// # Errors
    /// Those of [`chunk`](Self::chunk), and [`Protocol`](ErrorKind::Protocol) when there is more.
    pub async fn read(mut self, limit: usize) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            if body.len() + chunk.len() > limit {
                let message =
                    format!("the answer is longer than {limit} bytes; HttpOptions::with_max_body allows more");
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

async fn within<T>(limit: Duration, work: impl Future<Output = Result<T>> + Send) -> Result<T> {
    tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
        let message = format!("no answer within {limit:?}");
        Err(Error::new(ErrorKind::Timeout, Operation::Send, message).with_retry(Retry::IfIdempotent))
    })
}

/// What a failure of the HTTP library means.
fn failed(error: reqwest::Error) -> Error {
    let error = error.without_url();
    // Before the connection stands nothing of the request has left this host.
    let retry = if error.is_connect() { Retry::Safe } else { Retry::IfIdempotent };
    let new = |kind, message| Error::new(kind, Operation::Send, message);
    // An alert may come after the request: of TLS 1.3 also the one about the client's certificate.
    let outcome = if error.is_connect() { Outcome::NotApplied } else { Outcome::Unknown };
    // What the TLS library says is for its developers, so it is put into words here and not kept as the cause.
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
            return new(ErrorKind::Unauthenticated, "the server wants a client certificate, or does not accept ours")
                .with_outcome(outcome);
        }
        Some(TlsFailure::Handshake(message)) => return new(ErrorKind::Protocol, message).with_outcome(outcome),
        None => {}
    }
    let failure = if error.is_builder() {
        new(ErrorKind::InvalidInput, "the request cannot be sent as it is")
    } else if error.is_timeout() {
        new(ErrorKind::Timeout, "no connection in time").with_retry(retry)
    } else if error.is_connect() {
        new(ErrorKind::Unavailable, "cannot connect to the server").with_retry(retry)
    } else if error.is_decode() && is_about_content(&error) {
        new(ErrorKind::Protocol, "the answer's body cannot be decompressed").with_outcome(Outcome::Unknown)
    } else if is_not_http(&error) {
        new(ErrorKind::Protocol, "what came back is not HTTP: if the port is one of HTTPS, write https://")
            .with_outcome(Outcome::Unknown)
    } else {
        new(ErrorKind::Unavailable, "the connection broke").with_retry(retry)
    };
    failure.with_source(error)
}

/// Whether what came back could not be read as HTTP. The library underneath tells it in its words only.
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

/// A body that breaks off is reported as undecodable too; only damaged content will be damaged again.
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
