//! Responses of the relay.

use http::header::{ALLOW, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{Response, StatusCode};
use http_body_util::Full;
use hyper::body::Bytes;
use phpipam_client::scan::RelayError;
use serde::Serialize;
use serde_json::json;

/// Reason for which a request is refused.
#[derive(Debug)]
pub(super) enum Refusal {
    /// No token, or another one.
    Token,
    /// Another path than `/`.
    Path,
    /// Another method than POST.
    Method,
    /// Larger body than this many bytes.
    TooLarge(usize),
    /// Body that did not come in time, or not whole.
    Body(String),
    /// Too many reports at once.
    Busy,
    /// Report that is refused.
    Report(RelayError),
}

impl Refusal {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Token => StatusCode::UNAUTHORIZED,
            Self::Path => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Body(_) => StatusCode::BAD_REQUEST,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Report(error) => StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_GATEWAY),
        }
    }

    /// Returns the message for the log, or for the scanner, which need not know how phpIPAM failed.
    pub(super) fn message(&self, for_scanner: bool) -> String {
        match self {
            Self::Token => "the bearer token is missing or wrong; compare auth_token with that of the relay".to_owned(),
            Self::Path => "reports are sent to the path /".to_owned(),
            Self::Method => "reports are sent with POST".to_owned(),
            Self::TooLarge(most) => {
                format!("the body has more than {most} bytes; raise relay_max_body, or divide the subnet")
            }
            Self::Body(reason) => format!("the body did not arrive: {reason}"),
            Self::Busy => "other reports are being applied; send this one again later".to_owned(),
            Self::Report(RelayError::Scan(_)) if for_scanner => {
                "the report was not applied, because phpIPAM failed; the log of the relay has the reason".to_owned()
            }
            Self::Report(error) => crate::report::text(error),
        }
    }

    pub(super) fn response(&self) -> Response<Full<Bytes>> {
        let status = self.status();
        let error = json!({ "error": { "status": status.as_u16(), "message": self.message(true) } });
        let mut response = respond(status, &error);
        let header = match self {
            Self::Token => Some((WWW_AUTHENTICATE, "Bearer")),
            Self::Method => Some((ALLOW, "POST")),
            Self::Busy => Some((RETRY_AFTER, "60")),
            _ => None,
        };
        if let Some((name, value)) = header {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

/// Returns a response with JSON.
pub(super) fn respond(status: StatusCode, json: &impl Serialize) -> Response<Full<Bytes>> {
    let body = serde_json::to_vec(json).unwrap_or_default();
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
