//! What callers send: only the fields they named, in spellings that the server does not damage.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;

use serde_json::Value;

use crate::error::{Error, Result};
use crate::lenient::{Hidden, ServerTime, TextList, Wire, YesNo, from_value};
use crate::models::{JsonObject, NatObjects};

/// The fields of a request by the server's names, and the first thing wrong with them.
#[derive(Default)]
pub(crate) struct Fields {
    set: JsonObject,
    /// The names of those that nobody should see.
    secret: BTreeSet<String>,
    problem: Option<Error>,
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

    pub(crate) fn refuse(&mut self, error: Error) {
        self.problem.get_or_insert(error);
    }

    /// A custom field. Names are free, but for those that would change where the request goes.
    pub(crate) fn set_custom(&mut self, name: &str, value: Value) {
        if name.is_empty() || reroutes(name) {
            return self.refuse(Error::invalid("custom field", name, "no custom field can have this name"));
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
    pub(crate) fn body(&self) -> Result<Body> {
        match &self.problem {
            Some(Error::Invalid { field, value, remedy }) => Err(Error::invalid(field, value, remedy)),
            Some(other) => Err(Error::invalid("request", other, "correct it")),
            None => Ok(Body(self.set.clone())),
        }
    }

    /// Returns the body of a change. One without fields is refused: servers report errors of their own for it.
    pub(crate) fn changes(&self) -> Result<Body> {
        let body = self.body()?;
        if body.0.is_empty() {
            return Err(Error::invalid("fields", "[none]", "name a field to change"));
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

impl Clone for Fields {
    fn clone(&self) -> Self {
        let problem = self.problem.as_ref().map(|error| match error {
            Error::Invalid { field, value, remedy } => Error::invalid(field, value, remedy),
            other => Error::invalid("request", other, "correct it"),
        });
        Self { set: self.set.clone(), secret: self.secret.clone(), problem }
    }
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

/// A value that can be written.
pub(crate) trait Field {
    /// Whether nobody should see it.
    const SECRET: bool = false;

    fn to_json(self, name: &str) -> Result<Value>;
}

impl Field for String {
    fn to_json(self, name: &str) -> Result<Value> {
        checked_text(name, &self)?;
        Ok(Value::String(self))
    }
}

impl Field for Hidden {
    const SECRET: bool = true;

    fn to_json(self, name: &str) -> Result<Value> {
        use secrecy::ExposeSecret as _;
        let text = self.secret().expose_secret();
        match checked_text(name, text) {
            Ok(()) => Ok(Value::String(text.to_owned())),
            Err(Error::Invalid { field, remedy, .. }) => Err(Error::invalid(&field, "***", remedy)),
            Err(error) => Err(error),
        }
    }
}

impl Field for bool {
    fn to_json(self, _: &str) -> Result<Value> {
        Ok(Value::from(u8::from(self)))
    }
}

impl Field for IpAddr {
    fn to_json(self, _: &str) -> Result<Value> {
        Ok(Value::String(self.to_string()))
    }
}

impl Field for NatObjects {
    fn to_json(self, name: &str) -> Result<Value> {
        if self.addresses.iter().any(|id| id.get() == 0) || self.subnets.iter().any(|id| id.get() == 0) {
            return Err(Error::invalid(name, 0, "ids start at 1"));
        }
        Ok(Value::Object(NatObjects::to_json(&self)))
    }
}

impl Field for YesNo {
    fn to_json(self, _: &str) -> Result<Value> {
        Ok(Value::from(if self.0 { "Yes" } else { "No" }))
    }
}

impl Field for ServerTime {
    fn to_json(self, _: &str) -> Result<Value> {
        Ok(Value::String(self.to_string()))
    }
}

impl Field for u8 {
    fn to_json(self, _: &str) -> Result<Value> {
        Ok(Value::from(self))
    }
}

impl Field for u32 {
    fn to_json(self, _: &str) -> Result<Value> {
        Ok(Value::from(self))
    }
}

impl Field for i64 {
    fn to_json(self, _: &str) -> Result<Value> {
        Ok(Value::from(self))
    }
}

/// Items that would be taken for none, or for two, are refused.
impl Field for TextList {
    fn to_json(self, name: &str) -> Result<Value> {
        if let Some(item) = self.iter().find(|item| matches!(*item, "" | "0") || item.contains(';')) {
            return Err(Error::invalid(name, item, "give items that are neither empty nor 0, and have no semicolon"));
        }
        self.0.join(";").to_json(name)
    }
}

macro_rules! id_fields {
    ($($type:ident),*) => {$(
        impl Field for crate::lenient::$type {
            fn to_json(self, name: &str) -> Result<Value> {
                if self.get() == 0 {
                    return Err(Error::invalid(name, 0, "ids start at 1; clear the field to refer to nothing"));
                }
                Ok(Value::from(self.get()))
            }
        }
    )*};
}
id_fields!(
    CircuitProviderId,
    CustomerId,
    DeviceId,
    DeviceTypeId,
    L2DomainId,
    LocationId,
    NameserverId,
    RackId,
    ScanAgentId,
    SectionId,
    SubnetId,
    TagId,
    VlanId,
    VrfId
);

/// The server runs PHP's `strip_tags` over every text: what follows a `<` is lost, up to a `>` or to the end, unless
/// white space comes next. NUL bytes are lost as well.
pub(crate) fn checked_text(field: &str, text: &str) -> Result<()> {
    let bytes = text.as_bytes();
    let opens_tag = |(at, byte): (usize, &u8)| {
        *byte == b'<' && !bytes.get(at + 1).is_some_and(|next| next.is_ascii_whitespace() || *next == 0x0b)
    };
    if bytes.iter().enumerate().any(opens_tag) {
        let remedy = "the server would strip what looks like a tag; leave out \"<\", or put a space after it";
        return Err(Error::invalid(field, text, remedy));
    }
    if bytes.contains(&0) {
        return Err(Error::invalid(field, text.escape_debug(), "leave out NUL characters"));
    }
    Ok(())
}

/// A JSON value in a spelling that the server stores as meant.
fn checked(name: &str, value: Value) -> Result<Value> {
    match value {
        Value::Bool(flag) => flag.to_json(name),
        Value::String(text) => text.to_json(name),
        Value::Null | Value::Number(_) => Ok(value),
        Value::Array(_) | Value::Object(_) => {
            Err(Error::invalid(name, &value, "give a text, a number or a flag; the server would store the word Array"))
        }
    }
}

/// A value of a known field out of JSON; `None` empties the field.
pub(crate) fn field_from_json<T>(name: &str, value: &Value) -> Result<Option<T>>
where
    Option<T>: Wire,
{
    if let Value::Bool(false) = value {
        return Err(Error::invalid(name, "false", "give 0: the server makes NULL of false"));
    }
    let read = from_value::<Option<T>>(value).map_err(|error| Error::invalid(name, value, error))?;
    if read.is_none() && matches!(value, Value::Number(number) if number.as_f64() != Some(0.0)) {
        // Only a secret reads so, which does not say what is wrong with it.
        return Err(Error::invalid(name, "***", "give a text"));
    }
    Ok(read)
}

/// Defines a request to create or to change something.
///
/// Each field has a type, the server's name, what empties it (`null`, `zero`, or `never`), and its setters.
macro_rules! request {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $( $(#[$field_meta:meta])* $type:ty, $key:literal, $empty:ident => $with:ident $($clear:ident $patch:ident)?; )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Default)]
        #[must_use]
        pub struct $name {
            pub(crate) fields: $crate::patch::Fields,
        }

        impl $name {
            $(
                $(#[$field_meta])*
                pub fn $with(mut self, value: impl Into<$type>) -> Self {
                    self.fields.set($key, value.into());
                    self
                }

                $(
                    #[doc = concat!("Empties `", $key, "`.")]
                    pub fn $clear(mut self) -> Self {
                        self.fields.clear($key, $crate::patch::empty!($empty));
                        self
                    }

                    #[doc = concat!("Keeps, empties or sets `", $key, "`.")]
                    pub fn $patch(self, patch: ipam_core::Patch<$type>) -> Self {
                        match patch {
                            ipam_core::Patch::Keep => self,
                            ipam_core::Patch::Clear => self.$clear(),
                            ipam_core::Patch::Set(value) => self.$with(value),
                        }
                    }
                )?
            )*

            /// Sets a custom field, by the name of its column. Flags are sent as 0 and 1, `Null` empties it.
            pub fn with_custom_field(mut self, name: &str, value: impl Into<serde_json::Value>) -> Self {
                self.fields.set_custom(name, value.into());
                self
            }

            /// Sets a custom field, checked against the schema; its name may lack the `custom_` that some releases add.
            pub fn with_checked_field(
                mut self,
                schema: &$crate::models::Schema,
                name: &str,
                value: impl Into<serde_json::Value>,
            ) -> Self {
                match schema.check(name, value.into()) {
                    Ok((name, value)) => self.fields.set_custom(&name, value),
                    Err(error) => self.fields.refuse(error),
                }
                self
            }

            /// A request from JSON in the server's own spelling, as other tools keep it. Members that are no fields of
            /// the server are custom fields; `custom_fields` may hold more of them.
            ///
            /// # Errors
            /// [`Error::Invalid`](crate::Error::Invalid) names the first member that cannot be sent as meant.
            pub fn from_json(json: &$crate::models::JsonObject) -> $crate::error::Result<Self> {
                let mut request = Self::default();
                for (name, value) in json {
                    match name.as_str() {
                        $( $key => request = match $crate::patch::field_from_json::<$type>(name, value)? {
                            Some(value) => request.$with(value),
                            None => {
                                request.fields.clear($key, $crate::patch::empty!($empty));
                                request
                            }
                        }, )*
                        "custom_fields" => match value {
                            serde_json::Value::Object(fields) => {
                                for (name, value) in fields {
                                    request.fields.set_custom(name, value.clone());
                                }
                            }
                            other => {
                                let remedy = "give an object of custom fields";
                                return Err($crate::error::Error::invalid("custom_fields", other, remedy));
                            }
                        },
                        _ => request.fields.set_custom(name, value.clone()),
                    }
                }
                request.fields.body().map(|_| request)
            }
        }
    };
}
pub(crate) use request;

/// What empties a column: NULL, or 0 where the column is NOT NULL.
macro_rules! empty {
    (null) => {
        serde_json::Value::Null
    };
    (zero) => {
        serde_json::Value::from(0)
    };
    (never) => {
        serde_json::Value::Null
    };
}
pub(crate) use empty;
