//! Whether the store has what a row says.

use ipam_core::net::IpRange;
use ipam_core::{Allocation, Block, DefineBlock, DefineRange, Range};

use crate::plan::PlannedAddress;

fn name_or_id<'a>(name: &'a str, id: &'a str) -> &'a str {
    if name.is_empty() { id } else { name }
}

/// The fields that are worth a word, and whether they differ.
fn named(fields: &[(&'static str, bool)]) -> Vec<&'static str> {
    fields.iter().filter(|(_, differs)| *differs).map(|(name, _)| *name).collect()
}

pub(super) fn block_differences(row: &DefineBlock, block: &Block) -> Vec<&'static str> {
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

pub(super) fn range_differences(row: &DefineRange, range: &Range) -> Vec<&'static str> {
    named(&[
        ("space", row.space != range.space),
        ("net", row.net != range.net),
        ("addresses", row.resolved_addresses() != range.addresses),
        ("name", name_or_id(&row.name, row.id.as_str()) != range.name),
        ("description", row.description != range.description),
        ("gateway", row.network.gateway != range.network.gateway),
        ("dns_servers", row.network.dns_servers != range.network.dns_servers),
        ("search_domains", row.network.search_domains != range.network.search_domains),
        ("domain", row.network.domain != range.network.domain),
        ("vlan", row.network.vlan != range.network.vlan),
        ("reserved", normal(&row.reserved) != normal(&range.reserved)),
        ("policy", row.policy != range.policy),
        ("tags", row.tags != range.tags),
        ("properties", row.properties != range.properties),
    ])
}

pub(super) fn address_differences(row: &PlannedAddress, allocation: &Allocation) -> Vec<&'static str> {
    named(&[
        ("key", allocation.key.as_ref() != Some(&row.key)),
        ("owner", allocation.owner.as_ref() != Some(&row.owner)),
        ("hostname", allocation.labels.hostname != row.labels.hostname),
        ("description", allocation.labels.description != row.labels.description),
        ("mac", allocation.labels.mac != row.labels.mac),
        ("tags", allocation.labels.tags != row.labels.tags),
    ])
}

/// Reservations as a set: sorted, with what overlaps or touches joined through its prefixes.
fn normal(reserved: &[IpRange]) -> Vec<IpRange> {
    let mut sorted = reserved.to_vec();
    sorted.sort();
    let mut joined: Vec<IpRange> = Vec::new();
    for range in sorted {
        let touching = joined.last_mut().filter(|last| {
            last.overlaps(&range)
                || IpRange::new(last.first(), range.last()).is_ok_and(|both| {
                    both.size().zip(last.size().zip(range.size())).is_some_and(|(both, (a, b))| both == a + b)
                })
        });
        match touching {
            Some(last) => {
                let end = last.last().max(range.last());
                if let Ok(both) = IpRange::new(last.first(), end) {
                    *last = both;
                }
            }
            None => joined.push(range),
        }
    }
    joined
}

/// The range that a row would become.
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
        assert_eq!(normal(&one), read(&["10.0.0.4-10.0.0.15", "2001:db8::1"]));
        assert_ne!(normal(&one), normal(&read(&["10.0.0.4-10.0.0.14", "2001:db8::1"])));
    }
}
