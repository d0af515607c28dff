//! Catalog, blueprint, deployment and extensibility services.

use serde_json::Value;
use vra_client::lenient::JsonObject;
use vra_client::v8::{
    AbxRunBody, CatalogItemPatch, CatalogItemRequestBody, CatalogSourceBody, Client, DeploymentUpdateBody,
    EntitlementBody, ResourceActionRequestBody, ResourceBody,
};

use crate::replay::body::{Members, built};
use crate::replay::route::{ANY, Route, list, maybe, one, rows, unread};

/// Returns the calls of the services.
pub(super) fn routes(client: &Client) -> Vec<Route> {
    let mut routes = catalog(client);
    routes.extend(deployments(client));
    routes.extend(resources(client));
    routes.extend(abx(client));
    routes
}

fn catalog(client: &Client) -> Vec<Route> {
    let (catalog, blueprints) = (client.catalog(), client.blueprints());
    let request = || CatalogItemRequestBody::new(ANY, ANY);
    vec![
        list(&catalog.items()),
        one(&catalog.item(ANY)),
        list(&catalog.versions(ANY)),
        one(&catalog.version(ANY, ANY)),
        rows(&catalog.submit(ANY, request())).sends(item_request),
        one(&catalog.request_upfront_price(ANY, request())).sends(item_request),
        one(&catalog.upfront_price(ANY, ANY)),
        list(&catalog.types()),
        one(&catalog.item_type(ANY)),
        list(&catalog.all_items()),
        one(&catalog.any_item(ANY)),
        unread(&catalog.update_item(ANY, CatalogItemPatch::new())).sends(item_patch),
        list(&catalog.sources()),
        one(&catalog.source(ANY)),
        one(&catalog.put_source(CatalogSourceBody::new(ANY, ANY, JsonObject::new()))).sends(source),
        unread(&catalog.delete_source(ANY)),
        rows(&catalog.entitlements(ANY)),
        one(&catalog.create_entitlement(EntitlementBody::of_item(ANY, ANY))).sends(entitlement),
        unread(&catalog.delete_entitlement(ANY)),
        list(&blueprints.list()),
        one(&blueprints.get(ANY)),
    ]
}

fn deployments(client: &Client) -> Vec<Route> {
    let deployments = client.deployments();
    let action = || ResourceActionRequestBody::new(ANY);
    vec![
        list(&deployments.list()),
        one(&deployments.get(ANY)),
        one(&deployments.update(ANY, DeploymentUpdateBody::new())).sends(deployment_update),
        maybe(&deployments.delete(ANY)),
        one(&deployments.count(ANY)),
        list(&deployments.user_events(ANY)),
        one(&deployments.expense_history(ANY)),
        rows(&deployments.actions(ANY)),
        one(&deployments.action(ANY, ANY)),
        one(&deployments.submit_action(ANY, action())).sends(action_request),
        rows(&deployments.resource_actions(ANY, ANY)),
        one(&deployments.resource_action(ANY, ANY, ANY)),
        one(&deployments.submit_resource_action(ANY, ANY, action())).sends(action_request),
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

fn abx(client: &Client) -> Vec<Route> {
    let abx = client.abx();
    vec![
        list(&abx.actions()),
        one(&abx.action(ANY, ANY)),
        one(&abx.run(ANY, AbxRunBody::new(ANY))).sends(abx_run),
        list(&abx.runs()),
        list(&abx.runs_of(ANY)),
        one(&abx.action_run(ANY)),
    ]
}

built!(item_request: CatalogItemRequestBody, |members| {
    let project = members.required::<String>("projectId")?;
    Ok(CatalogItemRequestBody::new(project, members.required::<String>("deploymentName")?))
}, {
    with_inputs: JsonObject = "inputs",
    with_version: String = "version",
    with_reason: String = "reason",
    with_bulk_request_count: u32 = "bulkRequestCount",
});

built!(item_patch: CatalogItemPatch, |_| Ok(CatalogItemPatch::new()), {
    with_bulk_request_limit: u32 = "bulkRequestLimit",
    with_form: String = "formId",
    with_icon: String = "iconId",
});

built!(source: CatalogSourceBody, |members| {
    let (name, kind) = (members.required::<String>("name")?, members.required::<String>("typeId")?);
    Ok(CatalogSourceBody::new(name, kind, members.required::<JsonObject>("config")?))
}, {
    with_id: String = "id",
    with_description: String = "description",
    with_project: String = "projectId",
    with_global: bool = "global",
    with_icon: String = "iconId",
});

built!(entitlement: EntitlementBody, |members| {
    let project = members.required::<String>("projectId")?;
    let definition: JsonObject = members.required("definition")?;
    let text = |name: &str| definition.get(name).and_then(Value::as_str).unwrap_or_default();
    let body = match text("type") {
        "CatalogItemIdentifier" => EntitlementBody::of_item(project, text("id")),
        _ => EntitlementBody::of_source(project, text("id")),
    };
    // The server describes what is entitled by more members than a client needs to send.
    Ok(if definition.len() == 2 { body } else { body.with_member("definition", definition) })
}, {
    with_id: String = "id",
});

built!(action_request: ResourceActionRequestBody, |members| {
    Ok(ResourceActionRequestBody::new(members.required::<String>("actionId")?))
}, {
    with_inputs: JsonObject = "inputs",
    with_reason: String = "reason",
});

built!(deployment_update: DeploymentUpdateBody, |_| Ok(DeploymentUpdateBody::new()), {
    with_name: String = "name",
    with_description: String = "description",
    with_icon: String = "iconId",
});

built!(resource: ResourceBody, |members| {
    let (name, kind) = (members.required::<String>("name")?, members.required::<String>("type")?);
    Ok(ResourceBody::new(name, kind, members.required::<JsonObject>("properties")?))
}, {
    with_project: String = "projectId",
    with_deployment: String = "deploymentId",
});

built!(abx_run: AbxRunBody, |members| Ok(AbxRunBody::new(members.required::<String>("projectId")?)), {
    with_inputs: JsonObject = "inputs",
    with_action_version: String = "actionVersionId",
    with_timeout_seconds: u32 = "timeoutSeconds",
});
