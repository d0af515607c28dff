//! Allocation, its state and its labels.

use std::net::IpAddr;
use std::time::SystemTime;

use super::network::{Tag, Tags};
use crate::{AllocationId, AllocationKey, MacAddr, Owner, RangeId, SpaceId};

/// State of an allocation.
///
/// ```
/// use ipam_core::{AllocationState, DefineRange, IpamProvider, IpamProviderExt, MemoryProvider};
///
/// # futures_executor::block_on(async {
/// let ipam = MemoryProvider::new();
/// ipam.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse()?)).await?;
/// assert_eq!(ipam.allocate_one("lan", "vm-42").await?.state, AllocationState::Allocated);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
// Servers know more states, such as one for addresses that DHCP hands out. A later release may tell them apart.
#[non_exhaustive]
pub enum AllocationState {
    /// In use.
    #[default]
    Allocated,
    /// Reserved on a server by an administrator: listed by [`find`](crate::IpamProvider::find), and never allocated.
    ///
    /// The stores of this crate do not use this state: their reservations are
    /// [`Range::reserved`](crate::Range::reserved), and have no allocation.
    Reserved,
    /// Deallocated, and not allocated again before the release time.
    Quarantined,
}

/// Labels of an allocation, chosen by the caller: host name, description, MAC address and tags.
///
/// They do not decide which address is allocated.
///
/// ```
/// use ipam_core::{Labels, Tag};
///
/// let labels = Labels::default()
///     .with_hostname("web1.example.com")
///     .with_description("front end")
///     .with_mac("00:50:56:ab:cd:ef".parse()?)
///     .with_tag(Tag::new("env", "prod"));
/// assert_eq!(labels.hostname.as_deref(), Some("web1.example.com"));
/// # Ok::<(), ipam_core::MacAddrError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
// Every label may be missing in JSON, so that a label that a later release adds does not make older documents
// unreadable.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
#[non_exhaustive]
pub struct Labels {
    /// Host name.
    pub hostname: Option<String>,
    /// Description of the address for people.
    pub description: Option<String>,
    /// MAC address of the interface.
    pub mac: Option<MacAddr>,
    /// Tags; they need the capability `tags`.
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

/// One allocated address of a range, with its owner and labels.
///
/// ```
/// use ipam_core::{Allocation, AllocationKey, Labels, Owner};
///
/// // What the author of a provider returns for an address:
/// let mut allocation = Allocation::new("17", "default", "lan", [192, 0, 2, 7].into());
/// allocation.key = Some(AllocationKey::new("vm-42/nic-0"));
/// allocation.owner = Some(Owner::new("vm-42"));
/// allocation.labels = Labels::default().with_hostname("web1");
/// assert_eq!(allocation.address.to_string(), "192.0.2.7");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Allocation {
    /// Id, which the provider made and never uses for another allocation.
    pub id: AllocationId,
    /// Address space.
    pub space: SpaceId,
    /// Range.
    pub range: RangeId,
    /// Address.
    pub address: IpAddr,
    /// State.
    pub state: AllocationState,
    /// Key of the request that allocated it. The provider made one if the caller gave none. `None` for an address that
    /// was entered on the server by other means.
    pub key: Option<AllocationKey>,
    /// Owner. `None` for an address that was entered on the server by other means.
    pub owner: Option<Owner>,
    /// Host name, description, MAC address, tags.
    pub labels: Labels,
    /// Time of the allocation, if the provider keeps it.
    // `default` here and below, because serde takes a missing `Option` for `None` only if the field has no `with`.
    #[cfg_attr(feature = "serde", serde(default, with = "crate::text::option_time"))]
    pub created: Option<SystemTime>,
    /// Time of the last change, if the provider keeps it.
    #[cfg_attr(feature = "serde", serde(default, with = "crate::text::option_time"))]
    pub updated: Option<SystemTime>,
    /// Time at which it expires; `None` for never.
    #[cfg_attr(feature = "serde", serde(default, with = "crate::text::option_time"))]
    pub expires: Option<SystemTime>,
}

impl Allocation {
    /// Makes an allocated address with nothing else set, for authors of providers.
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
