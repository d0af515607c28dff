//! A JSON object that may be printed without giving secrets away.

use std::fmt;
use std::ops::{Deref, DerefMut};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};

use super::{Decoded, SecretText, Timestamp, Wire};

/// A JSON object with the order of its members; `Debug` hides what looks like a secret.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JsonObject(Map<String, Value>);

impl JsonObject {
    /// An object without members.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The members as a plain map.
    #[must_use]
    pub fn into_inner(self) -> Map<String, Value> {
        self.0
    }

    /// The value at a path of member names, such as `["machine", "data", "cpu"]`.
    #[must_use]
    pub fn at(&self, path: &[&str]) -> Option<&Value> {
        let (first, rest) = path.split_first()?;
        rest.iter().try_fold(self.0.get(*first)?, |value, name| value.get(name))
    }

    /// Sets the value at a path of member names. Objects on the way that are missing or `null` are made.
    ///
    /// # Errors
    ///
    /// The name of the member on the way that is neither an object nor `null`; nothing is changed then.
    pub fn set_at(&mut self, path: &[&str], value: impl Into<Value>) -> Result<(), String> {
        let Some((last, parents)) = path.split_last() else { return Err(String::new()) };
        self.check_parents(parents)?;
        let mut object = &mut self.0;
        for name in parents {
            let next = object.entry(*name).or_insert(Value::Null);
            if next.is_null() {
                *next = Value::Object(Map::new());
            }
            let Value::Object(inner) = next else { return Err((*name).to_owned()) };
            object = inner;
        }
        object.insert((*last).to_owned(), value.into());
        Ok(())
    }

    fn check_parents(&self, parents: &[&str]) -> Result<(), String> {
        let mut object = &self.0;
        for name in parents {
            match object.get(*name) {
                Some(Value::Object(inner)) => object = inner,
                None | Some(Value::Null) => return Ok(()),
                Some(_) => return Err((*name).to_owned()),
            }
        }
        Ok(())
    }
}

impl Deref for JsonObject {
    type Target = Map<String, Value>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for JsonObject {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl From<Map<String, Value>> for JsonObject {
    fn from(map: Map<String, Value>) -> Self {
        Self(map)
    }
}

impl From<JsonObject> for Value {
    fn from(object: JsonObject) -> Self {
        Self::Object(object.0)
    }
}

impl fmt::Debug for JsonObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug_object(&self.0, f)
    }
}

impl Wire for JsonObject {
    fn from_wire<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Decoded<Self>, D::Error> {
        Decoded::or_null(Option::deserialize(deserializer)?)
    }

    fn to_json(&self) -> Value {
        Value::Object(self.0.clone())
    }
}

/// Prints a value with the members hidden whose name says that they are secret.
pub(crate) struct Redacted<'a>(pub(crate) &'a Value);

impl fmt::Debug for Redacted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Object(map) => debug_object(map, f),
            Value::Array(items) => f.debug_list().entries(items.iter().map(Redacted)).finish(),
            Value::String(text) => write!(f, "{text:?}"),
            other => write!(f, "{other}"),
        }
    }
}

fn debug_object(map: &Map<String, Value>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    // A custom property is a pair of members: `id` (or `key`) has the name, `value` the secret.
    let names_a_secret =
        ["id", "key", "name"].iter().any(|name| map.get(*name).and_then(Value::as_str).is_some_and(is_secret_name))
            || map.get("type").and_then(Value::as_str) == Some("secureString");
    let mut out = f.debug_map();
    for (name, value) in map {
        let hidden = !value.is_null() && (is_secret_name(name) || (names_a_secret && name == "value"));
        if hidden {
            out.entry(name, &"[redacted]");
        } else if let ("entries", Value::Array(entries)) = (name.as_str(), value) {
            out.entry(name, &RedactedEntries(entries));
        } else {
            out.entry(name, &Redacted(value));
        }
    }
    out.finish()
}

/// Prints a list of keys with values, where a custom property is spread over two: `id` has the name, `value` the secret.
struct RedactedEntries<'a>(&'a [Value]);

impl fmt::Debug for RedactedEntries<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = |entry: &Value| entry.get("key").and_then(Value::as_str).map(str::to_owned);
        let names_a_secret = self.0.iter().any(|entry| {
            key(entry).is_some_and(|key| ["id", "key", "name"].contains(&key.as_str()))
                && entry.pointer("/value/value").and_then(Value::as_str).is_some_and(is_secret_name)
        });
        let mut out = f.debug_list();
        for entry in self.0 {
            if names_a_secret && key(entry).as_deref() == Some("value") {
                out.entry(&"[redacted]");
            } else {
                out.entry(&Redacted(entry));
            }
        }
        out.finish()
    }
}

/// Whether a member of this name is likely to hold a secret.
pub(crate) fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["password", "passwd", "passphrase", "secret", "token", "credential", "private_key", "privatekey"]
        .iter()
        .any(|word| name.contains(word))
        || name.ends_with("pwd")
        || name == "authorization"
}

/// What a request's member may be set to. Unlike [`Serialize`] it cannot fail.
pub(crate) trait IntoJson {
    fn into_json(self) -> Value;
}

macro_rules! into_json {
    ($($ty:ty),* $(,)?) => {$(
        impl IntoJson for $ty {
            fn into_json(self) -> Value {
                Value::from(self)
            }
        }
    )*};
}

into_json!(String, bool, i64, u32, Number, Value, JsonObject);

impl IntoJson for SecretText {
    fn into_json(self) -> Value {
        self.to_json()
    }
}

impl IntoJson for Timestamp {
    fn into_json(self) -> Value {
        self.to_json()
    }
}

impl IntoJson for std::net::Ipv4Addr {
    fn into_json(self) -> Value {
        Value::from(self.to_string())
    }
}

impl<T: IntoJson> IntoJson for Vec<T> {
    fn into_json(self) -> Value {
        Value::Array(self.into_iter().map(IntoJson::into_json).collect())
    }
}

impl<T: IntoJson> IntoJson for Option<T> {
    fn into_json(self) -> Value {
        self.map_or(Value::Null, IntoJson::into_json)
    }
}
