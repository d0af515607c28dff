//! Requests as values: built and tested without a server.

use std::fmt;
use std::net::IpAddr;

use http::Method;
use ipam_core::http::path_problem;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::error::{Error, Result};
use crate::wire::Body;

/// What a path segment and a query value may hold as it is. A colon is left for IPv6.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':');

/// What a call expects, which decides what its failures mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    /// Anything; failures are read by status and message alone.
    Raw,
    /// One object.
    One,
    /// A list; "nothing found" is the empty one.
    List,
    /// Something free, without taking it.
    Peek,
    /// Something free, taken by the same call.
    Allocate,
    /// A change.
    Write,
    /// A user's login.
    Login,
}

/// Call that has not been made yet: method, path below the app, query and JSON body.
///
/// For what the controllers have no method for; [`Client::send`](crate::Client::send) sends it.
///
/// ```
/// use phpipam_client::ApiRequest;
///
/// let request = ApiRequest::raw(http::Method::GET, "vlans/")?.with_query("filter_by", "name").with_query("filter_value", "lab");
/// assert_eq!(request.path_and_query(), "vlans/?filter_by=name&filter_value=lab");
/// # Ok::<(), phpipam_client::Error>(())
/// ```
#[derive(Clone, PartialEq)]
#[must_use]
pub struct ApiRequest {
    method: Method,
    path: String,
    query: Vec<(String, String)>,
    body: Option<Value>,
    pub(crate) call: Call,
    idempotent: bool,
}

impl ApiRequest {
    pub(crate) fn new(method: Method, call: Call, path: Path) -> Result<Self> {
        Ok(Self::of(method, call, path.finish()?))
    }

    pub(crate) fn get(call: Call, path: Path) -> Result<Self> {
        Self::new(Method::GET, call, path)
    }

    fn of(method: Method, call: Call, path: String) -> Self {
        let idempotent = method != Method::POST;
        Self { method, path, query: Vec::new(), body: None, call, idempotent }
    }

    /// A request with a path below the app that is percent-encoded already, such as `subnets/8/usage/` or
    /// `vlans/?filter_by=name&filter_value=x`.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the path is absolute, has a fragment, or would be another path than it seems: `.` and `..`
    /// in any spelling, control characters, backslashes and empty segments.
    pub fn raw(method: Method, path: &str) -> Result<Self> {
        let refuse = |remedy: &str| Err(Error::invalid("path", path, remedy));
        if path.contains("://") && !path.contains('?') || path.starts_with("//") {
            return refuse("give a path below the app, such as subnets/8/");
        }
        if path.contains('#') {
            return refuse("percent-encode \"#\" as %23");
        }
        if let Some(remedy) = path_problem(path) {
            return refuse(remedy);
        }
        Ok(Self::of(method, Call::Raw, path.trim_start_matches('/').to_owned()))
    }

    /// Sets the JSON body.
    pub fn with_body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// Adds a parameter to the query.
    pub fn with_query(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.query.push((name.to_owned(), value.to_string()));
        self
    }

    /// Sets the body; one without fields is none.
    pub(crate) fn with_fields(mut self, body: Body) -> Self {
        self.body = body.into_object().map(Value::Object);
        self
    }

    /// For changes that cannot be done twice although their method says so.
    pub(crate) fn not_idempotent(mut self) -> Self {
        self.idempotent = false;
        self
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The path below the app with the query, percent-encoded.
    #[must_use]
    pub fn path_and_query(&self) -> String {
        let mut text = self.path.clone();
        for (index, (name, value)) in self.query.iter().enumerate() {
            text.push(if index == 0 && !self.path.contains('?') { '?' } else { '&' });
            text.extend(utf8_percent_encode(name, PLAIN));
            text.push('=');
            text.extend(utf8_percent_encode(value, PLAIN));
        }
        text
    }

    /// The body, if any.
    #[must_use]
    pub fn body(&self) -> Option<&Value> {
        self.body.as_ref()
    }

    pub(crate) fn is_idempotent(&self) -> bool {
        self.idempotent
    }

    /// Whether the response may hold a token or a password's hash: all of `user/`, in any spelling. No error repeats a
    /// part of such a body.
    pub(crate) fn is_secret(&self) -> bool {
        let controller = self.path.split(['/', '?']).next().unwrap_or_default();
        let controller = percent_encoding::percent_decode_str(controller).decode_utf8_lossy();
        self.call == Call::Login || controller.eq_ignore_ascii_case("user")
    }

    /// How errors and logs name the call: without query and body.
    pub(crate) fn name(&self) -> String {
        let path = self.path.split('?').next().unwrap_or_default();
        format!("{} {path}", self.method)
    }
}

impl fmt::Debug for ApiRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = self.body.as_ref().and_then(Value::as_object).map(|body| body.keys().collect::<Vec<_>>());
        f.debug_struct("ApiRequest").field("call", &self.name()).field("body_fields", &fields).finish()
    }
}

/// A path below the app, built from words of ours and values of callers.
pub(crate) struct Path {
    text: String,
    problem: Option<Error>,
}

impl Path {
    pub(crate) fn new(controller: &str) -> Self {
        Self { text: format!("{controller}/"), problem: None }
    }

    /// The app itself.
    pub(crate) fn root() -> Self {
        Self { text: String::new(), problem: None }
    }

    /// A word of the API.
    pub(crate) fn word(mut self, word: &str) -> Self {
        self.text.push_str(word);
        self.text.push('/');
        self
    }

    /// An id. The server drops a segment that is 0, which would make `DELETE subnets/0/` something else.
    pub(crate) fn id(self, field: &str, id: u64) -> Self {
        if id == 0 {
            return self.refuse(Error::invalid(field, id, "ids start at 1; the server drops a 0 from the path"));
        }
        self.word(&id.to_string())
    }

    /// An address; IPv6 in its short form, the only one the server finds.
    pub(crate) fn ip(self, ip: IpAddr) -> Self {
        self.word(&ip.to_string())
    }

    /// A prefix length.
    pub(crate) fn mask(self, mask: u8) -> Self {
        if mask == 0 || mask > 128 {
            return self.refuse(Error::invalid("mask", mask, "give a prefix length from 1 to 128"));
        }
        self.word(&mask.to_string())
    }

    /// Any text.
    pub(crate) fn text(mut self, field: &str, text: &str) -> Self {
        let problem = match text {
            "" | "0" => Some("the server drops an empty segment, and one that is 0, from the path"),
            "." | ".." => Some("it would climb in the path"),
            _ if text.contains(['/', '\\']) => Some("the web server refuses a slash in a path, also an encoded one"),
            _ if text.chars().any(char::is_control) => Some("leave out control characters"),
            _ => None,
        };
        if let Some(remedy) = problem {
            return self.refuse(Error::invalid(field, text, remedy));
        }
        self.text.extend(utf8_percent_encode(text, PLAIN));
        self.text.push('/');
        self
    }

    fn refuse(mut self, error: Error) -> Self {
        self.problem.get_or_insert(error);
        self
    }

    fn finish(self) -> Result<String> {
        match self.problem {
            Some(error) => Err(error),
            None => Ok(self.text),
        }
    }
}
