//! Zones of addresses.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};

use super::text::{Origin, record, relative};
use super::{Zone, ZoneSettings, Zones};
use crate::export::host_list::{Host, HostList};
use crate::net::{PrefixMap, reverse_name, reverse_zones, subnets, supernet};

/// Longest prefix of an IPv6 zone: hosts of one network are together, and links of a `/127` do not get a zone each.
const LONGEST_V6: u8 = 64;

/// Makes the reverse zones; each host of the list has a name with a domain. `only` is the prefix of the only zone.
pub(in crate::export) fn reverse(
    mut list: HostList,
    settings: &ZoneSettings,
    only: Option<IpNet>,
    origin: &Origin,
) -> Zones {
    let mut left_out = std::mem::take(&mut list.left_out);
    let mut prefixes: PrefixMap<()> = PrefixMap::new();
    // The zones first: which zone has an address depends on all of them.
    if let Some(net) = only {
        prefixes.insert(net, ());
    } else {
        for host in &list.hosts {
            let net = list.range_of(host).map_or_else(|| IpNet::from(host.address), |range| range.net);
            prefixes.insert(zone_of(host, net, settings.classless), ());
        }
    }
    let mut zones: BTreeMap<IpNet, Zone> = BTreeMap::new();
    for host in &list.hosts {
        // The longest: an address of a prefix below a delegation is in the delegated zone.
        let Some((net, ())) = prefixes.longest_match(host.address) else {
            left_out.add("outside of the zone");
            continue;
        };
        let zone = zones.entry(net).or_insert_with(|| empty(net, settings.zone.as_deref(), origin));
        let name = reverse_name(host.address);
        let label = match net {
            // `70.2.0.192.in-addr.arpa` is `70` in the zone `64/26.2.0.192.in-addr.arpa`.
            IpNet::V4(net) if is_classless(net) => name.split('.').next().unwrap_or(&name),
            _ => relative(&name, &zone.name),
        };
        let full = list.full_name(host).unwrap_or_default();
        record(&mut zone.text, label, "PTR", &format!("{full}."));
        zone.records += 1;
    }
    if settings.classless && only.is_none() {
        delegate(&mut zones, &prefixes, origin);
    }
    Zones { zones: zones.into_values().collect(), left_out: left_out.into_vec() }
}

/// Makes a zone without records. The only zone keeps the name it was given: RFC 2317 leaves the choice of the names.
fn empty(net: IpNet, given: Option<&str>, origin: &Origin) -> Zone {
    let given = given.map(|name| name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase());
    let name = given.unwrap_or_else(|| reverse_zones(net).next().unwrap_or_default());
    Zone { records: 0, text: origin.start(&name), name }
}

/// Returns the prefix of the zone of an address in a range with the prefix `net`.
fn zone_of(host: &Host, net: IpNet, classless: bool) -> IpNet {
    let len = match net {
        IpNet::V4(net) if classless && is_classless(net) => return IpNet::V4(net.trunc()),
        // Not `in-addr.arpa` itself for a range of all addresses: the root servers' operators have that.
        IpNet::V4(net) => net.prefix_len().next_multiple_of(8).clamp(8, 24),
        IpNet::V6(net) => net.prefix_len().next_multiple_of(4).clamp(4, LONGEST_V6),
    };
    let address = IpNet::from(host.address);
    // A length below that of an address has a supernet.
    supernet(address, len).unwrap_or(address)
}

/// Returns true if a prefix has a zone by RFC 2317. A `/32` has none: its zone would be its PTR record.
fn is_classless(net: Ipv4Net) -> bool {
    (25..32).contains(&net.prefix_len())
}

/// Adds to the zone of each `/24` the NS records of the classless zones in it, and a CNAME record for each of their
/// addresses (RFC 2317, section 4).
fn delegate(zones: &mut BTreeMap<IpNet, Zone>, prefixes: &PrefixMap<()>, origin: &Origin) {
    let classless = |net: IpNet| matches!(net, IpNet::V4(net) if is_classless(net));
    let children: Vec<IpNet> = zones.keys().copied().filter(|net| classless(*net)).collect();
    let mut parents: BTreeMap<IpNet, Vec<IpNet>> = BTreeMap::new();
    for child in children {
        if let Ok(parent) = supernet(child, 24) {
            parents.entry(parent).or_default().push(child);
        }
    }
    for (parent, children) in parents {
        let zone = zones.entry(parent).or_insert_with(|| empty(parent, None, origin));
        for child in children {
            let name = reverse_zones(child).next().unwrap_or_default();
            for server in &origin.servers {
                record(&mut zone.text, relative(&name, &zone.name), "NS", &format!("{server}."));
            }
        }
        for address in subnets(parent, 32).into_iter().flatten().map(|net| net.addr()) {
            // By the longest zone, so that an address of two nested ones has one CNAME.
            let Some((net, ())) = prefixes.longest_match(address).filter(|(net, ())| classless(*net)) else { continue };
            let IpAddr::V4(v4) = address else { continue };
            let [.., last] = v4.octets();
            let child = reverse_zones(net).next().unwrap_or_default();
            record(&mut zone.text, &last.to_string(), "CNAME", &format!("{last}.{child}."));
        }
    }
}
