//! Network profiles in the forms of the responses.

use serde_json::{Value, json};

use crate::testing::clock::millis;
use crate::testing::id::uuid_of;
use crate::testing::v7::rows::{Address, Profile, Range, State};

impl Profile {
    /// Returns the profile with these ranges.
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
        // The members of the kind come after the common ones, in the order of the documented objects.
        for (name, value) in &self.members {
            row[name.as_str()] = value.clone();
        }
        row
    }

    /// Returns the row of a list.
    pub(super) fn summary(&self) -> Value {
        self.shown(Value::Null)
    }

    /// Returns the whole profile, with ranges and addresses.
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

    /// Returns the rows of all addresses.
    pub(super) fn addresses(&self) -> Vec<Value> {
        let all = self.ranges.iter().flat_map(|range| range.addresses.iter().map(move |address| (range, address)));
        all.map(|(range, address)| self.address(range, address)).collect()
    }

    /// Returns the ranges with the numbers of their addresses.
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
                    // No address expires here: a lease that ends leaves the machine and its address as they are.
                    ("expiredAddresses", 0),
                ] {
                    row[name] = count.into();
                }
                row
            })
            .collect()
    }

    /// Returns the row of an address.
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
            // Unsigned: addresses from 128.0.0.0 on do not fit into a signed 32-bit number.
            "IPSortValue": address.ip.to_bits(),
            "state": address.state.word(),
            "stateValue": address.state.number(),
            // The reference says a string, and clients read a number.
            "networkInterfaceCardOffset": address.machine.as_ref().map(|_| 0),
            "externalReferenceId": null,
            "externalReferenceName": null,
            "createdDate": millis(range.created),
            "lastModifiedDate": millis(address.changed),
        })
    }
}

impl Range {
    /// Returns the row of a range, without addresses.
    fn row(&self) -> Value {
        json!({
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "beginIPv4Address": self.begin.to_string(),
            "endIPv4Address": self.end.to_string(),
            // The state concerns ranges that are allocated as a whole, to a routed network; these are not.
            "state": "UNALLOCATED",
            "externalId": self.external_id,
            "createdDate": millis(self.created),
            "lastModifiedDate": millis(self.created),
        })
    }
}
