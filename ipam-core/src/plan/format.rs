//! Formats of a plan: which there are, and how one is recognised.

use super::problem::{PlanError, Problem};
use super::rows::AddressPlan;

/// Format in which a plan is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// A table with a column for each field.
    Csv,
    /// An object of the lists `blocks`, `ranges` and `allocations`.
    Json,
}

impl Format {
    /// Returns the format that a text looks like: JSON starts with a bracket.
    ///
    /// ```
    /// use ipam_core::plan::Format;
    ///
    /// assert_eq!(Format::detect("kind,id,net\n"), Format::Csv);
    /// assert_eq!(Format::detect("{\"ranges\": []}"), Format::Json);
    /// ```
    #[must_use]
    pub fn detect(text: &str) -> Self {
        let start = text.trim_start_matches('\u{feff}').trim_start();
        if start.starts_with(['{', '[']) { Self::Json } else { Self::Csv }
    }
}

impl AddressPlan {
    /// Reads a plan from a text of this format.
    ///
    /// # Errors
    /// All rows that cannot be read, each with its place; a text above the [limits](super#limits).
    pub fn parse(text: &str, format: Format) -> Result<Self, PlanError> {
        match format {
            Format::Csv => Self::from_csv(text),
            Format::Json => Self::from_json(text),
        }
    }

    /// Writes the plan as a text that [`parse`](Self::parse) reads. Notes and former ids are not written.
    #[must_use]
    pub fn to_text(&self, format: Format) -> String {
        match format {
            Format::Csv => self.to_csv(),
            Format::Json => self.to_json(),
        }
    }

    /// Checks that a text is within the limit, for readers of a format.
    ///
    /// # Errors
    /// A problem at `at`, if the text has more than [`MAX_BYTES`](Self::MAX_BYTES) bytes.
    pub fn check_size(at: &str, text: &str) -> Result<(), Problem> {
        if text.len() <= Self::MAX_BYTES {
            return Ok(());
        }
        let (bytes, most) = (text.len(), Self::MAX_BYTES);
        Err(Problem::new(at, format!("{bytes} bytes, and {most} at most are read; divide the plan into several")))
    }
}
