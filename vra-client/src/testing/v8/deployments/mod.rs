//! Deployment service, `/deployment/api`: deployments, resources, actions, requests.

mod actions;
mod lifecycle;
mod provision;
mod shown;

pub(super) use provision::{NewDeployment, create};

use serde_json::Value;

use super::context::{Context, Reply, Result};
use super::query::Style;
use super::refusal::{invalid, not_found};
use super::rows::{Deployment, Effect};

/// Handles the deployment service; `None` if it has no such call.
pub(super) fn route(call: &mut Context<'_>, method: &str, path: &[&str]) -> Option<Result> {
    Some(match (method, path) {
        ("GET", ["deployments"]) => list(call),
        ("GET", ["deployments", "names"]) => match call.query.get("name").map(str::to_owned) {
            Some(name) => is_taken(call, &name),
            None => Err(invalid("The parameter name is required.")),
        },
        ("GET", ["deployments", "names", name]) => is_taken(call, name),
        (_, ["deployments", id, rest @ ..]) => {
            let deleted = call.query.get("deleted") == Some("true");
            let known = call.store.deployment(id).is_some_and(|found| !found.deleted || deleted);
            if !known {
                return Some(Err(not_found("Deployment", id)));
            }
            return one(call, method, id, rest);
        }
        ("GET", ["resources"]) => {
            let deployments = call.store.deployments.iter().filter(|found| shown::has_resources(found));
            let rows = deployments.flat_map(|found| shown::resources(found, true)).collect();
            Ok(Reply::Rows(of_types(call, rows), Style::Spring))
        }
        ("GET", ["resources", resource]) => match owner_of(call, resource) {
            Some(deployment) => resource_of(call, &deployment, resource),
            None => Err(not_found("Resource", resource)),
        },
        (_, ["resources", resource, rest @ ..]) => match owner_of(call, resource) {
            Some(deployment) => return of_resource(call, method, &deployment, resource, rest),
            None => Err(not_found("Resource", resource)),
        },
        (_, ["requests", id, rest @ ..]) => {
            if call.store.request(id).is_none() {
                return Some(Err(not_found("Request", id)));
            }
            match (method, rest) {
                ("GET", []) => {
                    lifecycle::poll(call.store, id, call.now);
                    Ok(Reply::Json(200, request_row(call, id)))
                }
                ("POST", []) => lifecycle::act(call, id),
                ("GET", ["events"]) => Ok(Reply::Rows(Vec::new(), Style::Spring)),
                _ => return None,
            }
        }
        _ => return None,
    })
}

fn one(call: &mut Context<'_>, method: &str, id: &str, path: &[&str]) -> Option<Result> {
    Some(match (method, path) {
        ("GET", []) => {
            // Only reading the one deployment, or its request, moves it. Lists do not.
            if let Some(request) = call.store.last_request(id).map(|request| request.id.clone()) {
                lifecycle::poll(call.store, &request, call.now);
            }
            let gone = |found: &&Deployment| !found.deleted || call.query.get("deleted") == Some("true");
            match call.store.deployment(id).filter(gone) {
                Some(found) => Ok(Reply::Json(200, shown::deployment(call, found))),
                None => Err(not_found("Deployment", id)),
            }
        }
        ("PATCH", []) => call.body().and_then(|body| {
            let name = body.get("name").and_then(Value::as_str).map(str::to_owned);
            let taken = |other: &Deployment| Some(&other.name) == name.as_ref() && other.id != id && !other.deleted;
            if call.store.deployments.iter().any(taken) {
                return Err(invalid("A deployment with this name exists already."));
            }
            if let Some(found) = call.store.deployment_mut(id) {
                found.name = name.unwrap_or_else(|| found.name.clone());
                if let Some(description) = body.get("description").and_then(Value::as_str) {
                    found.description = Some(description.to_owned());
                }
            }
            let found = call.store.deployment(id).map(|found| shown::deployment(call, found));
            Ok(Reply::Json(200, found.unwrap_or_default()))
        }),
        ("DELETE", []) => lifecycle::submit(call, id, "Delete", None, Effect::Delete, Vec::new()),
        ("GET", ["requests"]) => {
            let requests = call.store.requests.iter().rev().filter(|request| request.deployment == id);
            let rows = requests.map(shown::request).collect();
            Ok(Reply::Rows(rows, Style::Spring))
        }
        ("GET", ["actions", rest @ ..]) => {
            let list = call.store.deployment(id).map(actions::of_deployment).unwrap_or_default();
            one_or_all(list, rest)?
        }
        ("POST", ["requests"]) => actions::submit(call, id, None),
        ("GET", ["resources"]) => {
            let rows = call.store.deployment(id).map(|found| shown::resources(found, false)).unwrap_or_default();
            Ok(Reply::Rows(of_types(call, rows), Style::Spring))
        }
        ("GET", ["resources", resource]) => resource_of(call, id, resource),
        ("DELETE", ["resources", resource]) => {
            if owner_of(call, resource).as_deref() != Some(id) {
                return Some(Err(not_found("Resource", resource)));
            }
            let effect = Effect::DeleteMachine((*resource).to_owned());
            lifecycle::submit(call, id, "Delete", None, effect, vec![(*resource).to_owned()])
        }
        (_, ["resources", resource, rest @ ..]) => return of_resource(call, method, id, resource, rest),
        ("GET", ["userEvents"]) => Ok(Reply::Rows(Vec::new(), Style::Spring)),
        _ => return None,
    })
}

fn of_resource(call: &mut Context<'_>, method: &str, id: &str, resource: &str, path: &[&str]) -> Option<Result> {
    if owner_of(call, resource).as_deref() != Some(id) {
        return Some(Err(not_found("Resource", resource)));
    }
    match (method, path) {
        ("GET", ["actions", rest @ ..]) => {
            let deployment = call.store.deployment(id);
            let machine = deployment.and_then(|found| found.machines.iter().find(|machine| machine.id == resource));
            one_or_all(machine.map(actions::of_machine).unwrap_or_default(), rest)
        }
        ("POST", ["requests"]) => Some(actions::submit(call, id, Some(resource))),
        ("GET", ["requests"]) => {
            let about = |request: &&super::rows::Request| request.resources.iter().any(|id| id == resource);
            let rows = call.store.requests.iter().rev().filter(about).map(shown::request).collect();
            Some(Ok(Reply::Rows(rows, Style::Spring)))
        }
        _ => None,
    }
}

/// Returns a bare array of actions, or the one with the id in the path.
fn one_or_all(list: Vec<Value>, path: &[&str]) -> Option<Result> {
    match path {
        [] => Some(Ok(Reply::Json(200, list.into()))),
        [id] => {
            let found = list.into_iter().find(|action| action["id"] == *id);
            Some(found.map(|action| Reply::Json(200, action)).ok_or_else(|| not_found("Action", id)))
        }
        _ => None,
    }
}

fn list(call: &mut Context<'_>) -> Result {
    let query = &call.query;
    let name = query.get("name");
    let search = query.get("search").map(str::to_lowercase);
    let (projects, status, owners) = (query.all("projects"), query.all("status"), query.all("ownedBy"));
    let deleted = query.get("deleted") == Some("true");
    let any = |wanted: &[&str], value: &str| wanted.is_empty() || wanted.contains(&value);
    let fits = |found: &&Deployment| {
        found.deleted == deleted
            // The name is exact, the search is not.
            && name.is_none_or(|name| found.name == name)
            && search.as_ref().is_none_or(|search| found.name.to_lowercase().contains(search))
            && any(&projects, &found.project)
            && any(&status, &found.status)
            && any(&owners, &found.owner)
    };
    let rows = call.store.deployments.iter().filter(fits).map(|found| shown::deployment(call, found)).collect();
    Ok(Reply::Rows(rows, Style::Spring))
}

fn is_taken(call: &Context<'_>, name: &str) -> Result {
    match call.store.deployments.iter().any(|found| found.name == name && !found.deleted) {
        true => Ok(Reply::Empty(200)),
        false => Err(not_found("Deployment name", name)),
    }
}

/// Keeps the resources of the requested types.
fn of_types(call: &Context<'_>, rows: Vec<Value>) -> Vec<Value> {
    let (types, names) = (call.query.all("resourceTypes"), call.query.all("names"));
    let fits = |row: &Value| {
        (types.is_empty() || types.iter().any(|kind| row["type"] == *kind))
            && (names.is_empty() || names.iter().any(|name| row["name"] == *name))
    };
    rows.into_iter().filter(|row| fits(row)).collect()
}

/// Returns the deployment that has a resource.
fn owner_of(call: &Context<'_>, resource: &str) -> Option<String> {
    let mut deployments = call.store.deployments.iter().filter(|found| shown::has_resources(found));
    let found = deployments.find(|found| found.machines.iter().any(|machine| machine.id == resource))?;
    Some(found.id.clone())
}

fn resource_of(call: &Context<'_>, id: &str, resource: &str) -> Result {
    let rows = call.store.deployment(id).map(|found| shown::resources(found, false)).unwrap_or_default();
    let row = rows.into_iter().find(|row| row["id"] == resource);
    row.map(|row| Reply::Json(200, row)).ok_or_else(|| not_found("Resource", resource))
}

fn request_row(call: &Context<'_>, id: &str) -> Value {
    call.store.request(id).map(shown::request).unwrap_or_default()
}
