//! States of items before and after a change, as JSON in the rows of the feed.
//!
//! An object has what the other columns of the change do not say. Of an allocation that was just made without labels and
//! expiry, as most are, nothing is left: `{}`. The form is part of the format of the stores, like that of `columns`.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use serde_json::{Map, Value, json};

use super::columns;
use crate::net::IpRange;
use crate::{
    Allocation, Block, Change, ChangeKind, ChangedItem, Labels, NetworkInfo, Range, RangePolicy, Tag, Tags, Vlan,
};

/// Writes the state of the item of a change.
pub(in crate::stores) fn encode(change: &Change, item: &ChangedItem) -> String {
    let fields = match item {
        ChangedItem::Allocation(allocation) => of_allocation(change, allocation),
        ChangedItem::Range(range) => of_range(range),
        ChangedItem::Block(block) => of_block(block),
    };
    Value::Object(fields).to_string()
}

/// Reads the state of the item of a change; `None` if it is not one.
pub(in crate::stores) fn decode(change: &Change, text: &str) -> Option<ChangedItem> {
    let Ok(Value::Object(fields)) = serde_json::from_str(text) else { return None };
    let fields = Fields(fields);
    match change.kind {
        ChangeKind::Allocated | ChangeKind::Updated | ChangeKind::Deallocated | ChangeKind::Expired => {
            to_allocation(change, &fields).map(ChangedItem::Allocation)
        }
        ChangeKind::RangeDefined | ChangeKind::RangeUpdated | ChangeKind::RangeRemoved => {
            to_range(change, &fields).map(ChangedItem::Range)
        }
        ChangeKind::BlockDefined | ChangeKind::BlockUpdated | ChangeKind::BlockRemoved => {
            to_block(change, &fields).map(ChangedItem::Block)
        }
    }
}

/// Returns the creation time of an allocation where none is written: that of the change that made it.
fn made_at(change: &Change) -> Option<SystemTime> {
    (change.kind == ChangeKind::Allocated).then_some(change.at)
}

fn of_allocation(change: &Change, allocation: &Allocation) -> Map<String, Value> {
    let mut to = Map::new();
    let labels = &allocation.labels;
    put(&mut to, "hostname", labels.hostname.as_deref());
    put(&mut to, "description", labels.description.as_deref());
    put(&mut to, "mac", labels.mac.map(|mac| mac.to_string()));
    put_tags(&mut to, &labels.tags);
    let micros = |time: Option<SystemTime>| time.map(columns::micros);
    if micros(allocation.created) != micros(made_at(change)) {
        to.insert("created".to_owned(), json!(micros(allocation.created)));
    }
    if micros(allocation.updated) != micros(allocation.created) {
        to.insert("updated".to_owned(), json!(micros(allocation.updated)));
    }
    put(&mut to, "expires", micros(allocation.expires));
    to
}

fn to_allocation(change: &Change, from: &Fields) -> Option<Allocation> {
    let range = change.range.clone()?;
    let mut allocation = Allocation::new(change.allocation.clone()?, change.space.clone(), range, change.address?);
    allocation.key.clone_from(&change.key);
    allocation.owner.clone_from(&change.owner);
    allocation.labels = Labels {
        hostname: from.text("hostname")?,
        description: from.text("description")?,
        mac: from.parsed("mac")?,
        tags: from.tags()?,
    };
    allocation.created = if from.has("created") { from.time("created")? } else { made_at(change) };
    allocation.updated = if from.has("updated") { from.time("updated")? } else { allocation.created };
    allocation.expires = from.time("expires")?;
    Some(allocation)
}

fn of_network(to: &mut Map<String, Value>, network: &NetworkInfo) {
    put(to, "gateway", network.gateway.map(|gateway| gateway.to_string()));
    put_list(to, "dns_servers", network.dns_servers.iter().map(ToString::to_string));
    put_list(to, "search_domains", network.search_domains.iter().cloned());
    put(to, "domain", network.domain.as_deref());
    put(to, "vlan", network.vlan.as_ref().map(|vlan| vlan.number));
    put(to, "vlan_name", network.vlan.as_ref().and_then(|vlan| vlan.name.as_deref()));
}

fn to_network(from: &Fields) -> Option<NetworkInfo> {
    let vlan = match from.integer("vlan")? {
        Some(number) => Some(Vlan { number: u16::try_from(number).ok()?, name: from.text("vlan_name")? }),
        None => None,
    };
    Some(NetworkInfo {
        gateway: from.parsed("gateway")?,
        dns_servers: from.parsed_list("dns_servers")?,
        search_domains: from.list("search_domains")?,
        domain: from.text("domain")?,
        vlan,
    })
}

fn of_range(range: &Range) -> Map<String, Value> {
    let mut to = Map::new();
    put(&mut to, "net", Some(range.net.to_string()));
    put(&mut to, "first", Some(range.addresses.first().to_string()));
    put(&mut to, "last", Some(range.addresses.last().to_string()));
    put(&mut to, "block", range.block.as_ref().map(|block| block.as_str()));
    put(&mut to, "name", Some(range.name.as_str()));
    put(&mut to, "description", range.description.as_deref());
    of_network(&mut to, &range.network);
    put_list(&mut to, "reserved", range.reserved.iter().map(ToString::to_string));
    let order = columns::ORDERS.iter().find(|(order, _)| *order == range.policy.order).map(|(_, text)| *text);
    put(&mut to, "order", order);
    if !range.policy.quarantine.is_zero() {
        put(&mut to, "quarantine", Some(columns::duration_micros(range.policy.quarantine)));
    }
    put_tags(&mut to, &range.tags);
    put_properties(&mut to, &range.properties);
    to
}

fn to_range(change: &Change, from: &Fields) -> Option<Range> {
    let first: IpAddr = from.parsed("first")??;
    let addresses = IpRange::new(first, from.parsed("last")??).ok()?;
    let mut range = Range::new(change.range.clone()?, change.space.clone(), from.parsed("net")??, addresses);
    range.block = from.text("block")?.map(Into::into);
    range.name = from.text("name")??;
    range.description = from.text("description")?;
    range.network = to_network(from)?;
    range.reserved = from.parsed_list("reserved")?;
    let order = from.text("order")??;
    let order = columns::ORDERS.iter().find(|(_, text)| *text == order).map(|(order, _)| *order)?;
    let quarantine = from.integer("quarantine")?.map_or(Some(Duration::ZERO), columns::duration)?;
    range.policy = RangePolicy { order, quarantine };
    range.tags = from.tags()?;
    range.properties = from.properties()?;
    range.key.clone_from(&change.key);
    range.owner.clone_from(&change.owner);
    Some(range)
}

fn of_block(block: &Block) -> Map<String, Value> {
    let mut to = Map::new();
    put(&mut to, "net", Some(block.net.to_string()));
    put(&mut to, "name", Some(block.name.as_str()));
    put(&mut to, "description", block.description.as_deref());
    of_network(&mut to, &block.network);
    put_tags(&mut to, &block.tags);
    put_properties(&mut to, &block.properties);
    to
}

fn to_block(change: &Change, from: &Fields) -> Option<Block> {
    let mut block = Block::new(change.block.clone()?, change.space.clone(), from.parsed("net")??);
    block.name = from.text("name")??;
    block.description = from.text("description")?;
    block.network = to_network(from)?;
    block.tags = from.tags()?;
    block.properties = from.properties()?;
    Some(block)
}

/// Adds a field, if there is a value.
fn put(to: &mut Map<String, Value>, name: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        to.insert(name.to_owned(), value.into());
    }
}

fn put_list(to: &mut Map<String, Value>, name: &str, items: impl Iterator<Item = String>) {
    let items: Vec<Value> = items.map(Value::String).collect();
    put(to, name, Some(items).filter(|items| !items.is_empty()));
}

/// Adds tags, as pairs: a key may occur with several values.
fn put_tags(to: &mut Map<String, Value>, tags: &Tags) {
    let pairs: Vec<Value> = tags.iter().map(|tag| json!([tag.key, tag.value])).collect();
    put(to, "tags", Some(pairs).filter(|pairs| !pairs.is_empty()));
}

fn put_properties(to: &mut Map<String, Value>, properties: &crate::Properties) {
    if !properties.is_empty() {
        to.insert("properties".to_owned(), json!(properties));
    }
}

/// Fields of a written state. The outer `Option` of each result is `None` for a value of another kind, the inner one
/// for a field that is missing.
struct Fields(Map<String, Value>);

impl Fields {
    fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    fn text(&self, name: &str) -> Option<Option<String>> {
        match self.0.get(name) {
            None | Some(Value::Null) => Some(None),
            Some(Value::String(text)) => Some(Some(text.clone())),
            Some(_) => None,
        }
    }

    fn parsed<T: std::str::FromStr>(&self, name: &str) -> Option<Option<T>> {
        match self.text(name)? {
            Some(text) => text.parse().ok().map(Some),
            None => Some(None),
        }
    }

    fn integer(&self, name: &str) -> Option<Option<i64>> {
        match self.0.get(name) {
            None | Some(Value::Null) => Some(None),
            Some(value) => value.as_i64().map(Some),
        }
    }

    fn time(&self, name: &str) -> Option<Option<SystemTime>> {
        match self.integer(name)? {
            Some(micros) => columns::from_micros(micros).map(Some),
            None => Some(None),
        }
    }

    fn list(&self, name: &str) -> Option<Vec<String>> {
        let Some(items) = self.0.get(name) else { return Some(Vec::new()) };
        items.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect()
    }

    fn parsed_list<T: std::str::FromStr>(&self, name: &str) -> Option<Vec<T>> {
        self.list(name)?.iter().map(|text| text.parse().ok()).collect()
    }

    fn tags(&self) -> Option<Tags> {
        let Some(pairs) = self.0.get("tags") else { return Some(Tags::new()) };
        let tag = |pair: &Value| match pair.as_array()?.as_slice() {
            [key, value] => Some(Tag { key: key.as_str()?.to_owned(), value: value.as_str()?.to_owned() }),
            _ => None,
        };
        pairs.as_array()?.iter().map(tag).collect()
    }

    fn properties(&self) -> Option<crate::Properties> {
        let Some(properties) = self.0.get("properties") else { return Some(crate::Properties::new()) };
        let text = |(name, value): (&String, &Value)| Some((name.clone(), value.as_str()?.to_owned()));
        properties.as_object()?.iter().map(text).collect()
    }
}
