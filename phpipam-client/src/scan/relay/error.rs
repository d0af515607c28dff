//! Errors of reports.

use crate::scan::error::ScanError;

/// Error of a report that was not applied, or not as a whole.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RelayError {
    /// The report is too large.
    #[error("the report is too large: {0}")]
    TooLarge(String),
    /// The body is not a report.
    #[error("the body is not a report: {0}")]
    Malformed(String),
    /// A value of the report cannot be used. Nothing was changed.
    #[error("{field} is {value:?}; {remedy}")]
    Invalid {
        /// Name of the value.
        field: &'static str,
        /// Value.
        value: String,
        /// Remedy.
        remedy: String,
    },
    /// phpIPAM has no scan agent with the code of the report. Nothing was changed.
    #[error("phpIPAM has no scan agent with the code of the report")]
    UnknownAgent,
    /// The subnet of the report is not assigned to the agent. Nothing was changed.
    #[error("the subnet {0} is not assigned to the agent of the report, or its scanning is switched off")]
    NotAssigned(String),
    /// The work on phpIPAM failed.
    #[error(transparent)]
    Scan(ScanError),
}

impl RelayError {
    pub(super) fn invalid(field: &'static str, value: impl ToString, remedy: impl Into<String>) -> Self {
        let value = value.to_string().chars().take(120).collect();
        Self::Invalid { field, value, remedy: remedy.into() }
    }

    /// Returns the HTTP status that fits: 400, 403, 413, or 502 if phpIPAM is the cause.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::Malformed(_) | Self::Invalid { .. } => 400,
            Self::UnknownAgent | Self::NotAssigned(_) => 403,
            Self::TooLarge(_) => 413,
            Self::Scan(_) => 502,
        }
    }
}

impl From<ScanError> for RelayError {
    fn from(error: ScanError) -> Self {
        match error {
            ScanError::UnknownAgent { .. } => Self::UnknownAgent,
            error => Self::Scan(error),
        }
    }
}
