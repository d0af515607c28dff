//! Certificates of a server that is not trusted.

use std::fmt;

/// The certificates a server presented, leaf first, exactly as it sent them.
///
/// What a caller shows to a person who decides whether to trust the server, and pins afterwards.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CertificateChain {
    pem: String,
}

impl CertificateChain {
    /// A chain from its PEM text (RFC 7468), leaf first.
    pub fn from_pem(pem: impl Into<String>) -> Self {
        Self { pem: pem.into() }
    }

    /// The chain as PEM text (RFC 7468), leaf first.
    #[must_use]
    pub fn as_pem(&self) -> &str {
        &self.pem
    }
}

impl fmt::Debug for CertificateChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let certificates = self.pem.matches("-----BEGIN CERTIFICATE-----").count();
        f.debug_struct("CertificateChain").field("certificates", &certificates).finish()
    }
}
