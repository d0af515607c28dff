//! Transport: sends requests, repeats them, and turns a status into a result. Only this module calls the HTTP client.

use std::time::SystemTime;

use http::{HeaderValue, Method, header};
use ipam_core::http::{HttpClient, HttpRequest, HttpResponse, ListLimits, Origin, retry_after};
use ipam_core::{ErrorKind, Operation, Retrier, RetryConfig};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use url::Url;

use crate::error::{Error, ServerError, decode, lacking, withheld};
use crate::request::ApiRequest;

/// Sender of requests to one server.
#[derive(Debug, Clone)]
pub(crate) struct Transport {
    http: HttpClient,
    retry: RetryConfig,
}

/// Successful response.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) operation: String,
    pub(crate) status: u16,
    /// `Location`, as path and query below the configured origin.
    pub(crate) location: Option<String>,
    pub(crate) content_type: Option<String>,
    /// Time of the server when it responded.
    pub(crate) date: Option<SystemTime>,
    pub(crate) body: Vec<u8>,
    /// Number of bytes of an upload that the server has.
    #[cfg_attr(not(feature = "v8"), allow(dead_code, reason = "only version 8 uploads in parts"))]
    pub(crate) upload_offset: Option<u64>,
    /// True if the body may hold a token, so that no error may repeat a part of it.
    pub(crate) secret: bool,
}

impl Reply {
    /// Returns true if there is no body, or a blank one.
    pub(crate) fn is_empty(&self) -> bool {
        self.body.iter().all(u8::is_ascii_whitespace)
    }

    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        // A byte order mark is not JSON, but some gateways write one.
        let body = self.body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.body);
        let read = decode(&self.operation, self.status, body);
        if self.secret { read.map_err(|_| withheld(&self.operation, self.status, body)) } else { read }
    }

    /// Makes the error for a success that lacks a required part.
    pub(crate) fn lacks(&self, message: &str) -> Error {
        if self.secret {
            return withheld(&self.operation, self.status, &self.body);
        }
        lacking(&self.operation, self.status, &self.body, message)
    }
}

impl Transport {
    pub(crate) fn new(http: HttpClient, retry: RetryConfig) -> Self {
        Self { http, retry }
    }

    pub(crate) fn origin(&self) -> &Origin {
        self.http.origin()
    }

    pub(crate) fn list_limits(&self) -> ListLimits {
        self.http.options().list_limits()
    }

    /// Sends a request and repeats it where that is safe. `bearer` is the token.
    pub(crate) async fn send(&self, request: &ApiRequest, bearer: Option<&SecretString>) -> Result<Reply, Error> {
        request.validate()?;
        let operation = request.operation();
        let outgoing = self.outgoing(request, bearer).map_err(|source| failed(&operation, source, request))?;
        // Over all attempts and the pauses between them; each attempt has a limit of its own below it.
        let limit = self.http.options().operation_timeout();
        let retrier = Retrier::new(self.retry)
            // A POST is repeated only if the error says that nothing was done.
            .with_idempotent(request.is_repeatable())
            // A lost GET has changed nothing, so its outcome is never unknown.
            .with_read(*request.method() == Method::GET)
            .with_limit(limit);
        let result = retrier
            .run(|_| {
                // An attempt consumes its request.
                let outgoing = outgoing.clone();
                let operation = operation.as_str();
                async move {
                    let response =
                        self.http.send(outgoing).await.map_err(|source| failed(operation, source, request))?;
                    self.reply(operation, response, request.is_secret())
                }
            })
            .await;
        result.map_err(|error| match error {
            Error::Transport { operation: unnamed, source } if unnamed.is_empty() => transport(&operation, source),
            other => other,
        })
    }

    fn outgoing(&self, request: &ApiRequest, bearer: Option<&SecretString>) -> Result<HttpRequest, ipam_core::Error> {
        let url = self.origin().url(&request.target())?;
        let mut outgoing = HttpRequest::new(request.method().clone(), url)
            // Always: 6.2 serves XML to clients that do not ask for JSON.
            .with_header(header::ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(token) = bearer {
            let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose_secret())).map_err(|_| {
                ipam_core::Error::new(
                    ErrorKind::InvalidInput,
                    Operation::Send,
                    "the token has characters that a header cannot have",
                )
            })?;
            // Keeps it out of `Debug` of the headers, and out of the compression tables of HTTP/2.
            value.set_sensitive(true);
            outgoing = outgoing.with_header(header::AUTHORIZATION, value);
        }
        for (name, value) in request.headers() {
            let value = HeaderValue::try_from(value).map_err(|_| {
                let message = format!("the header {name} has characters that a header cannot have");
                ipam_core::Error::new(ErrorKind::InvalidInput, Operation::Send, message)
            })?;
            outgoing = outgoing.with_header(header::HeaderName::from_static(name), value);
        }
        if let Some(body) = request.body() {
            outgoing = outgoing.with_body("application/json", body.to_string());
        } else if let Some((content_type, bytes)) = request.content() {
            outgoing = outgoing.with_body(content_type, bytes);
        } else if request.method() == Method::POST || request.method() == Method::PUT {
            // Without content type and length some servers return 415 or 411.
            outgoing = outgoing.with_body("application/json", Vec::new());
        }
        Ok(outgoing)
    }

    fn reply(&self, operation: &str, response: HttpResponse, secret: bool) -> Result<Reply, Error> {
        let text = |name: header::HeaderName| {
            response.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
        };
        let status = response.status.as_u16();
        let location = text(header::LOCATION);
        if response.status.is_success() {
            // The call was carried out, so an odd link must not turn it into a failure.
            let location = location.and_then(|link| local_path(operation, &link, self.origin()).ok());
            // The lifetime of a token is counted by the server's clock, which the local one may differ from by hours.
            let date = text(header::DATE).and_then(|date| http_date(&date));
            let content_type = text(header::CONTENT_TYPE);
            let upload_offset = text(header::HeaderName::from_static("upload-offset"));
            let upload_offset = upload_offset.and_then(|offset| offset.trim().parse().ok());
            let (operation, body) = (operation.to_owned(), response.body);
            return Ok(Reply { operation, status, location, content_type, date, body, upload_offset, secret });
        }
        // Redirects are not followed: the token would go along. One to another host is named as such, because the
        // status alone would not say where it leads.
        if response.status.is_redirection()
            && let Some(target) = location.and_then(|link| self.origin().base().join(&link).ok())
            && self.origin().check(&target).is_err()
        {
            return Err(foreign(operation, &target, self.origin()));
        }
        // Only of a refusal: a success does not ask for a pause.
        let wait = retry_after(&response.headers, SystemTime::now());
        let error = if secret { ServerError::withheld } else { ServerError::new };
        Err(Error::Server(Box::new(error(operation, status, wait, &response.body))))
    }
}

fn transport(operation: &str, source: ipam_core::Error) -> Error {
    Error::Transport { operation: operation.to_owned(), source }
}

/// Makes the error of a request that failed in transport. It names no path that has a token.
fn failed(operation: &str, source: ipam_core::Error, request: &ApiRequest) -> Error {
    if !request.is_secret() {
        return transport(operation, source);
    }
    let message = match source.kind() {
        // The message of the source names the path.
        ErrorKind::InvalidInput => "the request cannot be sent as it is".to_owned(),
        // The other messages are about the connection and name host and port only.
        _ => source.message().to_owned(),
    };
    let mut stripped = ipam_core::Error::new(source.kind(), Operation::Send, message)
        .with_retry(source.retry())
        .with_outcome(source.outcome());
    if let Some(wait) = source.retry_after() {
        stripped = stripped.with_retry_after(wait);
    }
    if let Some(chain) = source.certificates() {
        stripped = stripped.with_certificates(chain.clone());
    }
    transport(operation, stripped)
}

fn foreign(operation: &str, target: &Url, origin: &Origin) -> Error {
    Error::UnexpectedLink {
        operation: operation.to_owned(),
        origin: target.origin().ascii_serialization(),
        configured: origin.base().origin().ascii_serialization(),
    }
}

fn http_date(text: &str) -> Option<SystemTime> {
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok().map(SystemTime::from)
}

/// Returns path and query of a server's link, to be requested from the configured origin.
///
/// The server writes its own name into links, which behind a load balancer is not the configured one. So the name is
/// dropped rather than followed, and the token is sent nowhere else. A link that is not http(s) is refused.
pub(crate) fn local_path(operation: &str, link: &str, origin: &Origin) -> Result<String, Error> {
    // Joined and not cut: a link may be a full URL, a path, or relative.
    let base = origin.base();
    let target =
        base.join(link.trim()).map_err(|_| Error::invalid(format!("{operation}: link"), link, "an address"))?;
    if !matches!(target.scheme(), "http" | "https") {
        return Err(foreign(operation, &target, origin));
    }
    // The origin adds its base path to every request, so it is taken off here.
    let path = match target.path().strip_prefix(base.path()) {
        Some(below) => format!("/{below}"),
        None => target.path().to_owned(),
    };
    Ok(match target.query() {
        Some(query) => format!("{path}?{query}"),
        None => path,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

    use super::*;

    fn local(base: &str, link: &str) -> Result<String, Error> {
        local_path("GET /x", link, &Origin::new(base, false).unwrap())
    }

    #[test]
    fn links_keep_path_and_query_and_lose_the_host() {
        let at = "https://vra.example";
        assert_eq!(local(at, "https://node-17.internal:8443/a/b?page=2&x=%20y").unwrap(), "/a/b?page=2&x=%20y");
        assert_eq!(local(at, "/a/b").unwrap(), "/a/b");
        assert_eq!(local("https://lb.example/vra/", "https://node/a").unwrap(), "/a");
        assert_eq!(local("https://lb.example/vra/", "/vra/a").unwrap(), "/a");
        assert!(matches!(local(at, "javascript:alert(1)"), Err(Error::UnexpectedLink { .. })));
        assert!(local(at, "https://[bad").is_err());
    }
}
