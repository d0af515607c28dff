//! Zones of host names.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::text::{Origin, parent, record, relative};
use super::{Zone, Zones};
use crate::export::host_list::HostList;

/// Makes the zones of the names; each host of the list has a name with a domain. `only` is the name of the
/// only zone.
pub(in crate::export) fn forward(mut list: HostList, only: Option<&str>, origin: &Origin) -> Zones {
    // Lower case throughout: names of DNS are equal in any case.
    let domains: BTreeSet<String> = match only {
        Some(zone) => BTreeSet::from([zone.to_owned()]),
        None => {
            let of_ranges = list.ranges.iter().filter_map(|range| range.domain.as_deref());
            of_ranges.chain(list.domain.as_deref()).map(str::to_ascii_lowercase).collect()
        }
    };
    let mut left_out = std::mem::take(&mut list.left_out);
    // By reversed name, so that a domain and those below it are together.
    let mut zones: BTreeMap<String, Zone> = BTreeMap::new();
    for host in &list.hosts {
        let Some(full) = list.full_name(host) else { continue };
        let lower = full.to_ascii_lowercase();
        let zone = match longest(&lower, &domains) {
            Some(zone) => zone,
            None if only.is_some() => {
                left_out.add("with a name outside of the zone");
                continue;
            }
            None => parent(&lower),
        };
        let key = || zone.split('.').rev().collect::<Vec<_>>().join(".");
        let zone =
            zones.entry(key()).or_insert_with(|| Zone { name: zone.to_owned(), records: 0, text: origin.start(zone) });
        let kind = match host.address {
            IpAddr::V4(_) => "A",
            IpAddr::V6(_) => "AAAA",
        };
        record(&mut zone.text, relative(&full, &zone.name), kind, &host.address.to_string());
        zone.records += 1;
    }
    Zones { zones: zones.into_values().collect(), left_out: left_out.into_vec() }
}

/// Returns the longest domain that the name is in or equal to.
fn longest<'n>(name: &'n str, domains: &BTreeSet<String>) -> Option<&'n str> {
    // Few labels, so that trying each suffix is cheaper than an index of domains.
    let mut rest = Some(name);
    while let Some(domain) = rest {
        if domains.contains(domain) {
            return Some(domain);
        }
        rest = domain.split_once('.').map(|(_, parent)| parent);
    }
    None
}
