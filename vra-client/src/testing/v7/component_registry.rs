//! Component registry: which services there are, and how they are.

use serde_json::{Value, json};

use super::context::{Context, Reply, Result};
use super::refusal::not_found;

/// `/component-registry`; none if there is no such call. Without `/api`, unlike all other services.
pub(super) fn route(call: &mut Context<'_>, method: &str, path: &[&str]) -> Option<Result> {
    if method != "GET" {
        return None;
    }
    let services = &call.store.services;
    Some(match path {
        ["services"] => Ok(Reply::Rows(services.rows.clone())),
        ["services", "status"] | ["services", "status", "current"] => {
            Ok(Reply::Rows(services.rows.iter().map(|row| status(row, &call.now())).collect()))
        }
        ["services", id] => match services.get(id) {
            Some(row) => Ok(Reply::Json(row.clone())),
            None => Err(not_found("Service", id)),
        },
        ["services", id, "endpoints"] => match services.get(id) {
            Some(row) => Ok(Reply::Rows(row["endPoints"].as_array().cloned().unwrap_or_default())),
            None => Err(not_found("Service", id)),
        },
        _ => return None,
    })
}

/// How a service is. One whose name ends in `-starting` is not ready yet.
fn status(row: &Value, now: &str) -> Value {
    let name = row["name"].as_str().unwrap_or_default();
    let ready = !name.ends_with("-starting");
    json!({
        "serviceId": row["id"], "serviceName": name, "serviceTypeId": row["serviceType"]["typeId"],
        "notAvailable": false, "lastUpdated": now, "statusEndPointUrl": row["endPoints"][0]["url"],
        "serviceStatus": {
            "serviceName": name, "initialized": ready, "startedTime": now,
            "serviceInitializationStatus": if ready { "REGISTERED" } else { "STARTING" }, "errorMessage": null,
        },
    })
}
