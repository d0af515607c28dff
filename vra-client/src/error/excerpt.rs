//! Excerpts of responses for messages: short, and without what looks like a secret.

use serde_json::Value;
use serde_path_to_error::{Path, Segment};

use crate::lenient::{Redacted, is_secret_name};

/// Longest excerpt, in characters.
pub(super) const EXCERPT: usize = 200;

/// What stands in the place of an excerpt of a body that may hold a token.
pub(super) const WITHHELD: &str = "[not shown: it may hold a token]";

/// The text cut at a character boundary, with an ellipsis if it was longer.
pub(crate) fn bounded(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// The value at a path, as text.
pub(super) fn value_excerpt(value: &Value, path: &Path) -> String {
    let mut value = value;
    for segment in path.iter() {
        let next = match segment {
            Segment::Seq { index } => value.get(*index),
            Segment::Map { key } => {
                if is_secret_name(key) {
                    return "[redacted]".to_owned();
                }
                value.get(key)
            }
            Segment::Enum { .. } | Segment::Unknown => None,
        };
        let Some(next) = next else { break };
        value = next;
    }
    bounded(&format!("{:?}", Redacted(value)), EXCERPT)
}

/// The start of a text that is no JSON. What follows a secret's name is hidden up to the end of the text.
pub(super) fn text_excerpt(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let words = text.char_indices().filter(|(_, c)| !c.is_alphanumeric() && *c != '_');
    let mut start = 0;
    for (end, c) in words.chain(std::iter::once((text.len(), ' '))) {
        if text.get(start..end).is_some_and(is_secret_name) {
            return format!("{:?} [redacted]", bounded(text.get(..end).unwrap_or_default(), EXCERPT));
        }
        start = end + c.len_utf8();
    }
    if text.is_empty() { "nothing".to_owned() } else { format!("{:?}", bounded(&text, EXCERPT)) }
}
