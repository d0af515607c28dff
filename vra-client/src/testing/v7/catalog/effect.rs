//! Effects of actions on resources.

use std::time::SystemTime;

use serde_json::Value;

use super::action::by_binding;
use crate::testing::v7::literal;
use crate::testing::v7::rows::Kind;
use crate::testing::v7::store::Store;

/// Applies an action to a resource and its parts, or returns the details of a failure.
pub(super) fn perform(store: &mut Store, id: &str, binding: &str, data: &Value, now: SystemTime) -> Result<(), String> {
    let Some(action) = by_binding(binding) else { return Ok(()) };
    // Another request may have destroyed the resource while this one was in progress.
    if store.resource(id).is_none() {
        return Err("The resource does not exist any more.".to_owned());
    }
    if matches!(action.flag(), "Destroy" | "destroy") {
        remove(store, id, now);
        return Ok(());
    }
    // An action on a deployment applies to its machines as well.
    for resource in store.resources.iter_mut().filter(|r| r.id == id || r.parent.as_deref() == Some(id)) {
        resource.updated = now;
        match action.flag() {
            "Expire" | "archive" => resource.lease_end = Some(now),
            "ChangeLease" | "changelease" => {
                let end = literal::entry(Some(data), "provider-ExpirationDate").and_then(|value| value.get("value"));
                let end = end.and_then(Value::as_str).and_then(|text| text.parse::<jiff::Timestamp>().ok());
                // Without a date the lease has no end, as the action's description says.
                resource.lease_end = end.map(SystemTime::from);
                resource.lease_days = None;
            }
            _ => {}
        }
        if let Kind::Machine(machine) = &mut resource.kind {
            machine.status = match action.flag() {
                "PowerOff" | "Shutdown" | "Expire" | "archive" => "Off",
                "Suspend" => "Suspended",
                "PowerOn" | "Reset" | "Reboot" | "Reprovision" => "On",
                _ => machine.status,
            };
        }
    }
    Ok(())
}

/// Removes a resource with its parts. Their addresses become free half an hour later.
pub(super) fn remove(store: &mut Store, id: &str, now: SystemTime) {
    let gone: Vec<String> = store
        .resources
        .iter()
        .filter(|resource| resource.id == id || resource.parent.as_deref() == Some(id))
        .map(|resource| resource.id.clone())
        .collect();
    for profile in &mut store.profiles {
        gone.iter().for_each(|machine| profile.destroy(machine, now));
    }
    // After the profiles, which find an address by the id of its machine.
    store.resources.retain(|resource| !gone.contains(&resource.id));
}
