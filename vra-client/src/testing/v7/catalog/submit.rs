//! Submission and change of requests.

use serde_json::{Map, Value, json};

use super::request_rows::submitted_row;
use super::{action, items, lifecycle};
use crate::testing::v7::config::Component;
use crate::testing::v7::context::{Context, Reply, Result, required};
use crate::testing::v7::literal;
use crate::testing::v7::refusal::{Refusal, conflict, invalid, no_such_item};
use crate::testing::v7::rows::{Request, RequestKind, Stage};

/// Creates a request that is not submitted yet.
fn new(call: &mut Context<'_>, kind: RequestKind, subtenant: &str, body: &Map<String, Value>) -> Request {
    let text = |name: &str| body.get(name).cloned().unwrap_or_default();
    let id = call.store.id();
    // Numbered at once, but shown only later, as captured.
    let number = call.store.number();
    Request {
        id,
        number,
        version: 0,
        stage: Stage::Submitted,
        kind,
        tenant: call.tenant.clone(),
        subtenant: subtenant.to_owned(),
        requested_by: call.user.clone(),
        requested_for: text("requestedFor").as_str().unwrap_or(&call.user).to_owned(),
        description: text("description"),
        reasons: text("reasons"),
        data: json!({"entries": []}),
        machines: Vec::new(),
        lease_days: None,
        composite: true,
        created: call.now,
        updated: call.now,
        approved: None,
        completed: None,
        details: None,
        forced: None,
    }
}

/// Submits a request and returns its row, as it was before anything moved.
fn submitted(call: &mut Context<'_>, request: Request) -> Reply {
    let id = request.id.clone();
    // The row is made first: a real server returns it before the request has its number, its labels or an approval.
    let row = submitted_row(call.store, &request, call.release);
    call.store.requests.push(request);
    lifecycle::start(call, &id);
    // Real servers differ here: 201 or 202, with or without a body. `Fault::EmptyBody` and `NoLocation` make the other
    // forms.
    Reply::Created(format!("/catalog-service/api/consumer/requests/{id}"), Some(row))
}

/// Submits the template of an item, the form of 7.x.
pub(super) fn submit(call: &mut Context<'_>, item_id: &str) -> Result {
    let body = call.body()?;
    let item = items::find(call, item_id).ok_or_else(|| no_such_item(item_id))?.clone();
    let data = match body.get("data") {
        Some(Value::Object(data)) => data.clone(),
        None | Some(Value::Null) => Map::new(),
        Some(_) => return Err(invalid("The field data is not an object.")),
    };
    let subtenant = body.get("businessGroupId").and_then(Value::as_str).unwrap_or(&item.subtenant).to_owned();
    if call.store.subtenants.get(&subtenant).is_none() {
        return Err(invalid(format!("The business group {subtenant} does not exist.")));
    }
    let mut request = new(call, RequestKind::Item { id: item.id.clone() }, &subtenant, &body);
    request.data = literal::of_members(&data, "provider-");
    request.lease_days = data.get("_leaseDays").and_then(literal::number);
    let instances = data.get("_number_of_instances").and_then(literal::number).unwrap_or(1);
    request.machines = machines(&item.components(), &data, instances)?;
    Ok(submitted(call, request))
}

/// Returns the machines that a template asks for, each with their number, or error 10101.
fn machines(
    components: &[Component],
    data: &Map<String, Value>,
    instances: i64,
) -> std::result::Result<Vec<(Component, i64)>, Refusal> {
    let mut wanted = Vec::new();
    for component in components {
        let values = data.get(&component.name).and_then(|value| value.get("data"));
        let number = |key: &str, default: i64| {
            values.and_then(|values| values.get(key)).and_then(literal::number).unwrap_or(default)
        };
        // `_cluster` is the number of one component, `_number_of_instances` that of the whole blueprint.
        let count = number("_cluster", 1).saturating_mul(instances);
        // A limit of this server, so that a wrong number in a test does not make millions of machines.
        if !(1..=100).contains(&count) {
            return Err(invalid(format!("The number of machines of {} is not between 1 and 100.", component.name)));
        }
        let machine = Component {
            name: component.name.clone(),
            cpu: number("cpu", component.cpu),
            memory: number("memory", component.memory),
            storage: number("storage", component.storage),
        };
        wanted.push((machine, count));
    }
    Ok(wanted)
}

/// Submits a request for an item or an action with typed values, the form of 6.2. 7.x accepts it too.
pub(super) fn submit_old(call: &mut Context<'_>) -> Result {
    let body = call.body()?;
    let reference = |name: &str| {
        let members = body.get(name).and_then(Value::as_object).cloned().unwrap_or_default();
        required(&members, "id")
    };
    let organization = body.get("organization").and_then(Value::as_object).cloned().unwrap_or_default();
    let subtenant = required(&organization, "subtenantRef")?;
    if call.store.subtenants.get(&subtenant).is_none() {
        return Err(invalid(format!("The business group {subtenant} does not exist.")));
    }
    let data = body.get("requestData").cloned().unwrap_or_default();
    // `@type` selects the kind of request. Its letter case differs between rows of real servers.
    let kind = required(&body, "@type")?.to_ascii_lowercase();
    if kind == "resourceactionrequest" {
        let (resource, action) = (reference("resourceRef")?, reference("resourceActionRef")?);
        return submit_action(call, &resource, &action, &body, data);
    }
    if kind != "catalogitemrequest" {
        return Err(invalid(format!("The type {kind} is not that of a request.")));
    }
    let item_id = reference("catalogItemRef")?;
    let item = items::find(call, &item_id).ok_or_else(|| no_such_item(&item_id))?.clone();
    let mut request = new(call, RequestKind::Item { id: item.id.clone() }, &subtenant, &body);
    let number = |key: &str| literal::entry(Some(&data), key).and_then(literal::number);
    let count = number("provider-Cafe.Shim.VirtualMachine.NumberOfInstances").unwrap_or(1);
    request.machines = machines(&item.components(), &Map::new(), count)?;
    for (machine, _) in &mut request.machines {
        machine.cpu = number("provider-VirtualMachine.CPU.Count").unwrap_or(machine.cpu);
        machine.memory = number("provider-VirtualMachine.Memory.Size").unwrap_or(machine.memory);
        machine.storage = number("provider-VirtualMachine.Disk0.Size").unwrap_or(machine.storage);
    }
    request.lease_days = number("provider-VirtualMachine.LeaseDays").filter(|days| *days > 0);
    request.composite = false;
    request.data = if data.get("entries").is_some_and(Value::is_array) { data } else { json!({"entries": []}) };
    // A request may be saved first and submitted later, by an edit that sets the state.
    if body.get("state").and_then(Value::as_str) == Some("UNSUBMITTED") {
        request.stage = Stage::Unsubmitted;
        let (id, row) = (request.id.clone(), submitted_row(call.store, &request, call.release));
        call.store.requests.push(request);
        return Ok(Reply::Created(format!("/catalog-service/api/consumer/requests/{id}"), Some(row)));
    }
    Ok(submitted(call, request))
}

/// Submits a request for an action, in the form of 6.2 or 7.x.
pub(super) fn submit_action(
    call: &mut Context<'_>,
    resource_id: &str,
    action_id: &str,
    body: &Map<String, Value>,
    data: Value,
) -> Result {
    let resource = match call.store.resource(resource_id) {
        Some(resource) => resource.clone(),
        None => return Err(invalid("The provided resource was null.")),
    };
    let Some(action) = action::of(&resource).into_iter().find(|action| action.id() == action_id) else {
        return Err(invalid(format!("The action {action_id} is not available.")));
    };
    // An extension is a window of the user interface; its row is listed with the actions, but nothing carries it out.
    if action.extension {
        return Err(conflict(format!("The operation {} is an extension.", action.name)));
    }
    let kind =
        RequestKind::Action { resource: resource.id.clone(), label: resource.name.clone(), binding: action.binding };
    let mut request = new(call, kind, &resource.subtenant, body);
    request.data = data;
    Ok(submitted(call, request))
}

/// Changes a request that is not submitted, or submits it.
pub(super) fn edit(call: &mut Context<'_>, id: &str) -> Result {
    let body = call.body()?;
    let submit = body.get("state").and_then(Value::as_str) == Some("SUBMITTED");
    let Some(request) = call.store.request_mut(id).filter(|request| request.stage == Stage::Unsubmitted) else {
        return Err(conflict(format!("Request {id} was submitted and cannot be changed.")));
    };
    request.description = body.get("description").cloned().unwrap_or_default();
    request.reasons = body.get("reasons").cloned().unwrap_or_default();
    if let Some(data) = body.get("requestData") {
        request.data = data.clone();
    }
    if submit {
        request.stage = Stage::Submitted;
        lifecycle::start(call, id);
    }
    Ok(Reply::Empty(204))
}
