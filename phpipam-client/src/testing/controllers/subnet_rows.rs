//! Rows of subnets and folders in the forms in which the calls show them.

use serde_json::{Map, Value, json};

use super::super::context::{Call, Id};
use super::super::ip_number::{self, Net};
use super::super::present::{dotted, rename};
use super::super::refusal::{Handled, fail};
use super::super::schema::Object;
use super::super::store::Store;
use super::super::table::Cell;

const SUBNET: Object = Object::Subnet;

type Row = Map<String, Value>;

/// Returns a subnet with the names of the API and a decimal network, which the filter compares (Q69).
pub(super) fn row(call: &Call<'_>, store: &Store, id: u64) -> Row {
    let mut row = store.table(SUBNET).json(id, call.strings);
    rename(&mut row, "state", "tag");
    row
}

/// Adds the set of name servers. Without one the member is absent (Q34), also if the id dangles.
pub(super) fn with_nameservers(call: &Call<'_>, store: &Store, id: u64, row: &mut Row) {
    let Some(set) = store.cell(SUBNET, id, "nameserverId").reference() else { return };
    let table = store.table(Object::Nameservers);
    if table.contains(set) {
        row.insert("nameservers".to_owned(), table.json(set, call.strings).into());
    }
}

/// Adds the id of the gateway. Without one the member is absent (Q34).
pub(super) fn with_gateway_id(call: &Call<'_>, store: &Store, id: u64, row: &mut Row) {
    if let Some(gateway) = store.gateway_of(id) {
        row.insert("gatewayId".to_owned(), Cell::id(gateway).json(call.strings));
    }
}

/// Returns the subnet of the path, or the failure that sub-resources and writes report.
///
/// `GET subnets/{id}/` has its own: 400 instead of 404 for a missing subnet (Q46).
pub(super) fn existing(call: &Call<'_>, store: &Store) -> Handled<u64> {
    let text = call.params.id().unwrap_or_default();
    match Id::of(call.params.id()) {
        Id::Text => Err(fail(400, format!("Subnet Id must be numeric ({text})"))),
        id => id.row(store, SUBNET).ok_or_else(|| fail(404, format!("Invalid subnet Id ({text})"))),
    }
}

/// Returns a row of the list of all subnets.
///
/// Only this list resolves `permissions` to groups and `location` to an object (Q31, Q32).
pub(super) fn list_row(call: &Call<'_>, store: &Store, id: u64) -> Row {
    let mut row = row(call, store, id);
    let permissions = store.cell(SUBNET, id, "permissions").as_text();
    row.insert("permissions".to_owned(), group_list(store, &permissions));
    // PHP's empty array for none, and `false` of a failed look-up for an id that dangles.
    let location = match store.cell(SUBNET, id, "location").reference() {
        None => json!([]),
        Some(place) if store.table(Object::Location).contains(place) => {
            store.table(Object::Location).json(place, call.strings).into()
        }
        Some(_) => Value::Bool(false),
    };
    row.insert("location".to_owned(), location);
    with_nameservers(call, store, id, &mut row);
    // Q35: the server looks for a gateway whose *address id* is the id of the subnet, so it shows the gateway of
    // another subnet, or none.
    let gateway = if call.profile.gateway_by_subnet_id { Some(id) } else { store.gateway_of(id) };
    if let Some(gateway) = gateway.filter(|a| store.cell(Object::Address, *a, "is_gateway").is_set()) {
        let mut raw = store.table(Object::Address).json(gateway, call.strings);
        dotted(&mut raw, "ip_addr");
        row.insert("gatewayId".to_owned(), store.cell(Object::Address, gateway, "id").json(call.strings));
        row.insert("gateway".to_owned(), raw.into());
    }
    row
}

/// Returns permissions such as `{"2":"3"}` as a list of groups.
fn group_list(store: &Store, permissions: &str) -> Value {
    let map: Row = serde_json::from_str(permissions).unwrap_or_default();
    let entry = |(group, permission): (&String, &Value)| {
        let group: u64 = group.parse().unwrap_or(0);
        let known = store.groups.get(&group);
        let mut names: Vec<&str> =
            store.accounts.iter().filter(|a| a.user.groups.contains(&group)).map(|a| a.user.name.as_str()).collect();
        names.sort_unstable();
        // Null for a deleted group, `false` for one without members: results of failed look-ups in PHP.
        let members = match known {
            None => Value::Null,
            Some(_) if names.is_empty() => Value::Bool(false),
            Some(_) => names.iter().map(|name| json!({"username": name})).collect(),
        };
        json!({
            "group_id": group,
            "permission": permission,
            "name": known.map(|g| g.0.clone()),
            "desc": known.and_then(|g| g.1.clone()),
            "members": members,
        })
    };
    map.iter().map(entry).collect()
}

/// Returns the row of `GET subnets/{id}/`.
pub(super) fn single_row(call: &Call<'_>, store: &Store, id: u64) -> Row {
    let mut row = row(call, store, id);
    with_nameservers(call, store, id, &mut row);
    with_gateway(call, store, id, &mut row);
    if let Some(net) = store.net_of(id) {
        row.insert("calculation".to_owned(), calculation(net));
    }
    row
}

/// Returns a row of `slaves_recursive`. Every row shows the gateway of the root, and never its own (Q36).
pub(super) fn tree_row(call: &Call<'_>, store: &Store, root: u64, id: u64) -> Row {
    let mut row = row(call, store, id);
    with_nameservers(call, store, id, &mut row);
    with_gateway(call, store, root, &mut row);
    if let Some(net) = store.net_of(id) {
        row.insert("calculation".to_owned(), calculation(net));
    }
    row
}

fn with_gateway(call: &Call<'_>, store: &Store, id: u64, row: &mut Row) {
    with_gateway_id(call, store, id, row);
    if let Some(gateway) = store.gateway_of(id) {
        let ip = ip_number::dotted(store.ip_of(gateway));
        row.insert("gateway".to_owned(), json!({"ip_addr": ip, "id": Cell::id(gateway).json(call.strings)}));
    }
}

/// Returns the derived values of a network, all of them texts (Q38).
fn calculation(net: Net) -> Value {
    let text = ip_number::dotted;
    if net.v4 {
        let mask = u128::from(u32::MAX) & !net.host_bits();
        // The calculation does not know pools.
        let (low, high) = net.usable(false);
        let class = match net.first >> 16 {
            b if b >> 8 == 10 => Value::from("private A"),
            b if (0xAC10..=0xAC1F).contains(&b) => Value::from("private B"),
            0xC0A8 => Value::from("private C"),
            _ => Value::Bool(false),
        };
        return json!({
            "Type": "IPv4",
            "IP address": "/",
            "Network": text(net.first),
            "Broadcast": text(net.last()),
            "Subnet bitmask": net.mask.to_string(),
            "Subnet netmask": text(mask),
            "Subnet wildcard": text(net.host_bits()),
            "Min host IP": text(low),
            "Max host IP": text(high),
            "Number of hosts": (high - low + 1).to_string(),
            "Subnet Class": class,
        });
    }
    let nibbles = usize::from(net.mask / 4);
    let hex = format!("{:032x}", net.first);
    let reverse: Vec<String> = hex.chars().take(nibbles).map(String::from).collect();
    let reverse: Vec<&str> = reverse.iter().rev().map(String::as_str).collect();
    json!({
        "Type": "IPv6",
        "Host address": "/",
        "Host address (uncompressed)": "/",
        "Subnet prefix": net.cidr(),
        "Prefix length": net.mask.to_string(),
        "Subnet Reverse DNS": format!("{}.ip6.arpa", reverse.join(".")),
        "Min host IP": text(net.first),
        "Max host IP": text(net.last()),
        "Number of hosts": net.size_text(),
        "Address type": "NET_IPV6",
    })
}
