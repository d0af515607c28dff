//! Network profiles as clients send them.

use std::net::Ipv4Addr;
use std::time::SystemTime;

use serde_json::{Map, Value};

use crate::testing::v7::context::required;
use crate::testing::v7::refusal::{Refusal, invalid};
use crate::testing::v7::rows::{Address, Profile, Range, State};
use crate::testing::v7::store::Store;

/// Returns the members of a kind of profile beside the common ones.
fn members_of(kind: &str) -> Option<&'static [&'static str]> {
    Some(match kind {
        "EXTERNAL" => &["subnetMask", "gatewayAddress"],
        "NAT" => &[
            "subnetMask",
            "gatewayAddress",
            "natType",
            "dhcpConfig",
            "externalNetworkProfileId",
            "externalNetworkProfileName",
        ],
        "ROUTED" => &[
            "subnetMask",
            "rangeSubnetMask",
            "baseIP",
            "externalNetworkProfileId",
            "externalNetworkProfileName",
            "addressGroupId",
            "dlrEdgeId",
        ],
        // A kind of 6.2. Nothing tells how 7.x refuses it, so every release takes it here.
        "PRIVATE" => &["subnetMask", "gatewayAddress", "dhcpConfig"],
        _ => return None,
    })
}

const NAMES: &[&str] = &[
    "primaryDnsAddress",
    "secondaryDnsAddress",
    "dnsSuffix",
    "dnsSearchSuffix",
    "primaryWinsAddress",
    "secondaryWinsAddress",
];

impl Profile {
    /// Reads a profile and creates the addresses of its ranges, or returns error 10101.
    pub(in crate::testing::v7) fn read(
        store: &mut Store,
        id: String,
        body: &Map<String, Value>,
        now: SystemTime,
    ) -> Result<Self, Refusal> {
        required(body, "name")?;
        let kind = body.get("profileType").and_then(Value::as_str).unwrap_or("EXTERNAL").to_owned();
        let own = members_of(&kind).ok_or_else(|| invalid(format!("The profile type {kind} does not exist.")))?;
        // A profile of an IPAM endpoint gets its mask from there.
        if body.get("IPAMEndpointId").is_none_or(Value::is_null) {
            required(body, "subnetMask")?;
        }
        let value = |name: &str| body.get(name).cloned().unwrap_or_default();
        let mut members = Map::new();
        members.insert("isHidden".into(), body.get("isHidden").cloned().unwrap_or(false.into()));
        for name in ["name", "description", "IPAMEndpointId", "IPAMEndpointName", "addressSpaceExternalId"] {
            members.insert(name.into(), value(name));
        }
        members.insert("profileType".into(), kind.into());
        for name in own.iter().chain(NAMES) {
            members.insert((*name).into(), value(name));
        }
        let ranges = match body.get("definedRanges") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(rows)) => {
                let mut ranges = Vec::with_capacity(rows.len());
                for row in rows {
                    ranges.push(Range::read(store, row, now)?);
                }
                ranges
            }
            Some(_) => return Err(invalid("The field definedRanges is not a list.")),
        };
        Ok(Self { id, members, ranges, created: now, changed: now })
    }
}

impl Range {
    /// Reads a range and creates its addresses, or returns error 10101.
    fn read(store: &mut Store, row: &Value, now: SystemTime) -> Result<Self, Refusal> {
        let members = row.as_object().ok_or_else(|| invalid("A range is not an object."))?;
        let name = required(members, "name")?;
        let external_id = members.get("externalId").cloned().unwrap_or_default();
        // A range of an IPAM endpoint has its bounds there; a client sends the id alone.
        let (begin, end) = match external_id.as_str() {
            Some(external) => {
                let range = store
                    .endpoint_range(external)
                    .ok_or_else(|| invalid(format!("The IPAM endpoint has no range {external}.")))?;
                (address(&range["begin"], "begin")?, address(&range["end"], "end")?)
            }
            None => {
                let bound = |name: &str| address(members.get(name).unwrap_or(&Value::Null), name);
                (bound("beginIPv4Address")?, bound("endIPv4Address")?)
            }
        };
        // The limit keeps a typing error in a test, such as 10.0.0.0 to 11.0.0.0, from filling the memory.
        let size = u64::from(end.to_bits()).checked_sub(u64::from(begin.to_bits())).map(|size| size + 1);
        let Some(size) = size.filter(|size| *size <= 65_536) else {
            return Err(invalid(format!("The range {begin} to {end} has no address, or more than 65536.")));
        };
        // An update sends the ids that were read, which is how ranges keep their addresses.
        let id = match members.get("id").and_then(Value::as_str) {
            Some(id) => id.to_owned(),
            None => store.id(),
        };
        // Clients send no addresses on creation; the server computes them from the bounds.
        let free = |ip: u32| Address { ip: ip.into(), state: State::Unallocated, machine: None, changed: now };
        let addresses: Vec<Address> = (begin.to_bits()..=end.to_bits()).map(free).collect();
        debug_assert_eq!(addresses.len() as u64, size);
        let description = members.get("description").cloned().unwrap_or_default();
        Ok(Self { id, name, description, external_id, begin, end, created: now, addresses })
    }
}

/// Reads an address, or returns error 10101.
fn address(value: &Value, name: &str) -> Result<Ipv4Addr, Refusal> {
    let text = value.as_str().unwrap_or_default();
    text.trim().parse().map_err(|_| invalid(format!("The value {value} of {name} is not an IPv4 address.")))
}
