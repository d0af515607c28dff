//! Provisioned resources and deployments.

use super::super::resource::{Deployment, Resource, ResourceType, ResourceView};
use super::super::service::Catalog;
use crate::call::Call;
use crate::list::List;
use crate::odata::{Filter, OrderBy};
use crate::request::ApiRequest;

impl Catalog<'_> {
    /// The caller's resources. Evidence: captured (7.x), documented (7.3).
    pub fn resources(self) -> List<Resource> {
        self.list(ApiRequest::get("/catalog-service/api/consumer/resources/", &[]))
    }

    /// The resources of the business groups that the caller manages. Evidence: documented (7.3).
    pub fn managed_resources(self) -> List<Resource> {
        self.resources().with_query("managedOnly", "true")
    }

    /// The caller's resources of a type, such as `Infrastructure.Machine`. With data, which makes the pages heavier;
    /// what can be done to them only with [`with_query`](List::with_query)`("withOperations", "true")`.
    /// Evidence: captured (6.2), documented (7.3).
    ///
    /// ```
    /// # let client = vra_client::v7::Client::builder("https://vra.example").build()?;
    /// let machines = client.catalog().resources_of_type("Infrastructure.Machine");
    /// assert_eq!(machines.request().path(), "/catalog-service/api/consumer/resources/types/Infrastructure.Machine/");
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn resources_of_type(self, type_id: &str) -> List<Resource> {
        let request = ApiRequest::get("/catalog-service/api/consumer/resources/types/{type}/", &[type_id]);
        self.list(request.with_query("withExtendedData", "true"))
    }

    /// The resources of a type in business groups that the caller manages, newest first; in all of them if none is
    /// named. Evidence: documented (7.3).
    ///
    /// ```
    /// # let client = vra_client::v7::Client::builder("https://vra.example").build()?;
    /// let list = client.catalog().resources_of_subtenants("Infrastructure.Machine", ["a", "b"]);
    /// let filter = "(organization/subTenant/id eq 'a') or (organization/subTenant/id eq 'b')";
    /// assert_eq!(list.request().query_value("$filter"), Some(filter));
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn resources_of_subtenants<'b>(
        self,
        type_id: &str,
        subtenant_ids: impl IntoIterator<Item = &'b str>,
    ) -> List<Resource> {
        let list = self.resources_of_type(type_id).with_query("managedOnly", "true");
        let list = list.with_order_by(OrderBy::desc("dateCreated"));
        match Filter::any_of("organization/subTenant/id", subtenant_ids) {
            Some(filter) => list.with_filter(filter),
            None => list,
        }
    }

    /// One resource, fresh from its provider and so slower than lists. Evidence: captured (6.2, 7.x).
    pub fn resource(self, id: &str) -> Call<Resource> {
        self.json(ApiRequest::get("/catalog-service/api/consumer/resources/{resource}", &[id]))
    }

    /// The caller's resources, in the flat form. 7.x. With data and actions, which keeps pages at 100 rows.
    /// Evidence: captured rows (7.x).
    pub fn resource_views(self) -> List<ResourceView> {
        let request = ApiRequest::get("/catalog-service/api/consumer/resourceViews", &[]);
        self.list(request.with_query("withExtendedData", "true").with_query("withOperations", "true"))
    }

    /// One resource, in the flat form. 7.x. Evidence: captured rows (7.x).
    pub fn resource_view(self, id: &str) -> Call<ResourceView> {
        self.json(ApiRequest::get("/catalog-service/api/consumer/resourceViews/{resource}", &[id]))
    }

    /// All kinds of resources. Evidence: member names (7.x).
    pub fn resource_types(self) -> List<ResourceType> {
        self.list(ApiRequest::get("/catalog-service/api/resourceTypes", &[]))
    }

    /// One kind of resource. Evidence: request list (7.x).
    pub fn resource_type(self, id: &str) -> Call<ResourceType> {
        self.json(ApiRequest::get("/catalog-service/api/consumer/resourceTypes/{type}", &[id]))
    }

    /// The caller's deployments. 7.x. Evidence: names (7.x).
    ///
    /// ```
    /// # let client = vra_client::v7::Client::builder("https://vra.example").build()?;
    /// let list = client.catalog().deployments();
    /// assert_eq!(list.request().path(), "/catalog-service/api/consumer/deployments");
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn deployments(self) -> List<Deployment> {
        self.list(ApiRequest::get("/catalog-service/api/consumer/deployments", &[]))
    }

    /// A deployment with its components. 7.x. Evidence: names (7.x).
    pub fn deployment(self, id: &str) -> Call<Deployment> {
        self.json(ApiRequest::get("/catalog-service/api/consumer/deployments/{deployment}", &[id]))
    }

    /// Changes name and description of a deployment that was read. 7.x. Evidence: client code (7.x).
    pub fn update_deployment(self, deployment: Deployment) -> Call<Option<Deployment>> {
        let id = deployment.id.clone().unwrap_or_default();
        let request = ApiRequest::put("/catalog-service/api/consumer/deployments/{deployment}", &[&id]);
        Call::maybe(&self.client.backend, request.json(deployment))
    }
}
