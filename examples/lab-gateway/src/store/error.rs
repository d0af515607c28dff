//! Failures of the store.

/// Failure of the store.
///
/// ```
/// use lab_gateway::store::{SqliteStore, StoreError};
///
/// let refused = SqliteStore::open("/nonexistent/portmaps.db".as_ref()).unwrap_err();
/// assert!(matches!(refused, StoreError::Unusable { .. }));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The store cannot be opened, read or written.
    #[error("the store {path} cannot be used: {problem}")]
    Unusable {
        /// File.
        path: String,
        /// Problem, with its remedy where there is one.
        problem: String,
    },
    /// Another process has the store open.
    #[error("another process uses the store {path}; stop it first (systemctl stop lab-gateway)")]
    InUse {
        /// File.
        path: String,
    },
    /// A later version of the program made the store.
    #[error("the store {path} has the version {found}, and this program knows {known}; use the later program")]
    Newer {
        /// File.
        path: String,
        /// Version of the file.
        found: i64,
        /// Version of the program.
        known: i64,
    },
    /// The port or the target has a map already.
    #[error("the port or the target has a map already")]
    Taken,
}
