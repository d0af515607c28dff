//! Actions of deployments and machines.

use serde_json::{Value, json};

use super::lifecycle;
use super::shown::MACHINE;
use crate::testing::v8::context::{Context, Result, required};
use crate::testing::v8::refusal::{invalid, not_found};
use crate::testing::v8::rows::{Deployment, Effect, Machine};

/// Returns the actions of a deployment.
pub(super) fn of_deployment(found: &Deployment) -> Vec<Value> {
    let (any_on, any_off) = (found.machines.iter().any(|m| m.on), found.machines.iter().any(|m| !m.on));
    let free = !found.is_busy() && !found.deleted;
    vec![
        action("Deployment", "ChangeLease", "Change Lease", free),
        action("Deployment", "Delete", "Delete", free),
        action("Deployment", "PowerOff", "Power Off", free && any_on),
        action("Deployment", "PowerOn", "Power On", free && any_off),
        action("Deployment", "Update", "Update", free),
    ]
}

/// Returns the actions of a machine.
pub(super) fn of_machine(machine: &Machine) -> Vec<Value> {
    let of = |name, title, valid| action(MACHINE, name, title, valid);
    vec![
        of("Delete", "Delete", true),
        of("PowerOff", "Power Off", machine.on),
        of("PowerOn", "Power On", !machine.on),
        of("Reboot", "Reboot", machine.on),
        of("Resize", "Resize", true),
    ]
}

fn action(kind: &str, name: &str, title: &str, valid: bool) -> Value {
    let mut action = json!({
        "id": format!("{kind}.{name}"), "name": name, "displayName": title, "description": format!("{title} it"),
        "valid": valid, "actionType": "RESOURCE_ACTION", "dependents": [],
    });
    let properties = match name {
        "Resize" => json!({"cpuCount": {"type": "integer"}, "totalMemoryMB": {"type": "integer"}}),
        "ChangeLease" => json!({"Lease Expiration Date": {"type": "string", "format": "date-time"}}),
        _ => return action,
    };
    action["schema"] = json!({"type": "object", "properties": properties});
    action
}

/// Submits a request for an action of a deployment, or of one of its resources.
pub(super) fn submit(call: &mut Context<'_>, id: &str, resource: Option<&str>) -> Result {
    let body = call.body()?;
    let action = required(&body, "actionId")?;
    let found = call.store.deployment(id).cloned();
    let machine = found.as_ref().and_then(|found| found.machines.iter().find(|m| Some(m.id.as_str()) == resource));
    lifecycle::idle(call, id)?;
    let list = match (resource, machine, &found) {
        (Some(_), Some(machine), _) => of_machine(machine),
        (None, _, Some(found)) => of_deployment(found),
        _ => Vec::new(),
    };
    let Some(known) = list.iter().find(|known| known["id"] == action.as_str()) else {
        return Err(not_found("Action", &action));
    };
    if known["valid"] != true {
        return Err(invalid(format!("The action {action} is not possible in this state.")));
    }
    let inputs = body.get("inputs").cloned().unwrap_or_else(|| json!({}));
    let machine = resource.map(str::to_owned);
    let name = known["name"].as_str().unwrap_or_default();
    let effect = match (name, machine.clone()) {
        ("Delete", Some(machine)) => Effect::DeleteMachine(machine),
        ("Delete", None) => Effect::Delete,
        ("PowerOff", machine) => Effect::Power { machine, on: false },
        ("PowerOn", machine) => Effect::Power { machine, on: true },
        ("Resize", Some(machine)) => {
            let (cpu, memory) = (inputs["cpuCount"].as_i64(), inputs["totalMemoryMB"].as_i64());
            Effect::Resize { machine, cpu, memory }
        }
        ("ChangeLease", _) => match inputs["Lease Expiration Date"].as_str() {
            Some(until) => Effect::Lease(until.to_owned()),
            None => return Err(invalid("The input Lease Expiration Date is required.")),
        },
        _ => Effect::Nothing,
    };
    let title = known["displayName"].as_str().unwrap_or_default().to_owned();
    lifecycle::submit(call, id, &title, Some((&action, inputs)), effect, machine.into_iter().collect())
}
