//! Provisioning: a network and an address for each machine of a request.

use std::time::SystemTime;

use serde_json::Value;

use super::effect;
use crate::testing::v7::literal;
use crate::testing::v7::rows::{Kind, NetworkPlacement, Request, Resource};
use crate::testing::v7::store::Store;

/// Places each machine of a request: network and address. Returns the details of a failure.
pub(super) fn provision(store: &mut Store, request: &Request) -> Result<(), String> {
    let machines: Vec<(usize, String, String)> = store
        .resources
        .iter()
        .enumerate()
        .filter(|(_, resource)| resource.request == request.id && matches!(resource.kind, Kind::Machine(_)))
        .map(|(at, resource)| (at, resource.id.clone(), resource.name.clone()))
        .collect();
    for (at, id, name) in machines {
        // One by one, as the second machine must not get the address of the first.
        let place = place(store, &request.subtenant, &id, &name)?;
        if let Some(Resource { kind: Kind::Machine(machine), .. }) = store.resources.get_mut(at) {
            machine.place = Some(place);
        }
    }
    Ok(())
}

/// Returns the placement of a machine, from the first reservation of its business group, by priority, that has an address.
fn place(store: &mut Store, subtenant: &str, machine: &str, name: &str) -> Result<NetworkPlacement, String> {
    let mut usable: Vec<Value> = store
        .reservations
        .rows
        .iter()
        .filter(|row| row["subTenantId"].as_str() == Some(subtenant) && row["enabled"].as_bool() == Some(true))
        .cloned()
        .collect();
    // The reservation with the lowest number is used first.
    usable.sort_by_key(|row| row["priority"].as_i64().unwrap_or(i64::MAX));
    // Two different failures: without a reservation there is nothing to try, with one its addresses are used up.
    if usable.is_empty() {
        return Err("No reservation is available to provision this machine.".to_owned());
    }
    for reservation in &usable {
        let reservation_name = reservation["name"].as_str().unwrap_or_default().to_owned();
        let networks = literal::entry(reservation.get("extensionData"), "reservationNetworks");
        let networks = networks.and_then(|value| value.get("items")).and_then(Value::as_array);
        for network in networks.into_iter().flatten() {
            let reference = |key: &str| literal::entry(network.get("values"), key);
            let label = |value: Option<&Value>| {
                value.and_then(|value| value.get("label")).and_then(Value::as_str).unwrap_or("VM Network").to_owned()
            };
            let network = label(reference("networkPath"));
            let Some(profile) = reference("networkProfile").and_then(|value| value.get("id")).and_then(Value::as_str)
            else {
                // A network without a profile gets its addresses from elsewhere: 198.51.100.0/24, a network for examples
                // (RFC 5737).
                store.dhcp = store.dhcp.wrapping_add(1).max(1);
                let address = format!("198.51.100.{}", store.dhcp);
                return Ok(NetworkPlacement { reservation: reservation_name, network, profile: None, address });
            };
            if let Some(profile) = store.profiles.iter_mut().find(|known| known.id == profile)
                && let Some(address) = profile.allocate(machine, name)
            {
                let profile = Some(profile.name().to_owned());
                let address = address.to_string();
                return Ok(NetworkPlacement { reservation: reservation_name, network, profile, address });
            }
        }
    }
    Err("No network with a free address is available to provision this machine.".to_owned())
}

/// Removes the resources of a failed request.
pub(super) fn undo(store: &mut Store, request: &str, now: SystemTime) {
    let gone: Vec<String> = store.resources.iter().filter(|r| r.request == request).map(|r| r.id.clone()).collect();
    for id in gone {
        effect::remove(store, &id, now);
    }
}
