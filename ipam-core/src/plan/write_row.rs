//! Writer of rows: from a block, a range or an allocation to the texts of its fields.

use std::collections::BTreeMap;
use std::fmt::Display;

use super::duration::format_duration;
use super::fields::{ORDERS, Record};
use super::rows::{AddressPlan, PlannedAllocation, RowKind};
use crate::net::HostPolicy;
use crate::{DefineBlock, DefineRange, NetworkInfo, Order, Properties};

/// Returns the rows of a plan as they are written.
pub(super) fn from_plan(plan: &AddressPlan) -> Vec<Record> {
    let blocks = plan.blocks.iter().map(|row| write_block(&row.item));
    let ranges = plan.ranges.iter().map(|row| write_range(&row.item));
    let allocations = plan.allocations.iter().map(|row| write_allocation(&row.item));
    blocks.chain(ranges).chain(allocations).collect()
}

/// Collector of the fields of a row. It leaves out empty fields.
struct Writer(Record);

impl Writer {
    fn new(kind: RowKind) -> Self {
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
    let row = Writer::new(RowKind::Block)
        .one("id", Some(&item.id))
        // Always written: a reader with another default would otherwise put the block elsewhere.
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
    let quarantine = Some(item.policy.quarantine).filter(|quarantine| !quarantine.is_zero());
    let row = Writer::new(RowKind::Range)
        .one("id", Some(&item.id))
        .one("space", Some(&item.space))
        .one("net", Some(item.net))
        .one("name", Some(&item.name))
        .one("description", item.description.as_ref())
        .one("addresses", item.addresses)
        .one("hosts", (item.hosts == HostPolicy::All).then_some("all"))
        .many("reserved", &item.reserved)
        .one("order", order.map(|(name, _)| *name))
        .one("quarantine", quarantine.map(format_duration))
        .network(&item.network)
        .many("tags", &item.tags)
        .properties(&item.properties);
    row.0
}

fn write_allocation(item: &PlannedAllocation) -> Record {
    let row = Writer::new(RowKind::Allocation)
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
