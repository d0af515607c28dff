//! Responses: the envelope around every content.

use http::header::{ALLOW, CONTENT_TYPE, HeaderValue, LINK, RETRY_AFTER};
use http::{Response, StatusCode};
use http_body_util::Full;
use hyper::body::Bytes;
use serde_json::{Value, json};

use super::query::Query;
use super::refusal::Refusal;
use super::route::Route;

/// Response of the API.
pub(super) type Reply = Response<Full<Bytes>>;

/// Makes the body of a response.
fn envelope(error: Option<&String>, content: &Value, query: &Query) -> Vec<u8> {
    serde_json::to_vec(&json!({ "error": error, "content": content, "params": query.0 })).unwrap_or_default()
}

/// Makes the bytes of a response where there is no request.
pub(super) fn text(refusal: &Refusal) -> Vec<u8> {
    let body = envelope(Some(&refusal.message), &json!({ "type": refusal.kind }), &Query::default());
    let (status, reason) = (refusal.status.as_u16(), refusal.status.canonical_reason().unwrap_or_default());
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} {reason}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
    );
    [head.into_bytes(), body].concat()
}

/// Makes the response of a request. `route` is `None` for a path that there is not.
pub(super) fn reply(
    result: Result<Value, Refusal>,
    query: &Query,
    route: Option<Route>,
    login_page: Option<&str>,
) -> Reply {
    let (status, error, content) = match &result {
        Ok(content) => (StatusCode::OK, None, content.clone()),
        Err(refusal) => (refusal.status, Some(&refusal.message), json!({ "type": refusal.kind })),
    };
    let body = envelope(error, &content, query);
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let mut link = |target: String, relation: &str| {
        // A page that is no header's text is a mistake of the settings, which loses the link only.
        if let Ok(value) = HeaderValue::from_str(&format!("<{target}>; rel={relation}")) {
            headers.append(LINK, value);
        }
    };
    if let Some(route) = route {
        link(format!("{}?describe=true", route.path()), "help");
    }
    if let (StatusCode::UNAUTHORIZED, Some(page)) = (status, login_page) {
        link(page.to_owned(), "authorization");
    }
    if let Err(refusal) = result {
        if let Some(allow) = refusal.allow {
            headers.insert(ALLOW, HeaderValue::from_static(allow));
        }
        if let Some(wait) = refusal.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(wait.as_secs()));
        }
    }
    response
}
