//! Which services the server is made of, and how they are.

use super::{Client, List};
use crate::call::Call;
use crate::lenient::{JsonObject, Timestamp, model};
use crate::list::rows;
use crate::request::ApiRequest;

model! {
    /// A service.
    pub struct ServiceInfo {
        /// `ServiceInfo`.
        type_name: String = "@type";
        /// The id.
        id: String = "id";
        /// The name, such as `iaas-service`.
        name: String = "name";
        /// The key of the name for display.
        name_msg_key: String = "nameMsgKey";
        /// Whose it is.
        owner_id: String = "ownerId";
        /// What kind of service; the members are not certain.
        service_type: JsonObject = "serviceType";
        /// The version.
        service_version: String = "serviceVersion";
        /// Attributes; the shape is not known.
        service_attributes: serde_json::Value = "serviceAttributes";
        /// Where it is.
        end_points: Vec<ServiceEndpoint> = "endPoints" | "endpoints";
        /// When it was made.
        created_date: Timestamp = "createdDate";
        /// When it was last changed.
        last_updated: Timestamp = "lastUpdated";
    }
}

model! {
    /// Where a service is.
    pub struct ServiceEndpoint {
        /// The id.
        id: String = "id";
        /// The address.
        url: String = "url";
        /// What kind of address; the members are not certain.
        end_point_type: JsonObject = "endPointType" | "endpointType";
        /// Attributes; the shape is not known.
        end_point_attributes: serde_json::Value = "endPointAttributes" | "endpointAttributes";
        /// The service.
        service_info_id: String = "serviceInfoId";
        /// Its certificates; the shape is not known.
        ssl_trusts: Vec<serde_json::Value> = "sslTrusts";
        /// When it was made.
        created_date: Timestamp = "createdDate";
        /// When it was last changed.
        last_updated: Timestamp = "lastUpdated";
    }
}

model! {
    /// How a service is, as the registry knows.
    pub struct ServiceStatus {
        /// The service's id.
        service_id: String = "serviceId";
        /// Its name.
        service_name: String = "serviceName";
        /// Its type.
        service_type_id: String = "serviceTypeId";
        /// Whether it did not answer.
        not_available: bool = "notAvailable";
        /// When that was found.
        last_updated: Timestamp = "lastUpdated";
        /// Where it was asked.
        status_end_point_url: String = "statusEndPointUrl" | "statusEndpointUrl";
        /// What it said.
        service_status: ServiceState = "serviceStatus";
    }
}

impl ServiceStatus {
    /// Whether the service is there and registered, which is its last step when it starts.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        let state = self.service_status.as_ref().and_then(|state| state.service_initialization_status.as_deref());
        self.not_available != Some(true) && state.is_some_and(|state| state.eq_ignore_ascii_case("REGISTERED"))
    }
}

model! {
    /// How a service is, as it says itself.
    pub struct ServiceState {
        /// Its name.
        service_name: String = "serviceName";
        /// Whether it is initialised.
        initialized: bool = "initialized";
        /// When it was started.
        started_time: String = "startedTime";
        /// `REGISTERED` when it is ready.
        service_initialization_status: String = "serviceInitializationStatus";
        /// What is wrong.
        error_message: String = "errorMessage";
    }
}

rows!(ServiceInfo.id, ServiceEndpoint.id, ServiceStatus.service_id);

impl Client {
    /// Which services the server is made of.
    #[must_use]
    pub fn component_registry(&self) -> ComponentRegistry<'_> {
        ComponentRegistry { client: self }
    }
}

/// The component registry: `/component-registry`, without `/api`.
#[derive(Debug, Clone, Copy)]
pub struct ComponentRegistry<'a> {
    client: &'a Client,
}

impl ComponentRegistry<'_> {
    /// The services. Evidence: names (7.x).
    pub fn services(self) -> List<ServiceInfo> {
        List::new(&self.client.backend, ApiRequest::get("/component-registry/services", &[]))
    }

    /// One service. Evidence: names (7.x).
    pub fn service(self, id: &str) -> Call<ServiceInfo> {
        Call::json(&self.client.backend, ApiRequest::get("/component-registry/services/{service}", &[id]))
    }

    /// Where a service is. Evidence: names (7.x).
    pub fn endpoints(self, service_id: &str) -> List<ServiceEndpoint> {
        let request = ApiRequest::get("/component-registry/services/{service}/endpoints", &[service_id]);
        List::new(&self.client.backend, request)
    }

    /// The kinds of endpoints; the shape is not published. Evidence: request list (7.x).
    pub fn endpoint_types(self) -> List<JsonObject> {
        List::new(&self.client.backend, ApiRequest::get("/component-registry/endpoints/types", &[]))
    }

    /// How the services are, as far as the registry knows. Cheap. Evidence: names (7.x).
    pub fn status(self) -> List<ServiceStatus> {
        List::new(&self.client.backend, ApiRequest::get("/component-registry/services/status", &[]))
    }

    /// How the services are now: the registry asks each of them, which is slow. Needs no token, so it can tell whether
    /// a server that is starting can be logged in to. Evidence: names (7.x).
    ///
    /// ```
    /// # let client = vra_client::v7::Client::builder("https://vra.example").build()?;
    /// let list = client.component_registry().current_status();
    /// assert_eq!(list.request().path(), "/component-registry/services/status/current");
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn current_status(self) -> List<ServiceStatus> {
        let request = ApiRequest::get("/component-registry/services/status/current", &[]).anonymously();
        List::new(&self.client.backend, request)
    }
}
