//! Responses that are not what the call defines.

use std::fmt;

/// Response that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DecodeError {
    /// The call.
    pub call: String,
    /// The HTTP status.
    pub status: u16,
    /// Where in the response, such as `data[1].subnetId`.
    pub path: String,
    /// What is wrong there.
    pub reason: String,
    /// The start of the response, without secrets.
    pub excerpt: String,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: cannot read the response (HTTP {}): {}: {}", self.call, self.status, self.path, self.reason)
    }
}

impl std::error::Error for DecodeError {}

/// Row of a list that cannot be read. The rows around it can be.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RowError {
    /// The call.
    pub call: String,
    /// The row's place in the list, from 0.
    pub row: usize,
    /// Where in the row, such as `subnetId`; empty where it is the row itself.
    pub path: String,
    /// What is wrong there.
    pub reason: String,
    /// The start of the row, without secrets.
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

/// Response that is not the envelope of phpIPAM.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnexpectedResponse {
    /// The call.
    pub call: String,
    /// The HTTP status.
    pub status: u16,
    /// The content type.
    pub content_type: Option<String>,
    /// The start of the body, without secrets.
    pub excerpt: String,
    /// What to look at.
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

/// The first words of a response, on one line and without tags.
pub(super) fn first_words(response: &UnexpectedResponse) -> String {
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
