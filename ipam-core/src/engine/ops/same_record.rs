//! Comparison of a stored request with a record of another provider.

use std::time::{Duration, SystemTime};

use crate::engine::store::{BY_POSITION, Record, RequestKind, RequestRecord};
use crate::engine::unkeyed;
use crate::{Allocation, Fingerprint, PortableRequest};

/// Largest difference of two times that count as equal.
// Stores keep microseconds or nanoseconds, and some servers less.
const CLOSE: Duration = Duration::from_millis(1);

/// Returns true if two times are equal, or one was rounded.
pub(super) fn close(one: Option<SystemTime>, other: Option<SystemTime>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => {
            let apart = one.duration_since(other).or_else(|_| other.duration_since(one));
            apart.is_ok_and(|apart| apart <= CLOSE)
        }
        (None, None) => true,
        _ => false,
    }
}

/// Returns the name of a field in which a stored allocation differs from that of a record.
pub(super) fn allocation_differs(stored: &Allocation, wanted: &Allocation) -> Option<&'static str> {
    // A provider that does not keep a time says nothing about it.
    let known = |stored, wanted: Option<SystemTime>| wanted.is_none() || close(stored, wanted);
    let fields = [
        ("address", stored.address == wanted.address && stored.space == wanted.space),
        ("range", stored.range == wanted.range),
        ("state", stored.state == wanted.state),
        ("key", stored.key == wanted.key),
        ("owner", stored.owner == wanted.owner),
        ("hostname", stored.labels.hostname == wanted.labels.hostname),
        ("description", stored.labels.description == wanted.labels.description),
        ("mac", stored.labels.mac == wanted.labels.mac),
        ("tags", stored.labels.tags == wanted.labels.tags),
        ("created", known(stored.created, wanted.created)),
        ("updated", known(stored.updated, wanted.updated)),
        ("expires", close(stored.expires, wanted.expires)),
    ];
    fields.into_iter().find(|(_, same)| !same).map(|(name, _)| name)
}

/// Returns how a stored request differs from a record; `living` are its allocations, by line and address.
pub(super) fn request_differs(stored: &RequestRecord, living: &[Record], wanted: &PortableRequest) -> Option<String> {
    let RequestKind::Addresses { count, lines } = stored.kind else {
        return Some("it is that of a range".to_owned());
    };
    let mut allocations: Vec<_> = wanted.allocations.iter().collect();
    allocations.sort_by_key(|one| (one.line, one.allocation.address));
    for (record, one) in living.iter().zip(&allocations) {
        let found = unkeyed::shown((*record.allocation).clone());
        let field = allocation_differs(&found, &one.allocation).or_else(|| (record.line != one.line).then_some("line"));
        if let Some(field) = field {
            return Some(format!("{} differs in {field} from {}", found.address, one.allocation.address));
        }
    }
    if living.len() != allocations.len() || count != wanted.count {
        return Some(format!(
            "it has {} of {count} addresses, and the record {} of {}",
            living.len(),
            allocations.len(),
            wanted.count
        ));
    }
    let same = lines == wanted.lines.unwrap_or(BY_POSITION)
        && stored.fingerprint == wanted.fingerprint.unwrap_or(Fingerprint::UNKNOWN);
    (!same).then(|| "its lines or its fingerprint differ".to_owned())
}
