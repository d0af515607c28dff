//! How full a subnet is, in the server's own mixture of numbers and texts.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::super::context::Call;
use super::super::ip_number::Net;
use super::super::schema::Object;
use super::super::store::Store;

/// The usage object of a subnet. A parent counts what is below it but not its own addresses, two reserved addresses for each ordinary IPv4 leaf, and all of a
/// leaf that is marked full.
pub(super) fn usage(call: &Call<'_>, store: &Store, subnet: u64) -> Value {
    let Some(net) = store.net_of(subnet) else { return Value::Object(Map::new()) };
    let tree = store.tree_of(subnet);
    let parent = tree.len() > 1;
    let mut counts: BTreeMap<String, u128> = BTreeMap::from([("Used".to_owned(), 0), ("Reserved".to_owned(), 0)]);
    let mut texts: Vec<&str> = Vec::new();
    for id in &tree {
        if store.is_folder(*id) || (parent && *id == subnet) {
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
                let tag = store.cell(Object::Address, address, "state").reference().unwrap_or(2);
                let name = store.cell(Object::Tag, tag, "type").as_text();
                *counts.entry(name).or_default() += 1;
            }
        }
        if parent && leaf && inner.v4 && inner.mask < 31 && !store.is_pool(*id) {
            *counts.entry("Reserved".to_owned()).or_default() += 2;
            texts.push("Reserved");
        }
    }
    let total: u128 = counts.values().sum();
    let maximum = if parent { net.size_text() } else { hosts_text(net, store.is_pool(subnet)) };
    let size = maximum.parse::<u128>().unwrap_or(u128::MAX);
    let mut out = Map::new();
    for (name, count) in &counts {
        let text = texts.contains(&name.as_str()) || (call.strings && *count > 0);
        let value = if text { Value::String(count.to_string()) } else { number(*count) };
        out.insert(name.clone(), value);
        out.insert(format!("{name}_percent"), percent(*count, size));
    }
    out.insert("used".to_owned(), if total == 0 { Value::from(0) } else { Value::String(total.to_string()) });
    let free = if total > size { format!("-{}", total - size) } else { (size - total).to_string() };
    out.insert("freehosts_percent".to_owned(), percent(size.saturating_sub(total), size));
    out.insert("freehosts".to_owned(), Value::String(free));
    out.insert("maxhosts".to_owned(), Value::String(maximum));
    Value::Object(out)
}

fn size(net: Net, pool: bool) -> u128 {
    let (first, last) = net.usable(pool);
    (last - first).saturating_add(1)
}

fn hosts_text(net: Net, pool: bool) -> String {
    let (first, last) = net.usable(pool);
    (last - first).checked_add(1).map_or_else(|| net.size_text(), |n| n.to_string())
}

fn number(count: u128) -> Value {
    u64::try_from(count).map_or_else(|_| Value::String(count.to_string()), Value::from)
}

/// Percent to two digits; whole ones are integers.
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
