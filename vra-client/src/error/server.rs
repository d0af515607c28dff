//! Responses whose status is not a success.

use std::fmt;
use std::time::Duration;

use ipam_core::{ErrorKind, Outcome, Retry};
use serde_json::Value;

use super::excerpt::{WITHHELD, bounded, text_excerpt};
use crate::lenient::model;

model! {
    /// Error message of the server.
    pub struct ServerMessage {
        // From captured responses. `message` was empty in some of them, while `systemMessage` had the cause. The
        // services of version 8 have shapes of their own, which share members; one type reads all of them.
        /// Error number of a server of version 7, such as 20111.
        code: i64 = "code";
        /// Component that raised the error.
        source: String = "source";
        /// Message for users. It can be empty or generic.
        message: String = "message";
        /// Message for administrators, which often has the cause.
        system_message: String = "systemMessage";
        /// URL with more information.
        more_info_url: String = "moreInfoUrl";
        /// Error number of the IaaS service of version 8; 0 if it has none.
        error_code: i64 = "errorCode";
        /// Name of the message, such as `validation.error`; IaaS.
        message_id: String = "messageId";
        /// HTTP status in the body; IaaS.
        status_code: i64 = "statusCode";
        /// Id of the error in the server's log; IaaS.
        server_error_id: String = "serverErrorId";
        /// Type of the error document; IaaS.
        document_kind: String = "documentKind";
        /// Marks, such as `SHOULD_RETRY`; IaaS.
        details: Vec<Value> = "details";
        /// Stack of the server; IaaS.
        stack_trace: Vec<Value> = "stackTrace";
        /// HTTP status in the body, as a number or as `400 BAD_REQUEST`; login, catalog and deployment services.
        status: String = "status";
        /// Name of the error, such as `Bad Request`; login, catalog and deployment services.
        error: String = "error";
        /// Description of the error; login of VCF Automation.
        error_description: String = "error_description";
        /// Message; login service.
        server_message: String = "serverMessage";
        /// Type of the error; login service.
        type_name: String = "type";
        /// Path of the call; catalog and deployment services.
        path: String = "path";
        /// Time of the error, as a number or a text; login, catalog and deployment services.
        timestamp: String = "timestamp";
    }
}

impl ServerMessage {
    /// Returns true if the IaaS service says that the call may be repeated.
    #[must_use]
    pub fn should_retry(&self) -> bool {
        let mark = |detail: &Value| detail.as_str() == Some("SHOULD_RETRY");
        self.details.as_deref().unwrap_or_default().iter().any(mark)
    }

    /// Returns the number of the error, whichever service it is from.
    fn number(&self) -> Option<i64> {
        // The IaaS service writes 0 where it has no number.
        self.code.or(self.error_code.filter(|number| *number != 0))
    }

    /// Returns the texts that say what is wrong, the most telling first.
    fn texts(&self) -> impl Iterator<Item = &str> {
        let texts = [&self.message, &self.server_message, &self.system_message, &self.error_description];
        let said = |text: &&str| !text.trim().is_empty();
        let mut found = texts.into_iter().filter_map(Option::as_deref).filter(said).peekable();
        // The name of the status, or of the message, says something only where nothing else does.
        let names = [&self.error, &self.message_id].into_iter().filter_map(Option::as_deref).filter(said);
        let names = names.take(if found.peek().is_none() { 1 } else { 0 });
        found.chain(names)
    }
}

/// Form of the body of a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorBody {
    /// List of error messages of the server.
    Messages,
    /// JSON of another shape.
    OtherJson,
    /// HTML page, as servlet containers and gateways write them.
    Html,
    /// Other text.
    Text,
    /// No body, or a blank one.
    Empty,
}

/// Refusal or failure that the server reported with a status that is not a success.
///
#[cfg_attr(feature = "testing", doc = "```")]
#[cfg_attr(not(feature = "testing"), doc = "```text")]
/// # use vra_client::{HttpOptions, testing::v7::Server, v7::Client};
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// # let server = Server::builder().example_data().start().await?;
/// # let client = Client::builder(server.url()).with_password(Server::USER, Server::PASSWORD, Server::TENANT)
/// #     .with_http_options(HttpOptions::new().with_allow_http(true)).build()?;
/// use vra_client::error::ErrorBody;
///
/// let error = client.identity().tenant("no-such-tenant").await.unwrap_err();
/// let refusal = error.as_server().ok_or("not a refusal")?;
/// assert_eq!((refusal.status, refusal.body), (404, ErrorBody::Messages));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct ServerError {
    /// Method and path template of the call.
    pub operation: String,
    /// HTTP status.
    pub status: u16,
    /// Messages of the server; empty if the body has another form. Of a login, and of a call with a token in its path
    /// or response, they have the numbers only.
    pub messages: Vec<ServerMessage>,
    /// Form of the body.
    pub body: ErrorBody,
    /// Heading of an HTML page, or begin of another text; cut, and without what looks like a secret. Of a login, and of
    /// a call with a token in its path or response, it has no text of the server.
    pub summary: String,
    /// Retry advice by the status.
    pub retry: Retry,
    /// Outcome by the status.
    pub outcome: Outcome,
    /// Time until the next attempt that the server asks for (`Retry-After`).
    pub retry_after: Option<Duration>,
    /// Meaning as the error of a login, where the login tells more than the status.
    pub(super) login: Option<ErrorKind>,
}

#[derive(serde::Deserialize)]
struct Envelope {
    errors: Vec<ServerMessage>,
}

impl ServerError {
    pub(crate) fn new(operation: &str, status: u16, retry_after: Option<Duration>, body: &[u8]) -> Self {
        // The order matters: the documented list first, then one message without the list (some clients expect it), and
        // an HTML page only if it is no JSON. 7.3 sends the page for a 401 even to a client that accepts JSON only.
        let text = String::from_utf8_lossy(body);
        let trimmed = text.trim_start_matches('\u{feff}').trim();
        let (messages, kind, summary) = if trimmed.is_empty() {
            (Vec::new(), ErrorBody::Empty, String::new())
        } else if let Ok(envelope) = serde_json::from_str::<Envelope>(trimmed) {
            (envelope.errors, ErrorBody::Messages, String::new())
        } else if let Ok(single) = serde_json::from_str::<ServerMessage>(trimmed)
            && single.texts().next().is_some()
        {
            (vec![single], ErrorBody::Messages, String::new())
        } else if serde_json::from_str::<serde::de::IgnoredAny>(trimmed).is_ok() {
            (Vec::new(), ErrorBody::OtherJson, text_excerpt(trimmed.as_bytes()))
        } else if trimmed.starts_with('<') {
            (Vec::new(), ErrorBody::Html, heading(trimmed))
        } else {
            (Vec::new(), ErrorBody::Text, text_excerpt(trimmed.as_bytes()))
        };
        let marked = messages.iter().any(ServerMessage::should_retry);
        let (retry, outcome) = match status {
            // Refused by the throttle, in front of the service: nothing was done.
            429 => (Retry::Safe, Outcome::NotApplied),
            // A gateway reports this while the service starts, or after it passed the call on and got no response. So
            // the call may have been carried out, and only one that may be repeated is.
            502..=504 => (Retry::IfIdempotent, Outcome::Unknown),
            // The service failed in the middle (500), gave up (408), or refers to another page for the result (303).
            // The call may have been carried out; a repetition meets the same fault, so it is not sent again.
            303 | 408 | 500.. => (Retry::Never, Outcome::Unknown),
            _ => (Retry::Never, Outcome::NotApplied),
        };
        // Not for a POST, whatever the status: the mark does not say that nothing was done. A 401 is the session's to
        // handle.
        let retry = if marked && retry == Retry::Never && status != 401 { Retry::IfIdempotent } else { retry };
        let operation = operation.to_owned();
        Self { operation, status, messages, body: kind, summary, retry, outcome, retry_after, login: None }
    }

    /// Makes the error of a call whose response may hold a token: it keeps the server's numbers and none of its words.
    pub(crate) fn withheld(operation: &str, status: u16, retry_after: Option<Duration>, body: &[u8]) -> Self {
        let mut error = Self::new(operation, status, retry_after, body);
        let numbers = error.messages.iter().filter_map(ServerMessage::number);
        error.messages = numbers.map(|code| ServerMessage { code: Some(code), ..ServerMessage::default() }).collect();
        if error.messages.is_empty() && error.body == ErrorBody::Messages {
            error.body = ErrorBody::OtherJson;
        }
        error.summary = WITHHELD.to_owned();
        // The words of the server are dropped, so that the message has to say itself what to do.
        if status == 401 {
            error.body = ErrorBody::Text;
            error.summary = "the server refused the user, the password or the tenant; check all three".to_owned();
        }
        error
    }

    /// Returns the meaning of the refusal. The server's own number takes precedence over the status, since releases use
    /// different statuses for the same number.
    ///
    /// | status or number | kind | retry | outcome |
    /// | --- | --- | --- | --- |
    /// | number 20111 or 20116, with any status | `NotFound` | by status | by status |
    /// | number 12017, with any status | `PermissionDenied` | by status | by status |
    /// | 303 | `Protocol` | `Never` | `Unknown` |
    /// | 400, 422 | `InvalidInput` | `Never` | `NotApplied` |
    /// | 401 | `Unauthenticated` | `Never` | `NotApplied` |
    /// | 403 | `PermissionDenied` | `Never` | `NotApplied` |
    /// | 404 | `NotFound` | `Never` | `NotApplied` |
    /// | 408 | `Timeout` | `Never` | `Unknown` |
    /// | 409, 412 | `Conflict` | `Never` | `NotApplied` |
    /// | 429 | `RateLimited` | `Safe` | `NotApplied` |
    /// | 502, 503, 504 | `Unavailable` | `IfIdempotent` | `Unknown` |
    /// | 500 and above, except those | `Unavailable` | `Never` | `Unknown` |
    /// | any other, such as 405 | `Protocol` | `Never` | `NotApplied` |
    ///
    /// If the IaaS service of version 8 marks a refusal with `SHOULD_RETRY`, `IfIdempotent` takes the place of `Never`,
    /// except with 401.
    ///
    /// Retry and outcome are those of one response. The client's repetitions change them: see [`Error`](super::Error).
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self.status {
            _ if self.is_not_found() => ErrorKind::NotFound,
            _ if self.is_permission_denied() => ErrorKind::PermissionDenied,
            400 | 422 => ErrorKind::InvalidInput,
            401 => ErrorKind::Unauthenticated,
            409 | 412 => ErrorKind::Conflict,
            408 => ErrorKind::Timeout,
            429 => ErrorKind::RateLimited,
            500.. => ErrorKind::Unavailable,
            _ => ErrorKind::Protocol,
        }
    }

    /// Returns the first error number of the server; see [`Error::code`](super::Error::code).
    #[must_use]
    pub fn code(&self) -> Option<i64> {
        self.messages.iter().find_map(ServerMessage::number)
    }

    /// Returns the first number of a server of version 7. Only those have a meaning that is known.
    fn older_code(&self) -> Option<i64> {
        self.messages.iter().find_map(|message| message.code)
    }

    /// Puts a text of this crate in the place of the server's words, which are not shown, and says what the refusal of
    /// the login means.
    #[cfg(feature = "v8")]
    pub(crate) fn explained(mut self, summary: &str, kind: ErrorKind) -> Self {
        self.body = ErrorBody::Text;
        summary.clone_into(&mut self.summary);
        self.login = Some(kind);
        self
    }

    /// Returns true if the named object does not exist: status 404, number 20111 (request) or 20116 (catalog item).
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.status == 404 || matches!(self.older_code(), Some(20111 | 20116))
    }

    /// Returns true if the caller may not do this: status 403, or number 12017, which is a work item of another user
    /// and comes with status 400.
    #[must_use]
    pub fn is_permission_denied(&self) -> bool {
        self.status == 403 || self.older_code() == Some(12017)
    }

    /// Returns true if a work item was completed before (12005).
    #[must_use]
    pub fn is_completed_already(&self) -> bool {
        self.older_code() == Some(12005)
    }

    /// Returns true if an identity store was not linked because it cannot be reached (90027).
    #[must_use]
    pub fn is_directory_unreachable(&self) -> bool {
        self.older_code() == Some(90027)
    }
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: status {}", self.operation, self.status)?;
        let mut separator = ": ";
        for message in &self.messages {
            if let Some(code) = message.number() {
                write!(f, "{separator}[{code}]")?;
                separator = " ";
            }
            let mut said = None;
            for text in message.texts() {
                // Servers often repeat the message as the system message.
                if said != Some(text) {
                    write!(f, "{separator}{}", bounded(text, 300))?;
                    said = Some(text);
                    separator = "; ";
                }
            }
            if let Some(id) = &message.server_error_id {
                // By it an administrator finds the cause in the server's log.
                write!(f, " (server error {})", bounded(id, 80))?;
            }
            separator = "; ";
        }
        match self.body {
            ErrorBody::Messages => Ok(()),
            ErrorBody::Empty => write!(f, ", without a body"),
            ErrorBody::Html => write!(f, ", a page: {}", self.summary),
            ErrorBody::OtherJson | ErrorBody::Text => write!(f, ": {}", self.summary),
        }
    }
}

impl std::error::Error for ServerError {}

/// Returns the text of the first heading of a page, or of its title.
fn heading(page: &str) -> String {
    // ASCII lower case keeps the byte positions.
    let lower = page.to_ascii_lowercase();
    // The heading first: it has the status in the captured page, whose title only says that there is an error.
    for tag in ["h1", "title"] {
        let Some(open) = lower.find(&format!("<{tag}")) else { continue };
        let Some(start) = lower.get(open..).and_then(|rest| rest.find('>')).map(|at| open + at + 1) else { continue };
        let Some(end) = lower.get(start..).and_then(|rest| rest.find("</")).map(|at| start + at) else { continue };
        let text = page.get(start..end).unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
        if !text.is_empty() {
            return format!("{:?}", bounded(&text, 200));
        }
    }
    text_excerpt(page.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, body: &str) -> ServerError {
        ServerError::new("GET /x/{id}", status, None, body.as_bytes())
    }

    #[test]
    fn messages_are_typed_and_shown_once() {
        let body = r#"{"errors":[{"code":90027,"source":null,"message":"Cannot connect.","systemMessage":"90027-Connection","moreInfoUrl":null}]}"#;
        let error = of(400, body);
        assert_eq!(error.code(), Some(90027));
        assert!(error.is_directory_unreachable());
        assert_eq!(error.to_string(), "GET /x/{id}: status 400: [90027] Cannot connect.; 90027-Connection");
        let same = of(404, r#"{"errors":[{"code":20111,"message":"gone","systemMessage":"gone"}]}"#);
        assert_eq!(same.to_string(), "GET /x/{id}: status 404: [20111] gone");
        assert!(same.is_not_found() && !same.is_permission_denied());
    }

    #[test]
    fn forms_of_a_body_are_distinguished() {
        let page = of(
            401,
            "<!DOCTYPE html><html><head><title>Error</title></head><body><H1 class='x'>HTTP Status 401 -\n Auth</H1>",
        );
        assert_eq!(page.body, ErrorBody::Html);
        assert_eq!(page.summary, "\"HTTP Status 401 - Auth\"");
        assert_eq!(of(500, " \n").body, ErrorBody::Empty);
        assert_eq!(of(503, "busy").body, ErrorBody::Text);
        assert_eq!(of(503, "[1]").body, ErrorBody::OtherJson);
        assert_eq!(of(400, r#"{"message":"one"}"#).messages.len(), 1);
        assert_eq!(of(400, "<html><ünïcode").body, ErrorBody::Html);
    }

    #[test]
    fn shapes_of_version_8_are_read() {
        let iaas = of(
            403,
            r#"{"message":"forbidden","statusCode":403,"errorCode":0,"serverErrorId":"cef9","documentKind":"x:ServiceErrorResponse"}"#,
        );
        assert_eq!((iaas.kind(), iaas.code(), iaas.retry), (ErrorKind::PermissionDenied, None, Retry::Never));
        assert_eq!(iaas.to_string(), "GET /x/{id}: status 403: forbidden (server error cef9)");
        let csp = r#"{"timestamp":1600000000000,"type":"T","status":"400 BAD_REQUEST","error":"Bad Request","serverMessage":"no"}"#;
        let csp = of(400, csp);
        assert_eq!(csp.to_string(), "GET /x/{id}: status 400: no");
        assert_eq!(csp.messages.first().and_then(|message| message.status.as_deref()), Some("400 BAD_REQUEST"));
        let spring = r#"{"timestamp":"2020-09-14T14:36:39.435+00:00","status":404,"error":"Not Found","message":"","path":"/x"}"#;
        let spring = of(404, spring);
        assert_eq!((spring.to_string().as_str(), spring.is_not_found()), ("GET /x/{id}: status 404: Not Found", true));
        let numbered = of(400, r#"{"message":"no","statusCode":400,"errorCode":20111}"#);
        // The number has a meaning with version 7 only.
        assert_eq!((numbered.code(), numbered.kind()), (Some(20111), ErrorKind::InvalidInput));
    }

    #[test]
    fn a_mark_of_the_server_allows_calls_that_may_be_repeated() {
        let marked = |status| of(status, r#"{"message":"busy","details":["SHOULD_RETRY"]}"#);
        for status in [400, 409, 500] {
            assert_eq!(marked(status).retry, Retry::IfIdempotent, "{status}");
        }
        assert_eq!((marked(401).retry, marked(429).retry), (Retry::Never, Retry::Safe));
        assert_eq!((marked(409).outcome, marked(500).outcome), (Outcome::NotApplied, Outcome::Unknown));
    }

    #[test]
    fn only_gateways_and_throttling_are_retried() {
        assert_eq!(of(429, "").retry, Retry::Safe);
        assert_eq!(of(503, "").retry, Retry::IfIdempotent);
        assert_eq!(of(500, "").retry, Retry::Never);
        assert_eq!(of(400, "").retry, Retry::Never);
    }
}
