//! Requests: handed in, and shown.

use std::time::SystemTime;

use serde_json::{Map, Value, json};

use super::{actions, items, lifecycle};
use crate::testing::clock::millis;
use crate::testing::v7::config::{Component, Release};
use crate::testing::v7::context::{Answer, Context, Result, required};
use crate::testing::v7::literal;
use crate::testing::v7::refusal::{Refusal, conflict, invalid, no_such_item};
use crate::testing::v7::store::{Store, uuid_of};

/// A request.
#[derive(Debug, Clone)]
pub(in crate::testing::v7) struct Request {
    pub(in crate::testing::v7) id: String,
    pub(super) number: u64,
    pub(super) version: i64,
    pub(in crate::testing::v7) stage: Stage,
    pub(super) what: What,
    pub(super) tenant: String,
    pub(super) subtenant: String,
    pub(super) requested_by: String,
    pub(super) requested_for: String,
    description: Value,
    reasons: Value,
    /// The values, with types.
    pub(super) data: Value,
    /// The machines that are wanted, each with how many.
    pub(super) machines: Vec<(Component, i64)>,
    pub(super) lease_days: Option<i64>,
    /// In the 7.x form, which makes deployments.
    pub(super) composite: bool,
    pub(super) created: SystemTime,
    pub(super) updated: SystemTime,
    pub(super) approved: Option<SystemTime>,
    pub(super) completed: Option<SystemTime>,
    pub(in crate::testing::v7) details: Option<String>,
    /// A state that a test has set; nothing moves the request any more.
    pub(in crate::testing::v7) forced: Option<String>,
}

/// What is requested.
#[derive(Debug, Clone)]
pub(super) enum What {
    Item { id: String },
    Action { resource: String, label: String, binding: &'static str },
}

/// How far a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::testing::v7) enum Stage {
    Unsubmitted,
    Submitted,
    PendingApproval,
    /// For so many more looks.
    InProgress(u32),
    Successful,
    Failed,
    Rejected,
}

impl Request {
    pub(in crate::testing::v7) fn machines(&self) -> &[(Component, i64)] {
        &self.machines
    }

    pub(in crate::testing::v7) fn lease_days(&self) -> Option<i64> {
        self.lease_days
    }

    pub(in crate::testing::v7) fn number(&self) -> u64 {
        self.number
    }

    pub(in crate::testing::v7) fn requestor(&self) -> &str {
        &self.requested_by
    }

    pub(in crate::testing::v7) fn tenant(&self) -> &str {
        &self.tenant
    }

    pub(in crate::testing::v7) fn subtenant(&self) -> &str {
        &self.subtenant
    }
}

impl Stage {
    /// State, name of the state, phase, execution, waiting, approval.
    fn words(self) -> [Option<&'static str>; 6] {
        let words = match self {
            Self::Unsubmitted => ["UNSUBMITTED", "Unsubmitted", "UNSUBMITTED", "STOPPED", "NOT_WAITING", "PENDING"],
            // As captured: the phase is ahead of the state, and the state has no name yet.
            Self::Submitted => ["SUBMITTED", "", "PENDING_PRE_APPROVAL", "STARTED", "NOT_WAITING", "PENDING"],
            Self::PendingApproval => {
                ["PENDING_PRE_APPROVAL", "", "PENDING_PRE_APPROVAL", "STARTED", "NOT_WAITING", "PENDING"]
            }
            Self::InProgress(_) => {
                ["IN_PROGRESS", "In Progress", "IN_PROGRESS", "STARTED", "WAITING_FOR_PROVIDER", "PRE_APPROVED"]
            }
            Self::Successful => ["SUCCESSFUL", "Successful", "SUCCESSFUL", "STOPPED", "NOT_WAITING", "POST_APPROVED"],
            Self::Failed => ["PROVIDER_FAILED", "Failed", "FAILED", "STOPPED", "NOT_WAITING", "PRE_APPROVED"],
            Self::Rejected => ["PRE_REJECTED", "Rejected", "REJECTED", "STOPPED", "NOT_WAITING", "PRE_REJECTED"],
        };
        words.map(|word| (!word.is_empty()).then_some(word))
    }

    /// Whether nothing will change any more.
    pub(in crate::testing::v7) fn is_final(self) -> bool {
        matches!(self, Self::Successful | Self::Failed | Self::Rejected)
    }
}

impl Store {
    pub(in crate::testing::v7) fn request(&self, id: &str) -> Option<&Request> {
        self.requests.iter().find(|request| request.id == id)
    }

    pub(in crate::testing::v7) fn request_mut(&mut self, id: &str) -> Option<&mut Request> {
        self.requests.iter_mut().find(|request| request.id == id)
    }
}

/// A request that is about to be handed in.
fn new(call: &mut Context<'_>, what: What, subtenant: &str, body: &Map<String, Value>) -> Request {
    let text = |name: &str| body.get(name).cloned().unwrap_or_default();
    let id = call.store.id();
    let number = call.store.number();
    Request {
        id,
        number,
        version: 0,
        stage: Stage::Submitted,
        what,
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

fn handed_in(call: &mut Context<'_>, request: Request) -> Answer {
    let id = request.id.clone();
    // The answer is made before anything moves: number and labels come a moment later.
    let row = submitted_row(call.store, &request, call.release);
    call.store.requests.push(request);
    lifecycle::start(call, &id);
    Answer::Created(format!("/catalog-service/api/consumer/requests/{id}"), Some(row))
}

/// 7.x: the changed template of an item.
pub(super) fn submit(call: &mut Context<'_>, item_id: &str) -> Result {
    let body = call.body()?;
    let item = items::find(call, item_id).ok_or_else(|| no_such_item(item_id))?.clone();
    let data = match body.get("data") {
        Some(Value::Object(data)) => data.clone(),
        None | Some(Value::Null) => Map::new(),
        Some(_) => return Err(invalid("The field data is no object.")),
    };
    let subtenant = body.get("businessGroupId").and_then(Value::as_str).unwrap_or(&item.subtenant).to_owned();
    if call.store.subtenants.get(&subtenant).is_none() {
        return Err(invalid(format!("The business group {subtenant} does not exist.")));
    }
    let mut request = new(call, What::Item { id: item.id.clone() }, &subtenant, &body);
    request.data = literal::of_members(&data, "provider-");
    request.lease_days = data.get("_leaseDays").and_then(literal::number);
    let instances = data.get("_number_of_instances").and_then(literal::number).unwrap_or(1);
    request.machines = machines(&item.components(), &data, instances)?;
    Ok(handed_in(call, request))
}

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
        let count = number("_cluster", 1).saturating_mul(instances);
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

/// 6.2: a request for an item or for an action, with all values in it.
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
    // The type is the discriminator; its letter case is not certain.
    let kind = required(&body, "@type")?.to_ascii_lowercase();
    if kind == "resourceactionrequest" {
        let (resource, action) = (reference("resourceRef")?, reference("resourceActionRef")?);
        return submit_action(call, &resource, &action, &body, data);
    }
    if kind != "catalogitemrequest" {
        return Err(invalid(format!("The type {kind} is no request.")));
    }
    let item_id = reference("catalogItemRef")?;
    let item = items::find(call, &item_id).ok_or_else(|| no_such_item(&item_id))?.clone();
    let mut request = new(call, What::Item { id: item.id.clone() }, &subtenant, &body);
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
    if body.get("state").and_then(Value::as_str) == Some("UNSUBMITTED") {
        request.stage = Stage::Unsubmitted;
        let (id, row) = (request.id.clone(), submitted_row(call.store, &request, call.release));
        call.store.requests.push(request);
        return Ok(Answer::Created(format!("/catalog-service/api/consumer/requests/{id}"), Some(row)));
    }
    Ok(handed_in(call, request))
}

/// A request for an action, in either form.
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
    let Some(action) = actions::of(&resource).into_iter().find(|action| action.id() == action_id) else {
        return Err(invalid(format!("The action {action_id} is not available.")));
    };
    if action.extension {
        return Err(conflict(format!("The operation {} is an extension.", action.name)));
    }
    let what = What::Action { resource: resource.id.clone(), label: resource.name.clone(), binding: action.binding };
    let mut request = new(call, what, &resource.subtenant, body);
    request.data = data;
    Ok(handed_in(call, request))
}

/// Changes a request that was not handed in, or hands it in.
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
    Ok(Answer::Empty(204))
}

/// What the server says at once.
fn submitted_row(store: &Store, request: &Request, release: Release) -> Value {
    let mut row = row(store, request, release);
    row["requestNumber"] = Value::Null;
    row["stateName"] = Value::Null;
    for label in ["tenantLabel", "subtenantLabel"] {
        row["organization"][label] = Value::Null;
    }
    row["quote"] = json!({});
    if let Some(members) = row.as_object_mut() {
        for late in ["successful", "final", "catalogItemProviderBinding"] {
            members.shift_remove(late);
        }
    }
    row
}

/// A request as it stands.
pub(super) fn row(store: &Store, request: &Request, release: Release) -> Value {
    let [state, name, phase, execution, waiting, approval] = request.stage.words();
    let (state, phase) = match &request.forced {
        Some(forced) => (Some(forced.as_str()), Some(forced.as_str())),
        None => (state, phase),
    };
    let optional = |time: Option<SystemTime>| time.map(millis);
    let completion = request.stage.is_final().then(|| {
        let state = if request.stage == Stage::Successful { "SUCCESSFUL" } else { "FAILED" };
        json!({"requestCompletionState": state, "completionDetails": request.details})
    });
    let quote = match request.lease_days {
        Some(days) => json!({"leasePeriod": literal::days(days), "leaseRate": null, "totalLeaseCost": null}),
        None => json!({}),
    };
    let item = match &request.what {
        What::Item { id } => store.items.iter().find(|item| item.id == *id),
        What::Action { .. } => None,
    };
    let (kind, icon, requested, about) = match &request.what {
        What::Item { .. } => {
            let name = item.map(|item| item.item.name.clone()).unwrap_or_default();
            ("CatalogItemRequest", "composition.blueprint.png", name, String::new())
        }
        What::Action { label, binding, .. } => {
            let action = actions::by_binding(binding);
            let name = action.map(|action| action.name).unwrap_or_default();
            let icon = action.map(|action| action.icon).unwrap_or_default();
            let about = action.map(|action| action.description).unwrap_or_default();
            ("ResourceActionRequest", icon, format!("{name} - {label}"), about.to_owned())
        }
    };
    let mut row = json!({
        "@type": kind,
        "id": request.id,
        "iconId": icon,
        "version": request.version,
        "requestNumber": request.number,
        "state": state,
        "description": request.description,
        "reasons": request.reasons,
        "requestedFor": request.requested_for,
        "requestedBy": request.requested_by,
        "organization": store.organization(&request.tenant, &request.subtenant),
        "requestorEntitlementId": uuid_of("entitlement"),
        "preApprovalId": null,
        "postApprovalId": null,
        "dateCreated": millis(request.created),
        "lastUpdated": millis(request.updated),
        "dateSubmitted": millis(request.created),
        "dateApproved": optional(request.approved),
        "dateCompleted": optional(request.completed),
        "quote": quote,
        "requestCompletion": completion,
        "requestData": request.data,
        "retriesRemaining": 3,
        "requestedItemName": requested,
        "requestedItemDescription": about,
        "stateName": name,
        "executionStatus": execution,
        "waitingStatus": waiting,
        "approvalStatus": approval,
        "phase": phase,
    });
    let mut add = |name: &str, value: Value| {
        row[name] = value;
    };
    if release != Release::V6_2 && item.is_some() {
        add("components", Value::Null);
        add("successful", (request.stage == Stage::Successful).into());
        add("final", request.stage.is_final().into());
    }
    match (&request.what, item) {
        (What::Item { id }, item) => {
            add("catalogItemRef", json!({"id": id, "label": item.map(|item| item.item.name.as_str())}));
            if let (Some(item), true) = (item, release != Release::V6_2) {
                add("catalogItemProviderBinding", items::binding(item));
            }
        }
        (What::Action { resource, label, binding }, _) => {
            let action = actions::by_binding(binding);
            add("resourceRef", json!({"id": resource, "label": label}));
            add("resourceActionRef", json!({"id": uuid_of(binding), "label": action.map(|action| action.name)}));
        }
    }
    row
}
