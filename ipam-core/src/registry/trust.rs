//! Certificates to trust, as values.

use std::fmt;

/// Certificates that a caller trusts, as PEM text: of authorities, or of the one server.
///
/// Whether they can be read is checked by the provider that is opened.
#[derive(Clone, Default, PartialEq, Eq)]
#[must_use]
pub struct Trust {
    authorities: Vec<String>,
    pins: Vec<String>,
}

impl Trust {
    /// No certificate beside those that the system trusts.
    pub fn new() -> Self {
        Self::default()
    }

    /// Trusts these authorities as well.
    pub fn with_ca_pem(mut self, pem: impl Into<String>) -> Self {
        self.authorities.push(pem.into());
        self
    }

    /// Trusts a server that shows exactly these certificates, leaf first, and no other one. May be called again; any of the
    /// pins is trusted then.
    pub fn with_pinned_pem(mut self, pem: impl Into<String>) -> Self {
        self.pins.push(pem.into());
        self
    }

    /// The certificates of authorities, as they were given.
    pub fn ca_pems(&self) -> impl Iterator<Item = &str> {
        self.authorities.iter().map(String::as_str)
    }

    /// The certificates of servers, as they were given.
    pub fn pinned_pems(&self) -> impl Iterator<Item = &str> {
        self.pins.iter().map(String::as_str)
    }
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trust").field("authorities", &self.authorities.len()).field("pins", &self.pins.len()).finish()
    }
}
