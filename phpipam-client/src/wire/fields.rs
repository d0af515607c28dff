//! Fields of a request: only those that the caller named.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

use super::JsonObject;
use super::field::{Field, InvalidValue, checked};

/// Fields of a request by the server's names, and the first thing wrong with them.
#[derive(Clone, Default)]
pub(crate) struct Fields {
    set: JsonObject,
    /// The names of those whose values must not be shown.
    secret: BTreeSet<String>,
    problem: Option<InvalidValue>,
}

/// The server lets body keys of these names override the path.
const ROUTING: [&str; 7] = ["app_id", "controller", "id", "id2", "id3", "id4", "custom_fields"];

impl Fields {
    pub(crate) fn set<T: Field>(&mut self, name: &str, value: T) {
        match value.to_json(name) {
            Ok(value) => {
                self.set.insert(name.to_owned(), value);
                if T::SECRET {
                    self.secret.insert(name.to_owned());
                }
            }
            Err(error) => self.refuse(error),
        }
    }

    /// Whether a field's value must not be shown.
    pub(crate) fn is_secret(&self, name: &str) -> bool {
        self.secret.contains(name)
    }

    /// Empties a field: `cleared` is what its column takes for that, NULL or 0.
    pub(crate) fn clear(&mut self, name: &str, cleared: Value) {
        self.set.insert(name.to_owned(), cleared);
    }

    pub(crate) fn refuse(&mut self, error: InvalidValue) {
        self.problem.get_or_insert(error);
    }

    /// A custom field. Names are free, but for those that would change where the request goes.
    pub(crate) fn set_custom(&mut self, name: &str, value: Value) {
        if name.is_empty() || reroutes(name) {
            return self.refuse(InvalidValue::new("custom field", name, "no custom field can have this name"));
        }
        match checked(name, value) {
            Ok(value) => {
                self.set.insert(name.to_owned(), value);
            }
            Err(error) => self.refuse(error),
        }
    }

    /// The same with objects as JSON texts, for calls that store them so.
    pub(crate) fn with_texts(mut self) -> Self {
        for value in self.set.values_mut().filter(|value| value.is_object()) {
            *value = Value::String(value.to_string());
        }
        self
    }

    /// Returns the body, in the order in which fields were named. Nothing but this makes a [`Body`], so a request with a
    /// refused field cannot be sent without it.
    pub(crate) fn body(&self) -> Result<Body, InvalidValue> {
        match &self.problem {
            Some(problem) => Err(problem.clone()),
            None => Ok(Body(self.set.clone())),
        }
    }

    /// Returns the body of a change. One without fields is refused: servers report errors of their own for it.
    pub(crate) fn changes(&self) -> Result<Body, InvalidValue> {
        let body = self.body()?;
        if body.0.is_empty() {
            return Err(InvalidValue::new("fields", "[none]", "name a field to change"));
        }
        Ok(body)
    }
}

/// The body of a request whose fields were all accepted.
#[derive(Debug, Clone)]
pub(crate) struct Body(JsonObject);

impl Body {
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.0.iter()
    }

    /// The object to send; `None` when no field is named.
    pub(crate) fn into_object(self) -> Option<JsonObject> {
        (!self.0.is_empty()).then_some(self.0)
    }
}

/// Whether the server takes a member of this name for a part of the path.
pub(crate) fn reroutes(name: &str) -> bool {
    ROUTING.contains(&name)
}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.set.iter().map(|(name, value)| (name, if self.is_secret(name) { &HIDDEN } else { value }));
        f.debug_map().entries(shown).finish()?;
        self.problem.as_ref().map_or(Ok(()), |problem| write!(f, " ({problem})"))
    }
}

/// What is shown of a secret: nothing of it.
const HIDDEN: Value = Value::Null;
