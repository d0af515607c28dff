//! Form of a scanner's report, that of the community agent for phpIPAM.

use std::fmt;
use std::marker::PhantomData;
use std::net::IpAddr;
use std::time::SystemTime;

use async_trait::async_trait;
use ipam_core::MacAddr;
use ipnet::IpNet;
use jiff::Timestamp;
use serde::de::{DeserializeOwned, Deserializer, Error, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::error::RelayError;
use crate::scan::plan::PlannedSubnet;
use crate::scan::report::SubnetReport;
use crate::scan::{Coverage, Observation};

/// Largest body of a report: a /16 whose hosts have long names.
const MAX_BYTES: usize = 16 << 20;
/// Most hosts of a report, and most addresses that it says were asked.
const MAX_HOSTS: usize = 65_536;
/// Beginning of the error for more.
const TOO_MANY: &str = "more than 65536 addresses in a list";
/// Longest text of an error. That of the JSON library repeats values of the report.
const EXCERPT: usize = 300;

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
    #[serde(deserialize_with = "items_or_text")]
    pub results: Vec<RelayHost>,
    /// Offset of the times from UTC, such as `+0100`.
    pub tz: String,
    /// End of the scan in the scanner's zone, until which silence is known. The community agent does not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<String>,
    /// True if every address was asked, so that silence counts. The community agent does not say so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whole: bool,
    /// Addresses that were asked, if not all were.
    #[serde(default, deserialize_with = "items", skip_serializing_if = "Vec::is_empty")]
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
        serde_json::from_slice(body).map_err(|error| {
            let text: String = error.to_string().chars().take(EXCERPT).collect();
            if text.starts_with(TOO_MANY) { RelayError::TooLarge(text) } else { RelayError::Malformed(text) }
        })
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
            ended: observation.ended.map(utc),
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
pub trait Delivery: fmt::Debug + Send + Sync {
    /// Delivers a report. Returns what the receiver did with it, if it says so, as a [`Relay`](crate::scan::Relay) does. An
    /// error is a sentence for the agent's own report.
    async fn deliver(&self, report: &RelayReport) -> Result<Option<SubnetReport>, String>;
}

/// Reads a list item by item, up to the limit: the rest of a list that is longer never gets into memory.
struct Items<T>(PhantomData<T>);

impl<'de, T: DeserializeOwned> Visitor<'de> for Items<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list, such as results of hosts with ip and lastSeen, or a text with such a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            if items.len() == MAX_HOSTS {
                return Err(A::Error::custom(TOO_MANY));
            }
            items.push(item);
        }
        Ok(items)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Vec<T>, E> {
        let mut json = serde_json::Deserializer::from_str(text);
        let list = json.deserialize_seq(self).and_then(|items| json.end().map(|()| items));
        list.map_err(|error| E::custom(error))
    }
}

fn items<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Vec<T>, D::Error> {
    deserializer.deserialize_seq(Items(PhantomData))
}

/// Reads a list, or the JSON of one in a text: scanners send both.
fn items_or_text<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Vec<T>, D::Error> {
    deserializer.deserialize_any(Items(PhantomData))
}

/// Reads a number that may be in a text.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    struct Number;

    impl Visitor<'_> for Number {
        type Value = Option<u64>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a number as subnetId")
        }

        fn visit_unit<E: Error>(self) -> Result<Option<u64>, E> {
            Ok(None)
        }

        fn visit_u64<E: Error>(self, number: u64) -> Result<Option<u64>, E> {
            Ok(Some(number))
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Option<u64>, E> {
            text.parse().map(Some).map_err(|_| E::custom("subnetId is not a number"))
        }
    }

    deserializer.deserialize_any(Number)
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
