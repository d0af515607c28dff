//! Cloud zones.

use serde_json::{Map, Value, json};

use super::read::one;
use crate::testing::v8::context::{Context, Reply, Result, copy, iaas_row, required};
use crate::testing::v8::query::Style;
use crate::testing::v8::refusal::{invalid, not_found};

const MEMBERS: [&str; 6] = ["description", "folder", "placementPolicy", "tags", "tagsToMatch", "customProperties"];

pub(super) fn route(call: &mut Context<'_>, method: &str, path: &[&str]) -> Option<Result> {
    Some(match (method, path) {
        ("GET", []) => Ok(Reply::Rows(call.store.zones.rows.clone(), Style::Paged)),
        ("POST", []) => call.body().and_then(|body| create(call, &body)),
        (_, [id, ..]) if call.store.zones.get(id).is_none() => Err(not_found("Zone", id)),
        ("GET", [id]) => one(&call.store.zones, "Zone", id),
        ("GET", [_, "computes"]) => Ok(Reply::Rows(Vec::new(), Style::Undeclared)),
        ("PATCH", [id]) => call.body().map(|body| {
            let mut row = call.store.zones.get(id).cloned().unwrap_or_default();
            copy(&mut row, &body, &["name"]);
            copy(&mut row, &body, &MEMBERS);
            call.store.zones.put(id, row.clone());
            Reply::Json(200, row)
        }),
        ("DELETE", [id]) => {
            call.store.zones.remove(id);
            Ok(Reply::Empty(204))
        }
        _ => return None,
    })
}

fn create(call: &mut Context<'_>, body: &Map<String, Value>) -> Result {
    let (name, region) = (required(body, "name")?, required(body, "regionId")?);
    let Some(found) = call.store.regions.get(&region).cloned() else {
        return Err(invalid(format!("The region {region} does not exist.")));
    };
    let id = call.store.id();
    let mut row = iaas_row("zones", &id, call.now, call.now);
    row["name"] = name.into();
    row["placementPolicy"] = "DEFAULT".into();
    row["tags"] = json!([]);
    row["tagsToMatch"] = json!([]);
    copy(&mut row, body, &MEMBERS);
    row["externalRegionId"] = found["externalRegionId"].clone();
    row["_links"]["region"] = json!({"href": format!("/iaas/api/regions/{region}")});
    row["_links"]["computes"] = json!({"href": format!("/iaas/api/zones/{id}/computes")});
    call.store.zones.put(&id, row.clone());
    Ok(Reply::Json(201, row))
}
