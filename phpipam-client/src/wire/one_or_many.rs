//! List in place of which the server may send one object, or nothing.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::ser::Serializer;

use super::codec::{Seed, Wire};

/// List; one object is a list of one; `null`, `false` and `""` are the empty list.
///
/// An object without members is the empty list too: 1.3 sends `{}` for a single object with a filter (Q16).
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OneOrMany<T>(pub(crate) Vec<T>);

impl<T: Wire> Wire for OneOrMany<T> {
    fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Items(PhantomData)).map(Self)
    }

    fn encode<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.encode(serializer)
    }

    fn absent() -> Option<Self> {
        Some(Self(Vec::new()))
    }
}

struct Items<T>(PhantomData<T>);

impl<'de, T: Wire> Visitor<'de> for Items<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list or an object")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(Seed::<T>::new())? {
            items.push(item);
        }
        Ok(items)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        // One object is a list of one (Q16, Q79). An object without members is the "nothing" of a filter in 1.3.
        let mut map = Peeked { map, started: false, empty: false };
        match T::decode(MapAccessDeserializer::new(&mut map)) {
            Ok(item) if !map.empty => Ok(vec![item]),
            Err(error) if !map.empty => Err(error),
            Ok(_) | Err(_) => Ok(Vec::new()),
        }
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        if value { Err(E::invalid_type(Unexpected::Bool(value), &self)) } else { Ok(Vec::new()) }
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        if value.is_empty() { Ok(Vec::new()) } else { Err(E::invalid_type(Unexpected::Str(value), &self)) }
    }
}

/// Adapter that passes an object on and notes whether it has any member.
struct Peeked<A> {
    map: A,
    started: bool,
    empty: bool,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for &mut Peeked<A> {
    type Error = A::Error;

    fn next_key_seed<K: serde::de::DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        let key = self.map.next_key_seed(seed)?;
        if !self.started {
            self.started = true;
            self.empty = key.is_none();
        }
        Ok(key)
    }

    fn next_value_seed<V: serde::de::DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(seed)
    }
}
