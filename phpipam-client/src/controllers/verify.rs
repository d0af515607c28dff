//! Comparison of an object with a change that was reported as done.

use serde::Serialize;
use serde_json::Value;

use crate::error::{Error, Result};
use crate::wire::Fields;

/// Compares the fields that were written with the object that was read back.
///
/// Fields of a module that the user has no rights for are dropped, and some versions ignore emptied fields (Q45);
/// both report success.
pub(super) fn applied(call: &str, fields: &Fields, now: &impl Serialize) -> Result<()> {
    let now = serde_json::to_value(now).unwrap_or_default();
    let body = fields.body()?;
    let differs = |(name, written): &(&String, &Value)| {
        // Models decode secrets as `Hidden`, which serializes as `***`.
        if fields.is_secret(name) {
            return false;
        }
        let read = now.get(name.as_str()).or_else(|| now.get(read_as(name)?));
        !same(name, written, read.unwrap_or(&Value::Null))
    };
    let missing: Vec<String> = body.iter().filter(differs).map(|(name, _)| name.clone()).collect();
    if missing.is_empty() { Ok(()) } else { Err(Error::PartlyApplied { call: call.to_owned(), fields: missing }) }
}

/// Returns the name in responses of a field that is written under another one.
fn read_as(name: &str) -> Option<&'static str> {
    // Tag of a subnet; sections of a layer 2 domain or name server; address of a device; circuit id. Reads rename these
    // columns.
    match name {
        "state" => Some("tag"),
        "permissions" => Some("sections"),
        "ip_addr" => Some("ip"),
        "cid" => Some("circuit_id"),
        _ => None,
    }
}

fn same(name: &str, written: &Value, read: &Value) -> bool {
    if name == "permissions" && written.as_str().is_some_and(|text| text.starts_with(['{', '['])) {
        // Levels of groups: written as text, read as a list; the calls for them have a response of their own.
        return true;
    }
    let (written, read) = (canonical(written), canonical(read));
    if name == "mac" {
        // The server stores another form of the MAC address than the one that was sent.
        let digits = |text: &str| text.chars().filter(char::is_ascii_hexdigit).collect::<String>().to_lowercase();
        return digits(&written) == digits(&read);
    }
    // A DECIMAL column returns "12.50" for 12.5, and a FLOAT column "1.0e+300".
    match (written.parse::<f64>(), read.parse::<f64>()) {
        (Ok(written), Ok(read)) => (written - read).abs() <= f64::EPSILON * written.abs(),
        _ => written == read,
    }
}

/// Returns one form for all that mean the same. Absent, NULL and 0 are the same here.
fn canonical(value: &Value) -> String {
    let text = match value {
        Value::Null => String::new(),
        Value::Bool(flag) => u8::from(*flag).to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.trim().to_owned(),
        // A resolved reference, or an object in its own right.
        Value::Object(object) => return object.get("id").map_or_else(|| value.to_string(), canonical),
        Value::Array(_) => value.to_string(),
    };
    if text == "0" { String::new() } else { text }
}
