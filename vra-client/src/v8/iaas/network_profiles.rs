//! Network profiles: the networks that machines of a region get.

use super::common::{Tag, iaas_object, named};
use crate::call::Call;
use crate::error::Error;
use crate::lenient::{JsonObject, open_enum, request_body};
use crate::list::{List, rows};
use crate::request::ApiRequest;
use crate::v8::Client;

open_enum! {
    /// Way in which networks on demand are isolated.
    pub enum IsolationType {
        /// No networks on demand.
        None = "NONE",
        /// A subnet of its own.
        Subnet = "SUBNET",
        /// A security group.
        SecurityGroup = "SECURITY_GROUP",
    }
}

iaas_object! {
    /// Network profile: existing networks, and how networks on demand are made.
    pub struct NetworkProfile {
        /// Id.
        id: String = "id";
        /// Display name.
        name: String = "name";
        /// Description, free text.
        description: String = "description";
        /// Way in which networks on demand are isolated.
        isolation_type: IsolationType = "isolationType";
        /// Prefix that networks on demand are taken from, in CIDR notation.
        isolation_network_domain_cidr: String = "isolationNetworkDomainCIDR";
        /// Length of the prefix of a network on demand.
        isolated_network_cidr_prefix: i64 = "isolatedNetworkCIDRPrefix";
        /// Id of the region at its cloud account.
        external_region_id: String = "externalRegionId";
        /// Id of the cloud account.
        cloud_account_id: String = "cloudAccountId";
        /// Tags.
        tags: Vec<Tag> = "tags";
        /// Properties.
        custom_properties: JsonObject = "customProperties";
    }
}

impl NetworkProfile {
    /// Returns the ids of the fabric networks, which are in the links only.
    #[must_use]
    pub fn fabric_network_ids(&self) -> Vec<String> {
        self.links.as_ref().map(|links| links.ids("fabric-networks").collect()).unwrap_or_default()
    }

    /// Returns the id of the region, which is in the links only.
    #[must_use]
    pub fn region_id(&self) -> Option<String> {
        self.links.as_ref()?.id("region")
    }
}

request_body! {
    /// Body of the calls that create and change a network profile. Only the members that were set are sent.
    ///
    /// ```
    /// use vra_client::v8::{IsolationType, NetworkProfileBody};
    ///
    /// // Networks on demand from a block of an external IPAM.
    /// let body = NetworkProfileBody::new("lab", "3617c011")
    ///     .with_isolation_type(IsolationType::Subnet)
    ///     .with_external_ip_block_ids(["3e2bb9bc".to_owned()])
    ///     .with_isolated_network_cidr_prefix(28);
    /// assert_eq!(body.as_json().get("isolationType"), Some(&"SUBNET".into()));
    /// ```
    pub struct NetworkProfileBody {
        /// Sets the description.
        with_description: String = "description";
        /// Sets the fabric networks, by their ids.
        with_fabric_network_ids: Vec<String> = "fabricNetworkIds";
        /// Sets the blocks of an external IPAM that networks on demand are taken from, by their ids.
        with_external_ip_block_ids: Vec<String> = "externalIpBlockIds";
        /// Sets the way in which networks on demand are isolated.
        with_isolation_type: IsolationType = "isolationType";
        /// Sets the network domain of networks on demand, by its id.
        with_isolation_network_domain_id: String = "isolationNetworkDomainId";
        /// Sets the prefix that networks on demand are taken from, in CIDR notation.
        with_isolation_network_domain_cidr: String = "isolationNetworkDomainCIDR";
        /// Sets the network that networks on demand are connected to, by its id.
        with_isolation_external_fabric_network_id: String = "isolationExternalFabricNetworkId";
        /// Sets the length of the prefix of a network on demand.
        with_isolated_network_cidr_prefix: i64 = "isolatedNetworkCIDRPrefix";
        /// Sets the security groups, by their ids.
        with_security_group_ids: Vec<String> = "securityGroupIds";
        /// Sets the load balancers, by their ids.
        with_load_balancer_ids: Vec<String> = "loadBalancerIds";
        /// Sets properties.
        with_custom_properties: JsonObject = "customProperties";
        /// Sets the tags.
        with_tags: Vec<Tag> = "tags";
    }
}

impl NetworkProfileBody {
    /// Makes a body with the name and the id of the region, which every call requires.
    #[must_use]
    pub fn new(name: impl Into<String>, region_id: impl Into<String>) -> Self {
        let mut body = JsonObject::new();
        body.insert("name".to_owned(), name.into().into());
        body.insert("regionId".to_owned(), region_id.into().into());
        Self { body }
    }
}

rows!(NetworkProfile.id);

impl Client {
    /// Returns the network profiles.
    #[must_use]
    pub fn network_profiles(&self) -> NetworkProfiles<'_> {
        NetworkProfiles { client: self }
    }
}

/// Network profiles of the IaaS service, `/iaas/api/network-profiles`.
///
/// ```
/// # let client = vra_client::v8::Client::builder("https://vra.example").build()?;
/// let list = client.network_profiles().list();
/// assert_eq!(list.request().path(), "/iaas/api/network-profiles");
/// # Ok::<(), vra_client::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct NetworkProfiles<'a> {
    client: &'a Client,
}

impl NetworkProfiles<'_> {
    /// Lists the profiles. Evidence: described (8.10).
    pub fn list(self) -> List<NetworkProfile> {
        self.client.counted_list(ApiRequest::get("/iaas/api/network-profiles", &[]))
    }

    /// Reads a profile. Evidence: described (8.10).
    pub fn get(self, id: &str) -> Call<NetworkProfile> {
        self.client.json(ApiRequest::get("/iaas/api/network-profiles/{profile}", &[id]))
    }

    /// Finds the profile with this name. Evidence: described (8.10).
    ///
    /// # Errors
    /// [`Error::NoSuchName`] if no profile has the name; [`Error::Ambiguous`] if several have; otherwise the
    /// [errors of a list](List#errors).
    pub async fn named(self, name: &str) -> Result<NetworkProfile, Error> {
        named(self.list(), "network profile", name, |row| row.name.as_deref()).await
    }

    /// Creates a profile. Evidence: described (8.10).
    pub fn create(self, body: NetworkProfileBody) -> Call<NetworkProfile> {
        self.client.json(ApiRequest::post("/iaas/api/network-profiles", &[]).json(body))
    }

    /// Changes a profile. Members that are not in the body stay; a list in the body replaces the old one. Evidence:
    /// described (8.10).
    pub fn update(self, id: &str, body: NetworkProfileBody) -> Call<NetworkProfile> {
        self.client.json(ApiRequest::patch("/iaas/api/network-profiles/{profile}", &[id]).json(body))
    }

    /// Deletes a profile. Evidence: described (8.10).
    pub fn delete(self, id: &str) -> Call<()> {
        self.client.done(ApiRequest::delete("/iaas/api/network-profiles/{profile}", &[id]))
    }
}
