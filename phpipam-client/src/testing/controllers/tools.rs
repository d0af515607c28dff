//! `tools/{…}`: one set of rules for eleven tables, with hardly any validation.

use serde_json::{Map, Value};

use super::super::context::{Call, Id, Method, put};
use super::super::ip_number;
use super::super::params::as_text;
use super::super::present::{dotted, rename};
use super::super::refusal::{Handled, fail};
use super::super::reply::{Data, Kind, Reply};
use super::super::schema::Object;
use super::super::store::Store;
use super::{address_rows, devices, subnet_rows};

type Row = Map<String, Value>;

/// Subcontrollers: name in the path, object, path in links.
///
/// Some links of the real server lead nowhere: those of tags say `iptags`, a name that the API does not know.
const TOOLS: [(&str, Object, &str); 11] = [
    ("tags", Object::Tag, "tools/iptags"),
    ("devices", Object::Device, "tools/devices"),
    ("device_types", Object::DeviceType, "tools/devicetypes"),
    ("vlans", Object::Vlan, "tools/vlans"),
    ("vrfs", Object::Vrf, "tools/vrfs"),
    ("nameservers", Object::Nameservers, "tools/nameservers"),
    ("scanagents", Object::ScanAgent, "tools/scanagents"),
    ("locations", Object::Location, "tools/locations"),
    ("racks", Object::Rack, "tools/racks"),
    ("customers", Object::Customer, "tools/customers"),
    ("nat", Object::Nat, "tools/nat"),
];

/// Carries out a call of `tools`.
pub(super) fn handle(call: &Call<'_>, store: &mut Store) -> Handled<Reply> {
    let name = call.params.id().unwrap_or_default();
    let Some((_, object, path)) = TOOLS.iter().find(|(n, _, _)| *n == name).copied() else {
        return Err(fail(400, "Invalid subcontroller"));
    };
    let kind = Kind::Tool(object, path);
    match (call.method, object) {
        (Method::Get | Method::Options, _) => read(call, store, object, kind),
        (_, Object::Vlan) => Err(fail(400, "Please use vlans controller")),
        (_, Object::Vrf) => Err(fail(400, "Please use vrf controller")),
        (Method::Post, _) => create(call, store, object),
        (Method::Patch, _) => change(call, store, object),
        (Method::Delete, _) => delete(call, store, object),
    }
}

fn row(call: &Call<'_>, store: &Store, object: Object, id: u64) -> Row {
    let mut row = store.table(object).json(id, call.strings);
    match object {
        Object::Device => {
            dotted(&mut row, "ip_addr");
            rename(&mut row, "ip_addr", "ip");
        }
        Object::Customer => rename(&mut row, "state", "tag"),
        _ => {}
    }
    row
}

fn read(call: &Call<'_>, store: &Store, object: Object, kind: Kind) -> Handled<Reply> {
    let none = "No objects found";
    let Some(text) = call.params.id2() else {
        let ids = store.table(object).ids();
        return call.list_or(kind, ids.map(|id| row(call, store, object, id)).collect(), none);
    };
    let id = match Id::of(Some(text)) {
        Id::Text => return Err(fail(400, "Identifier must be numeric")),
        id => id.row(store, object),
    };
    let Some(sub) = call.params.id3() else {
        let id = id.ok_or_else(|| call.nothing(none))?;
        return Ok(Reply::one(kind, row(call, store, object, id)));
    };
    // The server does not check the object of a sub-resource: one that is missing has an empty list.
    let id = id.unwrap_or(0);
    let device_rows = |column: &str| {
        let ids = store.table(Object::Device).referring(column, id);
        let rows = ids.into_iter().map(|d| row(call, store, Object::Device, d)).collect();
        call.list_or(Kind::Rows(Object::Device), rows, none)
    };
    let address_rows = |column: &str| {
        let ids = store.table(Object::Address).referring(column, id);
        let rows = ids.into_iter().map(|a| address_rows::row(call, store, a)).collect();
        call.list_or(Kind::Rows(Object::Address), rows, none)
    };
    let subnet_rows = |column: &str| {
        let mut ids = store.table(Object::Subnet).referring(column, id);
        ids.sort_by_key(|s| store.order_of(*s));
        let full = |s| {
            let mut row = subnet_rows::row(call, store, s);
            // Only VLANs list their subnets with name servers; the other kinds leave the join out.
            if object == Object::Vlan {
                subnet_rows::with_nameservers(call, store, s, &mut row);
            }
            subnet_rows::with_gateway_id(call, store, s, &mut row);
            row
        };
        call.list_or(Kind::Subnet, ids.into_iter().map(full).collect(), none)
    };
    match (object, sub) {
        (Object::Tag, "addresses") => address_rows("state"),
        (Object::Device, "addresses") => address_rows("switch"),
        (Object::Location, "ipaddresses") => address_rows("location"),
        (Object::DeviceType, "devices") => device_rows("type"),
        (Object::Location, "devices") => device_rows("location"),
        (Object::Rack, "devices") => device_rows("rack"),
        (Object::Location, "subnets") => subnet_rows("location"),
        (Object::Vlan, "subnets") => subnet_rows("vlanId"),
        (Object::Vrf, "subnets") => subnet_rows("vrfId"),
        (Object::Device, "subnets") => subnet_rows("device"),
        (Object::Location, "racks") => {
            let ids = store.table(Object::Rack).referring("location", id);
            let rows = ids.into_iter().map(|r| row(call, store, Object::Rack, r)).collect();
            call.list_or(Kind::Rows(Object::Rack), rows, none)
        }
        (Object::Nat, "objects" | "objects_full") => {
            let mut row = row(call, store, object, id);
            for side in ["src", "dst"] {
                if let Some(Value::String(text)) = row.get(side) {
                    let mut decoded = serde_json::from_str(text).unwrap_or_default();
                    if sub == "objects_full" {
                        resolve(call, store, &mut decoded);
                    }
                    row.insert(side.to_owned(), decoded);
                }
            }
            Ok(Reply::one(kind, row))
        }
        (Object::Location, _) => Err(fail(400, "Invalid parameter")),
        _ => Err(fail(400, "Invalid subcontroller identifier")),
    }
}

/// Replaces the ids of one side of a NAT rule by raw rows.
///
/// The rows come as an object with the keys "1", "2" …, and not as a list: the server counts from 1, and `json_encode`
/// makes a list only of keys that begin at 0.
fn resolve(call: &Call<'_>, store: &Store, side: &mut Value) {
    let Value::Object(kinds) = side else { return };
    for (kind, ids) in kinds {
        let listed = ids.as_array().cloned().unwrap_or_default();
        let rows = listed.iter().filter_map(as_text).filter_map(|id| id.parse().ok()).map(|id| match kind.as_str() {
            "subnets" => {
                let mut row = store.table(Object::Subnet).json(id, call.strings);
                row.insert("ip".to_owned(), ip_number::dotted(store.subnet_number(id)).into());
                row
            }
            _ => address_rows::raw_row(call, store, id),
        });
        let keyed = rows.enumerate().map(|(i, row)| ((i + 1).to_string(), Value::Object(row)));
        *ids = Value::Object(keyed.collect());
    }
}

fn create(call: &Call<'_>, store: &mut Store, object: Object) -> Handled<Reply> {
    let mut fields = call.fields(store, object, &["id"])?;
    if fields.is_empty() {
        return Err(fail(400, "No parameters"));
    }
    if object == Object::Device {
        devices::check(call, store, &mut fields, true)?;
    }
    let id = store.insert(object, &fields)?;
    // The header `Location` says the name of the table, which differs from the path for tags (`ipTags`), device types
    // and scan agents. The message is in `data`, and there is no `message` (Q14).
    let table = store.table(object).name();
    Ok(Reply {
        status: 201,
        id: Some(id.to_string()),
        data: Some(Data::Plain(Value::String(format!("{table} object created")))),
        location: Some(call.location(&format!("tools/{table}"), id)),
        ..Reply::default()
    })
}

fn existing(call: &Call<'_>, store: &Store, object: Object) -> Handled<u64> {
    let found = Id::of(call.params.id2()).row(store, object);
    // 400 for a change or deletion, 404 for reading.
    found.ok_or_else(|| fail(400, "Invalid identifier"))
}

fn change(call: &Call<'_>, store: &mut Store, object: Object) -> Handled<Reply> {
    let mut fields = call.fields(store, object, &["id"])?;
    if fields.is_empty() {
        return Err(fail(400, "No parameters"));
    }
    let id = existing(call, store, object)?;
    if object == Object::Device {
        devices::check(call, store, &mut fields, false)?;
    }
    if store.table(object).has_column("editDate") {
        put(&mut fields, "editDate", call.now.clone());
    }
    store.update(object, id, &fields)?;
    Ok(confirmed(store, object, "updated"))
}

fn delete(call: &Call<'_>, store: &mut Store, object: Object) -> Handled<Reply> {
    let id = existing(call, store, object)?;
    // Locked tags, too: the lock exists in the pages only. References to the row stay, and dangle.
    store.remove(object, id);
    Ok(confirmed(store, object, "deleted"))
}

/// Returns the success of a change, whose message names the table.
fn confirmed(store: &Store, object: Object, done: &str) -> Reply {
    let message = format!("{} object {done}", store.table(object).name());
    Reply { status: 200, long_message: Some(message), ..Reply::default() }
}
