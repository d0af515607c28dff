//! Calls for the actions of a resource.

use serde_json::{Value, json};

use super::action::{Action, of};
use super::submit;
use crate::testing::v7::context::{Context, ListQuirk, Reply, Result};
use crate::testing::v7::literal;
use crate::testing::v7::refusal::{invalid, not_found};

/// Handles `/consumer/resources/{id}/actions` of a resource that exists; `None` if there is no such call.
pub(super) fn route(call: &mut Context<'_>, method: &str, id: &str, path: &[&str]) -> Option<Result> {
    let resource = call.store.resource(id).cloned()?;
    let find = |action_id: &str| of(&resource).into_iter().find(|action| action.id() == action_id);
    Some(match (method, path) {
        ("GET", []) => Ok(Reply::RowsAs(of(&resource).into_iter().map(Action::typed).collect(), ListQuirk::NoMetadata)),
        ("GET", [action_id, "requests", "template"]) => match find(action_id) {
            Some(action) => Ok(Reply::Json(json!({
                "type": "com.vmware.vcac.catalog.domain.request.CatalogResourceRequest",
                "resourceId": resource.id,
                "actionId": action.id(),
                "description": null,
                "reasons": null,
                "data": action.data(),
            }))),
            None => Err(not_found("Action", action_id)),
        },
        ("POST", [action_id, "requests"]) => {
            let body = match call.body() {
                Ok(body) => body,
                Err(refusal) => return Some(Err(refusal)),
            };
            if body.get("actionId").and_then(Value::as_str).is_some_and(|named| named != *action_id) {
                return Some(Err(invalid("The action differs from the one in the path.")));
            }
            // 7.x sends plain JSON below `data`; requests keep typed values.
            let data = body.get("data").and_then(Value::as_object).cloned().unwrap_or_default();
            submit::submit_action(call, id, action_id, &body, literal::of_members(&data, ""))
        }
        ("GET", [action_id, "forms", "request"]) => match find(action_id) {
            Some(action) => Ok(Reply::Json(json!({"values": action.data()}))),
            None => Err(not_found("Action", action_id)),
        },
        _ => return None,
    })
}
