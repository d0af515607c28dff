//! Rows of a saved response, with or without phpIPAM's envelope: the object with `code`, `success` and `data`.
//!
//! The client classifies a response by its request and HTTP status, which a file does not have. So what is not a list
//! of rows is an error here, and never an empty list.

use serde_json::{Map, Value};

/// Returns true if an object is phpIPAM's envelope.
pub(super) fn is_envelope(object: &Map<String, Value>) -> bool {
    object.contains_key("code") && object.contains_key("success")
}

/// Returns the rows of a response, or of its `data`. One object is a list of one, and an object with rows by index is a
/// list (Q79).
///
/// # Errors
/// A description of what was found instead. Only a response that says that nothing was found is empty.
pub(super) fn rows(value: &Value) -> Result<Vec<&Value>, String> {
    let Some(object) = value.as_object() else { return rows_of(value) };
    match object.get("data").filter(|data| !data.is_null()) {
        Some(data) => rows_of(data),
        None if object.contains_key("code") || object.contains_key("success") => nothing(object),
        None => rows_of(value),
    }
}

fn rows_of(data: &Value) -> Result<Vec<&Value>, String> {
    match data {
        Value::Array(rows) => Ok(rows.iter().collect()),
        Value::Object(object) if object.is_empty() => Err("an object without members".to_owned()),
        Value::Object(object) if object.iter().all(|(name, row)| is_index(name) && row.is_object()) => {
            Ok(object.values().collect())
        }
        // Rows of every kind have an id.
        Value::Object(object) if object.keys().any(|name| matches!(name.as_str(), "id" | "vlanId")) => Ok(vec![data]),
        Value::Object(object) => {
            let names: Vec<&str> = object.keys().take(5).map(String::as_str).collect();
            Err(format!("an object without an id, with {}", names.join(", ")))
        }
        Value::String(text) => Err(format!("the text {:?}", shortened(text))),
        Value::Number(number) => Err(format!("the number {number}")),
        Value::Bool(flag) => Err(flag.to_string()),
        Value::Null => Err("null".to_owned()),
    }
}

fn is_index(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit())
}

/// Returns an empty list for a response without data that says that nothing was found: 404 since 1.5, or 200 without
/// success before (Q11).
fn nothing(object: &Map<String, Value>) -> Result<Vec<&Value>, String> {
    let message = object.get("message").and_then(Value::as_str).unwrap_or_default();
    let lower = message.to_ascii_lowercase();
    let code = object.get("code").map(ToString::to_string).unwrap_or_default();
    let code = code.trim_matches('"');
    // Code and words together: 404 is also "Invalid Id", which is no empty list, and 200 any change.
    if matches!(code, "404" | "200") && (lower.starts_with("no ") || lower.ends_with(" not found")) {
        return Ok(Vec::new());
    }
    let said = if message.is_empty() { "nothing".to_owned() } else { format!("{:?}", shortened(message)) };
    Err(format!("no data: the server said {said}, code {}", if code.is_empty() { "none" } else { code }))
}

fn shortened(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use serde_json::json;

    #[test]
    fn a_list_may_be_one_object_or_an_object_by_index() {
        let row = json!({"id": 1});
        for (value, count) in [
            (json!([row, row]), 2),
            (json!({"code": 200, "success": true, "data": [row, row]}), 2),
            (json!({"code": 200, "success": true, "data": row}), 1),
            (json!({"code": 200, "success": true, "data": {"0": row, "1": row}}), 2),
            (json!({"data": row}), 1),
            (row.clone(), 1),
            (json!([]), 0),
            (json!({"code": 200, "success": true, "data": []}), 0),
            (json!({"code": 404, "success": 0, "message": "No subnets found"}), 0),
            (json!({"code": 404, "success": false, "message": "Address not found"}), 0),
            (json!({"code": "200", "success": false, "message": "No sections available"}), 0),
        ] {
            assert_eq!(rows(&value).map(|rows| rows.len()), Ok(count), "{value}");
        }
    }

    #[test]
    fn what_is_no_list_is_never_an_empty_one() {
        for (value, said) in [
            (json!({"code": 200, "success": true, "data": "Subnet updated"}), "the text \"Subnet updated\""),
            (json!({"code": 200, "success": true, "data": 7}), "the number 7"),
            (json!({"code": 200, "success": true, "data": false}), "false"),
            (json!({"code": 200, "success": true, "data": {}}), "an object without members"),
            (json!({"code": 200, "success": true}), "no data: the server said nothing, code 200"),
            (
                json!({"code": 200, "success": true, "message": "Subnet updated"}),
                "no data: the server said \"Subnet updated\", code 200",
            ),
            (
                json!({"code": 404, "success": false, "message": "Invalid Id"}),
                "no data: the server said \"Invalid Id\", code 404",
            ),
            (json!({"code": 401, "message": "Unauthorized"}), "no data: the server said \"Unauthorized\", code 401"),
            (json!({"token": "x", "expires": "y"}), "an object without an id, with expires, token"),
            (json!("subnets"), "the text \"subnets\""),
            (json!(null), "null"),
        ] {
            let found = rows(&value).unwrap_err();
            if value.get("token").is_some() {
                assert!(found.starts_with("an object without an id, with "), "{found}");
            } else {
                assert_eq!(found, said, "{value}");
            }
        }
    }
}
