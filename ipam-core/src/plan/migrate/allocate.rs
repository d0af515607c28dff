//! Allocations as a target keeps them, and the requests that make them in a target that cannot restore records.

use std::time::SystemTime;

use sha2::{Digest, Sha256};

use crate::{
    Allocate, AllocateLine, Allocation, AllocationKey, AllocationState, Capabilities, Error, MAX_ID_LEN, MAX_LINES,
    Operation, PortableRequest, Result,
};

/// Owner of an address that has none, in a target that needs one.
const OWNER: &str = "migrated";

/// Returns an allocation as the target keeps it.
pub(super) fn as_kept(can: &Capabilities, mut allocation: Allocation) -> Allocation {
    if allocation.state == AllocationState::Reserved && (allocation.key.is_some() || !can.restore_records) {
        allocation.state = AllocationState::Allocated;
    }
    // A server may say so of an address without an owner.
    allocation.owner.take_if(|owner| owner.as_str().is_empty());
    if !can.tags {
        allocation.labels.tags.clear();
    }
    if !can.restore_records && allocation.state == AllocationState::Allocated {
        if allocation.key.is_none() {
            allocation.key = Some(made_key(&allocation));
        }
        allocation.owner.get_or_insert_with(|| OWNER.into());
        if !can.expiry {
            allocation.expires = None;
        }
    }
    allocation
}

// Made from what identifies the address: a second run repeats the same request.
fn made_key(allocation: &Allocation) -> AllocationKey {
    let key = format!("migrated/{}/{}", allocation.range, allocation.address);
    if key.len() <= MAX_ID_LEN {
        return AllocationKey::new(key);
    }
    // A hash in the place of an id that is nearly as long as a key may be.
    let hash = Sha256::digest(allocation.range.as_str());
    let hash = hash.iter().take(16).fold(0_u128, |all, byte| all << 8 | u128::from(*byte));
    AllocationKey::new(format!("migrated/{hash:032x}/{}", allocation.address))
}

/// Returns the request that allocates the addresses of a record, whose allocations are as the target keeps them.
///
/// # Errors
/// `InvalidInput` if the request has more addresses than a request can have lines.
pub(super) fn request(record: &PortableRequest, now: SystemTime) -> Result<Option<Allocate>> {
    let Some(first) = record.allocations.first().map(|one| &one.allocation) else { return Ok(None) };
    let (Some(key), Some(owner)) = (&first.key, &first.owner) else { return Ok(None) };
    if record.allocations.len() > MAX_LINES {
        return Err(Error::invalid(
            Operation::Migrate,
            "the number of addresses of a key",
            record.allocations.len(),
            format_args!("the target takes at most {MAX_LINES} under the key {key}; deallocate some first"),
        ));
    }
    let mut request = Allocate::new(owner.clone()).with_key(key.clone());
    for one in &record.allocations {
        let allocation = &one.allocation;
        let mut line =
            AllocateLine::exactly(allocation.range.clone(), allocation.address).with_labels(allocation.labels.clone());
        if let Some(expires) = allocation.expires {
            // What has expired since it was read is not allocated again.
            let Ok(left) = expires.duration_since(now) else { continue };
            line = line.with_expiry(left.max(std::time::Duration::from_secs(1)));
        }
        request = request.with_line(line);
    }
    Ok(Some(request).filter(|request| !request.lines.is_empty()))
}
