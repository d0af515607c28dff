//! Readers of JSON values as vRA writes them: numbers and booleans as strings, lists as null.
//!
//! vRA keeps an endpoint's form and a blueprint's values as strings and passes them on as such; newer releases pass some as
//! JSON values. Each reader accepts both and rejects every other type, so that no value is guessed.

use std::fmt::Display;
use std::net::IpAddr;
use std::str::FromStr;

use ipam_core::MacAddr;
use ipam_core::registry::parse_flag;
use ipnet::IpNet;
use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error};
use serde_json::Value;

use super::Members;

/// Reads a string; a number or a boolean is read as its text. Absent, null and empty are `None`.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(None),
        // A field that was left empty in a form is sent as an empty string.
        Value::String(text) if text.trim().is_empty() => Ok(None),
        Value::String(text) => Ok(Some(text)),
        // Ids are numbers in some IPAMs, and a blueprint that computes one passes it on as a number.
        Value::Number(number) => Ok(Some(number.to_string())),
        Value::Bool(value) => Ok(Some(value.to_string())),
        other => Err(unexpected("a string", &other)),
    }
}

/// Reads a whole number, or a string with one. Absent, null and empty are `None`.
pub(super) fn number<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display>,
{
    // Both forms go through the text, so that a fraction or a negative number is refused in either.
    let Some(text) = text(deserializer)? else { return Ok(None) };
    text.trim().parse().map(Some).map_err(|error| {
        D::Error::custom(format_args!("{} is not a whole number in the range of this member: {error}", shown(&text)))
    })
}

/// Reads an IP address. Absent, null and empty are `None`.
pub(super) fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<IpAddr>, D::Error> {
    parsed(deserializer, "an IP address, such as 192.0.2.10")
}

/// Reads a prefix. Absent, null and empty are `None`.
pub(super) fn prefix<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<IpNet>, D::Error> {
    parsed(deserializer, "a prefix, such as 192.0.2.0/24")
}

/// Reads a MAC address. Absent, null and empty are `None`.
pub(super) fn mac<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<MacAddr>, D::Error> {
    parsed(deserializer, "a MAC address, such as 00:50:56:ab:cd:ef")
}

/// Reads a string in the form that `expected` describes.
fn parsed<'de, D: Deserializer<'de>, T: FromStr>(deserializer: D, expected: &str) -> Result<Option<T>, D::Error> {
    let Some(text) = text(deserializer)? else { return Ok(None) };
    text.trim().parse().map(Some).map_err(|_| D::Error::custom(format_args!("{} is not {expected}", shown(&text))))
}

/// Returns a value in quotes, cut to 60 characters, so that a message stays one line.
fn shown(text: &str) -> String {
    const MAX_CHARS: usize = 60;
    match text.char_indices().nth(MAX_CHARS) {
        None => format!("{text:?}"),
        Some((end, _)) => format!("{:?}…", text.get(..end).unwrap_or_default()),
    }
}

/// Reads a boolean, or a string with one. Absent, null and empty are `None`.
pub(super) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    match text(deserializer)? {
        None => Ok(None),
        Some(text) => parse_flag(&text)
            .map(Some)
            .ok_or_else(|| D::Error::custom(format_args!("{} is neither true nor false", shown(&text)))),
    }
}

/// Reads a list. Null is an empty list; a value that is not a list is a list of one.
pub(super) fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    Ok(optional_list(deserializer)?.unwrap_or_default())
}

/// Reads a list as [`list`] does, but null is `None`.
pub(super) fn optional_list<'de, D, T>(deserializer: D) -> Result<Option<Vec<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let items = match Value::deserialize(deserializer)? {
        Value::Null => return Ok(None),
        Value::Array(items) => items,
        // The meaning of a single value is plain, and refusing it would fail a machine that could be built.
        alone => vec![alone],
    };
    items
        .into_iter()
        .enumerate()
        .map(|(index, item)| match item {
            // Serde's own message for a wrong type quotes the value, which may be a secret in the wrong place.
            Value::Object(_) => read(item).map_err(|(path, problem)| format!("[{index}]{}", joined(&path, &problem))),
            other => T::deserialize(&other).map_err(|_| format!("[{index}]: found {}", kind(&other))),
        })
        .collect::<Result<_, _>>()
        .map(Some)
        .map_err(D::Error::custom)
}

/// Reads an object as a model. Null is an empty model.
pub(super) fn model<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned + Default,
{
    Ok(optional_model(deserializer)?.unwrap_or_default())
}

/// Reads an object as a model. Null is `None`.
pub(super) fn optional_model<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    // Read as a value first: a wrong type is then named by its JSON type, where Serde would quote it.
    let value = Value::Object(match Value::deserialize(deserializer)? {
        Value::Null => return Ok(None),
        Value::Object(object) => object,
        other => return Err(unexpected("an object", &other)),
    });
    read(value).map(Some).map_err(|(path, problem)| D::Error::custom(joined(&path, &problem)))
}

/// Reads a model, or returns the path of the member that is wrong and the problem with it.
pub(super) fn read<'de, T: Deserialize<'de>>(value: impl Deserializer<'de>) -> Result<T, (String, String)> {
    // The path tells which of several entries is wrong; Serde's own message names the member only.
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        (if path == "." { String::new() } else { format!(".{path}") }, error.inner().to_string())
    })
}

/// Joins the path of a member and its problem. The problem may begin with the path of a member inside it.
pub(super) fn joined(member: &str, problem: &str) -> String {
    if problem.starts_with(['.', '[']) { format!("{member}{problem}") } else { format!("{member}: {problem}") }
}

/// Reads a list of strings; numbers are read as their texts.
pub(super) fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let items: Vec<Value> = list(deserializer)?;
    items.into_iter().filter_map(|item| text(item).map_err(D::Error::custom).transpose()).collect()
}

/// Reads an object. Null is an empty object.
pub(super) fn object<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Members, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(Members::default()),
        Value::Object(object) => Ok(Members(object)),
        other => Err(unexpected("an object", &other)),
    }
}

fn unexpected<E: Error>(wanted: &str, found: &Value) -> E {
    E::custom(format_args!("expected {wanted}, found {}", kind(found)))
}

/// Returns the JSON type of a value, without the value: it may be a secret in the wrong place.
pub(super) const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_and_flags_are_read_in_every_spelling() {
        for value in [json!(4), json!("4"), json!(" 4 ")] {
            assert_eq!(number::<_, u32>(value).unwrap(), Some(4));
        }
        for value in [json!(true), json!("true"), json!("True"), json!("1"), json!(1)] {
            assert_eq!(flag(value).unwrap(), Some(true));
        }
        for value in [json!(null), json!("")] {
            assert_eq!(number::<_, u32>(value.clone()).unwrap(), None);
            assert_eq!(flag(value).unwrap(), None);
        }
    }

    #[test]
    fn a_value_that_is_not_a_number_is_an_error_and_not_zero() {
        for value in [json!("four"), json!(-1), json!(1.5), json!([1]), json!({})] {
            assert!(number::<_, u32>(value.clone()).is_err(), "{value}");
        }
        assert!(flag(json!("maybe")).is_err());
    }

    #[test]
    fn a_value_that_is_not_an_address_is_an_error_that_says_so() {
        assert_eq!(address(json!(" 192.0.2.1 ")).unwrap(), Some([192, 0, 2, 1].into()));
        for empty in [json!(null), json!(""), json!(" ")] {
            assert_eq!(address(empty).unwrap(), None);
        }
        let error = address(json!("none")).unwrap_err().to_string();
        assert_eq!(error, "\"none\" is not an IP address, such as 192.0.2.10");
        assert!(prefix(json!("10.0.0.0")).unwrap_err().to_string().contains("is not a prefix"));
        assert!(mac(json!("x".repeat(100))).unwrap_err().to_string().chars().count() < 140);
    }

    #[test]
    fn null_is_an_empty_list_and_a_single_value_is_a_list_of_one() {
        assert_eq!(texts(json!(null)).unwrap(), Vec::<String>::new());
        assert_eq!(texts(json!("12")).unwrap(), ["12"]);
        assert_eq!(texts(json!([12, "13"])).unwrap(), ["12", "13"]);
    }
}
