//! IP ranges of the internal IPAM.

use serde_json::{Map, Value, json};

use super::networks::{holds, prefix};
use crate::testing::v8::config::Release;
use crate::testing::v8::context::{Context, Reply, Result, big, hrefs, iaas_row};
use crate::testing::v8::query::Style;
use crate::testing::v8::refusal::{Refusal, invalid, not_found};
use crate::testing::v8::rows::{AddressState, IpRange};

pub(super) fn route(call: &mut Context<'_>, method: &str, path: &[&str]) -> Option<Result> {
    Some(match (method, path) {
        ("GET", []) => Ok(Reply::Rows(rows(call, |_| true), Style::Undeclared)),
        ("POST", []) => call.body().and_then(|body| create(call, &body)),
        ("GET" | "PATCH" | "DELETE", [id]) => match call.store.range(id).cloned() {
            None => Err(not_found("Network IP range", id)),
            Some(range) if method == "GET" => Ok(Reply::Json(200, with_counts(call, &range))),
            Some(range) if method == "PATCH" => call.body().and_then(|body| change(call, range, &body)),
            Some(range) => remove(call, &range),
        },
        _ => return None,
    })
}

/// Returns the ranges of a network.
pub(super) fn of_network(call: &mut Context<'_>, id: &str) -> Result {
    if call.store.networks.get(id).is_none() {
        return Err(not_found("Fabric network", id));
    }
    Ok(Reply::Rows(rows(call, |range| range.networks.iter().any(|network| network == id)), Style::Undeclared))
}

fn rows(call: &Context<'_>, fits: impl Fn(&IpRange) -> bool) -> Vec<Value> {
    call.store.ranges.iter().filter(|range| fits(range)).map(|range| row(call, range)).collect()
}

fn row(call: &Context<'_>, range: &IpRange) -> Value {
    let mut row = iaas_row("network-ip-ranges", &range.id, range.created, range.updated);
    row["name"] = range.name.clone().into();
    if let Some(description) = &range.description {
        row["description"] = description.clone().into();
    }
    row["startIPAddress"] = range.text(range.start).into();
    row["endIPAddress"] = range.text(range.end).into();
    row["ipVersion"] = if range.start.is_ipv4() { "IPv4" } else { "IPv6" }.into();
    row["tags"] = range.tags.clone();
    let networks: Vec<&str> = range.networks.iter().map(String::as_str).collect();
    match (networks.as_slice(), call.release) {
        // The older release has the one link, and the newer ones the list and a flag between the links.
        ([one], Release::V8_10) => {
            row["_links"]["fabric-network"] = json!({"href": format!("/iaas/api/fabric-networks/{one}")});
        }
        ([], _) => {}
        (many, _) => row["_links"]["fabric-networks"] = hrefs("fabric-networks", many.iter().copied()),
    }
    if call.release > Release::V8_10 {
        row["_links"]["empty"] = false.into();
    }
    row
}

/// Returns a row with the counts, which the rows of a list do not have.
fn with_counts(call: &Context<'_>, range: &IpRange) -> Value {
    let mut row = row(call, range);
    if call.release > Release::V8_10 {
        let count =
            |fits: fn(AddressState) -> bool| range.addresses.values().filter(|record| fits(record.state)).count();
        let used = u128::try_from(range.addresses.len()).unwrap_or(u128::MAX);
        row["totalNumberOfIPs"] = big(range.size());
        row["numberOfAvailableIPs"] = big(range.size().saturating_sub(used));
        row["numberOfAllocatedIPs"] = count(|state| matches!(state, AddressState::Allocated { .. })).into();
        row["numberOfReleasedIPs"] = count(|state| matches!(state, AddressState::Released(_))).into();
        row["numberOfSystemAllocatedIPs"] =
            count(|state| matches!(state, AddressState::Allocated { by_user: false })).into();
        row["numberOfUserAllocatedIPs"] =
            count(|state| matches!(state, AddressState::Allocated { by_user: true })).into();
    }
    row
}

fn create(call: &mut Context<'_>, body: &Map<String, Value>) -> Result {
    let id = call.store.id();
    let range = IpRange::read(id, body, call.now).map_err(invalid)?;
    check(call, &range)?;
    let row = row(call, &range);
    call.store.ranges.push(range);
    Ok(Reply::Json(201, row))
}

fn change(call: &mut Context<'_>, old: IpRange, body: &Map<String, Value>) -> Result {
    // Name, start and end are mandatory in a change as well.
    let mut range = IpRange::read(old.id.clone(), body, call.now).map_err(invalid)?;
    if !body.contains_key("fabricNetworkIds") && !body.contains_key("fabricNetworkId") {
        range.networks = old.networks;
    }
    if !body.contains_key("description") {
        range.description = old.description;
    }
    if !body.contains_key("tags") {
        range.tags = old.tags;
    }
    range.created = old.created;
    range.addresses = old.addresses;
    range.shown = old.shown;
    range.blocked = old.blocked;
    if let Some(out) = range.addresses.keys().find(|address| !range.contains(**address)) {
        return Err(invalid(format!("The IP address {out} is in use and would be outside of the range.")));
    }
    check(call, &range)?;
    let row = row(call, &range);
    if let Some(stored) = call.store.range_mut(&range.id) {
        *stored = range;
    }
    Ok(Reply::Json(200, row))
}

/// Checks that a range lies in the prefix of its networks, and overlaps no other range there.
fn check(call: &Context<'_>, range: &IpRange) -> std::result::Result<(), Refusal> {
    for network in &range.networks {
        let Some(row) = call.store.networks.get(network) else {
            return Err(invalid(format!("The fabric network {network} does not exist.")));
        };
        let member = if range.start.is_ipv4() { "cidr" } else { "ipv6Cidr" };
        let Some(cidr) = row[member].as_str().and_then(prefix) else {
            return Err(invalid(format!("The fabric network {network} has no {member}.")));
        };
        for (which, address) in [("Start", range.start), ("End", range.end)] {
            if !holds(cidr, address) {
                return Err(invalid(format!("{which} IP address {address} is not in the network CIDR.")));
            }
        }
        let other = call
            .store
            .ranges
            .iter()
            .find(|other| other.id != range.id && other.networks.contains(network) && other.overlaps(range));
        if let Some(other) = other {
            return Err(invalid(format!("The IP range overlaps with the IP range {}.", other.name)));
        }
    }
    Ok(())
}

fn remove(call: &mut Context<'_>, range: &IpRange) -> Result {
    let used = |state| matches!(state, AddressState::Allocated { .. });
    if let Some((address, _)) = range.addresses.iter().find(|(_, record)| used(record.state)) {
        return Err(invalid(format!("The IP range has the allocated IP address {address}.")));
    }
    call.store.ranges.retain(|other| other.id != range.id);
    Ok(Reply::Empty(204))
}
