//! Printable forms of requests and responses, without secrets.

use std::fmt::Write as _;

use http::{HeaderMap, HeaderName, header};
use url::Url;

/// Formatter of requests and responses that shows the values of listed headers and query parameters only.
///
/// All other values show as `***`; names are shown. User, password and fragment of a URL are left out.
///
/// ```
/// use ipam_core::http::Redactor;
///
/// let redactor = Redactor::new().with_query("filter_by");
/// let url = "https://joe:pass@ipam.example/api/?filter_by=id&key=hidden".parse().unwrap();
/// assert_eq!(redactor.url(&url), "https://ipam.example/api/?filter_by=id&key=***");
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Redactor {
    headers: Vec<HeaderName>,
    query: Vec<String>,
}

impl Default for Redactor {
    fn default() -> Self {
        Self::new()
    }
}

/// Names whose values are hidden in excerpts of bodies.
// A list of what to hide, where headers and queries have a list of what to show: a body is free text, whose harmless parts
// have no names.
const SECRET_KEYS: [&str; 10] = [
    "token",
    "password",
    "passwd",
    "secret",
    "app_code",
    "enc_request",
    "access_token",
    "refresh_token",
    "2fa_secret",
    "authorization",
];

impl Redactor {
    /// Returns a redactor that shows the headers about content, connection and server, and no query parameter.
    ///
    /// They are `Accept`, `Content-Type`, `Content-Length`, `Content-Encoding`, `Connection`, `Date`, `Retry-After`, `Server`
    /// and `User-Agent`.
    pub fn new() -> Self {
        Self {
            headers: vec![
                header::ACCEPT,
                header::CONTENT_TYPE,
                header::CONTENT_LENGTH,
                header::CONTENT_ENCODING,
                header::CONNECTION,
                header::DATE,
                header::RETRY_AFTER,
                header::SERVER,
                header::USER_AGENT,
            ],
            query: Vec::new(),
        }
    }

    /// Shows the values of a header.
    pub fn with_header(mut self, name: HeaderName) -> Self {
        self.headers.push(name);
        self
    }

    /// Shows the values of a query parameter.
    pub fn with_query(mut self, name: impl Into<String>) -> Self {
        self.query.push(name.into());
        self
    }

    /// Returns the URL without secrets.
    #[must_use]
    pub fn url(&self, url: &Url) -> String {
        let mut shown = format!("{}://", url.scheme());
        // Built from parts: user, password and fragment cannot slip in.
        shown.push_str(url.host_str().unwrap_or_default());
        if let Some(port) = url.port() {
            let _infallible = write!(shown, ":{port}");
        }
        shown.push_str(url.path());
        for (index, (name, value)) in url.query_pairs().enumerate() {
            let allowed = self.query.iter().any(|allowed| *allowed == name);
            let separator = if index == 0 { '?' } else { '&' };
            let _infallible = write!(shown, "{separator}{name}={}", if allowed { &value } else { "***" });
        }
        shown
    }

    /// Returns the headers without secrets. A value that is marked as sensitive is always hidden.
    #[must_use]
    pub fn headers(&self, headers: &HeaderMap) -> Vec<(String, String)> {
        let shown = |name: &HeaderName, value: &http::HeaderValue| {
            // A header on the list may still be marked as sensitive by its author.
            if self.headers.contains(name) && !value.is_sensitive() {
                String::from_utf8_lossy(value.as_bytes()).into_owned()
            } else {
                "***".to_owned()
            }
        };
        headers.iter().map(|(name, value)| (name.to_string(), shown(name, value))).collect()
    }

    /// Returns at most `limit` bytes of a body, and `…` if there are more. Values after names of secrets are hidden.
    ///
    /// The names are `token`, `password`, `secret` and similar ones, in JSON and in forms. Bytes that are not UTF-8 show
    /// as replacement characters.
    ///
    /// ```
    /// use ipam_core::http::Redactor;
    ///
    /// let body = br#"{"code":200,"data":{"token":"s3cret","expires":"2026-01-01"}}"#;
    /// assert_eq!(Redactor::new().excerpt(body, 40), r#"{"code":200,"data":{"token":"***","expir…"#);
    /// ```
    #[must_use]
    pub fn excerpt(&self, body: &[u8], limit: usize) -> String {
        // The values are hidden before the cut: half of a secret would be shown otherwise. The window is larger than the
        // limit, so that a long hidden value still leaves `limit` bytes to show, and bounded, as a body may be large.
        let window = &body[..body.len().min(limit.saturating_mul(2).saturating_add(1024))];
        let mut text = hide_secrets(&String::from_utf8_lossy(window));
        if text.len() > limit {
            let end = (0..=limit).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
            text.truncate(end);
            text.push('…');
        } else if window.len() < body.len() {
            text.push('…');
        }
        text
    }
}

/// Replaces the values after `"key":` or `key=` for the keys that name secrets.
fn hide_secrets(text: &str) -> String {
    // In ASCII only: lower case of other letters may have another length, and the positions must fit both texts.
    let lower = text.to_ascii_lowercase();
    let mut out = String::with_capacity(text.len());
    let mut rest = 0;
    while rest < text.len() {
        let found = SECRET_KEYS
            .iter()
            .filter_map(|key| lower[rest..].find(key).map(|at| (rest + at, rest + at + key.len())))
            .min_by_key(|&(start, end)| (start, std::cmp::Reverse(end)));
        let Some((_, end_of_key)) = found else { break };
        let (value, end) = secret_value(text, end_of_key);
        out.push_str(&text[rest..value]);
        if end > value {
            out.push_str("***");
        }
        rest = end.max(end_of_key);
    }
    out.push_str(&text[rest.min(text.len())..]);
    out
}

/// Returns start and end of the value after a key. They are equal if no value follows.
fn secret_value(text: &str, end_of_key: usize) -> (usize, usize) {
    let bytes = text.as_bytes();
    let skip = |mut at: usize, set: &[u8]| {
        while bytes.get(at).is_some_and(|byte| set.contains(byte)) {
            at += 1;
        }
        at
    };
    // Backslashes too: JSON inside a JSON string has its quotes escaped.
    let after_key = skip(end_of_key, b"\\\"' ");
    if !matches!(bytes.get(after_key), Some(b':' | b'=')) {
        return (end_of_key, end_of_key);
    }
    let start = skip(after_key + 1, b" \\");
    let quoted = matches!(bytes.get(start), Some(b'"' | b'\''));
    // A value without quotes ends at the separators of JSON, forms and HTML.
    let (start, stops): (usize, &[u8]) = if quoted { (start + 1, b"\"'") } else { (start, b",}&;< \r\n") };
    let mut end = start;
    while let Some(byte) = bytes.get(end) {
        // An escaped quote does not end the value.
        if *byte == b'\\' && quoted {
            end += 1;
        } else if stops.contains(byte) {
            break;
        }
        end += 1;
    }
    // A backslash before a character of several bytes skips into its middle.
    let mut end = end.min(text.len());
    while !text.is_char_boundary(end) {
        end += 1;
    }
    (start, end)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

    use super::*;
    use proptest::prelude::*;

    #[test]
    fn headers_show_only_when_allowed() {
        let mut headers = HeaderMap::new();
        headers.insert("token", "s3cret".parse().unwrap());
        headers.insert("content-type", "application/json".parse().unwrap());
        let shown = Redactor::new().headers(&headers);
        assert!(shown.contains(&("token".into(), "***".into())), "{shown:?}");
        assert!(shown.contains(&("content-type".into(), "application/json".into())), "{shown:?}");
    }

    #[test]
    fn a_url_loses_user_password_and_unlisted_values() {
        let url = "https://joe:pa55@ipam.example:8443/api/?enc_request=pa55&links=true#pa55".parse().unwrap();
        let shown = Redactor::new().with_query("links").url(&url);
        assert_eq!(shown, "https://ipam.example:8443/api/?enc_request=***&links=true");
    }

    #[test]
    fn excerpts_hide_values_of_secrets() {
        let redactor = Redactor::new();
        for body in [
            r#"{"data":{"token":"s3cret","expires":"2026"}}"#,
            r#"{"password" : "s3cret\"s3cret", "x":1}"#,
            r#"{\"Token\":\"s3cret\"}"#,
            "token=s3cret&x=1",
            r#"{"access_token":s3cret}"#,
            r#"{"token":"s3cret"#,
        ] {
            let shown = redactor.excerpt(body.as_bytes(), 200);
            assert!(!shown.contains("s3cret"), "{body} -> {shown}");
            assert!(shown.contains("***"), "{shown}");
        }
        assert_eq!(redactor.excerpt(br#"{"message":"Token expired"}"#, 200), r#"{"message":"Token expired"}"#);
    }

    #[test]
    fn a_secret_across_the_cut_is_hidden() {
        let body = format!("{{\"token\":\"{}\"}}", "s3cret".repeat(50));
        assert!(!Redactor::new().excerpt(body.as_bytes(), 20).contains("s3"));
    }

    proptest! {
        #[test]
        fn an_excerpt_never_panics_and_stays_short(body: Vec<u8>, limit in 0_usize..64) {
            prop_assert!(Redactor::new().excerpt(&body, limit).len() <= limit + '…'.len_utf8());
        }

        #[test]
        fn no_text_with_secret_words_panics(text in "(token|\"|'|:|=|\\\\|é| |,|x){0,40}") {
            let _ = Redactor::new().excerpt(text.as_bytes(), 1000);
        }
    }
}
