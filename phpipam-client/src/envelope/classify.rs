//! Classification of a response, given its call.

use std::time::Duration;

use http::{HeaderMap, StatusCode};
use ipam_core::Retry;
use ipam_core::http::{retry_after, status_advice};
use serde_json::value::RawValue;

use super::body::{self, Members};
use super::failure::{Failure, failure};
use super::{EXCERPT, Reply, Success};
use crate::error::{Error, Refusal, RefusalKind, Result, UnexpectedResponse};
use crate::request::ApiRequest;

/// Time for which the server blocks an address after too many failed logins (Q55).
const LOCKOUT: Duration = Duration::from_secs(300);

/// Parts of a response that its classification needs.
pub(crate) struct Received<'a> {
    pub(crate) status: StatusCode,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
}

/// Returns true if an envelope reports success.
pub(crate) fn is_success(envelope: &str) -> bool {
    let members = body::members(envelope);
    members.is_some_and(|members| members.success == Some(true) && members.code.is_none_or(|code| code < 400))
}

/// Classifies the response to `request`. `lenient` accepts an envelope with other text around it.
pub(crate) fn classify(request: &ApiRequest, response: &Received<'_>, lenient: bool) -> Result<Reply> {
    let text = body::text(response.body);
    let (members, warning) = match body::members(&text) {
        Some(members) => (members, None),
        None => match body::surrounded(&text) {
            // The server's own words about the call, whose envelope says how it ended: boxes about NAT rules that it
            // changed, and up to 1.4 about a log entry that was too long (Q75).
            Some(found) if lenient || found.after.trim().is_empty() && body::is_alerts(found.before) => {
                let noise = excerpt(request, found.noise().as_bytes(), EXCERPT);
                (found.members, Some(noise))
            }
            Some(found) => return Err(not_only_json(request, response, &found.noise())),
            None => return no_envelope(request, response, &text),
        },
    };
    let status = response.status.as_u16();
    // All three must agree. A method that a controller does not have is HTTP 501 with `success: true` (all versions), a
    // lock timeout of 1.8 is HTTP 200 with code 500 and `success: false` (Q10).
    let code = members.code.filter(|code| *code >= 400).unwrap_or(status);
    if members.success == Some(true) && code < 400 {
        return Ok(Reply::Success(success(request, response, &members, warning)?));
    }
    let message = members.message.clone().unwrap_or_default();
    match failure(request.call, code, &message) {
        Failure::Nothing { certain } => Ok(Reply::Nothing { certain }),
        Failure::Refused(RefusalKind::Invalid, retry) if fills_in_null(request, &message) => {
            Err(refused(request, response, members.code, message, RefusalKind::Config, retry))
        }
        Failure::Refused(kind, retry) => Err(refused(request, response, members.code, message, kind, retry)),
    }
}

/// Returns true if the server made NULL of a field that was not sent (Q73).
///
/// In a change of an address it fills in the fields of the old row, and turns an empty text into NULL. Fields that were
/// sent are the caller's responsibility.
fn fills_in_null(request: &ApiRequest, message: &str) -> bool {
    let column = message.split_once(" 1048 Column '").and_then(|(_, rest)| rest.split_once('\''));
    column.is_some_and(|(column, _)| request.body().is_some_and(|body| body.get(column).is_none()))
}

fn success(
    request: &ApiRequest,
    response: &Received<'_>,
    members: &Members<'_>,
    warning: Option<String>,
) -> Result<Success> {
    // The id stands outside `data`, as a text (Q15). Only a 201 has a `Location` that names what was created: that of
    // every 401 is a useless `/api//user/`.
    let id = members.id.or_else(|| {
        let location = response.headers.get(http::header::LOCATION)?.to_str().ok()?;
        (response.status == StatusCode::CREATED).then(|| last_number(location)).flatten()
    });
    Ok(Success {
        call: request.name(),
        status: response.status.as_u16(),
        message: members.message.clone(),
        id,
        subnet_id: members.subnet_id,
        data: members.data.map(RawValue::to_owned),
        warning,
        secret: request.is_secret(),
    })
}

/// Returns the id at the end of a `Location` such as `/api/app/subnets/7/`.
fn last_number(location: &str) -> Option<u64> {
    location.trim_end_matches('/').rsplit('/').next()?.parse().ok().filter(|id| *id > 0)
}

/// Largest number of characters of a server's message in an error.
const MESSAGE: usize = 1_000;

fn refused(
    request: &ApiRequest,
    response: &Received<'_>,
    code: Option<u16>,
    message: String,
    kind: RefusalKind,
    retry: Retry,
) -> Error {
    let asked = retry_after(response.headers, std::time::SystemTime::now());
    // phpIPAM sends no `Retry-After`; a proxy in front of it may.
    let retry_after = if kind == RefusalKind::LockedOut { asked.or(Some(LOCKOUT)) } else { asked };
    let hint = message.contains("Invalid application id").then_some(
        "the app id is the last part of a provider's URL, as it is listed under Administration, API; the path before it \
         does not end with /api",
    );
    // A real message is a sentence or two. The names of many subnets, or a body that is no phpIPAM's, can be long.
    let mut message = message;
    if let Some((end, _)) = message.char_indices().nth(MESSAGE) {
        message.truncate(end);
        message.push('…');
    }
    // A proxy may echo the request or the response in its error page, token included.
    let message = if request.is_secret() { body::known_words(&message).to_owned() } else { message };
    let refusal = Refusal::new(kind, request.name(), response.status.as_u16(), message).with_retry(retry);
    Error::Refused(Box::new(Refusal { code, hint, retry_after, ..refusal }))
}

/// Classifies a response without an envelope: an alert box, a proxy's page, another application, or nothing.
fn no_envelope(request: &ApiRequest, response: &Received<'_>, text: &str) -> Result<Reply> {
    let status = response.status;
    let unexpected = || unexpected(request, response, response.body);
    let refuse = |message: &str, kind, retry| Err(refused(request, response, None, message.to_owned(), kind, retry));
    // Never followed: the target is the login page of the web interface, and a POST would become a GET on the way
    // (Q20).
    if status.is_redirection() {
        return Err(Error::NotAnApi(unexpected()));
    }
    let empty = text.trim().is_empty();
    // HEAD has no body by definition; 204 neither.
    if empty && (request.method() == http::Method::HEAD && status.is_success() || status == StatusCode::NO_CONTENT) {
        return Ok(Reply::Success(success(request, response, &Members::default(), None)?));
    }
    match status {
        // A lock timeout of 1.5 to 1.7 on PHP 8 (Q50). Only writes wait for the lock, so an empty 503 to a read is a
        // proxy's.
        StatusCode::SERVICE_UNAVAILABLE if empty && is_write(request) => {
            return refuse("", RefusalKind::Busy, Retry::Safe);
        }
        // Not phpIPAM's: it has no rate limit.
        StatusCode::TOO_MANY_REQUESTS => return refuse(&brief(text), RefusalKind::RateLimited, Retry::Safe),
        StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => {
            return refuse(&brief(text), RefusalKind::Unavailable, status_advice(status));
        }
        StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
            return refuse("the proxy wants credentials", RefusalKind::Config, Retry::Never);
        }
        _ => {}
    }
    if empty {
        return Err(Error::EmptyBody(unexpected()));
    }
    if let Some(message) = body::alert(text) {
        let kind = match failure(request.call, 500, &message) {
            // A resize that would leave addresses outside: HTTP 200 with an alert box, all versions (Q10).
            Failure::Refused(RefusalKind::Invalid, _) if request.name().ends_with("/resize/") => {
                RefusalKind::Structural
            }
            Failure::Refused(RefusalKind::Server, _) | Failure::Nothing { .. } => alert_kind(&message),
            Failure::Refused(kind, _) => kind,
        };
        return refuse(&message, kind, Retry::Never);
    }
    // Printed with `display_errors` on only. Otherwise the same failure is an empty 500 (Q19, Q21).
    if text.contains("Allowed memory size") || text.contains("Maximum execution time") {
        return Err(Error::ServerExhausted(unexpected()));
    }
    if body::is_php(text) {
        return Err(Error::PhpFailed(unexpected()));
    }
    Err(Error::NotAnApi(unexpected()))
}

fn unexpected(request: &ApiRequest, response: &Received<'_>, shown: &[u8]) -> Box<UnexpectedResponse> {
    let content_type = response.headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    Box::new(UnexpectedResponse {
        call: request.name(),
        status: response.status.as_u16(),
        content_type: content_type.map(str::to_owned),
        excerpt: excerpt(request, shown, EXCERPT),
        hint: hint(response),
    })
}

/// Returns the setting to look at when something else than phpIPAM's API responds.
fn hint(response: &Received<'_>) -> &'static str {
    let text = body::text(response.body);
    let has = |words: &str| text.contains(words);
    if has("speaking plain HTTP to an SSL") || has("plain HTTP request was sent to HTTPS port") {
        "the port is one of HTTPS: write https://"
    } else if response.status == StatusCode::NOT_FOUND
        || response.status == StatusCode::UNAUTHORIZED && text.trim() == "Authentication failed"
    {
        "there is no API at this path: check the path before /api/ in the URL, and the rewrite rules"
    } else {
        "check the URL, the rewrite rules and \"prettify links\""
    }
}

/// Returns the error for an envelope with other text around it: warnings of PHP, or additions of a proxy.
fn not_only_json(request: &ApiRequest, response: &Received<'_>, noise: &str) -> Error {
    let unexpected = unexpected(request, response, noise.as_bytes());
    if body::is_php(noise) { Error::PhpWarnings(unexpected) } else { Error::NotOnlyJson(unexpected) }
}

/// Returns the start of a body; nothing of one that may hold a token.
fn excerpt(request: &ApiRequest, text: &[u8], limit: usize) -> String {
    if request.is_secret() { body::WITHHELD.to_owned() } else { body::excerpt(text, limit) }
}

fn is_write(request: &ApiRequest) -> bool {
    !request.method().is_safe()
}

/// Returns a proxy's page as one line.
fn brief(text: &str) -> String {
    body::excerpt(text.as_bytes(), 200).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn alert_kind(message: &str) -> RefusalKind {
    if message.contains("ping path") { RefusalKind::Config } else { RefusalKind::Server }
}
