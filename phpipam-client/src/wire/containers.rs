//! Lists, maps and optional objects, in the forms that PHP gives them.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize as _, SerializeMap as _, SerializeSeq as _, Serializer};
use serde_json::Value;

use super::codec::{Encode, Seed, Wire};
use super::one_or_many::OneOrMany;

impl<T: Wire> Wire for Box<T> {
    fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::decode(deserializer).map(Self::new)
    }

    fn encode<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_ref().encode(serializer)
    }
}

/// List; `null`, `false` and `""` are the empty one. A single object is a list of one (Q16, Q79).
impl<T: Wire> Wire for Vec<T> {
    fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        OneOrMany::decode(deserializer).map(|OneOrMany(items)| items)
    }

    fn encode<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(self.len()))?;
        for item in self {
            seq.serialize_element(&Encode(item))?;
        }
        seq.end()
    }

    fn absent() -> Option<Self> {
        Some(Self::new())
    }

    fn is_blank(&self) -> bool {
        self.is_empty()
    }
}

/// Implements [`Wire`] for an object that may be absent, `null`, `false`, `""` or `[]`.
macro_rules! optional_object {
    ($($type:ty),* $(,)?) => {$(
        impl $crate::wire::Wire for Option<$type> {
            fn decode<'de, D: serde::de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                // An object that is missing comes as `[]`, `false`, NULL or an empty text (Q31), which `OneOrMany`
                // reads as no items.
                let $crate::wire::OneOrMany(mut items) = $crate::wire::OneOrMany::<$type>::decode(deserializer)?;
                match items.len() {
                    0 => Ok(None),
                    1 => Ok(items.pop()),
                    more => Err(serde::de::Error::invalid_length(more, &"one object")),
                }
            }

            fn encode<S: serde::ser::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    Some(item) => $crate::wire::Wire::encode(item, serializer),
                    None => serializer.serialize_none(),
                }
            }

            fn absent() -> Option<Self> {
                Some(None)
            }

            fn is_blank(&self) -> bool {
                self.is_none()
            }
        }
    )*};
}
pub(crate) use optional_object;

/// Object whose member names were chosen by the server's users.
impl<T: Wire> Wire for BTreeMap<String, T> {
    fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<T>(PhantomData<T>);

        impl<'de, T: Wire> Visitor<'de> for Entries<T> {
            type Value = BTreeMap<String, T>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = BTreeMap::new();
                while let Some(key) = map.next_key::<String>()? {
                    entries.insert(key, map.next_value_seed(Seed::<T>::new())?);
                }
                Ok(entries)
            }

            /// Accepts the empty array that PHP writes for an object without members.
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                match seq.next_element::<IgnoredAny>()? {
                    None => Ok(BTreeMap::new()),
                    Some(_) => Err(serde::de::Error::invalid_type(serde::de::Unexpected::Seq, &self)),
                }
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(BTreeMap::new())
            }
        }

        deserializer.deserialize_any(Entries(PhantomData))
    }

    fn encode<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.len()))?;
        for (key, value) in self {
            map.serialize_entry(key, &Encode(value))?;
        }
        map.end()
    }

    fn absent() -> Option<Self> {
        Some(Self::new())
    }
}

/// JSON of any form, kept as it is.
impl Wire for Option<Value> {
    fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde::Deserialize::deserialize(deserializer)
    }

    fn encode<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }

    fn is_blank(&self) -> bool {
        self.is_none()
    }
}
