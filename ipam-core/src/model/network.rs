//! Network data of a range or a block: tags, properties, VLAN, gateway and name servers.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;

/// Free-form properties by name.
// Ordered, as the tags are: fingerprints, JSON and plans go through the entries in order, and a hash map has another
// order in each process.
pub type Properties = BTreeMap<String, String>;

/// Set of tags.
pub type Tags = BTreeSet<Tag>;

/// Tag: a key and a value. An item may have several tags with the same key.
///
/// ```
/// use ipam_core::{Tag, Tags};
///
/// let tags = Tags::from([Tag::new("env", "prod"), Tag::new("env", "test"), Tag::new("shared", "")]);
/// let written: Vec<String> = tags.iter().map(Tag::to_string).collect();
/// assert_eq!(written, ["env=prod", "env=test", "shared"]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Tag {
    /// Key; not empty.
    pub key: String,
    /// Value; empty for a tag that is a key alone.
    #[cfg_attr(feature = "serde", serde(default))]
    pub value: String,
}

impl Tag {
    /// Makes a tag of a key and a value.
    pub fn new(key: impl Into<String>, value: impl Into<String>) -> Self {
        Self { key: key.into(), value: value.into() }
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.value.is_empty() { f.write_str(&self.key) } else { write!(f, "{}={}", self.key, self.value) }
    }
}

/// VLAN of a range (IEEE 802.1Q).
///
/// ```
/// use ipam_core::Vlan;
///
/// let vlan = Vlan::new(12).with_name("office");
/// assert_eq!((vlan.number, vlan.name.as_deref()), (12, Some("office")));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Vlan {
    /// VLAN identifier, 1 to 4094.
    // A plain number, because a server may have been set up for other numbers, and a listing has to show what it has.
    pub number: u16,
    /// Name for people.
    pub name: Option<String>,
}

impl Vlan {
    /// Makes a VLAN without a name. The number is checked by the request that contains it.
    #[must_use]
    pub const fn new(number: u16) -> Self {
        Self { number, name: None }
    }

    /// Sets the name.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }
}

/// Network configuration of the machines of a range, besides their addresses.
///
/// ```
/// use ipam_core::{NetworkInfo, Vlan};
///
/// let network = NetworkInfo::default()
///     .with_gateway([192, 0, 2, 1].into())
///     .with_dns_servers([[192, 0, 2, 53].into()])
///     .with_domain("example.com")
///     .with_vlan(Vlan::new(12));
/// assert_eq!(network.dns_servers.len(), 1);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
#[non_exhaustive]
pub struct NetworkInfo {
    /// Default gateway; never allocated. A block has none.
    pub gateway: Option<IpAddr>,
    /// DNS servers, in the order to try.
    pub dns_servers: Vec<IpAddr>,
    /// DNS search domains, in the order to try.
    pub search_domains: Vec<String>,
    /// DNS domain of the machines.
    pub domain: Option<String>,
    /// VLAN.
    pub vlan: Option<Vlan>,
}

impl NetworkInfo {
    /// Sets the gateway.
    #[must_use]
    pub const fn with_gateway(mut self, gateway: IpAddr) -> Self {
        self.gateway = Some(gateway);
        self
    }

    /// Sets the DNS servers, in the order to try.
    #[must_use]
    pub fn with_dns_servers(mut self, servers: impl IntoIterator<Item = IpAddr>) -> Self {
        self.dns_servers = servers.into_iter().collect();
        self
    }

    /// Sets the DNS search domains, in the order to try.
    #[must_use]
    pub fn with_search_domains<D: Into<String>>(mut self, domains: impl IntoIterator<Item = D>) -> Self {
        self.search_domains = domains.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the DNS domain of the machines.
    #[must_use]
    pub fn with_domain(mut self, domain: impl Into<String>) -> Self {
        self.domain = Some(domain.into());
        self
    }

    /// Sets the VLAN.
    #[must_use]
    pub fn with_vlan(mut self, vlan: Vlan) -> Self {
        self.vlan = Some(vlan);
        self
    }
}
