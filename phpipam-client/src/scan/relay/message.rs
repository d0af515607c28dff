//! Form of a scanner's report, that of the community agent for phpIPAM.

use std::net::IpAddr;
use std::time::SystemTime;

use async_trait::async_trait;
use ipam_core::MacAddr;
use ipnet::IpNet;
use jiff::Timestamp;
use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize};

use super::error::RelayError;
use crate::scan::plan::PlannedSubnet;
use crate::scan::{Coverage, Observation};

/// Largest body of a report: a /16 whose hosts have long names.
const MAX_BYTES: usize = 16 << 20;
/// Most hosts of a report, and most addresses that it says were asked.
const MAX_HOSTS: usize = 65_536;

/// Report of a scanner about one subnet.
///
/// ```
/// use phpipam_client::scan::RelayReport;
///
/// let body = br#"{"code": "c0de", "scan": {"subnet": "10.0.0.0/24", "tz": "+0000",
///     "results": [{"subnetId": "3", "ip": "10.0.0.5", "lastSeen": "2026-01-01 10:00:00", "mac": "AA:BB:CC:00:11:22"}]}}"#;
/// let report = RelayReport::parse(body)?;
/// assert_eq!(report.scan.results.len(), 1);
/// # Ok::<(), phpipam_client::scan::RelayError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RelayReport {
    /// Code of the scan agent.
    pub code: String,
    /// Scan.
    pub scan: RelayScan,
}

/// Scan of one subnet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RelayScan {
    /// Network.
    #[serde(with = "net")]
    pub subnet: IpNet,
    /// Hosts that replied.
    #[serde(deserialize_with = "hosts")]
    pub results: Vec<RelayHost>,
    /// Offset of the times from UTC, such as `+0100`.
    pub tz: String,
    /// True if every address was asked, so that silence counts. The community agent does not say so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whole: bool,
    /// Addresses that were asked, if not all were.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asked: Vec<IpAddr>,
}

/// Host of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RelayHost {
    /// Id of the subnet, if the scanner knows it.
    #[serde(rename = "subnetId", default, deserialize_with = "number", skip_serializing_if = "Option::is_none")]
    pub subnet_id: Option<u64>,
    /// Address.
    pub ip: IpAddr,
    /// Time of the reply in the scanner's zone.
    #[serde(rename = "lastSeen")]
    pub last_seen: String,
    /// Host name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// MAC address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac: Option<String>,
}

impl RelayReport {
    /// Reads a report from the body of a request.
    ///
    /// # Errors
    /// [`RelayError::TooLarge`] above 16 MiB or 65 536 hosts; [`RelayError::Malformed`] if it is not a report.
    pub fn parse(body: &[u8]) -> Result<Self, RelayError> {
        if body.len() > MAX_BYTES {
            return Err(RelayError::TooLarge(format!("it has {} bytes, and {MAX_BYTES} are allowed", body.len())));
        }
        let malformed = |error: serde_json::Error| RelayError::Malformed(error.to_string());
        let report: Self = serde_json::from_slice(body).map_err(malformed)?;
        let most = report.scan.results.len().max(report.scan.asked.len());
        if most > MAX_HOSTS {
            return Err(RelayError::TooLarge(format!("it has {most} addresses, and {MAX_HOSTS} are allowed")));
        }
        Ok(report)
    }

    /// Report about an observation, whose times are in UTC.
    #[must_use]
    pub fn new(code: impl Into<String>, subnet: &PlannedSubnet, observation: &Observation) -> Self {
        let host = |host: &crate::scan::Host| RelayHost {
            subnet_id: Some(subnet.id.get()),
            ip: host.address,
            last_seen: utc(host.seen),
            hostname: host.hostname.clone(),
            mac: host.mac.map(upper_case),
        };
        let asked = match &observation.coverage {
            Coverage::Addresses(asked) => asked.iter().copied().collect(),
            Coverage::Whole | Coverage::Incomplete(_) => Vec::new(),
        };
        let scan = RelayScan {
            subnet: subnet.net,
            results: observation.hosts.iter().map(host).collect(),
            tz: "+0000".to_owned(),
            whole: observation.coverage == Coverage::Whole,
            asked,
        };
        Self { code: code.into(), scan }
    }
}

fn utc(time: SystemTime) -> String {
    Timestamp::try_from(time).unwrap_or_default().strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// Returns a MAC address as the community agent writes it.
fn upper_case(mac: MacAddr) -> String {
    mac.to_string().to_ascii_uppercase()
}

/// Way of reports to where they are applied, such as a relay. Used by an agent that does not change phpIPAM itself.
#[async_trait]
pub trait Delivery: std::fmt::Debug + Send + Sync {
    /// Delivers a report. An error is a sentence for the agent's own report.
    async fn deliver(&self, report: &RelayReport) -> Result<(), String>;
}

/// Reads a list of hosts, or the JSON of one in a text: scanners send both.
fn hosts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<RelayHost>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Form {
        List(Vec<RelayHost>),
        Text(String),
    }
    // The first alternative fails without a reason, which would be the one that a caller needs.
    match Form::deserialize(deserializer) {
        Ok(Form::List(hosts)) => Ok(hosts),
        Ok(Form::Text(text)) => serde_json::from_str(&text).map_err(D::Error::custom),
        Err(_) => Err(D::Error::custom(
            "results is neither a list of hosts with ip and lastSeen, nor a text with such a list",
        )),
    }
}

/// Reads a number that may be in a text.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Form {
        Number(u64),
        Text(String),
    }
    match Option::<Form>::deserialize(deserializer) {
        Ok(None) => Ok(None),
        Ok(Some(Form::Number(number))) => Ok(Some(number)),
        Ok(Some(Form::Text(text))) => text.parse().map(Some).map_err(D::Error::custom),
        Err(_) => Err(D::Error::custom("subnetId is not a number")),
    }
}

/// Network as text.
mod net {
    use ipnet::IpNet;
    use serde::de::{Deserialize as _, Deserializer, Error as _};
    use serde::ser::Serializer;

    pub(super) fn serialize<S: Serializer>(net: &IpNet, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(net)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<IpNet, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|_| D::Error::custom("subnet is not a network such as 10.0.0.0/24"))
    }
}
