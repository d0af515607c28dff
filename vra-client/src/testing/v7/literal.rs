//! Typed values, as 6.2 and 7.x write them, and their conversion to and from plain JSON.
//!
//! The server keeps typed values. Templates and views of 7.x show the same values as plain JSON, so both directions are
//! needed. The client's own types are not used here, so that a mistake in them shows.

use serde_json::{Map, Value, json};

/// Returns a list of entries.
pub(super) fn entries(pairs: Vec<(String, Value)>) -> Value {
    let entries: Vec<Value> = pairs.into_iter().map(|(key, value)| json!({"key": key, "value": value})).collect();
    json!({"entries": entries})
}

/// Returns a typed string.
pub(super) fn string(text: &str) -> Value {
    json!({"type": "string", "value": text})
}

/// Returns a typed whole number.
pub(super) fn integer(number: i64) -> Value {
    json!({"type": "integer", "value": number})
}

/// Returns a typed decimal number.
pub(super) fn decimal(number: f64) -> Value {
    json!({"type": "decimal", "value": number})
}

/// Returns a typed boolean.
pub(super) fn boolean(value: bool) -> Value {
    json!({"type": "boolean", "value": value})
}

/// Returns a typed time.
pub(super) fn date_time(text: &str) -> Value {
    json!({"type": "dateTime", "value": text})
}

/// Returns a typed time span in days.
pub(super) fn days(amount: i64) -> Value {
    json!({"type": "timeSpan", "unit": "DAYS", "amount": amount})
}

/// Returns a typed reference to an object of the server.
pub(super) fn entity_ref(class: &str, id: &str, label: &str) -> Value {
    json!({"type": "entityRef", "componentId": null, "classId": class, "id": id, "label": label})
}

/// Returns a typed object with its values.
pub(super) fn complex(component_type: &str, class: &str, values: Vec<(String, Value)>) -> Value {
    json!({
        "type": "complex", "componentTypeId": component_type, "componentId": null, "classId": class,
        "typeFilter": null, "values": entries(values),
    })
}

/// Returns a typed list.
pub(super) fn multiple(element: &str, items: Vec<Value>) -> Value {
    json!({"type": "multiple", "elementTypeId": element, "items": items})
}

/// Converts plain JSON of a 7.x template to a typed value.
pub(super) fn of_plain(value: &Value) -> Value {
    match value {
        Value::Null => Value::Null,
        Value::Bool(value) => boolean(*value),
        Value::Number(number) => match number.as_i64() {
            Some(number) => integer(number),
            None => decimal(number.as_f64().unwrap_or_default()),
        },
        Value::String(text) => string(text),
        Value::Array(items) => {
            let element = match items.first() {
                Some(Value::String(_)) => "STRING",
                Some(Value::Number(_)) => "INTEGER",
                _ => "COMPLEX",
            };
            multiple(element, items.iter().map(of_plain).collect())
        }
        Value::Object(members) => match members.get("data").and_then(Value::as_object) {
            Some(data) => {
                let member = |name: &str| members.get(name).cloned().unwrap_or_default();
                json!({
                    "type": "complex", "componentTypeId": member("componentTypeId"), "componentId": member("componentId"),
                    "classId": member("classId"), "typeFilter": member("typeFilter"), "values": of_members(data, ""),
                })
            }
            // A template may have a typed value inside plain JSON, such as the new owner of "change owner".
            None => value.clone(),
        },
    }
}

/// Converts the members of an object to entries, each key with a prefix.
pub(super) fn of_members(members: &Map<String, Value>, prefix: &str) -> Value {
    entries(members.iter().map(|(key, value)| (format!("{prefix}{key}"), of_plain(value))).collect())
}

/// Converts a typed value to plain JSON of a 7.x view.
pub(super) fn to_plain(value: &Value) -> Value {
    match value.get("type").and_then(Value::as_str) {
        Some("multiple") => value.get("items").and_then(Value::as_array).map(|i| i.iter().map(to_plain).collect()),
        Some("complex") => {
            let member = |name: &str| value.get(name).cloned().unwrap_or_default();
            let data: Map<String, Value> =
                pairs(value.get("values")).map(|(key, value)| (key.to_owned(), to_plain(value))).collect();
            Some(json!({
                "componentTypeId": member("componentTypeId"), "componentId": member("componentId"),
                "classId": member("classId"), "typeFilter": member("typeFilter"), "data": data,
            }))
        }
        // Views keep these typed: they have more than one member, and plain JSON has no type for them.
        Some("entityRef" | "money" | "moneyTimeRate" | "timeSpan") => Some(value.clone()),
        _ => value.get("value").cloned(),
    }
    .unwrap_or_default()
}

/// Returns the entries of a `{entries: …}`; none if it is null or missing, both of which were captured.
pub(super) fn pairs(values: Option<&Value>) -> impl Iterator<Item = (&str, &Value)> {
    let entries = values.and_then(|values| values.get("entries")).and_then(Value::as_array);
    entries
        .into_iter()
        .flatten()
        .filter_map(|entry| Some((entry.get("key")?.as_str()?, entry.get("value").unwrap_or(&Value::Null))))
}

/// Returns the value of an entry by its key.
pub(super) fn entry<'a>(values: Option<&'a Value>, key: &str) -> Option<&'a Value> {
    pairs(values).find(|(name, _)| *name == key).map(|(_, value)| value)
}

/// Returns a number that is written as a number or as a text, typed or plain.
pub(super) fn number(value: &Value) -> Option<i64> {
    // The manual's request for 6.2 writes disk sizes as strings.
    let inner = value.get("value").unwrap_or(value);
    inner.as_i64().or_else(|| inner.as_str()?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_values_get_types_and_lose_them_again() {
        let plain = json!({
            "cpu": 1, "name": "x", "flag": true, "none": null, "ratio": 1.5, "tags": ["a"],
            "disk": {"componentTypeId": "c", "componentId": null, "classId": "D", "typeFilter": null, "data": {"size": 8}},
        });
        let members = plain.as_object().cloned().unwrap_or_default();
        let typed = of_members(&members, "");
        assert_eq!(entry(Some(&typed), "cpu"), Some(&integer(1)));
        assert_eq!(entry(Some(&typed), "none"), Some(&Value::Null));
        let back: Map<String, Value> =
            pairs(Some(&typed)).map(|(key, value)| (key.to_owned(), to_plain(value))).collect();
        assert_eq!(Value::Object(back), plain);
    }
}
