//! Description of prefixes, and their names in reverse DNS.

use std::net::IpAddr;

use ipam_core::net::{SubnetDetails, parse_interface, parse_net, parse_reverse, reverse_zones};
use serde_json::{Value, json};

use super::{count_json, count_text, failure};
use crate::exit::Failure;
use crate::output::Output;

/// `ipam calc PREFIX…`
pub(super) fn run(prefixes: &[String]) -> Result<Output, Failure> {
    let details = prefixes.iter().map(|text| parse_interface(text).map(SubnetDetails::of));
    let details = details.collect::<Result<Vec<_>, _>>().map_err(failure)?;
    let texts: Vec<String> = details.iter().map(text).collect();
    Output::new(texts.join("\n"), &details.iter().map(json_of).collect::<Vec<_>>())
}

/// Returns the lines of a subnet. Labels are those of ipcalc, where it has one.
fn text(details: &SubnetDetails) -> String {
    let mut lines = vec![("Address", details.address.to_string())];
    if let Some(full) = expanded(details.address) {
        lines.push(("Expanded", full));
    }
    lines.push(("Network", details.prefix.to_string()));
    lines.push(("Netmask", format!("{} = {}", details.netmask, details.prefix.prefix_len())));
    lines.push(("Wildcard", details.wildcard.to_string()));
    if let Some(broadcast) = details.broadcast {
        lines.push(("Broadcast", broadcast.to_string()));
    }
    lines.push(("HostMin", details.hosts.first().to_string()));
    lines.push(("HostMax", details.hosts.last().to_string()));
    lines.push(("Hosts/Net", count_text(details.hosts.size())));
    lines.push(("Addresses", count_text(details.addresses.size())));
    let mut zones = details.reverse_zones();
    let first = zones.next().unwrap_or_default();
    lines.push(("Reverse", zones.last().map_or_else(|| first.clone(), |last| format!("{first} to {last}"))));
    if let Some(purpose) = details.purpose {
        lines.push(("Purpose", format!("{} ({}, {})", purpose.name, purpose.document, purpose.prefix)));
    }
    lines.iter().map(|(label, value)| format!("{:<11}{value}\n", format!("{label}:"))).collect()
}

fn json_of(details: &SubnetDetails) -> Value {
    json!({
        "address": details.address,
        "family": if details.address.is_ipv4() { "v4" } else { "v6" },
        "prefix": details.prefix,
        "network": details.prefix.addr(),
        "prefix_length": details.prefix.prefix_len(),
        "netmask": details.netmask,
        "wildcard": details.wildcard,
        "broadcast": details.broadcast,
        "first": details.addresses.first(),
        "last": details.addresses.last(),
        "first_host": details.hosts.first(),
        "last_host": details.hosts.last(),
        "hosts": count_json(details.hosts.size()),
        "addresses": count_json(details.addresses.size()),
        "expanded": expanded(details.address),
        "reverse_zones": details.reverse_zones().collect::<Vec<_>>(),
        "purpose": details.purpose.map(|purpose| json!({
            "name": purpose.name,
            "prefix": purpose.prefix,
            "document": purpose.document,
        })),
    })
}

/// Returns an address of IPv6 with all its digits.
fn expanded(address: IpAddr) -> Option<String> {
    let IpAddr::V6(address) = address else { return None };
    Some(address.segments().map(|group| format!("{group:04x}")).join(":"))
}

/// `ipam calc reverse`
pub(super) fn reverse(items: &[String]) -> Result<Output, Failure> {
    let (mut text, mut json) = (String::new(), Vec::new());
    for item in items {
        let is_name = item.trim_end_matches('.').to_ascii_lowercase().ends_with(".arpa");
        if is_name {
            let net = parse_reverse(item).map_err(failure)?;
            text.push_str(&format!("{net}\n"));
            json.push(json!({ "item": item, "prefix": net }));
        } else {
            let net = parse_net(item).map_err(failure)?;
            let zones: Vec<String> = reverse_zones(net).collect();
            zones.iter().for_each(|zone| text.push_str(&format!("{zone}\n")));
            json.push(json!({ "item": item, "prefix": net, "zones": zones }));
        }
    }
    Output::new(text, &json)
}
