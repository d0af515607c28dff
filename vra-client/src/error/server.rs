//! Answers that are no success.

use std::fmt;
use std::time::Duration;

use ipam_core::{ErrorKind, Outcome, Retry};

use super::excerpt::{WITHHELD, bounded, text_excerpt};
use crate::lenient::model;

model! {
    /// One of the server's own error messages.
    pub struct ServerMessage {
        /// The server's number for the error, such as 20111.
        code: i64 = "code";
        /// Where the error arose.
        source: String = "source";
        /// The message for people. May be empty or general.
        message: String = "message";
        /// The message for administrators, which often has the cause.
        system_message: String = "systemMessage";
        /// Where to read more.
        more_info_url: String = "moreInfoUrl";
    }
}

/// What an unsuccessful answer's body was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorBody {
    /// The server's list of error messages.
    Messages,
    /// JSON of another shape.
    OtherJson,
    /// A page for a browser, as servlet containers and gateways write them.
    Html,
    /// Some other text.
    Text,
    /// Nothing.
    Empty,
}

/// The server answered with a status that is no success.
#[derive(Debug)]
#[non_exhaustive]
pub struct ServerError {
    /// Method and path template.
    pub operation: String,
    /// The HTTP status.
    pub status: u16,
    /// The server's messages; none if the body was something else.
    pub messages: Vec<ServerMessage>,
    /// What the body was.
    pub body: ErrorBody,
    /// The heading of a page, or the start of another text. Cut, and without what looks like a secret.
    pub summary: String,
    /// Whether to repeat the call.
    pub retry: Retry,
    /// Whether the call may have been carried out.
    pub outcome: Outcome,
    /// When the server asks to be called again.
    pub retry_after: Option<Duration>,
}

#[derive(serde::Deserialize)]
struct Envelope {
    errors: Vec<ServerMessage>,
}

impl ServerError {
    pub(crate) fn new(operation: &str, status: u16, retry_after: Option<Duration>, body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        let trimmed = text.trim_start_matches('\u{feff}').trim();
        let (messages, kind, summary) = if trimmed.is_empty() {
            (Vec::new(), ErrorBody::Empty, String::new())
        } else if let Ok(envelope) = serde_json::from_str::<Envelope>(trimmed) {
            (envelope.errors, ErrorBody::Messages, String::new())
        } else if let Ok(single) = serde_json::from_str::<ServerMessage>(trimmed)
            && (single.message.is_some() || single.system_message.is_some())
        {
            (vec![single], ErrorBody::Messages, String::new())
        } else if serde_json::from_str::<serde::de::IgnoredAny>(trimmed).is_ok() {
            (Vec::new(), ErrorBody::OtherJson, text_excerpt(trimmed.as_bytes()))
        } else if trimmed.starts_with('<') {
            (Vec::new(), ErrorBody::Html, heading(trimmed))
        } else {
            (Vec::new(), ErrorBody::Text, text_excerpt(trimmed.as_bytes()))
        };
        let (retry, outcome) = match status {
            // Refused before anything was done.
            429 => (Retry::Safe, Outcome::NotApplied),
            // What stands before the service answered, or the service gave up half-way.
            502..=504 => (Retry::IfIdempotent, Outcome::Unknown),
            // The service failed at it, or says elsewhere what became of it. The same call would meet the same again.
            303 | 408 | 500.. => (Retry::Never, Outcome::Unknown),
            _ => (Retry::Never, Outcome::NotApplied),
        };
        Self { operation: operation.to_owned(), status, messages, body: kind, summary, retry, outcome, retry_after }
    }

    /// The error of a call whose response may hold a token: the server's numbers are kept, its words are not.
    pub(crate) fn withheld(operation: &str, status: u16, retry_after: Option<Duration>, body: &[u8]) -> Self {
        let mut error = Self::new(operation, status, retry_after, body);
        let numbers = error.messages.iter().filter_map(|message| message.code);
        error.messages = numbers.map(|code| ServerMessage { code: Some(code), ..ServerMessage::default() }).collect();
        if error.messages.is_empty() && error.body == ErrorBody::Messages {
            error.body = ErrorBody::OtherJson;
        }
        error.summary = WITHHELD.to_owned();
        if status == 401 {
            error.body = ErrorBody::Text;
            error.summary = "the user, the password or the tenant was refused; look at all three".to_owned();
        }
        error
    }

    /// What the refusal means to a caller that does not know this server. The server's own number counts more than the
    /// status, which differs between releases.
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

    /// The first of the server's error numbers.
    #[must_use]
    pub fn code(&self) -> Option<i64> {
        self.messages.iter().find_map(|message| message.code)
    }

    /// Whether what was named does not exist. The catalog has numbers of its own for that (20111 request, 20116
    /// catalog item), whose status differs between releases.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.status == 404 || matches!(self.code(), Some(20111 | 20116))
    }

    /// Whether the caller may not do this. 12017 is a work item that belongs to somebody else, sent with status 400.
    #[must_use]
    pub fn is_permission_denied(&self) -> bool {
        self.status == 403 || self.code() == Some(12017)
    }

    /// Whether a work item was completed already (12005).
    #[must_use]
    pub fn is_completed_already(&self) -> bool {
        self.code() == Some(12005)
    }

    /// Whether an identity store could not be reached, so that it was not linked (90027).
    #[must_use]
    pub fn is_directory_unreachable(&self) -> bool {
        self.code() == Some(90027)
    }
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: status {}", self.operation, self.status)?;
        let mut separator = ": ";
        for message in &self.messages {
            if let Some(code) = message.code {
                write!(f, "{separator}[{code}]")?;
                separator = " ";
            }
            let texts = [message.message.as_deref(), message.system_message.as_deref()];
            let mut said = None;
            for text in texts.into_iter().flatten().filter(|text| !text.trim().is_empty()) {
                if said != Some(text) {
                    write!(f, "{separator}{}", bounded(text, 300))?;
                    said = Some(text);
                    separator = "; ";
                }
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

/// The text of the first heading of a page, or of its title.
fn heading(page: &str) -> String {
    // ASCII lower case keeps the byte positions.
    let lower = page.to_ascii_lowercase();
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
    fn pages_and_nothing_are_told_apart() {
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
    fn only_gateways_and_throttling_are_worth_another_try() {
        assert_eq!(of(429, "").retry, Retry::Safe);
        assert_eq!(of(503, "").retry, Retry::IfIdempotent);
        assert_eq!(of(500, "").retry, Retry::Never);
        assert_eq!(of(400, "").retry, Retry::Never);
    }
}
