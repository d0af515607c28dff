//! Settings of the log of forwarded connections.

use std::path::PathBuf;

use ipam_core::http::{HttpOptions, TlsOptions};
use serde::Deserialize;

use super::api::bounds;
use super::{ConfigError, read_text};
use crate::firewall::LOG_PREFIX;
use crate::log::{Collector, CollectorKey, Forwarder, LineFormat, LogError, LogSource, Spool, SpoolLimits};

/// Largest file of certificates.
const MAX_BYTES: u64 = 1 << 20;

/// Section `[log]`: records of forwarded connections, encrypted and sent to a collector.
///
/// ```
/// use lab_gateway::config::LogSettings;
///
/// fn source(log: &LogSettings) -> String {
///     log.file.as_ref().map_or_else(|| format!("NFLOG group {}", log.group), |file| file.display().to_string())
/// }
/// # let _ = source;
/// ```
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct LogSettings {
    /// URL of the collector, with `https`.
    pub collector: String,
    /// Public key of the collector: 32 bytes of X25519 as base64.
    pub collector_key: String,
    /// PEM file of authorities to trust for the collector, beside the system's.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// Group of the kernel's log, to which the gateway's own rule writes.
    #[serde(default = "default_group")]
    pub group: u16,
    /// Log file to read instead, for rules of others.
    #[serde(default)]
    pub file: Option<PathBuf>,
    /// Prefix of the lines or packets to take.
    #[serde(default = "default_prefix")]
    pub prefix: String,
    /// Zone of the times in the file that do not say theirs; the one of the system by default.
    #[serde(default)]
    pub time_zone: Option<String>,
    /// Directory in which batches wait until they are sent.
    #[serde(default = "default_spool")]
    pub spool: PathBuf,
    /// Most bytes of all that wait.
    #[serde(default = "default_max_bytes")]
    pub max_bytes: u64,
}

const fn default_group() -> u16 {
    5
}

fn default_prefix() -> String {
    LOG_PREFIX.to_owned()
}

fn default_spool() -> PathBuf {
    PathBuf::from("/var/lib/lab-gateway/log")
}

const fn default_max_bytes() -> u64 {
    64 << 20
}

impl LogSettings {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        bounds("log.max_bytes", self.max_bytes, 1 << 20, 1 << 40)?;
        if self.prefix.trim().is_empty() {
            let remedy = "set the prefix of the log rule, or leave the key out";
            return Err(ConfigError::new("log.prefix", &self.prefix, "every line would be taken", remedy));
        }
        Ok(())
    }

    /// Returns the group to which the gateway's rules log. `None` if a file is read.
    #[must_use]
    pub fn log_group(&self) -> Option<u16> {
        self.file.is_none().then_some(self.group)
    }

    /// Returns the client of the collector and its key. Nothing is sent.
    ///
    /// # Errors
    /// [`LogError::Config`] if the URL, the key or the file of authorities cannot be used.
    pub fn collector(&self) -> Result<(Collector, CollectorKey), LogError> {
        let mut options = HttpOptions::new();
        if let Some(path) = &self.ca_file {
            let fault =
                |reason: String| LogError::Config { field: "ca_file", value: path.display().to_string(), reason };
            let pem = read_text(path, MAX_BYTES).map_err(|error| fault(error.to_string()))?;
            let tls = TlsOptions::new().with_ca_pem(&pem).map_err(|error| fault(error.to_string()))?;
            options = options.with_tls(tls);
        }
        Ok((Collector::new(&self.collector, options)?, CollectorKey::from_base64(&self.collector_key)?))
    }

    /// Returns the log sender of an owner, and opens its spool.
    ///
    /// # Errors
    /// [`LogError::Config`] if a setting cannot be used, [`LogError::Spool`] if the spool cannot be opened.
    pub fn forwarder(&self, owner: &str) -> Result<Forwarder, LogError> {
        let (collector, key) = self.collector()?;
        let source = match &self.file {
            None => LogSource::Nflog { group: self.group, prefix: self.prefix.clone() },
            Some(file) => {
                let format = LineFormat::new(&self.prefix);
                let zone = self.time_zone.as_deref();
                LogSource::file(file, zone.map_or(Ok(format.clone()), |zone| format.with_time_zone(zone))?)
            }
        };
        let spool = Spool::open(&self.spool, SpoolLimits { max_bytes: self.max_bytes, ..SpoolLimits::default() })?;
        Ok(Forwarder::new(source, owner, key, spool, collector))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn settings(text: &str) -> LogSettings {
        let (_, key) = CollectorKey::generate();
        toml::from_str(&format!("collector = \"https://logs.example.test\"\ncollector_key = \"{key}\"\n{text}"))
            .unwrap()
    }

    #[test]
    fn a_file_takes_the_place_of_the_group() {
        let directory = tempfile::tempdir().unwrap();
        let spool = format!("spool = {:?}", directory.path().join("spool"));
        let own = settings(&spool);
        own.check().unwrap();
        assert_eq!(own.log_group(), Some(5));
        own.forwarder("alice").unwrap();
        let file = settings(&format!("{spool}\nfile = \"/var/log/kern.log\"\ntime_zone = \"UTC\""));
        assert_eq!(file.log_group(), None);
        file.forwarder("alice").unwrap();
    }

    #[test]
    fn wrong_values_are_named() {
        let fault = |settings: LogSettings| settings.forwarder("alice").unwrap_err().to_string();
        let spool = "spool = \"/nonexistent/spool\"";
        let zone = settings("file = \"/var/log/kern.log\"\ntime_zone = \"Nowhere/Town\"");
        assert!(fault(zone).contains("Nowhere/Town"));
        assert!(fault(settings("ca_file = \"/nonexistent/ca.pem\"")).contains("/nonexistent/ca.pem"));
        assert!(fault(LogSettings { collector_key: "AAAA".into(), ..settings(spool) }).contains("collector key"));
        assert!(
            fault(LogSettings { collector: "http://logs.example.test".into(), ..settings(spool) }).contains("https")
        );
        assert!(settings("prefix = \" \"").check().is_err());
        assert!(settings("max_bytes = 1").check().is_err());
    }
}
