//! Comparison of a value that was read and written back with the JSON that the server sent.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde_json::{Map, Value};

/// Members with another name in the form that the client writes.
const CANONICAL: [(&str, &str); 9] = [
    ("ip_addr", "ip"),
    ("ip", "ip_addr"),
    ("state", "tag"),
    ("switch", "deviceId"),
    ("vlanId", "id"),
    ("vrfId", "id"),
    ("sections", "permissions"),
    ("permissions", "sections"),
    ("tid", "id"),
];

/// Adds the paths of members that are lost or changed between `sent` and `back`.
pub(crate) fn losses(path: &str, sent: &Value, back: &Value, found: &mut Vec<String>) {
    match (sent, back) {
        (Value::Array(sent), Value::Array(back)) if sent.len() == back.len() => {
            for (index, (sent, back)) in sent.iter().zip(back).enumerate() {
                losses(&format!("{path}[{index}]"), sent, back, found);
            }
        }
        (Value::Object(sent), Value::Object(back)) => members(path, sent, back, found),
        // Rows counted by the keys of an object.
        (Value::Object(counted), Value::Array(_)) if counted.keys().all(|key| key.parse::<u32>().is_ok()) => {
            losses(path, &Value::Array(counted.values().cloned().collect()), back, found);
        }
        // An object kept as text.
        (Value::String(text), Value::Object(_)) if text.starts_with('{') => match serde_json::from_str(text) {
            Ok(sent) => losses(path, &sent, back, found),
            Err(error) => found.push(format!("{path}: {error}")),
        },
        _ if same(sent, back) => {}
        _ => found.push(format!("{path}: sent {sent}, came back as {back}")),
    }
}

fn members(path: &str, sent: &Map<String, Value>, back: &Map<String, Value>, found: &mut Vec<String>) {
    for (name, value) in sent {
        if name == "custom_fields" {
            // Nested ones come back beside the flat ones.
            match value {
                Value::Object(fields) => members(path, fields, back, found),
                Value::Null => {}
                other => found.push(format!("{path}.custom_fields: {other}")),
            }
            continue;
        }
        let aliases = CANONICAL.iter().filter(|(other, _)| other == name).map(|(_, canonical)| *canonical);
        let mut candidates = std::iter::once(name.as_str()).chain(aliases).filter_map(|name| back.get(name)).peekable();
        if candidates.peek().is_none() {
            if !is_nothing(value) {
                found.push(format!("{path}.{name}: lost {value}"));
            }
            continue;
        }
        let mut problems = Vec::new();
        let fits = candidates.any(|candidate| {
            let mut here = Vec::new();
            losses(&format!("{path}.{name}"), value, candidate, &mut here);
            let fits = here.is_empty();
            problems.extend(here);
            fits
        });
        if !fits {
            found.extend(problems.into_iter().take(1));
        }
    }
}

/// The same in another spelling.
fn same(sent: &Value, back: &Value) -> bool {
    if sent == back || is_nothing(sent) && is_nothing(back) {
        return true;
    }
    if back == "***" {
        return !is_nothing(sent);
    }
    if let (Some(sent), Some(back)) = (levels(sent), levels(back)) {
        return sent == back;
    }
    let (Some(sent), Some(back)) = (scalar(sent), scalar(back)) else { return false };
    let (sent, back) = (sent.trim(), back.trim());
    if sent == back || matches!(sent, "YES" | "NO") && sent.eq_ignore_ascii_case(back) {
        return true;
    }
    if let (Some(sent), Some(back)) = (ip(sent), ip(back)) {
        return sent == back;
    }
    if let (Ok(sent), Ok(back)) = (sent.parse::<f64>(), back.parse::<f64>()) {
        return sent == back;
    }
    let items = |text: &str| -> Vec<String> {
        text.split(';').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
    };
    items(sent) == items(back)
}

/// Returns true for the forms of no value: `false` and `[]` are references to nothing (Q31), the dates mean never
/// (Q07).
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => {
            matches!(
                text.as_str(),
                "" | "0" | "No" | "[]" | "{}" | "null" | "1970-01-01 00:00:01" | "0000-00-00 00:00:00"
            )
        }
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(true) => false,
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::Bool(flag) => Some(u8::from(*flag).to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text.clone()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn ip(text: &str) -> Option<IpAddr> {
    match text.parse() {
        Ok(ip) => Some(ip),
        Err(_) => {
            let number: u128 = text.parse().ok()?;
            Some(match u32::try_from(number) {
                Ok(number) => Ipv4Addr::from(number).into(),
                Err(_) => Ipv6Addr::from(number).into(),
            })
        }
    }
}

/// Returns permissions in any of their forms (Q32) as a map from group to level.
fn levels(value: &Value) -> Option<BTreeMap<String, String>> {
    let digit = |level: String| match level.as_str() {
        "na" => "0".to_owned(),
        "ro" => "1".to_owned(),
        "rw" => "2".to_owned(),
        "rwa" => "3".to_owned(),
        _ => level,
    };
    match value {
        Value::String(text) if text.starts_with(['{', '[']) => levels(&serde_json::from_str(text).ok()?),
        Value::Object(map) => map.iter().map(|(group, level)| Some((group.clone(), digit(scalar(level)?)))).collect(),
        Value::Array(entries) => entries
            .iter()
            .map(|entry| Some((scalar(entry.get("group_id")?)?, digit(scalar(entry.get("permission")?)?))))
            .collect(),
        _ => None,
    }
}

/// Returns true if two requests set the same permissions.
pub(crate) fn same_levels(sent: &Map<String, Value>, made: &Map<String, Value>) -> bool {
    levels(&Value::Object(sent.clone())) == levels(&Value::Object(made.clone()))
}

/// Returns true if two requests have the same fields. Numbers may be texts, and `true` may be 1.
pub(crate) fn same_fields(sent: &Map<String, Value>, made: &Map<String, Value>) -> bool {
    let flat = |fields: &Map<String, Value>| -> BTreeMap<String, Value> {
        let mut flat = BTreeMap::new();
        for (name, value) in fields {
            match (name.as_str(), value) {
                ("custom_fields", Value::Object(nested)) => flat.extend(nested.clone()),
                _ => drop(flat.insert(name.clone(), value.clone())),
            }
        }
        flat
    };
    let (sent, made) = (flat(sent), flat(made));
    sent.len() == made.len()
        && sent.iter().all(|(name, value)| made.get(name).is_some_and(|made| same_field(name, value, made)))
}

fn same_field(name: &str, sent: &Value, made: &Value) -> bool {
    match (scalar(sent), scalar(made)) {
        (Some(sent), Some(made)) if name == "permissions" => {
            levels(&Value::String(sent.clone())) == levels(&Value::String(made.clone()))
        }
        (Some(sent), Some(made)) => sent == made || ip(&sent).is_some_and(|sent| ip(&made) == Some(sent)),
        _ => match (sent, made) {
            (Value::Object(sent), Value::Object(made)) => same_fields(sent, made),
            (Value::Array(sent), Value::Array(made)) => {
                sent.len() == made.len() && sent.iter().zip(made).all(|(sent, made)| same_field(name, sent, made))
            }
            _ => sent == made,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn lost(sent: &Value, back: &Value) -> Vec<String> {
        let mut found = Vec::new();
        losses("data", sent, back, &mut found);
        found
    }

    #[test]
    fn a_lost_or_changed_member_is_found() {
        assert_eq!(lost(&json!({"a": 1, "b": 2}), &json!({"a": 1})).len(), 1);
        assert_eq!(lost(&json!({"a": [{"x": "7"}]}), &json!({"a": [{"x": 8}]})).len(), 1);
        assert_eq!(lost(&json!([{"a": 1}, {"a": 2}]), &json!([{"a": 1}])).len(), 1);
        assert_eq!(lost(&json!({"custom_fields": {"x": 1}}), &json!({"x": 2})).len(), 1);
        assert_eq!(lost(&json!({"ip": "167837953"}), &json!({"ip": "10.1.1.2"})).len(), 1);
        assert_eq!(lost(&json!({"permissions": "{\"2\":\"3\"}"}), &json!({"permissions": []})).len(), 1);
        assert_eq!(lost(&json!({"a": "text"}), &json!({"a": null})).len(), 1);
    }

    #[test]
    fn another_form_is_no_loss() {
        assert!(lost(&json!({"id": "27", "x": null}), &json!({"id": 27})).is_empty());
        assert!(lost(&json!({"ip_addr": "167837953"}), &json!({"ip": "10.1.1.1"})).is_empty());
        assert!(lost(&json!({"location": [], "vlanId": "0"}), &json!({"location": null, "vlanId": null})).is_empty());
        let back = json!({"permissions": [{"group_id": 2, "permission": "3"}]});
        assert!(lost(&json!({"permissions": "{\"2\":\"3\"}"}), &back).is_empty());
    }
}
