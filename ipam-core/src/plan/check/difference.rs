//! Differences between a row and what the provider has under its id.

use crate::net::{IpRange, IpSet};
use crate::plan::rows::PlannedAllocation;
use crate::{Allocation, Block, DefineBlock, DefineRange, Range};

// A provider stores the id where a definition has no name; compared as it is written, every such row would differ.
fn name_or_id<'a>(name: &'a str, id: &'a str) -> &'a str {
    if name.is_empty() { id } else { name }
}

/// Returns the names of the fields that differ.
fn named(fields: &[(&'static str, bool)]) -> Vec<&'static str> {
    fields.iter().filter(|(_, differs)| *differs).map(|(name, _)| *name).collect()
}

pub(super) fn of_block(row: &DefineBlock, block: &Block) -> Vec<&'static str> {
    named(&[
        ("space", row.space != block.space),
        ("net", row.net != block.net),
        ("name", name_or_id(&row.name, row.id.as_str()) != block.name),
        ("description", row.description != block.description),
        ("network", row.network != block.network),
        ("tags", row.tags != block.tags),
        ("properties", row.properties != block.properties),
    ])
}

pub(super) fn of_range(row: &DefineRange, range: &Range) -> Vec<&'static str> {
    named(&[
        ("space", row.space != range.space),
        ("net", row.net != range.net),
        // Resolved, because a provider stores the addresses and not the host policy.
        ("addresses", row.resolved_addresses() != range.addresses),
        ("name", name_or_id(&row.name, row.id.as_str()) != range.name),
        ("description", row.description != range.description),
        ("gateway", row.network.gateway != range.network.gateway),
        ("dns_servers", row.network.dns_servers != range.network.dns_servers),
        ("search_domains", row.network.search_domains != range.network.search_domains),
        ("domain", row.network.domain != range.network.domain),
        ("vlan", row.network.vlan != range.network.vlan),
        ("reserved", as_set(&row.reserved) != as_set(&range.reserved)),
        ("policy", row.policy != range.policy),
        ("tags", row.tags != range.tags),
        ("properties", row.properties != range.properties),
    ])
}

pub(super) fn of_allocation(row: &PlannedAllocation, allocation: &Allocation) -> Vec<&'static str> {
    named(&[
        ("key", allocation.key.as_ref() != Some(&row.key)),
        ("owner", allocation.owner.as_ref() != Some(&row.owner)),
        ("hostname", allocation.labels.hostname != row.labels.hostname),
        ("description", allocation.labels.description != row.labels.description),
        ("mac", allocation.labels.mac != row.labels.mac),
        ("tags", allocation.labels.tags != row.labels.tags),
    ])
}

/// Converts reserved addresses to a set, so that two lists of the same addresses are equal.
fn as_set(reserved: &[IpRange]) -> IpSet {
    // As a set, because the same addresses can be reserved by one entry or by several.
    reserved.iter().copied().collect()
}

/// Returns the range that a row would become.
pub(super) fn as_range(row: &DefineRange) -> Range {
    let mut range = Range::new(row.id.clone(), row.space.clone(), row.net, row.resolved_addresses());
    range.network = row.network.clone();
    range.reserved = row.reserved.clone();
    range
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn reservations_are_compared_as_sets() {
        let read = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<IpRange>>();
        let one = read(&["10.0.0.8/29", "10.0.0.4", "10.0.0.5", "10.0.0.6-10.0.0.9", "2001:db8::1"]);
        assert_eq!(as_set(&one), as_set(&read(&["10.0.0.4-10.0.0.15", "2001:db8::1"])));
        assert_ne!(as_set(&one), as_set(&read(&["10.0.0.4-10.0.0.14", "2001:db8::1"])));
    }
}
