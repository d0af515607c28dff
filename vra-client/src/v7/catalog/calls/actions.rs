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
}
