//! A row as names and texts: what CSV and JSON have in common.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use ipam_core::net::{HostPolicy, prefix_len_of_netmask};
use ipam_core::{DefineBlock, DefineRange, Labels, NetworkInfo, Order, Properties, RangePolicy, Tags, Vlan};
use ipnet::IpNet;

use super::{Plan, PlannedAddress, Problem, Row};

/// What a row describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Block,
    Range,
    Allocation,
}

impl Kind {
    pub(super) const ALL: [Self; 3] = [Self::Block, Self::Range, Self::Allocation];

    /// The word in the `kind` column.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Range => "range",
            Self::Allocation => "allocation",
        }
    }

    /// The name of the list in JSON.
    pub(super) fn list(self) -> &'static str {
        match self {
            Self::Block => "blocks",
            Self::Range => "ranges",
            Self::Allocation => "allocations",
        }
    }
}

/// The fields in the order of the columns, and whether each holds several values.
pub(super) const FIELDS: [(&str, bool); 24] = [
    ("id", false),
    ("space", false),
    ("net", false),
    ("name", false),
    ("description", false),
    ("addresses", false),
    ("hosts", false),
    ("gateway", false),
    ("dns_servers", true),
    ("search_domains", true),
    ("domain", false),
    ("vlan", false),
    ("vlan_name", false),
    ("reserved", true),
    ("order", false),
    ("quarantine", false),
    ("range", false),
    ("address", false),
    ("owner", false),
    ("key", false),
    ("hostname", false),
    ("mac", false),
    ("tags", true),
    ("properties", true),
];

/// One row before its values are understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) at: String,
    pub(super) kind: Kind,
    /// By name; what is empty is not there.
    pub(super) fields: BTreeMap<String, Vec<String>>,
}

/// Understands all rows, or says what is wrong with each.
pub(super) fn to_plan(records: Vec<Record>, mut problems: Vec<Problem>) -> super::Parsed {
    let mut plan = Plan::default();
    for Record { at, kind, fields } in records {
        let mut row = Reader { at: &at, fields, problems: &mut problems };
        match kind {
            Kind::Block => plan.blocks.extend(block(&mut row).map(|item| Row::new(at.clone(), item))),
            Kind::Range => plan.ranges.extend(range(&mut row).map(|item| Row::new(at.clone(), item))),
            Kind::Allocation => plan.addresses.extend(address(&mut row).map(|item| Row::new(at.clone(), item))),
        }
    }
    if problems.is_empty() { Ok(plan) } else { Err(problems) }
}

/// The rows of a plan as they are written.
pub(super) fn from_plan(plan: &Plan) -> Vec<Record> {
    let blocks = plan.blocks.iter().map(|row| write_block(&row.item));
    let ranges = plan.ranges.iter().map(|row| write_range(&row.item));
    let addresses = plan.addresses.iter().map(|row| write_address(&row.item));
    blocks.chain(ranges).chain(addresses).collect()
}

struct Reader<'a> {
    at: &'a str,
    fields: BTreeMap<String, Vec<String>>,
    problems: &'a mut Vec<Problem>,
}

impl Reader<'_> {
    fn problem(&mut self, field: &str, value: &str, remedy: impl Display) {
        self.problems.push(Problem::field(self.at, field, value, remedy));
    }

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
        let mut network = NetworkInfo::default();
        network.gateway = self.parsed("gateway", "write an IP address");
        network.dns_servers = self.parsed_list("dns_servers", "write IP addresses");
        network.search_domains = self.list("search_domains");
        network.domain = self.text("domain");
        let name = self.text("vlan_name");
        network.vlan = self.parsed("vlan", "write a number from 1 to 4094").map(Vlan::new);
        match (&mut network.vlan, name) {
            (Some(vlan), name) => vlan.name = name,
            (None, Some(name)) => self.problem("vlan_name", &name, "give the vlan's number, too"),
            (None, None) => {}
        }
        network
    }

    fn tags(&mut self) -> Tags {
        self.list("tags").iter().map(|text| crate::times::tag(text)).collect()
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

    /// What is left means nothing here; a misspelt field must not be silently without effect.
    fn finish<T>(&mut self, kind: Kind, item: Option<T>) -> Option<T> {
        let left: Vec<String> = std::mem::take(&mut self.fields).into_keys().collect();
        for field in left {
            let remedy = if FIELDS.iter().any(|(known, _)| *known == field) {
                format!("a row of kind {} has no such field; leave it empty", kind.word())
            } else {
                "there is no field of this name".to_owned()
            };
            self.problems.push(Problem::new(self.at, format!("{field}: {remedy}")));
        }
        item
    }
}

const NET: &str = "write a prefix such as 10.0.0.0/24";

/// A prefix with its length or its netmask. Host bits stay, so that they are noticed.
struct Net(IpNet);

impl FromStr for Net {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if let Ok(net) = text.parse() {
            return Ok(Self(net));
        }
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
    let mut item = id.zip(net).map(|(id, net)| DefineBlock::new(id, net));
    let (space, name, description) = (row.text("space"), row.text("name"), row.text("description"));
    let (network, tags, properties) = (row.network(), row.tags(), row.properties());
    if let Some(item) = &mut item {
        item.space = space.map(Into::into).unwrap_or_default();
        item.name = name.unwrap_or_default();
        (item.description, item.network, item.tags, item.properties) = (description, network, tags, properties);
    }
    row.finish(Kind::Block, item)
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
    row.finish(Kind::Range, item)
}

const ORDERS: [(&str, Order); 3] =
    [("first-free", Order::FirstFree), ("random", Order::Random), ("least-recently-used", Order::LeastRecentlyUsed)];

fn policy(row: &mut Reader<'_>) -> RangePolicy {
    let order = row.one_of("order", &ORDERS).unwrap_or_default();
    let rest = row.text("quarantine").and_then(|text| {
        let rest = crate::times::duration(&text);
        if let Err(remedy) = &rest {
            row.problem("quarantine", &text, remedy);
        }
        rest.ok()
    });
    RangePolicy::default().with_order(order).with_quarantine(rest.unwrap_or(Duration::ZERO))
}

fn address(row: &mut Reader<'_>) -> Option<PlannedAddress> {
    let range = row.required("range");
    let address = row.parsed_required("address", "write an IP address");
    let (owner, key) = (row.text("owner"), row.text("key"));
    let mut labels = Labels::default();
    (labels.hostname, labels.description) = (row.text("hostname"), row.text("description"));
    labels.mac = row.parsed("mac", "write six octets in hexadecimal, such as 00:50:56:ab:cd:ef");
    labels.tags = row.tags();
    let item = range.zip(address).map(|(range, address)| {
        let range = range.into();
        let key = key.map_or_else(|| PlannedAddress::default_key(&range, address), Into::into);
        PlannedAddress { range, address, key, owner: owner.unwrap_or_else(|| "plan".to_owned()).into(), labels }
    });
    row.finish(Kind::Allocation, item)
}

/// Collects the fields of a row, leaving out what is empty or says what is meant anyway.
struct Writer(Record);

impl Writer {
    fn new(kind: Kind) -> Self {
        Self(Record { at: String::new(), kind, fields: BTreeMap::new() })
    }

    fn one(mut self, field: &str, value: Option<impl Display>) -> Self {
        if let Some(value) = value.map(|value| value.to_string()).filter(|value| !value.is_empty()) {
            self.0.fields.insert(field.to_owned(), vec![value]);
        }
        self
    }

    fn many<T: Display>(mut self, field: &str, values: impl IntoIterator<Item = T>) -> Self {
        let values: Vec<String> = values.into_iter().map(|value| value.to_string()).collect();
        if !values.is_empty() {
            self.0.fields.insert(field.to_owned(), values);
        }
        self
    }

    fn network(self, network: &NetworkInfo) -> Self {
        self.one("gateway", network.gateway)
            .many("dns_servers", &network.dns_servers)
            .many("search_domains", &network.search_domains)
            .one("domain", network.domain.as_ref())
            .one("vlan", network.vlan.as_ref().map(|vlan| vlan.number))
            .one("vlan_name", network.vlan.as_ref().and_then(|vlan| vlan.name.as_ref()))
    }

    fn properties(self, properties: &Properties) -> Self {
        self.many("properties", properties.iter().map(|(name, value)| format!("{name}={value}")))
    }
}

fn write_block(item: &DefineBlock) -> Record {
    let row = Writer::new(Kind::Block)
        .one("id", Some(&item.id))
        .one("space", Some(&item.space))
        .one("net", Some(item.net))
        .one("name", Some(&item.name))
        .one("description", item.description.as_ref())
        .network(&item.network)
        .many("tags", &item.tags)
        .properties(&item.properties);
    row.0
}

fn write_range(item: &DefineRange) -> Record {
    let order = ORDERS.iter().find(|(_, order)| *order == item.policy.order && *order != Order::default());
    let quarantine = Some(item.policy.quarantine).filter(|rest| !rest.is_zero());
    let row = Writer::new(Kind::Range)
        .one("id", Some(&item.id))
        .one("space", Some(&item.space))
        .one("net", Some(item.net))
        .one("name", Some(&item.name))
        .one("description", item.description.as_ref())
        .one("addresses", item.addresses)
        .one("hosts", (item.hosts == HostPolicy::All).then_some("all"))
        .many("reserved", &item.reserved)
        .one("order", order.map(|(name, _)| *name))
        .one("quarantine", quarantine.map(crate::times::show_duration))
        .network(&item.network)
        .many("tags", &item.tags)
        .properties(&item.properties);
    row.0
}

fn write_address(item: &PlannedAddress) -> Record {
    let row = Writer::new(Kind::Allocation)
        .one("range", Some(&item.range))
        .one("address", Some(item.address))
        .one("owner", Some(&item.owner))
        .one("key", Some(&item.key))
        .one("hostname", item.labels.hostname.as_ref())
        .one("description", item.labels.description.as_ref())
        .one("mac", item.labels.mac)
        .many("tags", &item.labels.tags);
    row.0
}
