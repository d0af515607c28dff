//! Calls of the deployment service.

use http::Method;
use vra_client::lenient::JsonObject;
use vra_client::request::ApiRequest;
use vra_client::v8::{Client, DeploymentUpdateBody, ResourceActionRequestBody, ResourceBody};

use crate::replay::body::{Members, built};
use crate::replay::route::{ANY, Route, list, maybe, one, rows, unread};

/// Returns the calls of the service.
pub(super) fn routes(client: &Client) -> Vec<Route> {
    let mut routes = deployments(client);
    routes.extend(resources(client));
    routes
}

fn deployments(client: &Client) -> Vec<Route> {
    let deployments = client.deployments();
    let action = || ResourceActionRequestBody::new(ANY);
    vec![
        list(&deployments.list()),
        one(&deployments.get(ANY)),
        // Its status is the result, so no call can be prepared.
        Route::of(&ApiRequest::new(Method::GET, "/deployment/api/deployments/names", &[])),
        one(&deployments.update(ANY, DeploymentUpdateBody::new())).sends(update),
        maybe(&deployments.delete(ANY)),
        one(&deployments.count(ANY)),
        list(&deployments.user_events(ANY)),
        one(&deployments.expense_history(ANY)),
        one(&deployments.request(ANY)),
        list(&deployments.requests(ANY)),
        unread(&deployments.cancel_request(ANY)),
        list(&deployments.request_events(ANY)),
        one(&deployments.event_log(ANY, ANY)),
        list(&deployments.resources(ANY)),
        one(&deployments.resource(ANY, ANY)),
        maybe(&deployments.delete_resource(ANY, ANY)),
        list(&deployments.resource_types()),
        one(&deployments.resource_type(ANY)),
        rows(&deployments.actions(ANY)),
        one(&deployments.action(ANY, ANY)),
        one(&deployments.submit_action(ANY, action())).sends(action_request),
        rows(&deployments.resource_actions(ANY, ANY)),
        one(&deployments.resource_action(ANY, ANY, ANY)),
        one(&deployments.submit_resource_action(ANY, ANY, action())).sends(action_request),
    ]
}

fn resources(client: &Client) -> Vec<Route> {
    let resources = client.resources();
    vec![
        list(&resources.list()),
        one(&resources.get(ANY)),
        one(&resources.create(ResourceBody::new(ANY, ANY, JsonObject::new()))).sends(resource),
        list(&resources.requests(ANY)),
        rows(&resources.actions(ANY)),
        one(&resources.action(ANY, ANY)),
        one(&resources.submit_action(ANY, ResourceActionRequestBody::new(ANY))).sends(action_request),
    ]
}

built!(update: DeploymentUpdateBody, |_| Ok(DeploymentUpdateBody::new()), {
    with_name: String = "name",
    with_description: String = "description",
    with_icon: String = "iconId",
});

built!(action_request: ResourceActionRequestBody, |members| {
    Ok(ResourceActionRequestBody::new(members.required::<String>("actionId")?))
}, {
    with_inputs: JsonObject = "inputs",
    with_reason: String = "reason",
});

built!(resource: ResourceBody, |members| {
    let (name, kind): (String, String) = (members.required("name")?, members.required("type")?);
    Ok(ResourceBody::new(name, kind, members.required::<JsonObject>("properties")?))
}, {
    with_project: String = "projectId",
    with_deployment: String = "deploymentId",
});
