//! A request as it came in, an answer as it goes out, and what stands between.

use http::HeaderMap;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::faults::Fault;

/// A request, read whole.
#[derive(Debug)]
pub(super) struct Incoming {
    pub(super) method: String,
    /// As sent, still percent-encoded.
    pub(super) path: String,
    pub(super) query: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Incoming {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The parts of the path, decoded. A slash at the end makes no difference.
    pub(super) fn segments(&self) -> Vec<String> {
        self.path.split('/').filter(|part| !part.is_empty()).map(decoded).collect()
    }

    /// The values of the query, decoded.
    pub(super) fn parameters(&self) -> Vec<(String, String)> {
        let pairs = self.query.split('&').filter(|pair| !pair.is_empty());
        pairs
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                (decoded(&name.replace('+', " ")), decoded(&value.replace('+', " ")))
            })
            .collect()
    }
}

/// Percent-decoded text.
pub(super) fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// An answer.
#[derive(Debug, Clone)]
pub(super) struct Outgoing {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
}

impl Outgoing {
    /// A status and nothing else.
    pub(super) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    pub(super) fn json(status: u16, body: &Value) -> Self {
        let kind = ("content-type", "application/json;charset=UTF-8".to_owned());
        Self { status, headers: vec![kind], body: body.to_string().into_bytes() }
    }

    pub(super) fn html(status: u16, title: &str) -> Self {
        let page = format!(
            "<!DOCTYPE html><html><head><title>Error report</title></head><body><h1>HTTP Status {status} - {title}</h1></body></html>"
        );
        let kind = ("content-type", "text/html;charset=utf-8".to_owned());
        Self { status, headers: vec![kind], body: page.into_bytes() }
    }

    pub(super) fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// What a kind of server says to requests. Connections, latency, cuts and the log are common to all.
pub(super) trait Site: Send + Sync + 'static {
    /// Carries a request out and answers it. The fault is one of those that change what is in the answer, or none.
    fn answer(&self, request: &Incoming, fault: Option<&Fault>) -> Outgoing;

    /// A failure in the server's own form.
    fn failure(&self, status: u16, message: &str) -> Outgoing;
}
