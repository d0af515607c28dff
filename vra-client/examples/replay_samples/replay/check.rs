//! Check of a payload: it is decoded into its public type and encoded again, and the JSON has to be the same.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use vra_client::lenient::{JsonObject, Model};

/// Check of a body: the members that no type has a field for, each with its type, or the first difference.
pub(crate) type Check = fn(&str) -> Result<Vec<String>, String>;

/// Decodes a payload, encodes it again, and compares.
pub(crate) fn keeps<T: Model>(json: &str) -> Result<Vec<String>, String> {
    let (value, original) = decode::<T>(json)?;
    compare(&value, &original)?;
    let type_name = short_name::<T>();
    Ok(value.unknown_members().into_iter().map(|path| format!("{type_name}{path}")).collect())
}

/// Keeps an object whose shape is not published as it is: all of it is without a field.
pub(crate) fn keeps_object(json: &str) -> Result<Vec<String>, String> {
    let (value, original) = decode::<JsonObject>(json)?;
    compare(&value, &original)?;
    Ok(value.keys().map(|name| format!("JsonObject.{name}")).collect())
}

pub(crate) fn decode<T: DeserializeOwned>(json: &str) -> Result<(T, Value), String> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let value = serde_path_to_error::deserialize(&mut deserializer)
        .map_err(|error| format!("{}: {}", error.path(), error.inner()))?;
    let original = serde_json::from_str(json).map_err(|error| error.to_string())?;
    Ok((value, original))
}

pub(crate) fn compare(value: &impl Serialize, original: &Value) -> Result<(), String> {
    let again = serde_json::to_value(value).map_err(|error| error.to_string())?;
    match difference("", original, &again) {
        None => Ok(()),
        Some(difference) => Err(difference),
    }
}

/// Returns the first place where two values differ.
pub(crate) fn difference(path: &str, expected: &Value, found: &Value) -> Option<String> {
    match (expected, found) {
        (Value::Object(left), Value::Object(right)) => {
            let lost = left.keys().find(|key| !right.contains_key(*key));
            if let Some(key) = lost {
                return Some(format!("{path}.{key} was lost"));
            }
            if let Some(key) = right.keys().find(|key| !left.contains_key(*key)) {
                return Some(format!("{path}.{key} was added"));
            }
            left.iter().find_map(|(key, value)| difference(&format!("{path}.{key}"), value, right.get(key)?))
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            let pairs = left.iter().zip(right).enumerate();
            pairs.into_iter().find_map(|(at, (left, right))| difference(&format!("{path}[{at}]"), left, right))
        }
        _ if expected == found => None,
        _ => Some(format!("{path}: {expected} became {found}")),
    }
}

fn short_name<T>() -> &'static str {
    let name = std::any::type_name::<T>();
    let name = name.split_once('<').map_or(name, |(_, inner)| inner.trim_end_matches('>'));
    name.rsplit("::").next().unwrap_or(name)
}
