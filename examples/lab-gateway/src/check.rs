//! Checks of settings and surroundings, which change nothing.

use std::fmt;

use crate::api::check_tls;
use crate::config::Config;
use crate::firewall::Firewall;
use crate::service;
use crate::store::SqliteStore;
use crate::token;

/// Result of one check.
///
/// ```
/// use lab_gateway::check::Finding;
///
/// let finding = Finding::new("firewall", Err("nft is not installed".to_owned()));
/// assert_eq!(finding.to_string(), "firewall: FAILED: nft is not installed");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// Part that was checked.
    pub part: &'static str,
    /// Remark, or the problem.
    pub result: Result<String, String>,
}

impl Finding {
    /// Makes a finding.
    #[must_use]
    pub const fn new(part: &'static str, result: Result<String, String>) -> Self {
        Self { part, result }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.result {
            Ok(remark) => write!(f, "{}: ok: {remark}", self.part),
            Err(problem) => write!(f, "{}: FAILED: {problem}", self.part),
        }
    }
}

/// Checks everything that the service needs. A store that is not there yet is fine, and so is one that the service uses.
pub async fn all(config: &Config, firewall: &dyn Firewall) -> Vec<Finding> {
    let mut findings = vec![
        Finding::new("name", config.gateway_name().map_err(text)),
        Finding::new("api", check_tls(&config.api).map_err(text)),
        Finding::new("store", store(config)),
        Finding::new("outside", config.outside.source().address().map(|address| address.to_string()).map_err(text)),
        Finding::new("provider", provider(config).await),
        Finding::new(
            "firewall",
            firewall.check().await.map(|()| "rules can be read and changed".to_owned()).map_err(text),
        ),
        Finding::new("token", token::check(&config.token).await.map_err(text)),
    ];
    if let Some(ddns) = &config.ddns {
        let client =
            ddns.client().map(|client| format!("the key fits; {} is updated at start", client.config().name()));
        findings.push(Finding::new("ddns", client.map_err(text)));
    }
    if let Some(log) = &config.log {
        let collector =
            log.collector().map(|(collector, _)| format!("the key fits; batches go to {}", collector.url()));
        findings.push(Finding::new("log", collector.map_err(text)));
    }
    findings
}

fn text(error: impl fmt::Display) -> String {
    error.to_string()
}

fn store(config: &Config) -> Result<String, String> {
    let path = &config.store.path;
    if !path.exists() {
        let parent = path.parent().filter(|parent| parent.is_dir());
        let missing = || format!("{} is in no directory that exists; make it", path.display());
        return parent.map(|_| "it is made at start".to_owned()).ok_or_else(missing);
    }
    SqliteStore::inspect(path).map(|()| path.display().to_string()).map_err(text)
}

async fn provider(config: &Config) -> Result<String, String> {
    let mut config = config.clone();
    if let Some(path) = config.lab.provider.strip_prefix("embedded:") {
        // A look must not make a store: it would belong to root, and not to the service.
        if !std::path::Path::new(path.split('?').next().unwrap_or(path)).exists() {
            return Ok("the store is made at start".to_owned());
        }
        if !path.contains("read_only=") {
            let sign = if path.contains('?') { '&' } else { '?' };
            config.lab.provider.push(sign);
            config.lab.provider.push_str("read_only=true");
        }
    }
    let addresses = service::addresses(&config).map_err(text)?;
    let checked = addresses.check().await;
    let closed = addresses.close().await;
    let warnings = checked.map_err(text)?;
    closed.map_err(text)?;
    Ok(if warnings.is_empty() { "it responds".to_owned() } else { warnings.join("; ") })
}
