//! IP address management as a library.

mod error;

pub use error::{CertificateChain, Error, ErrorKind, Result, Retry};
