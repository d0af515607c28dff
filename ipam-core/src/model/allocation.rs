//! Allocation, its state and its labels.

use std::net::IpAddr;
use std::time::SystemTime;

use super::network::{Tag, Tags};
use crate::{AllocationId, AllocationKey, MacAddr, Owner, RangeId, SpaceId};

/// What an address is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum AllocationState {
    /// In use.
    #[default]
    Allocated,
    /// Set aside by an administrator; never handed out.
    Reserved,
    /// Given back and resting; never handed out before its time.
    Quarantined,
}

/// What callers say about an address.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
#[non_exhaustive]
pub struct Labels {
    /// The host's name.
    pub hostname: Option<String>,
    /// What the address is for.
    pub description: Option<String>,
    /// The MAC address of the interface.
    pub mac: Option<MacAddr>,
    /// Tags.
    pub tags: Tags,
}

impl Labels {
    /// Sets the host name.
    #[must_use]
    pub fn with_hostname(mut self, hostname: impl Into<String>) -> Self {
        self.hostname = Some(hostname.into());
        self
    }

    /// Sets the description.
    #[must_use]
    pub fn with_description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Sets the MAC address.
    #[must_use]
    pub const fn with_mac(mut self, mac: MacAddr) -> Self {
        self.mac = Some(mac);
        self
    }

    /// Adds a tag.
    #[must_use]
    pub fn with_tag(mut self, tag: Tag) -> Self {
        self.tags.insert(tag);
        self
    }
}

/// One address of one range, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Allocation {
    /// Its name in the provider; never used again for another allocation.
    pub id: AllocationId,
    /// The address space.
    pub space: SpaceId,
    /// The range.
    pub range: RangeId,
    /// The address.
    pub address: IpAddr,
    /// What the address is doing.
    pub state: AllocationState,
    /// The key of the request that took it. A provider makes one where the caller gave none; what others put into a
    /// server carries none.
    pub key: Option<AllocationKey>,
    /// Who it is for.
    pub owner: Option<Owner>,
    /// Host name, description, MAC address, tags.
    pub labels: Labels,
    /// When it was taken, if the provider keeps that.
    #[cfg_attr(feature = "serde", serde(default, with = "crate::text::option_time"))]
    pub created: Option<SystemTime>,
    /// When it was last changed, if the provider keeps that.
    #[cfg_attr(feature = "serde", serde(default, with = "crate::text::option_time"))]
    pub updated: Option<SystemTime>,
    /// When it ends by itself.
    #[cfg_attr(feature = "serde", serde(default, with = "crate::text::option_time"))]
    pub expires: Option<SystemTime>,
}

impl Allocation {
    /// An allocated address with nothing else set. For a provider's author.
    pub fn new(
        id: impl Into<AllocationId>,
        space: impl Into<SpaceId>,
        range: impl Into<RangeId>,
        address: IpAddr,
    ) -> Self {
        Self {
            id: id.into(),
            space: space.into(),
            range: range.into(),
            address,
            state: AllocationState::Allocated,
            key: None,
            owner: None,
            labels: Labels::default(),
            created: None,
            updated: None,
            expires: None,
        }
    }
}
