//! Ansible inventory in JSON, which its YAML plug-in reads.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::host_list::{Host, HostList};
use crate::Tag;

/// Hosts by name.
type ByName<'l> = BTreeMap<String, Vec<&'l Host>>;

pub(super) fn write(list: &HostList, out: &mut dyn Write) -> io::Result<()> {
    // By name: a host with addresses of both families, or in two ranges, is one host.
    let mut hosts = ByName::new();
    for host in &list.hosts {
        if let Some(name) = list.full_name(host) {
            hosts.entry(name).or_default().push(host);
        }
    }
    // Written by hand around the values, so that 100 000 hosts are not a tree in memory a second time.
    out.write_all(b"{\"all\": {\"hosts\": {")?;
    let mut first = true;
    for (name, addresses) in &hosts {
        member(out, &mut first, name, &Value::from(variables(addresses)))?;
    }
    out.write_all(b"\n}, \"children\": {")?;
    let mut first = true;
    for (group, members) in groups(list, &hosts) {
        let members: Map<String, Value> = members.into_iter().map(|name| (name.to_owned(), json!({}))).collect();
        member(out, &mut first, &group, &json!({ "hosts": members }))?;
    }
    out.write_all(b"\n}}}\n")
}

/// Writes a member of an object on a line of its own.
fn member(out: &mut dyn Write, first: &mut bool, name: &str, value: &Value) -> io::Result<()> {
    let comma = if std::mem::take(first) { "" } else { "," };
    write!(out, "{comma}\n{}: {value}", Value::from(name))
}

fn variables(addresses: &[&Host]) -> Map<String, Value> {
    let mut variables = Map::new();
    // IPv4 first: control nodes without IPv6 are still common, and the other way round they are not.
    let reached = addresses.iter().find(|host| host.address.is_ipv4()).or(addresses.first());
    if let Some(host) = reached {
        variables.insert("ansible_host".to_owned(), host.address.to_string().into());
        if let Some(mac) = host.mac {
            variables.insert("ipam_mac".to_owned(), mac.to_string().into());
        }
        if let Some(owner) = &host.owner {
            variables.insert("ipam_owner".to_owned(), owner.as_str().into());
        }
    }
    let all: Vec<String> = addresses.iter().map(|host| host.address.to_string()).collect();
    variables.insert("ipam_addresses".to_owned(), all.into());
    variables
}

/// Returns the groups with the names of their hosts.
fn groups<'l>(list: &'l HostList, hosts: &'l ByName<'l>) -> BTreeMap<String, BTreeSet<&'l str>> {
    // By what they stand for, so that two ranges whose ids differ in a hyphen only do not share a group.
    let mut ranges: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut tags: BTreeMap<&Tag, BTreeSet<&str>> = BTreeMap::new();
    for (name, addresses) in hosts {
        for host in addresses {
            if let Some(range) = list.range_of(host) {
                ranges.entry(range.id.as_str()).or_default().insert(name);
            }
            let known = host.tags.iter().filter_map(|index| list.tags.get(usize::try_from(*index).ok()?));
            known.for_each(|tag| {
                tags.entry(tag).or_default().insert(name);
            });
        }
    }
    let mut groups = BTreeMap::new();
    for (id, members) in ranges {
        groups.insert(free_name(&groups, &format!("range_{id}")), members);
    }
    for (tag, members) in tags {
        let name = if tag.value.is_empty() { tag.key.clone() } else { format!("{}_{}", tag.key, tag.value) };
        groups.insert(free_name(&groups, &format!("tag_{name}")), members);
    }
    groups
}

/// Returns the name of a group, which has letters, digits and underscores only. The second that comes to the same name
/// gets `_2`.
fn free_name<T>(groups: &BTreeMap<String, T>, text: &str) -> String {
    let name: String = text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if !groups.contains_key(&name) {
        return name;
    }
    let mut numbered = (2_u64..).map(|number| format!("{name}_{number}"));
    numbered.find(|name| !groups.contains_key(name)).unwrap_or(name)
}
