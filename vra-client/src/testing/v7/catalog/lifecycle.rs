//! Steps of a request: approval, work, end.
//!
//! Polls move a request, and time does not. A test is then as quick as it polls, and its states come in the same order each
//! time. A real server takes minutes, and clients poll it every 5 to 15 seconds.

use serde_json::Value;

use super::{effect, provision};
use crate::testing::v7::context::Context;
use crate::testing::v7::literal;
use crate::testing::v7::rows::{Kind, Machine, Request, RequestKind, Resource, Stage, WorkItem, days_after};
use crate::testing::v7::store::Store;

/// Starts a submitted request: it waits for its approval, or its work begins at the first poll.
pub(super) fn start(call: &mut Context<'_>, id: &str) {
    let Some(request) = call.store.request(id).cloned() else { return };
    let RequestKind::Item { id: item_id } = &request.kind else { return };
    let item = call.store.items.iter().find(|item| item.id == *item_id);
    let Some(approver) = item.and_then(|item| item.item.approver.clone()) else { return };
    let name = item.map(|item| item.item.name.clone()).unwrap_or_default();
    let ids = (call.store.id(), call.store.number());
    let work_item = WorkItem::new(ids, &request, &approver, &name, call.now);
    call.store.work_items.push(work_item);
    if let Some(request) = call.store.request_mut(id) {
        request.stage = Stage::PendingApproval;
    }
}

/// Moves a request by one step, because it was polled.
pub(super) fn poll(call: &mut Context<'_>, id: &str) {
    let Some(request) = call.store.request(id).cloned() else { return };
    if request.forced.is_some() {
        return;
    }
    match request.stage {
        Stage::Submitted => begin(call.store, id, call.now),
        // The poll that ends the request already sees it ended.
        Stage::InProgress(0) => finish(call, &request),
        Stage::InProgress(left) => {
            if let Some(request) = call.store.request_mut(id) {
                request.stage = Stage::InProgress(left - 1);
            }
        }
        _ => {}
    }
}

/// Begins the work of a request: its resources exist from now on, without addresses.
fn begin(store: &mut Store, id: &str, now: std::time::SystemTime) {
    let Some(request) = store.request(id).cloned() else { return };
    let item = match &request.kind {
        RequestKind::Item { id } => store.items.iter().find(|item| item.id == *id).cloned(),
        RequestKind::Action { .. } => None,
    };
    let polls_in_progress =
        item.as_ref().and_then(|item| item.item.polls_in_progress).unwrap_or(store.polls_in_progress);
    if let Some(request) = store.request_mut(id) {
        // The poll that begins the work counts as one of those that find it in progress.
        request.stage = Stage::InProgress(polls_in_progress.saturating_sub(1));
        request.version += 1;
        request.updated = now;
    }
    // As captured: resources appear before the request ends, and their addresses only at its end.
    let Some(item) = item else { return };
    let new = |store: &mut Store, name: String, parent: Option<String>, kind: Kind| Resource {
        id: store.id(),
        name,
        // As captured: the deployment has the description of its request, its parts have none.
        description: match kind {
            Kind::Deployment => request.description.as_str().map(str::to_owned),
            Kind::Machine(_) => None,
        },
        request: request.id.clone(),
        item: (item.id.clone(), item.item.name.clone()),
        tenant: request.tenant.clone(),
        subtenant: request.subtenant.clone(),
        owner: request.requested_for.clone(),
        created: now,
        updated: now,
        lease_end: request.lease_days.and_then(|days| days_after(now, days)),
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

/// Applies the decision of an approver.
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
    // The form of an approval has the values of the request, and an approver may change them.
    let number = |key: &str| {
        literal::entry(form, &format!("source-source-provider-VirtualMachine.{key}")).and_then(literal::number)
    };
    for (machine, _) in &mut request.machines {
        // Only the members that the approver's form has; everything else stays as requested.
        machine.cpu = number("CPU.Count").unwrap_or(machine.cpu);
        machine.memory = number("Memory.Size").unwrap_or(machine.memory);
    }
    if let Some(days) = number("LeaseDays") {
        request.lease_days = (days > 0).then_some(days);
    }
    begin(store, id, now);
}

/// Ends a request: applies its effect, or undoes its resources if it fails.
fn finish(call: &mut Context<'_>, request: &Request) {
    let store = &mut *call.store;
    let result = match &request.kind {
        RequestKind::Item { id } => {
            // Read at the end and not at the submission, so that a test can change its mind while the request is in
            // progress.
            let failure = store.items.iter().find(|item| item.id == *id).and_then(|item| item.item.failure.clone());
            match failure {
                Some(details) => Err(details),
                None => provision::provision(store, request),
            }
        }
        RequestKind::Action { resource, binding, .. } => {
            effect::perform(store, resource, binding, &request.data, call.now)
        }
    };
    // A failed request for an item leaves no machine behind; a failed action leaves its resource as it was.
    if result.is_err() && matches!(request.kind, RequestKind::Item { .. }) {
        provision::undo(store, &request.id, call.now);
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
