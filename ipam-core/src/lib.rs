//! IP address management as a library.

mod error;
pub mod net;

pub use error::{CertificateChain, Error, ErrorKind, Result, Retry};
