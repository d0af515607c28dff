//! Requests in the form of the responses.

use std::time::SystemTime;

use serde_json::{Value, json};

use super::{action, items};
use crate::testing::clock::millis;
use crate::testing::id::uuid_of;
use crate::testing::v7::config::Release;
use crate::testing::v7::literal;
use crate::testing::v7::rows::{Request, RequestKind, Stage};
use crate::testing::v7::store::Store;

/// Returns the words for a stage: state, name of the state, phase, execution, waiting, approval.
fn words(stage: Stage) -> [Option<&'static str>; 6] {
    let words = match stage {
        Stage::Unsubmitted => ["UNSUBMITTED", "Unsubmitted", "UNSUBMITTED", "STOPPED", "NOT_WAITING", "PENDING"],
        // As captured: the phase is ahead of the state, and the state has no name yet.
        Stage::Submitted => ["SUBMITTED", "", "PENDING_PRE_APPROVAL", "STARTED", "NOT_WAITING", "PENDING"],
        Stage::PendingApproval => {
            ["PENDING_PRE_APPROVAL", "", "PENDING_PRE_APPROVAL", "STARTED", "NOT_WAITING", "PENDING"]
        }
        // `stateName` is for display; the other words are what a client decides by.
        Stage::InProgress(_) => {
            ["IN_PROGRESS", "In Progress", "IN_PROGRESS", "STARTED", "WAITING_FOR_PROVIDER", "PRE_APPROVED"]
        }
        Stage::Successful => ["SUCCESSFUL", "Successful", "SUCCESSFUL", "STOPPED", "NOT_WAITING", "POST_APPROVED"],
        Stage::Failed => ["PROVIDER_FAILED", "Failed", "FAILED", "STOPPED", "NOT_WAITING", "PRE_APPROVED"],
        Stage::Rejected => ["PRE_REJECTED", "Rejected", "REJECTED", "STOPPED", "NOT_WAITING", "PRE_REJECTED"],
    };
    words.map(|word| (!word.is_empty()).then_some(word))
}

/// Returns a request as the response to its submission has it.
pub(super) fn submitted_row(store: &Store, request: &Request, release: Release) -> Value {
    let mut row = row(store, request, release);
    // As captured: number, labels and outcome are filled in later, so a client cannot rely on them here.
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

/// Returns a request in its current state.
pub(super) fn row(store: &Store, request: &Request, release: Release) -> Value {
    let [state, name, phase, execution, waiting, approval] = words(request.stage);
    let (state, phase) = match &request.forced {
        Some(forced) => (Some(forced.as_str()), Some(forced.as_str())),
        None => (state, phase),
    };
    let optional = |time: Option<SystemTime>| time.map(millis);
    // Null until the end; its words differ from those of the state.
    let completion = request.stage.is_final().then(|| {
        let state = if request.stage == Stage::Successful { "SUCCESSFUL" } else { "FAILED" };
        json!({"requestCompletionState": state, "completionDetails": request.details})
    });
    let quote = match request.lease_days {
        Some(days) => json!({"leasePeriod": literal::days(days), "leaseRate": null, "totalLeaseCost": null}),
        None => json!({}),
    };
    let item = match &request.kind {
        RequestKind::Item { id } => store.items.iter().find(|item| item.id == *id),
        RequestKind::Action { .. } => None,
    };
    let (kind, icon, requested, about) = match &request.kind {
        RequestKind::Item { .. } => {
            let name = item.map(|item| item.item.name.clone()).unwrap_or_default();
            ("CatalogItemRequest", "composition.blueprint.png", name, String::new())
        }
        RequestKind::Action { label, binding, .. } => {
            let action = action::by_binding(binding);
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
        // Always 3, as in every captured request; the server does not retry here.
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
    // 6.2 lacks these members, and 7.x has them for items only; a client must not take them for granted.
    if release != Release::V6_2 && item.is_some() {
        add("components", Value::Null);
        add("successful", (request.stage == Stage::Successful).into());
        add("final", request.stage.is_final().into());
    }
    match (&request.kind, item) {
        (RequestKind::Item { id }, item) => {
            add("catalogItemRef", json!({"id": id, "label": item.map(|item| item.item.name.as_str())}));
            if let (Some(item), true) = (item, release != Release::V6_2) {
                add("catalogItemProviderBinding", items::binding(item));
            }
        }
        (RequestKind::Action { resource, label, binding }, _) => {
            let action = action::by_binding(binding);
            add("resourceRef", json!({"id": resource, "label": label}));
            add("resourceActionRef", json!({"id": uuid_of(binding), "label": action.map(|action| action.name)}));
        }
    }
    row
}
