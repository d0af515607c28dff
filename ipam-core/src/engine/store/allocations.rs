//! Allocations of a store.

use std::net::IpAddr;
use std::time::SystemTime;

use super::Record;
use crate::{Allocation, AllocationId, AllocationKey, Find, RangeId, Result, SpaceId};

/// Access to the allocations.
pub(crate) trait Allocations {
    /// Returns the allocation of this address, expired or not.
    fn allocation_at(&mut self, space: &SpaceId, address: IpAddr) -> Result<Option<Record>>;
    /// Returns the allocation of this id, expired or not.
    fn allocation(&mut self, id: &AllocationId) -> Result<Option<Record>>;
    /// Returns all allocations of a request, by line and address, expired or not.
    fn allocations_of_key(&mut self, key: &AllocationKey) -> Result<Vec<Record>>;
    /// Returns how many allocations a request has, expired or not; at most `limit`, where counting may stop.
    fn count_of_key(&mut self, key: &AllocationKey, limit: u32) -> Result<u32>;
    /// Returns at most `limit` allocations of a range at or after `from`, by address, expired or not.
    fn allocations_in(&mut self, range: &RangeId, from: IpAddr, limit: usize) -> Result<Vec<Record>>;
    /// Issues the id of an allocation of this address: one that this store never gave to any other allocation. Only the
    /// store knows how it is made; it may make the address part of it, and needs no index to find it again.
    ///
    /// This counts as a read: an id that is not used is lost and nothing else. A request asks for the ids of all its
    /// addresses, by line and address, and is then inserted before its allocations are.
    fn new_allocation_id(&mut self, space: &SpaceId, address: IpAddr) -> Result<AllocationId>;
    /// Adds an allocation, which the given line of its request took.
    fn insert_allocation(&mut self, allocation: &Allocation, line: u32) -> Result<()>;
    /// Replaces what is stored under the allocation's id; space, range and address stay.
    fn update_allocation(&mut self, record: &Record) -> Result<()>;
    /// Removes an allocation.
    fn remove_allocation(&mut self, record: &Record) -> Result<()>;
    /// Returns at most `limit` allocations that match and have not expired at `now`, after the address `after`, by
    /// space and address (IPv4 before IPv6). If asked for, addresses whose quarantine is not over at `now` are among
    /// them: with the id, space, range and address of the [`Quarantined`](super::Quarantined), state quarantined, and
    /// nothing else.
    fn find(
        &mut self,
        request: &Find,
        now: SystemTime,
        after: Option<&(SpaceId, IpAddr)>,
        limit: usize,
    ) -> Result<Vec<Allocation>>;
    /// Returns at most `limit` allocations that have expired at `now` (`expires <= now`), of one range or of all, the
    /// longest expired first.
    fn expired(&mut self, range: Option<&RangeId>, now: SystemTime, limit: usize) -> Result<Vec<Record>>;
    /// Returns how many allocations of a range have expired at `now`. May cost as much as there are.
    fn count_expired(&mut self, range: &RangeId, now: SystemTime) -> Result<u128>;
}
