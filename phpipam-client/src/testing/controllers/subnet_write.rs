//! `subnets` and `folders`: creating and changing.

use super::super::context::{Call, Id, added, changed, field, has, put};
use super::super::ip_number::{self, Net};
use super::super::refusal::{Handled, fail};
use super::super::reply::Reply;
use super::super::schema::Object;
use super::super::store::Store;
use super::super::table::Fields;
use super::subnet_rows;

const SUBNET: Object = Object::Subnet;

/// Creates a subnet or a folder.
///
/// The checks come in the order network, section, parent, overlap, unknown keys, references. A request with several
/// faults gets the text of the first.
pub(super) fn create(call: &Call<'_>, store: &mut Store) -> Handled<Reply> {
    // `isFolder` must be sent to `folders/` as well: the two names are one controller.
    let folder = call.params.text("isFolder").is_some_and(|f| f != "0" && !f.is_empty());
    let net = if folder { None } else { Some(cidr(call)?) };
    let section = section(call, store)?.ok_or_else(|| fail(400, "Invalid Section ()"))?;
    let master = master(call, store, net)?;
    if let Some(net) = net {
        check_overlap(call, store, section, master, net)?;
    }
    let mut fields = call.fields(store, SUBNET, &["id", "tag", "permissions"])?;
    check_references(store, &fields)?;
    // Permissions are inherited from the parent or the section; given ones are ignored.
    let ancestor = match master {
        Some(master) => store.cell(SUBNET, master, "permissions"),
        None => store.cell(Object::Section, section, "permissions"),
    };
    let permissions = ancestor.as_text();
    put(&mut fields, "permissions", permissions);
    put(&mut fields, "subnet", net.map_or_else(|| "0".to_owned(), |n| n.first.to_string()));
    if let Some(net) = net {
        put(&mut fields, "mask", net.mask.to_string());
    }
    put(&mut fields, "masterSubnetId", master.unwrap_or(0).to_string());
    let id = store.insert(SUBNET, &fields)?;
    call.log(store, SUBNET, id, "add", added(&fields, id));
    let data = net.map_or_else(|| "0.0.0.0/".to_owned(), Net::cidr);
    Ok(Reply::created("Subnet created", id, call.location("subnets", id)).with_data(data))
}

/// Returns the network of the request, or the failure that names its fault.
fn cidr(call: &Call<'_>) -> Handled<Net> {
    // The server joins the two fields and parses the result, so a `/` inside `subnet` makes the mask invalid.
    let both =
        format!("{}/{}", call.params.text("subnet").unwrap_or_default(), call.params.text("mask").unwrap_or_default());
    let (address, mask) = both.split_once('/').unwrap_or((&both, ""));
    if address.is_empty() || mask.is_empty() {
        return Err(fail(400, "Invalid CIDR format!"));
    }
    // Digits and dots only: a network that looks like IPv4 gets the message for IPv4.
    let v4 = address.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let invalid = if v4 { "Invalid IP address!" } else { "Invalid IPv6 address!" };
    let number = address.parse().ok().map(ip_number::of).ok_or_else(|| fail(400, invalid))?;
    let mask = mask.parse().ok().and_then(|mask| Net::new(number, mask));
    let net = mask.ok_or_else(|| fail(400, "Invalid netmask"))?;
    if net.first != number {
        let right = ip_number::dotted(net.first);
        return Err(fail(400, format!("IP address cannot be subnet! (Consider using {right})")));
    }
    Ok(net)
}

/// Returns the section of the request, or `None` if it names none.
fn section(call: &Call<'_>, store: &Store) -> Handled<Option<u64>> {
    let Some(text) = call.params.text("sectionId") else { return Ok(None) };
    match Id::of(Some(&text)) {
        Id::Text => Err(fail(400, format!("Section Id must be numeric ({text})"))),
        id => match id.row(store, Object::Section) {
            Some(id) => Ok(Some(id)),
            None => Err(fail(400, format!("Section id ({text}) does not exist"))),
        },
    }
}

/// Returns the parent of the request, or `None` for the top of the section.
fn master(call: &Call<'_>, store: &Store, net: Option<Net>) -> Handled<Option<u64>> {
    let Some(text) = call.params.text("masterSubnetId").filter(|m| !m.is_empty() && m != "0") else {
        return Ok(None);
    };
    let found = Id::of(Some(&text)).row(store, SUBNET);
    let id = found.ok_or_else(|| fail(404, format!("Master Subnet does not exist (id={text})")))?;
    match net {
        // A folder lies in folders only; a subnet in a folder, or in a wider subnet.
        None if !store.is_folder(id) => Err(fail(409, "Parent is not a folder")),
        Some(net) => match store.net_of(id) {
            Some(outer) if !outer.covers(net) || outer == net => {
                Err(fail(409, "Subnet is not within boundaries of its master subnet"))
            }
            _ => Ok(Some(id)),
        },
        None => Ok(Some(id)),
    }
}

/// Refuses a network that overlaps another one.
///
/// The server looks in strict sections only. Below a subnet it compares the siblings, elsewhere the subnets of the
/// section with the same VRF; the two have different texts.
fn check_overlap(call: &Call<'_>, store: &Store, section: u64, master: Option<u64>, net: Net) -> Handled<()> {
    if !store.cell(Object::Section, section, "strictMode").is_set() {
        return Ok(());
    }
    if let Some(master) = master.filter(|m| !store.is_folder(*m)) {
        let hit = store.children_of(master).into_iter().find(|id| store.net_of(*id).is_some_and(|n| n.overlaps(net)));
        return match hit.and_then(|id| store.net_of(id)) {
            Some(other) => Err(fail(409, format!("Subnet overlaps with {}", other.cidr()))),
            None => Ok(()),
        };
    }
    let vrf = call.params.text("vrfId").and_then(|v| v.parse().ok()).filter(|v: &u64| *v != 0);
    match overlapping(store, section, vrf, net, None) {
        Some((other, text)) => {
            let name = store.cell(Object::Section, section, "name").as_text();
            let (mine, other) = (net.cidr(), other.cidr());
            Err(fail(409, format!("Subnet {mine} overlaps with {other} ({text}) in section {name}")))
        }
        None => Ok(()),
    }
}

/// Returns the first subnet of a section and VRF that overlaps a network, with its description.
///
/// The tree below `own` is left out: a subnet that is resized overlaps its own children.
pub(super) fn overlapping(
    store: &Store,
    section: u64,
    vrf: Option<u64>,
    net: Net,
    own: Option<u64>,
) -> Option<(Net, String)> {
    let mine = own.map(|id| store.tree_of(id)).unwrap_or_default();
    let mut ids: Vec<u64> = store
        .table(SUBNET)
        .referring("sectionId", section)
        .into_iter()
        .filter(|id| !mine.contains(id) && store.cell(SUBNET, *id, "vrfId").reference() == vrf)
        .filter(|id| store.net_of(*id).is_some_and(|n| n.overlaps(net)))
        .collect();
    ids.sort_by_key(|id| store.order_of(*id));
    let id = *ids.first()?;
    Some((store.net_of(id)?, store.cell(SUBNET, id, "description").as_text()))
}

/// Refuses a VLAN or VRF that does not exist. Null clears the reference; 0 and `""` are refused.
///
/// Devices, locations, name servers and customers are not checked, as by the real server.
pub(super) fn check_references(store: &Store, fields: &Fields) -> Handled<()> {
    for (name, object, message) in
        [("vlanId", Object::Vlan, "Vlan does not exist"), ("vrfId", Object::Vrf, "VRF does not exist")]
    {
        if let Some(text) = field(fields, name)
            && Id::of(Some(text)).row(store, object).is_none()
        {
            return Err(fail(404, message));
        }
    }
    Ok(())
}

/// Changes fields of a subnet or folder.
pub(super) fn change(call: &Call<'_>, store: &mut Store) -> Handled<Reply> {
    let id = subnet_rows::existing(call, store)?;
    // Q62: the network cannot be changed, and the mask only by `resize`.
    if call.params.fields.contains_key("subnet") {
        return Err(fail(400, "Subnet cannot be changed"));
    }
    if call.params.fields.contains_key("mask") {
        return Err(fail(400, "To change mask use resize method"));
    }
    let mut fields = call.fields(store, SUBNET, &["id", "tag"])?;
    let moved = section(call, store)?;
    check_references(store, &fields)?;
    if has(&fields, "isPool") && field(&fields, "isPool").is_none_or(|p| p == "0") {
        check_pool_off(store, id)?;
    }
    // A subnet that moves to another section gets the permissions of that section.
    if let Some(section) = moved.filter(|s| store.cell(SUBNET, id, "sectionId").reference() != Some(*s)) {
        let permissions = store.cell(Object::Section, section, "permissions").as_text();
        put(&mut fields, "permissions", permissions);
    }
    // Without fields nothing may be added, so that the update below is refused as on a real server.
    if !fields.is_empty() {
        put(&mut fields, "editDate", call.now.clone());
    }
    let diff = changed(store, SUBNET, id, &fields);
    store.update(SUBNET, id, &fields)?;
    call.log(store, SUBNET, id, "edit", diff);
    Ok(Reply::done("Subnet updated"))
}

/// Refuses to make a pool an ordinary subnet while network or broadcast is in use.
fn check_pool_off(store: &Store, id: u64) -> Handled<()> {
    let Some(net) = store.net_of(id) else { return Ok(()) };
    let (first, last) = net.usable(false);
    if store.addresses_of(id).any(|(ip, _)| ip < first || ip > last) {
        return Err(fail(500, "Can not disable isPool, network or broadcast address is allocated"));
    }
    Ok(())
}
