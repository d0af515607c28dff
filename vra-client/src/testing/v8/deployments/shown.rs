//! Forms in which the server shows deployments, resources and requests.

use serde_json::{Value, json};

use crate::testing::clock::micros;
use crate::testing::id::uuid_of;
use crate::testing::v8::context::{Context, ORGANIZATION};
use crate::testing::v8::rows::{Deployment, Machine, Request, Source};

pub(super) const MACHINE: &str = "Cloud.vSphere.Machine";

/// Returns true if the resources of a deployment are there: after its creation has ended.
pub(super) fn has_resources(deployment: &Deployment) -> bool {
    !deployment.deleted && !matches!(deployment.status.as_str(), "CREATE_INPROGRESS" | "CREATE_FAILED")
}

/// Returns a deployment, with what `expand` asks for.
pub(super) fn deployment(call: &Context<'_>, found: &Deployment) -> Value {
    let expand = call.query.all("expand");
    let item = call.store.items.iter().find(|item| item.id == found.item);
    let item_name = item.map(|item| item.item.name.clone());
    let blueprint = uuid_of(&format!("blueprint {}", found.item));
    let mut row = json!({
        "id": found.id, "name": found.name, "orgId": ORGANIZATION, "catalogItemId": found.item,
        "catalogItemVersion": found.version, "blueprintId": format!("{blueprint}:{}", found.version),
        "blueprintVersion": found.version, "createdAt": micros(found.created), "createdBy": found.owner,
        "ownedBy": found.owner, "lastUpdatedAt": micros(found.updated), "lastUpdatedBy": found.owner,
        "inputs": found.inputs, "projectId": found.project, "status": found.status, "deleted": found.deleted,
    });
    if let Some(description) = &found.description {
        row["description"] = description.clone().into();
    }
    if let Some(lease) = &found.lease {
        row["leaseExpireAt"] = lease.clone().into();
    }
    for part in expand {
        match part {
            "resources" => row["resources"] = resources(found, false).into(),
            "catalog" => row["catalog"] = json!({"id": found.item, "name": item_name}),
            "blueprint" => {
                row["blueprint"] = json!({"id": blueprint, "name": item_name, "version": found.version});
            }
            "project" => {
                let name = call.store.projects.get(&found.project).map(|project| project["name"].clone());
                row["project"] = json!({"id": found.project, "name": name});
            }
            "lastRequest" => {
                row["lastRequest"] = call.store.last_request(&found.id).map(request).unwrap_or_default();
            }
            "inprogressRequests" => {
                let open = call.store.requests.iter().filter(|r| r.deployment == found.id && !r.is_final());
                row["inprogressRequests"] = open.map(request).collect::<Vec<_>>().into();
            }
            // Unknown parts are ignored.
            _ => {}
        }
    }
    row
}

/// Returns the resources of a deployment; with their deployment and project in the list of all.
pub(super) fn resources(found: &Deployment, of_all: bool) -> Vec<Value> {
    if !has_resources(found) {
        return Vec::new();
    }
    let rows = found.machines.iter().map(resource);
    rows.map(|mut row| {
        if of_all {
            row["deploymentId"] = found.id.clone().into();
            row["deployment"] = json!({"id": found.id, "name": found.name});
            row["projectId"] = found.project.clone().into();
            row["orgId"] = ORGANIZATION.into();
        }
        row
    })
    .collect()
}

fn resource(machine: &Machine) -> Value {
    let cards: Vec<Value> = machine
        .nics
        .iter()
        .enumerate()
        .map(|(index, nic)| {
            json!({
                "id": format!("/resources/network-interfaces/{}", nic.id), "name": nic.network.1,
                "resourceName": nic.network.1, "deviceIndex": index,
                "assignment": if nic.source == Source::Dynamic { "dynamic" } else { "static" },
                "address": nic.address.map(|address| address.to_string()),
                "mac_address": format!("00:50:56:ae:95:{index:02x}"),
            })
        })
        .collect();
    json!({
        "id": machine.id, "name": machine.component, "type": MACHINE, "createdAt": micros(machine.created),
        "origin": "DEPLOYED", "syncStatus": "SUCCESS", "state": "OK", "dependsOn": [],
        "properties": {
            "resourceId": machine.id, "resourceName": machine.name, "name": machine.component,
            "resourceLink": format!("/resources/compute/{}", machine.id), "componentType": MACHINE,
            "powerState": if machine.on { "ON" } else { "OFF" }, "cpuCount": machine.cpu, "totalMemoryMB": machine.memory,
            "address": machine.nics.iter().find_map(|nic| nic.address).map(|address| address.to_string()),
            "networks": cards, "endpointType": "vsphere",
        },
    })
}

/// Returns a request.
pub(super) fn request(request: &Request) -> Value {
    let mut row = json!({
        "id": request.id, "name": request.name, "deploymentId": request.deployment, "requestedBy": request.by,
        "inputs": request.inputs, "status": request.status, "details": request.details,
        "createdAt": micros(request.created), "updatedAt": micros(request.updated), "totalTasks": 3,
        // As captured: a success may have fewer completed tasks than there are.
        "completedTasks": if request.is_final() { 2 } else { 0 },
        "dismissed": request.dismissed, "cancelable": !request.is_final(), "resourceIds": request.resources,
    });
    if let Some(action) = &request.action {
        row["actionId"] = action.clone().into();
    }
    if request.is_final() {
        row["completedAt"] = micros(request.updated).into();
    }
    row
}
