//! `devices`: reading, creating, changing and deleting.

use std::net::IpAddr;

use serde_json::{Map, Value};

use super::super::context::{Call, Id, Method, field, has, put};
use super::super::ip_number;
use super::super::present::{dotted, rename};
use super::super::refusal::{Handled, fail};
use super::super::reply::{Kind, Reply};
use super::super::schema::Object;
use super::super::store::Store;
use super::super::table::{Cell, Fields};
use super::{address_rows, subnet_rows};

const DEVICE: Object = Object::Device;
const KIND: Kind = Kind::Rows(DEVICE);

/// Returns a device with the names of the API.
fn row(call: &Call<'_>, store: &Store, id: u64) -> Map<String, Value> {
    let mut row = store.table(DEVICE).json(id, call.strings);
    dotted(&mut row, "ip_addr");
    rename(&mut row, "ip_addr", "ip");
    row
}

/// Carries out a call of `devices`.
pub(super) fn handle(call: &Call<'_>, store: &mut Store) -> Handled<Reply> {
    let found = Id::of(call.params.id()).row(store, DEVICE);
    match call.method {
        Method::Get | Method::Options => read(call, store, found),
        Method::Post => {
            let mut fields = call.fields(store, DEVICE, &["id"])?;
            if call.profile.device_needs_two_fields && fields.len() == 1 {
                return Err(fail(400, "No parameters"));
            }
            check(call, store, &mut fields, true)?;
            let id = store.insert(DEVICE, &fields)?;
            Ok(Reply::created("Device created", id, call.location("devices", id)))
        }
        Method::Patch => {
            let text = call.params.id().unwrap_or_default();
            let mut fields = call.fields(store, DEVICE, &["id"])?;
            if Id::of(call.params.id()) == Id::Text {
                return Err(fail(400, "Invalid device id"));
            }
            if fields.is_empty() {
                return Err(fail(400, "No parameters"));
            }
            check(call, store, &mut fields, false)?;
            put(&mut fields, "editDate", call.now.clone());
            // The server does not look whether the device exists: a missing one is "updated", too. The id is always 0.
            if let Some(id) = found {
                store.update(DEVICE, id, &fields)?;
            }
            let location = format!("/api/{}/devices/{text}/", call.params.app.as_deref().unwrap_or_default());
            Ok(Reply { id: Some("0".to_owned()), location: Some(location), ..Reply::done("Device updated") })
        }
        Method::Delete => {
            let id = found.ok_or_else(|| fail(404, "Device does not exist"))?;
            // References of addresses are cleared; those of subnets stay, and dangle.
            for address in store.table(Object::Address).referring("switch", id) {
                store.set(Object::Address, address, "switch", Cell::Null);
            }
            store.remove(DEVICE, id);
            Ok(Reply::done("Device deleted"))
        }
    }
}

fn read(call: &Call<'_>, store: &Store, found: Option<u64>) -> Handled<Reply> {
    let all = |ids: Vec<u64>| ids.into_iter().map(|id| row(call, store, id)).collect::<Vec<_>>();
    match (call.params.id(), call.params.id2()) {
        (None | Some("all"), _) => call.list_or(KIND, all(store.ids(DEVICE)), "No devices configured"),
        (Some("search"), None) => Err(fail(400, "No search term given")),
        (Some("search"), Some(text)) => {
            let table = store.table(DEVICE);
            let text = text.to_lowercase();
            let custom: Vec<String> = table.custom().map(|c| c.name.clone()).collect();
            let matches = |id: &u64| {
                let row = row(call, store, *id);
                let fields = ["hostname", "ip", "description"].into_iter().chain(custom.iter().map(String::as_str));
                fields
                    .into_iter()
                    .any(|f| row.get(f).and_then(Value::as_str).is_some_and(|v| v.to_lowercase().contains(&text)))
            };
            call.list_or(KIND, all(table.ids().filter(matches).collect()), "No devices found")
        }
        (Some(text), _) if Id::of(Some(text)) == Id::Text => Err(fail(400, "ID must be numeric")),
        (Some(_), sub) => {
            let id = found.ok_or_else(|| fail(404, "Device not found"))?;
            match sub {
                None => Ok(Reply::one(KIND, row(call, store, id))),
                Some("addresses") => {
                    let ids = store.table(Object::Address).referring("switch", id);
                    let found = address_rows::found_by(call, store, "switch", &ids);
                    let rows = found.into_iter().map(|(_, row)| row).collect();
                    call.list_or(Kind::Rows(Object::Address), rows, "No addresses found")
                }
                Some("subnets") => {
                    // This controller skips the renaming: the network stays decimal, and an `ip` is added.
                    let ids = store.table(Object::Subnet).referring("device", id);
                    let rows = ids.into_iter().map(|s| {
                        let mut row = subnet_rows::row(call, store, s);
                        let ip = ip_number::dotted(store.subnet_number(s));
                        row.insert("ip".to_owned(), ip.into());
                        row
                    });
                    let rows = rows.collect();
                    // The real server's links say `devices`, although the ids are those of subnets.
                    call.list_or(Kind::Tool(Object::Subnet, "devices"), rows, "No subnets found")
                }
                Some(_) => Err(fail(400, "Invalid parameters")),
            }
        }
    }
}

/// Checks the fields of a device, and completes those of a new one. `tools/devices` shares it.
pub(super) fn check(call: &Call<'_>, store: &Store, fields: &mut Fields, creating: bool) -> Handled<()> {
    let must_be_named = creating && !call.profile.device_needs_two_fields;
    if must_be_named && field(fields, "hostname").is_none_or(str::is_empty) {
        return Err(fail(400, "Hostname is mandatory"));
    }
    if let Some(text) = field(fields, "ip_addr").filter(|ip| !ip.is_empty()) {
        let ip: IpAddr = text.parse().map_err(|_| fail(400, "Invalid IP address!"))?;
        put(fields, "ip_addr", ip_number::of(ip).to_string());
    }
    if let Some(kind) = field(fields, "type") {
        match Id::of(Some(kind)) {
            Id::Text => return Err(fail(400, "Invalid devicetype identifier")),
            id if id.row(store, Object::DeviceType).is_none() => {
                return Err(fail(400, "Device type does not exist"));
            }
            _ => {}
        }
    }
    // A new device belongs to all sections that exist now.
    if creating && !has(fields, "sections") {
        let all: Vec<String> = store.ids(Object::Section).iter().map(ToString::to_string).collect();
        put(fields, "sections", all.join(";"));
    }
    Ok(())
}
