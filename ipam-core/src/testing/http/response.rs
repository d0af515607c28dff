//! Response of a simulated server.

use std::fmt;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue};

/// Response of a simulated server.
///
/// ```
/// use ipam_core::testing::http::Response;
///
/// let response = Response::json(201, r#"{"ip":"192.0.2.1"}"#).with_header(http::header::ETAG, "\"7\"");
/// assert_eq!((response.status, response.body.as_slice()), (201, br#"{"ip":"192.0.2.1"}"#.as_slice()));
/// assert_eq!(response.headers["content-type"], "application/json;charset=UTF-8");
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Response {
    /// Status. A number that is not a status of HTTP (below 100 or above 999) is sent as 500.
    pub status: u16,
    /// Headers, without those that the connection adds.
    pub headers: HeaderMap,
    /// Body. It is not sent in response to `HEAD`.
    pub body: Vec<u8>,
}

impl Response {
    /// Returns a response without headers and body.
    #[must_use]
    pub fn empty(status: u16) -> Self {
        Self { status, headers: HeaderMap::new(), body: Vec::new() }
    }

    /// Returns a response with a body of this content type.
    #[must_use]
    pub fn text(status: u16, content_type: &'static str, body: impl Into<Vec<u8>>) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        Self { status, headers, body: body.into() }
    }

    /// Returns a response with a JSON body, such as a `serde_json::Value`.
    #[must_use]
    pub fn json(status: u16, body: impl fmt::Display) -> Self {
        Self::text(status, "application/json;charset=UTF-8", body.to_string())
    }

    /// Returns a response with an HTML page, as application servers and gateways send it for a failure.
    #[must_use]
    pub fn error_page(status: u16, reason: &str) -> Self {
        let page = format!(
            "<!DOCTYPE html><html><head><title>Error report</title></head><body><h1>HTTP Status {status} - {reason}</h1></body></html>"
        );
        Self::text(status, "text/html;charset=utf-8", page)
    }

    /// Sets a header. A value with characters that are not allowed in headers is ignored.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: impl AsRef<str>) -> Self {
        // Ignored and not an error: sites copy values of requests, and a test fails for the missing header.
        if let Ok(value) = HeaderValue::from_str(value.as_ref()) {
            self.headers.insert(name, value);
        }
        self
    }
}
