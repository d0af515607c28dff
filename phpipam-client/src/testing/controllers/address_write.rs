//! `addresses`: creating, changing and deleting.

use super::super::context::{Call, Id, added, changed, field, has, put};
use super::super::ip_number;
use super::super::refusal::{Handled, Refusal, fail, uncaught};
use super::super::reply::Reply;
use super::super::schema::Object;
use super::super::store::Store;
use super::super::table::{Cell, Fields};
use super::address_rows::{address, missing};

const ADDRESS: Object = Object::Address;

/// Returns a MAC address in the form `aa:bb:cc:dd:ee:ff`, in which the API stores all usual forms.
pub(super) fn mac_of(text: &str) -> Option<String> {
    let hex: String = text.chars().filter(|c| !matches!(c, ':' | '-' | '.' | ' ')).collect();
    if hex.len() != 12 || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let hex = hex.to_ascii_lowercase();
    let pairs: Vec<&str> = (0..6).filter_map(|i| hex.get(i * 2..i * 2 + 2)).collect();
    Some(pairs.join(":"))
}

/// Returns the fields of a write, with MAC, tag and device checked.
///
/// Creating and changing share it, as they share `validate_create_update_common` on the real server. A request without
/// a tag therefore gets tag 2 (Used) on a change, too, whatever the address had (Q61).
pub(super) fn new_fields(call: &Call<'_>, store: &Store) -> Handled<Fields> {
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
            // Both 0 and an empty text clear the device.
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

/// Refuses an address that its subnet already has.
pub(super) fn not_taken(store: &Store, subnet: u64, ip: u128) -> Handled<()> {
    match store.address_at(subnet, ip) {
        Some(_) => Err(fail(409, "IP address already exists")),
        None => Ok(()),
    }
}

/// Inserts the row. If it is the gateway, the previous gateway of the subnet loses the flag.
pub(super) fn insert(call: &Call<'_>, store: &mut Store, fields: &Fields) -> Handled<Reply> {
    // Read before the insert: afterwards the new row may be the one that is found.
    let mut fields = fields.clone();
    for (object, column) in call.profile.nullable_columns {
        if *object == ADDRESS && !has(&fields, column) {
            put(&mut fields, column, None);
        }
    }
    let fields = &fields;
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

/// Creates an address that the caller chose.
pub(super) fn create(call: &Call<'_>, store: &mut Store) -> Handled<Reply> {
    let given = call.params.text("subnetId");
    let missing = || match call.profile.old_address_texts {
        true => uncaught("Invalid CIDR format!"),
        false => fail(404, "Invalid subnet Id"),
    };
    let subnet = match Id::of(given.as_deref()) {
        Id::Text => return Err(fail(400, "SubnetId must be numeric")),
        id => id.row(store, Object::Subnet).ok_or_else(missing)?,
    };
    // Unknown keys come before the address, references after it.
    call.fields(store, ADDRESS, &["id"])?;
    let text = call.params.text("ip").or_else(|| call.params.text("ip_addr")).unwrap_or_default();
    let parsed = ip_number::parse(&text);
    if parsed.is_none() && call.profile.old_address_texts {
        return Err(uncaught(format!("IP address not valid! ({text})")));
    }
    // Q71: from 1.5 on a text that is no address becomes 0, and the message names 0.0.0.0.
    let ip = parsed.unwrap_or(0);
    check_in(call, store, subnet, ip)?;
    not_taken(store, subnet, ip)?;
    let mut fields = new_fields(call, store)?;
    put(&mut fields, "ip_addr", ip.to_string());
    put(&mut fields, "subnetId", subnet.to_string());
    insert(call, store, &fields)
}

/// Refuses an address that is outside of the subnet, or its network or broadcast.
///
/// The server does not refuse an address in a subnet that has children or is marked full.
pub(super) fn check_in(call: &Call<'_>, store: &Store, subnet: u64, ip: u128) -> Handled<()> {
    let Some(net) = store.net_of(subnet) else { return Ok(()) };
    let (first, last) = net.usable(store.is_pool(subnet));
    if net.contains(ip) && first <= ip && ip <= last {
        return Ok(());
    }
    let text = ip_number::dotted(ip);
    Err(uncaught(match call.profile.old_address_texts {
        false => format!("{text} is not a valid address for subnet {}", net.cidr()),
        true if !net.contains(ip) => format!("IP address not in selected subnet! ({text})"),
        true if ip == net.first => "Cannot add subnet as IP address!".to_owned(),
        true => "Cannot add broadcast as IP address!".to_owned(),
    }))
}

/// Changes fields of an address.
pub(super) fn change(call: &Call<'_>, store: &mut Store) -> Handled<Reply> {
    let found = Id::of(call.params.id()).row(store, ADDRESS);
    let id = found.ok_or_else(missing)?;
    // Q62: an address cannot move; clients create the new one and delete the old one.
    if call.params.fields.contains_key("ip") || call.params.fields.contains_key("ip_addr") {
        return Err(fail(400, "IP address cannot be changed"));
    }
    if call.params.fields.contains_key("subnetId") {
        return Err(fail(400, "Subnet cannot be changed"));
    }
    // Q61: a tag that was not sent is reset to Used, even by an empty request.
    let mut fields = new_fields(call, store)?;
    put(&mut fields, "editDate", call.now.clone());
    let subnet = store.cell(ADDRESS, id, "subnetId").reference();
    let before = subnet.and_then(|s| store.gateway_of(s));
    // Q73: the fields that were not sent are filled in from the old row, and an empty text becomes NULL.
    for name in store.table(ADDRESS).empty_required(id, &fields) {
        put(&mut fields, &name, None);
    }
    let diff = changed(store, ADDRESS, id, &fields);
    store.update(ADDRESS, id, &fields)?;
    only_gateway(store, id, before);
    call.log(store, ADDRESS, id, "edit", diff);
    Ok(Reply::done("Address updated"))
}

/// Deletes an address by id, or by address and subnet.
pub(super) fn delete(call: &Call<'_>, store: &mut Store) -> Handled<Reply> {
    let text = call.params.id().unwrap_or_default();
    let id = match (address(text), call.params.id2()) {
        (Some(ip), Some(subnet)) => {
            let none = || call.nothing("No addresses found");
            if !call.profile.deletes_by_ip {
                return Err(none());
            }
            // Q28: on PHP 8 the look-up of an address that no subnet has ends in a TypeError, and an empty 500.
            if store.addresses_with(ip).is_empty() {
                return Err(if call.profile.php_8 { Refusal::Fatal } else { none() });
            }
            let found = subnet.parse().ok().and_then(|s| store.address_at(s, ip));
            found.ok_or_else(none)?
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
