//! TLS of connections to servers: trusted certificates, pins and the client certificate.

mod certificate;
#[cfg(feature = "http")]
mod details;
mod options;

#[cfg(feature = "http")]
pub use details::CertificateDetails;
pub use options::TlsOptions;
pub(crate) use options::{TlsFailure, find_failure};
