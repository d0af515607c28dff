//! The request log.

use std::fmt;

/// One request the server received, and how it ended. Credentials are not in it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Logged<F> {
    /// Method in upper case.
    pub method: String,
    /// Path as sent, still percent-encoded; what is secret in it reads `REDACTED`.
    pub path: String,
    /// Query string as sent, without `?`; empty if there was none.
    pub query: String,
    /// Header names in lower case with their values; credentials and cookies read `REDACTED`.
    pub headers: Vec<(String, String)>,
    /// The body; lossy where it is not UTF-8. What is secret in it reads `REDACTED`, where the server knows it.
    pub body: String,
    /// The status that was sent, or `None` if the connection was cut.
    pub status: Option<u16>,
    /// What a fault did to the request, if one did.
    pub fault: Option<F>,
}

impl<F> Logged<F> {
    /// A request without a query, headers and a body, of which the connection was cut.
    #[must_use]
    pub fn new(method: impl Into<String>, path: impl Into<String>) -> Self {
        Self {
            method: method.into(),
            path: path.into(),
            query: String::new(),
            headers: Vec::new(),
            body: String::new(),
            status: None,
            fault: None,
        }
    }

    /// The value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }
}

impl<F: fmt::Debug> fmt::Debug for Logged<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)?;
        if !self.query.is_empty() {
            write!(f, "?{}", self.query)?;
        }
        match self.status {
            Some(status) => write!(f, " -> {status}")?,
            None => f.write_str(" -> cut")?,
        }
        if let Some(fault) = &self.fault {
            write!(f, " by {fault:?}")?;
        }
        Ok(())
    }
}
