//! Component registry: services of the server and their status.

use super::{Client, List};
use crate::call::Call;
use crate::lenient::{JsonObject, Timestamp, model};
use crate::list::rows;
use crate::request::ApiRequest;

model! {
    /// Service of the server, as it registered itself.
    pub struct ServiceInfo {
        // Member names from a published client; no response is published. Members whose shape is not known are kept as
        // JSON.
        /// Type of the object in `@type`: `ServiceInfo`.
        type_name: String = "@type";
        /// Id of the service, a UUID.
        id: String = "id";
        /// Name, such as `iaas-service`.
        name: String = "name";
        /// Message key of the display name.
        name_msg_key: String = "nameMsgKey";
        /// Id of the owner of the service.
        owner_id: String = "ownerId";
        /// Type of the service; the members are not certain.
        service_type: JsonObject = "serviceType";
        /// Version of the service.
        service_version: String = "serviceVersion";
        /// Attributes; the shape is not known.
        service_attributes: serde_json::Value = "serviceAttributes";
        /// URLs of the service.
        end_points: Vec<ServiceEndpoint> = "endPoints" | "endpoints";
        /// Time of creation.
        created_date: Timestamp = "createdDate";
        /// Time of the last change.
        last_updated: Timestamp = "lastUpdated";
    }
}

model! {
    /// Endpoint of a service: a URL with its type.
    pub struct ServiceEndpoint {
        // The client that reads these members ignores letter case, hence the second spellings.
        /// Id of the endpoint, a UUID.
        id: String = "id";
        /// URL of the endpoint.
        url: String = "url";
        /// Type of the endpoint; the members are not certain.
        end_point_type: JsonObject = "endPointType" | "endpointType";
        /// Attributes; the shape is not known.
        end_point_attributes: serde_json::Value = "endPointAttributes" | "endpointAttributes";
        /// Id of the service.
        service_info_id: String = "serviceInfoId";
        /// Certificates of the endpoint; the shape is not known.
        ssl_trusts: Vec<serde_json::Value> = "sslTrusts";
        /// Time of creation.
        created_date: Timestamp = "createdDate";
        /// Time of the last change.
        last_updated: Timestamp = "lastUpdated";
    }
}

model! {
    /// Status of a service, as the registry recorded it.
    pub struct ServiceStatus {
        /// Id of the service.
        service_id: String = "serviceId";
        /// Name of the service.
        service_name: String = "serviceName";
        /// Id of the type of the service.
        service_type_id: String = "serviceTypeId";
        /// True if the service did not respond to the registry.
        not_available: bool = "notAvailable";
        /// Time of this status.
        last_updated: Timestamp = "lastUpdated";
        /// URL that the registry reads the status from.
        status_end_point_url: String = "statusEndPointUrl" | "statusEndpointUrl";
        /// Status that the service reported.
        service_status: ServiceState = "serviceStatus";
    }
}

impl ServiceStatus {
    /// Returns true if the service responded and is registered, which is the last step of its start.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        // A service that did not respond has no status, or an old one.
        let state = self.service_status.as_ref().and_then(|state| state.service_initialization_status.as_deref());
        self.not_available != Some(true) && state.is_some_and(|state| state.eq_ignore_ascii_case("REGISTERED"))
    }
}

model! {
    /// Status that a service reported about itself.
    pub struct ServiceState {
        /// Name of the service.
        service_name: String = "serviceName";
        /// True if the service is initialized.
        initialized: bool = "initialized";
        /// Start time, as text.
        // As text: its form is not known.
        started_time: String = "startedTime";
        /// Step of the start; `REGISTERED` is the last one.
        service_initialization_status: String = "serviceInitializationStatus";
        /// Error of the start, if it failed.
        error_message: String = "errorMessage";
    }
}

rows!(ServiceInfo.id, ServiceEndpoint.id, ServiceStatus.service_id);

impl Client {
    /// Returns the component registry: the services of the server and their status.
    #[must_use]
    pub fn component_registry(&self) -> ComponentRegistry<'_> {
        ComponentRegistry { client: self }
    }
}

/// Component registry, `/component-registry` without `/api`: the services of the server and their status.
///
#[cfg_attr(feature = "testing", doc = "```")]
#[cfg_attr(not(feature = "testing"), doc = "```text")]
/// # use vra_client::{HttpOptions, testing::v7::Server, v7::Client};
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// # let server = Server::builder().example_data().start().await?;
/// # let client = Client::builder(server.url()).with_password(Server::USER, Server::PASSWORD, Server::TENANT)
/// #     .with_http_options(HttpOptions::new().with_allow_http(true)).build()?;
/// // Wait for the server to start: no token is needed for that.
/// let anonymous = Client::builder(server.url())
///     .with_http_options(HttpOptions::new().with_allow_http(true)).build()?;
/// let services = anonymous.component_registry().current_status().all().await?;
/// assert!(services.iter().all(|service| service.is_ready()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct ComponentRegistry<'a> {
    client: &'a Client,
}

impl ComponentRegistry<'_> {
    /// Lists the services. Evidence: members (7.x).
    pub fn services(self) -> List<ServiceInfo> {
        // Without `/api`, unlike all other services; the only known path with it is for the links of a tenant.
        List::new(&self.client.backend, ApiRequest::get("/component-registry/services", &[]))
    }

    /// Reads one service. Evidence: members (7.x).
    pub fn service(self, id: &str) -> Call<ServiceInfo> {
        Call::json(&self.client.backend, ApiRequest::get("/component-registry/services/{service}", &[id]))
    }

    /// Lists the endpoints of a service. Evidence: members (7.x).
    pub fn endpoints(self, service_id: &str) -> List<ServiceEndpoint> {
        let request = ApiRequest::get("/component-registry/services/{service}/endpoints", &[service_id]);
        List::new(&self.client.backend, request)
    }

    /// Lists the types of endpoints. Evidence: listed (7.x); the shape is not published.
    pub fn endpoint_types(self) -> List<JsonObject> {
        List::new(&self.client.backend, ApiRequest::get("/component-registry/endpoints/types", &[]))
    }

    /// Lists the last recorded status of each service, without asking the services. Evidence: members (7.x).
    pub fn status(self) -> List<ServiceStatus> {
        List::new(&self.client.backend, ApiRequest::get("/component-registry/services/status", &[]))
    }

    /// Lists the present status of each service. Evidence: members (7.x).
    ///
    /// The registry asks each service, which takes long. The call needs no token, so it tells whether a server that
    /// starts can be logged in to.
    ///
    /// ```
    /// # let client = vra_client::v7::Client::builder("https://vra.example").build()?;
    /// let list = client.component_registry().current_status();
    /// assert_eq!(list.request().path(), "/component-registry/services/status/current");
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn current_status(self) -> List<ServiceStatus> {
        // While the server starts, a login would fail, and repeated failures can lock the account.
        let request = ApiRequest::get("/component-registry/services/status/current", &[]).anonymously();
        List::new(&self.client.backend, request)
    }
}
