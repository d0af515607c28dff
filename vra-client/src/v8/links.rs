//! Links between objects: the member `_links`.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::call::last_segment;
use crate::lenient::{Decoded, Redacted, Wire, model};

model! {
    /// Link to one object, or to several.
    pub struct Href {
        /// Path of the one object, such as `/iaas/api/regions/3617c011`.
        href: String = "href";
        /// Paths of the objects.
        hrefs: Vec<String> = "hrefs";
    }
}

impl Href {
    fn paths(&self) -> impl Iterator<Item = &str> {
        let several = self.hrefs.as_deref().unwrap_or_default();
        self.href.as_deref().into_iter().chain(several.iter().map(String::as_str))
    }
}

/// Links of an object, by the name of the relation. References to other objects are nowhere else.
///
/// The server writes `{"href": …}` for one object and `{"hrefs": […]}` for several, and releases differ in which; newer
/// ones add flags such as `"empty": false` between the links. All of it is kept.
///
/// ```
/// use vra_client::v8::Links;
///
/// let links: Links = serde_json::from_str(
///     r#"{"self": {"href": "/iaas/api/zones/z1"}, "projects": {"hrefs": ["/iaas/api/projects/p1"]}, "empty": false}"#,
/// )?;
/// assert_eq!(links.id("self").as_deref(), Some("z1"));
/// assert_eq!(links.ids("projects").collect::<Vec<_>>(), ["p1"]);
/// assert_eq!(links.names().collect::<Vec<_>>(), ["self", "projects"]);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Links {
    // A list and not a map: there are a handful, and their order is kept.
    entries: Vec<(String, Entry)>,
}

#[derive(Clone)]
enum Entry {
    Link(Href),
    /// Not a link: a flag, or something that a later release adds.
    Other(Value),
}

impl Links {
    /// Returns the names of the relations, in the server's order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().filter_map(|(name, entry)| match entry {
            Entry::Link(_) => Some(name.as_str()),
            Entry::Other(_) => None,
        })
    }

    /// Returns the link of a relation.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Href> {
        self.entries.iter().find_map(|(found, entry)| match entry {
            Entry::Link(link) if found == name => Some(link),
            _ => None,
        })
    }

    /// Returns the paths of a relation, whether it has one or several.
    pub fn paths(&self, name: &str) -> impl Iterator<Item = &str> {
        self.get(name).into_iter().flat_map(Href::paths)
    }

    /// Returns the ids of the objects of a relation, whether it has one or several.
    pub fn ids(&self, name: &str) -> impl Iterator<Item = String> {
        self.paths(name).filter_map(last_segment)
    }

    /// Returns the id of the object of a relation; the first if it has several.
    #[must_use]
    pub fn id(&self, name: &str) -> Option<String> {
        self.ids(name).next()
    }
}

impl<'de> Deserialize<'de> for Links {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Relations;

        impl<'de> Visitor<'de> for Relations {
            type Value = Links;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of links")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Links, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Links { entries })
            }
        }

        deserializer.deserialize_map(Relations)
    }
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        // By hand rather than through a `Value`, so that an error inside a link has its JSON path.
        impl<'de> Visitor<'de> for Either {
            type Value = Entry;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a link")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Entry, A::Error> {
                Href::deserialize(MapAccessDeserializer::new(map)).map(Entry::Link)
            }

            fn visit_bool<E>(self, flag: bool) -> Result<Entry, E> {
                Ok(Entry::Other(flag.into()))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Entry, E> {
                Ok(Entry::Other(number.into()))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Entry, E> {
                Ok(Entry::Other(number.into()))
            }

            fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Entry, E> {
                // JSON has no infinite numbers, so this is never one.
                let number = serde_json::Number::from_f64(number).ok_or_else(|| E::custom("an infinite number"))?;
                Ok(Entry::Other(Value::Number(number)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Entry, E> {
                Ok(Entry::Other(text.into()))
            }

            fn visit_unit<E>(self) -> Result<Entry, E> {
                Ok(Entry::Other(Value::Null))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Entry, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element::<Value>()? {
                    items.push(item);
                }
                Ok(Entry::Other(Value::Array(items)))
            }
        }

        deserializer.deserialize_any(Either)
    }
}

impl Wire for Links {
    fn from_wire<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decoded<Self>, D::Error> {
        struct Maybe;

        impl<'de> Visitor<'de> for Maybe {
            type Value = Decoded<Links>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of links")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                Links::deserialize(MapAccessDeserializer::new(map)).map(Decoded::usual)
            }

            fn visit_unit<E: serde::de::Error>(self) -> Result<Self::Value, E> {
                Decoded::or_null(None)
            }
        }

        deserializer.deserialize_any(Maybe)
    }

    fn to_json(&self) -> Value {
        let mut out = Map::new();
        for (name, entry) in &self.entries {
            let value = match entry {
                Entry::Link(link) => link.to_json(),
                Entry::Other(value) => value.clone(),
            };
            out.insert(name.clone(), value);
        }
        Value::Object(out)
    }

    fn report_unknown(&self, path: &str, found: &mut dyn FnMut(String)) {
        for (name, entry) in &self.entries {
            match entry {
                Entry::Link(link) => link.report_unknown(&format!("{path}.{name}"), found),
                // Flags between the links are expected; they have no field by intent.
                Entry::Other(_) => {}
            }
        }
    }
}

impl serde::Serialize for Links {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

impl PartialEq for Links {
    fn eq(&self, other: &Self) -> bool {
        self.same(other)
    }
}

impl fmt::Debug for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&Redacted(&self.to_json()), f)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

    use serde_json::json;

    use super::*;

    #[test]
    fn every_form_of_a_link_is_read_and_kept() {
        let value = json!({
            "self": {"href": "/iaas/api/network-ip-ranges/r%2F1/"},
            "fabric-networks": {"hrefs": ["/iaas/api/fabric-networks/a", "/iaas/api/fabric-networks/b?x=1"]},
            "region": {"href": null, "later": 1},
            "both": {"href": "/x/1", "hrefs": ["/x/2"]},
            "empty": false, "null": null, "text": "t", "list": [1], "half": 0.5, "none": {},
        });
        let links: Links = serde_json::from_value(value.clone()).unwrap();
        assert_eq!(links.to_json(), value);
        assert_eq!(links.id("self").as_deref(), Some("r/1"));
        assert_eq!(links.ids("fabric-networks").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(links.ids("both").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!((links.id("region"), links.id("empty"), links.id("absent")), (None, None, None));
        let mut unknown = Vec::new();
        links.report_unknown("", &mut |path| unknown.push(path));
        assert_eq!(unknown, [".region.later"]);
    }

    #[test]
    fn a_link_of_another_type_is_an_error_with_its_path() {
        for (bad, path) in
            [(r#"{"self": {"href": {}}}"#, "self.href"), (r#"{"x": {"hrefs": ["a", []]}}"#, "x.hrefs[1]")]
        {
            let mut deserializer = serde_json::Deserializer::from_str(bad);
            let error = serde_path_to_error::deserialize::<_, Links>(&mut deserializer).unwrap_err();
            assert_eq!(error.path().to_string(), path);
        }
        assert!(serde_json::from_str::<Links>("[]").is_err());
    }
}
