//! A network profile with its addresses.

use std::net::Ipv4Addr;
use std::time::{Duration, SystemTime};

use serde_json::{Map, Value, json};

use super::endpoint_range;
use crate::testing::clock::millis;
use crate::testing::v7::context::required;
use crate::testing::v7::refusal::{Refusal, invalid};
use crate::testing::v7::store::{Store, uuid_of};

/// How long an address rests after its machine is gone.
const REST: Duration = Duration::from_secs(30 * 60);

/// A network profile.
#[derive(Debug)]
pub(in crate::testing::v7) struct Profile {
    pub(in crate::testing::v7) id: String,
    /// What is shown beside id, dates and ranges.
    members: Map<String, Value>,
    ranges: Vec<Range>,
    created: SystemTime,
    changed: SystemTime,
}

#[derive(Debug)]
struct Range {
    id: String,
    name: String,
    description: Value,
    external_id: Value,
    begin: Ipv4Addr,
    end: Ipv4Addr,
    created: SystemTime,
    addresses: Vec<Address>,
}

#[derive(Debug, Clone)]
struct Address {
    ip: Ipv4Addr,
    state: State,
    machine: Option<(String, String)>,
    changed: SystemTime,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Unallocated,
    Allocated,
    Destroyed,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Unallocated => "UNALLOCATED",
            Self::Allocated => "ALLOCATED",
            Self::Destroyed => "DESTROYED",
        }
    }

    /// 0 and 1 are assembled samples' numbers; the other is a guess.
    fn number(self) -> i64 {
        match self {
            Self::Unallocated => 0,
            Self::Allocated => 1,
            Self::Destroyed => 2,
        }
    }
}

/// The members of a kind beside the common ones.
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
    /// A profile as it was sent. The server makes the addresses of the ranges.
    pub(in crate::testing::v7) fn read(
        store: &mut Store,
        id: String,
        body: &Map<String, Value>,
        now: SystemTime,
    ) -> Result<Self, Refusal> {
        required(body, "name")?;
        let kind = body.get("profileType").and_then(Value::as_str).unwrap_or("EXTERNAL").to_owned();
        let own = members_of(&kind).ok_or_else(|| invalid(format!("The profile type {kind} does not exist.")))?;
        // An IPAM endpoint knows the mask.
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
            Some(_) => return Err(invalid("The field definedRanges is no list.")),
        };
        Ok(Self { id, members, ranges, created: now, changed: now })
    }

    /// Takes over what a change leaves alone. A server of 6.2 forgets who has an address that was not sent along.
    pub(super) fn keep(&mut self, old: &Self, sent: &Map<String, Value>, forgets: bool) {
        self.created = old.created;
        let sent_ranges = sent.get("definedRanges").and_then(Value::as_array).cloned().unwrap_or_default();
        for (range, sent) in self.ranges.iter_mut().zip(&sent_ranges) {
            let Some(before) = old.ranges.iter().find(|before| before.id == range.id) else { continue };
            range.created = before.created;
            let has_addresses = sent.get("definedAddresses").is_some_and(Value::is_array);
            if forgets && !has_addresses {
                continue;
            }
            for address in &mut range.addresses {
                if let Some(known) = before.addresses.iter().find(|known| known.ip == address.ip) {
                    *address = known.clone();
                }
            }
        }
    }

    pub(in crate::testing::v7) fn name(&self) -> &str {
        self.members.get("name").and_then(Value::as_str).unwrap_or_default()
    }

    /// The first free address, for a machine.
    pub(in crate::testing::v7) fn take(&mut self, machine: &str, name: &str) -> Option<Ipv4Addr> {
        let mut addresses = self.ranges.iter_mut().flat_map(|range| &mut range.addresses);
        let free = addresses.find(|address| address.state == State::Unallocated)?;
        free.state = State::Allocated;
        free.machine = Some((machine.to_owned(), name.to_owned()));
        Some(free.ip)
    }

    /// The machine is gone: its address rests.
    pub(in crate::testing::v7) fn destroy(&mut self, machine: &str, now: SystemTime) {
        for address in self.ranges.iter_mut().flat_map(|range| &mut range.addresses) {
            if address.state == State::Allocated && address.machine.as_ref().is_some_and(|(id, _)| id == machine) {
                address.state = State::Destroyed;
                address.changed = now;
            }
        }
    }

    pub(super) fn reclaim(&mut self, now: SystemTime) {
        for address in self.ranges.iter_mut().flat_map(|range| &mut range.addresses) {
            let rested = now.duration_since(address.changed).is_ok_and(|rest| rest >= REST);
            if address.state == State::Destroyed && rested {
                address.state = State::Unallocated;
                address.machine = None;
                address.changed = now;
            }
        }
    }

    /// The addresses that a machine has.
    pub(in crate::testing::v7) fn in_use(&self) -> impl Iterator<Item = Ipv4Addr> {
        let addresses = self.ranges.iter().flat_map(|range| &range.addresses);
        addresses.filter(|address| address.state == State::Allocated).map(|address| address.ip)
    }

    fn shown(&self, ranges: Value) -> Value {
        let kind = match self.members.get("profileType").and_then(Value::as_str) {
            Some("NAT") => "NATNetworkProfile",
            Some("ROUTED") => "RoutedNetworkProfile",
            Some("PRIVATE") => "PrivateNetworkProfile",
            _ => "ExternalNetworkProfile",
        };
        let member = |name: &str| self.members.get(name).cloned().unwrap_or_default();
        let mut row = json!({
            "@type": kind, "id": self.id, "name": member("name"), "description": member("description"),
            "createdDate": millis(self.created), "lastModifiedDate": millis(self.changed),
            "isHidden": member("isHidden"), "definedRanges": ranges, "definedAddresses": null,
            "reclaimedAddresses": null,
        });
        for (name, value) in &self.members {
            row[name.as_str()] = value.clone();
        }
        row
    }

    /// A row of a list.
    pub(super) fn summary(&self) -> Value {
        self.shown(Value::Null)
    }

    /// All of it.
    pub(super) fn row(&self) -> Value {
        let ranges: Vec<Value> = self
            .ranges
            .iter()
            .map(|range| {
                let mut row = range.row();
                row["definedAddresses"] = range.addresses.iter().map(|address| self.address(range, address)).collect();
                row
            })
            .collect();
        self.shown(ranges.into())
    }

    pub(super) fn addresses(&self) -> Vec<Value> {
        let all = self.ranges.iter().flat_map(|range| range.addresses.iter().map(move |address| (range, address)));
        all.map(|(range, address)| self.address(range, address)).collect()
    }

    pub(super) fn range_summaries(&self) -> Vec<Value> {
        self.ranges
            .iter()
            .map(|range| {
                let count = |state| range.addresses.iter().filter(|address| address.state == state).count();
                let mut row = range.row();
                for (name, count) in [
                    ("totalAddresses", range.addresses.len()),
                    ("allocatedAddresses", count(State::Allocated)),
                    ("unallocatedAddresses", count(State::Unallocated)),
                    ("destroyedAddresses", count(State::Destroyed)),
                    ("expiredAddresses", 0),
                ] {
                    row[name] = count.into();
                }
                row
            })
            .collect()
    }

    fn address(&self, range: &Range, address: &Address) -> Value {
        let (machine, name) = address.machine.clone().unzip();
        let suffix = self.members.get("dnsSuffix").and_then(Value::as_str).unwrap_or_default();
        let host = name.as_ref().map(|name| format!("{name}.{suffix}").trim_end_matches('.').to_owned());
        json!({
            "id": uuid_of(&format!("{} {}", range.id, address.ip)),
            "name": null,
            "description": null,
            "networkProfileId": self.id,
            "staticIPv4RangeId": range.id,
            "virtualMachineId": machine,
            "virtualMachineName": name,
            "hostName": host,
            "IPv4Address": address.ip.to_string(),
            "IPSortValue": address.ip.to_bits(),
            "state": address.state.word(),
            "stateValue": address.state.number(),
            "networkInterfaceCardOffset": address.machine.as_ref().map(|_| 0),
            "externalReferenceId": null,
            "externalReferenceName": null,
            "createdDate": millis(range.created),
            "lastModifiedDate": millis(address.changed),
        })
    }
}

impl Range {
    fn read(store: &mut Store, row: &Value, now: SystemTime) -> Result<Self, Refusal> {
        let members = row.as_object().ok_or_else(|| invalid("A range is no object."))?;
        let name = required(members, "name")?;
        let external_id = members.get("externalId").cloned().unwrap_or_default();
        let (begin, end) = match external_id.as_str() {
            Some(external) => {
                let range = endpoint_range(store, external)
                    .ok_or_else(|| invalid(format!("The IPAM endpoint has no range {external}.")))?;
                (address(&range["begin"], "begin")?, address(&range["end"], "end")?)
            }
            None => {
                let bound = |name: &str| address(members.get(name).unwrap_or(&Value::Null), name);
                (bound("beginIPv4Address")?, bound("endIPv4Address")?)
            }
        };
        let size = u64::from(end.to_bits()).checked_sub(u64::from(begin.to_bits())).map(|size| size + 1);
        let Some(size) = size.filter(|size| *size <= 65_536) else {
            return Err(invalid(format!("The range {begin} to {end} has no address, or more than 65536.")));
        };
        let id = match members.get("id").and_then(Value::as_str) {
            Some(id) => id.to_owned(),
            None => store.id(),
        };
        let free = |ip: u32| Address { ip: ip.into(), state: State::Unallocated, machine: None, changed: now };
        let addresses: Vec<Address> = (begin.to_bits()..=end.to_bits()).map(free).collect();
        debug_assert_eq!(addresses.len() as u64, size);
        let description = members.get("description").cloned().unwrap_or_default();
        Ok(Self { id, name, description, external_id, begin, end, created: now, addresses })
    }

    fn row(&self) -> Value {
        json!({
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "beginIPv4Address": self.begin.to_string(),
            "endIPv4Address": self.end.to_string(),
            // The state is that of a range which is given out whole, to a routed network.
            "state": "UNALLOCATED",
            "externalId": self.external_id,
            "createdDate": millis(self.created),
            "lastModifiedDate": millis(self.created),
        })
    }
}

fn address(value: &Value, name: &str) -> Result<Ipv4Addr, Refusal> {
    let text = value.as_str().unwrap_or_default();
    text.trim().parse().map_err(|_| invalid(format!("The value {value} of {name} is no IPv4 address.")))
}
