//! Errors of the log sender.

use std::path::PathBuf;

/// Fault of the log sender, with its remedy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// A value of the configuration cannot be used.
    #[error("log {field} {value:?}: {reason}")]
    Config {
        /// Field of the configuration.
        field: &'static str,
        /// Its value.
        value: String,
        /// Cause and remedy.
        reason: String,
    },
    /// The log file cannot be read.
    #[error("log file {}: {reason}; check that it exists and that the gateway may read it", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Words of the system.
        reason: String,
    },
    /// The kernel's log cannot be read.
    #[error("kernel log group {group}: {reason}")]
    Nflog {
        /// Number of the group.
        group: u16,
        /// Cause and remedy.
        reason: String,
    },
    /// The spool cannot be used.
    #[error("spool {}: {reason}", path.display())]
    Spool {
        /// Directory or file.
        path: PathBuf,
        /// Cause and remedy.
        reason: String,
    },
    /// A batch could not be encrypted, or not be decrypted.
    #[error("batch {id}: {reason}")]
    Seal {
        /// Id of the batch.
        id: String,
        /// Cause.
        reason: String,
    },
    /// The collector did not take a batch; it is sent again.
    #[error("collector {url}: {reason}")]
    Collector {
        /// Its URL.
        url: String,
        /// Cause.
        reason: String,
    },
    /// The collector will never take this batch; it is dropped and counted.
    #[error("collector {url} refuses a batch for good: status {status}; check that its version and its key fit")]
    Rejected {
        /// Its URL.
        url: String,
        /// Status of its response.
        status: u16,
    },
}
