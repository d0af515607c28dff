//! Catalog service: items, requests, resources and their actions.

mod action_link;
mod body;
mod cost;
mod forms;
mod item;
mod reference;
mod request;
mod resource;

use std::sync::Arc;

use futures_util::TryStreamExt;

pub use body::{CatalogItemRequestBody, MachineValues, ResourceActionRequestBody};
pub use cost::{Costs, Lease, Quote};
pub use forms::Forms;
pub use item::{
    CatalogItem, CatalogItemView, CatalogService, EntitledCatalogItem, EntitledItem, EntitledOperation,
    EntitledService, Entitlement,
};
pub use reference::{Organization, Owner, ProviderBinding, Reference};
pub use request::{CatalogRequest, RequestCompletion, RequestPhase, RequestState, RequestTemplate, SubmittedRequest};
pub use resource::{Deployment, MachineNetwork, Resource, ResourceOperation, ResourceType, ResourceView};

use super::{Client, Link, List, Page, Schema};
use crate::call::Call;
use crate::error::Error;
use crate::lenient::{JsonObject, Wire};
use crate::odata::{Filter, OrderBy};
use crate::poll::{Poll, Wait, wait};
use crate::request::ApiRequest;
use crate::transport::local_path;

impl Client {
    /// What can be requested, requests, and what came of them.
    #[must_use]
    pub fn catalog(&self) -> Catalog<'_> {
        Catalog { client: self }
    }
}

/// The catalog service: `/catalog-service/api`.
#[derive(Debug, Clone, Copy)]
pub struct Catalog<'a> {
    client: &'a Client,
}

impl<'a> Catalog<'a> {
    fn json<T: serde::de::DeserializeOwned + Send + 'static>(self, request: ApiRequest) -> Call<T> {
        Call::json(&self.client.backend, request)
    }

    fn list<T: super::Row + serde::de::DeserializeOwned + Send + 'static>(self, request: ApiRequest) -> List<T> {
        List::new(&self.client.backend, request)
    }

    fn submitted(self, request: ApiRequest) -> Call<SubmittedRequest> {
        Call::new(Arc::clone(&self.client.backend), request, |reply| SubmittedRequest::read(&reply))
    }

    fn local(self, link: &Link) -> Result<String, Error> {
        let href = link.href.as_deref().unwrap_or_default();
        local_path("catalog link", href, self.client.session.transport.origin())
    }

    // ---- Items -----------------------------------------------------------------------------------------------------

    /// The items that the caller may request. Evidence: captured rows (7.x), documented (6.2).
    ///
    /// ```
    /// # let client = vra_client::v7::Client::builder("https://vra.example").build()?;
    /// let list = client.catalog().entitled_items().with_query("onBehalfOf", "tony@example.com");
    /// assert_eq!(list.request().path(), "/catalog-service/api/consumer/entitledCatalogItems");
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn entitled_items(self) -> List<EntitledCatalogItem> {
        self.list(ApiRequest::get("/catalog-service/api/consumer/entitledCatalogItems", &[]))
    }

    /// One item that the caller may request. Evidence: captured (7.x).
    pub fn entitled_item(self, id: &str) -> Call<EntitledCatalogItem> {
        self.json(ApiRequest::get("/catalog-service/api/consumer/entitledCatalogItems/{item}", &[id]))
    }

    /// The items that the caller may request, in the flat form. 7.x. Evidence: captured (7.x), documented (7.3).
    pub fn entitled_item_views(self) -> List<CatalogItemView> {
        self.list(ApiRequest::get("/catalog-service/api/consumer/entitledCatalogItemViews", &[]))
    }

    /// One item that the caller may request, in the flat form. 7.x. Evidence: captured rows of the list (7.x).
    pub fn entitled_item_view(self, id: &str) -> Call<CatalogItemView> {
        self.json(ApiRequest::get("/catalog-service/api/consumer/entitledCatalogItemViews/{item}", &[id]))
    }

    /// The item of this name. Names are unique in a service only, so there can be several. 7.x.
    /// Evidence: captured (7.x).
    ///
    /// # Errors
    /// [`Error::NoSuchName`], [`Error::Ambiguous`], or what the call says.
    pub async fn item_named(self, name: &str) -> Result<CatalogItemView, Error> {
        self.entitled_item_views()
            .with_filter(Filter::eq("name", name))
            .only("catalog item", name, |row| row.name.as_deref())
            .await
    }

    /// The items that the caller can see. Evidence: request list (7.x).
    pub fn items(self) -> List<CatalogItem> {
        self.list(ApiRequest::get("/catalog-service/api/consumer/catalogItems", &[]))
    }

    /// All items, for administrators. Evidence: request list (7.x).
    pub fn all_items(self) -> List<CatalogItem> {
        self.list(ApiRequest::get("/catalog-service/api/catalogItems", &[]))
    }

    /// The services that the caller can see. Evidence: request list (7.x).
    pub fn services(self) -> List<CatalogService> {
        self.list(ApiRequest::get("/catalog-service/api/consumer/services", &[]))
    }

    /// All services, for administrators. Evidence: request list (7.x).
    pub fn all_services(self) -> List<CatalogService> {
        self.list(ApiRequest::get("/catalog-service/api/services", &[]))
    }

    /// Who may request what, for administrators. Evidence: captured (7.x).
    pub fn entitlements(self) -> List<Entitlement> {
        self.list(ApiRequest::get("/catalog-service/api/entitlements", &[]))
    }

    /// All actions, for administrators. Evidence: request list (7.x).
    pub fn resource_operations(self) -> List<ResourceOperation> {
        self.list(ApiRequest::get("/catalog-service/api/resourceOperations", &[]))
    }

    // ---- Asking for something --------------------------------------------------------------------------------------

    /// The template of a request for an item: read, change, [submit](Self::submit). 7.x. For another business group or
    /// user than the caller's set `businessGroupId` and `requestedFor` with [`with_query`](Call::with_query).
    /// Evidence: captured (7.x).
    ///
    /// ```no_run
    /// # async fn run(client: vra_client::v7::Client) -> Result<(), vra_client::Error> {
    /// use vra_client::poll::Wait;
    /// let catalog = client.catalog();
    /// let item = catalog.item_named("CentOS").await?;
    /// let mut template = catalog.template_of(&item)?.await?;
    /// template.reasons = Some("a test".into());
    /// template.set_component_value(&["machine"], "cpu", 2)?;
    /// let submitted = catalog.submit_to(&item, template)?.await?;
    /// let request = catalog.wait_for(&submitted.id, &Wait::default()).await?;
    /// println!("request {:?} ended well", request.request_number);
    /// # Ok(()) }
    /// ```
    pub fn template(self, item_id: &str) -> Call<RequestTemplate> {
        let template = "/catalog-service/api/consumer/entitledCatalogItems/{item}/requests/template";
        self.json(ApiRequest::get(template, &[item_id]))
    }

    /// The template of a request for an item by its link, whose id can differ from the item's. 7.x.
    /// Evidence: captured (7.x), documented (7.3).
    ///
    /// # Errors
    /// [`Error::UnexpectedLink`] or [`Error::InvalidInput`] if the link leads nowhere.
    pub fn template_of(self, item: &CatalogItemView) -> Result<Call<RequestTemplate>, Error> {
        match item.template_link() {
            Some(link) => self.client.follow(link),
            None => Ok(self.template(item.catalog_item_id.as_deref().unwrap_or_default())),
        }
    }

    /// The schema of a request for an item. 7.x. Evidence: request list (7.x).
    pub fn request_schema(self, item_id: &str) -> Call<Schema> {
        let template = "/catalog-service/api/consumer/entitledCatalogItems/{item}/requests/schema";
        self.json(ApiRequest::get(template, &[item_id]))
    }

    /// Hands in a request for an item. 7.x. Servers answer 201 or 202, with the request or with nothing.
    /// Evidence: captured (7.x), documented (7.3), client request (7.x).
    ///
    /// ```
    /// # let client = vra_client::v7::Client::builder("https://vra.example").build()?;
    /// let template = vra_client::v7::RequestTemplate::default();
    /// let call = client.catalog().submit("item", template);
    /// assert_eq!(call.request().path(), "/catalog-service/api/consumer/entitledCatalogItems/item/requests");
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn submit(self, item_id: &str, template: RequestTemplate) -> Call<SubmittedRequest> {
        let path = "/catalog-service/api/consumer/entitledCatalogItems/{item}/requests";
        self.submitted(ApiRequest::post(path, &[item_id]).json(template))
    }

    /// Hands in a request for an item by its link. 7.x. Evidence: captured (7.x), documented (7.3).
    ///
    /// # Errors
    /// [`Error::UnexpectedLink`] or [`Error::InvalidInput`] if the link leads nowhere.
    pub fn submit_to(self, item: &CatalogItemView, template: RequestTemplate) -> Result<Call<SubmittedRequest>, Error> {
        Ok(match item.submit_link() {
            Some(link) => {
                use crate::lenient::IntoJson;
                let request = ApiRequest::raw(http::Method::POST, self.local(link)?);
                self.submitted(request.with_body(template.into_json()))
            }
            None => self.submit(item.catalog_item_id.as_deref().unwrap_or_default(), template),
        })
    }

    /// Hands in a request for an item in the 6.2 form: a machine of vSphere, vCloud Air or Amazon. 7.x still takes it
    /// for old items. Evidence: documented (6.2), client request (6.2).
    ///
    /// ```
    /// # let client = vra_client::v7::Client::builder("https://vra.example").build()?;
    /// use vra_client::v7::{CatalogItemRequestBody, MachineValues};
    /// // What an Amazon machine wants besides is in the item's form.
    /// let amazon = MachineValues::new("blueprint", "group").with("provider-amazon.keyPair", "TestKeyPair");
    /// let body = CatalogItemRequestBody::new("item", "tenant", "group").without_request_number().with_data(amazon);
    /// let call = client.catalog().submit_item_request(body);
    /// assert_eq!(call.request().path(), "/catalog-service/api/consumer/requests");
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn submit_item_request(self, body: CatalogItemRequestBody) -> Call<SubmittedRequest> {
        self.submitted(ApiRequest::post("/catalog-service/api/consumer/requests", &[]).json(body))
    }

    // ---- Requests --------------------------------------------------------------------------------------------------

    /// The caller's requests. Fields for filters: `requestedFor`, `requestedBy`, `state`, `requestNumber`,
    /// `dateCreated`. Evidence: captured rows (6.2, 7.x).
    ///
    /// ```
    /// # let client = vra_client::v7::Client::builder("https://vra.example").build()?;
    /// use vra_client::odata::{Filter, Operand, OrderBy};
    /// let failed = client.catalog().requests().with_filter(Filter::eq("state", Operand::word("FAILED")))
    ///     .with_order_by(OrderBy::desc("dateCreated"));
    /// assert_eq!(failed.request().query_value("$filter"), Some("state eq FAILED"));
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn requests(self) -> List<CatalogRequest> {
        self.list(ApiRequest::get("/catalog-service/api/consumer/requests", &[]))
    }

    /// One request. Evidence: captured (6.2, 7.x), documented (7.3).
    pub fn request(self, id: &str) -> Call<CatalogRequest> {
        self.json(ApiRequest::get("/catalog-service/api/consumer/requests/{request}", &[id]))
    }

    /// Changes a request that was not handed in yet. Evidence: request list (7.x).
    pub fn edit_request(self, id: &str, request: CatalogRequest) -> Call<Option<CatalogRequest>> {
        let call = ApiRequest::post("/catalog-service/api/consumer/requests/{request}", &[id]).json(request);
        Call::maybe(&self.client.backend, call)
    }

    /// Deletes a request that was not handed in yet. Evidence: request list (7.x).
    pub fn delete_request(self, id: &str) -> Call<()> {
        let call = ApiRequest::delete("/catalog-service/api/consumer/requests/{request}", &[id]);
        Call::done(&self.client.backend, call)
    }

    /// Asks how a request stands until it ends. The server has nothing better than being asked.
    /// Evidence: captured requests in all phases but two (6.2, 7.x).
    ///
    /// # Errors
    /// [`Error::Wait`]: the deadline passed, or the request failed, was rejected or deleted, or is in a phase that is
    /// not known here; the error has the last state and the server's details.
    pub async fn wait_for(self, id: &str, limits: &Wait) -> Result<CatalogRequest, Error> {
        let operation = self.request(id).request().operation();
        wait(&operation, limits, Wire::to_json, || async {
            let value = self.request(id).await?;
            let details = value.completion_details().map(str::to_owned);
            Ok(Poll { progress: value.progress(), state: value.state_word(), details, pause: None, value })
        })
        .await
    }

    /// What a request made so far. Evidence: captured (6.2, 7.x).
    pub fn resources_of_request(self, id: &str) -> List<Resource> {
        self.list(ApiRequest::get("/catalog-service/api/consumer/requests/{request}/resources", &[id]))
    }

    /// What a request made so far, in the flat form. 7.x. Addresses come late. Evidence: captured (7.x).
    pub fn resource_views_of_request(self, id: &str) -> List<ResourceView> {
        self.list(ApiRequest::get("/catalog-service/api/consumer/requests/{request}/resourceViews", &[id]))
    }

    /// The form of a request with its values. Its layout is not documented. Evidence: request list (7.x).
    pub fn request_form(self, id: &str) -> Call<JsonObject> {
        self.json(ApiRequest::get("/catalog-service/api/consumer/requests/{request}/forms/details", &[id]))
    }

    // ---- Resources -------------------------------------------------------------------------------------------------

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

    // ---- Actions ---------------------------------------------------------------------------------------------------

    /// What can be done to a resource as it is now: a machine that is off has no "power off".
    /// Evidence: documented (6.2).
    pub fn actions(self, resource_id: &str) -> Call<Vec<ResourceOperation>> {
        let request = ApiRequest::get("/catalog-service/api/consumer/resources/{resource}/actions", &[resource_id]);
        self.json::<Page<ResourceOperation>>(request).map(|page| Ok(page.content))
    }

    /// The action of this binding on a resource, such as `Infrastructure.Machine.Action.Reprovision`. Bindings are the
    /// same on all installations; ids and names are not. Evidence: documented (6.2).
    ///
    /// # Errors
    /// [`Error::NoSuchName`] if it cannot be done now, or what the call says.
    pub async fn action(self, resource_id: &str, binding_id: &str) -> Result<ResourceOperation, Error> {
        let call = self.actions(resource_id);
        let operation = call.request().operation();
        let found = call.await?.into_iter().find(|action| action.is_action(binding_id));
        found.ok_or_else(|| Error::NoSuchName { operation, what: "action", name: binding_id.to_owned() })
    }

    /// Hands in a request for an action in the 6.2 form. Evidence: documented (6.2).
    ///
    /// ```
    /// # let client = vra_client::v7::Client::builder("https://vra.example").build()?;
    /// use vra_client::v7::{Organization, ResourceActionRequestBody};
    /// let body = ResourceActionRequestBody::new("machine", "action", Organization::new("tenant", "group"));
    /// let call = client.catalog().submit_action_request(body);
    /// assert_eq!(call.request().operation(), "POST /catalog-service/api/consumer/requests");
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn submit_action_request(self, body: ResourceActionRequestBody) -> Call<SubmittedRequest> {
        self.submitted(ApiRequest::post("/catalog-service/api/consumer/requests", &[]).json(body))
    }

    /// The template of a request for an action: read, change, [submit](Self::submit_action). 7.x.
    /// Evidence: captured (7.x).
    pub fn action_template(self, resource_id: &str, action_id: &str) -> Call<RequestTemplate> {
        let template = "/catalog-service/api/consumer/resources/{resource}/actions/{action}/requests/template";
        self.json(ApiRequest::get(template, &[resource_id, action_id]))
    }

    /// Hands in a request for an action. 7.x. Evidence: client request (7.x).
    pub fn submit_action(
        self,
        resource_id: &str,
        action_id: &str,
        template: RequestTemplate,
    ) -> Call<SubmittedRequest> {
        let path = "/catalog-service/api/consumer/resources/{resource}/actions/{action}/requests";
        self.submitted(ApiRequest::post(path, &[resource_id, action_id]).json(template))
    }

    /// The form of an action. Its layout is not documented. Evidence: request list (7.x).
    pub fn action_form(self, resource_id: &str, action_id: &str) -> Call<JsonObject> {
        let template = "/catalog-service/api/consumer/resources/{resource}/actions/{action}/forms/request";
        self.json(ApiRequest::get(template, &[resource_id, action_id]))
    }

    /// Does something to a resource with the values that the server proposes: finds the action, reads its template and
    /// hands it in. 7.x. Evidence: captured template (7.x), documented actions (6.2).
    ///
    /// ```no_run
    /// # async fn run(client: vra_client::v7::Client) -> Result<(), vra_client::Error> {
    /// let submitted = client.catalog().run_action("machine id", "Infrastructure.Machine.Action.Reprovision").await?;
    /// client.catalog().wait_for(&submitted.id, &Default::default()).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Error::NoSuchName`] if it cannot be done now, or what the calls say.
    pub async fn run_action(self, resource_id: &str, binding_id: &str) -> Result<SubmittedRequest, Error> {
        let action = self.action(resource_id, binding_id).await?;
        let action_id = action.id.unwrap_or_default();
        let template = self.action_template(resource_id, &action_id).await?;
        self.submit_action(resource_id, &action_id, template).await
    }

    /// The machines of a request with their addresses, once it has ended. 7.x machines are parts of a deployment, 6.2
    /// ones are there themselves; both come with this list. Evidence: captured (7.x).
    ///
    /// # Errors
    /// [`Error`].
    pub async fn machines_of_request(self, id: &str) -> Result<Vec<Resource>, Error> {
        let is_machine = |resource: &Resource| {
            let kind = resource.resource_type_ref.as_ref().and_then(|kind| kind.id.as_deref()).unwrap_or_default();
            matches!(kind, "Infrastructure.Machine" | "Infrastructure.Virtual" | "Infrastructure.Cloud")
        };
        let rows = self.resources_of_request(id).stream();
        rows.try_filter(|row| std::future::ready(is_machine(row))).try_collect().await
    }
}
