//! How requests come to their end.

use serde_json::Value;

use super::actions;
use super::request::{Request, Stage, What};
use super::resource::{self, Kind, Machine, Resource};
use crate::testing::v7::context::Context;
use crate::testing::v7::literal;
use crate::testing::v7::store::Store;
use crate::testing::v7::work_items::WorkItem;

/// A request was handed in: it waits for approval, or work begins at the first look.
pub(super) fn start(call: &mut Context<'_>, id: &str) {
    let Some(request) = call.store.request(id).cloned() else { return };
    let What::Item { id: item_id } = &request.what else { return };
    let item = call.store.items.iter().find(|item| item.id == *item_id);
    let Some(approver) = item.and_then(|item| item.item.approver.clone()) else { return };
    let name = item.map(|item| item.item.name.clone()).unwrap_or_default();
    let work_item = WorkItem::new(call.store, &request, &approver, &name, call.now);
    call.store.work_items.push(work_item);
    if let Some(request) = call.store.request_mut(id) {
        request.stage = Stage::PendingApproval;
    }
}

/// Somebody looks at a request: that is what moves it.
pub(super) fn look(call: &mut Context<'_>, id: &str) {
    let Some(request) = call.store.request(id).cloned() else { return };
    if request.forced.is_some() {
        return;
    }
    match request.stage {
        Stage::Submitted => begin(call.store, id, call.now),
        Stage::InProgress(0) => finish(call, &request),
        Stage::InProgress(left) => {
            if let Some(request) = call.store.request_mut(id) {
                request.stage = Stage::InProgress(left - 1);
            }
        }
        _ => {}
    }
}

/// The work begins: what is made is there, without addresses.
fn begin(store: &mut Store, id: &str, now: std::time::SystemTime) {
    let Some(request) = store.request(id).cloned() else { return };
    let item = match &request.what {
        What::Item { id } => store.items.iter().find(|item| item.id == *id).cloned(),
        What::Action { .. } => None,
    };
    let looks = item.as_ref().and_then(|item| item.item.looks).unwrap_or(store.looks);
    if let Some(request) = store.request_mut(id) {
        // The look that begins the work counts.
        request.stage = Stage::InProgress(looks.saturating_sub(1));
        request.version += 1;
        request.updated = now;
    }
    let Some(item) = item else { return };
    let new = |store: &mut Store, name: String, parent: Option<String>, kind: Kind| Resource {
        id: store.id(),
        name,
        request: request.id.clone(),
        item: (item.id.clone(), item.item.name.clone()),
        tenant: request.tenant.clone(),
        subtenant: request.subtenant.clone(),
        owner: request.requested_for.clone(),
        created: now,
        updated: now,
        lease_end: request.lease_days.and_then(|days| resource::days_after(now, days)),
        lease_days: request.lease_days,
        parent,
        kind,
    };
    let parent = request.composite.then(|| {
        let number = store.number();
        let name = format!("{}-{:08}", item.item.name.replace(' ', "_"), 66_559_000 + number);
        let deployment = new(store, name, None, Kind::Deployment);
        let id = deployment.id.clone();
        store.resources.push(deployment);
        id
    });
    let group = store.subtenant_label(&request.subtenant).as_str().unwrap_or("vm").replace(' ', "");
    for (component, count) in &request.machines {
        for _ in 0..*count {
            let number = store.number();
            let machine = Kind::Machine(Machine::new(component.clone(), number));
            let machine = new(store, format!("{group}{number:04}"), parent.clone(), machine);
            store.resources.push(machine);
        }
    }
}

/// An approval was given or refused.
pub(in crate::testing::v7) fn decide(
    store: &mut Store,
    id: &str,
    approved: bool,
    form: Option<&Value>,
    now: std::time::SystemTime,
) {
    let Some(request) = store.request_mut(id).filter(|request| request.stage == Stage::PendingApproval) else { return };
    request.updated = now;
    if !approved {
        request.stage = Stage::Rejected;
        request.completed = Some(now);
        let why = literal::entry(form, "source-businessJustification").and_then(|value| value.get("value"));
        request.details = Some(why.and_then(Value::as_str).unwrap_or("The request was rejected.").to_owned());
        return;
    }
    request.approved = Some(now);
    // Who approves may change the values.
    let number = |key: &str| {
        literal::entry(form, &format!("source-source-provider-VirtualMachine.{key}")).and_then(literal::number)
    };
    for (machine, _) in &mut request.machines {
        machine.cpu = number("CPU.Count").unwrap_or(machine.cpu);
        machine.memory = number("Memory.Size").unwrap_or(machine.memory);
    }
    if let Some(days) = number("LeaseDays") {
        request.lease_days = (days > 0).then_some(days);
    }
    begin(store, id, now);
}

fn finish(call: &mut Context<'_>, request: &Request) {
    let store = &mut *call.store;
    let result = match &request.what {
        What::Item { id } => {
            let failure = store.items.iter().find(|item| item.id == *id).and_then(|item| item.item.failure.clone());
            match failure {
                Some(details) => Err(details),
                None => provision(store, request),
            }
        }
        What::Action { resource, binding, .. } => actions::perform(store, resource, binding, &request.data, call.now),
    };
    if result.is_err() && matches!(request.what, What::Item { .. }) {
        undo(store, &request.id, call.now);
    }
    for resource in store.resources.iter_mut().filter(|resource| resource.request == request.id) {
        resource.updated = call.now;
    }
    let Some(request) = store.request_mut(&request.id) else { return };
    request.version += 1;
    request.updated = call.now;
    request.completed = Some(call.now);
    match result {
        Ok(()) => {
            request.stage = Stage::Successful;
            request.details = Some("The request was successfully completed".to_owned());
        }
        Err(details) => {
            request.stage = Stage::Failed;
            request.details = Some(details);
        }
    }
}

/// Each machine of a request gets its network and its address.
fn provision(store: &mut Store, request: &Request) -> Result<(), String> {
    let machines: Vec<(usize, String, String)> = store
        .resources
        .iter()
        .enumerate()
        .filter(|(_, resource)| resource.request == request.id && matches!(resource.kind, Kind::Machine(_)))
        .map(|(at, resource)| (at, resource.id.clone(), resource.name.clone()))
        .collect();
    for (at, id, name) in machines {
        let place = place(store, &request.subtenant, &id, &name)?;
        if let Some(Resource { kind: Kind::Machine(machine), .. }) = store.resources.get_mut(at) {
            machine.place = Some(place);
        }
    }
    Ok(())
}

/// Where a machine is.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) reservation: String,
    pub(super) network: String,
    /// The name of the network profile, if the address is from one.
    pub(super) profile: Option<String>,
    pub(super) address: String,
}

/// Finds a place: the reservation of the business group with the lowest priority that has one.
fn place(store: &mut Store, subtenant: &str, machine: &str, name: &str) -> Result<Place, String> {
    let mut usable: Vec<Value> = store
        .reservations
        .rows
        .iter()
        .filter(|row| row["subTenantId"].as_str() == Some(subtenant) && row["enabled"].as_bool() == Some(true))
        .cloned()
        .collect();
    usable.sort_by_key(|row| row["priority"].as_i64().unwrap_or(i64::MAX));
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
                store.dhcp = store.dhcp.wrapping_add(1).max(1);
                let address = format!("198.51.100.{}", store.dhcp);
                return Ok(Place { reservation: reservation_name, network, profile: None, address });
            };
            if let Some(profile) = store.profiles.iter_mut().find(|known| known.id == profile)
                && let Some(address) = profile.take(machine, name)
            {
                let profile = Some(profile.name().to_owned());
                let address = address.to_string();
                return Ok(Place { reservation: reservation_name, network, profile, address });
            }
        }
    }
    Err("No network with a free address is available to provision this machine.".to_owned())
}

/// Takes away what a failed request made.
fn undo(store: &mut Store, request: &str, now: std::time::SystemTime) {
    let gone: Vec<String> = store.resources.iter().filter(|r| r.request == request).map(|r| r.id.clone()).collect();
    for id in gone {
        actions::remove(store, &id, now);
    }
}
