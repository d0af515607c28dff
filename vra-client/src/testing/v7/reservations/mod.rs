//! Service `/reservation-service/api`: reservations, their types, schemas and values, and reservation policies.

mod types;

use serde_json::{Map, Value, json};

use super::context::{Context, ListQuirk, Reply, Result, merged, required};
use super::literal::{self, complex, entity_ref, integer};
use super::refusal::{Refusal, invalid, not_found};
use super::rows::Compute;
use types::TYPES;

const COMPONENT: &str = "com.vmware.csp.iaas.blueprint.service";

/// Fields by which reservations can be filtered. The server documents these six and refuses every other one.
const FILTERS: &[&str] = &["name", "reservationTypeId", "subTenantId", "enabled", "tenantId", "reservationPolicyId"];

/// Handles the reservation service; `None` if it has no such call.
pub(super) fn route(call: &mut Context<'_>, method: &str, path: &[&str]) -> Option<Result> {
    Some(match (method, path) {
        ("GET", ["reservations"]) => list(call),
        ("POST", ["reservations"]) => {
            let id = call.store.id();
            save(call, &id).map(|()| Reply::Created(format!("/reservation-service/api/reservations/{id}"), None))
        }
        ("GET", ["reservations", "types"]) => Ok(Reply::Rows(TYPES.iter().map(types::Type::row).collect())),
        ("GET", ["reservations", "types", "categories"]) => Ok(Reply::Json(json!(["Virtual", "Cloud", "Physical"]))),
        ("GET", ["reservations", "types", id]) => match TYPES.iter().find(|kind| kind.id == *id) {
            Some(kind) => Ok(Reply::Json(kind.row())),
            None => Err(not_found("Reservation type", id)),
        },
        ("GET", ["reservations", "info"]) => Ok(Reply::Rows(info(call))),
        ("GET", ["reservations", "tenants"]) => Ok(Reply::Rows(call.store.tenants.rows.clone())),
        ("GET", ["reservations", "subtenants"]) => Ok(Reply::Rows(with_reservations(call))),
        (_, ["reservations", "policies", rest @ ..]) => return policies(call, method, rest),
        (_, ["reservations", id]) => {
            let Some(row) = call.store.reservations.get(id) else { return Some(Err(not_found("Reservation", id))) };
            match method {
                "GET" => Ok(Reply::Json(row.clone())),
                // The status of an update is inferred; published clients accept any 2xx.
                "PUT" => save(call, id).map(|()| Reply::Empty(204)),
                "DELETE" => {
                    call.store.reservations.remove(id);
                    Ok(Reply::Empty(204))
                }
                _ => return None,
            }
        }
        ("GET", ["data-service", "schema", class, "default"]) => match types::schema(class) {
            Some(schema) => Ok(Reply::Json(schema)),
            None => Err(not_found("Schema", class)),
        },
        ("POST", ["data-service", "schema", class, "default", field, "values"]) => values(call, class, field),
        _ => return None,
    })
}

/// Lists reservations; filters by another field, and any order, are error 10101, as documented.
fn list(call: &Context<'_>) -> Result {
    if let Some(filter) = call.query.filter()?
        && let Some(field) = filter.unknown_field(FILTERS)
    {
        return Err(invalid(format!("Reservations cannot be filtered by {field}.")));
    }
    if call.query.get("$orderby").is_some() {
        return Err(invalid("Reservations cannot be sorted."));
    }
    Ok(Reply::Rows(call.store.reservations.rows.clone()))
}

/// Creates or replaces a reservation.
fn save(call: &mut Context<'_>, id: &str) -> std::result::Result<(), Refusal> {
    let body = call.body()?;
    required(&body, "name")?;
    required(&body, "tenantId")?;
    // Clients may leave `@type` out, so `reservationTypeId` alone tells the kind.
    let kind_id = required(&body, "reservationTypeId")?;
    let Some(kind) = TYPES.iter().find(|kind| kind.id == kind_id) else {
        return Err(invalid(format!("The reservation type {kind_id} does not exist.")));
    };
    let subtenant = required(&body, "subTenantId")?;
    if call.store.subtenants.get(&subtenant).is_none() {
        return Err(invalid(format!("The business group {subtenant} does not exist.")));
    }
    if let Some(policy) = body.get("reservationPolicyId").and_then(Value::as_str)
        && call.store.policies.get(policy).is_none()
    {
        return Err(invalid(format!("The reservation policy {policy} does not exist.")));
    }
    check_values(call, kind, &body)?;
    let now = call.now();
    let old = call.store.reservations.get(id);
    let version = old.and_then(|row| row["version"].as_i64()).map_or(0, |version| version + 1);
    // Inferred: an update has to bring the version along, which is of use only if the server compares it.
    if let (Some(old), Some(sent)) = (old, body.get("version").and_then(Value::as_i64))
        && old["version"].as_i64() != Some(sent)
    {
        return Err(Refusal::new(400, 50505, "System exception.")
            .with_system(format!("Version {sent} of the reservation is not the current one.")));
    }
    let created = old.map_or_else(|| now.clone().into(), |row| row["createdDate"].clone());
    let template = json!({
        "@type": "Reservation", "createdDate": created, "lastUpdated": now, "version": version, "id": id, "name": null,
        "reservationTypeId": null, "tenantId": null, "subTenantId": null, "enabled": true, "priority": 1,
        "reservationPolicyId": null, "alertPolicy": null, "extensionData": {"entries": []},
    });
    let mut sent = body;
    // Members of the server's own: a body that was read before brings old values of them.
    for own in ["@type", "createdDate", "lastUpdated", "version", "id"] {
        sent.shift_remove(own);
    }
    call.store.reservations.put(id, merged(template, sent));
    Ok(())
}

/// Checks the typed values: known fields of the type, and a compute resource that exists.
fn check_values(call: &Context<'_>, kind: &types::Type, body: &Map<String, Value>) -> std::result::Result<(), Refusal> {
    let data = body.get("extensionData");
    let known: Vec<String> = types::schema(kind.class)
        .and_then(|schema| schema["fields"].as_array().cloned())
        .unwrap_or_default()
        .iter()
        .filter_map(|field| field["id"].as_str().map(str::to_owned))
        .collect();
    for (key, _) in literal::pairs(data) {
        // The manual's schema has `reservationVCNS…`, and clients send `vCNS…`; both are accepted.
        let documented = key.replacen("vCNS", "reservationVCNS", 1);
        if !known.iter().any(|id| id == key || *id == documented) {
            return Err(invalid(format!("The reservation type {} has no field {key}.", kind.id)));
        }
    }
    let resource = literal::entry(data, "computeResource").and_then(|value| value.get("id")).and_then(Value::as_str);
    match resource {
        None => Err(invalid("The field computeResource is required.")),
        Some(id) if call.store.compute.iter().all(|known| known.id != id) => {
            Err(invalid(format!("The compute resource {id} does not exist.")))
        }
        Some(_) => Ok(()),
    }
}

/// Returns reservations with their quotas. The shape is a guess.
fn info(call: &Context<'_>) -> Vec<Value> {
    let category = call.query.get("category");
    let rows = call.store.reservations.rows.iter().filter(|row| {
        let kind = TYPES.iter().find(|kind| row["reservationTypeId"].as_str() == Some(kind.id));
        category.is_none_or(|category| kind.is_some_and(|kind| kind.category == category))
    });
    rows.map(|row| {
        json!({
            "id": row["id"], "name": row["name"], "reservationTypeId": row["reservationTypeId"],
            "machineQuota": literal::entry(row.get("extensionData"), "machineQuota").and_then(literal::number),
            "subTenantId": row["subTenantId"],
        })
    })
    .collect()
}

/// Returns the business groups with reservations. The shape is a guess.
fn with_reservations(call: &Context<'_>) -> Vec<Value> {
    let tenant = call.query.get("tenantId");
    let held = |row: &&Value| {
        let reserved = call.store.reservations.rows.iter().any(|reservation| reservation["subTenantId"] == row["id"]);
        reserved && tenant.is_none_or(|tenant| row["tenant"].as_str() == Some(tenant))
    };
    let rows = call.store.subtenants.rows.iter().filter(held);
    rows.map(|row| json!({"id": row["id"], "name": row["name"]})).collect()
}

/// Handles reservation policies.
fn policies(call: &mut Context<'_>, method: &str, path: &[&str]) -> Option<Result> {
    let save = |call: &mut Context<'_>, id: &str| -> std::result::Result<(), Refusal> {
        let body = call.body()?;
        required(&body, "name")?;
        let kind = required(&body, "reservationPolicyTypeId")?;
        if !POLICY_TYPES.contains(&kind.as_str()) {
            return Err(invalid(format!("The reservation policy type {kind} does not exist.")));
        }
        let template = json!({
            "@type": "ReservationPolicy", "id": id, "name": null, "description": null, "reservationPolicyTypeId": null,
        });
        let mut sent = body;
        sent.shift_remove("@type");
        sent.shift_remove("id");
        call.store.policies.put(id, merged(template, sent));
        Ok(())
    };
    Some(match (method, path) {
        ("GET", []) => {
            // As documented: rows of one list differ in the letter case of their type, and `size` is 0.
            let mut rows = call.store.policies.rows.clone();
            for row in rows.iter_mut().skip(1).step_by(2) {
                row["@type"] = "reservationPolicy".into();
            }
            Ok(Reply::RowsAs(rows, ListQuirk::SizeZero))
        }
        ("POST", []) => {
            let id = call.store.id();
            save(call, &id)
                .map(|()| Reply::Created(format!("/reservation-service/api/reservations/policies/{id}"), None))
        }
        ("GET", ["types"]) => {
            Ok(Reply::Rows(POLICY_TYPES.iter().map(|id| json!({"@type": "ReservationPolicyType", "id": id})).collect()))
        }
        // As documented, PUT also creates a policy under the id in the path.
        ("PUT", [id]) => save(call, id).map(|()| Reply::Empty(204)),
        ("GET", [id]) => match call.store.policies.get(id) {
            Some(row) => Ok(Reply::Json(row.clone())),
            None => Err(not_found("Reservation policy", id)),
        },
        ("DELETE", [id]) => {
            if call.store.policies.remove(id) {
                Ok(Reply::Empty(204))
            } else {
                Err(not_found("Reservation policy", id))
            }
        }
        _ => return None,
    })
}

const POLICY_TYPES: &[&str] =
    &["Infrastructure.Reservation.Policy.ComputeResource", "Infrastructure.Reservation.Policy.Storage"];

/// Returns the values that a field can have. All but the compute resource depend on the one chosen.
fn values(call: &Context<'_>, class: &str, field: &str) -> Result {
    let Some(schema) = types::schema(class) else { return Err(not_found("Schema", class)) };
    let known = schema["fields"].as_array().into_iter().flatten().any(|row| row["id"].as_str() == Some(field));
    if !known {
        return Err(not_found("Field", field));
    }
    let body = call.body_or_empty()?;
    let text = body.get("text").and_then(Value::as_str).unwrap_or_default().to_lowercase();
    let flat = call.release != super::config::Release::V6_2;
    // From 7.x on, the label also names the endpoint, so that a search by exact name needs to know the release.
    let label = |name: &str| if flat { format!("{name} (vCenter)") } else { name.to_owned() };
    let value = |underlying: Value, label: &str| json!({"underlyingValue": underlying, "label": label});
    let found: Vec<Value> = if field == "computeResource" {
        let all = call.store.compute.iter();
        all.map(|one| value(entity_ref("ComputeResource", &one.id, &label(&one.name)), &label(&one.name))).collect()
    } else {
        // The schema says which fields depend on which; without the compute resource there is nothing to offer.
        let chosen = literal::entry(body.get("dependencyValues"), "computeResource");
        let id = chosen.and_then(|value| value.get("id")).and_then(Value::as_str);
        match call.store.compute.iter().find(|one| Some(one.id.as_str()) == id) {
            Some(one) => {
                of_compute(one, field).into_iter().map(|(underlying, label)| value(underlying, &label)).collect()
            }
            None => Vec::new(),
        }
    };
    let matching: Vec<Value> = found
        .into_iter()
        .filter(|row| row["label"].as_str().is_some_and(|label| label.to_lowercase().contains(&text)))
        .collect();
    // Unlike every other list: no links, no metadata, and `values` for `content`.
    Ok(Reply::Json(json!({"values": matching})))
}

/// Returns the values of a field for a compute resource, each with its label.
fn of_compute(one: &Compute, field: &str) -> Vec<(Value, String)> {
    let each = |rows: &[(String, String)], make: &dyn Fn(&str, &str) -> Value| {
        rows.iter().map(|(id, name)| (make(id, name), name.clone())).collect()
    };
    match field {
        // As published clients read them: networks and datastores are objects around a reference, pools are
        // references.
        "reservationNetworks" => each(&one.networks, &|id, name| {
            let path = entity_ref("Network", id, name);
            complex(COMPONENT, "Infrastructure.Reservation.Network", vec![("networkPath".to_owned(), path)])
        }),
        "reservationStorages" => each(&one.storages, &|id, name| {
            let values = vec![
                ("storageTotalSizeGB".to_owned(), integer(394)),
                ("storageFreeSizeGB".to_owned(), integer(120)),
                ("storagePath".to_owned(), entity_ref("Storage", id, name)),
            ];
            complex(COMPONENT, "Infrastructure.Reservation.Storage", values)
        }),
        "reservationMemory" => {
            let values = vec![("computeResourceMemoryTotalSizeMB".to_owned(), integer(262_144))];
            vec![(complex(COMPONENT, "Infrastructure.Reservation.Memory", values), one.name.clone())]
        }
        "resourcePool" => each(&one.pools, &|id, name| entity_ref("ResourcePools", id, name)),
        _ => Vec::new(),
    }
}
