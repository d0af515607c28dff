//! Fabric networks: networks that the server found at its cloud accounts.

use super::common::{Tag, iaas_object, named};
use super::network_ip_ranges::NetworkIpRange;
use crate::call::Call;
use crate::error::Error;
use crate::lenient::{JsonObject, request_body};
use crate::list::{List, rows};
use crate::request::ApiRequest;
use crate::v8::Client;

iaas_object! {
    /// Network that the server found at a cloud account, or an external IP block.
    pub struct FabricNetwork {
        // Both forms of the call share one type: the vSphere form adds members and leaves one out.
        /// Id.
        id: String = "id";
        /// Display name.
        name: String = "name";
        /// Description, free text.
        description: String = "description";
        /// Prefix in CIDR notation.
        cidr: String = "cidr";
        /// IPv6 prefix in CIDR notation; it may have an address of the network in it.
        ipv6_cidr: String = "ipv6Cidr";
        /// Address of the gateway; vSphere.
        default_gateway: String = "defaultGateway";
        /// IPv6 address of the gateway; vSphere.
        default_ipv6_gateway: String = "defaultIpv6Gateway";
        /// Addresses of DNS servers; vSphere.
        dns_server_addresses: Vec<String> = "dnsServerAddresses";
        /// DNS search domains; vSphere.
        dns_search_domains: Vec<String> = "dnsSearchDomains";
        /// DNS domain; vSphere.
        domain: String = "domain";
        /// True if the network is the default one of its zone.
        is_default: bool = "isDefault";
        /// True if machines get public addresses.
        is_public: bool = "isPublic";
        /// Id of the network at its cloud account, such as `dvportgroup-1027`.
        external_id: String = "externalId";
        /// Id of the region at its cloud account.
        external_region_id: String = "externalRegionId";
        /// Ids of the cloud accounts.
        cloud_account_ids: Vec<String> = "cloudAccountIds";
        /// Id of the network domain.
        network_domain_id: String = "networkDomainId";
        /// Id of the zone at the cloud account.
        zone_id: String = "zoneId";
        /// Tags.
        tags: Vec<Tag> = "tags";
        /// Properties.
        custom_properties: JsonObject = "customProperties";
    }
}

request_body! {
    /// Body of the call that changes a fabric network of vSphere. Only the members that were set are sent.
    ///
    /// ```
    /// use vra_client::v8::FabricNetworkBody;
    ///
    /// let body = FabricNetworkBody::new().with_cidr("10.1.2.0/24").with_default_gateway("10.1.2.1");
    /// assert_eq!(
    ///     serde_json::to_value(&body)?,
    ///     serde_json::json!({"cidr": "10.1.2.0/24", "defaultGateway": "10.1.2.1"}),
    /// );
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub struct FabricNetworkBody {
        /// Sets the prefix, in CIDR notation.
        with_cidr: String = "cidr";
        /// Sets the IPv6 prefix, in CIDR notation.
        with_ipv6_cidr: String = "ipv6Cidr";
        /// Sets the address of the gateway.
        with_default_gateway: String = "defaultGateway";
        /// Sets the IPv6 address of the gateway.
        with_default_ipv6_gateway: String = "defaultIpv6Gateway";
        /// Sets the addresses of DNS servers.
        with_dns_server_addresses: Vec<String> = "dnsServerAddresses";
        /// Sets the DNS search domains.
        with_dns_search_domains: Vec<String> = "dnsSearchDomains";
        /// Sets the DNS domain.
        with_domain: String = "domain";
        /// Sets whether the network is the default one of its zone.
        with_is_default: bool = "isDefault";
        /// Sets whether machines get public addresses.
        with_is_public: bool = "isPublic";
        /// Sets the tags.
        with_tags: Vec<Tag> = "tags";
    }
}

impl FabricNetworkBody {
    /// Makes a body that changes nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self { body: JsonObject::new() }
    }
}

impl Default for FabricNetworkBody {
    fn default() -> Self {
        Self::new()
    }
}

rows!(FabricNetwork.id);

impl Client {
    /// Returns the fabric networks.
    #[must_use]
    pub fn fabric_networks(&self) -> FabricNetworks<'_> {
        FabricNetworks { client: self }
    }
}

/// Fabric networks of the IaaS service, `/iaas/api/fabric-networks` and `/iaas/api/fabric-networks-vsphere`.
///
/// ```
/// # let client = vra_client::v8::Client::builder("https://vra.example").build()?;
/// use vra_client::odata::Filter;
///
/// // A star in the text stands for any text: names that contain "Workload".
/// let list = client.fabric_networks().list().with_filter(Filter::eq("name", "*Workload*"));
/// assert_eq!(list.request().query_value("$filter"), Some("name eq '*Workload*'"));
/// # Ok::<(), vra_client::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct FabricNetworks<'a> {
    client: &'a Client,
}

impl FabricNetworks<'_> {
    /// Lists the networks of all kinds of cloud accounts. Evidence: described (8.10).
    pub fn list(self) -> List<FabricNetwork> {
        self.client.counted_list(ApiRequest::get("/iaas/api/fabric-networks", &[]))
    }

    /// Lists the networks of vSphere, with gateways and DNS servers. Evidence: described (8.10).
    pub fn list_vsphere(self) -> List<FabricNetwork> {
        self.client.counted_list(ApiRequest::get("/iaas/api/fabric-networks-vsphere", &[]))
    }

    /// Reads a network. Evidence: described (8.10).
    pub fn get(self, id: &str) -> Call<FabricNetwork> {
        self.client.json(ApiRequest::get("/iaas/api/fabric-networks/{network}", &[id]))
    }

    /// Reads a network of vSphere, with gateways and DNS servers. Evidence: described (8.10).
    pub fn get_vsphere(self, id: &str) -> Call<FabricNetwork> {
        self.client.json(ApiRequest::get("/iaas/api/fabric-networks-vsphere/{network}", &[id]))
    }

    /// Finds the network with this name. Evidence: described (8.10).
    ///
    /// # Errors
    /// [`Error::NoSuchName`] if no network has the name; [`Error::Ambiguous`] if several have, which is usual with
    /// several cloud accounts; otherwise the [errors of a list](List#errors).
    pub async fn named(self, name: &str) -> Result<FabricNetwork, Error> {
        named(self.list(), "fabric network", name, |row| row.name.as_deref()).await
    }

    /// Sets the tags of a network. Evidence: described (8.10).
    pub fn set_tags(self, id: &str, tags: impl Into<Vec<Tag>>) -> Call<FabricNetwork> {
        let body = FabricNetworkBody::new().with_tags(tags);
        self.client.json(ApiRequest::patch("/iaas/api/fabric-networks/{network}", &[id]).json(body))
    }

    /// Changes a network of vSphere: prefix, gateway and DNS servers. Evidence: described (8.10).
    pub fn update_vsphere(self, id: &str, body: FabricNetworkBody) -> Call<FabricNetwork> {
        self.client.json(ApiRequest::patch("/iaas/api/fabric-networks-vsphere/{network}", &[id]).json(body))
    }

    /// Lists the IP ranges of a network. Evidence: listed (8.14).
    ///
    /// The published types of the response are not certain: a list and a single range are both read.
    pub fn ip_ranges(self, id: &str) -> List<NetworkIpRange> {
        let request = ApiRequest::get("/iaas/api/fabric-networks/{network}/network-ip-ranges", &[id]);
        self.client.list(request)
    }
}
