//! Reader of rows: from the texts of a row's fields to a block, a range or an allocation.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use ipnet::IpNet;

use super::duration::parse_duration;
use super::fields::{FIELDS, ORDERS, Record};
use super::problem::{PlanError, Problem, Problems};
use super::rows::{AddressPlan, PlannedAllocation, Row, RowKind};
use crate::net::{HostPolicy, prefix_len_of_netmask};
use crate::{DefineBlock, DefineRange, Labels, NetworkInfo, Properties, RangePolicy, Tag, Tags, Vlan};

/// Makes a plan of all rows, or returns the problems of all of them.
pub(super) fn to_plan(records: Vec<Record>, mut problems: Problems) -> Result<AddressPlan, PlanError> {
    let mut plan = AddressPlan::default();
    for Record { at, kind, fields } in records {
        let mut row = Reader { at: &at, fields, problems: &mut problems };
        match kind {
            RowKind::Block => plan.blocks.extend(block(&mut row).map(|item| Row::new(at.clone(), item))),
            RowKind::Range => plan.ranges.extend(range(&mut row).map(|item| Row::new(at.clone(), item))),
            RowKind::Allocation => plan.allocations.extend(allocation(&mut row).map(|item| Row::new(at.clone(), item))),
        }
    }
    problems.into_result(plan)
}

struct Reader<'a> {
    at: &'a str,
    fields: BTreeMap<String, Vec<String>>,
    problems: &'a mut Problems,
}

impl Reader<'_> {
    fn problem(&mut self, field: &str, value: &str, remedy: impl Display) {
        self.problems.push(Problem::field(self.at, field, value, remedy));
    }

    // Removes the field, so that those that are left at the end are the ones that this kind of row does not have.
    fn list(&mut self, field: &str) -> Vec<String> {
        self.fields.remove(field).unwrap_or_default()
    }

    fn text(&mut self, field: &str) -> Option<String> {
        let mut values = self.list(field);
        if values.len() > 1 {
            self.problem(field, &values.join(";"), "give one value");
        }
        values.pop().filter(|value| !value.is_empty())
    }

    fn required(&mut self, field: &str) -> Option<String> {
        let text = self.text(field);
        if text.is_none() {
            self.problem(field, "", "it is needed here");
        }
        text
    }

    fn understood<T: FromStr>(&mut self, field: &str, text: &str, remedy: &str) -> Option<T> {
        let value = text.trim().parse().ok();
        if value.is_none() {
            self.problem(field, text, remedy);
        }
        value
    }

    fn parsed<T: FromStr>(&mut self, field: &str, remedy: &str) -> Option<T> {
        let text = self.text(field)?;
        self.understood(field, &text, remedy)
    }

    fn parsed_required<T: FromStr>(&mut self, field: &str, remedy: &str) -> Option<T> {
        let text = self.required(field)?;
        self.understood(field, &text, remedy)
    }

    fn parsed_list<T: FromStr>(&mut self, field: &str, remedy: &str) -> Vec<T> {
        let texts = self.list(field);
        texts.iter().filter_map(|text| self.understood(field, text, remedy)).collect()
    }

    fn one_of<T: Copy>(&mut self, field: &str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(field)?;
        let found = choices.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
        if found.is_none() {
            let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
            self.problem(field, &text, format_args!("write {}", names.join(" or ")));
        }
        found
    }

    fn network(&mut self) -> NetworkInfo {
        let mut network = NetworkInfo {
            gateway: self.parsed("gateway", "write an IP address"),
            dns_servers: self.parsed_list("dns_servers", "write IP addresses"),
            search_domains: self.list("search_domains"),
            domain: self.text("domain"),
            vlan: None,
        };
        let name = self.text("vlan_name");
        network.vlan = self.parsed("vlan", "write a number from 1 to 4094").map(Vlan::new);
        match (&mut network.vlan, name) {
            (Some(vlan), name) => vlan.name = name,
            (None, Some(name)) => self.problem("vlan_name", &name, "write the number of the VLAN into vlan, too"),
            (None, None) => {}
        }
        network
    }

    fn tags(&mut self) -> Tags {
        self.list("tags").iter().map(|text| tag(text)).collect()
    }

    fn properties(&mut self) -> Properties {
        let mut properties = Properties::new();
        for text in self.list("properties") {
            match text.split_once('=') {
                Some((name, value)) => {
                    properties.insert(name.to_owned(), value.to_owned());
                }
                None => self.problem("properties", &text, "write NAME=VALUE"),
            }
        }
        properties
    }

    /// Reports the fields that were not read, which this kind of row does not have.
    // A misspelt field must not be ignored without a word.
    fn finish<T>(&mut self, kind: RowKind, item: Option<T>) -> Option<T> {
        let left: Vec<String> = std::mem::take(&mut self.fields).into_keys().collect();
        for field in left {
            let remedy = if FIELDS.iter().any(|(known, _)| *known == field) {
                format!("a row of kind {} has no such field; leave it empty", kind)
            } else {
                "there is no field of this name".to_owned()
            };
            self.problems.push(Problem::new(self.at, format!("{field}: {remedy}")));
        }
        item
    }
}

const NET: &str = "write a prefix such as 10.0.0.0/24";

/// Prefix with its length or its netmask.
// Host bits stay: validation refuses them, which finds addresses that were meant as prefixes.
struct Net(IpNet);

impl FromStr for Net {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if let Ok(net) = text.parse() {
            return Ok(Self(net));
        }
        // Many address lists have netmasks, such as 10.0.0.0/255.255.255.0.
        let (network, mask) = text.split_once('/').ok_or(())?;
        let (network, mask) = (network.parse::<IpAddr>().map_err(drop)?, mask.parse::<IpAddr>().map_err(drop)?);
        if network.is_ipv4() != mask.is_ipv4() {
            return Err(());
        }
        IpNet::new(network, prefix_len_of_netmask(mask).map_err(drop)?).map(Self).map_err(drop)
    }
}

fn net(row: &mut Reader<'_>) -> Option<IpNet> {
    row.parsed_required("net", NET).map(|Net(net)| net)
}

fn block(row: &mut Reader<'_>) -> Option<DefineBlock> {
    let (id, net) = (row.required("id"), net(row));
    // All fields are read even if id or prefix are invalid, so that one run reports all problems of a row.
    let mut item = id.zip(net).map(|(id, net)| DefineBlock::new(id, net));
    let (space, name, description) = (row.text("space"), row.text("name"), row.text("description"));
    let (network, tags, properties) = (row.network(), row.tags(), row.properties());
    if let Some(item) = &mut item {
        item.space = space.map(Into::into).unwrap_or_default();
        item.name = name.unwrap_or_default();
        (item.description, item.network, item.tags, item.properties) = (description, network, tags, properties);
    }
    row.finish(RowKind::Block, item)
}

fn range(row: &mut Reader<'_>) -> Option<DefineRange> {
    let (id, net) = (row.required("id"), net(row));
    let mut item = id.zip(net).map(|(id, net)| DefineRange::new(id, net));
    let (space, name, description) = (row.text("space"), row.text("name"), row.text("description"));
    let addresses = row.parsed("addresses", "write FIRST-LAST, the lower address first");
    let hosts = row.one_of("hosts", &[("hosts", HostPolicy::Hosts), ("all", HostPolicy::All)]);
    let reserved = row.parsed_list("reserved", "write addresses, FIRST-LAST, or a prefix");
    let policy = policy(row);
    let (network, tags, properties) = (row.network(), row.tags(), row.properties());
    if let Some(item) = &mut item {
        item.space = space.map(Into::into).unwrap_or_default();
        item.name = name.unwrap_or_default();
        item.hosts = hosts.unwrap_or_default();
        (item.description, item.addresses, item.reserved, item.policy) = (description, addresses, reserved, policy);
        (item.network, item.tags, item.properties) = (network, tags, properties);
    }
    row.finish(RowKind::Range, item)
}

fn policy(row: &mut Reader<'_>) -> RangePolicy {
    let order = row.one_of("order", &ORDERS).unwrap_or_default();
    let quarantine = row.text("quarantine").and_then(|text| {
        let quarantine = parse_duration(&text);
        if let Err(remedy) = &quarantine {
            row.problem("quarantine", &text, remedy);
        }
        quarantine.ok()
    });
    RangePolicy::default().with_order(order).with_quarantine(quarantine.unwrap_or(Duration::ZERO))
}

fn allocation(row: &mut Reader<'_>) -> Option<PlannedAllocation> {
    let range = row.required("range");
    let address = row.parsed_required("address", "write an IP address");
    let (owner, key) = (row.text("owner"), row.text("key"));
    let mut labels = Labels::default();
    (labels.hostname, labels.description) = (row.text("hostname"), row.text("description"));
    labels.mac = row.parsed("mac", "write six octets in hexadecimal, such as 00:50:56:ab:cd:ef");
    labels.tags = row.tags();
    let item = range.zip(address).map(|(range, address)| {
        let item = PlannedAllocation::new(range, address).with_labels(labels);
        let item = key.into_iter().fold(item, PlannedAllocation::with_key);
        owner.into_iter().fold(item, PlannedAllocation::with_owner)
    });
    row.finish(RowKind::Allocation, item)
}

/// `KEY=VALUE`, or `KEY` alone.
fn tag(text: &str) -> Tag {
    // At the first `=`: values such as encoded texts may have more of them, keys hardly do.
    text.split_once('=').map_or_else(|| Tag::new(text, ""), |(key, value)| Tag::new(key, value))
}
