//! Addresses of the lab: those of a provider, in the networks of the settings.

mod error;
mod own;
mod ranges;
mod source;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use ipam_core::{
    Allocate, AllocateLine, Allocation, Deallocate, Find, IpamProvider, Labels, Owner, PageRequest, Precondition,
    Range, Tag,
};
use ipnet::Ipv4Net;
use sha2::{Digest as _, Sha256};

pub use error::AddressError;
pub use own::OwnAddresses;
use ranges::Ranges;
use source::Source;

use crate::store::Lease;

/// Tag with the component of an allocation.
const COMPONENT: &str = "component";
/// Tag with the kind of an allocation: how it came about.
const KIND: &str = "kind";
/// Value of that tag for an address that a port map allocated.
const PORT_MAP: &str = "port-map";
/// Allocations of one page.
const PAGE: u32 = 1_000;
/// Most allocations of a listing: the addresses of a /16. A lab with more is asked by address.
const MOST: usize = 1 << 16;

/// Longest name in bytes that stands in a key as it is. A key has two names, and at most 255 bytes.
const LONGEST_IN_KEY: usize = 100;

/// Allocated address of the lab.
///
/// ```
/// use lab_gateway::addresses::LabAddress;
///
/// let address = LabAddress::new([10, 0, 0, 5].into(), "web1").with_component("web");
/// assert_eq!(address.component.as_deref(), Some("web"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LabAddress {
    /// Address.
    pub address: Ipv4Addr,
    /// Host name; without one the owner, and without both the address.
    pub name: String,
    /// Component, if the allocation has the tag.
    pub component: Option<String>,
}

impl LabAddress {
    /// Makes an address without a component.
    pub fn new(address: Ipv4Addr, name: impl Into<String>) -> Self {
        Self { address, name: name.into(), component: None }
    }

    /// Sets the component.
    #[must_use]
    pub fn with_component(mut self, component: impl Into<String>) -> Self {
        self.component = Some(component.into());
        self
    }

    /// Returns false if the allocation has neither a host name nor an owner.
    #[must_use]
    pub fn is_named(&self) -> bool {
        self.name != self.address.to_string()
    }

    fn of(allocation: &Allocation) -> Option<Self> {
        let IpAddr::V4(address) = allocation.address else { return None };
        let name = allocation.labels.hostname.clone().filter(|name| !name.is_empty());
        let name = name.or_else(|| allocation.owner.as_ref().map(ToString::to_string));
        let component = allocation.labels.tags.iter().find(|tag| tag.key == COMPONENT);
        Some(Self {
            address,
            name: name.unwrap_or_else(|| address.to_string()),
            component: component.map(|tag| tag.value.clone()),
        })
    }
}

/// Addresses of the lab.
///
/// ```
/// use std::sync::Arc;
///
/// use ipam_core::{IpamProviderExt, MemoryProvider};
/// use lab_gateway::addresses::Addresses;
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let provider = Arc::new(MemoryProvider::new());
/// let addresses = Addresses::new(provider.clone(), "alice", vec!["10.0.0.0/24".parse()?], None);
/// let range = addresses.ranges().await?[0].id.clone(); // defined for the network
/// provider.allocate_one(range, "vm-42").await?;
/// assert_eq!(addresses.list().await?[0].name, "vm-42");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Addresses {
    source: Source,
    owner: String,
    /// Name of the gateway in the keys of its allocations.
    gateway: String,
    own: OwnAddresses,
    ranges: Ranges,
}

impl Addresses {
    /// Takes the addresses of a provider that lie in the networks. `space` is needed where several address spaces have them.
    #[must_use]
    pub fn new(
        provider: Arc<dyn IpamProvider>,
        owner: impl Into<String>,
        networks: Vec<Ipv4Net>,
        space: Option<String>,
    ) -> Self {
        Self::of(Source::given(provider), owner.into(), Ranges::new(networks, space))
    }

    /// Takes the addresses of the provider at a URL, which is opened when it is needed: port maps work without it.
    ///
    /// Secrets of the provider come from the environment, such as `LAB_GATEWAY_PROVIDER_PASSWORD_FILE`.
    #[must_use]
    pub fn at(url: impl Into<String>, owner: impl Into<String>, networks: Vec<Ipv4Net>, space: Option<String>) -> Self {
        Self::of(Source::url(url.into()), owner.into(), Ranges::new(networks, space))
    }

    fn of(source: Source, owner: String, ranges: Ranges) -> Self {
        Self { source, gateway: owner.clone(), owner, own: OwnAddresses::default(), ranges }
    }

    /// Sets the name of the gateway, which is a part of the keys of its allocations; by default that of the owner. Two
    /// gateways on one provider need different names: each gives back what it allocated itself.
    #[must_use]
    pub fn with_gateway(mut self, name: impl Into<String>) -> Self {
        self.gateway = name.into();
        self
    }

    /// Sets the addresses of the gateway itself, which are no machine of the lab.
    #[must_use]
    pub fn with_own(mut self, own: OwnAddresses) -> Self {
        self.own = own;
        self
    }

    /// Sets the longest time of a call of the provider; 20 s by default. A call that takes longer fails with a timeout.
    #[must_use]
    pub fn with_time_limit(mut self, limit: Duration) -> Self {
        self.source.set_limit(limit);
        self
    }

    /// Checks that the provider works and has the networks, and returns its remarks. Defines nothing.
    ///
    /// # Errors
    /// [`AddressError::Provider`] if the provider does not work, [`AddressError::NoRange`] or [`AddressError::Spaces`] if
    /// its ranges do not fit the networks.
    pub async fn check(&self) -> Result<Vec<String>, AddressError> {
        let provider = self.source.get().await?;
        let health = provider.check().await?;
        self.ranges.missing(provider.as_ref()).await?;
        Ok(health.warnings)
    }

    /// Closes the provider.
    ///
    /// # Errors
    /// [`AddressError::Provider`] with the work that is left.
    pub async fn close(&self) -> Result<(), AddressError> {
        match self.source.opened().await {
            Some(provider) => Ok(provider.close().await?),
            None => Ok(()),
        }
    }

    /// Returns the ranges of the lab, and defines those that are missing, where the provider keeps the plan itself. They are
    /// read again after five minutes.
    ///
    /// # Errors
    /// [`AddressError::NoRange`] if a network has no range and none can be defined, [`AddressError::Spaces`] if several
    /// address spaces have it, [`AddressError::Unopened`] or [`AddressError::Provider`] if the provider fails.
    pub async fn ranges(&self) -> Result<Arc<[Range]>, AddressError> {
        let provider = self.source.get().await?;
        self.ranges.get(provider.as_ref()).await
    }

    /// Returns true if the address lies in a network of the lab.
    #[must_use]
    pub fn contains(&self, address: Ipv4Addr) -> bool {
        self.ranges.networks().iter().any(|net| net.contains(&address))
    }

    /// Checks that an address can be one of a machine of the lab. The provider is not asked.
    ///
    /// # Errors
    /// [`AddressError::Outside`] or [`AddressError::Own`] if it is none; [`AddressError::OwnUnknown`] if the system does not
    /// tell which ones are the gateway's.
    pub fn check_target(&self, address: Ipv4Addr) -> Result<(), AddressError> {
        if !self.contains(address) {
            return Err(AddressError::Outside { address });
        }
        if self.own.contains(address)? { Err(AddressError::Own { address }) } else { Ok(()) }
    }

    /// Returns the allocation of an address, however it came about.
    ///
    /// # Errors
    /// [`AddressError::Provider`] if the provider fails.
    pub async fn find(&self, address: Ipv4Addr) -> Result<Option<LabAddress>, AddressError> {
        // The provider's range may be larger than the lab.
        if !self.contains(address) {
            return Ok(None);
        }
        let ranges = self.ranges().await?;
        let found = self.source.get().await?.find(&Find::default().with_address(IpAddr::V4(address))).await?;
        // Another address space may have the same addresses.
        let ours = found.items.iter().find(|allocation| ranges.iter().any(|range| range.id == allocation.range));
        Ok(ours.and_then(LabAddress::of))
    }

    /// Returns all allocated addresses of the lab, in the order of their numbers.
    ///
    /// # Errors
    /// [`AddressError::TooMany`] for more than 65 536, [`AddressError::Provider`] if the provider fails.
    pub async fn list(&self) -> Result<Vec<LabAddress>, AddressError> {
        let mut all = Vec::new();
        let provider = self.source.get().await?;
        for range in self.ranges().await?.iter() {
            let mut request = Find::default().with_range(range.id.clone()).with_page(PageRequest::of(PAGE));
            loop {
                let page = provider.find(&request).await?;
                all.extend(page.items.iter().filter_map(LabAddress::of).filter(|found| self.contains(found.address)));
                if all.len() > MOST {
                    return Err(AddressError::TooMany { most: MOST });
                }
                let Some(token) = page.next else { break };
                request.page.token = Some(token);
            }
        }
        // Two ranges of one prefix have different addresses, but a server may show an address in both.
        all.sort_by_key(|found| found.address);
        all.dedup_by_key(|found| found.address);
        Ok(all)
    }

    /// Makes the lease of an address for a machine: what [`take`](Self::take) and [`give_back`](Self::give_back) need.
    #[must_use]
    pub fn lease(&self, address: Ipv4Addr, name: &str) -> Lease {
        // Of gateway, address and name, so that a repeat is the same request, and another machine's is another one.
        Lease::new(address, name, format!("lab-gateway/{}/{address}/{}", in_key(&self.gateway), in_key(name)))
    }

    /// Allocates exactly the address of the lease. It can be repeated.
    ///
    /// # Errors
    /// [`AddressError::Taken`] if the address is allocated, reserved, quarantined or a gateway; [`AddressError::Refused`] if
    /// the provider does not take it or the name; [`AddressError::Outside`] if no range has it;
    /// [`AddressError::Provider`] if the provider fails.
    pub async fn take(&self, lease: &Lease, component: &str) -> Result<(), AddressError> {
        let address = IpAddr::from(lease.address);
        let provider = self.source.get().await?;
        let ranges = self.ranges().await?;
        let mut fitting = ranges.iter().filter(|range| range.net.contains(&address));
        let Some(first) = fitting.next() else { return Err(AddressError::Outside { address: lease.address }) };
        let mut labels = Labels::default().with_hostname(&lease.name);
        labels = if provider.capabilities().tags {
            labels.with_tag(Tag::new(COMPONENT, component)).with_tag(Tag::new(KIND, PORT_MAP))
        } else {
            labels.with_description(format!("{component} ({PORT_MAP})"))
        };
        let line = AllocateLine::exactly(first.id.clone(), address).with_labels(labels);
        let line = fitting.fold(line, |line, range| line.or_from(range.id.clone()));
        let request = Allocate::new(self.owner.as_str()).with_key(lease.key.as_str()).with_line(line);
        match provider.allocate(&request).await {
            Ok(_) => Ok(()),
            Err(error) => Err(AddressError::of_exact(lease.address, error)),
        }
    }

    /// Deallocates what [`take`](Self::take) allocated for the lease, and nothing else. It can be repeated.
    ///
    /// # Errors
    /// [`AddressError::Provider`] if the provider fails; the address may be deallocated or not.
    pub async fn give_back(&self, lease: &Lease) -> Result<(), AddressError> {
        let owner = Precondition::Owner(Owner::new(self.owner.as_str()));
        let request = Deallocate::key(lease.key.as_str()).with_precondition(owner);
        self.source.get().await?.deallocate(&request).await?;
        Ok(())
    }
}

/// Returns a name for a key: a long one stands there by its digest, and so does one that would look like two.
fn in_key(name: &str) -> String {
    if name.len() <= LONGEST_IN_KEY && !name.contains('/') && !name.starts_with("sha256:") {
        return name.to_owned();
    }
    Sha256::digest(name).iter().fold(String::from("sha256:"), |text, byte| format!("{text}{byte:02x}"))
}
