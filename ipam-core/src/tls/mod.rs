//! TLS of connections to servers: trusted certificates, pins and the client certificate.

mod certificate;
mod options;

pub use options::TlsOptions;
pub(crate) use options::{TlsFailure, find_failure};
