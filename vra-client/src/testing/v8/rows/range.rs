//! IP range of a network, with the records of its addresses.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::{Duration, SystemTime};

use serde_json::{Map, Value};

/// State of an address. An address without a record is available.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::testing::v8) enum AddressState {
    /// Allocated, to a machine (`SYSTEM`) or through the API (`USER`).
    Allocated { by_user: bool },
    /// Released at this time.
    Released(SystemTime),
    /// In use by something that the server does not know.
    Unregistered,
}

/// Record of an address.
#[derive(Debug, Clone)]
pub(in crate::testing::v8) struct AddressRecord {
    pub(in crate::testing::v8) id: String,
    pub(in crate::testing::v8) state: AddressState,
    pub(in crate::testing::v8) description: Option<String>,
    /// Path of the resource that has the address.
    pub(in crate::testing::v8) resource: Option<String>,
    pub(in crate::testing::v8) created: SystemTime,
    pub(in crate::testing::v8) updated: SystemTime,
}

/// IP range of the internal IPAM.
#[derive(Debug, Clone)]
pub(in crate::testing::v8) struct IpRange {
    pub(in crate::testing::v8) id: String,
    pub(in crate::testing::v8) name: String,
    pub(in crate::testing::v8) description: Option<String>,
    pub(in crate::testing::v8) start: IpAddr,
    pub(in crate::testing::v8) end: IpAddr,
    pub(in crate::testing::v8) tags: Value,
    pub(in crate::testing::v8) networks: Vec<String>,
    pub(in crate::testing::v8) created: SystemTime,
    pub(in crate::testing::v8) updated: SystemTime,
    pub(in crate::testing::v8) addresses: BTreeMap<IpAddr, AddressRecord>,
    /// Addresses without a record that are never allocated.
    pub(in crate::testing::v8) blocked: BTreeSet<IpAddr>,
    /// Texts that are shown in place of addresses.
    pub(in crate::testing::v8) shown: BTreeMap<IpAddr, String>,
}

/// Message for a body that is no range.
type ReadError = String;

impl IpRange {
    /// Reads the body of a call that creates or changes a range.
    pub(in crate::testing::v8) fn read(
        id: String,
        body: &Map<String, Value>,
        now: SystemTime,
    ) -> Result<Self, ReadError> {
        let text = |name: &str| match body.get(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty()) {
            Some(text) => Ok(text.to_owned()),
            None => Err(format!("The member {name} is required.")),
        };
        let address = |name: &str| -> Result<IpAddr, ReadError> {
            let value = text(name)?;
            value.parse().map_err(|_| format!("The value {value} of {name} is not an IP address."))
        };
        let (start, end) = (address("startIPAddress")?, address("endIPAddress")?);
        let version = match body.get("ipVersion").and_then(Value::as_str) {
            // IPv4 by default, as described: a range of IPv6 without the member is refused.
            None | Some("IPv4") => 4,
            Some("IPv6") => 6,
            Some(other) => return Err(format!("The IP version {other} is not known.")),
        };
        for address in [start, end] {
            if (version == 4) != address.is_ipv4() {
                return Err(format!("The address {address} is not of IP version {version}."));
            }
        }
        if start > end {
            return Err(format!("The start {start} of the range is above its end {end}."));
        }
        // `fabricNetworkId` is the older member, which has one id.
        let networks = match body.get("fabricNetworkIds").and_then(Value::as_array) {
            Some(ids) => ids.iter().filter_map(|id| id.as_str().map(str::to_owned)).collect(),
            None => body.get("fabricNetworkId").and_then(Value::as_str).map(str::to_owned).into_iter().collect(),
        };
        Ok(Self {
            id,
            name: text("name")?,
            description: body.get("description").and_then(Value::as_str).map(str::to_owned),
            start,
            end,
            tags: body.get("tags").cloned().unwrap_or_else(|| Value::Array(Vec::new())),
            networks,
            created: now,
            updated: now,
            addresses: BTreeMap::new(),
            blocked: BTreeSet::new(),
            shown: BTreeMap::new(),
        })
    }

    /// Returns the text that the server shows for an address.
    pub(in crate::testing::v8) fn text(&self, address: IpAddr) -> String {
        self.shown.get(&address).cloned().unwrap_or_else(|| address.to_string())
    }

    /// Returns true if the address is inside.
    pub(in crate::testing::v8) fn contains(&self, address: IpAddr) -> bool {
        // Addresses of two versions are ordered too, so the version is compared first.
        address.is_ipv4() == self.start.is_ipv4() && self.start <= address && address <= self.end
    }

    /// Returns true if the ranges share an address.
    pub(in crate::testing::v8) fn overlaps(&self, other: &Self) -> bool {
        self.start.is_ipv4() == other.start.is_ipv4() && self.start <= other.end && other.start <= self.end
    }

    /// Returns the number of addresses; saturating.
    pub(in crate::testing::v8) fn size(&self) -> u128 {
        (decimal(self.end) - decimal(self.start)).saturating_add(1)
    }

    /// Returns the lowest available addresses; fewer if there are not so many.
    pub(in crate::testing::v8) fn free(&self, count: usize) -> Vec<IpAddr> {
        let mut found = Vec::new();
        let mut next = Some(self.start);
        // Every step takes an address or passes a record, so a range of IPv6 is not walked through.
        while let Some(address) = next.filter(|address| found.len() < count && self.contains(*address)) {
            if !self.addresses.contains_key(&address) && !self.blocked.contains(&address) {
                found.push(address);
            }
            next = after(address);
        }
        found
    }

    /// Checks that addresses can be allocated.
    pub(in crate::testing::v8) fn check_free(&self, addresses: &[IpAddr]) -> Result<(), ReadError> {
        if let Some(outside) = addresses.iter().find(|address| !self.contains(**address)) {
            return Err(format!("The IP address {outside} is not in the range {}.", self.name));
        }
        // A released address has a record until the wait time is over, and counts as taken so long.
        let taken = |address: &&IpAddr| self.addresses.contains_key(*address) || self.blocked.contains(*address);
        match addresses.iter().find(taken) {
            Some(taken) => Err(format!("The IP address {taken} is not available.")),
            None => Ok(()),
        }
    }

    /// Allocates addresses, all or none.
    pub(in crate::testing::v8) fn allocate(
        &mut self,
        addresses: &[IpAddr],
        record: impl FnMut() -> AddressRecord,
    ) -> Result<(), ReadError> {
        self.check_free(addresses)?;
        let mut record = record;
        for address in addresses {
            self.addresses.insert(*address, record());
        }
        Ok(())
    }

    /// Releases addresses, all or none.
    pub(in crate::testing::v8) fn release(&mut self, addresses: &[IpAddr], now: SystemTime) -> Result<(), ReadError> {
        let allocated = |address: &IpAddr| {
            matches!(self.addresses.get(address), Some(AddressRecord { state: AddressState::Allocated { .. }, .. }))
        };
        if let Some(free) = addresses.iter().find(|address| !allocated(address)) {
            return Err(format!("The IP address {free} is not allocated."));
        }
        for address in addresses {
            if let Some(record) = self.addresses.get_mut(address) {
                record.state = AddressState::Released(now);
                record.resource = None;
                record.updated = now;
            }
        }
        Ok(())
    }

    /// Removes the records of addresses that were released longer ago than the wait time.
    pub(in crate::testing::v8) fn reclaim(&mut self, wait: Duration, now: SystemTime) {
        self.addresses.retain(|_, record| match record.state {
            AddressState::Released(at) => now.duration_since(at).unwrap_or(Duration::ZERO) < wait,
            AddressState::Allocated { .. } | AddressState::Unregistered => true,
        });
    }
}

/// Returns an address as a number.
pub(in crate::testing::v8) fn decimal(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    }
}

fn after(address: IpAddr) -> Option<IpAddr> {
    match address {
        IpAddr::V4(address) => u32::from(address).checked_add(1).map(|next| Ipv4Addr::from(next).into()),
        IpAddr::V6(address) => u128::from(address).checked_add(1).map(|next| Ipv6Addr::from(next).into()),
    }
}
