//! Agreement of the ways to find an allocation: by its range, id, address and key, and by `find`.

use std::collections::BTreeMap;
use std::time::SystemTime;

use super::findings::Findings;
use crate::engine::store::{Record, RequestKind, Store};
use crate::{AllocationKey, Find, Result, SpaceId};

/// Number of allocations that are read at once.
const BATCH: usize = 512;

/// Number of allocations seen of each key that has more of them.
// Keys of a single allocation, as most are, are never entered: memory stays bounded for a large store.
#[derive(Default)]
pub(crate) struct OpenKeys(BTreeMap<AllocationKey, u32>);

impl OpenKeys {
    /// Counts an allocation of a key whose request allocated `count`. Returns the number seen once these are all.
    fn see(&mut self, key: &AllocationKey, count: u32) -> Option<u32> {
        let mut seen = 1;
        if count > 1 {
            let known = self.0.entry(key.clone()).or_default();
            *known += 1;
            seen = *known;
        }
        if seen != count {
            return None;
        }
        self.0.remove(key);
        Some(seen)
    }

    /// Takes the keys with fewer allocations than the request made: some addresses were deallocated.
    pub(super) fn take(&mut self) -> Self {
        std::mem::take(self)
    }
}

/// Store whose ways to find an allocation can be compared.
///
/// The methods given here look up each allocation in each way, which costs several reads for each. A store that can
/// check the same of all its records at once, by statements over whole tables, does that before `verify`, and has its
/// own methods instead of these.
pub(crate) trait Lookups: Store {
    /// Checks that an allocation of this space is found by its id and its address, is not in quarantine as well, and
    /// agrees with its request; and with the last one of a key, that the key finds them all.
    fn verify_lookups(
        &mut self,
        space: &SpaceId,
        record: &Record,
        keys: &mut OpenKeys,
        findings: &mut Findings<'_>,
    ) -> Result<()> {
        let allocation = &record.allocation;
        let (id, at) = (&allocation.id, allocation.address);
        let by_id = self.allocation(id)?;
        findings.must(by_id.as_ref() == Some(record), || format!("the allocation {id:?} is not found by its id"));
        let by_address = self.allocation_at(space, at)?;
        findings
            .must(by_address.as_ref() == Some(record), || format!("the allocation {id:?} is not found by its address"));
        let quarantined = self.quarantined_at(space, at)?.is_some();
        findings.must(!quarantined, || format!("{at} is allocated and in quarantine at the same time"));
        let Some(key) = &allocation.key else {
            findings.must(false, || format!("the allocation {id:?} has no key"));
            return Ok(());
        };
        let request = self.request(key)?;
        let Some(RequestKind::Addresses { lines, count }) = request.as_ref().map(|request| request.kind) else {
            findings.must(false, || format!("the allocation {id:?} has no request"));
            return Ok(());
        };
        let owner = request.map(|request| request.owner);
        findings
            .must(allocation.owner == owner, || format!("the allocation {id:?} has another owner than its request"));
        findings
            .must(record.line < lines, || format!("the allocation {id:?} is of a line that its request does not have"));
        // By the last allocation of a key only: looking a key up with each of its addresses would be quadratic.
        match keys.see(key, count) {
            Some(seen) => verify_key(self, key, seen, findings),
            None => Ok(()),
        }
    }

    /// Checks the keys of which not as many allocations were seen as their requests took.
    fn verify_open_keys(&mut self, keys: OpenKeys, findings: &mut Findings<'_>) -> Result<()> {
        keys.0.into_iter().try_for_each(|(key, seen)| verify_key(self, &key, seen, findings))
    }

    /// Returns how many allocations that have not expired at `now` are found in each space, if there are any.
    fn count_found(&mut self, now: SystemTime) -> Result<BTreeMap<SpaceId, usize>> {
        let mut found: BTreeMap<SpaceId, usize> = BTreeMap::new();
        let mut after = None;
        loop {
            let part = self.find(&Find::default(), now, after.as_ref(), BATCH)?;
            for allocation in &part {
                *found.entry(allocation.space.clone()).or_default() += 1;
            }
            match part.last() {
                Some(last) if part.len() == BATCH => after = Some((last.space.clone(), last.address)),
                _ => return Ok(found),
            }
        }
    }
}

/// Checks that as many allocations are found by a key as were seen with it, each with that key.
fn verify_key<S: Store + ?Sized>(
    store: &mut S,
    key: &AllocationKey,
    seen: u32,
    findings: &mut Findings<'_>,
) -> Result<()> {
    let found = store.allocations_of_key(key)?;
    let own = found.iter().all(|record| record.allocation.key.as_ref() == Some(key));
    let apart = found.is_sorted_by(|a, b| (a.line, a.allocation.address) < (b.line, b.allocation.address));
    findings.must(own && apart && found.len() == seen as usize, || {
        format!("{seen} addresses have the key {key:?}, but {} are found by it", found.len())
    });
    let counted = store.count_of_key(key, u32::MAX)?;
    findings.must(counted == seen, || format!("the addresses of the key {key:?} are counted wrongly: {counted}"));
    if let Some(RequestKind::Addresses { count, .. }) = store.request(key)?.map(|request| request.kind) {
        findings.must(seen <= count, || format!("the key {key:?} has more addresses than its request took"));
    }
    Ok(())
}
