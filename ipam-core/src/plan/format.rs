//! Formats of a plan, and their detection.

use super::problem::{PlanError, Problem};
use super::rows::AddressPlan;

/// Format of a plan.
///
/// ```
/// use ipam_core::plan::{AddressPlan, Format};
///
/// let text = "kind,id,net\nrange,lan,192.0.2.0/24\n";
/// let plan = AddressPlan::parse(text, Format::detect(text))?;
/// assert!(plan.to_text(Format::Json).contains(r#"{"id":"lan","space":"default","net":"192.0.2.0/24"}"#));
/// # Ok::<(), ipam_core::plan::PlanError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// Table with a column for each field.
    Csv,
    /// Object of the lists `blocks`, `ranges` and `allocations`.
    Json,
}

impl Format {
    /// Returns the format of a text by its first character: JSON starts with `{` or `[`, everything else is CSV.
    ///
    /// ```
    /// use ipam_core::plan::Format;
    ///
    /// assert_eq!(Format::detect("kind,id,net\n"), Format::Csv);
    /// assert_eq!(Format::detect("{\"ranges\": []}"), Format::Json);
    /// ```
    #[must_use]
    pub fn detect(text: &str) -> Self {
        // By content and not by the name of a file, which plans from a pipe or a form do not have. No header of CSV
        // starts with a bracket.
        let start = text.trim_start_matches('\u{feff}').trim_start();
        if start.starts_with(['{', '[']) { Self::Json } else { Self::Csv }
    }
}

impl AddressPlan {
    /// Reads a plan from a text of this format.
    ///
    /// # Errors
    /// [`PlanError`] with one problem for each row that cannot be read, with its place; or with one problem if the text
    /// is above the [limits](super#limits).
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

    /// Checks the length of a text, for readers of further formats.
    ///
    /// # Errors
    /// [`Problem`] at the place `at` if the text has more than [`MAX_BYTES`](Self::MAX_BYTES) bytes.
    pub fn check_size(at: &str, text: &str) -> Result<(), Problem> {
        if text.len() <= Self::MAX_BYTES {
            return Ok(());
        }
        let (bytes, most) = (text.len(), Self::MAX_BYTES);
        Err(Problem::new(at, format!("{bytes} bytes are above the limit of {most}; divide the plan into several")))
    }
}
