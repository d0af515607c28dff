//! Records that the engine and the stores exchange.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

use crate::engine::Layout;
use crate::{Allocation, AllocationId, AllocationKey, Fingerprint, MAX_ADDRESSES, Owner, Range, RangeId, SpaceId};

/// Range with the values that the engine keeps for it. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct StoredRange {
    /// Range. Its `block` is not stored but derived: the smallest block around its prefix.
    pub(crate) range: Arc<Range>,
    /// Addresses that can be handed out. Not stored but derived.
    pub(crate) layout: Arc<Layout>,
    /// High-water mark: of the pages with an address that can be handed out, all below this number are stored.
    pub(crate) high_water: u128,
    /// Origin of its values.
    pub(crate) origin: Origin,
}

/// Origin of the values of a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Origin {
    /// True if `addresses` was given; false if it is derived from the prefix and the host policy.
    pub(crate) explicit_addresses: bool,
    /// True if every address of the prefix is usable when `addresses` is not given.
    pub(crate) all_hosts: bool,
    /// True if the range is a child prefix of a block, which can be deallocated. The column is named `carved`.
    pub(crate) child_prefix: bool,
}

impl StoredRange {
    /// Creates the record from the stored values.
    pub(crate) fn new(range: Range, high_water: u128, origin: Origin) -> Self {
        let layout = Arc::new(Layout::of(&range));
        Self { range: Arc::new(range), layout, high_water, origin }
    }
}

/// Allocation with its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    /// Allocation as callers see it, always with a key and an owner, in state allocated. Boxed, because records are
    /// moved often and an `Allocation` is large.
    pub(crate) allocation: Box<Allocation>,
    /// Index of the line of the request that it serves.
    pub(crate) line: u32,
}

/// Number of lines of a request of which only the positions of its addresses are known. [`Record::line`] is then the
/// position.
// Above the most lines of a request, and small enough for the 16 bits of the store in memory.
pub(crate) const BY_POSITION: u32 = MAX_ADDRESSES - 1;

/// Kind of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RequestKind {
    /// Request for addresses.
    Addresses {
        /// Number of addresses that were allocated.
        count: u32,
        /// Number of lines, or [`BY_POSITION`].
        lines: u32,
    },
    /// Request for a child prefix.
    Range,
}

/// Request that has allocations left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequestRecord {
    /// Key of the request.
    pub(crate) key: AllocationKey,
    /// Fingerprint of the request, to recognize a repetition.
    pub(crate) fingerprint: Fingerprint,
    /// Kind of the request.
    pub(crate) kind: RequestKind,
    /// Owner of the allocations.
    pub(crate) owner: Owner,
    /// First few of its addresses that were deallocated or have expired, for the error of a repetition.
    pub(crate) returned: Vec<IpAddr>,
}

/// Quarantined or released address: it was deallocated or has expired, and its bit is still set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Quarantined {
    /// Space of the address.
    pub(crate) space: SpaceId,
    /// Range of the address.
    pub(crate) range: RangeId,
    /// Address.
    pub(crate) address: IpAddr,
    /// Id of the allocation that ended. A listing of quarantined addresses shows it.
    pub(crate) allocation: AllocationId,
    /// Start of the quarantine.
    pub(crate) since: SystemTime,
    /// Release time: the address can be handed out from then on.
    pub(crate) until: SystemTime,
}
