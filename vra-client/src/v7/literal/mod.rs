//! Typed values of `requestData`, `resourceData`, `extensionData`, `formData` and `itemData`.
//!
//! The server writes them as `{"entries": [{"key": …, "value": {"type": …, "value": …}}]}`. They are kept losslessly: a
//! literal of an unknown type, or of a known one in an unusual shape, is [`Literal::Other`] with its JSON.
//!
//! ```
//! use vra_client::v7::{Literal, LiteralMap};
//!
//! let mut data = LiteralMap::new();
//! data.set("provider-VirtualMachine.CPU.Count", 2);
//! data.set("provider-VirtualMachine.Disk0.Size", "40");
//! assert_eq!(data.get("provider-VirtualMachine.Disk0.Size").and_then(Literal::as_i64), Some(40));
//! ```

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Number, Value, json};

use crate::lenient::{Decoded, IntoJson, Redacted, SecretText, Timestamp, Wire, model, model_impl};

model! {
    /// An amount of money.
    pub struct Money {
        /// Always `money`.
        literal_type: String = "type";
        /// ISO 4217; often missing.
        currency_code: String = "currencyCode";
        /// How much.
        amount: Number = "amount";
        /// When it was reckoned, in the members for expenses.
        as_on_date: Timestamp = "asOnDate";
    }
}

model! {
    /// A span of time.
    pub struct TimeSpan {
        /// Always `timeSpan`.
        literal_type: String = "type";
        /// `DAYS`, `MILLISECONDS` …
        unit: String = "unit";
        /// How many of them.
        amount: Number = "amount";
    }
}

model! {
    /// Money per span of time.
    pub struct MoneyTimeRate {
        /// Always `moneyTimeRate`.
        literal_type: String = "type";
        /// How much.
        cost: Money = "cost";
        /// For how long.
        basis: TimeSpan = "basis";
    }
}

model! {
    /// A reference to an object of some service.
    pub struct EntityRef {
        /// Always `entityRef`.
        literal_type: String = "type";
        /// The component; usually `null`.
        component_id: String = "componentId";
        /// The class, such as `ComputeResource`, `Network` or `Storage`.
        class_id: String = "classId";
        /// The id of the object.
        id: String = "id";
        /// Its name, for display.
        label: String = "label";
    }
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

impl EntityRef {
    /// A reference without component and label, as the values of other fields depend on it.
    #[must_use]
    pub fn new(class_id: impl Into<String>, id: impl Into<String>) -> Self {
        let mut new = Self { literal_type: Some("entityRef".into()), ..Self::default() };
        new.extra.set_null("componentId");
        new.class_id = Some(class_id.into());
        new.id = Some(id.into());
        new
    }

    /// With the name for display.
    #[must_use]
    pub fn with_label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }
}

impl Complex {
    /// A structured value of a class of a component type.
    #[must_use]
    pub fn new(component_type_id: impl Into<String>, class_id: impl Into<String>, values: LiteralMap) -> Self {
        let mut new = Self { literal_type: Some("complex".into()), ..Self::default() };
        new.component_type_id = Some(component_type_id.into());
        new.extra.set_null("componentId");
        new.class_id = Some(class_id.into());
        new.extra.set_null("typeFilter");
        new.values = Some(values);
        new
    }

    /// A structured value whose class the server is to find out, as 6.2 and early 7.x clients send it.
    #[must_use]
    pub fn untyped(values: LiteralMap) -> Self {
        let mut new = Self { literal_type: Some("complex".into()), values: Some(values), ..Self::default() };
        for member in ["componentTypeId", "componentId", "classId", "typeFilter"] {
            new.extra.set_null(member);
        }
        new
    }
}

impl Multiple {
    /// A list of values of one element type.
    #[must_use]
    pub fn new(element_type_id: impl Into<String>, items: impl IntoIterator<Item = Literal>) -> Self {
        Self {
            literal_type: Some("multiple".into()),
            element_type_id: Some(element_type_id.into()),
            items: Some(items.into_iter().collect()),
            ..Self::default()
        }
    }

    /// A list of structured values.
    #[must_use]
    pub fn complex(items: impl IntoIterator<Item = Complex>) -> Self {
        Self::new("COMPLEX", items.into_iter().map(Literal::Complex))
    }

    /// A list of references.
    #[must_use]
    pub fn references(items: impl IntoIterator<Item = EntityRef>) -> Self {
        Self::new("ENTITY_REFERENCE", items.into_iter().map(Literal::EntityRef))
    }
}

/// A typed value.
#[derive(Clone, PartialEq)]
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
    SecureString(SecretText),
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

impl Literal {
    /// The literal's `type`; empty for JSON that is no literal.
    #[must_use]
    pub fn type_name(&self) -> &str {
        match self {
            Self::String(_) => "string",
            Self::Integer(_) => "integer",
            Self::Decimal(_) => "decimal",
            Self::Boolean(_) => "boolean",
            Self::DateTime(_) => "dateTime",
            Self::SecureString(_) => "secureString",
            Self::Money(_) => "money",
            Self::MoneyTimeRate(_) => "moneyTimeRate",
            Self::TimeSpan(_) => "timeSpan",
            Self::EntityRef(_) => "entityRef",
            Self::Complex(_) => "complex",
            Self::Multiple(_) => "multiple",
            Self::Other(value) => value.get("type").and_then(Value::as_str).unwrap_or_default(),
        }
    }

    /// The text of a text, time or secret.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            Self::DateTime(time) => Some(time.as_str()),
            Self::SecureString(secret) => Some(secret.expose()),
            Self::Other(value) => plain(value).as_str(),
            _ => None,
        }
    }

    /// The whole number, also from a text such as `"4096"`: servers write sizes in both ways.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            Self::Decimal(number) => number.as_i64(),
            Self::String(text) => text.trim().parse().ok(),
            Self::Other(value) => match plain(value) {
                Value::String(text) => text.trim().parse().ok(),
                other => other.as_i64(),
            },
            _ => None,
        }
    }

    /// The flag, also from the texts `true` and `false`.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        let text = match self {
            Self::Boolean(flag) => return Some(*flag),
            Self::String(text) => text,
            Self::Other(value) => match plain(value) {
                Value::Bool(flag) => return Some(*flag),
                Value::String(text) => text,
                _ => return None,
            },
            _ => return None,
        };
        match text.trim().to_ascii_lowercase().as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    /// The reference.
    #[must_use]
    pub fn as_entity_ref(&self) -> Option<&EntityRef> {
        if let Self::EntityRef(reference) = self { Some(reference) } else { None }
    }

    /// The members of a structured value.
    #[must_use]
    pub fn as_values(&self) -> Option<&LiteralMap> {
        if let Self::Complex(complex) = self { complex.values.as_ref() } else { None }
    }

    /// The items of a list; none for anything else.
    #[must_use]
    pub fn items(&self) -> &[Self] {
        match self {
            Self::Multiple(multiple) => multiple.items.as_deref().unwrap_or_default(),
            _ => &[],
        }
    }

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

/// The value of something that looks like a literal, or the JSON itself.
fn plain(value: &Value) -> &Value {
    value.get("value").unwrap_or(value)
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
            Self::SecureString(secret) => json!({"type": "secureString", "value": secret.expose()}),
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

macro_rules! from {
    ($($ty:ty => $make:expr),* $(,)?) => {$(
        impl From<$ty> for Literal {
            fn from(value: $ty) -> Self {
                $make(value)
            }
        }
    )*};
}

from! {
    String => Self::String,
    &str => |text: &str| Self::String(text.to_owned()),
    i64 => Self::Integer,
    i32 => |number: i32| Self::Integer(i64::from(number)),
    u32 => |number: u32| Self::Integer(i64::from(number)),
    bool => Self::Boolean,
    Timestamp => Self::DateTime,
    SecretText => Self::SecureString,
    EntityRef => Self::EntityRef,
    Complex => Self::Complex,
    Multiple => Self::Multiple,
}

/// A key with its value, which may be `null` or missing.
#[derive(Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Entry {
    /// The key.
    pub key: Option<String>,
    /// The value.
    pub value: Option<Literal>,
    /// Members without a field, and whether the value was `null`.
    pub extra: crate::lenient::Extra,
}

model_impl! { Entry { key: String = "key"; value: Literal = "value"; } }

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Redacted(&self.to_json()).fmt(f)
    }
}

/// Keys with their values, in the server's order. A key may come twice; [`get`](Self::get) finds the first.
#[derive(Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct LiteralMap {
    /// The entries; none and `null` are kept apart.
    pub entries: Option<Vec<Entry>>,
    /// Members beside the entries.
    pub extra: crate::lenient::Extra,
}

model_impl! { LiteralMap { entries: Vec<Entry> = "entries"; } }

impl fmt::Debug for LiteralMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Redacted(&self.to_json()).fmt(f)
    }
}

impl LiteralMap {
    /// No entries, written as an empty list.
    #[must_use]
    pub fn new() -> Self {
        Self { entries: Some(Vec::new()), ..Self::default() }
    }

    /// No list of entries, written as `null`: what some 6.2 clients send.
    #[must_use]
    pub fn null() -> Self {
        let mut new = Self::default();
        new.extra.set_null("entries");
        new
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.as_ref().map_or(0, Vec::len)
    }

    /// Whether there are no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of a key; none also if it is `null`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Literal> {
        self.iter().find(|(name, _)| *name == key)?.1
    }

    /// Whether the key is there, with a value or without.
    #[must_use]
    pub fn contains_key(&self, key: &str) -> bool {
        self.iter().any(|(name, _)| name == key)
    }

    /// Keys and values; an entry without a key is left out.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&Literal>)> {
        self.entries.iter().flatten().filter_map(|entry| Some((entry.key.as_deref()?, entry.value.as_ref())))
    }

    /// Sets the value of a key where it stands, or adds it at the end.
    pub fn set(&mut self, key: impl Into<String>, value: impl Into<Literal>) {
        let key = key.into();
        let value = Some(value.into());
        let entries = self.entries.get_or_insert_default();
        match entries.iter_mut().find(|entry| entry.key.as_deref() == Some(&key)) {
            Some(entry) => entry.value = value,
            None => entries.push(Entry { key: Some(key), value, ..Entry::default() }),
        }
    }

    /// Takes a key out. Returns its value, if it had one.
    pub fn remove(&mut self, key: &str) -> Option<Literal> {
        let entries = self.entries.as_mut()?;
        let at = entries.iter().position(|entry| entry.key.as_deref() == Some(key))?;
        entries.remove(at).value
    }

    /// [`set`](Self::set), for building.
    #[must_use]
    pub fn with(mut self, key: impl Into<String>, value: impl Into<Literal>) -> Self {
        self.set(key, value);
        self
    }
}

impl<K: Into<String>, V: Into<Literal>> FromIterator<(K, V)> for LiteralMap {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = Self::new();
        for (key, value) in entries {
            map.set(key, value);
        }
        map
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

    use super::*;
    use crate::lenient::Model;

    fn round(value: &Value) -> Literal {
        let read: Literal = serde_json::from_value(value.clone()).unwrap();
        assert_eq!(&serde_json::to_value(&read).unwrap(), value);
        read
    }

    #[test]
    fn scalars_are_typed_and_odd_ones_kept() {
        assert_eq!(round(&json!({"value": "x", "type": "string"})), Literal::from("x"));
        assert_eq!(
            round(&json!({"type": "integer", "value": 1_459_562_569_868_i64})).as_i64(),
            Some(1_459_562_569_868)
        );
        assert_eq!(round(&json!({"type": "decimal", "value": 0.0})).type_name(), "decimal");
        for odd in [
            json!({"type": "string", "value": null}),
            json!({"type": "string"}),
            json!({"type": "integer", "value": "12"}),
            json!({"type": "boolean", "value": "true", "more": 1}),
            json!({"type": "newKind", "a": [1]}),
            json!({"type": "complex", "values": 5}),
            json!({"type": 5}),
            json!("bare"),
            json!(7),
        ] {
            assert!(matches!(round(&odd), Literal::Other(_)), "{odd}");
        }
        assert_eq!(round(&json!({"type": "integer", "value": "12"})).as_i64(), Some(12));
        assert_eq!(round(&json!({"type": "boolean", "value": "True"})).as_bool(), Some(true));
        assert_eq!(round(&json!("maybe")).as_bool(), None);
    }

    #[test]
    fn values_missing_null_and_nested_come_back() {
        let value = json!({"type": "complex", "componentTypeId": null, "classId": "c", "later": 1, "values": {"entries": [
            {"key": "a"}, {"key": "b", "value": null}, {"value": {"type": "string", "value": "no key"}},
            {"key": "l", "value": {"type": "multiple", "elementTypeId": "COMPLEX", "items": [
                {"type": "complex", "values": {"entries": null}}, {"type": "complex", "values": {}},
                {"type": "entityRef", "componentId": null, "classId": "Network", "id": "1"}]}}]}});
        let read = round(&value);
        let values = read.as_values().unwrap();
        assert!(values.contains_key("a") && values.get("a").is_none());
        assert_eq!(values.get("l").unwrap().items()[2].as_entity_ref().unwrap().id.as_deref(), Some("1"));
        let Literal::Complex(complex) = read else { panic!("not complex") };
        assert_eq!(complex.unknown_members(), [".later"]);
    }

    #[test]
    fn entries_are_set_in_place() {
        let mut map: LiteralMap = [("a", 1), ("b", 2)].into_iter().collect();
        map.set("a", "x");
        assert_eq!(map.iter().map(|(key, _)| key).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(map.remove("a"), Some(Literal::from("x")));
        assert_eq!((map.len(), map.remove("a")), (1, None));
        assert_eq!(serde_json::to_value(LiteralMap::null()).unwrap(), json!({"entries": null}));
        assert_eq!(serde_json::to_value(LiteralMap::new()).unwrap(), json!({"entries": []}));
    }

    #[test]
    fn debug_hides_secrets() {
        let map = LiteralMap::new().with("root_password", "hunter2").with("s", SecretText::from("hunter2")).with(
            "custom_properties",
            Multiple::complex([Complex::untyped(LiteralMap::new().with("value", "hunter2").with("id", "db_passwd"))]),
        );
        let text = format!("{map:?}");
        assert!(!text.contains("hunter2") && text.contains("db_passwd"), "{text}");
    }
}
