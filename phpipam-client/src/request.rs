//! Requests as values, built and tested without a server.

use std::fmt;
use std::net::IpAddr;

use http::Method;
use ipam_core::http::path_problem;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::error::{Error, Result};
use crate::wire::Body;

/// Characters that a path segment or a query value may hold unencoded. A colon is kept for IPv6.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':');

/// Kind of a call, which decides how its failures are classified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    /// Any call; failures are classified by status and message alone.
    Raw,
    /// Read of one object.
    One,
    /// List; "nothing found" is the empty one.
    List,
    /// Read of what is free, without allocating it.
    Peek,
    /// Allocation of what is free, in one call.
    Allocate,
    /// Change.
    Write,
    /// Login of a user.
    Login,
}

/// Request that the controllers have no method for: method, path below the app, query and JSON body.
///
/// [`Client::send`](crate::Client::send) sends it.
///
/// ```
/// use phpipam_client::ApiRequest;
///
/// let request = ApiRequest::raw(http::Method::GET, "vlans/")?;
/// let request = request.with_query("filter_by", "name").with_query("filter_value", "lab");
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
    #[cfg(feature = "doctor")]
    as_strings: bool,
    long_list: bool,
}

impl ApiRequest {
    pub(crate) fn new(method: Method, call: Call, path: Path) -> Result<Self> {
        Ok(Self::of(method, call, path.finish()?))
    }

    pub(crate) fn get(call: Call, path: Path) -> Result<Self> {
        Self::new(Method::GET, call, path)
    }

    fn of(method: Method, call: Call, path: String) -> Self {
        // PATCH names the values that fields have afterwards, so a repetition changes nothing more.
        let idempotent = method != Method::POST;
        Self {
            method,
            path,
            query: Vec::new(),
            body: None,
            call,
            idempotent,
            long_list: false,
            #[cfg(feature = "doctor")]
            as_strings: false,
        }
    }

    /// Returns a request with a path below the app that is percent-encoded already, such as `subnets/8/usage/` or
    /// `vlans/?filter_by=name&filter_value=x`.
    ///
    /// ```
    /// use phpipam_client::ApiRequest;
    ///
    /// assert!(ApiRequest::raw(http::Method::GET, "addresses/search_hostname/web%201/").is_ok());
    /// assert!(ApiRequest::raw(http::Method::GET, "../login/").is_err());
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`] if the path is absolute, has a fragment, control characters, backslashes or empty segments,
    /// or contains `.` or `..` as a segment, encoded or not: web servers resolve those, so that the request would reach
    /// another path.
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

    /// Sets the JSON body. The server accepts an object only.
    pub fn with_body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// Adds a parameter to the query. Name and value are percent-encoded.
    pub fn with_query(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.query.push((name.to_owned(), value.to_string()));
        self
    }

    /// Sets the body; an object without fields sends no body.
    pub(crate) fn with_fields(mut self, body: Body) -> Self {
        self.body = body.into_object().map(Value::Object);
        self
    }

    /// Marks a change that cannot be applied twice although its method is idempotent.
    pub(crate) fn not_idempotent(mut self) -> Self {
        self.idempotent = false;
        self
    }

    /// Asks for numbers as strings, whatever the client asks for.
    #[cfg(feature = "doctor")]
    pub(crate) fn with_numbers_as_strings(mut self) -> Self {
        self.as_strings = true;
        self
    }

    /// Returns true if this request asks for numbers as strings.
    pub(crate) const fn wants_strings(&self) -> bool {
        #[cfg(feature = "doctor")]
        return self.as_strings;
        #[cfg(not(feature = "doctor"))]
        return false;
    }

    /// Marks a list that may be too long for the server's memory. PHP then dies, sometimes with the connection, and would
    /// die again: a broken connection is left to the caller, which reads the list in parts.
    pub(crate) fn into_long_list(mut self) -> Self {
        self.long_list = true;
        self
    }

    pub(crate) fn is_long_list(&self) -> bool {
        self.long_list
    }

    /// Returns the HTTP method.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// Returns the path below the app with the query, percent-encoded.
    #[must_use]
    pub fn path_and_query(&self) -> String {
        let mut text = self.path.clone();
        for (index, (name, value)) in self.query.iter().enumerate() {
            // `raw` accepts a query in the path, to which further parameters are added.
            text.push(if index == 0 && !self.path.contains('?') { '?' } else { '&' });
            text.extend(utf8_percent_encode(name, PLAIN));
            text.push('=');
            text.extend(utf8_percent_encode(value, PLAIN));
        }
        text
    }

    /// Returns the body, if any.
    #[must_use]
    pub fn body(&self) -> Option<&Value> {
        self.body.as_ref()
    }

    pub(crate) fn is_idempotent(&self) -> bool {
        self.idempotent
    }

    /// Returns true if the response may hold a token or a password hash: all of `user/`, in any spelling. No error
    /// repeats a part of such a body.
    pub(crate) fn is_secret(&self) -> bool {
        let controller = self.path.split(['/', '?']).next().unwrap_or_default();
        // The server decodes segments and ignores case in controllers' names, so `raw` reaches `user/` by `%55SER/`
        // too.
        let controller = percent_encoding::percent_decode_str(controller).decode_utf8_lossy();
        self.call == Call::Login || controller.eq_ignore_ascii_case("user")
    }

    /// Returns the name of the call for errors and logs: without query and body.
    pub(crate) fn name(&self) -> String {
        let path = self.path.split('?').next().unwrap_or_default();
        format!("{} {path}", self.method)
    }
}

impl fmt::Debug for ApiRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Names only: the values may be secrets, such as an SNMP community.
        let fields = self.body.as_ref().and_then(Value::as_object).map(|body| body.keys().collect::<Vec<_>>());
        f.debug_struct("ApiRequest").field("call", &self.name()).field("body_fields", &fields).finish()
    }
}

/// Path below the app, built from words of the API and values of callers.
pub(crate) struct Path {
    text: String,
    problem: Option<Error>,
}

impl Path {
    pub(crate) fn new(controller: &str) -> Self {
        Self { text: format!("{controller}/"), problem: None }
    }

    /// Returns the path of the app itself.
    pub(crate) fn root() -> Self {
        Self { text: String::new(), problem: None }
    }

    /// Appends a word of the API.
    pub(crate) fn word(mut self, word: &str) -> Self {
        self.text.push_str(word);
        self.text.push('/');
        self
    }

    /// Appends an id. Refuses 0: the server drops that segment, which would turn `DELETE subnets/0/` into another call.
    pub(crate) fn id(self, field: &str, id: u64) -> Self {
        if id == 0 {
            return self.refuse(Error::invalid(field, id, "ids start at 1; the server drops a 0 from the path"));
        }
        self.word(&id.to_string())
    }

    /// Appends an address; IPv6 in its short form, the only one that the server finds.
    pub(crate) fn ip(self, ip: IpAddr) -> Self {
        self.word(&ip.to_string())
    }

    /// Appends a prefix length.
    pub(crate) fn mask(self, mask: u8) -> Self {
        if mask == 0 || mask > 128 {
            return self.refuse(Error::invalid("mask", mask, "give a prefix length from 1 to 128"));
        }
        self.word(&mask.to_string())
    }

    /// Appends any text.
    pub(crate) fn text(mut self, field: &str, text: &str) -> Self {
        let problem = match text {
            "" | "0" => Some("the server drops an empty segment, and one that is 0, from the path"),
            "." | ".." => Some("it would climb in the path"),
            // Apache refuses an encoded slash with a page of its own (`AllowEncodedSlashes Off` is the default).
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
