//! Request to a simulated server.

use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;

/// HTTP request as a server receives it, with its whole body. A test of a [`Site`](super::Site) without a socket builds it.
///
/// ```
/// use ipam_core::testing::http::Request;
///
/// let request = Request::new("get", "/api/rows/a%20b/?name=x+y").with_header(http::header::AUTHORIZATION, "Bearer t");
/// assert_eq!((request.method(), request.path(), request.query()), ("GET", "/api/rows/a%20b/", "name=x+y"));
/// assert_eq!(request.segments(), ["api", "rows", "a b"]);
/// assert_eq!(request.parameters(), [("name".to_owned(), "x y".to_owned())]);
/// assert_eq!(request.bearer(), Some("t"));
/// ```
#[derive(Debug, Clone)]
pub struct Request {
    method: String,
    path: String,
    query: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Request {
    /// Returns a request without headers and body. `target` is the path with its query.
    #[must_use]
    pub fn new(method: &str, target: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Self {
            method: method.to_ascii_uppercase(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: HeaderMap::new(),
            body: Vec::new(),
        }
    }

    /// Sets a header. A value with characters that are not allowed in headers is ignored.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }

    pub(super) fn with_headers(mut self, headers: HeaderMap) -> Self {
        self.headers = headers;
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Returns the method, in upper case.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// Returns the path as sent, percent-encoded.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns the query as sent, without `?`. Empty if there was none.
    #[must_use]
    pub fn query(&self) -> &str {
        &self.query
    }

    /// Returns the headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Returns the value of a header, if it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Returns the token of `Authorization: Bearer`.
    #[must_use]
    pub fn bearer(&self) -> Option<&str> {
        self.header("authorization")?.strip_prefix("Bearer ")
    }

    /// Returns the body.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Returns the segments of the path, decoded. Empty segments are left out.
    #[must_use]
    pub fn segments(&self) -> Vec<String> {
        self.path.split('/').filter(|part| !part.is_empty()).map(decoded).collect()
    }

    /// Returns names and values of the query, decoded, in the order of the query. `+` is a space, as in forms.
    #[must_use]
    pub fn parameters(&self) -> Vec<(String, String)> {
        let pairs = self.query.split('&').filter(|pair| !pair.is_empty());
        pairs
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                // Before decoding, because an encoded plus (`%2B`) is a plus.
                (decoded(&name.replace('+', " ")), decoded(&value.replace('+', " ")))
            })
            .collect()
    }
}

fn decoded(text: &str) -> String {
    // Lossy, so that the site refuses what is no UTF-8 in its own form, as its server does.
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}
