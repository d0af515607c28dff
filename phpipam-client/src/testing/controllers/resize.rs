//! `subnets`: resizing and splitting.

use super::super::context::{Call, added};
use super::super::ip_number::{self, Net};
use super::super::refusal::{Handled, Refusal, fail, uncaught};
use super::super::reply::Reply;
use super::super::schema::Object;
use super::super::store::Store;
use super::super::table::{Cell, Fields};
use super::{subnet_rows, subnet_write};

const SUBNET: Object = Object::Subnet;

/// Carries out `PATCH subnets/{id}/resize/`.
pub(super) fn resize(call: &Call<'_>, store: &mut Store) -> Handled<Reply> {
    let id = subnet_rows::existing(call, store)?;
    let Some(text) = call.params.text("mask") else { return Err(fail(400, "Subnet mask not provided")) };
    let mask: u8 = text.parse().map_err(|_| uncaught("Mask must be an integer!"))?;
    let old = store.net_of(id).ok_or(Refusal::Fatal)?;
    // A limit of the server, also for IPv6.
    if mask < 8 {
        return Err(uncaught("New mask must be at least /8!"));
    }
    let Some(new) = Net::new(old.first, mask) else { return Err(uncaught("Invalid netmask")) };
    if new == old {
        return Err(uncaught("New network is same as old network"));
    }
    let section = store.cell(SUBNET, id, "sectionId").reference().unwrap_or(0);
    // A folder is no limit for the subnets in it.
    let master = store.cell(SUBNET, id, "masterSubnetId").reference().filter(|m| !store.is_folder(*m));
    if let Some(outer) = master.and_then(|m| store.net_of(m))
        && !outer.covers(new)
    {
        return Err(uncaught("New subnet not in master subnet!"));
    }
    if master.is_none() && store.cell(Object::Section, section, "strictMode").is_set() {
        let vrf = store.cell(SUBNET, id, "vrfId").reference();
        if let Some((other, text)) = subnet_write::overlapping(store, section, vrf, new, Some(id)) {
            let message = format!("Subnet {} overlaps with {} ({text})", new.cidr(), other.cidr());
            return Err(uncaught(message));
        }
    }
    let (first, last) = new.usable(store.is_pool(id));
    // Q10: the server prints this error as HTML and ends, so the status stays 200. Nothing was changed.
    if let Some((ip, _)) = store.addresses_of(id).find(|(ip, _)| *ip < first || *ip > last) {
        let ip = ip_number::dotted(ip);
        let message = if call.profile.old_address_texts {
            format!("IP address not in selected subnet! ({ip})")
        } else {
            format!("{ip} is not a valid address for subnet {}", new.cidr())
        };
        return Err(Refusal::Html(message));
    }
    store.set(SUBNET, id, "subnet", Cell::text(new.first.to_string()));
    store.set(SUBNET, id, "mask", Cell::text(new.mask.to_string()));
    store.set(SUBNET, id, "editDate", Cell::text(call.now.clone()));
    call.log(store, SUBNET, id, "resize", vec![format!("mask: {} => {}", old.mask, new.mask)]);
    Ok(Reply::done("Subnet resized"))
}

/// Carries out `PATCH subnets/{id}/split/`.
///
/// The addresses move to the new subnets. The original stays as their parent, unless `group` is `no`. The response has
/// no ids: a client must read the children.
pub(super) fn split(call: &Call<'_>, store: &mut Store) -> Handled<Reply> {
    let id = subnet_rows::existing(call, store)?;
    let Some(number) = call.params.text("number") else { return Err(fail(400, "Invalid number of new subnets")) };
    let number: u32 = number.parse().unwrap_or(0);
    let invalid = || uncaught("Invalid number of subnets");
    if !number.is_power_of_two() || !(2..=256).contains(&number) {
        return Err(invalid());
    }
    let net = store.net_of(id).ok_or(Refusal::Fatal)?;
    let longer = u8::try_from(number.trailing_zeros()).map_err(|_| invalid())?;
    let mask = net.mask.checked_add(longer).ok_or_else(invalid)?;
    let (_, step) = net.children(mask).ok_or_else(invalid)?;
    let parts: Vec<Net> =
        (0..number).map(|i| Net { first: net.first + step * u128::from(i), mask, v4: net.v4 }).collect();
    for child in store.children_of(id) {
        if let Some(other) = store.net_of(child)
            && let Some(part) = parts.iter().find(|p| p.overlaps(other))
        {
            let message = format!("Subnet overlapping - {} overlaps with {}", part.cidr(), other.cidr());
            return Err(uncaught(message));
        }
    }
    let keep = call.params.text("group").as_deref() != Some("no");
    let prefix = call.params.text("prefix").unwrap_or_else(|| "split_subnet_".to_owned());
    let copy_custom = call.params.text("copy_custom").as_deref() != Some("no");
    for (i, part) in parts.iter().enumerate() {
        let fields = part_fields(store, id, *part, keep, &format!("{prefix}{}", i + 1), copy_custom);
        // Q73: a copied custom field that is empty and NOT NULL is refused here. One that is left out gets its default.
        let new = store.insert_row(SUBNET, &fields)?;
        // The recorded rows of a split have null here, and not the default 0 of the column.
        store.set(SUBNET, new, "device", Cell::Null);
        call.log(store, SUBNET, new, "add", added(&fields, new));
        let moving: Vec<u64> = store.addresses_of(id).filter(|(ip, _)| part.contains(*ip)).map(|(_, a)| a).collect();
        for address in moving {
            store.set(Object::Address, address, "subnetId", Cell::id(new));
        }
    }
    if !keep {
        store.remove_subnet(id);
    }
    Ok(Reply::done(call.profile.split))
}

fn part_fields(store: &Store, id: u64, part: Net, keep: bool, name: &str, copy_custom: bool) -> Fields {
    let mut fields: Fields = Vec::new();
    let mut copy = |column: &str| {
        let cell = store.cell(SUBNET, id, column);
        if *cell != Cell::Null {
            fields.push((column.to_owned(), Some(cell.as_text())));
        }
    };
    for column in ["sectionId", "vrfId", "vlanId", "permissions", "nameserverId", "allowRequests", "showName"] {
        copy(column);
    }
    if copy_custom {
        let names: Vec<String> = store.table(SUBNET).custom().map(|c| c.name.clone()).collect();
        for name in names {
            copy(&name);
        }
    }
    let master = if keep { id } else { store.cell(SUBNET, id, "masterSubnetId").reference().unwrap_or(0) };
    fields.push(("masterSubnetId".to_owned(), Some(master.to_string())));
    fields.push(("subnet".to_owned(), Some(part.first.to_string())));
    fields.push(("mask".to_owned(), Some(part.mask.to_string())));
    fields.push(("description".to_owned(), Some(name.to_owned())));
    fields
}
