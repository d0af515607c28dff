//! Literals, structured values, lists and maps of them, and how they are read and written.
//!
//! They hold each other, so they stand in one file; what is done with them stands in others.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Number, Value, json};

use super::amount::{Money, MoneyTimeRate, TimeSpan};
use super::entity_ref::EntityRef;
use crate::lenient::{Decoded, Extra, IntoJson, Redacted, Timestamp, Wire, model, model_impl};

/// A typed value. Two are equal when they are written as the same JSON.
#[derive(Clone)]
#[non_exhaustive]
pub enum Literal {
    /// A text; numbers come as texts in places.
    String(String),
    /// A whole number.
    Integer(i64),
    /// A number, as it was written.
    Decimal(Number),
    /// A flag.
    Boolean(bool),
    /// A point in time.
    DateTime(Timestamp),
    /// A secret; masked or empty when it is read.
    SecureString(SecretString),
    /// Money.
    Money(Money),
    /// Money per time.
    MoneyTimeRate(MoneyTimeRate),
    /// A span of time.
    TimeSpan(TimeSpan),
    /// A reference.
    EntityRef(EntityRef),
    /// A structured value.
    Complex(Complex),
    /// A list.
    Multiple(Multiple),
    /// Anything else, as it came.
    Other(Value),
}

model! {
    /// A structured value.
    pub struct Complex {
        /// Always `complex`.
        literal_type: String = "type";
        /// The component type, such as `com.vmware.csp.iaas.blueprint.service`.
        component_type_id: String = "componentTypeId";
        /// The component; usually `null`.
        component_id: String = "componentId";
        /// The class, such as `Infrastructure.Reservation.Network`.
        class_id: String = "classId";
        /// A narrower type.
        type_filter: String = "typeFilter";
        /// The members.
        values: LiteralMap = "values";
    }
}

model! {
    /// A list of values.
    pub struct Multiple {
        /// Always `multiple`.
        literal_type: String = "type";
        /// `COMPLEX`, `ENTITY_REFERENCE`, `STRING` …
        element_type_id: String = "elementTypeId";
        /// The values.
        items: Vec<Literal> = "items";
    }
}

/// A key with its value, which may be `null` or missing.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Entry {
    /// The key.
    pub key: Option<String>,
    /// The value.
    pub value: Option<Literal>,
    /// Members without a field, and whether the value was `null`.
    pub extra: Extra,
}

model_impl! { Entry { key: String = "key"; value: Literal = "value"; } }

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Redacted(&self.to_json()).fmt(f)
    }
}

/// Keys with their values, in the server's order. A key may come twice; [`get`](Self::get) finds the first.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct LiteralMap {
    /// The entries; none and `null` are kept apart.
    pub entries: Option<Vec<Entry>>,
    /// Members beside the entries.
    pub extra: Extra,
}

model_impl! { LiteralMap { entries: Vec<Entry> = "entries"; } }

impl fmt::Debug for LiteralMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Redacted(&self.to_json()).fmt(f)
    }
}

impl Literal {
    fn read(value: Value) -> Self {
        Self::typed(&value).unwrap_or(Self::Other(value))
    }

    fn typed(value: &Value) -> Option<Self> {
        let object = value.as_object()?;
        let typed = match object.get("type")?.as_str()? {
            "money" => Self::Money(Money::deserialize(value).ok()?),
            "moneyTimeRate" => Self::MoneyTimeRate(MoneyTimeRate::deserialize(value).ok()?),
            "timeSpan" => Self::TimeSpan(TimeSpan::deserialize(value).ok()?),
            "entityRef" => Self::EntityRef(EntityRef::deserialize(value).ok()?),
            "complex" => Self::Complex(Complex::deserialize(value).ok()?),
            "multiple" => Self::Multiple(Multiple::deserialize(value).ok()?),
            // The scalars have no room for further members.
            _ if object.len() != 2 => return None,
            scalar => match (scalar, object.get("value")?) {
                ("string", Value::String(text)) => Self::String(text.clone()),
                ("dateTime", Value::String(text)) => Self::DateTime(Timestamp::new(text)),
                ("secureString", Value::String(text)) => Self::SecureString(text.as_str().into()),
                ("integer", Value::Number(number)) => Self::Integer(number.as_i64()?),
                ("decimal", Value::Number(number)) => Self::Decimal(number.clone()),
                ("boolean", Value::Bool(flag)) => Self::Boolean(*flag),
                _ => return None,
            },
        };
        Some(typed)
    }
}

impl Wire for Literal {
    fn from_wire<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decoded<Self>, D::Error> {
        Decoded::or_null(Option::deserialize(deserializer)?)
    }

    fn to_json(&self) -> Value {
        match self {
            Self::String(text) => json!({"type": "string", "value": text}),
            Self::Integer(number) => json!({"type": "integer", "value": number}),
            Self::Decimal(number) => json!({"type": "decimal", "value": number}),
            Self::Boolean(flag) => json!({"type": "boolean", "value": flag}),
            Self::DateTime(time) => json!({"type": "dateTime", "value": time.as_str()}),
            Self::SecureString(secret) => json!({"type": "secureString", "value": secret.expose_secret()}),
            Self::Money(money) => money.to_json(),
            Self::MoneyTimeRate(rate) => rate.to_json(),
            Self::TimeSpan(span) => span.to_json(),
            Self::EntityRef(reference) => reference.to_json(),
            Self::Complex(complex) => complex.to_json(),
            Self::Multiple(multiple) => multiple.to_json(),
            Self::Other(value) => value.clone(),
        }
    }

    fn report_unknown(&self, path: &str, found: &mut dyn FnMut(String)) {
        match self {
            Self::Money(money) => money.report_unknown(path, found),
            Self::MoneyTimeRate(rate) => rate.report_unknown(path, found),
            Self::TimeSpan(span) => span.report_unknown(path, found),
            Self::EntityRef(reference) => reference.report_unknown(path, found),
            Self::Complex(complex) => complex.report_unknown(path, found),
            Self::Multiple(multiple) => multiple.report_unknown(path, found),
            Self::Other(_) => found(format!("{path} (literal of type {:?})", self.type_name())),
            Self::String(_)
            | Self::Integer(_)
            | Self::Decimal(_)
            | Self::Boolean(_)
            | Self::DateTime(_)
            | Self::SecureString(_) => {}
        }
    }
}

impl PartialEq for Literal {
    fn eq(&self, other: &Self) -> bool {
        self.same(other)
    }
}

impl IntoJson for Literal {
    fn into_json(self) -> Value {
        self.to_json()
    }
}

impl Serialize for Literal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Literal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // `type` may be the last member, so the object is read first.
        Value::deserialize(deserializer).map(Self::read)
    }
}

impl fmt::Debug for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Redacted(&self.to_json()).fmt(f)
    }
}
