//! Decoding of a type from the server's JSON, and its encoding.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use serde_json::Value;

/// Type that is read from, and written to, the server's JSON.
pub(crate) trait Wire: Sized {
    /// Reads a value in any of its forms.
    fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;

    /// Writes the value in one form.
    fn encode<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;

    /// Returns the value of a missing member; `None` if the member is required.
    fn absent() -> Option<Self> {
        None
    }

    /// Returns true if a value under another name of the same member takes precedence.
    fn is_blank(&self) -> bool {
        false
    }
}

/// Adapter of [`Wire::decode`] for a container's deserializer.
pub(crate) struct Seed<T>(PhantomData<T>);

impl<T> Seed<T> {
    pub(crate) fn new() -> Self {
        Self(PhantomData)
    }
}

impl<'de, T: Wire> DeserializeSeed<'de> for Seed<T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        T::decode(deserializer)
    }
}

/// Adapter of [`Wire::encode`] for a container's serializer.
pub(crate) struct Encode<'a, T>(pub(crate) &'a T);

impl<T: Wire> Serialize for Encode<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.encode(serializer)
    }
}

/// Reads a value from JSON in memory.
pub(crate) fn from_value<T: Wire>(value: &Value) -> Result<T, serde_json::Error> {
    T::decode(value)
}

/// Place in a JSON text that does not hold what it should.
#[derive(Debug)]
pub(crate) struct Undecodable {
    /// Place, such as `[1].subnetId`; empty for the whole text.
    pub(crate) path: String,
    /// Fault at that place.
    pub(crate) reason: String,
}

impl Undecodable {
    /// Returns the place below `root`, such as `data[1].subnetId`.
    pub(crate) fn path_below(&self, root: impl fmt::Display) -> String {
        let separator = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        format!("{root}{separator}{}", self.path)
    }
}

/// Reads a value from JSON text; `json` returns a reader from its start.
pub(crate) fn from_json<'de, T, R>(json: impl Fn() -> serde_json::Deserializer<R>) -> Result<T, Undecodable>
where
    T: Wire,
    R: serde_json::de::Read<'de>,
{
    if let Ok(value) = T::decode(&mut json()) {
        return Ok(value);
    }
    // Read again, now keeping track of the place. Tracking on the first pass would slow every list down; failures are
    // rare.
    let mut track = serde_path_to_error::Track::new();
    let mut inner = json();
    T::decode(serde_path_to_error::Deserializer::new(&mut inner, &mut track))
        .map_err(|error| Undecodable { path: path_of(track), reason: error.to_string() })
}

/// Calls `each` for the items of a list, or the values of an object, as they are decoded. If one of them cannot be read,
/// `each` was called for those before it.
pub(crate) fn each_from_json<T: Wire>(text: &str, each: &mut dyn FnMut(T)) -> Result<(), Undecodable> {
    let json = || serde_json::Deserializer::from_str(text);
    if json().deserialize_any(Items(each)).is_ok() {
        return Ok(());
    }
    // Read again for the place of the fault, as in `from_json`.
    let mut track = serde_path_to_error::Track::new();
    let mut inner = json();
    let tracked = serde_path_to_error::Deserializer::new(&mut inner, &mut track);
    tracked
        .deserialize_any(Items(&mut |_: T| {}))
        .map_err(|error| Undecodable { path: path_of(track), reason: error.to_string() })
}

/// Visitor of a list or an object that passes its items on.
struct Items<'a, T>(&'a mut dyn FnMut(T));

impl<'de, T: Wire> Visitor<'de> for Items<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list or an object")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(item) = seq.next_element_seed(Seed::<T>::new())? {
            (self.0)(item);
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_key::<IgnoredAny>()?.is_some() {
            (self.0)(map.next_value_seed(Seed::<T>::new())?);
        }
        Ok(())
    }
}

fn path_of(track: serde_path_to_error::Track) -> String {
    match track.path().to_string().as_str() {
        // The library's name of the root.
        "." => String::new(),
        path => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::wire::SubnetId;

    #[test]
    fn what_cannot_be_read_names_its_place() {
        for (json, path) in [(r#"[1,{}]"#, "data[1]"), (r#""x""#, "data"), ("[1,", "data")] {
            let error = from_json::<Vec<SubnetId>, _>(|| serde_json::Deserializer::from_str(json)).unwrap_err();
            assert_eq!(error.path_below("data"), path, "{json}: {}", error.reason);
        }
    }
}
