//! `addresses`: choice of the call, reading and ping.

use std::net::IpAddr;

use serde_json::{Map, Value, json};

use super::super::context::{Call, Id, Method};
use super::super::ip_number;
use super::super::refusal::{Handled, Refusal, fail};
use super::super::reply::{Kind, Reply};
use super::super::schema::Object;
use super::super::store::Store;
use super::super::table::Cell;
use super::address_rows::{address, found_by, missing, raw_row, row, rows};
use super::address_write::{change, create, delete, mac_of};
use super::free;

const ADDRESS: Object = Object::Address;
const KIND: Kind = Kind::Rows(ADDRESS);

type Row = Map<String, Value>;

/// Carries out a call of `addresses`.
pub(super) fn handle(call: &Call<'_>, store: &mut Store) -> Handled<Reply> {
    match (call.method, call.params.id()) {
        (Method::Get, Some(text)) if Id::of(Some(text)) != Id::Text && call.params.id2() == Some("ping") => {
            ping(call, store, Id::of(Some(text)).row(store, ADDRESS).ok_or_else(missing)?)
        }
        (Method::Get | Method::Options, id) => read(call, store, id),
        (Method::Post, Some("first_free")) => {
            // Without waiting in between: apps without lock go through the three steps in `site`.
            let chosen = free::race::choose(call, store)?;
            free::race::check(store, chosen)?;
            free::race::take(call, store, chosen)
        }
        (Method::Post, _) => create(call, store),
        (Method::Patch, _) => change(call, store),
        (Method::Delete, _) => delete(call, store),
    }
}

fn read(call: &Call<'_>, store: &Store, id: Option<&str>) -> Handled<Reply> {
    let table = store.table(ADDRESS);
    let wanted = call.params.id2().unwrap_or_default();
    let all = || table.ids().collect::<Vec<u64>>();
    let with = |column: &'static str, test: &dyn Fn(&str) -> bool| -> Vec<Row> {
        let ids: Vec<u64> = table.ids().filter(|id| test(&table.cell(*id, column).as_text())).collect();
        rows(found_by(call, store, column, &ids))
    };
    match id {
        // Q11: an empty table is a failed read to the server, and 500.
        None | Some("all") if table.is_empty() => Err(fail(500, "Unable to read addresses")),
        None | Some("all") => Ok(Reply::list(KIND, all().into_iter().map(|id| row(call, store, id)).collect())),
        Some("custom_fields") => call.custom_fields(store, ADDRESS),
        Some("first_free") => free::peek_any(call, store),
        Some("tags") => tags(call, store),
        Some("search") => {
            let ip: IpAddr = wanted.parse().map_err(|_| fail(400, "Invalid address"))?;
            let ids = store.addresses_with(ip_number::of(ip));
            call.list_or(KIND, ids.into_iter().map(|id| row(call, store, id)).collect(), "Address not found")
        }
        // The collation of the columns compares without regard to upper and lower case.
        Some("search_hostname") => {
            let same = |h: &str| h.to_lowercase() == wanted.to_lowercase();
            call.list_or(KIND, with("hostname", &same), "Hostname not found")
        }
        Some("search_hostbase") => {
            let starts = |h: &str| !wanted.is_empty() && h.to_lowercase().starts_with(&wanted.to_lowercase());
            call.list_or(KIND, with("hostname", &starts), "Host name not found")
        }
        Some("search_mac") => {
            // The searched text is normalized, stored values are not: rows from elsewhere in another form are not
            // found.
            let mac = mac_of(wanted).unwrap_or_else(|| wanted.to_owned());
            call.list_or(KIND, with("mac", &|m| m == mac), "Host name not found")
        }
        // The field of linked addresses is a setting of the server; here it is the host name.
        Some("search_linked") => call.list_or(KIND, with("hostname", &|h| h == wanted), "No addresses found"),
        Some(text) => one(call, store, text),
    }
}

fn one(call: &Call<'_>, store: &Store, text: &str) -> Handled<Reply> {
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
        // Unknown sub-resources are ignored: the address itself is returned.
        _ => {
            let id = found.ok_or_else(|| fail(404, "Invalid Id"))?;
            Ok(Reply::one(KIND, row(call, store, id)))
        }
    }
}

/// Carries out `GET addresses/{ip}/{subnetId}/`, which returns the columns of the database (Q26).
///
/// Where the profile says so, it finds only the row with the lowest id of the subnet (Q27).
fn by_ip(call: &Call<'_>, store: &Store, ip: u128, subnet: &str) -> Handled<Reply> {
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

/// Pings an address, and sets `lastSeen` of one that responds.
fn ping(call: &Call<'_>, store: &mut Store, id: u64) -> Handled<Reply> {
    // The server prints the error as HTML and ends, so the status is 200.
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

fn tags(call: &Call<'_>, store: &Store) -> Handled<Reply> {
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
