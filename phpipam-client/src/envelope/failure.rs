//! Classification of a failure by call, code and message.
//!
//! Each matched text names the versions that send it. "All" are those measured: 1.3.2, 1.4.7, 1.5.2, 1.7.4 and 1.8.2.
//! A text without a version was read in the server's source. Numbers such as Q46 are those of the list of quirks that
//! the tests are named after (`q46_…`).

use ipam_core::Retry;

use crate::error::{RefusalKind, Shortage};
use crate::request::Call;

/// Classified failure.
pub(super) enum Failure {
    /// List without rows; `certain` if the parent exists.
    Nothing { certain: bool },
    /// Refusal, and the advice about repeating the call.
    Refused(RefusalKind, Retry),
}

/// Classifies a failure.
///
/// The status decides first. The message decides where one status means several things, in English only: a translated
/// one falls back to the status (Q49).
pub(super) fn failure(call: Call, code: u16, message: &str) -> Failure {
    let has = |text: &str| message.contains(text);
    let starts = |text: &str| message.starts_with(text);
    let never = |kind| Failure::Refused(kind, Retry::Never);
    match code {
        // "Nothing found" is HTTP 200 with code 200 up to 1.4, and 404 from 1.5 on (Q10, Q11).
        200..=299 | 404 => nothing_found(call, message),
        400 => {
            // All versions (Q58).
            if has("Invalid application id") {
                never(RefusalKind::Config)
            // All versions: the version lacks the controller, such as `search` before 1.6 (Q60). "Invalid request"
            // without "key" is a word in the path that the version does not know; "Invalid request key x" is a wrong
            // field (Q44).
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
        // "invalid permissions" in all versions: a write on an app with read permission. No login helps (Q52).
        401 if has("permissions") => never(RefusalKind::Forbidden),
        // 401 from every controller but `user`, which sends 403 with three texts (Q51).
        401 | 403 => never(RefusalKind::Unauthorized),
        409 => conflict(call, message),
        // Never this client's content type, so something on the way removed it (Q23).
        415 => never(RefusalKind::Config),
        429 => Failure::Refused(RefusalKind::RateLimited, Retry::Safe),
        // PUT and other methods up to 1.4; a controller without the method in all versions.
        501 => never(RefusalKind::Unsupported),
        503 => unavailable(message),
        500..=599 => server_error(call, message),
        _ => never(RefusalKind::Invalid),
    }
}

/// Returns `Unsupported` for `Subnet Id must be numeric (overlapping)`: 1.3 takes the word of a newer call for an id.
fn unsupported_word(message: &str) -> RefusalKind {
    let word = message.split_once('(').map_or("", |(_, rest)| rest.trim_end_matches(')'));
    if matches!(word, "search" | "overlapping" | "cidr" | "all" | "custom_fields") {
        RefusalKind::Unsupported
    } else {
        RefusalKind::Invalid
    }
}

/// Texts with status 400 that name the object itself as missing (Q46). Other texts name a reference.
const MISSING_WITH_400: [&str; 4] = [
    // All: GET subnets/{id}/ and folders/{id}/.
    "Invalid subnet Id",
    // All: POST addresses/first_free/{id}/.
    "Invalid subnet identifier",
    // All: vrfs/{id}/, any method.
    "Invalid VRF id",
    // All: PATCH and DELETE below tools/.
    "Invalid identifier",
];

/// Returns true for a text that names the object itself as missing, whatever the call.
fn names_missing_object(message: &str) -> bool {
    const MISSING: [&str; 12] = [
        // All: 404 below a subnet and for PATCH and DELETE, 400 for GET.
        "Invalid subnet Id",
        // All, 400.
        "Invalid subnet identifier",
        // All, 400.
        "Invalid VRF id",
        // All, 404: PATCH and DELETE. A GET says "Vlan not found".
        "Invalid Vlan id",
        // All, 404.
        "Invalid domain id",
        // All, 400.
        "Invalid identifier",
        // All, 404.
        "Section does not exist",
        // All, 404: PATCH, DELETE and below an address. A GET says "Invalid Id".
        "Address does not exist",
        // 1.8, 404.
        "Address tag does not exist",
        // All, 404.
        "Device does not exist",
        // All, 404.
        "Device not found",
        // 1.8, 404: the controller nat.
        "ID not found",
    ];
    MISSING.iter().any(|text| message.starts_with(text))
}

/// Returns true for a text of a list without rows (Q11). Whether the parent exists is not in it: callers of lists
/// below a parent use `list_below`.
///
/// All are HTTP 200 up to 1.4 and 404 from 1.5 on, unless a comment says otherwise.
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
        // Read in the source only: domain 1 always exists.
        "No domains configured",
        "No master subnets found",
        // From 1.4 on, 404; 1.3 does not filter (Q69).
        "No results (filter applied)",
        "No custom fields defined",
        // 1.8, 404. Changelogs exist since 1.7.
        "No changelogs found",
        // All, HTTP 200 with `success` true (Q12).
        "No sections available",
        "No subnets found",
        // All, 404.
        "No folders found",
        "No devices found",
        "No vlans belonging to this domain",
        "No subnets belonging to this vrf",
        // Shorter forms of texts above, matched as a whole.
        "No subnets",
        "No results",
    ];
    EMPTY.contains(&message)
}

fn nothing_found(call: Call, message: &str) -> Failure {
    let kind = match call {
        // "Invalid Id" in all versions: GET addresses/{id}/, and in 1.3 GET subnets/, which it reads as an id.
        Call::List if names_missing_object(message) || message == "Invalid Id" => RefusalKind::NotFound,
        Call::List => return Failure::Nothing { certain: is_empty_list(message) },
        // Full, marked full, with children, a folder, or missing: one text for all of them (Q66).
        // `allocate_first_free` looks up which.
        Call::Allocate | Call::Peek if !names_missing_object(message) => RefusalKind::Exhausted(Shortage::Unknown),
        Call::Allocate | Call::Peek | Call::One | Call::Write | Call::Raw | Call::Login => RefusalKind::NotFound,
    };
    // All versions: POST first_free of a subnet that is marked full.
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
    // All versions: "Custom fields not supported" of sections (Q43).
    if message.contains("not supported") {
        return Failure::Refused(RefusalKind::Unsupported, Retry::Never);
    }
    // From 1.4 on: `user/` with an app code (Q56).
    if message.contains("Authentication not needed") {
        return Failure::Refused(RefusalKind::Config, Retry::Never);
    }
    // All versions: "overlaps with", "Subnet contains subnets", "not within boundaries of its master subnet", "Parent
    // is not a folder". "Default domain cannot be deleted" since 1.8; earlier versions delete it.
    let structural = message.contains("overlap")
        || message.contains("contains subnets")
        || message.contains("boundaries")
        || message.contains("folder")
        || message.contains("Default domain");
    if structural {
        return Failure::Refused(RefusalKind::Structural, Retry::Never);
    }
    // "IP address already exists" (Q48). For an allocation another caller took the address between the server's look
    // and its insert: nothing was written, and the next attempt finds another address. For POST of a given address a
    // repetition cannot help.
    let retry = if call == Call::Allocate { Retry::Safe } else { Retry::Never };
    Failure::Refused(RefusalKind::Conflict, retry)
}

fn unavailable(message: &str) -> Failure {
    // One status for a lock that was not free and for permanent settings (Q50). Up to 1.7 on PHP 7; PHP 8 sends an
    // empty body, which is classified without an envelope, and 1.8 sends code 500.
    let (kind, retry) = if message.contains("transaction lock") || message.contains("Transaction timed out") {
        (RefusalKind::Busy, Retry::Safe)
    // All versions: user/all/ and user/admins/ below the admin level.
    } else if message.contains("app permissions") {
        (RefusalKind::Forbidden, Retry::Never)
    } else {
        // "API server disabled", "Application disabled", "SSL connection is required for API", "Invalid app security",
        // "Invalid enc_request": settings, in all versions. 1.3 says "App requires SSL connection" (Q58).
        (RefusalKind::Config, Retry::Never)
    };
    Failure::Refused(kind, retry)
}

fn server_error(call: Call, message: &str) -> Failure {
    let has = |text: &str| message.contains(text);
    let never = |kind| Failure::Refused(kind, Retry::Never);
    // All versions, with "excesive" up to 1.5 and "excessive" in 1.7 and 1.8 (Q55). The rest of the text is the same.
    if has("has been blocked") {
        return Failure::Refused(RefusalKind::LockedOut, Retry::Safe);
    }
    // 1.8, HTTP 200 with code 500: lock type File or MySQL. Nothing was done (Q50).
    if has("Cannot obtain lock") || has("wait timeout exceeded") {
        return Failure::Refused(RefusalKind::Busy, Retry::Safe);
    }
    // From 1.4 on: subnets/, folders/ and addresses/ when the whole table is empty (Q11).
    if call == Call::List && (message == "Unable to read subnets" || message == "Unable to read addresses") {
        return Failure::Nothing { certain: true };
    }
    // All versions, then 1.7 and 1.8, then 1.4 and 1.5. 1.3 knows no disabled users.
    if has("Invalid username or password") || has("account is disabled") || has("account has been disabled") {
        return never(RefusalKind::BadCredentials);
    }
    // All versions: errors of the database as the message. SQLSTATE classes are stable and never translated (Q47).
    if let Some((_, state)) = message.split_once("SQLSTATE[") {
        return match state.get(..2) {
            // Duplicate key: the lost race of two allocations where the server does not lock (Q48), or a name in use.
            // The insert failed, so an allocation is safe to repeat.
            Some("23") if has("1062") => {
                let retry = if call == Call::Allocate { Retry::Safe } else { Retry::Never };
                Failure::Refused(RefusalKind::Conflict, retry)
            }
            // A required custom field without a default: the configuration has to give it a value (Q73).
            Some("HY") if has(" 1364 ") => never(RefusalKind::Config),
            // Integrity, data, and warnings that strict mode turns into errors: a value is wrong.
            Some("23" | "22" | "01") => never(RefusalKind::Invalid),
            _ => never(RefusalKind::Server),
        };
    }
    // All versions: resize and split that would overlap. "Can not disable isPool" in 1.8: an address of the subnet is
    // its network or broadcast address.
    if has("overlap") || has("Can not disable isPool") {
        return never(RefusalKind::Structural);
    }
    const INVALID: [&str; 18] = [
        // From 1.5 on: a POST of an address outside, or of the network or broadcast address (Q47).
        "is not a valid address for subnet",
        // The same up to 1.4, in four texts.
        "IP address not valid",
        "IP address not in selected subnet",
        "Cannot add broadcast",
        "Cannot add subnet",
        // Up to 1.4: a POST of an address whose subnet does not exist. Later versions send 404.
        "Invalid CIDR format",
        // All: PATCH without a field.
        "No values to update",
        // From 1.4 on; 1.3 sends 409.
        "Highest possible VLAN number",
        // PATCH subnets/{id}/permissions/: all but 1.7; ids in place of names are refused so up to 1.5.
        "Invalid group identifier",
        // 1.8: the same call, with a wrong level and without a group.
        "Invalid permissions",
        "Cannot remove permissions",
        // All: split. 1.8 also for texts in place of a mask.
        "Invalid number of subnets",
        "Mask must be an integer",
        // 1.8: resize beyond /8.
        "New mask must be",
        // All: resize to the size that the subnet has.
        "New network is same",
        // Read in the source: rare texts of the same kind.
        "Error: Invalid",
        "Invalid netmask",
        "Invalid mask",
    ];
    // Validation that the server reports as 500, like its own faults.
    if INVALID.iter().any(|text| message.contains(text)) {
        return never(RefusalKind::Invalid);
    }
    never(RefusalKind::Server)
}
