//! Ranges of a store.

use ipnet::IpNet;

use super::StoredRange;
use crate::{AllocationKey, Range, RangeFilter, RangeId, Result, SpaceId};

/// Access to the ranges.
pub(crate) trait Ranges {
    /// Returns the range of this id, with its `block` derived.
    fn range(&mut self, id: &RangeId) -> Result<Option<StoredRange>>;
    /// Adds a range.
    fn insert_range(&mut self, range: &StoredRange) -> Result<()>;
    /// Replaces what is stored under the range's id.
    fn update_range(&mut self, range: &StoredRange) -> Result<()>;
    /// Removes a range, its pages and its quarantined addresses. Its allocations were removed before.
    fn remove_range(&mut self, id: &RangeId) -> Result<()>;
    /// Sets a range's high-water mark.
    fn set_high_water(&mut self, id: &RangeId, high_water: u128) -> Result<()>;
    /// Returns the ranges of a space whose prefix overlaps `net`, by first address.
    fn ranges_overlapping(&mut self, space: &SpaceId, net: IpNet) -> Result<Vec<StoredRange>>;
    /// Returns at most `limit` ranges that match, after the id `after`, by id.
    fn list_ranges(&mut self, filter: &RangeFilter, after: Option<&RangeId>, limit: usize) -> Result<Vec<Range>>;
    /// Returns the range that the request `key` allocated.
    fn range_of_key(&mut self, key: &AllocationKey) -> Result<Option<StoredRange>>;
}
