//! Responses that are not what the call defines.

use std::fmt;

/// Response that cannot be decoded, in [`Error::Decode`](crate::Error::Decode).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DecodeError {
    /// Call, such as `GET subnets/8/`.
    pub call: String,
    /// HTTP status.
    pub status: u16,
    /// Place in the response, such as `data[1].subnetId`.
    pub path: String,
    /// Fault at that place.
    pub reason: String,
    /// Start of the response, up to 2 KiB, without secrets.
    pub excerpt: String,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: cannot read the response (HTTP {}): {}: {}", self.call, self.status, self.path, self.reason)
    }
}

impl std::error::Error for DecodeError {}

/// Row of a list that cannot be decoded, in [`Error::Row`](crate::Error::Row). The rows around it can be.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RowError {
    /// Call, such as `GET subnets/all/`.
    pub call: String,
    /// Index of the row in the list, from 0.
    pub row: usize,
    /// Place in the row, such as `subnetId`; empty for the row itself.
    pub path: String,
    /// Fault at that place.
    pub reason: String,
    /// Start of the row, up to 2 KiB, without secrets.
    pub excerpt: String,
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separator = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        let (row, path) = (self.row, &self.path);
        write!(f, "{}: cannot read a row of the list: data[{row}]{separator}{path}: {}", self.call, self.reason)
    }
}

impl std::error::Error for RowError {}

/// Response without phpIPAM's JSON envelope `{code, success, message, id, data}`, or with other text around it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnexpectedResponse {
    /// Call, such as `GET subnets/8/`.
    pub call: String,
    /// HTTP status.
    pub status: u16,
    /// Content type of the response.
    pub content_type: Option<String>,
    /// Start of the body, up to 2 KiB, without secrets. For JSON with other text around it: the other text.
    pub excerpt: String,
    /// Setting to look at.
    pub hint: &'static str,
}

impl fmt::Display for UnexpectedResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: the response (HTTP {}", self.call, self.status)?;
        match &self.content_type {
            Some(content_type) => write!(f, ", {content_type})"),
            None => f.write_str(")"),
        }
    }
}

/// Returns the first 160 characters of a response, on one line and without tags.
pub(super) fn first_words(response: &UnexpectedResponse) -> String {
    // No parser of HTML: after a `<` that is not closed the rest is hidden, which is good enough for a hint.
    let mut depth = 0_u32;
    let visible = response.excerpt.chars().map(|character| match character {
        '<' => {
            depth += 1;
            ' '
        }
        '>' => {
            depth = depth.saturating_sub(1);
            ' '
        }
        character if depth == 0 => character,
        _ => ' ',
    });
    let text: String = visible.collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(160).collect()
}
