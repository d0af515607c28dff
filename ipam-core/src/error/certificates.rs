//! Certificates of a server that is not trusted.

use std::fmt;

/// Certificates that a server presented, leaf first, exactly as it sent them.
///
/// A program shows them to the person who decides whether to trust the server, and pins them afterwards. `Debug` prints
/// their number only.
///
/// ```
/// use ipam_core::CertificateChain;
///
/// let chain = CertificateChain::from_pem("-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n");
/// assert_eq!(format!("{chain:?}"), "CertificateChain { certificates: 1 }");
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CertificateChain {
    pem: String,
}

impl CertificateChain {
    /// Makes a chain from PEM text (RFC 7468), leaf first. The text is kept as it is.
    pub fn from_pem(pem: impl Into<String>) -> Self {
        Self { pem: pem.into() }
    }

    /// Returns the chain as PEM text (RFC 7468), leaf first.
    #[must_use]
    pub fn as_pem(&self) -> &str {
        &self.pem
    }
}

impl fmt::Debug for CertificateChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The number and not the text: a chain in PEM fills pages, and errors are logged with `{:?}`.
        let certificates = self.pem.matches("-----BEGIN CERTIFICATE-----").count();
        f.debug_struct("CertificateChain").field("certificates", &certificates).finish()
    }
}
