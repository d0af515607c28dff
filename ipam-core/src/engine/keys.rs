//! Look-up of a request's key.

use crate::engine::hex::Hex;
use crate::engine::overlay::{Overlay, has_expired};
use crate::engine::random::Random;
use crate::engine::store::{BY_POSITION, Record, RequestKind, RequestRecord, Store, StoredRange};
use crate::{AllocationKey, Error, ErrorKind, Fingerprint, Operation, Result};

/// Result of an earlier request with the same key.
pub(super) enum Named {
    /// No result: the key is not in use.
    Nothing,
    /// Addresses that the request allocated, by line and address.
    Addresses {
        records: Vec<Record>,
        /// True if [`Record::line`] is the position in the request, and not the line.
        by_position: bool,
    },
    /// Child prefix that the request allocated.
    Range(Box<StoredRange>),
}

/// Returns the result of the earlier request with this key.
///
/// A key whose addresses have all expired is not in use any more; the overlay then ends them.
///
/// # Errors
/// `Conflict` if the key belongs to another request, or some of its addresses were deallocated or have expired: the
/// earlier result cannot be returned, and new addresses in its place would not be a repetition.
pub(super) fn resolve<S: Store + ?Sized>(
    overlay: &mut Overlay<'_, S>,
    operation: Operation,
    key: &AllocationKey,
    fingerprint: &Fingerprint,
) -> Result<Named> {
    let Some(request) = overlay.store.request(key)? else { return Ok(Named::Nothing) };
    match request.kind {
        RequestKind::Addresses { count, lines } => {
            let records = overlay.store.allocations_of_key(key)?;
            let (ended, living): (Vec<_>, Vec<_>) =
                records.into_iter().partition(|record| has_expired(record, overlay.now));
            // Before the fingerprint is compared: an expired key may be used for another request.
            if living.is_empty() {
                for record in ended {
                    overlay.living(record)?;
                }
                return Ok(Named::Nothing);
            }
            same(operation, &request, fingerprint)?;
            if living.len() != count as usize {
                return Err(partly_deallocated(operation, &request, &ended, count, living.len()));
            }
            Ok(Named::Addresses { records: living, by_position: lines == BY_POSITION })
        }
        RequestKind::Range => {
            same(operation, &request, fingerprint)?;
            let range = overlay.store.range_of_key(key)?.ok_or_else(|| {
                Error::new(ErrorKind::Corrupt, operation, "a request refers to a range that does not exist")
                    .with_context("key", key)
            })?;
            Ok(Named::Range(Box::new(range)))
        }
    }
}

fn same(operation: Operation, request: &RequestRecord, fingerprint: &Fingerprint) -> Result<()> {
    if request.fingerprint.matches(fingerprint) {
        return Ok(());
    }
    Err(Error::other_request(operation, &request.key))
}

fn partly_deallocated(
    operation: Operation,
    request: &RequestRecord,
    ended: &[Record],
    count: u32,
    living: usize,
) -> Error {
    // Addresses that were deallocated before, and those that have expired since: both are named, up to 16 of them.
    let mut gone = request.returned.clone();
    gone.extend(ended.iter().map(|record| record.allocation.address));
    let missing = (count as usize).saturating_sub(living);
    let named: Vec<String> = gone.iter().take(16).map(ToString::to_string).collect();
    let more = missing.saturating_sub(named.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let message = format!(
        "{missing} of the {count} addresses of the key were deallocated or have expired ({}{more}); deallocate the \
         others, or choose another key",
        named.join(", ")
    );
    Error::new(ErrorKind::Conflict, operation, message).with_context("key", &request.key)
}

/// Makes a key for a request that has none: 128 random bits.
pub(super) fn made(random: &mut dyn Random) -> AllocationKey {
    AllocationKey::from(Hex::new().whole(random.next()).as_str())
}
