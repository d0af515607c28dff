//! Settings of the DNS record.

use std::time::Duration;

use serde::Deserialize;

use super::api::bounds;
use super::{ConfigError, SecretFile, TimeSpan};
use crate::ddns::{DdnsClient, DdnsConfig, DdnsError, TsigKey};

/// Section `[ddns]`: the A record of the gateway's name.
///
/// ```
/// use lab_gateway::config::DdnsSettings;
///
/// fn record(ddns: &DdnsSettings) -> String {
///     format!("{} at {}", ddns.name, ddns.server)
/// }
/// # let _ = record;
/// ```
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct DdnsSettings {
    /// Primary server of the zone: a host, with a port if it is another one than 53.
    pub server: String,
    /// Zone.
    pub zone: String,
    /// Name of the record, in the zone.
    pub name: String,
    /// File of the TSIG key, as `tsig-keygen` prints it.
    pub key_file: SecretFile,
    /// TTL of the record, in seconds.
    #[serde(default = "default_ttl")]
    pub ttl: u32,
    /// Time between two looks at the address.
    #[serde(default = "default_look")]
    pub look: TimeSpan,
    /// Longest time between two updates.
    #[serde(default = "default_update")]
    pub update: TimeSpan,
}

const fn default_ttl() -> u32 {
    300
}

const fn default_look() -> TimeSpan {
    TimeSpan::seconds(5)
}

const fn default_update() -> TimeSpan {
    TimeSpan::seconds(120)
}

impl DdnsSettings {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        bounds("ddns.ttl", self.ttl, 1, 86_400)?;
        bounds("ddns.look", self.look, TimeSpan::seconds(1), TimeSpan::seconds(3600))?;
        bounds("ddns.update", self.update, self.look, TimeSpan::seconds(86_400))
    }

    /// Reads the key, and returns the client of the server.
    ///
    /// # Errors
    /// [`DdnsError`] if the key cannot be read, or a name or the server is none.
    pub fn client(&self) -> Result<DdnsClient, DdnsError> {
        let key = TsigKey::read_file(self.key_file.path())?;
        let config = DdnsConfig::new(&self.server, &self.zone, &self.name, key)?;
        Ok(DdnsClient::new(config.with_ttl(self.ttl)))
    }

    /// Returns the time between two looks, and the longest one between two updates.
    #[must_use]
    pub fn intervals(&self) -> (Duration, Duration) {
        (self.look.into(), self.update.into())
    }
}
