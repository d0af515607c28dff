//! Excerpts of responses for messages: short, and without what looks like a secret.

use serde_json::Value;
use serde_path_to_error::{Path, Segment};

use crate::lenient::{Redacted, is_secret_name};

/// Longest excerpt, in characters.
pub(super) const EXCERPT: usize = 200;

/// Replacement for an excerpt of a body that may hold a token.
pub(super) const WITHHELD: &str = "[not shown: it may hold a token]";

/// Cuts a text at a character boundary, with an ellipsis if it was longer.
pub(crate) fn bounded(text: &str, max: usize) -> String {
    // By characters: a byte position can be in the middle of one.
    match text.char_indices().nth(max) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Returns the value at a JSON path, as text.
pub(super) fn value_excerpt(value: &Value, path: &Path) -> String {
    let mut value = value;
    for segment in path.iter() {
        let next = match segment {
            Segment::Seq { index } => value.get(*index),
            Segment::Map { key } => {
                // On the way, not only at its end: everything below a secret is one.
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

/// Returns the begin of a text that is not JSON, without everything after the name of a secret.
pub(super) fn text_excerpt(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    // Without JSON there is no structure to redact by, and the secret may be anywhere behind its name. So the excerpt
    // ends at the first word that names one.
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
