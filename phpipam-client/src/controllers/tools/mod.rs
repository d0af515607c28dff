//! Controller `tools`: the objects that subnets and addresses refer to, one sub-controller per kind.

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

/// Sub-controllers of `tools`; see [`Client::tools`].
///
/// **The server validates almost nothing here.** It creates a location without a name, and deletes a tag that addresses
/// have. Only the database refuses: values that are too long, words outside a fixed set, duplicates of a unique value.
/// There is no search and no filter; [`Client::devices`] has both for devices.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// # let server = phpipam_client::testing::Server::start().await?;
/// # let options = phpipam_client::HttpOptions::new().with_allow_http(true);
/// # let auth = phpipam_client::Auth::user("admin", "correct horse");
/// # let client = phpipam_client::Client::builder(server.url(), "test", auth).with_http_options(options).build()?;
/// use phpipam_client::models::{SectionFields, SubnetFields, NameserverFields};
///
/// let dns = client.tools().nameservers().create("Lab", ["192.0.2.53"], &NameserverFields::new()).await?.id;
/// let section = client.sections().create("Lab", &SectionFields::new()).await?.id;
/// let fields = SubnetFields::new().with_nameserver(dns);
/// let subnet = client.subnets().create(section, "10.0.0.0/24".parse()?, &fields).await?.id;
/// assert_eq!(client.subnets().get(subnet).await?.nameserver_id, Some(dns));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Tools<'a> {
    client: &'a Client,
}

impl<'a> Tools<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// Returns a handle to the address tags.
    #[must_use]
    pub fn tags(&self) -> Tags<'a> {
        Tags::new(self.client)
    }

    /// Returns a handle to the devices, the same table as [`Client::devices`].
    #[must_use]
    pub fn devices(&self) -> Devices<'a> {
        Devices::new(self.client)
    }

    /// Returns a handle to the device types.
    #[must_use]
    pub fn device_types(&self) -> DeviceTypes<'a> {
        DeviceTypes::new(self.client)
    }

    /// Returns a read-only handle to the VLANs; [`Client::vlans`] changes them.
    #[must_use]
    pub fn vlans(&self) -> Vlans<'a> {
        Vlans::new(self.client)
    }

    /// Returns a read-only handle to the VRFs; [`Client::vrfs`] changes them.
    #[must_use]
    pub fn vrfs(&self) -> Vrfs<'a> {
        Vrfs::new(self.client)
    }

    /// Returns a handle to the sets of name servers.
    #[must_use]
    pub fn nameservers(&self) -> Nameservers<'a> {
        Nameservers::new(self.client)
    }

    /// Returns a handle to the scan agents.
    #[must_use]
    pub fn scan_agents(&self) -> ScanAgents<'a> {
        ScanAgents::new(self.client)
    }

    /// Returns a handle to the locations.
    #[must_use]
    pub fn locations(&self) -> Locations<'a> {
        Locations::new(self.client)
    }

    /// Returns a handle to the racks.
    #[must_use]
    pub fn racks(&self) -> Racks<'a> {
        Racks::new(self.client)
    }

    /// Returns a handle to the customers. Since 1.4; 1.3 refuses with kind
    /// [`Unsupported`](crate::RefusalKind::Unsupported).
    #[must_use]
    pub fn customers(&self) -> Customers<'a> {
        Customers::new(self.client)
    }

    /// Returns a handle to the NAT rules.
    #[must_use]
    pub fn nat(&self) -> Nats<'a> {
        Nats::new(self.client)
    }
}
