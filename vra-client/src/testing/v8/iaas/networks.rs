//! Fabric networks, in the plain form and in that of vSphere.

use std::net::IpAddr;

use serde_json::{Map, Value};

use crate::testing::v8::context::{Context, Reply, Result, copy};
use crate::testing::v8::query::Style;
use crate::testing::v8::refusal::{invalid, not_found};

/// Members that only the form of vSphere has.
const VSPHERE: [&str; 5] = ["domain", "defaultGateway", "defaultIpv6Gateway", "dnsServerAddresses", "dnsSearchDomains"];
const CHANGED: [&str; 10] = [
    "cidr",
    "ipv6Cidr",
    "domain",
    "defaultGateway",
    "defaultIpv6Gateway",
    "dnsServerAddresses",
    "dnsSearchDomains",
    "isDefault",
    "isPublic",
    "tags",
];

pub(super) fn route(call: &mut Context<'_>, method: &str, path: &[&str], vsphere: bool) -> Option<Result> {
    Some(match (method, path) {
        ("GET", []) => {
            let rows = call.store.networks.rows.iter().map(|row| shown(row, vsphere)).collect();
            Ok(Reply::Rows(rows, Style::Counted))
        }
        ("GET" | "PATCH", [id]) => match call.store.networks.get(id).cloned() {
            None => Err(not_found("Fabric network", id)),
            Some(row) if method == "GET" => Ok(Reply::Json(200, shown(&row, vsphere))),
            Some(row) => call.body().and_then(|body| change(call, id, row, &body, vsphere)),
        },
        _ => return None,
    })
}

fn shown(row: &Value, vsphere: bool) -> Value {
    let mut row = row.clone();
    if let Some(members) = row.as_object_mut().filter(|_| !vsphere) {
        for name in VSPHERE {
            members.shift_remove(name);
        }
    }
    row
}

fn change(call: &mut Context<'_>, id: &str, row: Value, body: &Map<String, Value>, vsphere: bool) -> Result {
    let mut row = row;
    // The plain form takes tags only, and ignores the rest.
    copy(&mut row, body, if vsphere { &CHANGED } else { &["tags"] });
    for (member, version) in [("cidr", 4), ("ipv6Cidr", 6)] {
        let Some(text) = row[member].as_str() else { continue };
        let Some(prefix) = prefix(text).filter(|(address, _)| address.is_ipv4() == (version == 4)) else {
            return Err(invalid(format!("The value {text} of {member} is not a prefix of IPv{version}.")));
        };
        let inside = |address: IpAddr| address.is_ipv4() != prefix.0.is_ipv4() || holds(prefix, address);
        let ranges = call.store.ranges.iter().filter(|range| range.networks.iter().any(|network| network == id));
        if let Some(out) = ranges.into_iter().find(|range| !inside(range.start) || !inside(range.end)) {
            return Err(invalid(format!("The IP range {} is not in {text}.", out.name)));
        }
    }
    call.store.networks.put(id, row.clone());
    Ok(Reply::Json(200, shown(&row, vsphere)))
}

/// Returns address and length of a prefix.
pub(super) fn prefix(text: &str) -> Option<(IpAddr, u32)> {
    let (address, length) = text.split_once('/')?;
    let (address, length) = (address.parse::<IpAddr>().ok()?, length.parse::<u32>().ok()?);
    (length <= if address.is_ipv4() { 32 } else { 128 }).then_some((address, length))
}

/// Returns true if an address of the same version lies in a prefix.
pub(super) fn holds((base, length): (IpAddr, u32), address: IpAddr) -> bool {
    let bits = |address: IpAddr| match address {
        IpAddr::V4(address) => u128::from(u32::from(address)) << 96,
        IpAddr::V6(address) => u128::from(address),
    };
    // A shift by all 128 bits would overflow; a prefix without length holds everything.
    base.is_ipv4() == address.is_ipv4() && (bits(base) ^ bits(address)).checked_shr(128 - length).unwrap_or(0) == 0
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn prefixes_hold_their_addresses() {
        let within = |text: &str, address: &str| holds(prefix(text).unwrap(), address.parse().unwrap());
        assert!(within("10.0.0.0/8", "10.255.255.255") && !within("10.0.0.0/8", "11.0.0.0"));
        assert!(within("0.0.0.0/0", "1.2.3.4") && !within("0.0.0.0/0", "::1"));
        assert!(within("2001:db8::/32", "2001:db8:ffff::1") && !within("2001:db8::/128", "2001:db8::1"));
        assert!(prefix("10.0.0.0/33").is_none() && prefix("10.0.0.0").is_none());
    }
}
