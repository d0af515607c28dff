//! Course of a request: from pending over some polls to its end, and its effect.

use std::time::SystemTime;

use serde_json::{Value, json};

use super::shown;
use crate::testing::v8::context::{Context, Reply, Result};
use crate::testing::v8::jobs;
use crate::testing::v8::refusal::{conflict, invalid};
use crate::testing::v8::rows::{Effect, Purpose, Request, Source};
use crate::testing::v8::store::Store;

/// Adds a request for a deployment, and returns it.
pub(super) fn submit(
    call: &mut Context<'_>,
    id: &str,
    name: &str,
    action: Option<(&str, Value)>,
    effect: Effect,
    resources: Vec<String>,
) -> Result {
    idle(call, id)?;
    let deleting = effect == Effect::Delete;
    let (action, inputs) = match action {
        Some((action, inputs)) => (Some(action.to_owned()), inputs),
        None => (None, json!({})),
    };
    let request = Request {
        id: call.store.id(),
        deployment: id.to_owned(),
        name: name.to_owned(),
        action,
        by: call.user.clone(),
        inputs,
        status: "PENDING".to_owned(),
        details: String::new(),
        effect,
        resources,
        failure: None,
        polls_left: call.store.settings.polls,
        dismissed: false,
        created: call.now,
        updated: call.now,
    };
    let row = shown::request(&request);
    // Addresses are returned at once, so that a package's call has ended when the request does.
    match &request.effect {
        Effect::Delete => release_all(call.store, id, None, call.now),
        Effect::DeleteMachine(machine) => release_all(call.store, id, Some(machine), call.now),
        _ => {}
    }
    call.store.requests.push(request);
    if let Some(found) = call.store.deployment_mut(id) {
        found.status = if deleting { "DELETE_INPROGRESS" } else { "UPDATE_INPROGRESS" }.to_owned();
    }
    // 200 with the request, also for a DELETE.
    Ok(Reply::Json(200, row))
}

/// Handles `?action=cancel` and `?action=dismiss`.
pub(super) fn act(call: &mut Context<'_>, id: &str) -> Result {
    let action = call.query.get("action").map(str::to_owned);
    let now = call.now;
    let Some(request) = call.store.request_mut(id) else { return Ok(Reply::Empty(200)) };
    match action.as_deref() {
        Some("cancel") if !request.is_final() => {
            request.failure = Some("The request was cancelled.".to_owned());
            request.polls_left = 0;
            end(call.store, id, "ABORTED", now);
            Ok(Reply::Empty(200))
        }
        Some("dismiss") if request.is_final() => {
            request.dismissed = true;
            Ok(Reply::Empty(200))
        }
        Some(action @ ("cancel" | "dismiss")) => {
            Err(invalid(format!("The request is {}, which allows no {action}.", request.status)))
        }
        _ => Err(invalid("The parameter action must be cancel or dismiss.")),
    }
}

/// Moves a request on by one poll.
pub(super) fn poll(store: &mut Store, id: &str, now: SystemTime) {
    let Some(request) = store.request(id) else { return };
    if request.is_final() {
        return;
    }
    let deployment = request.deployment.clone();
    let open = store.jobs.iter().any(|job| match &job.purpose {
        Purpose::Allocate { deployment: of, .. } | Purpose::Deallocate { deployment: of } => *of == deployment,
        Purpose::Validate { .. } | Purpose::Collect { .. } => false,
    });
    let Some(request) = store.request_mut(id) else { return };
    if request.polls_left > 0 || open {
        request.polls_left = request.polls_left.saturating_sub(1);
        request.status = "INPROGRESS".to_owned();
        request.updated = now;
        return;
    }
    let status = if request.failure.is_some() { "FAILED" } else { "SUCCESSFUL" };
    end(store, id, status, now);
}

/// Ends a request, and applies its effect if it was successful.
fn end(store: &mut Store, id: &str, status: &str, now: SystemTime) {
    let Some(request) = store.request_mut(id) else { return };
    request.status = status.to_owned();
    request.updated = now;
    request.details = request.failure.clone().unwrap_or_default();
    let (effect, deployment) = (request.effect.clone(), request.deployment.clone());
    let good = status == "SUCCESSFUL";
    let kind = match effect {
        Effect::Create => "CREATE",
        Effect::Delete => "DELETE",
        _ => "UPDATE",
    };
    if effect == Effect::Create && !good {
        // What the machines have got already is returned.
        release_all(store, &deployment, None, now);
    }
    let Some(found) = store.deployment_mut(&deployment) else { return };
    found.status = format!("{kind}_{}", if good { "SUCCESSFUL" } else { "FAILED" });
    found.updated = now;
    if !good {
        return;
    }
    match effect {
        Effect::Create | Effect::Nothing => {}
        Effect::Delete => found.deleted = true,
        Effect::DeleteMachine(machine) => found.machines.retain(|other| other.id != machine),
        Effect::Power { machine, on } => {
            let wanted = |id: &String| machine.as_ref().is_none_or(|machine| machine == id);
            found.machines.iter_mut().filter(|other| wanted(&other.id)).for_each(|other| other.on = on);
        }
        Effect::Resize { machine, cpu, memory } => {
            for other in found.machines.iter_mut().filter(|other| other.id == machine) {
                other.cpu = cpu.unwrap_or(other.cpu);
                other.memory = memory.unwrap_or(other.memory);
            }
        }
        Effect::Lease(until) => found.lease = Some(until),
    }
}

/// Returns the addresses of a machine, or of all machines of a deployment.
fn release_all(store: &mut Store, deployment: &str, machine: Option<&String>, now: SystemTime) {
    let machines = store.deployment(deployment).map(|found| found.machines.clone()).unwrap_or_default();
    let machines = machines.iter().enumerate().filter(|(_, found)| machine.is_none_or(|id| *id == found.id));
    for (at, found) in machines {
        for (index, nic) in found.nics.iter().enumerate() {
            match (&nic.source, nic.address) {
                (Source::Internal(range), Some(address)) => {
                    // An address that was released through the API meanwhile is no failure.
                    let _ = store.range_mut(range).map(|range| range.release(&[address], now));
                }
                (Source::External(_), Some(_)) => jobs::deallocate(store, deployment, at, index),
                _ => {}
            }
        }
    }
}

/// Returns status 409 if a request for the deployment is in progress.
pub(super) fn idle(call: &Context<'_>, id: &str) -> Result<()> {
    match call.store.deployment(id) {
        Some(found) if found.is_busy() => {
            Err(conflict(format!("A request for the deployment {} is in progress.", found.name)))
        }
        _ => Ok(()),
    }
}
