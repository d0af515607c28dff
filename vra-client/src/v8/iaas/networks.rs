//! Networks of deployments, and network domains.

use super::common::{Tag, iaas_object, named};
use super::request_tracker::RequestTracker;
use crate::call::Call;
use crate::error::Error;
use crate::lenient::{JsonObject, request_body};
use crate::list::{List, rows};
use crate::request::ApiRequest;
use crate::v8::Client;

iaas_object! {
    /// Network of a deployment.
    pub struct Network {
        /// Id.
        id: String = "id";
        /// Display name.
        name: String = "name";
        /// Description, free text.
        description: String = "description";
        /// Prefix in CIDR notation.
        cidr: String = "cidr";
        /// Id of the network at its cloud account.
        external_id: String = "externalId";
        /// Id of the region at its cloud account.
        external_region_id: String = "externalRegionId";
        /// Id of the zone at its cloud account.
        external_zone_id: String = "externalZoneId";
        /// Ids of the cloud accounts.
        cloud_account_ids: Vec<String> = "cloudAccountIds";
        /// Id of the deployment.
        deployment_id: String = "deploymentId";
        /// Id of the project.
        project_id: String = "projectId";
        /// State, such as `READY`.
        provisioning_status: String = "provisioningStatus";
        /// Tags.
        tags: Vec<Tag> = "tags";
        /// Properties.
        custom_properties: JsonObject = "customProperties";
    }
}

iaas_object! {
    /// Network domain: the network of a cloud account that others lie in, such as a VPC or a transport zone.
    pub struct NetworkDomain {
        /// Id.
        id: String = "id";
        /// Display name.
        name: String = "name";
        /// Description, free text.
        description: String = "description";
        /// Prefix in CIDR notation.
        cidr: String = "cidr";
        /// Id of the domain at its cloud account.
        external_id: String = "externalId";
        /// Id of the region at its cloud account.
        external_region_id: String = "externalRegionId";
        /// Ids of the cloud accounts.
        cloud_account_ids: Vec<String> = "cloudAccountIds";
        /// Tags.
        tags: Vec<Tag> = "tags";
        /// Properties.
        custom_properties: JsonObject = "customProperties";
    }
}

request_body! {
    /// Body of the call that creates a network. Only the members that were set are sent.
    ///
    /// ```
    /// use vra_client::v8::NetworkBody;
    /// let body = NetworkBody::new("web", "9de81991").with_outbound_access(true);
    /// assert_eq!(body.as_json().get("projectId"), Some(&"9de81991".into()));
    /// ```
    pub struct NetworkBody {
        /// Sets the description.
        with_description: String = "description";
        /// Sets the deployment. Without one the server makes a new deployment.
        with_deployment_id: String = "deploymentId";
        /// Sets whether machines reach other networks.
        with_outbound_access: bool = "outboundAccess";
        /// Sets whether a gateway is created.
        with_create_gateway: bool = "createGateway";
        /// Sets constraints of placement, each an object with `mandatory` and `expression`.
        with_constraints: Vec<JsonObject> = "constraints";
        /// Sets the tags.
        with_tags: Vec<Tag> = "tags";
        /// Sets properties.
        with_custom_properties: JsonObject = "customProperties";
    }
}

impl NetworkBody {
    /// Makes a body with the name and the id of the project, which the server requires.
    #[must_use]
    pub fn new(name: impl Into<String>, project_id: impl Into<String>) -> Self {
        let mut body = JsonObject::new();
        body.insert("name".to_owned(), name.into().into());
        body.insert("projectId".to_owned(), project_id.into().into());
        Self { body }
    }
}

rows!(Network.id, NetworkDomain.id);

impl Client {
    /// Returns the networks of deployments, and the network domains.
    #[must_use]
    pub fn networks(&self) -> Networks<'_> {
        Networks { client: self }
    }
}

/// Networks and network domains of the IaaS service, `/iaas/api/networks` and `/iaas/api/network-domains`.
///
/// ```
/// # let client = vra_client::v8::Client::builder("https://vra.example").build()?;
/// let list = client.networks().domains();
/// assert_eq!(list.request().path(), "/iaas/api/network-domains");
/// # Ok::<(), vra_client::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Networks<'a> {
    client: &'a Client,
}

impl Networks<'_> {
    /// Lists the networks. Evidence: described (8.10).
    pub fn list(self) -> List<Network> {
        self.client.list(ApiRequest::get("/iaas/api/networks", &[]))
    }

    /// Reads a network. Evidence: described (8.10).
    pub fn get(self, id: &str) -> Call<Network> {
        self.client.json(ApiRequest::get("/iaas/api/networks/{network}", &[id]))
    }

    /// Creates a network. The tracker says when it is there. Evidence: described (8.10).
    pub fn create(self, body: NetworkBody) -> Call<RequestTracker> {
        self.client.json(ApiRequest::post("/iaas/api/networks", &[]).json(body))
    }

    /// Deletes a network. `force` removes it also if its cloud account cannot be reached. Evidence: described (8.10).
    pub fn delete(self, id: &str, force: bool) -> Call<Option<RequestTracker>> {
        let request = ApiRequest::delete("/iaas/api/networks/{network}", &[id]);
        self.client.maybe(if force { request.with_query("forceDelete", "true") } else { request })
    }

    /// Lists the network domains. Evidence: described (8.10).
    pub fn domains(self) -> List<NetworkDomain> {
        self.client.list(ApiRequest::get("/iaas/api/network-domains", &[]))
    }

    /// Reads a network domain. Evidence: described (8.10).
    pub fn domain(self, id: &str) -> Call<NetworkDomain> {
        self.client.json(ApiRequest::get("/iaas/api/network-domains/{domain}", &[id]))
    }

    /// Finds the network domain with this name. Evidence: described (8.10).
    ///
    /// # Errors
    /// [`Error::NoSuchName`] if no domain has the name; [`Error::Ambiguous`] if several have; otherwise the
    /// [errors of a list](List#errors).
    pub async fn domain_named(self, name: &str) -> Result<NetworkDomain, Error> {
        named(self.domains(), "network domain", name, |row| row.name.as_deref()).await
    }
}
