//! Actions on resources.

use super::super::body::ResourceActionRequestBody;
use super::super::request::{RequestTemplate, SubmittedRequest};
use super::super::resource::ResourceOperation;
use super::super::service::Catalog;
use crate::call::Call;
use crate::error::Error;
use crate::lenient::JsonObject;
use crate::list::Page;
use crate::request::ApiRequest;

impl Catalog<'_> {
    /// Lists the actions that are possible on a resource in its present state: a machine that is off has no "power
    /// off". Evidence: documented (6.2).
    ///
    #[cfg_attr(feature = "testing", doc = "```")]
    #[cfg_attr(not(feature = "testing"), doc = "```text")]
    /// # use vra_client::{HttpOptions, testing::v7::Server, v7::Client};
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let server = Server::builder().example_data().start().await?;
    /// # let client = Client::builder(server.url()).with_password(Server::USER, Server::PASSWORD, Server::TENANT)
    /// #     .with_http_options(HttpOptions::new().with_allow_http(true)).build()?;
    /// # let catalog = client.catalog();
    /// # let item = catalog.item_named("CentOS").await?;
    /// # let submitted = catalog.submit_to(&item, catalog.template_of(&item)?.await?)?.await?;
    /// # let soon = std::time::Duration::from_millis(2);
    /// # catalog.wait_for(&submitted.id, &vra_client::poll::Wait::default().with_pauses(soon, soon)).await?;
    /// let machine = catalog.machines_of_request(&submitted.id).await?.remove(0);
    /// let actions = catalog.actions(machine.id.as_deref().unwrap_or_default()).await?;
    /// assert!(actions.iter().any(|action| action.is_action("Infrastructure.Machine.Action.PowerOff")));
    /// assert!(!actions.iter().any(|action| action.is_action("Infrastructure.Machine.Action.PowerOn")));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn actions(self, resource_id: &str) -> Call<Vec<ResourceOperation>> {
        let request = ApiRequest::get("/catalog-service/api/consumer/resources/{resource}/actions", &[resource_id]);
        // The list has no counts and cannot be paged, so it is a call and not a `List`.
        self.json::<Page<ResourceOperation>>(request).map(|page| Ok(page.content))
    }

    /// Finds the action with this binding among those that are possible on a resource now. Evidence: documented (6.2).
    ///
    /// The *binding* names an action independently of the installation, such as
    /// `Infrastructure.Machine.Action.Reprovision`, `…PowerOff`, `…PowerOn`, `…Destroy`, `…ChangeLease`, or
    /// `composition.resource.action.deployment.destroy`. Ids and display names differ between installations.
    ///
    /// # Errors
    /// [`Error::NoSuchName`] if the resource has no such action, or its present state does not allow it; otherwise the
    /// [errors of a call](Call#errors).
    pub async fn action(self, resource_id: &str, binding_id: &str) -> Result<ResourceOperation, Error> {
        let call = self.actions(resource_id);
        let operation = call.request().operation();
        // By binding, not by name: names are in the server's language, and ids differ between installations.
        let found = call.await?.into_iter().find(|action| action.is_action(binding_id));
        found.ok_or_else(|| Error::NoSuchName { operation, what: "action", name: binding_id.to_owned() })
    }

    /// Submits a request for an action in the form of 6.2. Evidence: documented (6.2).
    ///
    /// If the response is lost, the request may exist: see [lost responses](Self#lost-responses).
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

    /// Reads the template of a request for an action. 7.x. Evidence: captured (7.x).
    ///
    /// Change what is wanted and [`submit_action`](Self::submit_action) it.
    pub fn action_template(self, resource_id: &str, action_id: &str) -> Call<RequestTemplate> {
        let template = "/catalog-service/api/consumer/resources/{resource}/actions/{action}/requests/template";
        self.json(ApiRequest::get(template, &[resource_id, action_id]))
    }

    /// Submits a request for an action with values of the caller's. 7.x. Evidence: sent (7.x).
    ///
    /// If the response is lost, the action may be carried out: see [lost responses](Self#lost-responses).
    ///
    #[cfg_attr(feature = "testing", doc = "```")]
    #[cfg_attr(not(feature = "testing"), doc = "```text")]
    /// # use vra_client::{HttpOptions, testing::v7::Server, v7::Client};
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let server = Server::builder().example_data().start().await?;
    /// # let client = Client::builder(server.url()).with_password(Server::USER, Server::PASSWORD, Server::TENANT)
    /// #     .with_http_options(HttpOptions::new().with_allow_http(true)).build()?;
    /// # let catalog = client.catalog();
    /// # let item = catalog.item_named("CentOS").await?;
    /// # let submitted = catalog.submit_to(&item, catalog.template_of(&item)?.await?)?.await?;
    /// # let soon = std::time::Duration::from_millis(2);
    /// # let wait = vra_client::poll::Wait::default().with_pauses(soon, soon);
    /// # catalog.wait_for(&submitted.id, &wait).await?;
    /// # let machine = catalog.machines_of_request(&submitted.id).await?.remove(0).id.unwrap_or_default();
    /// // Find the action, read its template, change it, submit it.
    /// let action = catalog.action(&machine, "Infrastructure.Machine.Action.PowerOff").await?.id.unwrap_or_default();
    /// let mut template = catalog.action_template(&machine, &action).await?;
    /// template.reasons = Some("night".into());
    /// let submitted = catalog.submit_action(&machine, &action, template).await?;
    /// let request = catalog.wait_for(&submitted.id, &wait).await?;
    /// assert_eq!(request.reasons.as_deref(), Some("night"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn submit_action(
        self,
        resource_id: &str,
        action_id: &str,
        template: RequestTemplate,
    ) -> Call<SubmittedRequest> {
        let path = "/catalog-service/api/consumer/resources/{resource}/actions/{action}/requests";
        self.submitted(ApiRequest::post(path, &[resource_id, action_id]).json(template))
    }

    /// Reads the form of an action. Evidence: listed (7.x); the layout is not documented.
    pub fn action_form(self, resource_id: &str, action_id: &str) -> Call<JsonObject> {
        let template = "/catalog-service/api/consumer/resources/{resource}/actions/{action}/forms/request";
        self.json(ApiRequest::get(template, &[resource_id, action_id]))
    }

    /// Runs an action on a resource with the values that the server proposes. 7.x.
    /// Evidence: captured (7.x, the template), documented (6.2, the actions).
    ///
    /// It finds the [action](Self::action) by its binding, reads its template and submits it unchanged. Destructive
    /// actions need no confirmation. If the last response is lost, the action may be carried out: see [lost
    /// responses](Self#lost-responses).
    ///
    /// ```no_run
    /// # async fn run(client: vra_client::v7::Client) -> Result<(), vra_client::Error> {
    /// let submitted = client.catalog().run_action("machine id", "Infrastructure.Machine.Action.Reprovision").await?;
    /// client.catalog().wait_for(&submitted.id, &Default::default()).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Error::NoSuchName`] if the resource has no such action, or its present state does not allow it; otherwise the
    /// [errors of a call](Call#errors). If [`Error::outcome`] is `Unknown`, the action may have been submitted.
    pub async fn run_action(self, resource_id: &str, binding_id: &str) -> Result<SubmittedRequest, Error> {
        let action = self.action(resource_id, binding_id).await?;
        let action_id = action.id.unwrap_or_default();
        // Sent back unchanged: the template has the defaults of a form whose fields are not known here.
        let template = self.action_template(resource_id, &action_id).await?;
        self.submit_action(resource_id, &action_id, template).await
    }
}
