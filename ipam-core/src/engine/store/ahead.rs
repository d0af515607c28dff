//! Reads that an operation is about to make.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::{AllocationKey, RangeId, Result, SpaceId};

/// Read of a store, by the method of the same name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(not(any(test, feature = "postgres")), allow(dead_code, reason = "only a store behind a network reads it"))]
pub(crate) enum Ahead {
    /// A range by its id.
    Range(RangeId),
    /// The ranges whose prefix overlaps.
    RangesOverlapping { space: SpaceId, net: IpNet },
    /// The smallest block around a prefix.
    BlockAround { space: SpaceId, net: IpNet },
    /// The prefixes in a prefix.
    NetsWithin { space: SpaceId, net: IpNet },
    /// A page by its number.
    Page { range: RangeId, no: u128 },
    /// A request by its key.
    Request(AllocationKey),
    /// The allocations of a request.
    AllocationsOfKey(AllocationKey),
    /// The allocation of an address.
    AllocationAt { space: SpaceId, address: IpAddr },
    /// The quarantine of an address.
    QuarantinedAt { space: SpaceId, address: IpAddr },
}

/// Reads ahead, for operations on many records.
pub(crate) trait ReadAhead {
    /// Says which reads follow, each once. A store behind a network fetches them together; others do not ask for them.
    fn read_ahead(&mut self, reads: &dyn Fn() -> Vec<Ahead>) -> Result<()> {
        let _ = reads;
        Ok(())
    }
}
