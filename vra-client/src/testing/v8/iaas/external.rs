//! IP ranges and blocks of imported IPAM packages, as they were collected.

use std::net::IpAddr;
use std::time::SystemTime;

use serde_json::{Value, json};

use super::read::one;
use crate::testing::v8::context::{Context, Reply, Result, copy, hrefs, iaas_row, ids};
use crate::testing::v8::query::Style;
use crate::testing::v8::refusal::{invalid, not_found};
use crate::testing::v8::store::Store;

const RANGE: [&str; 10] = [
    "name",
    "description",
    "startIPAddress",
    "endIPAddress",
    "ipVersion",
    "subnetPrefixLength",
    "gatewayAddress",
    "dnsServerAddresses",
    "dnsSearchDomains",
    "domain",
];

pub(super) fn route(call: &mut Context<'_>, method: &str, path: &[&str]) -> Option<Result> {
    Some(match (method, path) {
        ("GET", []) => Ok(Reply::Rows(call.store.external_ranges.rows.clone(), Style::Undeclared)),
        ("GET", [id]) => one(&call.store.external_ranges, "External network IP range", id),
        ("PATCH", [id]) => link(call, id),
        _ => return None,
    })
}

/// Replaces the fabric networks of a range. An empty list unlinks it.
fn link(call: &mut Context<'_>, id: &str) -> Result {
    let Some(mut row) = call.store.external_ranges.get(id).cloned() else {
        return Err(not_found("External network IP range", id));
    };
    if let Some(networks) = ids(&call.body()?, "fabricNetworkIds") {
        if let Some(unknown) = networks.iter().find(|id| call.store.networks.get(id).is_none()) {
            return Err(invalid(format!("The fabric network {unknown} does not exist.")));
        }
        row["_links"]["fabric-networks"] = hrefs("fabric-networks", networks.iter().map(String::as_str));
    }
    call.store.external_ranges.put(id, row.clone());
    Ok(Reply::Json(200, row))
}

/// Saves a range that an integration reports, in the form of the plug-in contract. Returns its id here.
pub(in crate::testing::v8) fn put_range(
    store: &mut Store,
    integration: &str,
    reported: &Value,
    now: SystemTime,
) -> Option<String> {
    let external = reported["id"].as_str()?;
    // A range whose bounds are no addresses cannot be used, so it is left out.
    let parsed = |name: &str| reported[name].as_str().and_then(|text| text.parse::<IpAddr>().ok());
    parsed("startIPAddress").and(parsed("endIPAddress"))?;
    let known = store
        .external_ranges
        .rows
        .iter()
        .find(|row| row["externalId"] == external && row["integrationId"] == integration);
    let mut row = match known.cloned() {
        Some(row) => row,
        None => {
            let id = store.id();
            let mut row = iaas_row("external-network-ip-ranges", &id, now, now);
            row["_links"]["fabric-networks"] = json!({"hrefs": []});
            row
        }
    };
    copy(&mut row, reported.as_object()?, &RANGE);
    row["externalId"] = external.into();
    row["integrationId"] = integration.into();
    row["addressSpaceId"] = reported["addressSpaceId"].clone();
    row["tags"] = reported.get("tags").cloned().unwrap_or_else(|| json!([]));
    let id = row["id"].as_str()?.to_owned();
    store.external_ranges.put(&id, row);
    Some(id)
}

/// Saves a block that an integration reports. Returns its id here.
pub(in crate::testing::v8) fn put_block(store: &mut Store, integration: &str, cidr: &str, now: SystemTime) -> String {
    let id = store.id();
    let mut row = iaas_row("external-ip-blocks", &id, now, now);
    row["name"] = cidr.into();
    row["cidr"] = cidr.into();
    row["externalId"] = format!("nc-{cidr}").into();
    row["customProperties"] = json!({"integrationId": integration});
    store.external_blocks.put(&id, row);
    id
}
