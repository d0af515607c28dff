//! Provisioned resources and deployments.

use super::super::deployment::Deployment;
use super::super::resource::{Resource, ResourceType, ResourceView};
use super::super::service::Catalog;
use crate::call::Call;
use crate::list::List;
use crate::odata::{Filter, OrderBy};
use crate::request::ApiRequest;

impl Catalog<'_> {
    /// Lists the caller's resources. Evidence: captured (7.x), documented (7.3).
    pub fn resources(self) -> List<Resource> {
        // With a slash at the end, as the manual prints it. Published clients leave it out too.
        self.list(ApiRequest::get("/catalog-service/api/consumer/resources/", &[]))
    }

    /// Lists the resources of the business groups that the caller manages. Evidence: documented (7.3).
    pub fn managed_resources(self) -> List<Resource> {
        self.resources().with_query("managedOnly", "true")
    }

    /// Lists the caller's resources of a type, such as `Infrastructure.Machine`. Evidence: captured (6.2), documented
    /// (7.3).
    ///
    /// A type includes its subtypes: the captured list of `Infrastructure.Machine` has rows whose own type is
    /// `Infrastructure.Virtual`. `Infrastructure.Cloud` is another subtype of it.
    ///
    /// The rows include [`resource_data`](crate::v7::Resource::resource_data), so pages are large. They include
    /// [`operations`](crate::v7::Resource::operations) only with [`with_query`](List::with_query)`("withOperations",
    /// "true")`.
    ///
    /// ```
    /// # let client = vra_client::v7::Client::builder("https://vra.example").build()?;
    /// let machines = client.catalog().resources_of_type("Infrastructure.Machine");
    /// // The manual writes this path with a slash at its end.
    /// assert_eq!(machines.request().path(), "/catalog-service/api/consumer/resources/types/Infrastructure.Machine/");
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn resources_of_type(self, type_id: &str) -> List<Resource> {
        let request = ApiRequest::get("/catalog-service/api/consumer/resources/types/{type}/", &[type_id]);
        self.list(request.with_query("withExtendedData", "true"))
    }

    /// Lists the resources of a type in business groups that the caller manages, newest first. Evidence: documented
    /// (7.3).
    ///
    /// Without ids it lists those of all business groups that the caller manages.
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
        // The order of the manual's example; without any, rows may repeat across pages.
        let list = list.with_order_by(OrderBy::desc("dateCreated"));
        // Without ids there is no filter: `managedOnly` limits the list to the groups of the caller already.
        match Filter::any_of("organization/subTenant/id", subtenant_ids) {
            Some(filter) => list.with_filter(filter),
            None => list,
        }
    }

    /// Reads one resource. Evidence: captured (6.2, 7.x).
    ///
    /// The server asks the resource's provider for fresh values, which takes longer than reading a list.
    pub fn resource(self, id: &str) -> Call<Resource> {
        self.json(ApiRequest::get("/catalog-service/api/consumer/resources/{resource}", &[id]))
    }

    /// Lists the caller's resources in the flat form of 7.x, with data and the links of their actions.
    /// Evidence: captured (7.x, as rows).
    ///
    /// The manual limits pages with data to 100 rows, which is the default here. What a server does with a larger
    /// [`with_page_size`](List::with_page_size) is not known.
    pub fn resource_views(self) -> List<ResourceView> {
        // Without the two parameters the rows have neither data nor links, and so no address and no action.
        let request = ApiRequest::get("/catalog-service/api/consumer/resourceViews", &[]);
        self.list(request.with_query("withExtendedData", "true").with_query("withOperations", "true"))
    }

    /// Reads one resource in the flat form of 7.x. Evidence: captured (7.x, as a row).
    pub fn resource_view(self, id: &str) -> Call<ResourceView> {
        self.json(ApiRequest::get("/catalog-service/api/consumer/resourceViews/{resource}", &[id]))
    }

    /// Lists all types of resources. Evidence: members (7.x).
    pub fn resource_types(self) -> List<ResourceType> {
        self.list(ApiRequest::get("/catalog-service/api/resourceTypes", &[]))
    }

    /// Reads one type of resource. Evidence: listed (7.x).
    pub fn resource_type(self, id: &str) -> Call<ResourceType> {
        self.json(ApiRequest::get("/catalog-service/api/consumer/resourceTypes/{type}", &[id]))
    }

    /// Lists the caller's deployments. 7.x. Evidence: members (7.x).
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

    /// Reads a deployment with its components. 7.x. Evidence: members (7.x).
    pub fn deployment(self, id: &str) -> Call<Deployment> {
        self.json(ApiRequest::get("/catalog-service/api/consumer/deployments/{deployment}", &[id]))
    }

    /// Changes name and description of a deployment that was read. 7.x. Evidence: sent (7.x).
    pub fn update_deployment(self, deployment: Deployment) -> Call<Option<Deployment>> {
        let id = deployment.id.clone().unwrap_or_default();
        let request = ApiRequest::put("/catalog-service/api/consumer/deployments/{deployment}", &[&id]);
        Call::maybe(&self.client.backend, request.json(deployment))
    }
}
