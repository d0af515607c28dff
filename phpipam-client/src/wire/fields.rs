//! Fields of a request: only those that the caller set.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

use super::JsonObject;
use super::field::{Field, InvalidValue, checked};

/// Fields of a request by the server's names, and the first fault in them.
#[derive(Clone, Default)]
pub(crate) struct Fields {
    set: JsonObject,
    /// Names of the fields whose values must not be shown.
    secret: BTreeSet<String>,
    problem: Option<InvalidValue>,
}

/// Names that override a part of the path, if a body has them.
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

    /// Returns true if the value of a field must not be shown.
    pub(crate) fn is_secret(&self, name: &str) -> bool {
        self.secret.contains(name)
    }

    /// Empties a field. `cleared` is the value that its column takes for that: NULL or 0.
    pub(crate) fn clear(&mut self, name: &str, cleared: Value) {
        self.set.insert(name.to_owned(), cleared);
    }

    pub(crate) fn refuse(&mut self, error: InvalidValue) {
        // The first fault is the one that the caller's code made first.
        self.problem.get_or_insert(error);
    }

    /// Sets a custom field. Any name is possible but those that would change the path of the request.
    pub(crate) fn set_custom(&mut self, name: &str, value: Value) {
        // The parameters of path, query and body are one array in PHP, in which the body overrides the path (Q44).
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

    /// Replaces objects by their JSON text, for calls that store them so.
    pub(crate) fn with_texts(mut self) -> Self {
        for value in self.set.values_mut().filter(|value| value.is_object()) {
            *value = Value::String(value.to_string());
        }
        self
    }

    /// Returns the body, in the order in which fields were set.
    ///
    /// This is the only way to a [`Body`], so a request with a refused field cannot be sent without that field.
    pub(crate) fn body(&self) -> Result<Body, InvalidValue> {
        match &self.problem {
            Some(problem) => Err(problem.clone()),
            None => Ok(Body(self.set.clone())),
        }
    }

    /// Returns the body of a change. An empty one is refused here, because servers report several errors for it.
    pub(crate) fn changes(&self) -> Result<Body, InvalidValue> {
        // The server does not treat an empty PATCH alike: 500 for sections and subnets, 400 for tools and devices, and
        // success for an address, whose tag it resets (Q61).
        let body = self.body()?;
        if body.0.is_empty() {
            return Err(InvalidValue::new("fields", "[none]", "set a field to change"));
        }
        Ok(body)
    }
}

/// Body of a request whose fields were all accepted.
#[derive(Debug, Clone)]
pub(crate) struct Body(JsonObject);

impl Body {
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.0.iter()
    }

    /// Returns the object to send; `None` if no field is set.
    pub(crate) fn into_object(self) -> Option<JsonObject> {
        (!self.0.is_empty()).then_some(self.0)
    }
}

/// Returns true if the server takes a member of this name for a part of the path.
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

/// Replacement for a secret in debug output.
const HIDDEN: Value = Value::Null;
