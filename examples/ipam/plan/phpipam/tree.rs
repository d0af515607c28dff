//! Which subnets contain others, and runs of addresses.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipam_core::net::IpRange;

use super::rows::SubnetRow;
use crate::plan::Row;

/// Puts a subnet without a VRF into the one of the subnet around it.
///
/// phpIPAM leaves the VRF out of subnets that it creates inside another by itself. `masterSubnetId` is believed only
/// where the prefixes agree, since it is not validated when it is changed.
pub(super) fn inherit_vrf(subnets: &mut [Row<SubnetRow>], by_id: &BTreeMap<String, usize>) -> Vec<Row<String>> {
    // Larger prefixes first, so that what a parent inherited is there for its children.
    let mut order: Vec<usize> = (0..subnets.len()).collect();
    order.sort_by_key(|index| subnets.get(*index).map(|row| row.item.net.prefix_len()));
    let mut notes = Vec::new();
    for index in order {
        let Some(row) = subnets.get(index).filter(|row| row.item.vrf.is_none()) else { continue };
        let parent = row.item.parent.and_then(|id| by_id.get(&id.to_string())).and_then(|parent| subnets.get(*parent));
        let vrf = parent.filter(|parent| parent.item.net.contains(&row.item.net)).and_then(|parent| parent.item.vrf);
        if let (Some(vrf), Some(row)) = (vrf, subnets.get_mut(index)) {
            row.item.vrf = Some(vrf);
            notes.push(Row::new(&row.at, format!("{} has no VRF; it goes to VRF {vrf} with its parent", row.item.net)));
        }
    }
    notes
}

/// For each subnet, whether another of its space lies inside it.
///
/// Asked of the prefixes, not of `masterSubnetId`, which may name a folder or a subnet that is gone.
pub(super) fn contains_another(subnets: &[Row<SubnetRow>]) -> Vec<bool> {
    let mut order: Vec<usize> = (0..subnets.len()).collect();
    let key = |index: &usize| {
        subnets.get(*index).map(|row| (row.item.space(), row.item.net.network(), row.item.net.prefix_len()))
    };
    order.sort_by_key(key);
    let mut parents = vec![false; subnets.len()];
    // In this order whatever lies inside a prefix follows it, so the first one after it that is smaller decides.
    for (place, index) in order.iter().enumerate() {
        let Some(outer) = subnets.get(*index) else { continue };
        let next = order
            .iter()
            .skip(place + 1)
            .filter_map(|next| subnets.get(*next))
            .find(|row| row.item.net != outer.item.net);
        let inside =
            next.is_some_and(|row| row.item.space() == outer.item.space() && outer.item.net.contains(&row.item.net));
        if let Some(parent) = parents.get_mut(*index) {
            *parent = inside;
        }
    }
    parents
}

/// The fewest ranges that hold exactly these addresses.
pub(super) fn merge(addresses: &BTreeSet<IpAddr>) -> Vec<IpRange> {
    let mut ranges: Vec<IpRange> = Vec::new();
    for ip in addresses {
        let joined = ranges
            .last()
            .filter(|last| next(last.last()) == Some(*ip))
            .and_then(|last| IpRange::new(last.first(), *ip).ok());
        match (joined, ranges.last_mut()) {
            (Some(joined), Some(last)) => *last = joined,
            _ => ranges.push(IpRange::from(*ip)),
        }
    }
    ranges
}

/// What of `whole` is not among these addresses.
pub(super) fn gaps(whole: IpRange, used: &BTreeSet<IpAddr>) -> Vec<IpRange> {
    let mut gaps = Vec::new();
    let mut from = Some(whole.first());
    for ip in used.iter().filter(|ip| whole.contains(**ip)) {
        let before = from.zip(previous(*ip)).and_then(|(first, last)| IpRange::new(first, last).ok());
        gaps.extend(before);
        from = next(*ip);
    }
    gaps.extend(from.and_then(|first| IpRange::new(first, whole.last()).ok()));
    gaps
}

fn next(ip: IpAddr) -> Option<IpAddr> {
    match ip {
        IpAddr::V4(ip) => ip.to_bits().checked_add(1).map(|bits| IpAddr::V4(bits.into())),
        IpAddr::V6(ip) => ip.to_bits().checked_add(1).map(|bits| IpAddr::V6(bits.into())),
    }
}

fn previous(ip: IpAddr) -> Option<IpAddr> {
    match ip {
        IpAddr::V4(ip) => ip.to_bits().checked_sub(1).map(|bits| IpAddr::V4(bits.into())),
        IpAddr::V6(ip) => ip.to_bits().checked_sub(1).map(|bits| IpAddr::V6(bits.into())),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn set(addresses: &[&str]) -> BTreeSet<IpAddr> {
        addresses.iter().map(|ip| ip.parse().unwrap()).collect()
    }

    fn show(ranges: &[IpRange]) -> Vec<String> {
        ranges.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn runs_are_merged_and_gaps_found() {
        let used = set(&["10.0.0.4", "10.0.0.5", "10.0.0.6", "10.0.0.9", "2001:db8::"]);
        assert_eq!(show(&merge(&used)), ["10.0.0.4-10.0.0.6", "10.0.0.9", "2001:db8::"]);
        let whole: IpRange = "10.0.0.1-10.0.0.9".parse().unwrap();
        assert_eq!(show(&gaps(whole, &used)), ["10.0.0.1-10.0.0.3", "10.0.0.7-10.0.0.8"]);
        assert_eq!(show(&gaps(whole, &set(&[]))), ["10.0.0.1-10.0.0.9"]);
        let top: IpRange = "255.255.255.254-255.255.255.255".parse().unwrap();
        assert_eq!(show(&gaps(top, &set(&["255.255.255.255"]))), ["255.255.255.254"]);
        assert!(gaps(top, &set(&["255.255.255.254", "255.255.255.255"])).is_empty());
    }
}
