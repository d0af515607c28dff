//! Addresses that the IPAM knows.

use std::net::IpAddr;
use std::time::SystemTime;

use ipam_core::MacAddr;

/// State of an address in the IPAM, as far as a scan may change it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Presence {
    /// In use. A scan may mark it offline.
    Used,
    /// Marked offline. A scan that finds the host marks it as used again.
    Offline,
    /// Another state, such as reserved or DHCP, which a scan never changes.
    Kept,
}

/// Address that the IPAM knows. `I` is the IPAM's id of it.
///
/// ```
/// use phpipam_client::scan::{KnownHost, Presence};
///
/// let known = KnownHost::new(12_u64, "10.0.0.5".parse()?, Presence::Used).with_hostname("web1");
/// assert_eq!(known.last_seen, None, "no scan has found it yet");
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct KnownHost<I> {
    /// Id in the IPAM.
    pub id: I,
    /// Address.
    pub address: IpAddr,
    /// State.
    pub presence: Presence,
    /// Host name.
    pub hostname: Option<String>,
    /// MAC address; `None` also for a text that is none.
    pub mac: Option<MacAddr>,
    /// Time when a scan last found it; `None` for never.
    pub last_seen: Option<SystemTime>,
    /// True if status checks leave it out.
    pub excluded: bool,
    /// True if this agent created it and no person has changed it since. Only such an address may be removed.
    pub created_by_agent: bool,
}

impl<I> KnownHost<I> {
    /// Address that no scan has found yet.
    pub const fn new(id: I, address: IpAddr, presence: Presence) -> Self {
        Self {
            id,
            address,
            presence,
            hostname: None,
            mac: None,
            last_seen: None,
            excluded: false,
            created_by_agent: false,
        }
    }

    /// Sets the host name.
    #[must_use]
    pub fn with_hostname(mut self, hostname: impl Into<String>) -> Self {
        self.hostname = Some(hostname.into());
        self
    }

    /// Sets the MAC address.
    #[must_use]
    pub fn with_mac(mut self, mac: MacAddr) -> Self {
        self.mac = Some(mac);
        self
    }

    /// Sets the time when a scan last found it.
    #[must_use]
    pub fn with_last_seen(mut self, seen: SystemTime) -> Self {
        self.last_seen = Some(seen);
        self
    }

    /// Leaves it out of status checks.
    #[must_use]
    pub fn excluded(mut self) -> Self {
        self.excluded = true;
        self
    }

    /// Marks it as created by this agent.
    #[must_use]
    pub fn created_by_agent(mut self) -> Self {
        self.created_by_agent = true;
        self
    }
}
