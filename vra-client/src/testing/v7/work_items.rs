//! Services `/workitem-service/api` and `/approval-service/api`: approvals that users have to give.

use std::time::SystemTime;

use serde_json::{Value, json};

use super::catalog::decide;
use super::context::{Context, Reply, Result, required};
use super::literal::{entries, string};
use super::refusal::{completed, invalid, not_found, not_the_assignee};
use super::rows::WorkItem;
use crate::testing::clock::millis;
use crate::testing::id::uuid_of;

const APPROVAL: &str = "com.vmware.csp.core.approval.workitem.request";
const APPROVE: &str = "com.vmware.csp.core.approval.action.approve";
const REJECT: &str = "com.vmware.csp.core.approval.action.reject";

/// Returns the row of a work item, with the members of the documented one and the type of an approval.
fn row(item: &WorkItem) -> Value {
    let data = vec![
        ("approvalId".to_owned(), string(&uuid_of(&item.id))),
        ("requestRef".to_owned(), string(&item.request_number.to_string())),
        ("phase".to_owned(), string("Pre Approval")),
        ("requestedBy".to_owned(), string(&item.requestor)),
    ];
    let mut data = entries(data);
    // As documented: an entry without the member `value`, which is not the same as null.
    if let Some(list) = data["entries"].as_array_mut() {
        list.push(json!({"key": "requestReasons"}));
    }
    let date = |time: SystemTime| millis(time);
    json!({
        "@type": "WorkItem",
        "id": item.id,
        "version": 1,
        // Not unique across tenants on a real server; `id` is.
        "workItemNumber": item.number,
        "assignees": [{"principalId": item.assignee, "principalType": "USER"}],
        "subTenantId": item.subtenant,
        "tenantId": item.tenant,
        "callbackEntityId": item.request,
        "workItemType": kind(),
        "completedDate": item.done.as_ref().map(|(time, ..)| date(*time)),
        "assignedDate": date(item.created),
        "createdDate": date(item.created),
        "assignedOrCompletedDate": date(item.done.as_ref().map_or(item.created, |(time, ..)| *time)),
        "serviceId": uuid_of("approval-service"),
        "workItemRequest": {
            "itemId": item.request, "itemName": item.name, "itemDescription": "", "itemRequestor": item.requestor,
            "itemCost": 0.0, "itemData": data,
        },
        "status": item.done.as_ref().map_or("Active", |(.., state)| state),
        "completedBy": item.done.as_ref().map(|(_, by, _)| by),
        "availableActions": [],
    })
}

/// Returns the type of an approval, with the actions that clients send.
fn kind() -> Value {
    let action = |id: &str, name: &str, state: &str| {
        let icon =
            json!({"id": uuid_of(id), "name": format!("{name} icon"), "contentType": "image/png", "image": null});
        json!({"id": id, "name": name, "stateName": state, "icon": icon})
    };
    let form = json!({"type": "external", "formId": "approval.request.form"});
    json!({
        "id": APPROVAL, "name": "Approval", "pluralizedName": "Approvals", "description": "Approval of a request",
        "serviceTypeId": "com.vmware.csp.core.cafe.approvals",
        "actions": [action(APPROVE, "Approve", "Approved"), action(REJECT, "Reject", "Rejected")],
        "completeByEmail": true, "commentsField": null, "listView": {"columns": [], "defaultSequence": []}, "version": 3,
        "forms": {"workItemDetails": form, "workItemSubmission": form, "workItemNotification": form},
    })
}

/// Handles the work item service; `None` if it has no such call.
pub(super) fn route(call: &mut Context<'_>, method: &str, path: &[&str]) -> Option<Result> {
    let ["workitems", rest @ ..] = path else { return None };
    let of_tenant = |item: &&WorkItem| item.tenant == call.tenant;
    Some(match (method, rest) {
        ("GET", []) => {
            // Without the parameter the list has the items of all users of the tenant.
            let own = call.query.is_true("userItemsOnly");
            let rows = call.store.work_items.iter().filter(of_tenant);
            Ok(Reply::Rows(rows.filter(|item| !own || item.assignee == call.user).map(row).collect()))
        }
        // The actions of an approval are listed with its type, and not with the work item.
        ("GET", ["types"]) => Ok(Reply::Rows(vec![kind()])),
        ("GET", ["types", APPROVAL]) => Ok(Reply::Json(kind())),
        (_, [id, tail @ ..]) => {
            let Some(item) = call.store.work_items.iter().filter(of_tenant).find(|item| item.id == *id) else {
                return Some(Err(not_found("Work item", id)));
            };
            match (method, tail) {
                ("GET", []) => Ok(Reply::Json(row(item))),
                ("GET", ["form"]) => Ok(Reply::Json(json!({"values": entries(item.form.clone())}))),
                ("POST", ["actions", action]) => complete(call, id, action),
                _ => return None,
            }
        }
        _ => return None,
    })
}

/// Completes or cancels a work item, and with it the approval of the request.
fn complete(call: &mut Context<'_>, id: &str, action: &str) -> Result {
    // Clients cancel with an empty body; the other actions need the ids in it as well as in the path.
    let cancel = action == "cancel";
    let body = if cancel { call.body_or_empty()? } else { call.body()? };
    if !cancel {
        for (name, wanted) in [("workItemId", id), ("workItemActionId", action)] {
            if required(&body, name)? != wanted {
                return Err(invalid(format!("The field {name} differs from the path.")));
            }
        }
    }
    if !matches!(action, APPROVE | REJECT | "cancel") {
        return Err(invalid(format!("The action {action} does not exist.")));
    }
    let form = body.get("formData").cloned();
    let (user, now) = (call.user.clone(), call.now);
    let Some(item) = call.store.work_items.iter_mut().find(|item| item.id == id) else {
        return Err(not_found("Work item", id));
    };
    // Checked before the assignee, so that a second approver learns that the work is done and not that it is not theirs.
    if item.done.is_some() {
        return Err(completed(id));
    }
    if item.assignee != user {
        return Err(not_the_assignee(&user, id));
    }
    item.done = Some((now, user, if cancel { "Cancelled" } else { "Completed" }));
    let request = item.request.clone();
    decide(call.store, &request, action == APPROVE, form.as_ref(), now);
    // The manual says 201 for a success, and elsewhere 204 for a failure: a client has to read the item again to be
    // sure.
    Ok(Reply::Empty(201))
}

/// Handles the approval service; `None` if it has no such call.
pub(super) fn approvals(call: &mut Context<'_>, method: &str, path: &[&str]) -> Option<Result> {
    let policy = || {
        json!({
            "@type": "ApprovalPolicy", "id": uuid_of("approval policy"), "name": "Approve machines", "description": null,
        })
    };
    Some(match (method, path) {
        ("GET", ["policies"]) => Ok(Reply::Rows(vec![policy()])),
        ("GET", ["policies", id]) if *id == uuid_of("approval policy") => Ok(Reply::Json(policy())),
        ("GET", ["policies", id]) => Err(not_found("Approval policy", id)),
        ("GET", ["policytypes"]) => Ok(Reply::Rows(vec![policy_type()])),
        ("GET", ["info", "approvalrequests", id]) => {
            let items = call.store.work_items.iter().filter(|item| item.request == *id);
            Ok(Reply::Json(json!({"content": items.map(row).collect::<Vec<_>>()})))
        }
        _ => return None,
    })
}

/// Returns the type of approval policies, as captured.
fn policy_type() -> Value {
    let phase = |id: &str, name: &str, description: &str, order: i64, updates: bool| {
        json!({
            "id": id, "name": name, "description": description, "forms": null, "phaseOrder": order,
            "allowUpdates": updates,
        })
    };
    let pre = "Approvals sought before a request is fulfilled.";
    let post = "Approvals sought after a request has been fulfilled.";
    json!({
        "@type": "ApprovalPolicyType", "id": "com.vmware.cafe.catalog.request.catalogitem;Infrastructure.Virtual",
        "name": "Service Catalog - Catalog Item Request - Virtual Machine", "description": "Infrastructure Virtual Machine",
        "serviceTypeId": "com.vmware.csp.core.cafe.catalog", "classId": "catalogItemRequest",
        "typeFilter": "Infrastructure.Virtual",
        "phaseTypes": [
            phase("com.vmware.cafe.catalog.request.pre", "Pre Approval", pre, 0, true),
            phase("com.vmware.cafe.catalog.request.post", "Post Approval", post, 1, false),
        ],
    })
}
