//! Key pairs of the IaaS service.

use serde_json::{Value, json};

use super::context::{Context, Reply, Result, merged, required};
use super::refusal::{Refusal, invalid, not_found};

/// Handles `/iaas-proxy-provider/api/keyPairs`; `None` if there is no such call.
pub(super) fn route(call: &mut Context<'_>, method: &str, path: &[&str]) -> Option<Result> {
    Some(match (method, path) {
        ("GET", []) => Ok(Reply::Rows(call.store.key_pairs.rows.clone())),
        ("POST", []) => {
            // The body of the response is empty, so the number at the end of `Location` is all that a client gets.
            let id = call.store.number();
            save_key_pair(call, id).map(|()| Reply::Created(format!("/iaas-proxy-provider/api/keyPairs/{id}"), None))
        }
        (_, [id]) => {
            let Some(row) = call.store.key_pairs.get(id).cloned() else {
                return Some(Err(not_found("Key pair", id)));
            };
            match method {
                // A single object has no `@type`, as documented; rows of the list do.
                "GET" => Ok(Reply::Json(without_type(row))),
                "PUT" => save_key_pair(call, row["id"].as_u64().unwrap_or_default()).map(|()| Reply::Empty(204)),
                "DELETE" => {
                    call.store.key_pairs.remove(id);
                    Ok(Reply::Empty(204))
                }
                _ => return None,
            }
        }
        _ => return None,
    })
}

/// Returns a row without its `@type`.
fn without_type(mut row: Value) -> Value {
    if let Some(members) = row.as_object_mut() {
        members.shift_remove("@type");
    }
    row
}

/// Creates or replaces a key pair.
fn save_key_pair(call: &mut Context<'_>, id: u64) -> std::result::Result<(), Refusal> {
    let mut body = call.body()?;
    required(&body, "name")?;
    required(&body, "computeResourceId")?;
    let template = json!({"@type": "KeyPair", "id": id, "name": null, "computeResourceId": null, "secretKey": ""});
    // The id of a key pair is a number, and a client may leave it out.
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
