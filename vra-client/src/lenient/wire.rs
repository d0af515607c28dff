//! Types of a member on the wire: how they are read and written.

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::{Number, Value};

/// A value as it was decoded: what it means, and how it was written if that was not the usual way.
pub(crate) struct Decoded<T> {
    pub(crate) value: Option<T>,
    pub(crate) original: Option<Value>,
}

impl<T> Decoded<T> {
    /// A value in its usual form, or `null`.
    pub(crate) fn or_null<E>(value: Option<T>) -> Result<Self, E> {
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

/// A member's type: decoding that remembers the form, and writing that cannot fail.
pub(crate) trait Wire: Sized {
    fn from_wire<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decoded<Self>, D::Error>;

    fn to_json(&self) -> Value;

    fn report_unknown(&self, _path: &str, _found: &mut dyn FnMut(String)) {}

    /// Whether both are written as the same JSON. Secrets have no other comparison.
    fn same(&self, other: &Self) -> bool {
        self.to_json() == other.to_json()
    }
}

impl<T: Wire + DeserializeOwned> Wire for Vec<T> {
    fn from_wire<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decoded<Self>, D::Error> {
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

/// What a request's member may be set to. Unlike [`Serialize`](serde::Serialize) it cannot fail.
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
