//! Rows of addresses in the forms in which the calls show them.
//!
//! The same address has other keys or a decimal `ip` in other calls, because some controllers skip the renaming (Q26).

use std::net::IpAddr;

use serde_json::{Map, Value};

use super::super::context::Call;
use super::super::ip_number;
use super::super::present::{dotted, rename};
use super::super::refusal::{Handled, Refusal, fail};
use super::super::reply::{Kind, Reply};
use super::super::schema::Object;
use super::super::store::Store;

const ADDRESS: Object = Object::Address;
const KIND: Kind = Kind::Rows(ADDRESS);

type Row = Map<String, Value>;

/// Returns an address with the names of the API.
pub(super) fn row(call: &Call<'_>, store: &Store, id: u64) -> Row {
    let mut row = raw(call, store, id);
    dotted(&mut row, "ip_addr");
    rename(&mut row, "ip_addr", "ip");
    row
}

/// Returns an address with the names of the API and a decimal `ip`.
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

/// Returns the columns of the database and an extra `ip` in text form (Q26).
pub(super) fn raw_row(call: &Call<'_>, store: &Store, id: u64) -> Row {
    let mut row = store.table(ADDRESS).json(id, call.strings);
    row.insert("ip".to_owned(), ip_number::dotted(store.ip_of(id)).into());
    row
}

/// Returns rows that were found by a column, with their ids.
///
/// Where the profile says so, only the first row of each distinct value has a dotted `ip`; the others stay decimal
/// (Q27).
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

pub(super) fn rows(found: Vec<(u64, Row)>) -> Vec<Row> {
    found.into_iter().map(|(_, row)| row).collect()
}

/// Carries out `GET subnets/{id}/addresses/` and `GET subnets/{id}/addresses/{ip}/`.
pub(super) fn of_subnet(call: &Call<'_>, store: &Store, subnet: u64) -> Handled<Reply> {
    let none = "No addresses found";
    let Some(wanted) = call.params.id3() else {
        // The names hold each other's value until the row is finished, because the filter sees them so.
        let swapped = |id| {
            let mut row = raw(call, store, id);
            let text = ip_number::dotted(store.ip_of(id));
            let decimal = row.insert("ip_addr".to_owned(), text.into()).unwrap_or_default();
            row.insert("ip".to_owned(), decimal);
            row
        };
        let rows = store.addresses_of(subnet).map(|(_, id)| swapped(id)).collect();
        return call.list_or(Kind::SubnetAddress, rows, none);
    };
    // Q28: on an empty subnet the server counts `false`, which PHP 8 refuses with a TypeError that nothing catches.
    if store.addresses_of(subnet).next().is_none() && call.profile.php_8 {
        return Err(Refusal::Fatal);
    }
    let found = ip_number::parse(wanted).and_then(|ip| store.address_at(subnet, ip));
    call.list_or(KIND, found.map(|id| row(call, store, id)).into_iter().collect(), none)
}

/// Reads an address in text form. Plain numbers are ids and no addresses here.
pub(super) fn address(text: &str) -> Option<u128> {
    text.parse::<IpAddr>().ok().map(ip_number::of)
}

/// Returns the failure of a missing address, as sub-resources and writes report it.
pub(super) fn missing() -> Refusal {
    fail(404, "Address does not exist")
}
