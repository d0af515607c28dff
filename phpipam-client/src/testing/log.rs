//! The request log.

use std::fmt;

/// One request the server received, and how it ended. Credentials are not in it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Logged {
    /// Method in upper case.
    pub method: String,
    /// Path as sent, still percent-encoded.
    pub path: String,
    /// Query string as sent, without `?`; empty if there was none.
    pub query: String,
    /// Header names in lower case with their values; credentials and cookies read `REDACTED`.
    pub headers: Vec<(String, String)>,
    /// The body; lossy where it is not UTF-8.
    pub body: String,
    /// The status that was sent, or `None` if the connection was cut.
    pub status: Option<u16>,
    /// What a fault did to the request, if one did.
    pub fault: Option<super::Fault>,
}

impl Logged {
    /// The value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }
}

impl fmt::Debug for Logged {
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

/// Whether a header's value may be kept.
pub(super) fn redacted(name: &str) -> bool {
    matches!(name, "authorization" | "proxy-authorization" | "cookie" | "token" | "phpipam-token")
}
