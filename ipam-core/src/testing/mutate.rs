//! Damaged copies of a text that has a secret, and a search for the secret in error messages.
//!
//! For tests that no error shows a part of a token, however damaged the response with the token was.

use std::error::Error;
use std::fmt::Write as _;

/// Length of a part of a secret, in characters.
// Shorter parts are found by accident: "token" and "pass" are in many messages.
const PART: usize = 6;

/// Damage to a text: where it is cut off, and what is inserted where.
///
/// ```
/// use ipam_core::testing::Mutation;
///
/// assert_eq!(Mutation::new(Some(3), 1, "][").apply("token"), "t][ok");
/// assert_eq!(Mutation::new(None, 99, "x").apply("token"), "tokenx");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mutation {
    cut: Option<usize>,
    at: usize,
    inserted: String,
}

impl Mutation {
    /// Returns a mutation that cuts a text off after `cut` bytes, and then inserts `inserted` after `at` bytes, or at the end.
    pub fn new(cut: Option<usize>, at: usize, inserted: impl Into<String>) -> Self {
        Self { cut, at, inserted: inserted.into() }
    }

    /// Returns the damaged text. A character that was cut in two becomes the replacement character.
    #[must_use]
    pub fn apply(&self, text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        if let Some(cut) = self.cut {
            bytes.truncate(cut);
        }
        let at = self.at.min(bytes.len());
        // On bytes and not characters: a connection breaks anywhere, also inside a character.
        bytes.splice(at..at, self.inserted.bytes());
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// Returns all texts of an error and its causes: those of `Display`, `Debug` and the alternate `Debug`.
///
/// ```
/// use ipam_core::testing::{leaked_part, renderings};
/// use ipam_core::{Error, ErrorKind, Operation};
///
/// let error = Error::new(ErrorKind::Protocol, Operation::Send, "the response is not JSON").with_context("status", 200);
/// assert_eq!(leaked_part("s3cret-token", &renderings(&error)), None);
/// ```
#[must_use]
pub fn renderings(error: &(dyn Error + 'static)) -> String {
    let mut shown = format!("{error} {error:?} {error:#?}");
    let mut cause = error.source();
    while let Some(next) = cause {
        // Writing to a string does not fail.
        let _ = write!(shown, " {next} {next:?}");
        cause = next.source();
    }
    shown
}

/// Returns a part of `secret` that `shown` contains: six adjacent characters, or all of a shorter secret.
///
/// ```
/// use ipam_core::testing::leaked_part;
///
/// assert_eq!(leaked_part("s3cret-token", "starts with s3cret-"), Some("s3cret"));
/// assert_eq!(leaked_part("s3cret-token", "[not shown]"), None);
/// ```
#[must_use]
pub fn leaked_part<'a>(secret: &'a str, shown: &str) -> Option<&'a str> {
    let starts = secret.char_indices().map(|(start, _)| start);
    let parts = starts.filter_map(|start| {
        let rest = secret.get(start..)?;
        let end = rest.char_indices().nth(PART).map_or(rest.len(), |(end, _)| end);
        // The last five positions have no whole part. A short secret is one part, at position 0.
        (start == 0 || rest.chars().count() >= PART).then(|| rest.get(..end)).flatten()
    });
    parts.into_iter().find(|part| shown.contains(part))
}
