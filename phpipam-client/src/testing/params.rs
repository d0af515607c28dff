//! A request as PHP sees it: path, query and body merged into one set of parameters.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::refusal::{Handled, fail};

/// The parameters of a call. What was named `id`, `controller` and so on in query or body has replaced the path.
#[derive(Debug, Default, Clone)]
pub(super) struct Params {
    pub(super) app: Option<String>,
    pub(super) controller: Option<String>,
    /// `id`, `id2`, `id3`, `id4`.
    pub(super) ids: [Option<String>; 4],
    /// Everything else, in order.
    pub(super) fields: Map<String, Value>,
    /// Whether the answer is XML.
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

    /// A field as text; null and absent are `None`.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.fields.get(name).and_then(as_text)
    }

    /// Merges path, query and body.
    pub(super) fn read(path: &str, query: &str, content_type: Option<&str>, body: &[u8]) -> Handled<Self> {
        let mut all = Self::default();
        let mut segments = path.split('/').filter(|s| !s.is_empty() && *s != "0");
        all.app = segments.next().map(decoded);
        all.controller = segments.next().map(decoded);
        for (slot, segment) in all.ids.iter_mut().zip(segments) {
            *slot = Some(decoded(segment));
        }
        for (name, value) in form(query) {
            all.put(name, Value::String(value));
        }
        let kind = content_type.map(|t| t.split(';').next().unwrap_or(t).trim().to_ascii_lowercase());
        match kind.as_deref() {
            Some("application/json") if !body.is_empty() => {
                for (name, value) in json_object(body)? {
                    all.put(name, value);
                }
            }
            Some("application/json") => {}
            Some("application/xml") => {
                all.xml = true;
                if !body.is_empty() {
                    all.put("0".to_owned(), Value::String(String::new()));
                }
            }
            None | Some("application/x-www-form-urlencoded") => {
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

/// The text of a scalar; arrays and objects are the word PHP makes of them.
pub(super) fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Array(_) | Value::Object(_) => Some("Array".to_owned()),
        Value::Bool(true) => Some("1".to_owned()),
        Value::Bool(false) => Some(String::new()),
        Value::Number(number) => Some(number.to_string()),
    }
}

fn json_object(body: &[u8]) -> Handled<Map<String, Value>> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(Value::Array(list)) => Ok(list.into_iter().enumerate().map(|(i, v)| (i.to_string(), v)).collect()),
        Ok(_) => Err(fail(400, "Invalid JSON: No error")),
        Err(_) => Err(fail(400, "Invalid JSON: Syntax error")),
    }
}

/// `a=1&b=2`; dots and spaces in names become underscores.
fn form(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decoded(&name.replace('+', " ")).replace(['.', ' '], "_");
            (name, decoded(&value.replace('+', " ")))
        })
        .collect()
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Scalars become text, and tags are taken out of every text.
fn stripped(value: Value) -> Value {
    match value {
        Value::Null => Value::Null,
        Value::Object(map) => Value::Object(map.into_iter().map(|(k, v)| (k, stripped(v))).collect()),
        Value::Array(list) => Value::Array(list.into_iter().map(stripped).collect()),
        scalar => as_text(&scalar).map_or(Value::Null, |text| Value::String(strip_tags(&text))),
    }
}

/// What PHP's `strip_tags` leaves: everything between `<` and `>`, unless white space follows the `<`.
fn strip_tags(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut depth = 0_u32;
    while let Some(c) = chars.next() {
        match c {
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
        Params::read(path, query, kind, body.as_bytes()).unwrap()
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
        let refused = Params::read("/a/b/", "", Some("text/plain"), b"x=1").unwrap_err();
        assert_eq!(refused, Refusal::Fail { status: 415, message: "Invalid Content type text/plain".into() });
    }
}
