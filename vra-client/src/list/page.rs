//! Page of a list, with its links and counts.

use std::borrow::Cow;

use serde::de::{Deserialize, DeserializeOwned, Deserializer};
use serde_json::{Map, Value};

use crate::lenient::{Extra, JsonObject, Model, Wire, model, model_impl};

model! {
    /// A link to something related.
    pub struct Link {
        /// Always `link`.
        type_name: String = "@type";
        /// What it leads to, such as `next` or `GET: Request Template`.
        rel: String = "rel";
        /// Where it leads: a full address, often with the server's own name, or a path.
        href: String = "href";
    }
}

model! {
    /// The counts of a list.
    pub struct PageMetadata {
        /// The size of a page. Not reliable: 0 and 19 were seen with two rows.
        size: i64 = "size";
        /// How many rows there are in all pages.
        total_elements: i64 = "totalElements";
        /// How many pages there are.
        total_pages: i64 = "totalPages";
        /// The number of this page; the first is 1.
        number: i64 = "number";
        /// How many rows come before this page.
        offset: i64 = "offset";
    }
}

/// One page of a list.
///
/// Some lists come without `metadata`, some as `{"values": …}`, and a search for one user as the bare user: all are
/// read as pages and written again as they came.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Page<T> {
    /// Links to other pages.
    pub links: Option<Vec<Link>>,
    /// The rows.
    pub content: Vec<T>,
    /// The counts.
    pub metadata: Option<PageMetadata>,
    /// Other members.
    pub extra: Extra,
    form: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Envelope,
    Values,
    Array,
    Bare,
}

/// A page's members beside the rows, as they are read.
#[derive(Debug, Clone, Default)]
struct Frame {
    links: Option<Vec<Link>>,
    metadata: Option<PageMetadata>,
    extra: Extra,
}

model_impl! { Frame { links: Vec<Link> = "links"; metadata: PageMetadata = "metadata"; } }

impl<T> Page<T> {
    /// Whether there is a link to a next page; none if the page has no links at all.
    #[must_use]
    pub fn has_next(&self) -> Option<bool> {
        let links = self.links.as_ref()?;
        Some(links.iter().any(|link| link.rel.as_deref() == Some("next")))
    }

    /// How many rows the server counts in all pages.
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        u64::try_from(self.metadata.as_ref()?.total_elements?).ok()
    }

    /// How many pages the server counts.
    #[must_use]
    pub fn total_pages(&self) -> Option<u64> {
        u64::try_from(self.metadata.as_ref()?.total_pages?).ok()
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Page<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<T>(std::marker::PhantomData<T>);

        impl<'de, T: DeserializeOwned> serde::de::Visitor<'de> for Members<T> {
            type Value = Page<T>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a page of a list")
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Page<T>, A::Error> {
                let mut content = Vec::new();
                while let Some(row) = seq.next_element()? {
                    content.push(row);
                }
                Ok(page(content, Frame::default(), Form::Array))
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Page<T>, A::Error> {
                let mut rest = Map::new();
                let mut frame = Frame::default();
                let mut rows = None;
                while let Some(key) = map.next_key::<String>()? {
                    // Everything is decoded where it stands, so that an error has its path.
                    match key.as_str() {
                        "links" => frame.links = frame.extra.keep("links", &key, map.next_value()?),
                        "metadata" => frame.metadata = frame.extra.keep("metadata", &key, map.next_value()?),
                        "content" => rows = Some((map.next_value()?, Form::Envelope)),
                        "values" if rows.is_none() => rows = Some((map.next_value()?, Form::Values)),
                        _ => {
                            rest.insert(key, map.next_value()?);
                        }
                    }
                }
                let (content, form) = match rows {
                    Some(found) => found,
                    None => return bare(rest, &frame),
                };
                for (name, value) in rest {
                    frame.extra.insert(name, value);
                }
                Ok(page(content, frame, form))
            }
        }

        fn page<T>(content: Vec<T>, frame: Frame, form: Form) -> Page<T> {
            let Frame { links, metadata, extra } = frame;
            Page { links, content, metadata, extra, form }
        }

        fn bare<T: DeserializeOwned, E: serde::de::Error>(
            mut object: Map<String, Value>,
            frame: &Frame,
        ) -> Result<Page<T>, E> {
            // One object instead of a list of one: it must say what it is.
            if !object.contains_key("@type") && !object.contains_key("id") && !object.contains_key("principalId") {
                return Err(E::missing_field("content"));
            }
            if let Value::Object(members) = frame.to_json() {
                object.extend(members);
            }
            // What was read before the object was known to stand alone has no path any more; this gives it one.
            let row = serde_path_to_error::deserialize(Value::Object(object))
                .map_err(|error| E::custom(format_args!("at {}: {}", error.path(), error.inner())))?;
            Ok(page(vec![row], Frame::default(), Form::Bare))
        }

        deserializer.deserialize_any(Members(std::marker::PhantomData))
    }
}

impl<T: Wire + DeserializeOwned> serde::Serialize for Page<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rows = || self.content.to_json();
        let value = match self.form {
            Form::Array => rows(),
            Form::Bare => self.content.first().map_or(Value::Null, Wire::to_json),
            Form::Envelope | Form::Values => {
                let frame =
                    Frame { links: self.links.clone(), metadata: self.metadata.clone(), extra: self.extra.clone() };
                let name = if self.form == Form::Values { "values" } else { "content" };
                let mut object = JsonObject::new();
                object.insert(name.to_owned(), rows());
                if let Value::Object(members) = frame.to_json() {
                    object.extend(members);
                }
                object.into()
            }
        };
        value.serialize(serializer)
    }
}

impl<T: Wire + DeserializeOwned> Model for Page<T> {
    const MEMBERS: &'static [&'static str] = &["links", "content", "metadata"];

    fn extra(&self) -> &Extra {
        &self.extra
    }

    fn unknown_members(&self) -> Vec<String> {
        let mut found = Vec::new();
        self.extra.report_unknown("", &mut |path| found.push(path));
        self.links.iter().for_each(|links| links.report_unknown(".links", &mut |path| found.push(path)));
        self.metadata.iter().for_each(|counts| counts.report_unknown(".metadata", &mut |path| found.push(path)));
        let rows = if self.form == Form::Bare { "" } else { ".content[]" };
        for row in &self.content {
            row.report_unknown(rows, &mut |path| found.push(path));
        }
        found
    }
}

/// A row of a list, told from the others by an id.
pub trait Row {
    /// The id; none if the row has none.
    fn row_id(&self) -> Option<Cow<'_, str>>;
}

impl Row for JsonObject {
    fn row_id(&self) -> Option<Cow<'_, str>> {
        match self.get("id")? {
            Value::String(id) => Some(Cow::Borrowed(id)),
            Value::Number(id) => Some(Cow::Owned(id.to_string())),
            _ => None,
        }
    }
}

/// Says which field of a type tells its rows apart.
macro_rules! rows {
    ($($name:ident . $field:ident),* $(,)?) => {$(
        impl $crate::list::Row for $name {
            fn row_id(&self) -> Option<std::borrow::Cow<'_, str>> {
                self.$field.as_deref().map(std::borrow::Cow::Borrowed)
            }
        }
    )*};
}

pub(crate) use rows;
