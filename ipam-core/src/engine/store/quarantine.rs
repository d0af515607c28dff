//! Quarantined addresses of a store.

use std::net::IpAddr;
use std::time::SystemTime;

use super::Quarantined;
use crate::{RangeId, Result, SpaceId};

/// Access to the quarantined addresses.
///
/// An address stays here after its release time until it is handed out again, or a request of its range removes it.
pub(crate) trait Quarantine {
    /// Puts an address into quarantine. Its bit stays set.
    fn insert_quarantined(&mut self, quarantined: &Quarantined) -> Result<()>;
    /// Removes an address from quarantine. Clearing its bit is left to the caller.
    fn remove_quarantined(&mut self, space: &SpaceId, address: IpAddr) -> Result<()>;
    /// Returns the entry of an address, if there is one.
    fn quarantined_at(&mut self, space: &SpaceId, address: IpAddr) -> Result<Option<Quarantined>>;
    /// Returns at most `limit` addresses of a range whose release time has come at `now` (`until <= now`), the longest
    /// quarantined (by `since`, then address) first.
    fn released(&mut self, range: &RangeId, now: SystemTime, limit: usize) -> Result<Vec<Quarantined>>;
    /// Returns how many entries a range has: all, and those whose release time has not come at `now`. May cost as much
    /// as there are.
    fn count_quarantined(&mut self, range: &RangeId, now: SystemTime) -> Result<(u128, u128)>;
}
