//! Network profiles.

use serde_json::{Map, Value, json};

use super::read::one;
use crate::testing::v8::context::{Context, Reply, Result, copy, hrefs, iaas_row, ids, required};
use crate::testing::v8::query::Style;
use crate::testing::v8::refusal::{invalid, not_found};

const MEMBERS: [&str; 6] = [
    "description",
    "customProperties",
    "tags",
    "isolationType",
    "isolationNetworkDomainCIDR",
    "isolatedNetworkCIDRPrefix",
];

pub(super) fn route(call: &mut Context<'_>, method: &str, path: &[&str]) -> Option<Result> {
    Some(match (method, path) {
        ("GET", []) => Ok(Reply::Rows(call.store.profiles.rows.clone(), Style::Counted)),
        ("POST", []) => call.body().and_then(|body| {
            let id = call.store.id();
            let row = iaas_row("network-profiles", &id, call.now, call.now);
            put(call, row, &body, 201)
        }),
        (_, [id, ..]) if call.store.profiles.get(id).is_none() => Err(not_found("Network profile", id)),
        ("GET", [id]) => one(&call.store.profiles, "Network profile", id),
        ("PATCH", [id]) => call.body().and_then(|body| {
            let row = call.store.profiles.get(id).cloned().unwrap_or_default();
            put(call, row, &body, 200)
        }),
        ("DELETE", [id]) => {
            call.store.profiles.remove(id);
            Ok(Reply::Empty(204))
        }
        _ => return None,
    })
}

fn put(call: &mut Context<'_>, row: Value, body: &Map<String, Value>, status: u16) -> Result {
    let mut row = row;
    // Both are mandatory in a change as well.
    let (name, region) = (required(body, "name")?, required(body, "regionId")?);
    let Some(found) = call.store.regions.get(&region) else {
        return Err(invalid(format!("The region {region} does not exist.")));
    };
    row["name"] = name.into();
    row["externalRegionId"] = found["externalRegionId"].clone();
    if row.get("isolationType").is_none() {
        row["isolationType"] = "NONE".into();
    }
    copy(&mut row, body, &MEMBERS);
    row["_links"]["region"] = json!({"href": format!("/iaas/api/regions/{region}")});
    // References are in the links only.
    if let Some(networks) = ids(body, "fabricNetworkIds") {
        if let Some(unknown) = networks.iter().find(|id| call.store.networks.get(id).is_none()) {
            return Err(invalid(format!("The fabric network {unknown} does not exist.")));
        }
        row["_links"]["fabric-networks"] = hrefs("fabric-networks", networks.iter().map(String::as_str));
    }
    if let Some(blocks) = ids(body, "externalIpBlockIds") {
        if let Some(unknown) = blocks.iter().find(|id| call.store.external_blocks.get(id).is_none()) {
            return Err(invalid(format!("The external IP block {unknown} does not exist.")));
        }
        row["_links"]["external-ip-blocks"] = hrefs("external-ip-blocks", blocks.iter().map(String::as_str));
    }
    let id = row["id"].as_str().unwrap_or_default().to_owned();
    call.store.profiles.put(&id, row.clone());
    Ok(Reply::Json(status, row))
}
