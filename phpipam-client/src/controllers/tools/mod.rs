//! `tools`: the lists that subnets and addresses refer to, one sub-controller each.

#[macro_use]
mod table;

pub(crate) mod customers;
pub(crate) mod device_types;
mod devices;
pub(crate) mod locations;
pub(crate) mod nameservers;
mod nat;
pub(crate) mod racks;
pub(crate) mod scan_agents;
pub(crate) mod tags;
mod vlans;

pub use customers::Customers;
pub use device_types::DeviceTypes;
pub use devices::Devices;
pub use locations::Locations;
pub use nameservers::Nameservers;
pub use nat::Nats;
pub use racks::Racks;
pub use scan_agents::ScanAgents;
pub use tags::Tags;
pub use vlans::{Vlans, Vrfs};

use crate::client::Client;

/// The sub-controllers of `tools`; see [`Client::tools`].
///
/// They write almost anything: a location without a name, a tag that subnets use being deleted. What they refuse is
/// what the database refuses. They cannot search.
#[derive(Debug, Clone, Copy)]
pub struct Tools<'a> {
    client: &'a Client,
}

impl<'a> Tools<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// Address tags.
    #[must_use]
    pub fn tags(&self) -> Tags<'a> {
        Tags::new(self.client)
    }

    /// Devices; the same table as [`Client::devices`].
    #[must_use]
    pub fn devices(&self) -> Devices<'a> {
        Devices::new(self.client)
    }

    /// Types of devices.
    #[must_use]
    pub fn device_types(&self) -> DeviceTypes<'a> {
        DeviceTypes::new(self.client)
    }

    /// VLANs, for reading; they are changed by [`Client::vlans`].
    #[must_use]
    pub fn vlans(&self) -> Vlans<'a> {
        Vlans::new(self.client)
    }

    /// VRFs, for reading; they are changed by [`Client::vrfs`].
    #[must_use]
    pub fn vrfs(&self) -> Vrfs<'a> {
        Vrfs::new(self.client)
    }

    /// Sets of name servers.
    #[must_use]
    pub fn nameservers(&self) -> Nameservers<'a> {
        Nameservers::new(self.client)
    }

    /// Scan agents.
    #[must_use]
    pub fn scan_agents(&self) -> ScanAgents<'a> {
        ScanAgents::new(self.client)
    }

    /// Locations.
    #[must_use]
    pub fn locations(&self) -> Locations<'a> {
        Locations::new(self.client)
    }

    /// Racks.
    #[must_use]
    pub fn racks(&self) -> Racks<'a> {
        Racks::new(self.client)
    }

    /// Customers; since 1.4.
    #[must_use]
    pub fn customers(&self) -> Customers<'a> {
        Customers::new(self.client)
    }

    /// Translations of addresses and subnets.
    #[must_use]
    pub fn nat(&self) -> Nats<'a> {
        Nats::new(self.client)
    }
}
