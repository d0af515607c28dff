//! Resources of one deployment, and of all.

use futures_util::TryStreamExt;

use super::super::query::{DeploymentResourceQuery, ResourceQuery};
use super::super::request::DeploymentRequest;
use super::super::resource::{DeploymentResource, Resource, ResourceBody, ResourceType, SubmittedResource};
use super::super::service::{Deployments, Resources};
use crate::call::Call;
use crate::error::Error;
use crate::list::List;
use crate::odata::OrderBy;
use crate::request::ApiRequest;

impl Deployments<'_> {
    /// Lists the resources of a deployment, by name. Evidence: captured (8.x).
    pub fn resources(self, deployment_id: &str) -> List<DeploymentResource> {
        self.find_resources(deployment_id, DeploymentResourceQuery::new())
    }

    /// Lists the resources of a deployment that satisfy conditions, by name. Evidence: captured (8.x), described (8.10,
    /// the conditions).
    pub fn find_resources(self, deployment_id: &str, query: DeploymentResourceQuery) -> List<DeploymentResource> {
        let request = ApiRequest::get("/deployment/api/deployments/{deployment}/resources", &[deployment_id]);
        // Names are unique in a deployment, and captured responses show that the server orders by them.
        self.client.list(query.into_conditions().apply(request)).with_order_by(OrderBy::asc("name"))
    }

    /// Reads a resource of a deployment. Evidence: captured (8.x).
    pub fn resource(self, deployment_id: &str, resource_id: &str) -> Call<DeploymentResource> {
        let template = "/deployment/api/deployments/{deployment}/resources/{resource}";
        self.client.json(ApiRequest::get(template, &[deployment_id, resource_id]))
    }

    /// Deletes a resource of a deployment. Evidence: described (8.10).
    ///
    /// [Wait](Self::wait_for_request) for the request that the server returns; with [`None`] there is nothing to wait
    /// for.
    pub fn delete_resource(self, deployment_id: &str, resource_id: &str) -> Call<Option<DeploymentRequest>> {
        let template = "/deployment/api/deployments/{deployment}/resources/{resource}";
        let request = ApiRequest::delete(template, &[deployment_id, resource_id]);
        self.client.maybe(request)
    }

    /// Returns the machines of a deployment, with their addresses. Evidence: captured (8.x).
    ///
    /// Before the deployment is ready the result can be empty, or have machines without addresses:
    /// [wait](Self::wait_for) first.
    ///
    #[cfg_attr(feature = "testing", doc = "```")]
    #[cfg_attr(not(feature = "testing"), doc = "```text")]
    /// # use vra_client::{HttpOptions, testing::v8::Server, v8::Client};
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let server = Server::builder().example_data().start().await?;
    /// # let client = Client::builder(server.url()).with_password(Server::USER, Server::PASSWORD)
    /// #     .with_http_options(HttpOptions::new().with_allow_http(true)).build()?;
    /// # let project = client.projects().named("Development").await?.id.unwrap_or_default();
    /// # let item = client.catalog().item_named("Ubuntu").await?;
    /// # let body = vra_client::v8::CatalogItemRequestBody::new(project, "web 1");
    /// # let made = client.catalog().submit_to(&item, body)?.await?;
    /// # let (id, soon) = (made[0].id(), std::time::Duration::from_millis(1));
    /// # client.deployments().wait_for(id, &vra_client::poll::Wait::default().with_pauses(soon, soon)).await?;
    /// for machine in client.deployments().machines_of(id).await? {
    ///     assert_eq!((machine.name.as_deref(), machine.ip_addresses()), (Some("web"), vec!["10.10.20.10"]));
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The [errors of a list](List#errors), such as an [`Error::Server`] that is [not found](Error::is_not_found) for an
    /// unknown deployment.
    pub async fn machines_of(self, deployment_id: &str) -> Result<Vec<DeploymentResource>, Error> {
        // Not by the server's filter, which needs every type by its name: those of later releases would be missing.
        let rows = self.resources(deployment_id).stream();
        rows.try_filter(|row| std::future::ready(row.is_machine())).try_collect().await
    }

    /// Returns the addresses of the machines of a deployment, each once. Evidence: captured (8.x).
    ///
    /// # Errors
    /// An [`Error::Server`] that is [not found](Error::is_not_found) for an unknown deployment; otherwise the [errors
    /// of a list](List#errors).
    pub async fn ip_addresses_of(self, deployment_id: &str) -> Result<Vec<String>, Error> {
        // Each once over all machines too: a virtual address is at several of them.
        let machines = self.machines_of(deployment_id).await?;
        let all = machines.iter().flat_map(DeploymentResource::ip_addresses);
        Ok(crate::lenient::distinct(all).into_iter().map(str::to_owned).collect())
    }

    /// Lists the types of resources, by name. Evidence: described (8.10).
    ///
    /// Query parameters narrow the list: `search`, `projectIds`, `ids`, `providerId`, `composableOnly`.
    pub fn resource_types(self) -> List<ResourceType> {
        let request = ApiRequest::get("/deployment/api/resource-types", &[]);
        self.client.list(request).with_order_by(OrderBy::asc("name"))
    }

    /// Reads a type of resources. Evidence: described (8.10).
    pub fn resource_type(self, id: &str) -> Call<ResourceType> {
        self.client.json(ApiRequest::get("/deployment/api/resource-types/{type}", &[id]))
    }
}

impl Resources<'_> {
    /// Lists the resources of all deployments, by name. Evidence: captured (8.x, those of a deployment), described
    /// (8.10).
    pub fn list(self) -> List<Resource> {
        self.find(ResourceQuery::new())
    }

    /// Lists the resources that satisfy conditions, by name. Evidence: described (8.10).
    pub fn find(self, query: ResourceQuery) -> List<Resource> {
        let request = query.into_conditions().apply(ApiRequest::get("/deployment/api/resources", &[]));
        self.client.list(request).with_order_by(OrderBy::asc("name"))
    }

    /// Reads a resource. Evidence: described (8.10).
    pub fn get(self, id: &str) -> Call<Resource> {
        self.client.json(ApiRequest::get("/deployment/api/resources/{resource}", &[id]))
    }

    /// Makes a resource without a cloud template. Evidence: described (8.10).
    ///
    /// [Wait](Deployments::wait_for_request) for the request that the result names.
    pub fn create(self, body: ResourceBody) -> Call<SubmittedResource> {
        self.client.json(ApiRequest::post("/deployment/api/resources", &[]).json(body))
    }

    /// Lists the requests of a resource, oldest first. Evidence: described (8.10).
    pub fn requests(self, id: &str) -> List<DeploymentRequest> {
        let request = ApiRequest::get("/deployment/api/resources/{resource}/requests", &[id]);
        self.client.list(request).with_order_by(OrderBy::asc("createdAt"))
    }
}
