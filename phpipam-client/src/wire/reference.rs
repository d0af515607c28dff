//! Reference that the server replaces by the object in places.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::Serializer;

use super::codec::Wire;

/// Reference to an object: its id, or the object itself in responses that have it.
///
/// ```
/// use phpipam_client::models::{LocationId, Subnet};
///
/// let in_list: Subnet = serde_json::from_str(r#"{"id": 8, "location": {"id": 3, "name": "Ghent"}}"#)?;
/// let single: Subnet = serde_json::from_str(r#"{"id": 8, "location": 3}"#)?;
/// assert_eq!(in_list.location.map(|location| location.id()), Some(LocationId::new(3)));
/// assert_eq!(single.location.map(|location| location.id()), Some(LocationId::new(3)));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Reference<I, T> {
    /// Id.
    Id(I),
    /// Object.
    Full(Box<T>),
}

/// Id, object, or one of the forms of "none": `null`, 0, `""`, `[]`, and `false` for a location that was deleted (Q31).
impl<I: Wire + From<u64>, T: Wire> Wire for Option<Reference<I, T>> {
    fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ReferenceVisitor(PhantomData))
    }

    fn encode<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Some(Reference::Id(id)) => id.encode(serializer),
            Some(Reference::Full(object)) => object.encode(serializer),
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

struct ReferenceVisitor<I, T>(PhantomData<(I, T)>);

impl<I: From<u64>, T> ReferenceVisitor<I, T> {
    fn number(number: u64) -> Option<Reference<I, T>> {
        (number > 0).then(|| Reference::Id(I::from(number)))
    }
}

impl<'de, I: From<u64>, T: Wire> Visitor<'de> for ReferenceVisitor<I, T> {
    type Value = Option<Reference<I, T>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id, an object, an empty list or false")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        // 1.8 sends `false` for an id whose object was deleted (Q31).
        if value { Err(E::invalid_type(serde::de::Unexpected::Bool(true), &self)) } else { Ok(None) }
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Self::number(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        match u64::try_from(value) {
            Ok(value) => self.visit_u64(value),
            Err(_) => Err(E::invalid_value(serde::de::Unexpected::Signed(value), &self)),
        }
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        if value.is_empty() {
            return Ok(None);
        }
        match value.parse() {
            Ok(number) => self.visit_u64(number),
            Err(_) => Err(E::invalid_value(serde::de::Unexpected::Str(value), &self)),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        // PHP's empty array, where the object would be (Q31).
        match seq.next_element::<serde::de::IgnoredAny>()? {
            None => Ok(None),
            Some(_) => Err(A::Error::invalid_type(serde::de::Unexpected::Seq, &self)),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let object = T::decode(MapAccessDeserializer::new(map))?;
        Ok(Some(Reference::Full(Box::new(object))))
    }
}
