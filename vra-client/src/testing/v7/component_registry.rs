//! Component registry: the services and their status.

use serde_json::{Value, json};

use super::context::{Context, Reply, Result};
use super::refusal::not_found;

/// Handles `/component-registry`; `None` if there is no such call. Unlike all other services, it has no `/api`.
pub(super) fn route(call: &mut Context<'_>, method: &str, path: &[&str]) -> Option<Result> {
    if method != "GET" {
        return None;
    }
    let services = &call.store.services;
    Some(match path {
        ["services"] => Ok(Reply::Rows(services.rows.clone())),
        // The second one asks every service on a real server, which is slow; here both know the same.
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

/// Returns the status row of a service. A service whose name ends with `-starting` is not ready.
fn status(row: &Value, now: &str) -> Value {
    let name = row["name"].as_str().unwrap_or_default();
    // For tests of programs that wait until every service of a starting appliance is ready.
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
