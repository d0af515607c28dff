//! Usage of a subnet, in the mixture of numbers and texts that the server sends.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::super::context::Call;
use super::super::ip_number::Net;
use super::super::schema::Object;
use super::super::store::Store;

/// Returns the usage object of a subnet.
///
/// A parent counts what is below it but not its own addresses. It adds two reserved addresses for each IPv4 leaf with
/// network and broadcast, and all addresses of a leaf that is marked full.
pub(super) fn usage(call: &Call<'_>, store: &Store, subnet: u64) -> Value {
    let Some(net) = store.net_of(subnet) else { return Value::Object(Map::new()) };
    let tree = store.tree_of(subnet);
    let parent = tree.len() > 1;
    // These two are sent even if they are 0; the other tags only if an address has them.
    let mut counts: BTreeMap<String, u128> = BTreeMap::from([("Used".to_owned(), 0), ("Reserved".to_owned(), 0)]);
    // Tags with a count that the server computed (children, marked full). It sends those as texts, and others as
    // numbers.
    let mut texts: Vec<&str> = Vec::new();
    // Up to 1.4 a parent counts its own addresses, too, and two reserved ones for each network of either family.
    let older = !call.profile.usage_counts;
    for id in &tree {
        if store.is_folder(*id) || (parent && *id == subnet && !older) {
            continue;
        }
        let leaf = !parent || !store.has_children(*id);
        let Some(inner) = store.net_of(*id) else { continue };
        if leaf && store.cell(Object::Subnet, *id, "isFull").is_set() {
            *counts.entry("Used".to_owned()).or_default() += size(inner, store.is_pool(*id));
            texts.push("Used");
            if !parent {
                break;
            }
        } else {
            for (_, address) in store.addresses_of(*id) {
                // An address without a tag counts as Used.
                let tag = store.cell(Object::Address, address, "state").reference().unwrap_or(2);
                let name = store.cell(Object::Tag, tag, "type").as_text();
                *counts.entry(name).or_default() += 1;
            }
        }
        let has_broadcast = inner.v4 && inner.mask < 31 && !store.is_pool(*id);
        if parent && (leaf || older) && (has_broadcast || (older && !inner.v4)) {
            *counts.entry("Reserved".to_owned()).or_default() += 2;
            texts.push("Reserved");
        }
    }
    let total: u128 = counts.values().sum();
    let maximum = if parent { net.size_text() } else { hosts_text(net, store.is_pool(subnet)) };
    let size = maximum.parse::<u128>().unwrap_or(u128::MAX);
    if !call.profile.usage_counts {
        let full = !parent && !texts.is_empty();
        return percentages(store, &counts, total, maximum, parent, full);
    }
    let mut out = Map::new();
    for (name, count) in &counts {
        let text = texts.contains(&name.as_str()) || (call.strings && *count > 0);
        let value = if text { Value::String(count.to_string()) } else { number(*count) };
        out.insert(name.clone(), value);
        out.insert(format!("{name}_percent"), percent(*count, size));
    }
    // Q37: `used` (all tags together) differs from `Used` (one tag) only in case.
    out.insert("used".to_owned(), if total == 0 { Value::from(0) } else { Value::String(total.to_string()) });
    // More addresses than the subnet has room for are possible: in a parent, or after a change behind the API.
    let free = if total > size { format!("-{}", total - size) } else { (size - total).to_string() };
    out.insert("freehosts_percent".to_owned(), percent(size.saturating_sub(total), size));
    out.insert("freehosts".to_owned(), Value::String(free));
    out.insert("maxhosts".to_owned(), Value::String(maximum));
    Value::Object(out)
}

/// Returns the usage as it was up to 1.4: a percentage for each tag, or for `Used` only if the server computed it.
fn percentages(
    store: &Store,
    counts: &BTreeMap<String, u128>,
    total: u128,
    maximum: String,
    parent: bool,
    full: bool,
) -> Value {
    let size = maximum.parse::<u128>().unwrap_or(u128::MAX);
    let free = size.saturating_sub(total);
    let mut out = Map::new();
    out.insert("used".to_owned(), if total == 0 { Value::from(0) } else { Value::String(total.to_string()) });
    out.insert("maxhosts".to_owned(), Value::String(maximum));
    out.insert("freehosts".to_owned(), if full { Value::from(0) } else { Value::String(free.to_string()) });
    let free = percent(free, size);
    if parent || full {
        // A difference, with what floats make of it.
        let used = match free.as_i64() {
            Some(free) => Value::from(100 - free),
            None => free.as_f64().map_or(Value::Null, |free| Value::from(100.0 - free)),
        };
        out.insert("Used_percent".to_owned(), used);
    } else {
        for tag in store.table(Object::Tag).ids() {
            let name = store.cell(Object::Tag, tag, "type").as_text();
            let count = counts.get(&name).copied().unwrap_or(0);
            out.insert(format!("{name}_percent"), percent(count, size));
        }
    }
    out.insert("freehosts_percent".to_owned(), free);
    Value::Object(out)
}

/// Returns the number of usable addresses, at most `u128::MAX`.
fn size(net: Net, pool: bool) -> u128 {
    let (first, last) = net.usable(pool);
    (last - first).saturating_add(1)
}

/// Returns the number of usable addresses as text. For IPv6 it is beyond 64 bits.
fn hosts_text(net: Net, pool: bool) -> String {
    let (first, last) = net.usable(pool);
    (last - first).checked_add(1).map_or_else(|| net.size_text(), |n| n.to_string())
}

/// Returns a count as a number, or as a text where JSON numbers end.
fn number(count: u128) -> Value {
    u64::try_from(count).map_or_else(|_| Value::String(count.to_string()), Value::from)
}

/// Returns a percentage with two digits. A whole one is an integer, as `json_encode` writes it.
fn percent(part: u128, whole: u128) -> Value {
    if whole == 0 {
        return Value::from(0);
    }
    // Hundredths of a percent, rounded half up; large numbers are scaled down first.
    let shift = 128_u32.saturating_sub(whole.leading_zeros()).saturating_sub(100);
    let (part, whole) = (part >> shift, (whole >> shift).max(1));
    let hundredths = (part * 20_000 + whole) / (2 * whole);
    match u32::try_from(hundredths) {
        Ok(h) if h % 100 == 0 => Value::from(h / 100),
        Ok(h) => Value::from(f64::from(h) / 100.0),
        Err(_) => Value::from(0),
    }
}
