//! Values with their types, as 6.2 and 7.x write them.

use serde_json::{Map, Value, json};

/// A list of entries.
pub(super) fn entries(pairs: Vec<(String, Value)>) -> Value {
    let entries: Vec<Value> = pairs.into_iter().map(|(key, value)| json!({"key": key, "value": value})).collect();
    json!({"entries": entries})
}

pub(super) fn string(text: &str) -> Value {
    json!({"type": "string", "value": text})
}

pub(super) fn integer(number: i64) -> Value {
    json!({"type": "integer", "value": number})
}

pub(super) fn decimal(number: f64) -> Value {
    json!({"type": "decimal", "value": number})
}

pub(super) fn boolean(value: bool) -> Value {
    json!({"type": "boolean", "value": value})
}

pub(super) fn date_time(text: &str) -> Value {
    json!({"type": "dateTime", "value": text})
}

pub(super) fn days(amount: i64) -> Value {
    json!({"type": "timeSpan", "unit": "DAYS", "amount": amount})
}

pub(super) fn entity_ref(class: &str, id: &str, label: &str) -> Value {
    json!({"type": "entityRef", "componentId": null, "classId": class, "id": id, "label": label})
}

pub(super) fn complex(component_type: &str, class: &str, values: Vec<(String, Value)>) -> Value {
    json!({
        "type": "complex", "componentTypeId": component_type, "componentId": null, "classId": class,
        "typeFilter": null, "values": entries(values),
    })
}

pub(super) fn multiple(element: &str, items: Vec<Value>) -> Value {
    json!({"type": "multiple", "elementTypeId": element, "items": items})
}

/// The plain JSON of a 7.x template as a value with types.
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
            // A value with its type inside plain JSON stays as it is.
            None => value.clone(),
        },
    }
}

/// The members of an object as entries, each key with a prefix.
pub(super) fn of_members(members: &Map<String, Value>, prefix: &str) -> Value {
    entries(members.iter().map(|(key, value)| (format!("{prefix}{key}"), of_plain(value))).collect())
}

/// A value with its type as the plain JSON of a 7.x view.
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
        Some("entityRef" | "money" | "moneyTimeRate" | "timeSpan") => Some(value.clone()),
        _ => value.get("value").cloned(),
    }
    .unwrap_or_default()
}

/// The entries of a `{entries: …}`; none where it is null or missing.
pub(super) fn pairs(values: Option<&Value>) -> impl Iterator<Item = (&str, &Value)> {
    let entries = values.and_then(|values| values.get("entries")).and_then(Value::as_array);
    entries
        .into_iter()
        .flatten()
        .filter_map(|entry| Some((entry.get("key")?.as_str()?, entry.get("value").unwrap_or(&Value::Null))))
}

/// The value of an entry.
pub(super) fn entry<'a>(values: Option<&'a Value>, key: &str) -> Option<&'a Value> {
    pairs(values).find(|(name, _)| *name == key).map(|(_, value)| value)
}

/// A number that is written as a number or as a text.
pub(super) fn number(value: &Value) -> Option<i64> {
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
