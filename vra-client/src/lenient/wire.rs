//! Types of a member in JSON: decoding and encoding.

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::{Number, Value};

/// Decoded value, with the JSON that it was written as if that was not the usual form.
pub(crate) struct Decoded<T> {
    pub(crate) value: Option<T>,
    pub(crate) original: Option<Value>,
}

impl<T> Decoded<T> {
    /// Makes a value in its usual form, or `null`.
    pub(crate) fn or_null<E>(value: Option<T>) -> Result<Self, E> {
        // Only `null` is remembered: `None` alone would be written as absent, and the server may tell the two apart.
        let original = value.is_none().then_some(Value::Null);
        Ok(Self { value, original })
    }

    pub(crate) fn usual(value: T) -> Self {
        Self { value: Some(value), original: None }
    }

    pub(crate) fn unusual(value: Option<T>, original: impl Into<Value>) -> Self {
        Self { value, original: Some(original.into()) }
    }
}

impl<'de, T: Wire> Deserialize<'de> for Decoded<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::from_wire(deserializer)
    }
}

/// Type of a member: decoding that remembers an unusual form, and encoding that cannot fail.
pub(crate) trait Wire: Sized {
    fn from_wire<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decoded<Self>, D::Error>;

    fn to_json(&self) -> Value;

    fn report_unknown(&self, _path: &str, _found: &mut dyn FnMut(String)) {}

    /// Returns true if both are written as the same JSON. Secrets have no other comparison.
    fn same(&self, other: &Self) -> bool {
        // Through JSON, because secrets implement no comparison, and because this is how the server compares.
        self.to_json() == other.to_json()
    }
}

impl<T: Wire + DeserializeOwned> Wire for Vec<T> {
    fn from_wire<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decoded<Self>, D::Error> {
        // The form of the list itself is remembered; its items remember their own.
        Decoded::or_null(Option::<Self>::deserialize(deserializer)?)
    }

    fn to_json(&self) -> Value {
        Value::Array(self.iter().map(Wire::to_json).collect())
    }

    fn report_unknown(&self, path: &str, found: &mut dyn FnMut(String)) {
        let path = format!("{path}[]");
        for item in self {
            item.report_unknown(&path, found);
        }
    }
}

impl<T: Wire + DeserializeOwned> Wire for Box<T> {
    fn from_wire<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decoded<Self>, D::Error> {
        let decoded = T::from_wire(deserializer)?;
        Ok(Decoded { value: decoded.value.map(Self::new), original: decoded.original })
    }

    fn to_json(&self) -> Value {
        (**self).to_json()
    }

    fn report_unknown(&self, path: &str, found: &mut dyn FnMut(String)) {
        (**self).report_unknown(path, found);
    }
}

/// Value of a member of a request. Unlike [`Serialize`](serde::Serialize) it cannot fail.
pub(crate) trait IntoJson {
    fn into_json(self) -> Value;
}

macro_rules! into_json {
    ($($ty:ty),* $(,)?) => {$(
        impl IntoJson for $ty {
            fn into_json(self) -> Value {
                Value::from(self)
            }
        }
    )*};
}

into_json!(String, bool, i64, u32, Number, Value);

impl IntoJson for std::net::Ipv4Addr {
    fn into_json(self) -> Value {
        Value::from(self.to_string())
    }
}

impl<T: IntoJson> IntoJson for Vec<T> {
    fn into_json(self) -> Value {
        Value::Array(self.into_iter().map(IntoJson::into_json).collect())
    }
}

impl<T: IntoJson> IntoJson for Option<T> {
    fn into_json(self) -> Value {
        self.map_or(Value::Null, IntoJson::into_json)
    }
}
