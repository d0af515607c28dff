//! JSON object whose `Debug` shows no secrets.

use std::fmt;
use std::ops::{Deref, DerefMut};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::redact::debug_object;
use super::wire::{Decoded, IntoJson, Wire};

/// JSON object with the order of its members. `Debug` hides what looks like a secret.
///
/// ```
/// use vra_client::lenient::JsonObject;
///
/// let mut data = JsonObject::new();
/// data.set_at(&["machine", "data", "cpu"], 2).expect("a path of objects");
/// assert_eq!(data.at(&["machine", "data", "cpu"]), Some(&2.into()));
/// data.insert("password".into(), "secret".into());
/// assert!(!format!("{data:?}").contains("secret"));
/// ```
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JsonObject(Map<String, Value>);

impl JsonObject {
    /// Returns an object without members.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the members as a plain map.
    #[must_use]
    pub fn into_inner(self) -> Map<String, Value> {
        self.0
    }

    /// Returns the value at a path of member names, such as `["machine", "data", "cpu"]`.
    #[must_use]
    pub fn at(&self, path: &[&str]) -> Option<&Value> {
        let (first, rest) = path.split_first()?;
        rest.iter().try_fold(self.0.get(*first)?, |value, name| value.get(name))
    }

    /// Sets the value at a path of member names. Missing objects on the way, and those that are `null`, are created.
    ///
    /// # Errors
    /// The name of the member on the way that is neither an object nor `null`; nothing is changed then. An empty path
    /// is an error with an empty name.
    pub fn set_at(&mut self, path: &[&str], value: impl Into<Value>) -> Result<(), String> {
        let Some((last, parents)) = path.split_last() else { return Err(String::new()) };
        // Checked first: a failure half-way would leave empty objects behind, which the server would take for values.
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

// All methods of the map, without repeating them; only `Debug` differs.
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

impl IntoJson for JsonObject {
    fn into_json(self) -> Value {
        self.into()
    }
}
