//! Addresses that a range of the target can hold.

use crate::plan::contents::Entry;
use crate::{AllocationState, Capabilities, Range};

/// Returns true if the range of the target can hold the address.
pub(super) fn holds(can: &Capabilities, home: &Range, entry: &Entry) -> bool {
    let address = entry.allocation.address;
    let quarantined = entry.allocation.state == AllocationState::Quarantined;
    match can.restore_records {
        // An address that is never handed out needs no quarantine.
        true if quarantined => home.can_allocate(address),
        true => home.addresses.contains(address),
        false => !quarantined && home.can_allocate(address),
    }
}
