//! Deployments of 7.x: with components, owners, actions and expiry.

use serde_json::{Value, json};

use super::{action, request_rows, resource_rows};
use crate::testing::clock::millis;
use crate::testing::v7::config::Release;
use crate::testing::v7::context::{Context, Reply, Result};
use crate::testing::v7::refusal::{invalid, not_found};
use crate::testing::v7::rows::{Kind, Resource};
use crate::testing::v7::store::Store;

/// Handles `/consumer/deployments`.
pub(super) fn route(call: &mut Context<'_>, method: &str, path: &[&str]) -> Option<Result> {
    let is_deployment = |resource: &Resource| matches!(resource.kind, Kind::Deployment);
    Some(match (method, path) {
        ("GET", []) => {
            let own = resource_rows::visible(call);
            let rows = own.iter().filter(|resource| is_deployment(resource));
            Ok(Reply::Rows(rows.map(|deployment| row(call.store, deployment)).collect()))
        }
        (_, [id]) if !call.store.resource(id).is_some_and(is_deployment) => Err(not_found("Deployment", id)),
        ("GET", [id]) => current(call.store, id),
        ("PUT", [id]) => change(call, id),
        _ => return None,
    })
}

fn current(store: &Store, id: &str) -> Result {
    match store.resource(id) {
        Some(deployment) => Ok(Reply::Json(row(store, deployment))),
        None => Err(not_found("Deployment", id)),
    }
}

/// Changes name and description; a client can change nothing else here, whatever it sends back.
fn change(call: &mut Context<'_>, id: &str) -> Result {
    let body = call.body()?;
    let name = body.get("name").and_then(Value::as_str).filter(|name| !name.trim().is_empty());
    let name = name.ok_or_else(|| invalid("The field name is required."))?.to_owned();
    let description = body.get("description").and_then(Value::as_str).map(str::to_owned);
    let now = call.now;
    if let Some(deployment) = call.store.resources.iter_mut().find(|resource| resource.id == id) {
        (deployment.name, deployment.description, deployment.updated) = (name, description, now);
    }
    current(call.store, id)
}

/// Returns a deployment with its components.
fn row(store: &Store, deployment: &Resource) -> Value {
    let parts = store.resources.iter().filter(|resource| resource.parent.as_ref() == Some(&deployment.id));
    let components: Vec<Value> = parts.map(|part| component(store, part)).collect();
    let request = store.request(&deployment.request).map(|request| {
        let mut row = request_rows::row(store, request, Release::V7);
        if let Some(members) = row.as_object_mut() {
            // Clients read the message under this name here, and not within `requestCompletion`.
            members.shift_remove("requestCompletion");
            members.insert("completionDetailMessage".to_owned(), json!(request.details));
        }
        row
    });
    json!({
        "id": deployment.id,
        "name": deployment.name,
        "description": deployment.description,
        "createdDate": millis(deployment.created),
        "expiryDate": deployment.lease_end.map(millis),
        "catalogItem": {"id": deployment.item.0, "label": deployment.item.1},
        "subtenant": {"id": deployment.subtenant, "label": store.subtenant_label(&deployment.subtenant)},
        "owners": [{"id": deployment.owner, "name": store.display_name(&deployment.owner)}],
        "components": components,
        "operations": action::of(deployment).iter().map(|action| action.operation()).collect::<Vec<_>>(),
        "request": request,
        "expenseMonthToDate": {"amount": null, "currencyCode": null, "asOnDate": null},
    })
}

fn component(store: &Store, part: &Resource) -> Value {
    json!({
        "id": part.id,
        "name": part.name,
        "description": part.description,
        "type": part.kind_id().0,
        "parentId": part.parent,
        "data": resource_rows::plain_values(store, part),
    })
}
