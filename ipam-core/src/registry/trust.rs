//! Certificates to trust, as values.

use std::fmt;

/// Certificates that a caller trusts, as PEM text: of certificate authorities, or of the one server.
///
/// The texts are kept as they are. The provider that is opened reads them, and fails if it cannot.
///
/// ```
/// use ipam_core::registry::Trust;
///
/// let trust = Trust::new().with_pinned_pem("-----BEGIN CERTIFICATE-----\n…");
/// assert_eq!(trust.pinned_pems().count(), 1);
/// assert_eq!(format!("{trust:?}"), "Trust { authorities: 0, pins: 1 }");
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
#[must_use]
// Texts and not parsed certificates: this module is there without the feature `http`, and then there is no TLS library.
pub struct Trust {
    authorities: Vec<String>,
    pins: Vec<String>,
}

impl Trust {
    /// Makes a trust in the certificate authorities of the system only.
    pub fn new() -> Self {
        Self::default()
    }

    /// Trusts these certificate authorities as well.
    pub fn with_ca_pem(mut self, pem: impl Into<String>) -> Self {
        self.authorities.push(pem.into());
        self
    }

    /// Trusts exactly one server, by its certificates, and no longer the system or any authority.
    ///
    /// With a single certificate, the leaf that the server proves to own has to be that one, whatever else it sends.
    /// With several, leaf first, the server has to send exactly these. Name, dates and issuer do not count. After
    /// several calls each of the pins is trusted. These are the rules of `TlsOptions::with_pinned_pem` of the feature
    /// `http`.
    pub fn with_pinned_pem(mut self, pem: impl Into<String>) -> Self {
        self.pins.push(pem.into());
        self
    }

    /// Returns the certificates of authorities, as they were given.
    pub fn ca_pems(&self) -> impl Iterator<Item = &str> {
        self.authorities.iter().map(String::as_str)
    }

    /// Returns the pinned certificates of servers, as they were given.
    pub fn pinned_pems(&self) -> impl Iterator<Item = &str> {
        self.pins.iter().map(String::as_str)
    }
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Certificates are public, but too long for a log line.
        f.debug_struct("Trust").field("authorities", &self.authorities.len()).field("pins", &self.pins.len()).finish()
    }
}
