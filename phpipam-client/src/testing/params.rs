//! Parameters of a request as PHP sees them: path, query and body merged into one set.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::profile::Profile;
use super::refusal::{Handled, fail};

/// Parameters of a call.
///
/// A member `id`, `controller` and so on of the query or the body has replaced the segment of the path.
#[derive(Debug, Default, Clone)]
pub(super) struct Params {
    pub(super) app: Option<String>,
    pub(super) controller: Option<String>,
    /// Path segments after the controller: `id`, `id2`, `id3`, `id4`.
    pub(super) ids: [Option<String>; 4],
    /// All other parameters, in the order in which they were sent.
    pub(super) fields: Map<String, Value>,
    /// True if the response is XML.
    pub(super) xml: bool,
}

impl Params {
    pub(super) fn id(&self) -> Option<&str> {
        self.ids[0].as_deref()
    }

    pub(super) fn id2(&self) -> Option<&str> {
        self.ids[1].as_deref()
    }

    pub(super) fn id3(&self) -> Option<&str> {
        self.ids[2].as_deref()
    }

    /// Returns a field as text, or `None` if it is absent or null.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.fields.get(name).and_then(as_text)
    }

    /// Merges path, query and body, each of which overrides the one before.
    pub(super) fn read(
        profile: &Profile,
        path: &str,
        query: &str,
        content_type: Option<&str>,
        body: &[u8],
    ) -> Handled<Self> {
        let mut all = Self::default();
        // The server drops empty segments, and to PHP "0" is as empty as "": `subnets/0/` is the whole list.
        let mut segments = path.split('/').filter(|s| !s.is_empty() && *s != "0");
        all.app = segments.next().map(decoded);
        all.controller = segments.next().map(decoded);
        for (slot, segment) in all.ids.iter_mut().zip(segments) {
            *slot = Some(decoded(segment));
        }
        // The query can even hold everything: `/api/?app_id=…&controller=…&id=…`.
        for (name, value) in form(query) {
            all.put(name, Value::String(value));
        }
        let kind = content_type.map(|t| t.split(';').next().unwrap_or(t).trim().to_ascii_lowercase());
        match kind.as_deref() {
            Some("application/json") if !body.is_empty() => {
                // Up to 1.4 the fields of a body that cannot be read are just missing.
                let object = json_object(body).or_else(|refusal| match profile.lenient_json {
                    true => Ok(Map::new()),
                    false => Err(refusal),
                });
                for (name, value) in object? {
                    all.put(name, value);
                }
            }
            // Without fields a body is not needed, not even for POST.
            Some("application/json") => {}
            Some("application/xml") => {
                all.xml = true;
                // The server does not parse XML bodies. It ends up with one field named 0, which every write refuses as
                // "Invalid request key 0".
                if !body.is_empty() {
                    all.put("0".to_owned(), Value::String(String::new()));
                }
            }
            // Q23: Apache accepts a missing content type, and PHP then reads the body as a form. JSON without the
            // header is one strange form key, and 400.
            None | Some("application/x-www-form-urlencoded") => {
                for (name, value) in form(&String::from_utf8_lossy(body)) {
                    all.put(name, Value::String(value));
                }
            }
            // PHP 7.4 reads any other type as a form, also an empty one; PHP 8.2 refuses it.
            Some(_) if !profile.php_8 => {
                for (name, value) in form(&String::from_utf8_lossy(body)) {
                    all.put(name, Value::String(value));
                }
            }
            Some(other) => return Err(fail(415, format!("Invalid Content type {other}"))),
        }
        Ok(all)
    }

    fn put(&mut self, name: String, value: Value) {
        let value = stripped(value);
        // The real server merges all sources into one array, in which the path's own names are ordinary keys. A body
        // with an `id` therefore changes another object than the one of the path.
        let slot = match name.as_str() {
            "app_id" => &mut self.app,
            "controller" => &mut self.controller,
            "id" => &mut self.ids[0],
            "id2" => &mut self.ids[1],
            "id3" => &mut self.ids[2],
            "id4" => &mut self.ids[3],
            _ => {
                self.fields.insert(name, value);
                return;
            }
        };
        *slot = as_text(&value);
    }
}

/// Returns a value as PHP converts it to text, or `None` for null.
pub(super) fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        // PHP writes the word instead of the contents; the server stores it.
        Value::Array(_) | Value::Object(_) => Some("Array".to_owned()),
        Value::Bool(true) => Some("1".to_owned()),
        // False becomes an empty text, which becomes NULL: 500 for a flag that is NOT NULL (from 1.5 on).
        Value::Bool(false) => Some(String::new()),
        Value::Number(number) => Some(number.to_string()),
    }
}

fn json_object(body: &[u8]) -> Handled<Map<String, Value>> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(map)) => Ok(map),
        // A list is an array to PHP like any other; its keys are the positions.
        Ok(Value::Array(list)) => Ok(list.into_iter().enumerate().map(|(i, v)| (i.to_string(), v)).collect()),
        // Q24: a scalar is refused although it parses, so PHP's own message says that there was no error.
        Ok(_) => Err(fail(400, "Invalid JSON: No error")),
        Err(_) => Err(fail(400, "Invalid JSON: Syntax error")),
    }
}

/// Reads a form such as `a=1&b=2`. Dots and spaces in names become underscores, as PHP makes names of variables.
fn form(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            // `+` is a space in forms, and must be replaced before the percent-decoding makes a `+` of `%2B`.
            let name = decoded(&name.replace('+', " ")).replace(['.', ' '], "_");
            (name, decoded(&value.replace('+', " ")))
        })
        .collect()
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Converts scalars to text, and removes what looks like HTML tags from every text.
///
/// The server does so to all input, before it looks at the controller.
fn stripped(value: Value) -> Value {
    match value {
        Value::Null => Value::Null,
        Value::Object(map) => Value::Object(map.into_iter().map(|(k, v)| (k, stripped(v))).collect()),
        Value::Array(list) => Value::Array(list.into_iter().map(stripped).collect()),
        scalar => as_text(&scalar).map_or(Value::Null, |text| Value::String(strip_tags(&text))),
    }
}

/// Removes HTML tags as PHP's `strip_tags` does: a `<` that white space does not follow begins one.
fn strip_tags(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut depth = 0_u32;
    while let Some(c) = chars.next() {
        match c {
            // A `<` inside a tag opens a nested one; without its `>` the rest of the text is lost, as on the real
            // server.
            '<' if depth > 0 || chars.peek().is_none_or(|next| !next.is_whitespace()) => depth += 1,
            '>' if depth > 0 => depth -= 1,
            _ if depth == 0 => out.push(c),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::testing::refusal::Refusal;

    fn read(path: &str, kind: Option<&str>, body: &str) -> Params {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        Params::read(&Profile::V1_8_2, path, query, kind, body.as_bytes()).unwrap()
    }

    #[test]
    fn body_overrides_query_overrides_path_and_zero_is_dropped() {
        let json = Some("application/json");
        assert_eq!(read("/full/sections/1/?id=2", None, "").id(), Some("2"));
        assert_eq!(read("/full/sections/1/?id=2", json, r#"{"id":3}"#).id(), Some("3"));
        assert_eq!(read("/full/subnets/0/", None, "").id(), None);
        assert_eq!(read("/full//sections//1", None, "").id(), Some("1"));
    }

    #[test]
    fn scalars_become_text_and_tags_go() {
        let p = read(
            "/a/b/",
            Some("application/json"),
            r#"{"t":true,"f":false,"n":null,"d":"a<b & c>d","x":"<i>it</i> <x"}"#,
        );
        assert_eq!(p.text("t").as_deref(), Some("1"));
        assert_eq!(p.text("f").as_deref(), Some(""));
        assert_eq!(p.text("n"), None);
        assert_eq!(p.text("d").as_deref(), Some("ad"));
        assert_eq!(p.text("x").as_deref(), Some("it "));
    }

    #[test]
    fn other_content_types_are_refused() {
        let read = |profile| Params::read(profile, "/a/b/", "", Some("text/plain"), b"x=1");
        let refused = read(&Profile::V1_8_2).unwrap_err();
        assert_eq!(refused, Refusal::Fail { status: 415, message: "Invalid Content type text/plain".into() });
        assert_eq!(read(&Profile::V1_7_4.on_php_7()).unwrap().text("x").as_deref(), Some("1"));
    }
}
