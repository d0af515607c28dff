//! Settings of the lab: its addresses, ports, store, firewall and worker.

use std::net::Ipv4Addr;
use std::path::PathBuf;

use ipnet::Ipv4Net;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::api::bounds;
use super::{ConfigError, TimeSpan};
use crate::ddns::AddressSource;

/// Section `[lab]`: the addresses of the lab and the provider that keeps them.
///
/// ```
/// use lab_gateway::config::LabSettings;
///
/// fn has(lab: &LabSettings, address: std::net::Ipv4Addr) -> bool {
///     lab.networks.iter().any(|net| net.contains(&address))
/// }
/// # let _ = has;
/// ```
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct LabSettings {
    /// URL of the provider; `embedded:/var/lib/lab-gateway/ipam.db` by default.
    #[serde(default = "default_provider")]
    pub provider: String,
    /// Networks of the lab. The ranges of the provider inside them are used. Where the provider keeps the plan itself and
    /// has no range in a network, the gateway defines one.
    #[serde(deserialize_with = "networks")]
    pub networks: Vec<Ipv4Net>,
    /// Address space of the provider; needed only if several have the same networks.
    #[serde(default)]
    pub space: Option<String>,
}

fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Ipv4Net>, D::Error> {
    let network = |text: &String| {
        let problem = || format!("{text:?} is no network of IPv4; write one such as \"10.0.0.0/24\"");
        text.parse().map_err(|_| D::Error::custom(problem()))
    };
    Vec::<String>::deserialize(deserializer)?.iter().map(network).collect()
}

fn default_provider() -> String {
    "embedded:/var/lib/lab-gateway/ipam.db".to_owned()
}

impl LabSettings {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let remedy = "list the networks behind the gateway, such as [\"10.0.0.0/24\"]";
        if self.networks.is_empty() {
            return Err(ConfigError::without_value("lab.networks", "it is empty", remedy));
        }
        for (index, net) in self.networks.iter().enumerate() {
            if net.trunc() != *net {
                let remedy = format!("write {}", net.trunc());
                return Err(ConfigError::new("lab.networks", net, "it has bits behind the prefix length", remedy));
            }
            let overlaps = |other: &&Ipv4Net| other.contains(net) || net.contains(*other);
            if let Some(other) = self.networks.iter().take(index).find(overlaps) {
                let problem = format!("it overlaps {other}");
                return Err(ConfigError::new("lab.networks", net, problem, "list each network once"));
            }
        }
        Ok(())
    }
}

/// Section `[outside]`: the interface to the outside.
///
/// ```
/// use lab_gateway::config::OutsideSettings;
///
/// use lab_gateway::ddns::AddressSource;
///
/// let outside = OutsideSettings::new("eth0");
/// assert_eq!(outside.source(), AddressSource::Interface("eth0".to_owned()));
/// ```
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct OutsideSettings {
    /// Name of the interface, such as `eth0`.
    pub interface: String,
    /// Address that clients use; by default the one of the interface, looked up when it is needed.
    #[serde(default)]
    pub address: Option<Ipv4Addr>,
}

impl OutsideSettings {
    /// Names the interface.
    pub fn new(interface: impl Into<String>) -> Self {
        Self { interface: interface.into(), address: None }
    }

    /// Returns the source of the address that clients use.
    #[must_use]
    pub fn source(&self) -> AddressSource {
        let interface = || AddressSource::Interface(self.interface.clone());
        self.address.map_or_else(interface, AddressSource::Fixed)
    }
}

/// Section `[ports]`: ports of the gateway that can be mapped.
///
/// ```
/// use lab_gateway::config::PortSettings;
///
/// let ports = PortSettings::default();
/// assert_eq!((ports.first, ports.last), (50_000, 50_100));
/// ```
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct PortSettings {
    /// Lowest port.
    pub first: u16,
    /// Highest port.
    pub last: u16,
}

impl Default for PortSettings {
    fn default() -> Self {
        Self { first: 50_000, last: 50_100 }
    }
}

impl PortSettings {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        bounds("ports.first", self.first, 1024, u16::MAX)?;
        bounds("ports.last", self.last, self.first, u16::MAX)
    }
}

/// Section `[store]`: where the port maps are kept.
///
/// ```
/// use lab_gateway::config::StoreSettings;
///
/// assert!(StoreSettings::default().path.is_absolute());
/// ```
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct StoreSettings {
    /// File; it is made if it does not exist.
    pub path: PathBuf,
}

impl Default for StoreSettings {
    fn default() -> Self {
        Self { path: PathBuf::from("/var/lib/lab-gateway/portmaps.db") }
    }
}

/// Section `[firewall]`.
///
/// ```
/// use lab_gateway::config::FirewallSettings;
///
/// assert_eq!(FirewallSettings::default().table, "lab_gateway");
/// ```
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct FirewallSettings {
    /// Program that changes the rules.
    pub nft: PathBuf,
    /// Table that is the gateway's own, of the family `ip`.
    pub table: String,
    /// Time between two looks whether the kernel has the rules of the store.
    pub reconcile: TimeSpan,
    /// False if another table lets connections of the lab leave with the gateway's address.
    pub masquerade: bool,
    /// False to let connections from outside into the lab that no port map lets in.
    pub guard: bool,
}

impl Default for FirewallSettings {
    fn default() -> Self {
        Self {
            nft: PathBuf::from("nft"),
            table: "lab_gateway".to_owned(),
            reconcile: TimeSpan::seconds(30),
            masquerade: true,
            guard: true,
        }
    }
}

impl FirewallSettings {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let letters = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let starts = self.table.starts_with(|c: char| c.is_ascii_alphabetic());
        if !letters(&self.table) || !starts || self.table.len() > 64 {
            let remedy = "write a letter, then letters, digits and underscores, up to 64";
            return Err(ConfigError::new("firewall.table", &self.table, "it is no name of a table", remedy));
        }
        bounds("firewall.reconcile", self.reconcile, TimeSpan::seconds(1), TimeSpan::seconds(3600))
    }
}

/// Section `[reachability]`: the worker that looks which addresses reply.
///
/// ```
/// use lab_gateway::config::ReachabilitySettings;
///
/// assert!(ReachabilitySettings::default().enabled);
/// ```
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct ReachabilitySettings {
    /// False to ask no address: `routable` is null then.
    pub enabled: bool,
    /// Time between two rounds.
    pub every: TimeSpan,
    /// Most packets a second.
    pub rate: u32,
}

impl Default for ReachabilitySettings {
    fn default() -> Self {
        Self { enabled: true, every: TimeSpan::seconds(300), rate: 50 }
    }
}

impl ReachabilitySettings {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        bounds("reachability.every", self.every, TimeSpan::seconds(1), TimeSpan::seconds(86_400))?;
        bounds("reachability.rate", self.rate, 1, 10_000)
    }
}
