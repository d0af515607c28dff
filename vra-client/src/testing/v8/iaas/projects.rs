//! Projects.

use serde_json::{Map, Value, json};

use super::read::one;
use crate::testing::v8::context::{Context, Reply, Result, copy, iaas_row, required};
use crate::testing::v8::query::Style;
use crate::testing::v8::refusal::{conflict, invalid, not_found};

const MEMBERS: [&str; 10] = [
    "administrators",
    "members",
    "viewers",
    "supervisors",
    "constraints",
    "operationTimeout",
    "machineNamingTemplate",
    "sharedResources",
    "placementPolicy",
    "customProperties",
];

pub(super) fn route(call: &mut Context<'_>, method: &str, path: &[&str]) -> Option<Result> {
    Some(match (method, path) {
        ("GET", []) => Ok(Reply::Rows(call.store.projects.rows.clone(), Style::Projects)),
        ("POST", []) => call.body().and_then(|body| create(call, &body)),
        (_, [id, ..]) if call.store.projects.get(id).is_none() => Err(not_found("Project", id)),
        ("GET", [id]) => one(&call.store.projects, "Project", id),
        ("PATCH", [id]) => call.body().and_then(|body| change(call, id, &body)),
        ("DELETE", [id]) => {
            let used =
                |deployment: &&crate::testing::v8::rows::Deployment| deployment.project == *id && !deployment.deleted;
            if let Some(deployment) = call.store.deployments.iter().find(used) {
                return Some(Err(conflict(format!("The project is in use by the deployment {}.", deployment.name))));
            }
            call.store.projects.remove(id);
            Ok(Reply::Empty(204))
        }
        _ => return None,
    })
}

fn create(call: &mut Context<'_>, body: &Map<String, Value>) -> Result {
    let name = required(body, "name")?;
    let id = call.store.id();
    let mut row = iaas_row("projects", &id, call.now, call.now);
    for (member, value) in [
        ("administrators", json!([])),
        ("members", json!([])),
        ("viewers", json!([])),
        ("zones", json!([])),
        ("constraints", json!({})),
        ("operationTimeout", json!(0)),
        ("sharedResources", json!(true)),
    ] {
        row[member] = value;
    }
    apply(call, &mut row, &name, body)?;
    call.store.projects.put(&id, row.clone());
    Ok(Reply::Json(201, row))
}

fn change(call: &mut Context<'_>, id: &str, body: &Map<String, Value>) -> Result {
    let name = required(body, "name")?;
    let mut row = call.store.projects.get(id).cloned().unwrap_or_default();
    apply(call, &mut row, &name, body)?;
    row["updatedAt"] = crate::testing::clock::day(call.now).into();
    call.store.projects.put(id, row.clone());
    Ok(Reply::Json(200, row))
}

fn apply(call: &Context<'_>, row: &mut Value, name: &str, body: &Map<String, Value>) -> Result<()> {
    let id = row["id"].clone();
    if call.store.projects.rows.iter().any(|other| other["name"] == name && other["id"] != id) {
        return Err(invalid(format!("A project with the name {name} exists already.")));
    }
    row["name"] = name.into();
    copy(row, body, &["description"]);
    copy(row, body, &MEMBERS);
    // Sent under one name and returned under another.
    if let Some(zones) = body.get("zoneAssignmentConfigurations").and_then(Value::as_array) {
        for zone in zones {
            let id = zone["zoneId"].as_str().unwrap_or_default();
            if call.store.zones.get(id).is_none() {
                return Err(invalid(format!("The zone {id} does not exist.")));
            }
        }
        row["zones"] = zones.clone().into();
    }
    Ok(())
}
