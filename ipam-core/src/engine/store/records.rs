//! Records as the engine and the stores hand them to each other.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

use crate::engine::Layout;
use crate::{Allocation, AllocationId, AllocationKey, Fingerprint, Owner, Range, RangeId, SpaceId};

/// A range, and what the engine keeps about it. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct StoredRange {
    /// The range. `block` is not stored but derived: the smallest block around its prefix.
    pub(crate) range: Arc<Range>,
    /// Which of its addresses can be handed out. Not stored but derived.
    pub(crate) layout: Arc<Layout>,
    /// Of the pages that hold an address the range may hand out, all below this number are stored.
    pub(crate) high_water: u128,
    /// What else the engine has to know.
    pub(crate) origin: Origin,
}

/// Where the parts of a range come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Origin {
    /// Whether `addresses` was given, rather than derived from the prefix and the host policy.
    pub(crate) explicit_addresses: bool,
    /// Whether every address of the prefix counts as usable where `addresses` is not given.
    pub(crate) all_hosts: bool,
    /// Whether it is a child prefix of a block, and can be given back to it.
    pub(crate) carved: bool,
}

impl StoredRange {
    /// From what is stored.
    pub(crate) fn new(range: Range, high_water: u128, origin: Origin) -> Self {
        let layout = Arc::new(Layout::of(&range));
        Self { range: Arc::new(range), layout, high_water, origin }
    }
}

/// One allocation, with what the caller does not see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    /// What the caller sees. Always with a key and an owner; `state` is allocated. Boxed, because a record passes
    /// through many hands.
    pub(crate) allocation: Box<Allocation>,
    /// Which line of the request took it.
    pub(crate) line: u32,
}

/// What a key names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RequestKind {
    /// A request for so many addresses in so many lines.
    Addresses {
        /// How many addresses it took.
        count: u32,
        /// How many lines it has.
        lines: u32,
    },
    /// A request for a range.
    Range,
}

/// A request that was granted and has not been given back whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequestRecord {
    /// Its key.
    pub(crate) key: AllocationKey,
    /// What it asked for.
    pub(crate) fingerprint: Fingerprint,
    /// What it named.
    pub(crate) kind: RequestKind,
    /// Who asked.
    pub(crate) owner: Owner,
    /// The first few of its addresses that were given back or have ended, for the error of a repeat.
    pub(crate) returned: Vec<IpAddr>,
}

/// An address in quarantine, or one whose quarantine is over: it was given back, and its bit is still set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Quarantined {
    /// Its space.
    pub(crate) space: SpaceId,
    /// Its range.
    pub(crate) range: RangeId,
    /// The address.
    pub(crate) address: IpAddr,
    /// The allocation that it was. A listing of quarantined addresses names it so.
    pub(crate) allocation: AllocationId,
    /// When its quarantine began.
    pub(crate) since: SystemTime,
    /// Its release time: from then on it can be handed out.
    pub(crate) until: SystemTime,
}
