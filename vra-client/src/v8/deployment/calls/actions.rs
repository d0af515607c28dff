//! Actions on deployments and resources.

use super::super::action::{ResourceAction, ResourceActionRequestBody};
use super::super::request::DeploymentRequest;
use super::super::service::{Deployments, Resources};
use crate::call::Call;
use crate::error::Error;
use crate::request::ApiRequest;

impl Deployments<'_> {
    /// Lists the actions on a deployment. Evidence: captured (8.x, those of a resource), described (8.10).
    ///
    /// The list has also those that the present state does not allow: see [`ResourceAction::is_possible`]. It has no
    /// counts and cannot be paged, so it is a call and not a list.
    pub fn actions(self, deployment_id: &str) -> Call<Vec<ResourceAction>> {
        self.client.rows(ApiRequest::get("/deployment/api/deployments/{deployment}/actions", &[deployment_id]))
    }

    /// Reads an action on a deployment, with the schema of its inputs. Evidence: described (8.10).
    pub fn action(self, deployment_id: &str, action_id: &str) -> Call<ResourceAction> {
        let template = "/deployment/api/deployments/{deployment}/actions/{action}";
        self.client.json(ApiRequest::get(template, &[deployment_id, action_id]))
    }

    /// Submits an action on a deployment. Evidence: captured (8.x), sent (8.x).
    ///
    /// [Wait](Self::wait_for_request) for the request that the server returns. It refuses with status 409 while another
    /// request is in progress. If the response is lost, the action may be carried out: see [lost
    /// responses](Self#lost-responses).
    pub fn submit_action(self, deployment_id: &str, body: ResourceActionRequestBody) -> Call<DeploymentRequest> {
        // Never repeated after a lost response: the machine could reboot twice.
        let request = ApiRequest::post("/deployment/api/deployments/{deployment}/requests", &[deployment_id]);
        self.client.json(request.json(body))
    }

    /// Submits an action on a deployment, after [checking](ResourceAction::check) the request against the action.
    /// Evidence: captured (8.x), sent (8.x).
    ///
    /// ```
    /// # let client = vra_client::v8::Client::builder("https://vra.example").build()?;
    /// use vra_client::v8::{ResourceAction, ResourceActionRequestBody};
    ///
    /// let off: ResourceAction = serde_json::from_str(r#"{"id": "Deployment.PowerOff", "valid": false}"#).expect("an action");
    /// let body = ResourceActionRequestBody::new("Deployment.PowerOff");
    /// assert!(client.deployments().submit_action_to("d1", &off, body).is_err());
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidInput`] if the body is for another action, if the present state does not allow the action, or if
    /// the inputs do not satisfy its schema; nothing is sent then.
    pub fn submit_action_to(
        self,
        deployment_id: &str,
        action: &ResourceAction,
        body: ResourceActionRequestBody,
    ) -> Result<Call<DeploymentRequest>, Error> {
        // The server would refuse it too, with a status that does not tell a state from an input.
        action.check(&body)?;
        Ok(self.submit_action(deployment_id, body))
    }

    /// Lists the actions on a resource of a deployment. Evidence: captured (8.x).
    pub fn resource_actions(self, deployment_id: &str, resource_id: &str) -> Call<Vec<ResourceAction>> {
        let template = "/deployment/api/deployments/{deployment}/resources/{resource}/actions";
        self.client.rows(ApiRequest::get(template, &[deployment_id, resource_id]))
    }

    /// Reads an action on a resource of a deployment, with the schema of its inputs. Evidence: captured (8.x).
    pub fn resource_action(self, deployment_id: &str, resource_id: &str, action_id: &str) -> Call<ResourceAction> {
        let template = "/deployment/api/deployments/{deployment}/resources/{resource}/actions/{action}";
        self.client.json(ApiRequest::get(template, &[deployment_id, resource_id, action_id]))
    }

    /// Submits an action on a resource of a deployment. Evidence: described (8.10), sent (8.x, to a deployment).
    ///
    /// [Wait](Self::wait_for_request) for the request that the server returns. If the response is lost, the action may
    /// be carried out: see [lost responses](Self#lost-responses). [`ResourceAction::check`] checks the body before.
    pub fn submit_resource_action(
        self,
        deployment_id: &str,
        resource_id: &str,
        body: ResourceActionRequestBody,
    ) -> Call<DeploymentRequest> {
        let template = "/deployment/api/deployments/{deployment}/resources/{resource}/requests";
        self.client.json(ApiRequest::post(template, &[deployment_id, resource_id]).json(body))
    }
}

impl Resources<'_> {
    /// Lists the actions on a resource. Evidence: captured (8.x, by its deployment), described (8.10).
    pub fn actions(self, id: &str) -> Call<Vec<ResourceAction>> {
        self.client.rows(ApiRequest::get("/deployment/api/resources/{resource}/actions", &[id]))
    }

    /// Reads an action on a resource, with the schema of its inputs. Evidence: captured (8.x, by its deployment),
    /// described (8.10).
    pub fn action(self, id: &str, action_id: &str) -> Call<ResourceAction> {
        self.client.json(ApiRequest::get("/deployment/api/resources/{resource}/actions/{action}", &[id, action_id]))
    }

    /// Submits an action on a resource. Evidence: described (8.10).
    ///
    /// [Wait](Deployments::wait_for_request) for the request that the server returns. If the response is lost, the
    /// action may be carried out: look for it among the [requests](Self::requests) of the resource.
    pub fn submit_action(self, id: &str, body: ResourceActionRequestBody) -> Call<DeploymentRequest> {
        self.client.json(ApiRequest::post("/deployment/api/resources/{resource}/requests", &[id]).json(body))
    }
}
