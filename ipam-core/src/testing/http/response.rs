//! Response as it goes out.

use std::fmt;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue};

/// Response of a server.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Response {
    /// The status; one that HTTP does not know is sent as 500.
    pub status: u16,
    /// The headers, without those that the connection adds.
    pub headers: HeaderMap,
    /// The body. It is not sent in response to `HEAD`.
    pub body: Vec<u8>,
}

impl Response {
    /// A status and nothing else.
    #[must_use]
    pub fn empty(status: u16) -> Self {
        Self { status, headers: HeaderMap::new(), body: Vec::new() }
    }

    /// A body of some content type.
    #[must_use]
    pub fn text(status: u16, content_type: &'static str, body: impl Into<Vec<u8>>) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        Self { status, headers, body: body.into() }
    }

    /// JSON, such as a `serde_json::Value`.
    #[must_use]
    pub fn json(status: u16, body: impl fmt::Display) -> Self {
        Self::text(status, "application/json;charset=UTF-8", body.to_string())
    }

    /// A page for a browser, as application servers and gateways send it for a failure.
    #[must_use]
    pub fn error_page(status: u16, reason: &str) -> Self {
        let page = format!(
            "<!DOCTYPE html><html><head><title>Error report</title></head><body><h1>HTTP Status {status} - {reason}</h1></body></html>"
        );
        Self::text(status, "text/html;charset=utf-8", page)
    }

    /// Sets a header. A value that no header can have is left out.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: impl AsRef<str>) -> Self {
        if let Ok(value) = HeaderValue::from_str(value.as_ref()) {
            self.headers.insert(name, value);
        }
        self
    }
}
