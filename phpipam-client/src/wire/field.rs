//! Values that callers send, in the form that the server does not damage.

use std::fmt;
use std::net::IpAddr;

use serde_json::Value;

use super::codec::{Wire, from_value};
use super::flag::YesNo;
use super::text::{Hidden, TextList};
use super::timestamp::ServerTime;

/// Result of the conversion into the server's form.
type Result<T, E = InvalidValue> = std::result::Result<T, E>;

/// Value that the server would refuse or damage, so that it is not sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InvalidValue {
    /// Name of the field.
    pub(crate) field: String,
    /// Value, cut after 120 characters.
    pub(crate) value: String,
    /// Remedy.
    pub(crate) remedy: String,
}

impl InvalidValue {
    pub(crate) fn new(field: impl fmt::Display, value: impl fmt::Display, remedy: impl fmt::Display) -> Self {
        // Cut, because each message shows the value, and a text column holds up to 64 KiB.
        let value = value.to_string().chars().take(120).collect();
        Self { field: field.to_string(), value, remedy: remedy.to_string() }
    }
}

impl fmt::Display for InvalidValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {:?}; {}", self.field, self.value, self.remedy)
    }
}

/// Value that can be written.
pub(crate) trait Field {
    /// True if the value must not be shown.
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
            Err(invalid) => Err(InvalidValue { value: "***".to_owned(), ..invalid }),
        }
    }
}

impl Field for bool {
    fn to_json(self, _: &str) -> Result<Value> {
        // Never `false`: PHP makes an empty text of it, then NULL, and a NOT NULL column refuses that (since 1.5).
        Ok(Value::from(u8::from(self)))
    }
}

impl Field for IpAddr {
    fn to_json(self, _: &str) -> Result<Value> {
        Ok(Value::String(self.to_string()))
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

/// List in one text. Items that the server would read as none, or as two, are refused.
impl Field for TextList {
    fn to_json(self, name: &str) -> Result<Value> {
        if let Some(item) = self.iter().find(|item| matches!(*item, "" | "0") || item.contains(';')) {
            return Err(InvalidValue::new(
                name,
                item,
                "give items that are neither empty nor 0, and have no semicolon",
            ));
        }
        self.0.join(";").to_json(name)
    }
}

macro_rules! id_fields {
    ($($type:ident),*) => {$(
        impl Field for super::id::$type {
            fn to_json(self, name: &str) -> Result<Value> {
                if self.get() == 0 {
                    return Err(InvalidValue::new(name, 0, "ids start at 1; clear the field to refer to nothing"));
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

/// Refuses a text that the server would damage: it runs PHP's `strip_tags` over every text.
///
/// The text after a `<` is lost, up to a `>` or to the end, unless white space comes next. NUL bytes are lost as well.
pub(crate) fn checked_text(field: &str, text: &str) -> Result<()> {
    let bytes = text.as_bytes();
    let opens_tag = |(at, byte): (usize, &u8)| {
        *byte == b'<' && !bytes.get(at + 1).is_some_and(|next| next.is_ascii_whitespace() || *next == 0x0b)
    };
    if bytes.iter().enumerate().any(opens_tag) {
        let remedy = "the server would strip what looks like a tag; leave out \"<\", or put a space after it";
        return Err(InvalidValue::new(field, text, remedy));
    }
    if bytes.contains(&0) {
        return Err(InvalidValue::new(field, text.escape_debug(), "leave out NUL characters"));
    }
    Ok(())
}

/// Returns a JSON value in the form that the server stores undamaged.
pub(crate) fn checked(name: &str, value: Value) -> Result<Value> {
    match value {
        Value::Bool(flag) => flag.to_json(name),
        Value::String(text) => text.to_json(name),
        Value::Null | Value::Number(_) => Ok(value),
        Value::Array(_) | Value::Object(_) => Err(InvalidValue::new(
            name,
            &value,
            "give a text, a number or a flag; the server would store the word Array",
        )),
    }
}

/// Returns the value of a known field from JSON; `None` empties the field.
pub(crate) fn field_from_json<T>(name: &str, value: &Value) -> Result<Option<T>>
where
    Option<T>: Wire,
{
    // A `false` that another tool kept would be sent as it is, and refused or stored as NULL, depending on the column.
    if let Value::Bool(false) = value {
        return Err(InvalidValue::new(name, "false", "give 0: the server makes NULL of false"));
    }
    let read = from_value::<Option<T>>(value).map_err(|error| InvalidValue::new(name, value, error))?;
    if read.is_none() && matches!(value, Value::Number(number) if number.as_f64() != Some(0.0)) {
        // Only a secret is read as `None` here. Its decoder reports no fault, because that would show the value.
        return Err(InvalidValue::new(name, "***", "give a text"));
    }
    Ok(read)
}
