//! Errors of the scan agent.

use crate::error::Error;

/// Error of a run as a whole. What goes wrong with one subnet is in its [report](super::SubnetReport).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScanError {
    /// phpIPAM has no scan agent with this code. Nothing was done.
    #[error(
        "scanagent_code is {code:?}, and phpIPAM has no scan agent with this code; compare it with Administration, Scan agents"
    )]
    UnknownAgent {
        /// Code.
        code: String,
    },
    /// Setting that cannot work.
    #[error("{setting} is {value:?}; {remedy}")]
    Setting {
        /// Name of the setting.
        setting: &'static str,
        /// Value.
        value: String,
        /// Remedy.
        remedy: String,
    },
    /// The offset of the server's local time from UTC is not known.
    #[error(
        "the time zone of the server is not known: {reason}; set utc_offset to its offset, such as +05:45, or to its zone, such as Europe/Berlin"
    )]
    Zone {
        /// Reason.
        reason: String,
    },
    /// Request that failed.
    #[error("{doing}: {source}")]
    Request {
        /// Step of the run.
        doing: &'static str,
        /// Error of the client.
        source: Error,
    },
}

impl ScanError {
    pub(super) fn setting(setting: &'static str, value: impl ToString, remedy: impl Into<String>) -> Self {
        Self::Setting { setting, value: value.to_string(), remedy: remedy.into() }
    }

    pub(super) fn request(doing: &'static str) -> impl FnOnce(Error) -> Self {
        move |source| Self::Request { doing, source }
    }
}
