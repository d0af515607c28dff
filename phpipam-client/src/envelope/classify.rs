//! What an HTTP answer means, given the call.

use std::time::Duration;

use http::{HeaderMap, StatusCode};
use ipam_core::Retry;
use ipam_core::http::{retry_after, status_advice};
use serde_json::value::RawValue;

use super::body::{self, Members};
use super::{Answer, EXCERPT, Outcome};
use crate::error::{Error, Foreign, Refusal, RefusalKind, Result, Shortage};
use crate::request::{Call, Request};

/// How long the server blocks a host after too many failed logins.
const LOCKOUT: Duration = Duration::from_secs(300);

/// An HTTP answer.
pub(crate) struct Received<'a> {
    pub(crate) status: StatusCode,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
}

/// Whether an envelope says that the call succeeded.
pub(crate) fn is_success(envelope: &str) -> bool {
    let members = body::members(envelope);
    members.is_some_and(|members| members.success == Some(true) && members.code.is_none_or(|code| code < 400))
}

/// Reads the response to `request`. `lenient` accepts an envelope with something else printed around it.
pub(crate) fn judge(request: &Request, response: &Received<'_>, lenient: bool) -> Result<Outcome> {
    let text = body::text(response.body);
    let (members, warning) = match body::members(&text) {
        Some(members) => (members, None),
        None => match body::surrounded(&text) {
            Some(found) if lenient => {
                let noise = excerpt(request, found.noise().as_bytes(), EXCERPT);
                (found.members, Some(noise))
            }
            Some(found) => return Err(not_only_json(request, response, &found.noise())),
            None => return no_envelope(request, response, &text),
        },
    };
    let status = response.status.as_u16();
    // 501 comes with `success: true`, and a lock timeout with HTTP 200: each of the three must agree.
    let code = members.code.filter(|code| *code >= 400).unwrap_or(status);
    if members.success == Some(true) && code < 400 {
        return Ok(Outcome::Answer(answer(request, response, &members, warning)?));
    }
    let message = members.message.clone().unwrap_or_default();
    match verdict(request.call, code, &message) {
        Verdict::Nothing { certain } => Ok(Outcome::Nothing { certain }),
        Verdict::Refused(RefusalKind::Invalid, retry) if fills_in_null(request, &message) => {
            Err(refused(request, response, members.code, message, RefusalKind::Config, retry))
        }
        Verdict::Refused(kind, retry) => Err(refused(request, response, members.code, message, kind, retry)),
    }
}

/// Whether the server made NULL of a field that was not sent: in a change of an address it adds what the row holds, and an
/// empty text becomes NULL. Fields that were sent are the caller's.
fn fills_in_null(request: &Request, message: &str) -> bool {
    let column = message.split_once(" 1048 Column '").and_then(|(_, rest)| rest.split_once('\''));
    column.is_some_and(|(column, _)| request.body().is_some_and(|body| body.get(column).is_none()))
}

fn answer(
    request: &Request,
    response: &Received<'_>,
    members: &Members<'_>,
    warning: Option<String>,
) -> Result<Answer> {
    let id = members.id.or_else(|| {
        let location = response.headers.get(http::header::LOCATION)?.to_str().ok()?;
        (response.status == StatusCode::CREATED).then(|| last_number(location)).flatten()
    });
    Ok(Answer {
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

/// The id at the end of a `Location` such as `/api/app/subnets/7/`.
fn last_number(location: &str) -> Option<u64> {
    location.trim_end_matches('/').rsplit('/').next()?.parse().ok().filter(|id| *id > 0)
}

fn refused(
    request: &Request,
    response: &Received<'_>,
    code: Option<u16>,
    message: String,
    kind: RefusalKind,
    retry: Retry,
) -> Error {
    let asked = retry_after(response.headers, std::time::SystemTime::now());
    let retry_after = if kind == RefusalKind::LockedOut { asked.or(Some(LOCKOUT)) } else { asked };
    Error::Refused(Box::new(Refusal {
        kind,
        call: request.name(),
        status: response.status.as_u16(),
        code,
        hint: message.contains("Invalid application id").then_some(
            "the app id is the last part of a provider's URL, as it is listed under Administration, API; the path before it \
             does not end with /api",
        ),
        message: if request.is_secret() { body::known_words(&message).to_owned() } else { message },
        retry,
        retry_after,
    }))
}

/// An answer that is no envelope: an alert box, a proxy's page, another application, or nothing.
fn no_envelope(request: &Request, response: &Received<'_>, text: &str) -> Result<Outcome> {
    let status = response.status;
    let foreign = || foreign(request, response, response.body);
    let refuse = |message: &str, kind, retry| Err(refused(request, response, None, message.to_owned(), kind, retry));
    if status.is_redirection() {
        return Err(Error::NotAnApi(foreign()));
    }
    let empty = text.trim().is_empty();
    // HEAD has no body; so has a success without content.
    if empty && (request.method() == http::Method::HEAD && status.is_success() || status == StatusCode::NO_CONTENT) {
        return Ok(Outcome::Answer(answer(request, response, &Members::default(), None)?));
    }
    match status {
        // A lock timeout of 1.5 to 1.7 on PHP 8. Only writes wait for the lock.
        StatusCode::SERVICE_UNAVAILABLE if empty && is_write(request) => {
            return refuse("", RefusalKind::Busy, Retry::Safe);
        }
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
        return Err(Error::EmptyBody(foreign()));
    }
    if let Some(message) = body::alert(text) {
        let kind = match verdict(request.call, 500, &message) {
            // A resize that would leave addresses outside.
            Verdict::Refused(RefusalKind::Invalid, _) if request.name().ends_with("/resize/") => {
                RefusalKind::Structural
            }
            Verdict::Refused(RefusalKind::Server, _) | Verdict::Nothing { .. } => alert_kind(&message),
            Verdict::Refused(kind, _) => kind,
        };
        return refuse(&message, kind, Retry::Never);
    }
    if text.contains("Allowed memory size") || text.contains("Maximum execution time") {
        return Err(Error::ServerExhausted(foreign()));
    }
    if body::is_php(text) {
        return Err(Error::PhpFailed(foreign()));
    }
    Err(Error::NotAnApi(foreign()))
}

fn foreign(request: &Request, response: &Received<'_>, shown: &[u8]) -> Box<Foreign> {
    let content_type = response.headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    Box::new(Foreign {
        call: request.name(),
        status: response.status.as_u16(),
        content_type: content_type.map(str::to_owned),
        excerpt: excerpt(request, shown, EXCERPT),
        hint: hint(response),
    })
}

/// What to look at when something else than phpIPAM's API responds.
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

/// An envelope with something around it: what PHP printed, or what a proxy added.
fn not_only_json(request: &Request, response: &Received<'_>, noise: &str) -> Error {
    let foreign = foreign(request, response, noise.as_bytes());
    if body::is_php(noise) { Error::PhpWarnings(foreign) } else { Error::NotOnlyJson(foreign) }
}

/// The start of a body; nothing of one that may hold a token.
fn excerpt(request: &Request, text: &[u8], limit: usize) -> String {
    if request.is_secret() { body::WITHHELD.to_owned() } else { body::excerpt(text, limit) }
}

fn is_write(request: &Request) -> bool {
    !request.method().is_safe()
}

/// One line of a proxy's page.
fn brief(text: &str) -> String {
    body::excerpt(text.as_bytes(), 200).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn alert_kind(message: &str) -> RefusalKind {
    if message.contains("ping path") { RefusalKind::Config } else { RefusalKind::Server }
}

enum Verdict {
    Nothing { certain: bool },
    Refused(RefusalKind, Retry),
}

/// What a failure means. Statuses first; messages where one status means several things, and in English only: what is
/// translated falls back to the status.
fn verdict(call: Call, code: u16, message: &str) -> Verdict {
    let has = |text: &str| message.contains(text);
    let starts = |text: &str| message.starts_with(text);
    let never = |kind| Verdict::Refused(kind, Retry::Never);
    match code {
        // "Nothing found" up to 1.4 has HTTP 200 and code 200.
        200..=299 | 404 => nothing_found(call, message),
        400 => {
            if has("Invalid application id") {
                never(RefusalKind::Config)
            } else if has("Invalid controller")
                || has("Invalid subcontroller")
                || starts("Invalid request") && !has("key")
            {
                never(RefusalKind::Unsupported)
            } else if starts("Subnet Id must be numeric (") {
                never(unsupported_word(message))
            } else if MISSING_WITH_400.iter().any(|text| starts(text)) {
                never(RefusalKind::NotFound)
            } else {
                never(RefusalKind::Invalid)
            }
        }
        401 if has("permissions") => never(RefusalKind::Forbidden),
        401 | 403 => never(RefusalKind::Unauthorized),
        409 => conflict(call, message),
        415 => never(RefusalKind::Config),
        429 => Verdict::Refused(RefusalKind::RateLimited, Retry::Safe),
        501 => never(RefusalKind::Unsupported),
        503 => unavailable(message),
        500..=599 => server_error(call, message),
        _ => never(RefusalKind::Invalid),
    }
}

/// `Subnet Id must be numeric (overlapping)`: before 1.4 a word in the place of an id is not understood as a call.
fn unsupported_word(message: &str) -> RefusalKind {
    let word = message.split_once('(').map_or("", |(_, rest)| rest.trim_end_matches(')'));
    if matches!(word, "search" | "overlapping" | "cidr" | "all" | "custom_fields") {
        RefusalKind::Unsupported
    } else {
        RefusalKind::Invalid
    }
}

/// Texts that name the object itself as missing, for which the server sends 400. Other texts name a reference.
const MISSING_WITH_400: [&str; 4] =
    ["Invalid subnet Id", "Invalid subnet identifier", "Invalid VRF id", "Invalid identifier"];

/// Texts that name the object itself as missing, whatever was asked of it.
fn names_missing_object(message: &str) -> bool {
    const MISSING: [&str; 12] = [
        "Invalid subnet Id",
        "Invalid subnet identifier",
        "Invalid VRF id",
        "Invalid Vlan id",
        "Invalid domain id",
        "Invalid identifier",
        "Section does not exist",
        "Address does not exist",
        "Address tag does not exist",
        "Device does not exist",
        "Device not found",
        "ID not found",
    ];
    MISSING.iter().any(|text| message.starts_with(text))
}

/// Texts of lists without rows that cannot mean that the parent is missing.
fn is_empty_list(message: &str) -> bool {
    const EMPTY: [&str; 24] = [
        "No addresses found",
        "Address not found",
        "Hostname not found",
        "Host name not found",
        "No slaves",
        "No vlans configured",
        "Vlans not found",
        "No vrfs configured",
        "No devices configured",
        "No objects found",
        "No circuits configured",
        "No domains configured",
        "No master subnets found",
        "No results (filter applied)",
        "No custom fields defined",
        "No changelogs found",
        "No sections available",
        "No subnets found",
        "No folders found",
        "No devices found",
        "No vlans belonging to this domain",
        "No subnets belonging to this vrf",
        "No subnets",
        "No results",
    ];
    EMPTY.contains(&message)
}

fn nothing_found(call: Call, message: &str) -> Verdict {
    let kind = match call {
        Call::List if names_missing_object(message) || message == "Invalid Id" => RefusalKind::NotFound,
        Call::List => return Verdict::Nothing { certain: is_empty_list(message) },
        Call::Allocate | Call::Peek if !names_missing_object(message) => RefusalKind::Exhausted(Shortage::Unknown),
        Call::Allocate | Call::Peek | Call::One | Call::Write | Call::Raw | Call::Login => RefusalKind::NotFound,
    };
    let kind = if call == Call::Allocate && message.ends_with("(subnet is full)") {
        RefusalKind::Exhausted(Shortage::MarkedFull)
    } else if call == Call::Raw && message.starts_with("No free addresses found") {
        RefusalKind::Exhausted(Shortage::Unknown)
    } else {
        kind
    };
    Verdict::Refused(kind, Retry::Never)
}

fn conflict(call: Call, message: &str) -> Verdict {
    if message.contains("not supported") {
        return Verdict::Refused(RefusalKind::Unsupported, Retry::Never);
    }
    if message.contains("Authentication not needed") {
        return Verdict::Refused(RefusalKind::Config, Retry::Never);
    }
    let structural = message.contains("overlap")
        || message.contains("contains subnets")
        || message.contains("boundaries")
        || message.contains("folder")
        || message.contains("Default domain");
    if structural {
        return Verdict::Refused(RefusalKind::Structural, Retry::Never);
    }
    // Somebody else took what the server was about to hand out: nothing was done, and there may be more.
    let retry = if call == Call::Allocate { Retry::Safe } else { Retry::Never };
    Verdict::Refused(RefusalKind::Conflict, retry)
}

fn unavailable(message: &str) -> Verdict {
    let (kind, retry) = if message.contains("transaction lock") || message.contains("Transaction timed out") {
        (RefusalKind::Busy, Retry::Safe)
    } else if message.contains("app permissions") {
        (RefusalKind::Forbidden, Retry::Never)
    } else {
        (RefusalKind::Config, Retry::Never)
    };
    Verdict::Refused(kind, retry)
}

fn server_error(call: Call, message: &str) -> Verdict {
    let has = |text: &str| message.contains(text);
    let never = |kind| Verdict::Refused(kind, Retry::Never);
    if has("has been blocked") {
        return Verdict::Refused(RefusalKind::LockedOut, Retry::Safe);
    }
    if has("Cannot obtain lock") || has("wait timeout exceeded") {
        return Verdict::Refused(RefusalKind::Busy, Retry::Safe);
    }
    if call == Call::List && (message == "Unable to read subnets" || message == "Unable to read addresses") {
        return Verdict::Nothing { certain: true };
    }
    if has("Invalid username or password") || has("account is disabled") || has("account has been disabled") {
        return never(RefusalKind::BadCredentials);
    }
    if let Some((_, state)) = message.split_once("SQLSTATE[") {
        return match state.get(..2) {
            Some("23") if has("1062") => {
                let retry = if call == Call::Allocate { Retry::Safe } else { Retry::Never };
                Verdict::Refused(RefusalKind::Conflict, retry)
            }
            // A required field without a default: the set-up has to give it a value.
            Some("HY") if has(" 1364 ") => never(RefusalKind::Config),
            // Integrity, data and warnings that strict mode makes errors: the value is wrong.
            Some("23" | "22" | "01") => never(RefusalKind::Invalid),
            _ => never(RefusalKind::Server),
        };
    }
    if has("overlap") || has("Can not disable isPool") {
        return never(RefusalKind::Structural);
    }
    const INVALID: [&str; 18] = [
        "is not a valid address for subnet",
        "IP address not valid",
        "IP address not in selected subnet",
        "Cannot add broadcast",
        "Cannot add subnet",
        "Invalid CIDR format",
        "No values to update",
        "Highest possible VLAN number",
        "Invalid group identifier",
        "Invalid permissions",
        "Cannot remove permissions",
        "Invalid number of subnets",
        "Mask must be an integer",
        "New mask must be",
        "New network is same",
        "Error: Invalid",
        "Invalid netmask",
        "Invalid mask",
    ];
    if INVALID.iter().any(|text| message.contains(text)) {
        return never(RefusalKind::Invalid);
    }
    never(RefusalKind::Server)
}
