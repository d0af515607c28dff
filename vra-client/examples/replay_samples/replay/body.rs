//! Check of a body that a client sends: it is built again through the typed body of the client.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use vra_client::Error;

use super::check::compare;

/// Members of a body that were not handed to a setter yet.
pub(crate) struct Members {
    original: Value,
    left: Map<String, Value>,
    known: Vec<&'static str>,
}

impl Members {
    /// Reads a body, which has to be an object.
    pub(crate) fn read(json: &str) -> Result<Self, String> {
        let original: Value = serde_json::from_str(json).map_err(|error| error.to_string())?;
        match original.clone() {
            Value::Object(left) => Ok(Self { original, left, known: Vec::new() }),
            _ => Err(".: invalid type, expected an object".to_owned()),
        }
    }

    /// Takes a member that the body cannot be built without.
    pub(crate) fn required<T: DeserializeOwned>(&mut self, name: &'static str) -> Result<T, String> {
        match self.optional(name)? {
            Some(value) => Ok(value),
            None => Err(format!(".: missing field `{name}`")),
        }
    }

    /// Takes a member that has a setter; `None` if it is absent or `null`.
    pub(crate) fn optional<T: DeserializeOwned>(&mut self, name: &'static str) -> Result<Option<T>, String> {
        self.known.push(name);
        // A setter cannot send `null`, so that stays for `with_member`.
        if self.left.get(name).is_none_or(Value::is_null) {
            return Ok(None);
        }
        let value = self.left.shift_remove(name).unwrap_or_default();
        match serde_path_to_error::deserialize(value) {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.path().iter().next().is_none() => Err(format!("{name}: {}", error.inner())),
            Err(error) => {
                let path = error.path().to_string();
                let dot = if path.starts_with('[') { "" } else { "." };
                Err(format!("{name}{dot}{path}: {}", error.inner()))
            }
        }
    }

    /// Returns the members that were not taken yet.
    pub(crate) fn left(&self) -> &Map<String, Value> {
        &self.left
    }

    /// Returns the whole body, if each of its members was taken: there is no way to send another one.
    pub(crate) fn without_others(self) -> Result<Value, String> {
        match self.left.keys().next() {
            Some(other) => Err(format!("{other}: invalid value, the client cannot send this member")),
            None => Ok(self.original),
        }
    }

    /// Adds the members without a setter, and compares what the client would send with the sample.
    pub(crate) fn finish<B: Serialize>(
        self,
        mut body: B,
        add: fn(B, String, Value) -> B,
    ) -> Result<Vec<String>, String> {
        let type_name = std::any::type_name::<B>().rsplit("::").next().unwrap_or_default();
        let mut extra = Vec::new();
        for (name, value) in self.left {
            if !self.known.contains(&name.as_str()) {
                extra.push(format!("{type_name}.{name}"));
            }
            body = add(body, name, value);
        }
        compare(&body, &self.original)?;
        Ok(extra)
    }
}

/// Makes the error for a member whose value the client refuses to send.
pub(crate) fn refused(name: &'static str) -> impl Fn(Error) -> String {
    move |error| format!("{name}: invalid value, {error}")
}

/// Declares the check of a body: how it is made, and each setter with the type and name of its member.
macro_rules! built {
    ($check:ident: $body:ident, $new:expr, { $($setter:ident: $ty:ty = $name:literal),* $(,)? }) => {
        fn $check(json: &str) -> Result<Vec<String>, String> {
            let mut members = Members::read(json)?;
            let make: fn(&mut Members) -> Result<$body, String> = $new;
            let body = make(&mut members)?;
            $(let body = match members.optional::<$ty>($name)? {
                Some(value) => body.$setter(value),
                None => body,
            };)*
            members.finish(body, |body, name, value| body.with_member(name, value))
        }
    };
}

pub(crate) use built;
