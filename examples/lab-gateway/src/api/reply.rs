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
    let envelope = json!({ "error": error, "content": content, "params": query.0 });
    let body = serde_json::to_vec(&envelope).unwrap_or_default();
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
