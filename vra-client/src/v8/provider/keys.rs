//! Keys: which claim a key has, and what a repeated request returns.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use ipam_core::{Allocate, Allocated, AllocationKey, Error, ErrorKind, Operation, Range, Result};

use super::choose::MOST;
use super::inner::Inner;
use super::mark::Mark;
use super::record::Record;
use super::write::Claims;

/// Age beyond its own times from which a claim is settled: so much may the clocks of two processes differ.
const OLD: Duration = Duration::from_secs(600);

/// State of a key.
#[derive(Debug)]
pub(super) enum KeyState {
    /// No claim has it.
    Free,
    /// This claim has it, as a whole. One that is not settled may still be given back by its process, within this time
    /// after it was complete.
    Taken { allocated: Allocated, claim: String, settled: bool, wait: Duration },
    /// Several claims have it, or one that may still be incomplete: look again later.
    Unsettled,
}

impl Inner {
    /// Reads the claims of a key, in all ranges that are served now.
    pub(super) async fn claims(&self, operation: Operation, key: &AllocationKey) -> Result<Claims> {
        // Not the ranges that are kept: one that was created since may have the claim. This costs two requests beside one
        // for each range.
        let snapshot = self.fresh_snapshot(operation).await?;
        let mut claims = Claims::new();
        for (range, records) in self.records_of_all(operation, snapshot.values().cloned().collect()).await? {
            for record in records {
                if let Some(mark) = record.live_mark().filter(|mark| mark.key == *key) {
                    claims.entry(mark.claim.clone()).or_default().push((Arc::clone(&range), record));
                }
            }
        }
        Ok(claims)
    }

    /// Returns the state of the key of a request.
    ///
    /// # Errors
    /// `Conflict` if the key belongs to another request, or a part of its allocations was deallocated.
    pub(super) fn state_of(
        &self,
        operation: Operation,
        request: &Allocate,
        key: &AllocationKey,
        claims: &Claims,
    ) -> Result<KeyState> {
        let mut each = claims.values();
        let (claim, mark) = match (each.next(), each.next()) {
            (None, _) => return Ok(KeyState::Free),
            (Some(_), Some(_)) => return Ok(KeyState::Unsettled),
            (Some(claim), None) => match claim.iter().find_map(|(_, record)| record.live_mark()) {
                Some(mark) => (claim, mark),
                None => return Ok(KeyState::Free),
            },
        };
        if mark.request != request.fingerprint().to_string() {
            return Err(Error::other_request(operation, key));
        }
        // The longer times, if the process of the claim has others.
        let (claim_time, settle_time) = mark.times();
        let (claim_time, wait) = (claim_time.max(self.config.claim_time), settle_time.max(self.config.settle_time));
        // Of a clock that is ahead, the claim is young.
        let age = SystemTime::now().duration_since(mark.started()).unwrap_or(Duration::ZERO);
        let missing = missing(claim, mark);
        if missing.is_empty() {
            // The claim may have been complete as late as its claim time after its start, and given back so long after.
            let settled = self.is_confirmed(&mark.claim) || age > claim_time.saturating_add(wait).saturating_add(OLD);
            let allocated = allocated(request.lines.len(), key, claim, true);
            return Ok(KeyState::Taken { allocated, claim: mark.claim.clone(), settled, wait });
        }
        // Only a claim of several calls can still be in progress; a single call takes all of its addresses or none.
        if mark.calls > 1 && age < claim_time {
            return Ok(KeyState::Unsettled);
        }
        let missing: Vec<String> = missing.iter().map(IpAddr::to_string).collect();
        let message = format!(
            "{} was deallocated since, or never taken because the process ended; deallocate the rest by the key, or choose \
             another key",
            missing.join(", ")
        );
        Err(Error::new(ErrorKind::Conflict, operation, message).with_context("key", key))
    }
}

/// Returns the addresses of a claim that it does not have.
fn missing(claim: &[(Arc<Range>, Record)], mark: &Mark) -> Vec<IpAddr> {
    let has = |line: usize, address: IpAddr| {
        claim
            .iter()
            .any(|(_, record)| record.address == address && record.live_mark().is_some_and(|mark| mark.line == line))
    };
    let all = mark.addresses(MOST).into_iter().filter(|(line, address)| !has(*line, *address));
    all.map(|(_, address)| address).collect()
}

/// Returns the allocations of a claim, by line and in ascending order.
pub(super) fn allocated(
    lines: usize,
    key: &AllocationKey,
    claim: &[(Arc<Range>, Record)],
    repeated: bool,
) -> Allocated {
    let mut result = vec![Vec::new(); lines];
    for (range, record) in claim {
        if let Some(line) = record.live_mark().and_then(|mark| result.get_mut(mark.line)) {
            line.push(record.allocation(range));
        }
    }
    result.iter_mut().for_each(|line| line.sort_by_key(|allocation| allocation.address));
    Allocated::new(key.clone(), result, repeated)
}

/// Returns the error for a key that did not settle in time.
pub(super) fn unsettled(operation: Operation, key: &AllocationKey, claims: &Claims) -> Error {
    let addresses: Vec<String> = claims.values().flatten().map(|(_, record)| record.address.to_string()).collect();
    let message = format!(
        "several calls with the key have not settled which addresses it has: {}; try again later, and deallocate the key if \
         that does not help",
        addresses.join(", ")
    );
    Error::new(ErrorKind::Busy, operation, message).with_retry(ipam_core::Retry::Safe).with_context("key", key)
}
