//! Calls of the catalog service, and cloud templates.

use vra_client::lenient::JsonObject;
use vra_client::v8::{CatalogItemPatch, CatalogItemRequestBody, CatalogSourceBody, Client, EntitlementBody};

use crate::replay::body::{Members, built};
use crate::replay::route::{ANY, Route, list, one, rows, unread};

/// Returns the calls of the service.
pub(super) fn routes(client: &Client) -> Vec<Route> {
    let catalog = client.catalog();
    let body = || CatalogItemRequestBody::new(ANY, ANY);
    vec![
        list(&catalog.items()),
        one(&catalog.item(ANY)),
        list(&catalog.versions(ANY)),
        one(&catalog.version(ANY, ANY)),
        rows(&catalog.submit(ANY, body())).sends(request),
        one(&catalog.request_upfront_price(ANY, body())).sends(request),
        one(&catalog.upfront_price(ANY, ANY)),
        list(&catalog.types()),
        one(&catalog.item_type(ANY)),
        list(&catalog.all_items()),
        one(&catalog.any_item(ANY)),
        unread(&catalog.update_item(ANY, CatalogItemPatch::new())).sends(patch),
        list(&catalog.sources()),
        one(&catalog.source(ANY)),
        one(&catalog.put_source(CatalogSourceBody::new(ANY, ANY, JsonObject::new()))).sends(source),
        unread(&catalog.delete_source(ANY)),
        rows(&catalog.entitlements(ANY)),
        one(&catalog.create_entitlement(EntitlementBody::of_item(ANY, ANY))).sends(entitlement),
        unread(&catalog.delete_entitlement(ANY)),
        list(&client.blueprints().list()),
        one(&client.blueprints().get(ANY)),
    ]
}

built!(request: CatalogItemRequestBody, |members| {
    let project: String = members.required("projectId")?;
    Ok(CatalogItemRequestBody::new(project, members.required::<String>("deploymentName")?))
}, {
    with_inputs: JsonObject = "inputs",
    with_version: String = "version",
    with_reason: String = "reason",
    with_bulk_request_count: u32 = "bulkRequestCount",
});

built!(patch: CatalogItemPatch, |_| Ok(CatalogItemPatch::new()), {
    with_bulk_request_limit: u32 = "bulkRequestLimit",
    with_form: String = "formId",
    with_icon: String = "iconId",
});

built!(source: CatalogSourceBody, |members| {
    let (name, type_id): (String, String) = (members.required("name")?, members.required("typeId")?);
    Ok(CatalogSourceBody::new(name, type_id, members.required::<JsonObject>("config")?))
}, {
    with_id: String = "id",
    with_description: String = "description",
    with_project: String = "projectId",
    with_global: bool = "global",
    with_icon: String = "iconId",
});

built!(entitlement: EntitlementBody, |members| {
    let project: String = members.required("projectId")?;
    let definition: JsonObject = members.required("definition")?;
    let text = |name: &str| definition.get(name).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
    match text("type").as_str() {
        "CatalogItemIdentifier" => Ok(EntitlementBody::of_item(project, text("id"))),
        "CatalogSourceIdentifier" => Ok(EntitlementBody::of_source(project, text("id"))),
        other => Err(format!("definition.type: invalid value {other}, the client sends an item or a source")),
    }
}, {
    with_id: String = "id",
});
