//! Tables of ranges, blocks and allocations.

use ipam_core::net::IpSet;
use ipam_core::{Allocation, Block, Range, Tags};

use crate::output::{Table, or_dash};
use crate::times::show_time;

pub(crate) const RANGES: [&str; 14] = [
    "ID",
    "SPACE",
    "PREFIX",
    "ADDRESSES",
    "STATE",
    "GATEWAY",
    "DNS",
    "VLAN",
    "NAME",
    "+BLOCK",
    "+DOMAIN",
    "+RESERVED",
    "+TAGS",
    "+DESCRIPTION",
];

pub(crate) fn range(range: &Range) -> [String; 14] {
    [
        range.id.to_string(),
        range.space.to_string(),
        range.net.to_string(),
        range.addresses.to_string(),
        or_dash(never_allocates(range)),
        or_dash(range.network.gateway),
        list(&range.network.dns_servers),
        or_dash(range.network.vlan.as_ref().map(|vlan| vlan.number)),
        range.name.clone(),
        or_dash(range.block.as_ref()),
        or_dash(range.network.domain.as_ref()),
        list(&range.reserved),
        tags(&range.tags),
        or_dash(range.description.as_ref()),
    ]
}

pub(crate) fn ranges<'a>(ranges: impl IntoIterator<Item = &'a Range>) -> String {
    let mut table = Table::new(&RANGES);
    ranges.into_iter().for_each(|one| table.row(range(one)));
    table.render("no ranges")
}

/// Returns the reason for which a range allocates no address at all, if there is one.
fn never_allocates(range: &Range) -> Option<&'static str> {
    // Property that the phpIPAM provider sets for a subnet that is marked full.
    if range.properties.get("isFull").is_some_and(|full| matches!(full.as_str(), "1" | "true")) {
        return Some("marked full");
    }
    let mut kept: IpSet = range.reserved.iter().copied().collect();
    if let Some(gateway) = range.network.gateway {
        kept.insert(gateway);
    }
    kept.contains_range(&range.addresses).then_some("all reserved")
}

pub(crate) fn blocks<'a>(blocks: impl IntoIterator<Item = &'a Block>) -> String {
    let mut table = Table::new(&["ID", "SPACE", "PREFIX", "TAGS", "NAME", "+DESCRIPTION"]);
    for block in blocks {
        table.row([
            block.id.to_string(),
            block.space.to_string(),
            block.net.to_string(),
            tags(&block.tags),
            block.name.clone(),
            or_dash(block.description.as_ref()),
        ]);
    }
    table.render("no blocks")
}

pub(crate) const ALLOCATIONS: [&str; 14] = [
    "ADDRESS",
    "RANGE",
    "STATE",
    "OWNER",
    "HOST",
    "MAC",
    "EXPIRES",
    "KEY",
    "ID",
    "+SPACE",
    "+TAGS",
    "+DESCRIPTION",
    "+CREATED",
    "+UPDATED",
];

pub(crate) fn allocation(allocation: &Allocation) -> [String; 14] {
    let labels = &allocation.labels;
    [
        allocation.address.to_string(),
        allocation.range.to_string(),
        state(allocation),
        or_dash(allocation.owner.as_ref()),
        or_dash(labels.hostname.as_ref()),
        or_dash(labels.mac),
        or_dash(allocation.expires.map(show_time)),
        or_dash(allocation.key.as_ref()),
        allocation.id.to_string(),
        allocation.space.to_string(),
        tags(&labels.tags),
        or_dash(labels.description.as_ref()),
        or_dash(allocation.created.map(show_time)),
        or_dash(allocation.updated.map(show_time)),
    ]
}

pub(crate) fn allocations<'a>(allocations: impl IntoIterator<Item = &'a Allocation>, if_none: &str) -> String {
    let mut table = Table::new(&ALLOCATIONS);
    allocations.into_iter().for_each(|one| table.row(allocation(one)));
    table.render(if_none)
}

fn state(allocation: &Allocation) -> String {
    format!("{:?}", allocation.state).to_lowercase()
}

fn list<T: ToString>(items: &[T]) -> String {
    if items.is_empty() {
        return "-".to_owned();
    }
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

fn tags(tags: &Tags) -> String {
    list(&tags.iter().collect::<Vec<_>>())
}
