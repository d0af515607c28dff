//! The small services: key pairs, the component registry, the IPAM gateway.

use serde_json::{Value, json};

use super::context::{Answer, Context, Result, merged, required};
use super::refusal::{Refusal, invalid, not_found};

/// `/iaas-proxy-provider/api/keyPairs`; none if there is no such call.
pub(super) fn key_pairs(call: &mut Context<'_>, method: &str, path: &[&str]) -> Option<Result> {
    Some(match (method, path) {
        ("GET", []) => Ok(Answer::Rows(call.store.key_pairs.rows.clone())),
        ("POST", []) => {
            let id = call.store.number();
            save_key_pair(call, id).map(|()| Answer::Created(format!("/iaas-proxy-provider/api/keyPairs/{id}"), None))
        }
        (_, [id]) => {
            let Some(row) = call.store.key_pairs.get(id).cloned() else {
                return Some(Err(not_found("Key pair", id)));
            };
            match method {
                // Alone it has no type.
                "GET" => Ok(Answer::Json(without_type(row))),
                "PUT" => save_key_pair(call, row["id"].as_u64().unwrap_or_default()).map(|()| Answer::Empty(204)),
                "DELETE" => {
                    call.store.key_pairs.remove(id);
                    Ok(Answer::Empty(204))
                }
                _ => return None,
            }
        }
        _ => return None,
    })
}

fn without_type(mut row: Value) -> Value {
    if let Some(members) = row.as_object_mut() {
        members.shift_remove("@type");
    }
    row
}

fn save_key_pair(call: &mut Context<'_>, id: u64) -> std::result::Result<(), Refusal> {
    let mut body = call.body()?;
    required(&body, "name")?;
    required(&body, "computeResourceId")?;
    let template = json!({"@type": "KeyPair", "id": id, "name": null, "computeResourceId": null, "secretKey": ""});
    match body.get("id") {
        None | Some(Value::Null) => {}
        Some(sent) if sent.as_u64() == Some(id) => {}
        Some(sent) => return Err(invalid(format!("The id {sent} differs from the one in the path."))),
    }
    body.shift_remove("@type");
    body.shift_remove("id");
    call.store.key_pairs.put(&id.to_string(), merged(template, body));
    Ok(())
}

/// `/component-registry`; none if there is no such call. Without `/api`, unlike all other services.
pub(super) fn registry(call: &mut Context<'_>, method: &str, path: &[&str]) -> Option<Result> {
    if method != "GET" {
        return None;
    }
    let services = &call.store.services;
    Some(match path {
        ["services"] => Ok(Answer::Rows(services.rows.clone())),
        ["services", "status"] | ["services", "status", "current"] => {
            Ok(Answer::Rows(services.rows.iter().map(|row| status(row, &call.now())).collect()))
        }
        ["services", id] => match services.get(id) {
            Some(row) => Ok(Answer::Json(row.clone())),
            None => Err(not_found("Service", id)),
        },
        ["services", id, "endpoints"] => match services.get(id) {
            Some(row) => Ok(Answer::Rows(row["endPoints"].as_array().cloned().unwrap_or_default())),
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

/// `/ipam-service/api`; none if there is no such call. The shapes are guesses.
pub(super) fn ipam(call: &mut Context<'_>, method: &str, path: &[&str]) -> Option<Result> {
    let (rows, endpoint) = match (method, path) {
        ("GET", ["providers", endpoint, "ip-ranges"]) => (&call.store.ipam_ranges, endpoint),
        ("GET", ["providers", endpoint, "address-spaces"]) => (&call.store.ipam_spaces, endpoint),
        _ => return None,
    };
    if rows.iter().all(|(of, _)| of != endpoint) && call.store.ipam_spaces.iter().all(|(of, _)| of != endpoint) {
        return Some(Err(not_found("IPAM endpoint", endpoint)));
    }
    let space = call.query.get("additionalFilter");
    let in_space = |row: &Value| match row.get("addressSpaceExternalId").and_then(Value::as_str) {
        Some(of) => space.is_none_or(|space| space == of),
        None => true,
    };
    let found = rows.iter().filter(|(of, row)| of == endpoint && in_space(row)).map(|(_, row)| row.clone());
    Some(Ok(Answer::Rows(found.collect())))
}
