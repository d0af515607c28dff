//! `addresses`.

use std::net::IpAddr;

use serde_json::{Map, Value, json};

use super::super::context::{Call, Id, Method, added, changed, field, has, put};
use super::super::number;
use super::super::present::{dotted, rename};
use super::super::refusal::{Answer, Kind, Refusal, Reply, fail};
use super::super::schema::Object;
use super::super::store::Store;
use super::super::table::{Cell, Fields};
use super::free;

const ADDRESS: Object = Object::Address;
const KIND: Kind = Kind::Rows(ADDRESS);

type Row = Map<String, Value>;

pub(super) fn handle(call: &Call<'_>, store: &mut Store) -> Answer {
    match (call.method, call.params.id()) {
        (Method::Get, Some(text)) if Id::of(Some(text)) != Id::Text && call.params.id2() == Some("ping") => {
            ping(call, store, Id::of(Some(text)).row(store, ADDRESS).ok_or_else(missing)?)
        }
        (Method::Get | Method::Options, id) => read(call, store, id),
        (Method::Post, Some("first_free")) => {
            let chosen = free::race::choose(call, store)?;
            free::race::check(store, chosen)?;
            free::race::take(call, store, chosen)
        }
        (Method::Post, _) => create(call, store),
        (Method::Patch, _) => change(call, store),
        (Method::Delete, _) => delete(call, store),
    }
}

/// An address under the names of the API.
pub(super) fn row(call: &Call<'_>, store: &Store, id: u64) -> Row {
    let mut row = raw(call, store, id);
    dotted(&mut row, "ip_addr");
    rename(&mut row, "ip_addr", "ip");
    row
}

/// As [`row`], with the address left decimal.
pub(super) fn decimal_row(call: &Call<'_>, store: &Store, id: u64) -> Row {
    let mut row = raw(call, store, id);
    rename(&mut row, "ip_addr", "ip");
    row
}

fn raw(call: &Call<'_>, store: &Store, id: u64) -> Row {
    let mut row = store.table(ADDRESS).json(id, call.strings);
    rename(&mut row, "state", "tag");
    rename(&mut row, "switch", "deviceId");
    row
}

/// The raw columns and an extra `ip`.
pub(super) fn raw_row(call: &Call<'_>, store: &Store, id: u64) -> Row {
    let mut row = store.table(ADDRESS).json(id, call.strings);
    row.insert("ip".to_owned(), number::dotted(store.ip_of(id)).into());
    row
}

/// Rows found by a column: only the first of each distinct value is dotted, the rest stay decimal.
pub(super) fn found_by(call: &Call<'_>, store: &Store, column: &str, ids: &[u64]) -> Vec<(u64, Row)> {
    let mut seen = std::collections::HashSet::new();
    ids.iter()
        .map(|id| {
            let first = seen.insert(store.cell(ADDRESS, *id, column).as_text());
            let dotted = first || !call.profile.decimal_after_first;
            (*id, if dotted { row(call, store, *id) } else { decimal_row(call, store, *id) })
        })
        .collect()
}

fn rows(found: Vec<(u64, Row)>) -> Vec<Row> {
    found.into_iter().map(|(_, row)| row).collect()
}

/// `subnets/{id}/addresses/[{ip}/]`.
pub(super) fn of_subnet(call: &Call<'_>, store: &Store, subnet: u64) -> Answer {
    let none = "No addresses found";
    let Some(wanted) = call.params.id3() else {
        let swapped = |id| {
            let mut row = raw(call, store, id);
            let text = number::dotted(store.ip_of(id));
            let decimal = row.insert("ip_addr".to_owned(), text.into()).unwrap_or_default();
            row.insert("ip".to_owned(), decimal);
            row
        };
        let rows = store.addresses_of(subnet).map(|(_, id)| swapped(id)).collect();
        return call.list_or(Kind::SubnetAddress, rows, none);
    };
    if store.addresses_of(subnet).next().is_none() {
        return Err(Refusal::Fatal);
    }
    let found = number::parse(wanted).and_then(|ip| store.address_at(subnet, ip));
    call.list_or(KIND, found.map(|id| row(call, store, id)).into_iter().collect(), none)
}

fn read(call: &Call<'_>, store: &Store, id: Option<&str>) -> Answer {
    let table = store.table(ADDRESS);
    let wanted = call.params.id2().unwrap_or_default();
    let all = || table.ids().collect::<Vec<u64>>();
    let with = |column: &'static str, test: &dyn Fn(&str) -> bool| -> Vec<Row> {
        let ids: Vec<u64> = table.ids().filter(|id| test(&table.cell(*id, column).as_text())).collect();
        rows(found_by(call, store, column, &ids))
    };
    match id {
        None | Some("all") if table.is_empty() => Err(fail(500, "Unable to read addresses")),
        None | Some("all") => Ok(Reply::list(KIND, all().into_iter().map(|id| row(call, store, id)).collect())),
        Some("custom_fields") => call.custom_fields(store, ADDRESS),
        Some("first_free") => free::peek_any(call, store),
        Some("tags") => tags(call, store),
        Some("search") => {
            let ip: IpAddr = wanted.parse().map_err(|_| fail(400, "Invalid address"))?;
            let ids = store.addresses_with(number::of(ip));
            call.list_or(KIND, ids.into_iter().map(|id| row(call, store, id)).collect(), "Address not found")
        }
        // The database compares without regard to capitals.
        Some("search_hostname") => {
            let same = |h: &str| h.to_lowercase() == wanted.to_lowercase();
            call.list_or(KIND, with("hostname", &same), "Hostname not found")
        }
        Some("search_hostbase") => {
            let starts = |h: &str| !wanted.is_empty() && h.to_lowercase().starts_with(&wanted.to_lowercase());
            call.list_or(KIND, with("hostname", &starts), "Host name not found")
        }
        Some("search_mac") => {
            let mac = mac_of(wanted).unwrap_or_else(|| wanted.to_owned());
            call.list_or(KIND, with("mac", &|m| m == mac), "Host name not found")
        }
        Some("search_linked") => call.list_or(KIND, with("hostname", &|h| h == wanted), "No addresses found"),
        Some(text) => one(call, store, text),
    }
}

fn one(call: &Call<'_>, store: &Store, text: &str) -> Answer {
    let id2 = call.params.id2();
    if let (Some(ip), Some(subnet)) = (address(text), id2) {
        return by_ip(call, store, ip, subnet);
    }
    let found = match Id::of(Some(text)) {
        Id::Text => return Err(fail(400, "Invalid Id")),
        id => id.row(store, ADDRESS),
    };
    match id2 {
        Some("changelog") if call.profile.changelog => call.changelog(store, ADDRESS, found.ok_or_else(missing)?),
        _ => {
            let id = found.ok_or_else(|| fail(404, "Invalid Id"))?;
            Ok(Reply::one(KIND, row(call, store, id)))
        }
    }
}

/// An address in text form; plain numbers are ids.
fn address(text: &str) -> Option<u128> {
    text.parse::<IpAddr>().ok().map(number::of)
}

/// `addresses/{ip}/{subnetId}/`: raw columns, and only the subnet's first row is ever found.
fn by_ip(call: &Call<'_>, store: &Store, ip: u128, subnet: &str) -> Answer {
    let subnet = subnet.parse().unwrap_or(0);
    let found = if call.profile.by_ip_finds_first_only {
        let first = store.addresses_of(subnet).map(|(_, id)| id).min();
        first.filter(|id| store.ip_of(*id) == ip)
    } else {
        store.address_at(subnet, ip)
    };
    let id = found.ok_or_else(|| call.nothing("No addresses found"))?;
    Ok(Reply::one(KIND, raw_row(call, store, id)))
}

fn missing() -> Refusal {
    fail(404, "Address does not exist")
}

/// Pings, and remembers when an address answered.
fn ping(call: &Call<'_>, store: &mut Store, id: u64) -> Answer {
    if !store.can_ping {
        return Err(Refusal::Html("Invalid ping path".to_owned()));
    }
    let online = store.is_online(store.ip_of(id));
    if online {
        for column in ["lastSeen", "editDate"] {
            store.set(ADDRESS, id, column, Cell::text(call.now.as_str()));
        }
    }
    let (exit, result, message) =
        if online { (0, "SUCCESS", "Address online") } else { (1, "OFFLINE", "Address offline") };
    Ok(Reply::plain(json!({"scan_type": "ping", "exit_code": exit, "result_code": result, "message": message})))
}

fn tags(call: &Call<'_>, store: &Store) -> Answer {
    let table = store.table(Object::Tag);
    let kind = Kind::Rows(Object::Tag);
    let Some(text) = call.params.id2() else {
        return call.list_or(kind, table.ids().map(|id| table.json(id, call.strings)).collect(), "No tags found");
    };
    let id = match Id::of(Some(text)) {
        Id::Text => return Err(fail(400, "Invalid tag identifier")),
        id => id.row(store, Object::Tag).ok_or_else(|| call.nothing("Address tag does not exist"))?,
    };
    if call.params.id3() != Some("addresses") {
        return Ok(Reply::one(kind, table.json(id, call.strings)));
    }
    let ids = store.table(ADDRESS).referring("state", id);
    let mut found = found_by(call, store, "state", &ids);
    // The rows of other subnets are dropped after the first of all was made dotted.
    if let Some(subnet) = call.params.text("subnetId") {
        found.retain(|(id, _)| store.cell(ADDRESS, *id, "subnetId").as_text() == subnet);
    }
    call.list_or(KIND, rows(found), "No addresses found")
}

/// `aa:bb:cc:dd:ee:ff` from any usual way to write it.
fn mac_of(text: &str) -> Option<String> {
    let hex: String = text.chars().filter(|c| !matches!(c, ':' | '-' | '.' | ' ')).collect();
    if hex.len() != 12 || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let hex = hex.to_ascii_lowercase();
    let pairs: Vec<&str> = (0..6).filter_map(|i| hex.get(i * 2..i * 2 + 2)).collect();
    Some(pairs.join(":"))
}

/// The fields of a write, with MAC, tag and device checked.
pub(super) fn new_fields(call: &Call<'_>, store: &Store) -> Answer<Fields> {
    let mut fields = call.fields(store, ADDRESS, &["id"])?;
    if let Some(mac) = field(&fields, "mac").filter(|m| !m.is_empty()) {
        let mac = mac_of(mac).ok_or_else(|| fail(400, "Invalid MAC address"))?;
        put(&mut fields, "mac", mac);
    }
    match field(&fields, "state").filter(|s| !s.is_empty()) {
        None => put(&mut fields, "state", "2".to_owned()),
        Some(state) => match Id::of(Some(state)) {
            Id::Text => return Err(fail(400, "Invalid state")),
            id if id.row(store, Object::Tag).is_none() => return Err(fail(400, "Tag does not exist")),
            _ => {}
        },
    }
    if has(&fields, "switch") {
        match field(&fields, "switch").filter(|d| !d.is_empty() && *d != "0") {
            None => put(&mut fields, "switch", None),
            Some(device) => match Id::of(Some(device)) {
                Id::Text => return Err(fail(400, "Invalid device Id")),
                id if id.row(store, Object::Device).is_none() => return Err(fail(400, "Device does not exist")),
                _ => {}
            },
        }
    }
    Ok(fields)
}

pub(super) fn not_taken(store: &Store, subnet: u64, ip: u128) -> Answer<()> {
    match store.address_at(subnet, ip) {
        Some(_) => Err(fail(409, "IP address already exists")),
        None => Ok(()),
    }
}

/// Writes the row, and takes the gateway flag from the previous gateway if it was asked for.
pub(super) fn insert(call: &Call<'_>, store: &mut Store, fields: &Fields) -> Answer {
    let before = field(fields, "subnetId").and_then(|s| s.parse().ok()).and_then(|s| store.gateway_of(s));
    let id = store.insert(ADDRESS, fields)?;
    only_gateway(store, id, before);
    call.log(store, ADDRESS, id, "add", added(fields, id));
    Ok(Reply::created("Address created", id, call.location("addresses", id)))
}

fn only_gateway(store: &mut Store, id: u64, before: Option<u64>) {
    if let Some(before) = before.filter(|b| *b != id)
        && store.cell(ADDRESS, id, "is_gateway").is_set()
    {
        store.set(ADDRESS, before, "is_gateway", Cell::Int(0));
    }
}

fn create(call: &Call<'_>, store: &mut Store) -> Answer {
    let given = call.params.text("subnetId");
    let subnet = match Id::of(given.as_deref()) {
        Id::Text => return Err(fail(400, "SubnetId must be numeric")),
        id => id.row(store, Object::Subnet).ok_or_else(|| fail(404, "Invalid subnet Id"))?,
    };
    call.fields(store, ADDRESS, &["id"])?;
    let text = call.params.text("ip").or_else(|| call.params.text("ip_addr")).unwrap_or_default();
    let ip = number::parse(&text).unwrap_or(0);
    check_in(store, subnet, ip)?;
    not_taken(store, subnet, ip)?;
    let mut fields = new_fields(call, store)?;
    put(&mut fields, "ip_addr", ip.to_string());
    put(&mut fields, "subnetId", subnet.to_string());
    insert(call, store, &fields)
}

/// Whether an address may be in a subnet: inside, and not its network or broadcast.
pub(super) fn check_in(store: &Store, subnet: u64, ip: u128) -> Answer<()> {
    let Some(net) = store.net_of(subnet) else { return Ok(()) };
    let (first, last) = net.usable(store.is_pool(subnet));
    if net.contains(ip) && first <= ip && ip <= last {
        return Ok(());
    }
    Err(fail(500, format!("{} is not a valid address for subnet {}", number::dotted(ip), net.cidr())))
}

fn change(call: &Call<'_>, store: &mut Store) -> Answer {
    let found = Id::of(call.params.id()).row(store, ADDRESS);
    let id = found.ok_or_else(missing)?;
    if call.params.fields.contains_key("ip") || call.params.fields.contains_key("ip_addr") {
        return Err(fail(400, "IP address cannot be changed"));
    }
    if call.params.fields.contains_key("subnetId") {
        return Err(fail(400, "Subnet cannot be changed"));
    }
    // A tag that was not sent is reset to Used, as `new_fields` does for a new address.
    let mut fields = new_fields(call, store)?;
    put(&mut fields, "editDate", call.now.clone());
    let subnet = store.cell(ADDRESS, id, "subnetId").reference();
    let before = subnet.and_then(|s| store.gateway_of(s));
    let diff = changed(store, ADDRESS, id, &fields);
    store.update(ADDRESS, id, &fields)?;
    only_gateway(store, id, before);
    call.log(store, ADDRESS, id, "edit", diff);
    Ok(Reply::done("Address updated"))
}

fn delete(call: &Call<'_>, store: &mut Store) -> Answer {
    let text = call.params.id().unwrap_or_default();
    let id = match (address(text), call.params.id2()) {
        (Some(ip), Some(subnet)) => {
            if store.addresses_with(ip).is_empty() {
                return Err(Refusal::Fatal);
            }
            let found = subnet.parse().ok().and_then(|s| store.address_at(s, ip));
            found.ok_or_else(|| call.nothing("No addresses found"))?
        }
        _ => {
            let found = Id::of(call.params.id()).row(store, ADDRESS);
            found.ok_or_else(missing)?
        }
    };
    store.remove(ADDRESS, id);
    call.log(store, ADDRESS, id, "delete", vec![format!("id. {id}")]);
    Ok(Reply::done("Address deleted"))
}
