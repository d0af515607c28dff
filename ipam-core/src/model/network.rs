//! Network data that a range or a block carries: tags, VLAN, gateway and name servers.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;

/// Free-form properties by name.
pub type Properties = BTreeMap<String, String>;

/// Set of tags.
pub type Tags = BTreeSet<Tag>;

/// A key and a value; a key may stand with several values.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Tag {
    /// What the tag is about.
    pub key: String,
    /// Its value; empty where the key says it all.
    #[cfg_attr(feature = "serde", serde(default))]
    pub value: String,
}

impl Tag {
    /// A tag of a key and a value.
    pub fn new(key: impl Into<String>, value: impl Into<String>) -> Self {
        Self { key: key.into(), value: value.into() }
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.value.is_empty() { f.write_str(&self.key) } else { write!(f, "{}={}", self.key, self.value) }
    }
}

/// The VLAN a range lies in (IEEE 802.1Q).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Vlan {
    /// The VLAN identifier, 1 to 4094.
    pub number: u16,
    /// Its name.
    pub name: Option<String>,
}

impl Vlan {
    /// The VLAN of this number, without a name.
    #[must_use]
    pub const fn new(number: u16) -> Self {
        Self { number, name: None }
    }

    /// Names it.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }
}

/// What the machines of a network need to know besides their address.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
#[non_exhaustive]
pub struct NetworkInfo {
    /// The default gateway. Never handed out.
    pub gateway: Option<IpAddr>,
    /// DNS servers, in the order to try.
    pub dns_servers: Vec<IpAddr>,
    /// DNS search domains, in the order to try.
    pub search_domains: Vec<String>,
    /// The DNS domain of the machines.
    pub domain: Option<String>,
    /// The VLAN.
    pub vlan: Option<Vlan>,
}
