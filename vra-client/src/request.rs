//! Requests as values: method, path, query and body, which can be read and tested without a server.

use std::fmt;

use http::Method;
use ipam_core::http::path_problem;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::error::Error;
use crate::lenient::{IntoJson, Redacted};
use crate::odata::{Filter, OrderBy};

/// Characters that a path segment may have unencoded (RFC 3986 `unreserved`, and `@` and `:`, which user names have).
const SEGMENT: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'@').remove(b':');

/// Characters that a query may have unencoded. `+` is not one of them, since servers read it as a blank.
const QUERY: &AsciiSet = &SEGMENT.remove(b'/').remove(b'$').remove(b',');

/// Request that was not sent yet: method, path, query and body.
///
/// Every service method makes one, and [`Call::request`](crate::call::Call::request) shows it. Make one yourself for a
/// call that no service has a method for, and send it with [`Client::send`](crate::v7::Client::send).
///
/// ```
/// use vra_client::request::ApiRequest;
///
/// let request = ApiRequest::new(http::Method::GET, "/identity/api/tenants/{tenant}", &["a/b"]);
/// let request = request.with_query("expand", "true");
/// assert_eq!(request.target(), "/identity/api/tenants/a%2Fb?expand=true");
/// assert_eq!(request.operation(), "GET /identity/api/tenants/{tenant}");
/// assert!(request.is_repeatable());
/// // An empty id would address the list of all tenants.
/// assert!(ApiRequest::new(http::Method::DELETE, "/identity/api/tenants/{tenant}", &[""]).validate().is_err());
/// ```
#[derive(Clone)]
pub struct ApiRequest {
    method: Method,
    // Kept beside the path: messages and metrics name the call by it, without ids and tokens.
    template: String,
    path: String,
    query: Vec<(String, String)>,
    body: Option<Value>,
    /// Body that is not JSON, with its content type.
    content: Option<(&'static str, Vec<u8>)>,
    headers: Vec<(&'static str, String)>,
    repeatable: bool,
    anonymous: bool,
    secret: bool,
    problem: Option<Problem>,
}

/// Value that cannot be sent: its name, the value, and what is expected.
type Problem = (String, String, String);

impl ApiRequest {
    /// Makes a request from a path template, whose `{names}` are replaced by the values in their order.
    ///
    /// A value is one path segment and is encoded as such. A value that is empty, `.` or `..`, or has control
    /// characters, is refused when the request is sent, since it would address another object (`DELETE /tenants/` in
    /// place of one tenant). A missing value counts as empty; surplus values are ignored.
    #[must_use]
    pub fn new(method: Method, template: impl Into<String>, values: &[&str]) -> Self {
        let template = template.into();
        let mut path = String::with_capacity(template.len() + 40);
        let mut problem = None;
        let mut values = values.iter();
        let mut rest = template.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').unwrap_or((after, ""));
            let value = values.next().copied().unwrap_or_default();
            // Only remembered: a builder cannot fail, and every way of sending validates first.
            if value.trim().is_empty() || matches!(value, "." | "..") || value.chars().any(char::is_control) {
                problem = Some((name.to_owned(), value.to_owned(), "an id or name".to_owned()));
            }
            path.push_str(before);
            // Tokens have `+`, `/` and `=`, which must not end the segment.
            path.extend(utf8_percent_encode(value, SEGMENT));
            rest = after;
        }
        path.push_str(rest);
        Self::made(method, template, path, problem)
    }

    /// Makes a request with nothing but its path.
    fn made(method: Method, template: String, path: String, problem: Option<Problem>) -> Self {
        let secret = is_secret(&path);
        // RFC 9110: all other methods are idempotent. The server's PUT and DELETE are, as far as is known.
        let repeatable = method != Method::POST && method != Method::PATCH;
        Self {
            method,
            template,
            path,
            query: Vec::new(),
            body: None,
            content: None,
            headers: Vec::new(),
            repeatable,
            anonymous: false,
            secret,
            problem,
        }
    }

    pub(crate) fn get(template: &'static str, values: &[&str]) -> Self {
        Self::new(Method::GET, template, values)
    }

    pub(crate) fn put(template: &'static str, values: &[&str]) -> Self {
        Self::new(Method::PUT, template, values)
    }

    pub(crate) fn post(template: &'static str, values: &[&str]) -> Self {
        Self::new(Method::POST, template, values)
    }

    #[cfg(feature = "v8")]
    pub(crate) fn patch(template: &'static str, values: &[&str]) -> Self {
        Self::new(Method::PATCH, template, values)
    }

    pub(crate) fn delete(template: &'static str, values: &[&str]) -> Self {
        Self::new(Method::DELETE, template, values)
    }

    /// Makes a request from a path that is encoded already, such as a link of the server. It may have a query.
    ///
    /// A path that does not begin with one `/`, or that could leave the configured server or base path (`//host`,
    /// `..`), is refused when the request is sent.
    #[must_use]
    pub fn raw(method: Method, path: impl Into<String>) -> Self {
        let given = path.into();
        let (path, query) = match given.split_once('?') {
            Some((path, query)) => (path.to_owned(), query),
            None => (given.clone(), ""),
        };
        // Decoded here and encoded again when sent, so that a query of a link and one of the caller are handled alike.
        let query = query.split('&').filter(|pair| !pair.is_empty()).map(decode_pair).collect();
        // A path of the caller, or of a link: it must stay below the configured base path, also after a proxy has
        // decoded and normalised it.
        let safe = path.starts_with('/')
            && !path.contains('#')
            && path_problem(&path).is_none()
            && path.chars().all(|c| c.is_ascii_graphic());
        let problem = (!safe)
            .then(|| ("path".to_owned(), given, "an encoded path below the server, beginning with one /".to_owned()));
        // Here the path has the token itself, so the template cannot show it.
        let template = if is_secret(&path) { "/[path not shown]".to_owned() } else { path.clone() };
        Self { query, ..Self::made(method, template, path, problem) }
    }

    /// Adds a query parameter. One of the same name stays.
    #[must_use]
    pub fn with_query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// Adds a query parameter that narrows what is returned. One of the same name stays.
    ///
    /// A blank value is refused when the request is sent: a server ignores it, and returns everything.
    #[cfg(feature = "v8")]
    pub(crate) fn with_condition(mut self, name: &'static str, value: String) -> Self {
        if value.trim().is_empty() {
            let expected = "a value, or not to be set".to_owned();
            self.problem = Some((name.to_owned(), value.clone(), expected));
        }
        self.with_query(name, value)
    }

    /// Sets a query parameter, in place of those of the same name.
    #[must_use]
    pub fn with_query_set(mut self, name: &str, value: impl Into<String>) -> Self {
        self.query.retain(|(key, _)| key != name);
        self.query.push((name.to_owned(), value.into()));
        self
    }

    /// Adds a condition to `$filter`. With one that is there already, both must hold.
    #[must_use]
    pub fn with_filter(mut self, filter: Filter) -> Self {
        // Remembered until the request is sent, like a bad path: builders do not fail.
        if let Some(problem) = filter.problem() {
            self.problem = Some(problem);
        }
        // The parameter may be sent once only, so conditions are joined.
        let text = match self.query.iter().find(|(key, _)| key == "$filter") {
            Some((_, before)) => format!("({before}) and ({filter})"),
            None => filter.to_string(),
        };
        self.with_query_set("$filter", text)
    }

    /// Sets `$orderby`.
    #[must_use]
    pub fn with_order_by(self, order: impl Into<OrderBy>) -> Self {
        self.with_order_in("$orderby", order.into())
    }

    /// Sets the order in a parameter of this name.
    pub(crate) fn with_order_in(mut self, parameter: &'static str, order: OrderBy) -> Self {
        if let Some(problem) = order.problem() {
            self.problem = Some(problem);
        }
        self.with_query_set(parameter, order.to_string())
    }

    /// Sets the JSON body.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Value>) -> Self {
        self.body = Some(body.into());
        self
    }

    pub(crate) fn json(mut self, body: impl IntoJson) -> Self {
        self.body = Some(body.into_json());
        self
    }

    /// Sets a form as the body. Its values may be secret, so `Debug` does not show them.
    #[cfg(feature = "v8")]
    pub(crate) fn with_form(mut self, fields: &[(&str, &str)]) -> Self {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(fields);
        self.content = Some(("application/x-www-form-urlencoded", form.finish().into_bytes()));
        self
    }

    /// Sets a body that is neither JSON nor a form.
    #[cfg(feature = "v8")]
    pub(crate) fn with_bytes(mut self, content_type: &'static str, bytes: Vec<u8>) -> Self {
        self.content = Some((content_type, bytes));
        self
    }

    /// Adds a header. Its name is in lower case.
    #[cfg(feature = "v8")]
    pub(crate) fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn headers(&self) -> &[(&'static str, String)] {
        &self.headers
    }

    /// Returns the content type and the bytes of a body that is not JSON.
    pub(crate) fn content(&self) -> Option<(&'static str, &[u8])> {
        self.content.as_ref().map(|(content_type, bytes)| (*content_type, bytes.as_slice()))
    }

    #[cfg(feature = "v7")]
    /// Marks a POST that only reads, so that it may be repeated.
    pub(crate) fn reading(mut self) -> Self {
        self.repeatable = true;
        self
    }

    /// Sends the request without a token.
    pub(crate) fn anonymously(mut self) -> Self {
        self.anonymous = true;
        self
    }

    /// Returns true if the path or the response may have a token, so that no error may repeat a part of them.
    pub(crate) fn is_secret(&self) -> bool {
        self.secret
    }

    pub(crate) fn is_anonymous(&self) -> bool {
        self.anonymous
    }

    /// Returns true if the request may be sent again when it is not known whether the server carried it out.
    ///
    /// That is every method but POST and PATCH, and each POST that only reads.
    #[must_use]
    pub fn is_repeatable(&self) -> bool {
        self.repeatable
    }

    /// Returns the method.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// Returns the path, encoded, without the query.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns the query parameters, not encoded.
    #[must_use]
    pub fn query(&self) -> &[(String, String)] {
        &self.query
    }

    /// Returns the value of a query parameter, not encoded.
    #[must_use]
    pub fn query_value(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Returns the JSON body.
    #[must_use]
    pub fn body(&self) -> Option<&Value> {
        self.body.as_ref()
    }

    /// Returns path and query, encoded, as they follow the server's origin.
    #[must_use]
    pub fn target(&self) -> String {
        // `$`, `,` and `/` stay readable in the query; servers accept both forms.
        let mut target = self.path.clone();
        for (at, (name, value)) in self.query.iter().enumerate() {
            target.push(if at == 0 { '?' } else { '&' });
            target.extend(utf8_percent_encode(name, QUERY));
            // A flag has no value, and is documented without the equals sign.
            if !value.is_empty() {
                target.push('=');
                target.extend(utf8_percent_encode(value, QUERY));
            }
        }
        target
    }

    /// Returns method and path template, for messages, spans and metrics: `GET /identity/api/tenants/{tenant}`.
    #[must_use]
    pub fn operation(&self) -> String {
        format!("{} {}", self.method, self.template)
    }

    /// Checks the values that the request was made of. Sending it does so too.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] that names the first value that cannot be used.
    pub fn validate(&self) -> Result<(), Error> {
        match &self.problem {
            Some((field, _, expected)) if self.secret => {
                Err(Error::invalid(format!("{}: {field}", self.operation()), "[not shown]", expected))
            }
            Some((field, value, expected)) => {
                Err(Error::invalid(format!("{}: {field}", self.operation()), value, expected))
            }
            None => Ok(()),
        }
    }
}

impl fmt::Debug for ApiRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("ApiRequest");
        // Not the path: a token is a segment of one.
        out.field("operation", &self.operation()).field("query", &self.query);
        if let Some(body) = &self.body {
            out.field("body", &Redacted(body));
        }
        if let Some((content_type, bytes)) = &self.content {
            out.field("content_type", content_type).field("content_bytes", &bytes.len());
        }
        out.finish_non_exhaustive()
    }
}

/// Paths of the calls that issue tokens or name one in their path. Those of later versions are listed as well.
const SECRET: [&str; 5] =
    ["/identity/api/tokens", "/iaas/api/login", "/csp/gateway/am/", "/cloudapi/1.0.0/sessions", "/oauth/"];

/// Returns true if a path, in any spelling, is that of a call with tokens.
fn is_secret(path: &str) -> bool {
    // Decoded first: `/identity/api/%74okens/…` reaches the same call.
    let path = percent_encoding::percent_decode_str(path).decode_utf8_lossy().to_ascii_lowercase();
    SECRET.iter().any(|secret| path.contains(secret))
}

fn decode_pair(pair: &str) -> (String, String) {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    let decode =
        |text: &str| percent_encoding::percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    (decode(name), decode(value))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn values_are_encoded_as_one_segment() {
        let request = ApiRequest::get("/tokens/{token}/x/{user}", &["a+/b==%", "tony@example.com"]);
        assert_eq!(request.target(), "/tokens/a%2B%2Fb%3D%3D%25/x/tony@example.com");
        assert_eq!(request.operation(), "GET /tokens/{token}/x/{user}");
        assert!(request.validate().is_ok());
    }

    #[test]
    fn values_that_address_another_object_are_refused() {
        for bad in ["", " ", ".", "..", "a\nb", "\0"] {
            let request = ApiRequest::delete("/tenants/{tenant}", &[bad]);
            let error = request.validate().unwrap_err().to_string();
            assert!(error.contains("tenant"), "{error}");
        }
        assert!(ApiRequest::delete("/tenants/{tenant}", &["a..b"]).validate().is_ok());
    }

    #[test]
    fn queries_are_encoded_and_raw_ones_decoded() {
        let request = ApiRequest::get("/rows", &[])
            .with_filter(Filter::eq("name", "it's a + b"))
            .with_order_by(OrderBy::desc("dateCreated"));
        assert_eq!(
            request.target(),
            "/rows?$filter=name%20eq%20%27it%27%27s%20a%20%2B%20b%27&$orderby=dateCreated%20desc"
        );
        let again = ApiRequest::raw(Method::GET, request.target());
        assert_eq!(again.query(), request.query());
        assert_eq!(again.target(), request.target());
        assert_eq!(ApiRequest::get("/login", &[]).with_query("access_token", "").target(), "/login?access_token");
    }

    #[test]
    fn raw_paths_stay_below_the_server() {
        for bad in [
            "//evil.example/x",
            "https://evil.example/x",
            "/a/../b",
            "x",
            "/a b",
            "/a#b",
            "/\\evil",
            "/a/%2e%2e/b",
            "/a/.%2E/b",
            "/a/..;/b",
            "/a/..%2fb",
            "/a/%0a",
            "/a/.\t./b",
            "/a//b",
        ] {
            assert!(ApiRequest::raw(Method::GET, bad).validate().is_err(), "{bad}");
        }
        assert!(ApiRequest::raw(Method::GET, "/a/b?c=d").validate().is_ok());
    }

    #[test]
    fn filters_are_combined() {
        let request = ApiRequest::get("/rows", &[]).with_filter(Filter::eq("a", 1)).with_filter(Filter::eq("b", true));
        assert_eq!(request.query_value("$filter"), Some("(a eq 1) and (b eq true)"));
    }

    #[test]
    fn debug_hides_secrets() {
        let raw = ApiRequest::raw(Method::GET, "/identity/api/%74okens/hunter2");
        assert!(raw.is_secret() && !raw.operation().contains("hunter2"), "{raw:?}");
        let odd = ApiRequest::get("/identity/api/tokens/{token}", &["hunter2\n"]).validate().unwrap_err();
        assert!(!format!("{odd} {odd:?}").contains("hunter2"), "{odd:?}");
        let request = ApiRequest::post("/tokens/{token}", &["hunter2"])
            .with_body(serde_json::json!({"username": "tony", "password": "hunter2"}));
        let text = format!("{request:?}");
        assert!(!text.contains("hunter2") && text.contains("tony"), "{text}");
    }
}
