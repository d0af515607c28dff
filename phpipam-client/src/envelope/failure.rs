//! What a failure means, from the call, the code and the server's words.

use ipam_core::Retry;

use crate::error::{RefusalKind, Shortage};
use crate::request::Call;

/// What a failure of the server comes to.
pub(super) enum Failure {
    /// A list without rows.
    Nothing { certain: bool },
    /// A refusal, and whether the call may be repeated.
    Refused(RefusalKind, Retry),
}

/// What a failure means. Statuses first; messages where one status means several things, and in English only: what is
/// translated falls back to the status.
pub(super) fn failure(call: Call, code: u16, message: &str) -> Failure {
    let has = |text: &str| message.contains(text);
    let starts = |text: &str| message.starts_with(text);
    let never = |kind| Failure::Refused(kind, Retry::Never);
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
        429 => Failure::Refused(RefusalKind::RateLimited, Retry::Safe),
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

fn nothing_found(call: Call, message: &str) -> Failure {
    let kind = match call {
        Call::List if names_missing_object(message) || message == "Invalid Id" => RefusalKind::NotFound,
        Call::List => return Failure::Nothing { certain: is_empty_list(message) },
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
    Failure::Refused(kind, Retry::Never)
}

fn conflict(call: Call, message: &str) -> Failure {
    if message.contains("not supported") {
        return Failure::Refused(RefusalKind::Unsupported, Retry::Never);
    }
    if message.contains("Authentication not needed") {
        return Failure::Refused(RefusalKind::Config, Retry::Never);
    }
    let structural = message.contains("overlap")
        || message.contains("contains subnets")
        || message.contains("boundaries")
        || message.contains("folder")
        || message.contains("Default domain");
    if structural {
        return Failure::Refused(RefusalKind::Structural, Retry::Never);
    }
    // Another caller took what the server was about to hand out: nothing was done, and there may be more.
    let retry = if call == Call::Allocate { Retry::Safe } else { Retry::Never };
    Failure::Refused(RefusalKind::Conflict, retry)
}

fn unavailable(message: &str) -> Failure {
    let (kind, retry) = if message.contains("transaction lock") || message.contains("Transaction timed out") {
        (RefusalKind::Busy, Retry::Safe)
    } else if message.contains("app permissions") {
        (RefusalKind::Forbidden, Retry::Never)
    } else {
        (RefusalKind::Config, Retry::Never)
    };
    Failure::Refused(kind, retry)
}

fn server_error(call: Call, message: &str) -> Failure {
    let has = |text: &str| message.contains(text);
    let never = |kind| Failure::Refused(kind, Retry::Never);
    if has("has been blocked") {
        return Failure::Refused(RefusalKind::LockedOut, Retry::Safe);
    }
    if has("Cannot obtain lock") || has("wait timeout exceeded") {
        return Failure::Refused(RefusalKind::Busy, Retry::Safe);
    }
    if call == Call::List && (message == "Unable to read subnets" || message == "Unable to read addresses") {
        return Failure::Nothing { certain: true };
    }
    if has("Invalid username or password") || has("account is disabled") || has("account has been disabled") {
        return never(RefusalKind::BadCredentials);
    }
    if let Some((_, state)) = message.split_once("SQLSTATE[") {
        return match state.get(..2) {
            Some("23") if has("1062") => {
                let retry = if call == Call::Allocate { Retry::Safe } else { Retry::Never };
                Failure::Refused(RefusalKind::Conflict, retry)
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
