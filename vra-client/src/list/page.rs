//! Page of a list, with its links and counts.

use std::borrow::Cow;

use serde::de::{Deserialize, DeserializeOwned, Deserializer};
use serde_json::{Map, Value};

use crate::lenient::{Extra, JsonObject, Model, Wire, model, model_impl};

model! {
    /// Link to a related object or call.
    pub struct Link {
        /// Always `link`.
        type_name: String = "@type";
        /// Relation, such as `next` or `GET: Request Template`.
        rel: String = "rel";
        /// URL, often with a host name of the server's own, or a path.
        href: String = "href";
    }
}

model! {
    /// Counts of a list of version 7.
    pub struct PageMetadata {
        // A count that is missing or negative must not make a page unreadable, so the fields are signed and
        // [`Page::total`] drops what is not a count.
        /// Page size. Not reliable: 0 and 19 were seen on pages with two rows.
        size: i64 = "size";
        /// Number of rows in all pages.
        total_elements: i64 = "totalElements";
        /// Number of pages.
        total_pages: i64 = "totalPages";
        /// Number of this page, from 1.
        number: i64 = "number";
        /// Number of rows before this page.
        offset: i64 = "offset";
    }
}

model! {
    /// Counts of a list of version 8. The IaaS service has the first two only, if any.
    pub struct PageCounts {
        /// Number of rows in all pages.
        total_elements: i64 = "totalElements";
        /// Number of rows of this page.
        number_of_elements: i64 = "numberOfElements";
        /// Number of pages.
        total_pages: i64 = "totalPages";
        /// Number of this page, from 0.
        number: i64 = "number";
        /// Page size.
        size: i64 = "size";
        /// True if this is the first page.
        first: bool = "first";
        /// True if this is the last page.
        last: bool = "last";
        /// True if this page has no rows.
        empty: bool = "empty";
        /// Page that was requested, as the server understood it.
        pageable: Value = "pageable";
        /// Order, as the server understood it.
        sort: Value = "sort";
    }
}

impl PageCounts {
    /// Reads a member if it is one of the counts.
    fn read<'de, A: serde::de::MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<bool, A::Error> {
        let Self { extra, .. } = self;
        match key {
            "totalElements" => self.total_elements = extra.keep("totalElements", key, map.next_value()?),
            "numberOfElements" => self.number_of_elements = extra.keep("numberOfElements", key, map.next_value()?),
            "totalPages" => self.total_pages = extra.keep("totalPages", key, map.next_value()?),
            "number" => self.number = extra.keep("number", key, map.next_value()?),
            "size" => self.size = extra.keep("size", key, map.next_value()?),
            "first" => self.first = extra.keep("first", key, map.next_value()?),
            "last" => self.last = extra.keep("last", key, map.next_value()?),
            "empty" => self.empty = extra.keep("empty", key, map.next_value()?),
            "pageable" => self.pageable = extra.keep("pageable", key, map.next_value()?),
            "sort" => self.sort = extra.keep("sort", key, map.next_value()?),
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// One page of a list.
///
/// Version 7 has the counts in `metadata`, version 8 in the page itself. Some lists have no counts, some are
/// `{"values": …}` or a bare array, and a search for one user may return the bare user. All are read as pages and
/// written again in the form that they had.
///
/// ```
/// use vra_client::v7::{Page, Tenant};
///
/// let page: Page<Tenant> = serde_json::from_str(r#"{"content": [{"id": "qe"}], "metadata": {"totalElements": 7}}"#)?;
/// assert_eq!((page.content.len(), page.total(), page.has_next()), (1, Some(7), None));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Page<T> {
    /// Links to other pages.
    pub links: Option<Vec<Link>>,
    /// Rows of the page.
    pub content: Vec<T>,
    /// Counts of a list of version 7.
    pub metadata: Option<PageMetadata>,
    /// Counts of a list of version 8.
    pub counts: PageCounts,
    /// Other members of the envelope.
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

/// Members of a page beside the rows, while it is read.
#[derive(Debug, Clone, Default)]
struct Frame {
    links: Option<Vec<Link>>,
    metadata: Option<PageMetadata>,
    counts: PageCounts,
    extra: Extra,
}

model_impl! { Frame { links: Vec<Link> = "links"; metadata: PageMetadata = "metadata"; } }

impl<T> Page<T> {
    /// Returns true if there is a link to a next page; [`None`] if the page has no links at all.
    #[must_use]
    pub fn has_next(&self) -> Option<bool> {
        let links = self.links.as_ref()?;
        Some(links.iter().any(|link| link.rel.as_deref() == Some("next")))
    }

    /// Returns the number of rows in all pages, as the server counts.
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        let older = self.metadata.as_ref().and_then(|metadata| metadata.total_elements);
        u64::try_from(self.counts.total_elements.or(older)?).ok()
    }

    /// Returns the number of pages, as the server counts.
    #[must_use]
    pub fn total_pages(&self) -> Option<u64> {
        let older = self.metadata.as_ref().and_then(|metadata| metadata.total_pages);
        u64::try_from(self.counts.total_pages.or(older)?).ok()
    }

    /// Returns true if the rows came in an object, which has room for counts and further pages.
    pub(super) fn is_envelope(&self) -> bool {
        matches!(self.form, Form::Envelope | Form::Values)
    }

    /// Returns true if this is the last page, and [`None`] if the page does not tell. `requested` is its number, from 1.
    pub(super) fn is_last(&self, requested: u32) -> Option<bool> {
        if let Some(last) = self.counts.last {
            return Some(last);
        }
        // The page's own number, if it has one: with `$skip` a page need not be at a multiple of its size.
        let number = match self.counts.number.map(u64::try_from) {
            Some(Ok(from_zero)) => from_zero.saturating_add(1),
            _ => u64::from(requested),
        };
        self.total_pages().map(|total| number >= total)
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
                    // Decoded in place rather than through a `Value`, so that an error has its JSON path.
                    match key.as_str() {
                        "links" => frame.links = frame.extra.keep("links", &key, map.next_value()?),
                        "metadata" => frame.metadata = frame.extra.keep("metadata", &key, map.next_value()?),
                        "content" => rows = Some((map.next_value()?, Form::Envelope)),
                        "values" if rows.is_none() => rows = Some((map.next_value()?, Form::Values)),
                        _ if frame.counts.read(&key, &mut map)? => {}
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
            // The form is remembered, so that a page is written as it was read.
            let Frame { links, metadata, counts, extra } = frame;
            Page { links, content, metadata, counts, extra, form }
        }

        fn bare<T: DeserializeOwned, E: serde::de::Error>(
            mut object: Map<String, Value>,
            frame: &Frame,
        ) -> Result<Page<T>, E> {
            // A single object in place of a list. Without one of these members it is more likely an envelope of an
            // unknown shape, and an empty row made out of it would look like a result.
            if !object.contains_key("@type") && !object.contains_key("id") && !object.contains_key("principalId") {
                return Err(E::missing_field("content"));
            }
            for members in [frame.to_json(), frame.counts.to_json()] {
                if let Value::Object(members) = members {
                    object.extend(members);
                }
            }
            // The members were read before it was known that they are a row, so their JSON path is lost; this decodes
            // them with a path of their own.
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
                let (links, metadata, extra) = (self.links.clone(), self.metadata.clone(), self.extra.clone());
                let frame = Frame { links, metadata, counts: PageCounts::default(), extra };
                let name = if self.form == Form::Values { "values" } else { "content" };
                let mut object = JsonObject::new();
                object.insert(name.to_owned(), rows());
                for members in [frame.to_json(), self.counts.to_json()] {
                    if let Value::Object(members) = members {
                        object.extend(members);
                    }
                }
                object.into()
            }
        };
        value.serialize(serializer)
    }
}

impl<T: Wire + DeserializeOwned> Model for Page<T> {
    const MEMBERS: &'static [&'static str] = &[
        "links",
        "content",
        "metadata",
        "totalElements",
        "numberOfElements",
        "totalPages",
        "number",
        "size",
        "first",
        "last",
        "empty",
        "pageable",
        "sort",
    ];

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

/// Row of a list, identified by an id.
pub trait Row {
    /// Returns the id; [`None`] if the row has none, which excludes it from the search for repeated rows.
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

/// Implements [`Row`] by a field of each type.
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
