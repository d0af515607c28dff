//! Expected result of an exchange.
//!
//! It is derived from the recording and a table of the server's texts, and not by the client's code, so that the two
//! can disagree.

use phpipam_client::{Error, RefusalKind, Shortage};

use super::recording::Recording;
use super::route::Sort;

/// Expected result of a call.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expected {
    Success,
    /// An empty list.
    Nothing,
    /// Refusal of this kind after this number of requests; 0 stands for any number.
    Refused(RefusalKind, usize),
    /// A page instead of an envelope.
    NotAnApi,
    EmptyBody,
}

const EXHAUSTED: RefusalKind = RefusalKind::Exhausted(Shortage::Unknown);

/// Code, part of the message, and kind of the refusal, for any call. The first entry that fits counts.
const TEXTS: [(u16, &str, RefusalKind); 60] = [
    (400, "Invalid application id", RefusalKind::Config),
    (400, "Invalid controller", RefusalKind::Unsupported),
    (400, "Invalid subcontroller", RefusalKind::Unsupported),
    (400, "Invalid request key", RefusalKind::Invalid),
    (400, "Invalid request", RefusalKind::Unsupported),
    (400, "Subnet Id must be numeric (search)", RefusalKind::Unsupported),
    (400, "Subnet Id must be numeric (overlapping)", RefusalKind::Unsupported),
    (400, "Invalid subnet Id", RefusalKind::NotFound),
    (400, "Invalid subnet identifier", RefusalKind::NotFound),
    (400, "Invalid VRF id", RefusalKind::NotFound),
    (400, "Invalid identifier", RefusalKind::NotFound),
    (400, "", RefusalKind::Invalid),
    (401, "invalid permissions", RefusalKind::Forbidden),
    (401, "", RefusalKind::Unauthorized),
    (403, "", RefusalKind::Unauthorized),
    (409, "not supported", RefusalKind::Unsupported),
    (409, "Authentication not needed", RefusalKind::Config),
    (409, "overlap", RefusalKind::Structural),
    (409, "boundaries", RefusalKind::Structural),
    (409, "contains subnets", RefusalKind::Structural),
    (409, "Default domain", RefusalKind::Structural),
    (409, "folder", RefusalKind::Structural),
    (409, "", RefusalKind::Conflict),
    (415, "", RefusalKind::Config),
    (500, "has been blocked", RefusalKind::LockedOut),
    (500, "Invalid username or password", RefusalKind::BadCredentials),
    (500, "account is disabled", RefusalKind::BadCredentials),
    (500, "account has been disabled", RefusalKind::BadCredentials),
    (500, "Cannot obtain lock", RefusalKind::Busy),
    (500, "MySQL wait timeout exceeded", RefusalKind::Busy),
    (500, "1062 Duplicate entry", RefusalKind::Conflict),
    (500, "SQLSTATE[22", RefusalKind::Invalid),
    (500, "SQLSTATE[23000]: Integrity constraint violation: 1048", RefusalKind::Invalid),
    (500, "SQLSTATE[01000]", RefusalKind::Invalid),
    (500, "is not a valid address for subnet", RefusalKind::Invalid),
    (500, "IP address not valid", RefusalKind::Invalid),
    (500, "IP address not in selected subnet", RefusalKind::Invalid),
    (500, "Cannot add broadcast", RefusalKind::Invalid),
    (500, "Cannot add subnet", RefusalKind::Invalid),
    (500, "Invalid CIDR format", RefusalKind::Invalid),
    (500, "No values to update", RefusalKind::Invalid),
    (500, "Highest possible VLAN number", RefusalKind::Invalid),
    (500, "Invalid group identifier", RefusalKind::Invalid),
    (500, "Invalid permissions", RefusalKind::Invalid),
    (500, "Cannot remove permissions", RefusalKind::Invalid),
    (500, "Invalid number of subnets", RefusalKind::Invalid),
    (500, "Mask must be an integer", RefusalKind::Invalid),
    (500, "New mask must be", RefusalKind::Invalid),
    (500, "New network is same", RefusalKind::Invalid),
    (500, "verlap", RefusalKind::Structural),
    (500, "Can not disable isPool", RefusalKind::Structural),
    (500, "", RefusalKind::Server),
    (501, "", RefusalKind::Unsupported),
    (503, "Transaction timed out", RefusalKind::Busy),
    (503, "Invalid app permissions", RefusalKind::Forbidden),
    (503, "", RefusalKind::Config),
    (404, "", RefusalKind::NotFound),
    (200, "", RefusalKind::NotFound),
    (201, "", RefusalKind::NotFound),
    (0, "", RefusalKind::Server),
];

/// Texts that say that the object named in the path is missing, not that a list is empty.
const MISSING: [&str; 8] = [
    "Invalid subnet Id",
    "Invalid Id",
    "Section does not exist",
    "Address does not exist",
    "Invalid Vlan id",
    "Invalid domain id",
    "Address tag does not exist",
    "Device",
];

pub(crate) fn expected(recording: &Recording, sort: Sort) -> Expected {
    let Some(envelope) = recording.envelope().filter(|envelope| envelope.contains_key("success")) else {
        return no_envelope(recording);
    };
    let success = matches!(envelope["success"].to_string().as_str(), "true" | "1" | "\"1\"");
    let code = envelope.get("code").and_then(serde_json::Value::as_u64).and_then(|code| u16::try_from(code).ok());
    let code = code.filter(|code| *code >= 400).unwrap_or(recording.status);
    if success && code < 400 {
        let one_nat = recording.method == "GET" && recording.segments.len() == 2 && recording.segments[0] == "nat";
        if one_nat && sort == Sort::Other && envelope.get("data") == Some(&serde_json::json!([])) {
            return Expected::Refused(RefusalKind::NotFound, 1);
        }
        return Expected::Success;
    }
    let message = envelope.get("message").and_then(serde_json::Value::as_str).unwrap_or_default();
    let missing = MISSING.iter().any(|text| message.starts_with(text));
    if matches!(code, 200 | 404) {
        return match sort {
            Sort::List if missing || has_missing_parent(recording) => Expected::Refused(RefusalKind::NotFound, 0),
            Sort::List => Expected::Nothing,
            Sort::Free if missing => Expected::Refused(RefusalKind::NotFound, 0),
            Sort::Free => Expected::Refused(EXHAUSTED, 0),
            Sort::Other if message.starts_with("No free addresses") => Expected::Refused(EXHAUSTED, 0),
            Sort::Other | Sort::Schema => Expected::Refused(RefusalKind::NotFound, 0),
        };
    }
    if sort == Sort::List && code == 500 && message.starts_with("Unable to read ") {
        return Expected::Nothing;
    }
    let fits = |(row, text, _): &&(u16, &str, RefusalKind)| *row == code && message.contains(text);
    let kind = TEXTS.iter().find(fits).map_or(RefusalKind::Invalid, |(_, _, kind)| *kind);
    // A login is never repeated.
    let login = recording.segments.first().is_some_and(|first| first == "user") && recording.method == "POST";
    let again = kind == RefusalKind::Busy && !(login && sort == Sort::Other && recording.basic().is_some())
        || kind == RefusalKind::Conflict && sort == Sort::Free;
    Expected::Refused(kind, if again { 2 } else { 1 })
}

/// Returns true for paths with an id that the recordings use for a missing parent.
///
/// The responses to such lists are the same as to empty ones.
fn has_missing_parent(recording: &Recording) -> bool {
    recording.segments.iter().any(|segment| matches!(segment.as_str(), "99999" | "9999" | "999"))
}

fn no_envelope(recording: &Recording) -> Expected {
    let empty = recording.response.trim().is_empty();
    match recording.status {
        _ if recording.method == "HEAD" && recording.status < 300 => Expected::Success,
        503 if empty && recording.method != "GET" => Expected::Refused(RefusalKind::Busy, 2),
        _ if empty => Expected::EmptyBody,
        _ if recording.response.contains("ping path") => Expected::Refused(RefusalKind::Config, 1),
        // A resize that would leave addresses outside.
        _ if recording.response.contains("is not a valid address") => Expected::Refused(RefusalKind::Structural, 1),
        _ if recording.response.contains("not in selected subnet") => Expected::Refused(RefusalKind::Structural, 1),
        _ => Expected::NotAnApi,
    }
}

/// Returns a description of the difference between the expected result and an error, or `None` if there is none.
pub(crate) fn wrong(expected: &Expected, error: &Error, requests: usize) -> Option<String> {
    let same = |kind: RefusalKind, wanted: RefusalKind| match (kind, wanted) {
        (RefusalKind::Exhausted(_), RefusalKind::Exhausted(_)) => true,
        // The client looked up the reason, and found that the subnet does not exist.
        (RefusalKind::NotFound, RefusalKind::Exhausted(_)) => true,
        (kind, wanted) => kind == wanted,
    };
    let right = match (expected, error) {
        (Expected::Refused(wanted, count), Error::Refused(refusal)) => {
            same(refusal.kind, *wanted) && (*count == 0 || *count == requests)
        }
        (Expected::NotAnApi, Error::NotAnApi(_)) | (Expected::EmptyBody, Error::EmptyBody(_)) => true,
        _ => false,
    };
    let lockout = matches!(error.refusal_kind(), Some(RefusalKind::LockedOut)) && error.retry_after().is_none();
    (!right || lockout).then(|| format!("expected {expected:?}, got after {requests} requests: {error}"))
}
