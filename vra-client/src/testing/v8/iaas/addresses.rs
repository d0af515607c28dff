//! Addresses of an IP range: list, allocate, release.

use std::net::IpAddr;

use serde_json::{Map, Value, json};

use crate::testing::v8::context::{Context, Reply, Result, big, iaas_row};
use crate::testing::v8::query::Style;
use crate::testing::v8::refusal::{Refusal, conflict, invalid, not_found};
use crate::testing::v8::rows::{AddressRecord, AddressState, IpRange, decimal};

/// Documented bound of the addresses of one call.
const MOST: usize = 100;

pub(super) fn route(call: &mut Context<'_>, method: &str, id: &str, path: &[&str]) -> Option<Result> {
    let Some(range) = call.store.range(id) else { return Some(Err(not_found("Network IP range", id))) };
    Some(match (method, path) {
        // Only addresses with a record are listed, not every available one.
        ("GET", []) => {
            let rows = range.addresses.iter().map(|(address, record)| row(range, *address, record)).collect();
            Ok(Reply::Rows(rows, Style::Undeclared))
        }
        ("GET", [address]) => match range.addresses.iter().find(|(_, record)| record.id == *address) {
            Some((at, record)) => Ok(Reply::Json(200, row(range, *at, record))),
            None => Err(not_found("IP address", address)),
        },
        ("POST", ["allocate"]) => call.body().and_then(|body| allocate(call, id, &body)),
        ("POST", ["release"]) => call.body().and_then(|body| {
            let addresses = listed(&body)?;
            call.tracked("Release IP addresses", |store, now| {
                let range = store.range_mut(id).ok_or("The network IP range is gone.")?;
                let of_machine = |address: &&IpAddr| {
                    let state = range.addresses.get(address).map(|record| record.state);
                    state == Some(AddressState::Allocated { by_user: false })
                };
                // The call is described for addresses that users manage.
                if let Some(other) = addresses.iter().find(of_machine) {
                    return Err(format!("The IP address {other} is allocated to a machine."));
                }
                range.release(&addresses, now)?;
                Ok(vec![format!("/iaas/api/network-ip-ranges/{id}")])
            })
        }),
        _ => return None,
    })
}

/// Forgets addresses that something unknown uses.
pub(super) fn release_unregistered(call: &mut Context<'_>, id: &str) -> Result {
    if call.store.range(id).is_none() {
        return Err(not_found("Network IP range", id));
    }
    let addresses = listed(&call.body()?)?;
    call.tracked("Release unregistered IP addresses", |store, _| {
        let range = store.range_mut(id).ok_or("The network IP range is gone.")?;
        let unregistered =
            |address: &IpAddr| range.addresses.get(address).is_some_and(|r| r.state == AddressState::Unregistered);
        if let Some(other) = addresses.iter().find(|address| !unregistered(address)) {
            return Err(format!("The IP address {other} is not unregistered."));
        }
        range.addresses.retain(|address, _| !addresses.contains(address));
        Ok(vec![format!("/iaas/api/network-ip-ranges/{id}")])
    })
}

fn row(range: &IpRange, address: IpAddr, record: &AddressRecord) -> Value {
    let (status, kind) = match record.state {
        AddressState::Allocated { by_user: true } => ("ALLOCATED", "USER"),
        AddressState::Allocated { by_user: false } => ("ALLOCATED", "SYSTEM"),
        AddressState::Released(_) => ("RELEASED", "NONE"),
        AddressState::Unregistered => ("UNREGISTERED", "NONE"),
    };
    let at = format!("network-ip-ranges/{}/ip-addresses", range.id);
    let mut row = iaas_row(&at, &record.id, record.created, record.updated);
    row["ipAddress"] = range.text(address).into();
    row["ipAddressDecimalValue"] = big(decimal(address));
    row["ipVersion"] = if address.is_ipv4() { "IPv4" } else { "IPv6" }.into();
    row["ipAddressStatus"] = status.into();
    row["ipAllocationType"] = kind.into();
    if let Some(description) = &record.description {
        row["description"] = description.clone().into();
    }
    row["_links"]["network-ip-range"] = json!({"href": format!("/iaas/api/network-ip-ranges/{}", range.id)});
    if let Some(resource) = &record.resource {
        row["_links"]["connected-resource"] = json!({"href": resource});
    }
    row["_links"]["empty"] = false.into();
    row
}

fn allocate(call: &mut Context<'_>, id: &str, body: &Map<String, Value>) -> Result {
    let count = body.get("numberOfIps").and_then(Value::as_u64).and_then(|count| usize::try_from(count).ok());
    let wanted = match (body.get("ipAddresses"), body.get("numberOfIps")) {
        (Some(_), None) => Err(listed(body)?),
        (None, Some(number)) => match count {
            Some(count @ 1..=MOST) => Ok(count),
            _ => return Err(invalid(format!("The value {number} of numberOfIps is not in the range 1 to {MOST}."))),
        },
        _ => return Err(invalid("Either ipAddresses or numberOfIps is required.")),
    };
    let longest = call.store.settings.longest_description.unwrap_or(usize::MAX);
    let description = body.get("description").and_then(Value::as_str).filter(|text| text.len() <= longest);
    let description = description.map(str::to_owned);
    if call.store.settings.refuses_at_once
        && let (Some(range), Err(addresses)) = (call.store.range(id), &wanted)
    {
        range.check_free(addresses).map_err(conflict)?;
    }
    call.tracked("Allocate IP addresses", |store, now| {
        let range = store.range(id).ok_or("The network IP range is gone.")?;
        let addresses = match wanted {
            Err(addresses) => addresses,
            Ok(count) => {
                let free = range.free(count);
                if free.len() < count {
                    return Err(format!("The IP range {} has no {count} available IP addresses.", range.name));
                }
                free
            }
        };
        let mut ids: Vec<String> = addresses.iter().map(|_| store.id()).collect();
        let paths = ids.iter().map(|address| format!("/iaas/api/network-ip-ranges/{id}/ip-addresses/{address}"));
        let paths = paths.collect();
        ids.reverse();
        let range = store.range_mut(id).ok_or("The network IP range is gone.")?;
        range.allocate(&addresses, || AddressRecord {
            id: ids.pop().unwrap_or_default(),
            state: AddressState::Allocated { by_user: true },
            description: description.clone(),
            resource: None,
            created: now,
            updated: now,
        })?;
        Ok(paths)
    })
}

/// Reads the addresses of a body.
fn listed(body: &Map<String, Value>) -> std::result::Result<Vec<IpAddr>, Refusal> {
    let texts = body.get("ipAddresses").and_then(Value::as_array).filter(|texts| !texts.is_empty());
    let texts = texts.ok_or_else(|| invalid("The member ipAddresses is required."))?;
    if texts.len() > MOST {
        return Err(invalid(format!("At most {MOST} IP addresses are accepted in one call, not {}.", texts.len())));
    }
    let mut addresses: Vec<IpAddr> = Vec::new();
    for text in texts {
        let address = text.as_str().and_then(|text| text.parse().ok());
        let address: IpAddr = address.ok_or_else(|| invalid(format!("The value {text} is not an IP address.")))?;
        if addresses.iter().any(|other| other.is_ipv4() != address.is_ipv4()) {
            return Err(invalid("IPv4 and IPv6 addresses cannot be mixed."));
        }
        if addresses.contains(&address) {
            return Err(invalid(format!("The IP address {address} is listed twice.")));
        }
        addresses.push(address);
    }
    Ok(addresses)
}
