//! Free addresses and child prefixes: looking them up and allocating them.

use serde_json::Value;

use super::super::context::{Call, Id, added, field, has, put};
use super::super::ip_number::{self, Net};
use super::super::refusal::{Handled, fail};
use super::super::reply::Reply;
use super::super::schema::Object;
use super::super::store::Store;
use super::{address_write, subnet_rows, subnet_write};

const SUBNET: Object = Object::Subnet;
const NO_ADDRESS: &str = "No free addresses found";
const NO_SUBNET: &str = "No subnets found";

/// Address that was found free and is not taken yet. Without a lock other requests may come in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::testing) struct Race {
    subnet: u64,
    ip: u128,
}

/// Steps of `POST addresses/first_free/`. Only the lock of the app makes them one (Q65).
pub(in crate::testing) mod race {
    use super::{Call, Handled, Race, Reply, Store};

    /// Finds the first free address.
    pub(in crate::testing) fn choose(call: &Call<'_>, store: &Store) -> Handled<Race> {
        super::choose(call, store)
    }

    /// Fails with 409 if the address was taken meanwhile (Q48).
    pub(in crate::testing) fn check(store: &Store, race: Race) -> Handled<()> {
        super::address_write::not_taken(store, race.subnet, race.ip)
    }

    /// Inserts the row. The unique key refuses it if another request was faster: 500, SQLSTATE 1062 (Q48).
    pub(in crate::testing) fn take(call: &Call<'_>, store: &mut Store, race: Race) -> Handled<Reply> {
        super::take(call, store, race)
    }
}

/// Returns the first free address of a subnet without children.
///
/// It walks the addresses in use, so the cost follows their number and not the size of the subnet.
pub(super) fn peek(call: &Call<'_>, store: &Store, subnet: u64) -> Handled<u128> {
    let net = store.net_of(subnet).filter(|_| !store.cell(SUBNET, subnet, "isFull").is_set());
    let net = net.ok_or_else(|| call.nothing(NO_ADDRESS))?;
    let (mut next, last) = net.usable(store.is_pool(subnet));
    // Q67: up to 1.4 the zero address of an IPv6 subnet is left out.
    if !call.profile.zero_address && !net.v4 && next < last {
        next += 1;
    }
    // The addresses are sorted, so the first gap ends the walk. Those below the first usable one (a registered network
    // address of a former pool) are passed over.
    for (used, _) in store.addresses_of(subnet) {
        if used > next {
            break;
        }
        if used == next {
            next = next.checked_add(1).ok_or_else(|| call.nothing(NO_ADDRESS))?;
        }
    }
    if next <= last { Ok(next) } else { Err(call.nothing(NO_ADDRESS)) }
}

/// Carries out `GET addresses/first_free/{subnetId}/`.
///
/// A subnet that is full, has children or does not exist gets the same 404 (Q66).
pub(super) fn peek_any(call: &Call<'_>, store: &Store) -> Handled<Reply> {
    let given = call.params.id2().map(str::to_owned).or_else(|| call.params.text("subnetId"));
    let subnet = Id::of(given.as_deref()).row(store, SUBNET).filter(|s| !store.has_children(*s));
    let subnet = subnet.ok_or_else(|| call.nothing(NO_ADDRESS))?;
    peek(call, store, subnet).map(|ip| Reply::plain(ip_number::dotted(ip)))
}

// The POST tells more than the GET: 400 for a missing subnet, and another text for one that is marked full (Q66).
fn choose(call: &Call<'_>, store: &Store) -> Handled<Race> {
    let given = call.params.id2().map(str::to_owned).or_else(|| call.params.text("subnetId"));
    let found = Id::of(given.as_deref()).row(store, SUBNET);
    let subnet = found.ok_or_else(|| fail(400, "Invalid subnet identifier"))?;
    if store.has_children(subnet) {
        return Err(call.nothing(NO_ADDRESS));
    }
    if store.cell(SUBNET, subnet, "isFull").is_set() {
        return Err(call.nothing("No free addresses found (subnet is full)"));
    }
    Ok(Race { subnet, ip: peek(call, store, subnet)? })
}

fn take(call: &Call<'_>, store: &mut Store, race: Race) -> Handled<Reply> {
    let mut fields = address_write::new_fields(call, store)?;
    put(&mut fields, "subnetId", race.subnet.to_string());
    put(&mut fields, "ip_addr", race.ip.to_string());
    // Only an absent description gets the default of the API; an empty one stays empty.
    if !has(&fields, "description") {
        put(&mut fields, "description", "API created".to_owned());
    }
    let reply = address_write::insert(call, store, &fields)?;
    Ok(reply.with_data(ip_number::dotted(race.ip)))
}

/// Returns up to `limit` child prefixes of a length that no child overlaps, lowest first or highest first.
///
/// Addresses in the parent itself are not looked at, as on the real server (Q68): a prefix can be returned that has
/// some.
fn free_children(store: &Store, subnet: u64, mask: u8, from_end: bool, limit: usize) -> Vec<Net> {
    let Some(net) = store.net_of(subnet) else { return Vec::new() };
    // A child as long as the parent would be the parent itself.
    let Some((_, step)) = net.children(mask).filter(|_| mask > net.mask) else { return Vec::new() };
    let mut taken: Vec<(u128, u128)> =
        store.children_of(subnet).iter().filter_map(|c| store.net_of(*c)).map(|n| (n.first, n.last())).collect();
    taken.sort_unstable();
    let child = |first| Net { first, mask, v4: net.v4 };
    let mut found = Vec::new();
    // Gaps between the children, as inclusive ranges.
    let mut gaps = Vec::new();
    let mut next = Some(net.first);
    for (first, last) in taken {
        let Some(start) = next else { break };
        if first > start {
            gaps.push((start, first - 1));
        }
        // Children may overlap in a section that is not strict, hence the maximum.
        next = if last >= net.last() { None } else { Some(start.max(last + 1)) };
    }
    if let Some(start) = next {
        gaps.push((start, net.last()));
    }
    if from_end {
        gaps.reverse();
    }
    for (low, high) in gaps {
        let Some(mut first) = low.checked_next_multiple_of(step) else { continue };
        // Start of the last child that ends inside the gap. Counted down from the end: a gap may reach the last IPv6
        // address, which has no successor.
        let Some(top) = high.checked_sub(step - 1).map(|start| start - start % step) else { continue };
        if from_end && first <= top {
            first = top;
        }
        while first >= low && first <= top && found.len() < limit {
            found.push(child(first));
            let Some(following) = (if from_end { first.checked_sub(step) } else { first.checked_add(step) }) else {
                break;
            };
            first = following;
        }
    }
    found
}

/// Returns the mask of the path. A text that is no mask is 0, which finds nothing: 404, as on the real server.
fn asked_mask(call: &Call<'_>) -> u8 {
    call.params.id3().and_then(|m| m.parse().ok()).unwrap_or(0)
}

/// Carries out `GET subnets/{id}/first_subnet/{mask}/`, `last_subnet` and `all_subnets`.
pub(super) fn peek_subnet(call: &Call<'_>, store: &Store, subnet: u64) -> Handled<Reply> {
    let which = call.params.id2().unwrap_or_default();
    // The real server has no limit and can run out of memory; 2^18 is beyond what it survives.
    let limit = if which == "all_subnets" { 1 << 18 } else { 1 };
    let found = free_children(store, subnet, asked_mask(call), which == "last_subnet", limit);
    let cidrs: Vec<Value> = found.iter().map(|net| Value::String(net.cidr())).collect();
    match (which, cidrs.first()) {
        (_, None) => Err(call.nothing(NO_SUBNET)),
        ("all_subnets", _) => Ok(Reply::plain(Value::Array(cidrs))),
        (_, Some(first)) => Ok(Reply::plain(first.clone())),
    }
}

/// Carries out `POST subnets/{id}/first_subnet/{mask}/` and `last_subnet`: allocates a child prefix.
pub(super) fn allocate_subnet(call: &Call<'_>, store: &mut Store) -> Handled<Reply> {
    let master = subnet_rows::existing(call, store)?;
    let from_end = call.params.id2() == Some("last_subnet");
    let found = free_children(store, master, asked_mask(call), from_end, 1);
    let net = *found.first().ok_or_else(|| call.nothing(NO_SUBNET))?;
    // Overlaps need no check: the prefix was chosen between the children a moment ago, under the same lock of the
    // store.
    let mut fields = call.fields(store, SUBNET, &["id", "tag"])?;
    subnet_write::check_references(store, &fields)?;
    if field(&fields, "description").is_none() {
        put(&mut fields, "description", "API autocreated".to_owned());
    }
    put(&mut fields, "subnet", net.first.to_string());
    put(&mut fields, "mask", net.mask.to_string());
    put(&mut fields, "sectionId", store.cell(SUBNET, master, "sectionId").as_text());
    put(&mut fields, "masterSubnetId", master.to_string());
    put(&mut fields, "permissions", store.cell(SUBNET, master, "permissions").as_text());
    let id = store.insert(SUBNET, &fields)?;
    call.log(store, SUBNET, id, "add", added(&fields, id));
    Ok(Reply::created("Subnet created", id, call.location("subnets", id)).with_data(net.cidr()))
}
