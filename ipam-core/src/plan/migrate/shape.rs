//! Records as the target keeps them, and whether it takes them.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::SystemTime;

use super::allocate::{as_kept, request};
use super::holds::holds;
use crate::plan::contents::Entry;
use crate::{
    Capabilities, Error, IpamProvider, PortableRecord, PortableRequest, Range, RangeId, RestoreRecords, SpaceId,
};

/// Ranges of the target by the ids in the source.
pub(super) type Homes<'r> = HashMap<&'r RangeId, &'r Range>;

/// Returns a record as the target keeps it, in its ranges; `None` if it keeps nothing of it.
///
/// `home` is the range of the target for one of the source. Addresses that `is_there` knows are left out.
pub(super) fn for_target<'h>(
    can: &Capabilities,
    home: impl Fn(&RangeId) -> Option<&'h Range>,
    is_there: impl Fn(&SpaceId, IpAddr) -> bool,
    record: PortableRecord,
) -> Option<PortableRecord> {
    match record {
        // Written with the ranges.
        PortableRecord::Range(_) => None,
        PortableRecord::Quarantine(mut record) => {
            let home = home(&record.range)?;
            if !can.restore_records || !home.can_allocate(record.address) {
                return None;
            }
            record.range = home.id.clone();
            Some(PortableRecord::Quarantine(record))
        }
        // The number of its addresses stays: a repeat must not return what is left of them.
        PortableRecord::Request(mut record) => {
            let allocations = std::mem::take(&mut record.allocations).into_iter().filter_map(|mut one| {
                let home = home(&one.allocation.range)?;
                let entry = Entry::new(one.allocation);
                if is_there(&home.space, entry.allocation.address) || !holds(can, home, &entry) {
                    return None;
                }
                one.allocation = as_kept(can, entry.allocation);
                one.allocation.range = home.id.clone();
                Some(one)
            });
            record.allocations = allocations.collect();
            record.key = record.allocations.first()?.allocation.key.clone();
            Some(PortableRecord::Request(record))
        }
    }
}

/// Returns the error with which the target refuses a record that is as it keeps it, whatever its state is.
pub(super) fn refusal(target: &dyn IpamProvider, record: PortableRecord, now: SystemTime) -> Option<Error> {
    if target.capabilities().restore_records {
        return RestoreRecords::new(vec![record]).validate().err();
    }
    let PortableRecord::Request(record) = record else { return None };
    refused(target, &record, now).err()
}

fn refused(target: &dyn IpamProvider, record: &PortableRequest, now: SystemTime) -> crate::Result<()> {
    request(record, now)?.map_or(Ok(()), |request| target.validate_allocate(&request))
}
