//! Catalog service, `/catalog/api`: items and requests for them.

use serde_json::{Map, Value, json};

use super::config::Item;
use super::context::{Context, Reply, Result, required};
use super::deployments::{NewDeployment, create};
use super::query::Style;
use super::refusal::{invalid, not_found};
use super::rows::CatalogItem;
use crate::testing::clock::micros;
use crate::testing::id::uuid_of;

/// Handles the catalog service; `None` if it has no such call.
pub(super) fn route(call: &mut Context<'_>, method: &str, path: &[&str]) -> Option<Result> {
    Some(match (method, path) {
        ("GET", ["items"] | ["admin", "items"]) => {
            let (search, projects) = (call.query.get("search").map(str::to_lowercase), call.query.all("projects"));
            let types = call.query.all("types");
            let fits = |item: &&CatalogItem| {
                search.as_ref().is_none_or(|search| item.item.name.to_lowercase().contains(search))
                    && (projects.is_empty() || projects.contains(&item.project.as_str()))
                    && (types.is_empty() || types.contains(&TYPE))
            };
            // The rows of the list have no schema.
            let rows = call.store.items.iter().filter(fits).map(|item| row(call, item, false)).collect();
            Ok(Reply::Rows(rows, Style::Spring))
        }
        ("GET", ["types"]) => Ok(Reply::Rows(vec![kind()], Style::Spring)),
        ("GET", ["types", id]) if *id == TYPE => Ok(Reply::Json(200, kind())),
        ("GET", ["types", id]) => Err(not_found("Catalog item type", id)),
        ("GET", ["admin", "entitlements"]) => {
            // A bare array, without a page.
            let rows = call.store.items.iter().map(entitlement).collect::<Vec<_>>();
            Ok(Reply::Json(200, rows.into()))
        }
        (_, ["items", id, rest @ ..]) => {
            let Some(item) = call.store.items.iter().find(|item| item.id == *id).cloned() else {
                return Some(Err(not_found("Catalog item", id)));
            };
            match (method, rest) {
                ("GET", []) => Ok(Reply::Json(200, row(call, &item, true))),
                ("GET", ["versions"]) => {
                    let rows = item.item.versions.iter().rev().map(|version| version_row(&item, version)).collect();
                    Ok(Reply::Rows(rows, Style::Spring))
                }
                ("GET", ["versions", version]) if item.item.versions.iter().any(|known| known == version) => {
                    Ok(Reply::Json(200, version_row(&item, version)))
                }
                ("GET", ["versions", version]) => Err(not_found("Catalog item version", version)),
                ("POST", ["request"]) => call.body().and_then(|body| request(call, &item, &body)),
                _ => return None,
            }
        }
        _ => return None,
    })
}

const TYPE: &str = "com.vmw.blueprint";

fn kind() -> Value {
    json!({"id": TYPE, "name": "VMware Cloud Templates", "baseUri": "http://blueprint", "createdBy": "system-user"})
}

fn row(call: &Context<'_>, item: &CatalogItem, with_schema: bool) -> Value {
    let mut row = json!({
        "id": item.id, "name": item.item.name,
        "type": {"id": TYPE, "link": format!("/catalog/api/types/{TYPE}"), "name": "VMware Cloud Templates"},
        "projectIds": [item.project], "createdAt": micros(item.created), "createdBy": "admin@example.com",
        "lastUpdatedAt": micros(item.created), "lastUpdatedBy": "system-user", "bulkRequestLimit": 10,
        "externalId": uuid_of(&item.item.name),
    });
    if call.query.get("expandProjects") == Some("true") {
        let name = call.store.projects.get(&item.project).map(|project| project["name"].clone());
        row["projects"] = json!([{"id": item.project, "name": name}]);
    }
    // An item with released versions has its schema there only.
    if with_schema {
        row["schema"] = if item.item.versions == ["1"] { schema(&item.item) } else { Value::Null };
    }
    row
}

fn version_row(item: &CatalogItem, version: &str) -> Value {
    json!({
        "id": version, "description": format!("Version {version}"), "createdAt": micros(item.created),
        "schema": schema(&item.item),
    })
}

fn schema(item: &Item) -> Value {
    json!({"type": "object", "properties": item.inputs, "required": item.required})
}

fn entitlement(item: &CatalogItem) -> Value {
    json!({
        "id": uuid_of(&format!("entitlement {}", item.id)), "projectId": item.project,
        "definition": {
            "type": "CatalogItemIdentifier", "id": item.id, "name": item.item.name, "sourceType": TYPE, "numItems": 1,
        },
    })
}

fn request(call: &mut Context<'_>, item: &CatalogItem, body: &Map<String, Value>) -> Result {
    let name = required(body, "deploymentName")?;
    let project = required(body, "projectId")?;
    if project != item.project {
        return Err(invalid(format!("The catalog item is not shared with the project {project}.")));
    }
    let newest = item.item.versions.last().cloned().unwrap_or_default();
    let version = body.get("version").and_then(Value::as_str).map_or(newest, str::to_owned);
    if !item.item.versions.contains(&version) {
        return Err(invalid(format!("The catalog item has no version {version}.")));
    }
    let inputs = body.get("inputs").cloned().unwrap_or_else(|| json!({}));
    check_inputs(&item.item, &inputs)?;
    let count = body.get("bulkRequestCount").and_then(Value::as_u64).unwrap_or(1);
    if !(1..=10).contains(&count) {
        return Err(invalid(format!("The value {count} of bulkRequestCount is not in the range 1 to 10.")));
    }
    let mut made = Vec::new();
    for number in 1..=count {
        let name = if count == 1 { name.clone() } else { format!("{name}-{number}") };
        let taken = call.store.deployments.iter().any(|other| other.name == name && !other.deleted);
        if taken {
            return Err(invalid(format!("A deployment with the name {name} exists already.")));
        }
        let new = NewDeployment {
            name: name.clone(),
            item: item.clone(),
            version: version.clone(),
            project: project.clone(),
            inputs: inputs.clone(),
            owner: call.user.clone(),
        };
        let id = create(call.store, new, call.now);
        made.push(json!({"deploymentId": id, "deploymentName": name}));
    }
    // An array also for one deployment.
    Ok(Reply::Json(200, made.into()))
}

/// Checks required inputs, types and enumerations, as far as the schema has them.
fn check_inputs(item: &Item, inputs: &Value) -> Result<()> {
    for name in item.required.iter().filter_map(Value::as_str) {
        if inputs.get(name).is_none_or(Value::is_null) {
            return Err(invalid(format!("The input {name} is required.")));
        }
    }
    for (name, value) in inputs.as_object().into_iter().flatten() {
        let Some(schema) = item.inputs.get(name) else { continue };
        let fits = match schema["type"].as_str() {
            Some("string") => value.is_string(),
            Some("integer") => value.is_i64() || value.is_u64(),
            Some("number") => value.is_number(),
            Some("boolean") => value.is_boolean(),
            Some("array") => value.is_array(),
            Some("object") => value.is_object(),
            _ => true,
        };
        let listed = schema["enum"].as_array().is_none_or(|values| values.contains(value));
        if !fits || !listed {
            return Err(invalid(format!("The value of the input {name} does not fit its schema.")));
        }
    }
    Ok(())
}
