//! Literals, structured values, lists and maps of them, and how they are read and written.
//!
//! They contain each other, so they are in one file; access and construction are in others.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Number, Value, json};

use super::amount::{Money, MoneyTimeRate, TimeSpan};
use super::entity_ref::EntityRef;
use crate::lenient::{Decoded, Extra, IntoJson, Redacted, Timestamp, Wire, model, model_impl};

/// Typed value. Two values are equal if they are written as the same JSON.
///
/// ```
/// use vra_client::v7::{EntityRef, Literal};
///
/// assert_eq!(Literal::from("4096").as_i64(), Some(4096));
/// assert_eq!(Literal::from(EntityRef::new("Network", "7")).type_name(), "entityRef");
/// let unknown: Literal = serde_json::from_str(r#"{"type": "ipAddress", "value": "192.0.2.1"}"#)?;
/// assert!(matches!(unknown, Literal::Other(_)));
/// assert_eq!(unknown.as_str(), Some("192.0.2.1"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub enum Literal {
    /// Text. Numbers are texts in places.
    String(String),
    /// Whole number.
    Integer(i64),
    /// Number, as it was written. Make one from a [`serde_json::Number`].
    Decimal(Number),
    /// Flag.
    Boolean(bool),
    /// Point in time.
    DateTime(Timestamp),
    /// Secret. The server masks it or leaves it empty when it is read. What it does with a masked value that is sent
    /// back is not known, so set the real value before an update.
    SecureString(SecretString),
    /// Amount of money.
    Money(Money),
    /// Price per span of time.
    MoneyTimeRate(MoneyTimeRate),
    /// Span of time.
    TimeSpan(TimeSpan),
    /// Reference to an object.
    EntityRef(EntityRef),
    /// Structured value.
    Complex(Complex),
    /// List of values.
    Multiple(Multiple),
    /// Literal of an unknown type or shape, as it was read.
    Other(Value),
}

model! {
    /// Structured value: members under a class.
    ///
    /// ```
    /// use vra_client::v7::{Complex, Literal, LiteralMap};
    ///
    /// let memory = Complex::new(
    ///     "com.vmware.csp.iaas.blueprint.service",
    ///     "Infrastructure.Reservation.Memory",
    ///     LiteralMap::new().with("memoryReservedSizeMb", 4096),
    /// );
    /// let literal = Literal::from(memory);
    /// assert_eq!(literal.as_values().and_then(|values| values.get("memoryReservedSizeMb")?.as_i64()), Some(4096));
    /// ```
    pub struct Complex {
        /// Type of the literal, `complex`.
        literal_type: String = "type";
        /// Id of the component type, such as `com.vmware.csp.iaas.blueprint.service`.
        component_type_id: String = "componentTypeId";
        /// Id of the component; usually `null`.
        component_id: String = "componentId";
        /// Id of the class, such as `Infrastructure.Reservation.Network`.
        class_id: String = "classId";
        /// Narrower type within the class.
        type_filter: String = "typeFilter";
        /// Members of the structured value.
        values: LiteralMap = "values";
    }
}

model! {
    /// List of values of one type.
    ///
    /// ```
    /// use vra_client::v7::{EntityRef, Literal, Multiple};
    ///
    /// let groups = ["1", "2"].map(|id| EntityRef::new("SecurityGroup", id));
    /// assert_eq!(Literal::from(Multiple::references(groups)).items().len(), 2);
    /// ```
    pub struct Multiple {
        /// Type of the literal, `multiple`.
        literal_type: String = "type";
        /// Type of the items: `COMPLEX`, `ENTITY_REFERENCE`, `STRING` and others.
        element_type_id: String = "elementTypeId";
        /// Items of the list.
        items: Vec<Literal> = "items";
    }
}

/// Key with its value, which may be `null` or missing.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Entry {
    /// The key.
    pub key: Option<String>,
    /// The value.
    pub value: Option<Literal>,
    /// JSON members beside the entries.
    pub extra: Extra,
}

model_impl! { Entry { key: String = "key"; value: Literal = "value"; } }

// Not derived: a custom property is an entry whose value may be a password.
impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Redacted(&self.to_json()).fmt(f)
    }
}

/// Keys with their values, in the server's order. A key may be there twice; [`get`](Self::get) finds the first.
///
/// ```
/// use vra_client::v7::{Literal, LiteralMap};
///
/// let mut data = LiteralMap::new().with("provider-VirtualMachine.CPU.Count", 2);
/// data.set("provider-VirtualMachine.Disk0.Size", "40");
/// data.set("provider-VirtualMachine.CPU.Count", 4);
/// assert_eq!(data.get("provider-VirtualMachine.CPU.Count"), Some(&Literal::Integer(4)));
/// assert_eq!(data.get("provider-VirtualMachine.Disk0.Size").and_then(Literal::as_i64), Some(40));
/// assert_eq!(data.len(), 2);
/// ```
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct LiteralMap {
    /// Entries; [`None`] if the list of entries is absent or `null`.
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
            // The scalar variants cannot keep further members, so such a literal is kept whole, as `Other`.
            _ if object.len() != 2 => return None,
            scalar => match (scalar, object.get("value")?) {
                ("string", Value::String(text)) => Self::String(text.clone()),
                ("dateTime", Value::String(text)) => Self::DateTime(Timestamp::new(text)),
                ("secureString", Value::String(text)) => Self::SecureString(text.as_str().into()),
                // Beyond i64 it is kept as `Other`, whole.
                ("integer", Value::Number(number)) => Self::Integer(number.as_i64()?),
                // `12` and `12.0` are both decimals and stay as they are.
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

// Not derived: `SecretString` has no comparison.
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
        // `type` may be the last member, so the object is read whole before its type is known.
        Value::deserialize(deserializer).map(Self::read)
    }
}

impl fmt::Debug for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Redacted(&self.to_json()).fmt(f)
    }
}
