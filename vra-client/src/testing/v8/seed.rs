//! Access of a test to the store, without requests.

use std::net::IpAddr;
use std::time::SystemTime;

use serde_json::{Value, json};

use super::config::{Item, User};
use super::context::{hrefs, iaas_row};
use super::iaas::{put_block, put_range};
use super::login::refresh;
use super::rows::{AddressRecord, AddressState, CatalogItem, IpRange};
use super::store::{Package, Store};

/// Id of the only region.
const REGION: &str = "3617c011-39db-466e-a7f3-029f4523548f";
/// Name of the project that every server has.
pub(super) const PROJECT: &str = "Development";

impl Store {
    /// Id of the region that every server has.
    pub const REGION: &'static str = REGION;

    pub(super) fn set_up(&mut self, users: Vec<User>) {
        let now = SystemTime::now();
        self.users = users;
        let mut region = iaas_row("regions", REGION, now, now);
        region["name"] = "Datacenter 1".into();
        region["externalRegionId"] = "Datacenter:datacenter-1001".into();
        self.regions.put(REGION, region);
        self.add_project(PROJECT);
    }

    /// Fills the store with the example data.
    pub(super) fn example(&mut self) {
        let network = self.add_fabric_network("lab-net", "10.10.20.0/24");
        self.add_fabric_network("dhcp-net", "10.10.30.0/24");
        // The range lies in the network, so this cannot fail.
        let _ = self.add_ip_range("lab-static", &network, [10, 10, 20, 10].into(), [10, 10, 20, 99].into());
        let now = SystemTime::now();
        let id = self.id();
        let mut zone = iaas_row("zones", &id, now, now);
        zone["name"] = "Zone 1".into();
        zone["externalRegionId"] = "Datacenter:datacenter-1001".into();
        zone["_links"]["region"] = json!({"href": format!("/iaas/api/regions/{REGION}")});
        self.zones.put(&id, zone);
        let id = self.id();
        let mut profile = iaas_row("network-profiles", &id, now, now);
        profile["name"] = "lab-profile".into();
        profile["isolationType"] = "NONE".into();
        profile["_links"]["fabric-networks"] = hrefs("fabric-networks", [network.as_str()]);
        self.profiles.put(&id, profile);
        self.add_item(Item::new("Ubuntu").with_machine("web", "lab-net"));
        self.add_item(Item::new("Ubuntu with DHCP").with_machine("web", "dhcp-net"));
    }

    /// Adds a user who may log in.
    pub fn add_user(&mut self, user: User) {
        self.users.push(user);
    }

    /// Makes a refresh token of a user, as the console does, which is called API token there.
    ///
    /// ```
    /// use vra_client::testing::v8::Server;
    ///
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// let server = Server::start().await?;
    /// let token = server.seed(|store| store.refresh_token(Server::USER));
    /// assert!(!token.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn refresh_token(&mut self, user: &str) -> String {
        refresh(self, user, SystemTime::now())
    }

    /// Returns the number of logins of a user with a wrong password or domain.
    #[must_use]
    pub fn failed_logins(&self, user: &str) -> usize {
        self.failed_logins.iter().filter(|name| *name == user).count()
    }

    /// Adds a project and returns its id.
    pub fn add_project(&mut self, name: &str) -> String {
        let (id, now) = (self.id(), SystemTime::now());
        let mut row = iaas_row("projects", &id, now, now);
        row["name"] = name.into();
        row["description"] = "".into();
        for member in ["administrators", "members", "viewers", "zones"] {
            row[member] = json!([]);
        }
        row["operationTimeout"] = 0.into();
        row["sharedResources"] = true.into();
        self.projects.put(&id, row);
        id
    }

    /// Returns the id of the project with this name.
    #[must_use]
    pub fn project(&self, name: &str) -> Option<String> {
        id_of(&self.projects.rows, name)
    }

    /// Adds a fabric network with a prefix of IPv4 or IPv6 and returns its id.
    ///
    /// The first address of the prefix is its gateway.
    pub fn add_fabric_network(&mut self, name: &str, cidr: &str) -> String {
        let (id, now) = (self.id(), SystemTime::now());
        let mut row = iaas_row("fabric-networks", &id, now, now);
        row["name"] = name.into();
        let v6 = cidr.contains(':');
        row[if v6 { "ipv6Cidr" } else { "cidr" }] = cidr.into();
        row["externalId"] = format!("dvportgroup-{}", self.number()).into();
        row["externalRegionId"] = "Datacenter:datacenter-1001".into();
        row["isPublic"] = false.into();
        row["isDefault"] = false.into();
        row["cloudAccountIds"] = json!(["0e05c6ad-6a38-4b3f-9c0e-000000000001"]);
        row["tags"] = json!([]);
        row["customProperties"] = json!({});
        row["domain"] = "lab.example".into();
        row["dnsServerAddresses"] = json!([if v6 { "2001:db8::53" } else { "10.10.20.2" }]);
        row["dnsSearchDomains"] = json!(["lab.example"]);
        let gateway = cidr.split('/').next().and_then(|base| base.parse::<IpAddr>().ok()).and_then(next);
        row[if v6 { "defaultIpv6Gateway" } else { "defaultGateway" }] =
            gateway.map(|gateway| gateway.to_string()).into();
        row["_links"]["region"] = json!({"href": format!("/iaas/api/regions/{REGION}")});
        self.networks.put(&id, row);
        id
    }

    /// Returns the id of the fabric network with this name.
    #[must_use]
    pub fn fabric_network(&self, name: &str) -> Option<String> {
        id_of(&self.networks.rows, name)
    }

    /// Adds an IP range to a fabric network and returns its id.
    ///
    /// # Errors
    /// The message of the server if the bounds are of two versions, or in the wrong order.
    pub fn add_ip_range(&mut self, name: &str, network: &str, start: IpAddr, end: IpAddr) -> Result<String, String> {
        let version = if start.is_ipv4() { "IPv4" } else { "IPv6" };
        let body = json!({
            "name": name, "startIPAddress": start.to_string(), "endIPAddress": end.to_string(), "ipVersion": version,
            "fabricNetworkIds": [network],
        });
        let id = self.id();
        // Through the reader of requests, so that a test cannot add what a client could not.
        let body = body.as_object().cloned().unwrap_or_default();
        self.ranges.push(IpRange::read(id.clone(), &body, SystemTime::now())?);
        Ok(id)
    }

    /// Returns the id of the IP range with this name.
    #[must_use]
    pub fn ip_range(&self, name: &str) -> Option<String> {
        self.ranges.iter().find(|range| range.name == name).map(|range| range.id.clone())
    }

    /// Allocates an address of a range, as a user of the console does.
    ///
    /// # Errors
    /// The message of the server if the address is taken or not in the range, or the range does not exist.
    pub fn allocate(&mut self, range: &str, address: IpAddr, description: &str) -> Result<(), String> {
        let (id, now) = (self.id(), SystemTime::now());
        let record = AddressRecord {
            id,
            state: AddressState::Allocated { by_user: true },
            description: Some(description.to_owned()),
            resource: None,
            created: now,
            updated: now,
        };
        let found = self.range_mut(range).ok_or_else(|| format!("There is no IP range {range}."))?;
        found.allocate(&[address], || record.clone())
    }

    /// Lets the server refuse an address of a range for ever, without a record that shows why.
    pub fn block(&mut self, range: &str, address: IpAddr) {
        if let Some(found) = self.range_mut(range) {
            found.blocked.insert(address);
        }
    }

    /// Sets the description of an address that has a record, which no call of a client can.
    pub fn describe(&mut self, range: &str, address: IpAddr, description: &str) {
        if let Some(record) = self.range_mut(range).and_then(|found| found.addresses.get_mut(&address)) {
            record.description = Some(description.to_owned());
        }
    }

    /// Lets the server show this text in place of an address of a range: in its record, and as a bound.
    pub fn show_as(&mut self, range: &str, address: IpAddr, text: &str) {
        if let Some(found) = self.range_mut(range) {
            found.shown.insert(address, text.to_owned());
        }
    }

    /// Releases addresses of a range, as a user of the console does.
    ///
    /// # Errors
    /// The message of the server if one of them is not allocated, or the range does not exist.
    pub fn release(&mut self, range: &str, addresses: &[IpAddr]) -> Result<(), String> {
        let found = self.range_mut(range).ok_or_else(|| format!("There is no IP range {range}."))?;
        found.release(addresses, SystemTime::now())
    }

    /// Marks an address of a range as in use by something that the server does not know.
    pub fn set_unregistered(&mut self, range: &str, address: IpAddr) {
        let (id, now) = (self.id(), SystemTime::now());
        let state = AddressState::Unregistered;
        let record = AddressRecord { id, state, description: None, resource: None, created: now, updated: now };
        if let Some(found) = self.range_mut(range) {
            found.addresses.insert(address, record);
        }
    }

    /// Returns the allocated addresses of a range, in ascending order.
    #[must_use]
    pub fn allocated(&self, range: &str) -> Vec<IpAddr> {
        let records = self.range(range).into_iter().flat_map(|range| &range.addresses);
        let allocated = records.filter(|(_, record)| matches!(record.state, AddressState::Allocated { .. }));
        allocated.map(|(address, _)| *address).collect()
    }

    /// Returns the description of an address that has a record.
    #[must_use]
    pub fn description(&self, range: &str, address: IpAddr) -> Option<String> {
        self.range(range)?.addresses.get(&address)?.description.clone()
    }

    /// Adds an IPAM package without an upload, and returns the id of its provider.
    pub fn add_package(&mut self, name: &str, bytes: &[u8]) -> String {
        let id = self.id();
        self.packages.push(Package { id: id.clone(), name: name.to_owned(), bytes: bytes.into() });
        id
    }

    /// Returns the number of imported IPAM packages.
    #[must_use]
    pub fn package_count(&self) -> usize {
        self.packages.len()
    }

    /// Adds an external IP range, as a collection of the integration would, and returns its id here. [`None`] if
    /// `range` has no `id`, `startIPAddress` or `endIPAddress`.
    ///
    /// ```
    /// use serde_json::json;
    /// use vra_client::testing::v8::Server;
    ///
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// let server = Server::start().await?;
    /// let range = json!({
    ///     "id": "12", "name": "172.16.20.0/24", "startIPAddress": "172.16.20.10", "endIPAddress": "172.16.20.200",
    ///     "ipVersion": "IPv4", "subnetPrefixLength": 24, "addressSpaceId": "default",
    /// });
    /// assert!(server.seed(|store| store.add_external_range("integration", &range)).is_some());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn add_external_range(&mut self, integration: &str, range: &Value) -> Option<String> {
        put_range(self, integration, range, SystemTime::now())
    }

    /// Adds an external IP block and returns its id here.
    pub fn add_external_block(&mut self, integration: &str, cidr: &str) -> String {
        put_block(self, integration, cidr, SystemTime::now())
    }

    /// Adds an item to the catalog and returns its id. [`Item`] has an example.
    pub fn add_item(&mut self, item: Item) -> String {
        let id = self.id();
        let project = item.project.clone().or_else(|| self.project(PROJECT)).unwrap_or_default();
        self.items.push(CatalogItem { id: id.clone(), project, created: SystemTime::now(), item });
        id
    }

    /// Returns the number of deployments that were ever created.
    #[must_use]
    pub fn deployment_count(&self) -> usize {
        self.deployments.len()
    }

    /// Returns the status of a deployment, also of one that was deleted.
    #[must_use]
    pub fn deployment_status(&self, id: &str) -> Option<String> {
        self.deployment(id).map(|found| found.status.clone())
    }

    /// Removes all trackers, as a server does after some time.
    pub fn drop_trackers(&mut self) {
        self.trackers.clear();
    }
}

fn id_of(rows: &[Value], name: &str) -> Option<String> {
    rows.iter().find(|row| row["name"] == name)?["id"].as_str().map(str::to_owned)
}

fn next(address: IpAddr) -> Option<IpAddr> {
    match address {
        IpAddr::V4(address) => u32::from(address).checked_add(1).map(|next| IpAddr::V4(next.into())),
        IpAddr::V6(address) => u128::from(address).checked_add(1).map(|next| IpAddr::V6(next.into())),
    }
}
