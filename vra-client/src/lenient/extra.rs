//! Members of an object beside the fields of its type.

use std::fmt;

use serde_json::{Map, Value};

use super::json::JsonObject;
use super::redact::{Redacted, is_secret_name};
use super::wire::{Decoded, Wire};

/// JSON members of an object that its type has no field for, and the unusual forms of known members.
///
/// It makes an object complete that was read, changed and sent back: see the [module](super).
///
/// ```
/// use vra_client::v7::Tenant;
///
/// let mut tenant: Tenant = serde_json::from_str(r#"{"id": "qe", "locale": "de"}"#)?;
/// assert_eq!(tenant.extra.get("locale"), Some(&"de".into()));
/// tenant.extra.insert("theme", "dark");
/// tenant.extra.set_null("description");
/// assert_eq!(serde_json::to_string(&tenant)?, r#"{"id":"qe","description":null,"locale":"de","theme":"dark"}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Default, PartialEq)]
pub struct Extra {
    unknown: JsonObject,
    // A list and not a map: most objects have none, few have more than three.
    forms: Vec<Form>,
}

/// Unusual form of a known member: another spelling of its name, or a value of another JSON type.
#[derive(Clone, PartialEq)]
struct Form {
    member: &'static str,
    spelled: Option<String>,
    original: Option<Value>,
}

impl Extra {
    /// Returns the value of a member that the type has no field for.
    #[must_use]
    pub fn get(&self, member: &str) -> Option<&Value> {
        self.unknown.get(member)
    }

    /// Returns the members that the type has no field for, in the server's order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.unknown.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Returns the number of members that the type has no field for.
    #[must_use]
    pub fn len(&self) -> usize {
        self.unknown.len()
    }

    /// Returns true if the type has a field for each member.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.unknown.is_empty()
    }

    /// Adds or replaces a member that the type has no field for. Under the JSON name of a field it has no effect: the
    /// field is written, and this value is not.
    pub fn insert(&mut self, member: impl Into<String>, value: impl Into<Value>) {
        self.unknown.insert(member.into(), value.into());
    }

    /// Returns true if a known member, by its JSON name, was `null` rather than absent.
    #[must_use]
    pub fn was_null(&self, member: &str) -> bool {
        self.forms.iter().any(|form| form.member == member && form.original == Some(Value::Null))
    }

    /// Writes a known member, by its JSON name, as `null` while its field is [`None`], instead of leaving it out.
    pub fn set_null(&mut self, member: &'static str) {
        self.forms.retain(|form| form.member != member);
        self.forms.push(Form { member, spelled: None, original: Some(Value::Null) });
    }

    pub(crate) fn keep<T>(&mut self, member: &'static str, spelled: &str, decoded: Decoded<T>) -> Option<T> {
        self.forms.retain(|form| form.member != member);
        let spelled = (spelled != member).then(|| spelled.to_owned());
        // The usual form needs no memory; almost every member has it.
        if spelled.is_some() || decoded.original.is_some() {
            self.forms.push(Form { member, spelled, original: decoded.original });
        }
        decoded.value
    }

    /// Makes room for a member's usual spelling: a value that came under another spelling is kept under that.
    pub(crate) fn displace(&mut self, member: &'static str, value: Value) {
        let spelled = self.forms.iter_mut().find(|form| form.member == member).and_then(|form| form.spelled.take());
        if let Some(spelled) = spelled {
            // Under the spelling that it had, so that both are written again.
            self.unknown.insert(spelled, value);
        }
    }

    pub(crate) fn write<T: Wire>(&self, out: &mut Map<String, Value>, member: &'static str, value: Option<&T>) {
        let form = self.forms.iter().find(|form| form.member == member);
        // The spelling that was read is written again, since a server may ignore any other.
        let name = form.and_then(|form| form.spelled.as_deref()).unwrap_or(member);
        let original = form.and_then(|form| form.original.as_ref());
        // The remembered form is written only if it still decodes to the field's value. So a changed field wins over
        // its old form, without the setters having to know of forms.
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
        // A member with the name of a field would be there twice.
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
