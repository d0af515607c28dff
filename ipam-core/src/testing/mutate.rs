//! Damaged copies of a text that holds a secret, and what errors show of it.
//!
//! For the tests that no error repeats a part of a token, whatever happened to the response that brought it.

use std::error::Error;
use std::fmt::Write as _;

/// How many characters of a secret in a row are a part of it.
const PART: usize = 6;

/// Damage to a text: where it breaks off, and what is put between.
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
    /// Breaks a text off after `cut` bytes, then inserts `inserted` after `at` bytes, or at the end.
    pub fn new(cut: Option<usize>, at: usize, inserted: impl Into<String>) -> Self {
        Self { cut, at, inserted: inserted.into() }
    }

    /// The damaged text. A character that is cut in two becomes the replacement character.
    #[must_use]
    pub fn apply(&self, text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        if let Some(cut) = self.cut {
            bytes.truncate(cut);
        }
        let at = self.at.min(bytes.len());
        bytes.splice(at..at, self.inserted.bytes());
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// Returns every text that a program can make of an error and its causes.
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

/// Returns a part of `secret` that `shown` contains: six characters in a row, or all of a shorter one.
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
        (start == 0 || rest.chars().count() >= PART).then(|| rest.get(..end)).flatten()
    });
    parts.into_iter().find(|part| shown.contains(part))
}
