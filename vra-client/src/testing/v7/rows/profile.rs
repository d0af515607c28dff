//! Network profile with its ranges and addresses.

use std::net::Ipv4Addr;
use std::time::{Duration, SystemTime};

use serde_json::{Map, Value};

/// Time for which the address of a destroyed machine cannot be allocated. A job of the real server frees it after that.
const RECLAIM_DELAY: Duration = Duration::from_secs(30 * 60);

/// Network profile.
#[derive(Debug)]
pub(in crate::testing::v7) struct Profile {
    pub(in crate::testing::v7) id: String,
    /// Members beside id, dates and ranges.
    pub(in crate::testing::v7) members: Map<String, Value>,
    pub(in crate::testing::v7) ranges: Vec<Range>,
    pub(in crate::testing::v7) created: SystemTime,
    pub(in crate::testing::v7) changed: SystemTime,
}

/// Range of a network profile.
#[derive(Debug)]
pub(in crate::testing::v7) struct Range {
    pub(in crate::testing::v7) id: String,
    pub(in crate::testing::v7) name: String,
    pub(in crate::testing::v7) description: Value,
    pub(in crate::testing::v7) external_id: Value,
    pub(in crate::testing::v7) begin: Ipv4Addr,
    pub(in crate::testing::v7) end: Ipv4Addr,
    pub(in crate::testing::v7) created: SystemTime,
    pub(in crate::testing::v7) addresses: Vec<Address>,
}

/// Address of a range.
#[derive(Debug, Clone)]
pub(in crate::testing::v7) struct Address {
    pub(in crate::testing::v7) ip: Ipv4Addr,
    pub(in crate::testing::v7) state: State,
    /// Id and name of the machine.
    pub(in crate::testing::v7) machine: Option<(String, String)>,
    pub(in crate::testing::v7) changed: SystemTime,
}

/// State of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::testing::v7) enum State {
    /// Free.
    Unallocated,
    /// Of a machine.
    Allocated,
    /// Of a machine that was destroyed less than half an hour ago.
    Destroyed,
}

impl State {
    /// Returns the word in the JSON.
    pub(in crate::testing::v7) fn word(self) -> &'static str {
        match self {
            Self::Unallocated => "UNALLOCATED",
            Self::Allocated => "ALLOCATED",
            Self::Destroyed => "DESTROYED",
        }
    }

    /// Returns the number in the JSON. 0 and 1 are in assembled samples; the other one is a guess.
    pub(in crate::testing::v7) fn number(self) -> i64 {
        match self {
            Self::Unallocated => 0,
            Self::Allocated => 1,
            Self::Destroyed => 2,
        }
    }
}

impl Profile {
    /// Copies from the old profile what an update leaves alone. If `forgets`, addresses that were not sent are free.
    pub(in crate::testing::v7) fn keep(&mut self, old: &Self, sent: &Map<String, Value>, forgets: bool) {
        self.created = old.created;
        let sent_ranges = sent.get("definedRanges").and_then(Value::as_array).cloned().unwrap_or_default();
        for (range, sent) in self.ranges.iter_mut().zip(&sent_ranges) {
            // A range with an id that the old profile lacks is a new one.
            let Some(before) = old.ranges.iter().find(|before| before.id == range.id) else { continue };
            range.created = before.created;
            let has_addresses = sent.get("definedAddresses").is_some_and(Value::is_array);
            // The bug of 6.2 that destroyed allocations: the addresses of a range that comes without them are made anew.
            if forgets && !has_addresses {
                continue;
            }
            for address in &mut range.addresses {
                // An address that the changed bounds leave out is gone, and with it the record of its machine.
                if let Some(known) = before.addresses.iter().find(|known| known.ip == address.ip) {
                    *address = known.clone();
                }
            }
        }
    }

    /// Returns the name.
    pub(in crate::testing::v7) fn name(&self) -> &str {
        self.members.get("name").and_then(Value::as_str).unwrap_or_default()
    }

    /// Allocates the first free address to a machine.
    pub(in crate::testing::v7) fn allocate(&mut self, machine: &str, name: &str) -> Option<Ipv4Addr> {
        let mut addresses = self.ranges.iter_mut().flat_map(|range| &mut range.addresses);
        let free = addresses.find(|address| address.state == State::Unallocated)?;
        free.state = State::Allocated;
        free.machine = Some((machine.to_owned(), name.to_owned()));
        Some(free.ip)
    }

    /// Marks the addresses of a destroyed machine.
    pub(in crate::testing::v7) fn destroy(&mut self, machine: &str, now: SystemTime) {
        for address in self.ranges.iter_mut().flat_map(|range| &mut range.addresses) {
            if address.state == State::Allocated && address.machine.as_ref().is_some_and(|(id, _)| id == machine) {
                address.state = State::Destroyed;
                address.changed = now;
            }
        }
    }

    /// Frees the addresses whose machines were destroyed half an hour ago or earlier.
    pub(in crate::testing::v7) fn reclaim(&mut self, now: SystemTime) {
        for address in self.ranges.iter_mut().flat_map(|range| &mut range.addresses) {
            let released = now.duration_since(address.changed).is_ok_and(|age| age >= RECLAIM_DELAY);
            if address.state == State::Destroyed && released {
                // The job of a real server runs about every half hour, so an address never becomes free at once.
                address.state = State::Unallocated;
                address.machine = None;
                address.changed = now;
            }
        }
    }

    /// Returns the addresses that machines have.
    pub(in crate::testing::v7) fn in_use(&self) -> impl Iterator<Item = Ipv4Addr> {
        let addresses = self.ranges.iter().flat_map(|range| &range.addresses);
        addresses.filter(|address| address.state == State::Allocated).map(|address| address.ip)
    }
}
