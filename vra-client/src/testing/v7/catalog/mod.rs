//! Service `/catalog-service/api`: items, requests, resources, actions.

mod action;
mod action_calls;
mod deployments;
mod effect;
mod items;
mod lifecycle;
mod provision;
mod request_rows;
mod resource_rows;
mod submit;

pub(super) use lifecycle::decide;

use serde_json::Value;

use super::config::Release;
use super::context::{Context, Reply, Result};
use super::refusal::{conflict, invalid, no_such_request, not_found};
use super::rows::{Resource, Stage};

/// Handles the catalog service; `None` if it has no such call.
pub(super) fn route(call: &mut Context<'_>, method: &str, path: &[&str]) -> Option<Result> {
    // Templates and flat views (`…Views`) came with 7.x.
    let flat = call.release != Release::V6_2;
    Some(match (method, path) {
        ("GET", ["consumer", "entitledCatalogItems"]) => items::entitled(call),
        ("GET", ["consumer", "entitledCatalogItems", id]) => items::one(call, id),
        ("GET", ["consumer", "entitledCatalogItemViews"]) if flat => items::views(call),
        ("GET", ["consumer", "entitledCatalogItemViews", id]) if flat => items::view(call, id),
        ("GET", ["consumer", "entitledCatalogItems", id, "requests", "template"]) if flat => items::template(call, id),
        ("GET", ["consumer", "entitledCatalogItems", id, "requests", "schema"]) if flat => items::schema(call, id),
        ("POST", ["consumer", "entitledCatalogItems", id, "requests"]) if flat => submit::submit(call, id),
        ("GET", ["consumer", "catalogItems"] | ["catalogItems"]) => Ok(Reply::Rows(items::plain(call))),
        ("GET", ["consumer", "services"] | ["services"]) => Ok(Reply::Rows(items::services(call))),
        ("GET", ["entitlements"]) => Ok(Reply::Rows(items::entitlements(call))),
        ("GET", ["resourceOperations"]) => Ok(Reply::Rows(action::all())),
        ("GET", ["resourceTypes"]) => Ok(Reply::Rows(resource_rows::types())),
        ("GET", ["consumer", "resourceTypes", id]) => {
            match resource_rows::types().into_iter().find(|row| row["id"].as_str() == Some(id)) {
                Some(row) => Ok(Reply::Json(row)),
                None => Err(not_found("Resource type", id)),
            }
        }
        (_, ["consumer", "deployments", rest @ ..]) if flat => return deployments::route(call, method, rest),
        (_, ["consumer", "requests", rest @ ..]) => return requests(call, method, rest),
        (_, ["consumer", "resources", rest @ ..]) => return resources(call, method, rest),
        ("GET", ["consumer", "resourceViews"]) if flat => {
            let (data, operations) = (call.query.is_true("withExtendedData"), call.query.is_true("withOperations"));
            if data {
                // The documented bound of pages with extended data.
                call.query.cap(100);
            }
            let own = resource_rows::visible(call);
            Ok(Reply::Rows(
                own.iter().map(|r| resource_rows::view(call.store, &call.origin, r, data, operations)).collect(),
            ))
        }
        ("GET", ["consumer", "resourceViews", id]) if flat => match call.store.resource(id) {
            Some(found) => Ok(Reply::Json(resource_rows::view(call.store, &call.origin, found, true, true))),
            None => Err(invalid("The provided resource was null.")),
        },
        _ => return None,
    })
}

/// Handles `/consumer/requests`.
fn requests(call: &mut Context<'_>, method: &str, path: &[&str]) -> Option<Result> {
    if let [id, ..] = path
        && call.store.request(id).is_none()
    {
        return Some(Err(no_such_request(id)));
    }
    Some(match (method, path) {
        ("GET", []) => {
            // A user sees the requests that were made by them or for them.
            let own =
                call.store.requests.iter().filter(|r| r.requested_by == call.user || r.requested_for == call.user);
            Ok(Reply::Rows(own.map(|request| request_rows::row(call.store, request, call.release)).collect()))
        }
        ("POST", []) => submit::submit_old(call),
        ("GET", [id]) => {
            // Only reading the one request moves it. Lists and views do not, or a client that shows a table while it waits
            // would change what it waits for.
            lifecycle::poll(call, id);
            match call.store.request(id) {
                Some(request) => Ok(Reply::Json(request_rows::row(call.store, request, call.release))),
                None => Err(no_such_request(id)),
            }
        }
        ("POST", [id]) => submit::edit(call, id),
        ("DELETE", [id]) => {
            // Only an unsubmitted request may be deleted.
            let submitted = call.store.request(id).is_some_and(|request| request.stage != Stage::Unsubmitted);
            if submitted {
                return Some(Err(conflict(format!("Request {id} was submitted and cannot be deleted."))));
            }
            call.store.requests.retain(|request| request.id != *id);
            Ok(Reply::Empty(204))
        }
        ("GET", [id, "resources"]) => {
            // The resources of a request come with data and actions, without the parameters that lists need for them.
            let made = made_by(call, id);
            Ok(Reply::Rows(made.iter().map(|r| resource_rows::row(call.store, r, true, true, call.release)).collect()))
        }
        ("GET", [id, "resourceViews"]) if call.release != Release::V6_2 => {
            let made = made_by(call, id);
            Ok(Reply::Rows(made.iter().map(|r| resource_rows::view(call.store, &call.origin, r, true, true)).collect()))
        }
        ("GET", [id, "forms", "details"]) => match call.store.request(id) {
            Some(request) => Ok(Reply::Json(serde_json::json!({"values": request.data}))),
            None => Err(no_such_request(id)),
        },
        _ => return None,
    })
}

/// Returns the resources that a request made.
fn made_by(call: &Context<'_>, request: &str) -> Vec<Resource> {
    call.store.resources.iter().filter(|resource| resource.request == request).cloned().collect()
}

/// Handles `/consumer/resources`.
fn resources(call: &mut Context<'_>, method: &str, path: &[&str]) -> Option<Result> {
    let rows = |call: &Context<'_>, found: Vec<Resource>| -> Vec<Value> {
        let (data, operations) = (call.query.is_true("withExtendedData"), call.query.is_true("withOperations"));
        found.iter().map(|r| resource_rows::row(call.store, r, data, operations, call.release)).collect()
    };
    Some(match (method, path) {
        ("GET", []) => Ok(Reply::Rows(rows(call, resource_rows::visible(call)))),
        ("GET", ["types", kind]) => {
            let mut found = resource_rows::visible(call);
            found.retain(|resource| resource.is_a(kind));
            Ok(Reply::Rows(rows(call, found)))
        }
        // Captured: an unknown resource is an invalid argument (400) and not 404.
        (_, [id, ..]) if call.store.resource(id).is_none() => Err(invalid("The provided resource was null.")),
        ("GET", [id]) => match call.store.resource(id) {
            Some(found) => Ok(Reply::Json(resource_rows::row(call.store, found, true, true, call.release))),
            None => Err(invalid("The provided resource was null.")),
        },
        (_, [id, "actions", rest @ ..]) => return action_calls::route(call, method, id, rest),
        _ => return None,
    })
}
