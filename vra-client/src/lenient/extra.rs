//! What an object had beside its fields.

use std::fmt;

use serde_json::{Map, Value};

use super::json::JsonObject;
use super::redact::{Redacted, is_secret_name};
use super::wire::{Decoded, Wire};

/// What a server's object had beside the fields of its type: members the type does not know, and how known members
/// were written where that was not the usual way.
///
/// It makes an object that was read, changed and sent back complete: see the [module](super).
#[derive(Clone, Default, PartialEq)]
pub struct Extra {
    unknown: JsonObject,
    forms: Vec<Form>,
}

/// How a known member was written: under another name, or as something else than the field's usual JSON.
#[derive(Clone, PartialEq)]
struct Form {
    member: &'static str,
    spelled: Option<String>,
    original: Option<Value>,
}

impl Extra {
    /// The value of a member that the type has no field for.
    #[must_use]
    pub fn get(&self, member: &str) -> Option<&Value> {
        self.unknown.get(member)
    }

    /// The members that the type has no field for, in the server's order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.unknown.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// How many members the type has no field for.
    #[must_use]
    pub fn len(&self) -> usize {
        self.unknown.len()
    }

    /// Whether the type has a field for each member that came.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.unknown.is_empty()
    }

    /// Adds or replaces a member that the type has no field for. A name that belongs to a field is not written.
    pub fn insert(&mut self, member: impl Into<String>, value: impl Into<Value>) {
        self.unknown.insert(member.into(), value.into());
    }

    /// Whether a known member, named as in the JSON, came as `null` rather than not at all.
    #[must_use]
    pub fn was_null(&self, member: &str) -> bool {
        self.forms.iter().any(|form| form.member == member && form.original == Some(Value::Null))
    }

    /// Writes a member whose field is [`None`] as `null` instead of leaving it out.
    pub fn set_null(&mut self, member: &'static str) {
        self.forms.retain(|form| form.member != member);
        self.forms.push(Form { member, spelled: None, original: Some(Value::Null) });
    }

    pub(crate) fn keep<T>(&mut self, member: &'static str, spelled: &str, decoded: Decoded<T>) -> Option<T> {
        self.forms.retain(|form| form.member != member);
        let spelled = (spelled != member).then(|| spelled.to_owned());
        if spelled.is_some() || decoded.original.is_some() {
            self.forms.push(Form { member, spelled, original: decoded.original });
        }
        decoded.value
    }

    /// Makes room for a member's usual spelling: a value that came under another is kept beside.
    pub(crate) fn displace(&mut self, member: &'static str, value: Value) {
        let spelled = self.forms.iter_mut().find(|form| form.member == member).and_then(|form| form.spelled.take());
        if let Some(spelled) = spelled {
            self.unknown.insert(spelled, value);
        }
    }

    pub(crate) fn write<T: Wire>(&self, out: &mut Map<String, Value>, member: &'static str, value: Option<&T>) {
        let form = self.forms.iter().find(|form| form.member == member);
        let name = form.and_then(|form| form.spelled.as_deref()).unwrap_or(member);
        let original = form.and_then(|form| form.original.as_ref());
        let unchanged = |original: &&Value| {
            serde_json::from_value::<Decoded<T>>((*original).clone()).is_ok_and(|read| match (&read.value, value) {
                (Some(read), Some(value)) => read.same(value),
                (read, value) => read.is_none() && value.is_none(),
            })
        };
        if let Some(original) = original.filter(unchanged) {
            out.insert(name.to_owned(), original.clone());
        } else if let Some(value) = value {
            out.insert(name.to_owned(), value.to_json());
        }
    }

    pub(crate) fn write_unknown(&self, out: &mut Map<String, Value>, members: &[&str]) {
        for (name, value) in self.unknown.iter().filter(|(name, _)| !members.contains(&name.as_str())) {
            out.insert(name.clone(), value.clone());
        }
    }

    pub(crate) fn report_unknown(&self, path: &str, found: &mut dyn FnMut(String)) {
        for name in self.unknown.keys() {
            found(format!("{path}.{name}"));
        }
    }
}

impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_map();
        for (name, value) in self.unknown.iter() {
            if is_secret_name(name) {
                out.entry(name, &"[redacted]");
            } else {
                out.entry(name, &Redacted(value));
            }
        }
        out.finish()
    }
}
