//! IP ranges and blocks of an external IPAM.

use super::common::{IpVersion, Tag, fabric_network_ids, iaas_object};
use super::fabric_networks::FabricNetwork;
use crate::call::Call;
use crate::error::Error;
use crate::lenient::JsonObject;
use crate::list::{List, rows};
use crate::request::ApiRequest;
use crate::v8::Client;

iaas_object! {
    /// IP range of an external IPAM, as its plug-in reported it.
    pub struct ExternalIpRange {
        /// Id.
        id: String = "id";
        /// Display name.
        name: String = "name";
        /// Description, free text.
        description: String = "description";
        /// First address.
        start_ip_address: String = "startIPAddress";
        /// Last address.
        end_ip_address: String = "endIPAddress";
        /// Version; absent is 4.
        ip_version: IpVersion = "ipVersion";
        /// Length of the prefix of the subnet.
        subnet_prefix_length: i64 = "subnetPrefixLength";
        /// Address of the gateway.
        gateway_address: String = "gatewayAddress";
        /// Addresses of DNS servers.
        dns_server_addresses: Vec<String> = "dnsServerAddresses";
        /// DNS search domains.
        dns_search_domains: Vec<String> = "dnsSearchDomains";
        /// DNS domain.
        domain: String = "domain";
        /// Id of the address space at the IPAM.
        address_space_id: String = "addressSpaceId";
        /// Id of the range at the IPAM.
        external_id: String = "externalId";
        /// Id of the integration.
        integration_id: String = "integrationId";
        /// Tags.
        tags: Vec<Tag> = "tags";
    }
}

impl ExternalIpRange {
    /// Returns the ids of the fabric networks that use the range, which are in the links only.
    #[must_use]
    pub fn fabric_network_ids(&self) -> Vec<String> {
        fabric_network_ids(self.links.as_ref())
    }
}

rows!(ExternalIpRange.id);

impl Client {
    /// Returns the IP ranges of external IPAMs.
    #[must_use]
    pub fn external_ip_ranges(&self) -> ExternalIpRanges<'_> {
        ExternalIpRanges { client: self }
    }

    /// Returns the IP blocks of external IPAMs.
    #[must_use]
    pub fn external_ip_blocks(&self) -> ExternalIpBlocks<'_> {
        ExternalIpBlocks { client: self }
    }
}

/// IP ranges of external IPAMs in the IaaS service, `/iaas/api/external-network-ip-ranges`.
///
/// The server collects them from the plug-in of an integration, about every ten minutes; only the networks that use a
/// range can be changed.
///
/// ```
/// # let client = vra_client::v8::Client::builder("https://vra.example").build()?;
/// let call = client.external_ip_ranges().set_fabric_networks("r1", ["n1", "n2"]);
/// assert_eq!(call.request().body(), Some(&serde_json::json!({"fabricNetworkIds": ["n1", "n2"]})));
/// # Ok::<(), vra_client::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct ExternalIpRanges<'a> {
    client: &'a Client,
}

impl ExternalIpRanges<'_> {
    /// Lists the ranges. Evidence: described (8.10).
    pub fn list(self) -> List<ExternalIpRange> {
        self.client.list(ApiRequest::get("/iaas/api/external-network-ip-ranges", &[]))
    }

    /// Reads a range. Evidence: described (8.10).
    pub fn get(self, id: &str) -> Call<ExternalIpRange> {
        self.client.json(ApiRequest::get("/iaas/api/external-network-ip-ranges/{range}", &[id]))
    }

    /// Finds the range with this name. Evidence: described (8.10).
    ///
    /// # Errors
    /// [`Error::NoSuchName`] if no range has the name; [`Error::Ambiguous`] if several have; otherwise the
    /// [errors of a list](List#errors).
    pub async fn named(self, name: &str) -> Result<ExternalIpRange, Error> {
        // Without a filter, which this list does not declare.
        self.list().only("external IP range", name, |row| row.name.as_deref()).await
    }

    /// Sets the fabric networks that use a range, by their ids, in place of those that used it. None detaches it.
    /// Evidence: described (8.10).
    pub fn set_fabric_networks<T: Into<String>>(
        self,
        id: &str,
        networks: impl IntoIterator<Item = T>,
    ) -> Call<ExternalIpRange> {
        let networks: Vec<String> = networks.into_iter().map(Into::into).collect();
        let mut body = JsonObject::new();
        body.insert("fabricNetworkIds".to_owned(), networks.into());
        self.client.json(ApiRequest::patch("/iaas/api/external-network-ip-ranges/{range}", &[id]).json(body))
    }

    /// Attaches a range to one more fabric network: reads the range, adds the network and sends all of them. Evidence:
    /// described (8.10).
    ///
    /// Nothing is sent if the range has the network already. The change is not atomic: a network that another client
    /// attaches between the read and the write is lost.
    ///
    /// # Errors
    /// `NotFound` if the range does not exist; otherwise the [errors of a call](Call#errors).
    pub async fn attach(self, id: &str, network: &str) -> Result<ExternalIpRange, Error> {
        let range = self.get(id).await?;
        let mut networks = range.fabric_network_ids();
        if networks.iter().any(|held| held == network) {
            return Ok(range);
        }
        networks.push(network.to_owned());
        self.set_fabric_networks(id, networks).await
    }
}

/// IP blocks of external IPAMs in the IaaS service, `/iaas/api/external-ip-blocks`. They can only be read; a network
/// profile names those that its networks on demand are taken from.
///
/// ```
/// # let client = vra_client::v8::Client::builder("https://vra.example").build()?;
/// let call = client.external_ip_blocks().get("b1");
/// assert_eq!(call.request().path(), "/iaas/api/external-ip-blocks/b1");
/// # Ok::<(), vra_client::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct ExternalIpBlocks<'a> {
    client: &'a Client,
}

impl ExternalIpBlocks<'_> {
    /// Lists the blocks, which have the shape of networks. Evidence: described (8.10).
    pub fn list(self) -> List<FabricNetwork> {
        self.client.list(ApiRequest::get("/iaas/api/external-ip-blocks", &[]))
    }

    /// Reads a block. Evidence: described (8.10).
    pub fn get(self, id: &str) -> Call<FabricNetwork> {
        self.client.json(ApiRequest::get("/iaas/api/external-ip-blocks/{block}", &[id]))
    }

    /// Finds the block with this name. Evidence: described (8.10).
    ///
    /// # Errors
    /// [`Error::NoSuchName`] if no block has the name; [`Error::Ambiguous`] if several have; otherwise the
    /// [errors of a list](List#errors).
    pub async fn named(self, name: &str) -> Result<FabricNetwork, Error> {
        self.list().only("external IP block", name, |row| row.name.as_deref()).await
    }
}
