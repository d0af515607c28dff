//! Log of the requests of a simulated server.

use std::fmt;

/// Request that a server received, and its result. Credentials are redacted.
///
/// ```
/// use ipam_core::testing::Logged;
/// use ipam_core::testing::http::Fault;
///
/// let mut entry: Logged<Fault> = Logged::new("POST", "/api/app/addresses/");
/// entry.fault = Some(Fault::CutAfter);
/// assert_eq!(format!("{entry:?}"), "POST /api/app/addresses/ -> cut by CutAfter");
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Logged<F> {
    /// Method, in upper case.
    pub method: String,
    /// Path as sent, percent-encoded. Secrets in it are replaced by `REDACTED`.
    pub path: String,
    /// Query as sent, without `?`. Empty if there was none.
    pub query: String,
    /// Header names in lower case, with their values. Those of credentials and cookies are replaced by `REDACTED`.
    // A list and not a map, because a header may be sent twice.
    pub headers: Vec<(String, String)>,
    /// Body as text, with replacement characters for bytes that are not UTF-8. Secrets that the simulated server knows are
    /// replaced by `REDACTED`.
    pub body: String,
    /// Status of the response; `None` if the connection was cut.
    pub status: Option<u16>,
    /// Fault that was applied to the request or to its response, if any.
    pub fault: Option<F>,
}

impl<F> Logged<F> {
    /// Returns an entry with empty query, headers and body, and with a cut connection. Set the other fields as needed.
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

    /// Returns the value of a header. The case of `name` does not matter.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }
}

// One line for a request: a failed assertion prints the whole log.
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
