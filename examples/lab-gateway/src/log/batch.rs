//! Batch of entries, before it is encrypted.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::{Entry, LogError};

/// Entries that are sent together.
///
/// ```
/// use lab_gateway::log::Batch;
///
/// let batch = Batch::new(Vec::new())?;
/// assert_eq!(batch.id.len(), 32);
/// assert_ne!(batch.id, Batch::new(Vec::new())?.id);
/// # Ok::<(), lab_gateway::log::LogError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// Random id of 128 bits, as hexadecimal digits. A batch that arrives again has the same id.
    pub id: String,
    /// Its entries, in the order in which they were read.
    pub entries: Vec<Entry>,
}

impl Batch {
    /// Makes a batch with an id of its own.
    ///
    /// # Errors
    /// [`LogError::Seal`] if the system has no random numbers.
    pub fn new(entries: Vec<Entry>) -> Result<Self, LogError> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)
            .map_err(|error| LogError::Seal { id: "new".to_owned(), reason: error.to_string() })?;
        let mut id = String::with_capacity(32);
        for byte in bytes {
            let _ = write!(id, "{byte:02x}");
        }
        Ok(Self { id, entries })
    }
}
