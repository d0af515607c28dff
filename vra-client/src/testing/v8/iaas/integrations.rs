//! Integrations.

use std::time::SystemTime;

use serde_json::{Map, Value, json};

use super::read::one;
use crate::testing::v8::context::{Context, Reply, Result, copy, iaas_row, required};
use crate::testing::v8::query::Style;
use crate::testing::v8::refusal::{invalid, not_found};
use crate::testing::v8::rows::{Outcome, Purpose};
use crate::testing::v8::store::Store;

/// Members that are never returned.
const SECRETS: [&str; 2] = ["privateKey", "privateKeyId"];

pub(super) fn route(call: &mut Context<'_>, method: &str, path: &[&str]) -> Option<Result> {
    Some(match (method, path) {
        ("GET", []) => Ok(Reply::Rows(call.store.integrations.rows.clone(), Style::Counted)),
        ("POST", []) => call.body().and_then(|body| create(call, body)),
        (_, [id]) if call.store.integrations.get(id).is_none() => Err(not_found("Integration", id)),
        ("GET", [id]) => one(&call.store.integrations, "Integration", id),
        ("PATCH", [id]) => call.body().and_then(|body| change(call, id, &body)),
        ("DELETE", [id]) => call.tracked("Delete integration", |store, _| {
            store.integrations.remove(id);
            store.forms.remove(*id);
            store.collected.remove(*id);
            store.external_ranges.rows.retain(|row| row["integrationId"] != *id);
            store.external_blocks.rows.retain(|row| row["customProperties"]["integrationId"] != *id);
            Ok(Vec::new())
        }),
        _ => return None,
    })
}

fn create(call: &mut Context<'_>, body: Map<String, Value>) -> Result {
    let (name, kind) = (required(&body, "name")?, required(&body, "integrationType")?);
    let Some(properties) = body.get("integrationProperties").and_then(Value::as_object) else {
        return Err(invalid("The member integrationProperties is required."));
    };
    if call.store.integrations.rows.iter().any(|row| row["name"] == name.as_str()) {
        return Err(invalid(format!("An integration with the name {name} exists already.")));
    }
    let mut only_check = call.query.flag("validateOnly");
    let mut provider = None;
    if kind == "ipam" {
        let given = required(properties, "providerId")?;
        if !call.store.packages.iter().any(|package| package.id == given) {
            return Err(invalid(format!("The IPAM provider {given} is not found.")));
        }
        required(properties, "hostName")?;
        // A list as JSON inside a text; the list itself is refused.
        let free = properties.get("properties");
        if free.is_some_and(|free| free.as_str().is_none_or(|text| serde_json::from_str::<Vec<Value>>(text).is_err())) {
            return Err(invalid("The value of properties is not a JSON array in a string."));
        }
        only_check |= properties.get("isMockRequest").and_then(Value::as_str) == Some("true");
        provider = Some(given);
    }
    let title = "Create integration";
    match provider {
        Some(provider) if !matches!(call.fault, Some(crate::testing::Fault::FailTracker(_))) => {
            let id = call.store.id();
            let reply = call.begun(title, Outcome::Waiting);
            let tracker = match &reply {
                Reply::Json(_, tracker) => tracker["id"].as_str().unwrap_or_default().to_owned(),
                _ => String::new(),
            };
            let inputs = json!({
                "endpointProperties": form(properties),
                "authCredentialsLink": format!("/core/auth/credentials/{id}"),
            });
            // Kept until the check has ended. A check alone leaves nothing behind.
            let mut form = body;
            form.insert("@onlyCheck".to_owned(), only_check.into());
            call.store.forms.insert(id.clone(), form);
            call.store.enqueue(Purpose::Validate { integration: id, tracker }, &provider, "ValidateEndpoint", inputs);
            Ok(reply)
        }
        _ => {
            let id = call.store.id();
            call.tracked(title, |store, now| {
                if only_check {
                    return Ok(Vec::new());
                }
                store.forms.insert(id.clone(), body);
                save(store, &id, now);
                Ok(vec![format!("/iaas/api/integrations/{id}")])
            })
        }
    }
}

/// Saves an integration from its form. The row has no secret.
pub(in crate::testing::v8) fn save(store: &mut Store, id: &str, now: SystemTime) {
    let Some(body) = store.forms.get(id).cloned() else { return };
    let mut row = iaas_row("integrations", id, now, now);
    copy(&mut row, &body, &["name", "description", "integrationType", "customProperties", "tags"]);
    let properties = body.get("integrationProperties").and_then(Value::as_object);
    row["integrationProperties"] = properties.map(form).unwrap_or_default();
    store.integrations.put(id, row);
}

fn change(call: &mut Context<'_>, id: &str, body: &Map<String, Value>) -> Result {
    let mut form = call.store.forms.get(id).cloned().unwrap_or_default();
    for name in ["name", "description", "customProperties", "tags", "privateKey", "privateKeyId"] {
        form.extend(body.get(name).map(|value| (name.to_owned(), value.clone())));
    }
    if let Some(properties) = body.get("integrationProperties").and_then(Value::as_object) {
        let known = form.entry("integrationProperties").or_insert_with(|| json!({}));
        if let Some(known) = known.as_object_mut() {
            known.extend(properties.clone());
        }
    }
    // Asynchronous also for a new name.
    call.tracked("Update integration", |store, now| {
        store.forms.insert(id.to_owned(), form);
        save(store, id, now);
        Ok(vec![format!("/iaas/api/integrations/{id}")])
    })
}

/// Returns the form without its secrets.
fn form(properties: &Map<String, Value>) -> Value {
    let mut form = properties.clone();
    for secret in SECRETS {
        form.shift_remove(secret);
    }
    form.into()
}
