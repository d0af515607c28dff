//! Calls that allocate and release addresses at the server.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use ipam_core::{Allocate, Error, ErrorKind, Operation, Outcome, Range, RangeId, Result};
use tokio::time::{Instant, timeout_at};

use super::config::LONGEST;
use super::inner::{Inner, failed};
use super::mark::{Claim, Mark};
use super::record::{Record, State};
use crate::error::WaitReason;
use crate::poll::Wait;
use crate::v8::{AllocateAddressesBody, ReleaseAddressesBody, RequestTracker};

/// Documented bound of the addresses of one call.
pub(super) const PER_CALL: usize = 100;

/// Number of times that a call is sent whose result is not certain, or that frees.
const ATTEMPTS: u32 = 4;
/// Pause before the second attempt; later ones are longer.
const PAUSE: Duration = Duration::from_millis(200);

/// Result of taking the addresses of a claim.
#[derive(Debug)]
pub(super) enum Taken {
    /// All of them. No process can have seen the claim as a whole before this time.
    All(Instant),
    /// None: another caller was faster with one of them.
    Contended,
    /// None: the server says so, and no address is taken any more. It may have been for a moment.
    Refused(Error),
}

/// Failure of a call that allocates.
enum Failure {
    Call(crate::Error),
    /// The claim time passed before the server had carried it out.
    Late,
}

impl Failure {
    fn may_be_applied(&self) -> bool {
        match self {
            Self::Call(error) => error.outcome() == Outcome::Unknown && !is_refusal(error),
            Self::Late => true,
        }
    }
}

/// Line of a request, range and address.
pub(super) type Place = (usize, RangeId, IpAddr);

/// Returns the ranges of these places, each once.
pub(super) fn ranges_of(places: &[Place]) -> Vec<&RangeId> {
    places.iter().map(|(_, range, _)| range).collect::<BTreeSet<_>>().into_iter().collect()
}

impl Inner {
    /// Takes the addresses of a claim, one call for each line and up to 100 addresses. All or none.
    ///
    /// No call is sent after the claim time: other processes take what is incomplete by then for left behind.
    pub(super) async fn take(&self, request: &Allocate, claim: &Claim, places: &[Place]) -> Result<Taken> {
        let mut calls: Vec<(usize, &RangeId, Vec<IpAddr>)> = Vec::new();
        for (line, range, address) in places {
            match calls.last_mut() {
                Some((of, at, addresses)) if of == line && *at == range && addresses.len() < PER_CALL => {
                    addresses.push(*address);
                }
                _ => calls.push((*line, range, vec![*address])),
            }
        }
        // Before the marks are made, which hold the time.
        let end = Instant::now() + self.config.claim_time;
        let all: Vec<(usize, IpAddr)> = places.iter().map(|(line, _, address)| (*line, *address)).collect();
        // All bodies first, so that a description that is too long takes nothing.
        let mut bodies = Vec::new();
        for (line, range, addresses) in &calls {
            let labels = request.lines.get(*line).map(|line| line.labels.clone()).unwrap_or_default();
            let description = Mark::new(claim, *line, &labels, &all, calls.len()).to_description()?;
            let body = AllocateAddressesBody::addresses(addresses.iter().copied());
            let body = body.map_err(failed(Operation::Allocate))?.with_description(description);
            bodies.push((*range, addresses, body));
        }
        let mut begun: Vec<&RangeId> = Vec::new();
        let mut whole_from = Instant::now();
        for (range, addresses, body) in bodies {
            begun.push(range);
            // Before the last call is sent, no process can see the whole claim.
            whole_from = Instant::now();
            let taken = self.take_call(range, addresses, body, &claim.number, end, &mut whole_from).await;
            if matches!(taken, Ok(Taken::All(_))) {
                continue;
            }
            // If this call may be carried out all the same, and was the last one, the claim may be seen as a whole.
            let may_be_whole =
                begun.len() == calls.len() && matches!(&taken, Err(error) if error.outcome() == Outcome::Unknown);
            let limit = self.give_back_limit(request, whole_from).filter(|_| may_be_whole);
            begun.sort();
            begun.dedup();
            // The error of the call says more than that of the undoing, which is added to it.
            return match (self.give_back(&begun, &claim.number, limit).await, taken) {
                (Ok(()), taken) => taken,
                (Err(left), Ok(_)) => Err(left.with_outcome(Outcome::Unknown)),
                (Err(left), Err(error)) => {
                    Err(error.with_context("left behind", left.message()).with_outcome(Outcome::Unknown))
                }
            };
        }
        Ok(Taken::All(whole_from))
    }

    /// Returns the time until which a claim may be given back that no process saw as a whole before `whole_from`. [`None`]
    /// without a key of the caller: no other process can return the claim.
    ///
    /// A process that sees the claim as a whole and alone returns it after the settle time. A call that gives it back later
    /// would free addresses that have an owner then. So none is sent after half of that time; the other half is for the
    /// server to carry out the last one. What is left has its key, and later calls with it return or report it.
    pub(super) fn give_back_limit(&self, request: &Allocate, whole_from: Instant) -> Option<Instant> {
        request.key.as_ref().map(|_| whole_from + self.config.give_back_time())
    }

    /// Sends one call, and waits for its end. Moves `whole_from` on to the last look that did not show its addresses.
    async fn take_call(
        &self,
        id: &RangeId,
        addresses: &[IpAddr],
        body: AllocateAddressesBody,
        claim: &str,
        end: Instant,
        whole_from: &mut Instant,
    ) -> Result<Taken> {
        let mut attempt = 1;
        // True if an earlier attempt may still be carried out.
        let mut doubt = false;
        loop {
            if Instant::now() >= end {
                // Not sent, so only an earlier attempt may be carried out.
                let error = self.explained(Failure::Late, id);
                return Err(if doubt { error } else { error.with_outcome(Outcome::NotApplied) });
            }
            // A claim time that passes in the middle drops the call, so that it is not repeated later.
            let sent = timeout_at(end, async {
                let tracker = self.client.network_ip_ranges().allocate(id.as_str(), body.clone()).await;
                match tracker {
                    Ok(tracker) => Ok(self.ended(tracker).await),
                    Err(error) => Err(error),
                }
            });
            let failure = match sent.await {
                Ok(Ok(Ok(()))) => return Ok(Taken::All(*whole_from)),
                // Nothing was carried out, so there is nothing to look for.
                Ok(Err(error)) if error.outcome() == Outcome::NotApplied && !is_refused_at_once(&error) => {
                    return Err(in_doubt(self.explained(Failure::Call(error), id), doubt));
                }
                Ok(Ok(Err(error)) | Err(error)) => Failure::Call(error),
                Err(_) => Failure::Late,
            };
            doubt |= failure.may_be_applied();
            // A lost response, a vanished tracker, or a refusal: what the range shows decides.
            let looking = Instant::now();
            let looked = async {
                let range = self.range(Operation::Allocate, id).await?;
                self.records(Operation::Allocate, &range).await
            };
            let records = looked.await.map_err(|error| in_doubt(error, doubt))?;
            let mine = |record: &&Record| record.live_mark().is_some_and(|mark| mark.claim == claim);
            let taken: Vec<IpAddr> = records.iter().filter(mine).map(|record| record.address).collect();
            if addresses.iter().all(|address| taken.contains(address)) {
                return Ok(Taken::All(*whole_from));
            }
            *whole_from = looking;
            if records.iter().any(|record| !mine(&record) && addresses.contains(&record.address)) {
                return Ok(Taken::Contended);
            }
            if !doubt {
                return Ok(Taken::Refused(self.explained(failure, id)));
            }
            // The same call again is safe: it names the addresses, and if the first one is carried out late, they are this
            // claim's as well.
            if attempt == ATTEMPTS || !taken.is_empty() {
                return Err(self.explained(failure, id).with_outcome(Outcome::Unknown));
            }
            tokio::time::sleep(PAUSE * attempt).await;
            attempt += 1;
        }
    }

    /// Waits for the end of a request.
    async fn ended(&self, tracker: RequestTracker) -> Result<(), crate::Error> {
        let wait: &Wait = &self.config.wait;
        self.client.request_trackers().wait_for(tracker, wait).await.map(|_| ())
    }

    fn explained(&self, failure: Failure, range: &RangeId) -> Error {
        // The bounds of the range may have changed, so they are read anew before the next call.
        self.forget_ranges();
        let Failure::Call(error) = failure else {
            let time = self.config.claim_time;
            let message =
                format!("the claim time of {time:?} passed before the server had allocated all addresses; raise it");
            return Error::new(ErrorKind::Timeout, Operation::Allocate, message)
                .with_context("range", range)
                .with_outcome(Outcome::Unknown);
        };
        let refused = is_refusal(&error);
        let error = failed(Operation::Allocate)(error).with_context("range", range);
        // A tracker that failed without a taken address is no conflict for the caller, and nothing was applied.
        match refused {
            true => {
                let message = format!("the server did not allocate the addresses: {}", error.message());
                Error::new(ErrorKind::Unavailable, Operation::Allocate, message)
                    .with_context("range", range)
                    .with_source(error)
            }
            false => error,
        }
    }

    /// Reads what a claim has, after the calls that took it.
    ///
    /// # Errors
    /// `Config` if the server did not keep the descriptions, and `Conflict` if another process deallocated addresses
    /// meanwhile; what is left was released. Otherwise those of reads and releases.
    pub(super) async fn read_back(
        &self,
        claim: &Claim,
        places: &[Place],
        limit: Option<Instant>,
    ) -> Result<Vec<(Arc<Range>, Record)>> {
        let operation = Operation::Allocate;
        let ids = ranges_of(places);
        let mut ranges = Vec::with_capacity(ids.len());
        for id in &ids {
            ranges.push(self.range(operation, id).await?);
        }
        let (mut own, mut unmarked) = (Vec::new(), Vec::new());
        let looked = Instant::now();
        for (range, records) in self.records_of_all(operation, ranges).await? {
            let wanted: BTreeSet<IpAddr> =
                places.iter().filter(|(_, id, _)| *id == range.id).map(|(_, _, address)| *address).collect();
            let mut bare = Vec::new();
            for record in records.into_iter().filter(|record| wanted.contains(&record.address)) {
                if record.live_mark().is_some_and(|mark| mark.claim == claim.number) {
                    own.push((Arc::clone(&range), record));
                } else if record.state == State::ByUser && record.mark.is_none() {
                    bare.push(record.address);
                }
            }
            unmarked.push((range, bare));
        }
        if own.len() == places.len() {
            return Ok(own);
        }
        let is_kept = unmarked.iter().all(|(_, bare)| bare.is_empty());
        // By address, since there is no mark to find them by; never one that has the mark of another claim.
        for (range, bare) in &unmarked {
            for part in bare.chunks(PER_CALL) {
                self.release_call(operation, range, part, false, self.release_limit(looked, None)).await?;
            }
        }
        self.give_back(&ids, &claim.number, limit).await?;
        let (kind, message) = if is_kept {
            (
                ErrorKind::Conflict,
                "another process deallocated addresses of this call before it ended; the rest was released",
            )
        } else {
            (
                ErrorKind::Config,
                "the server did not keep the description of the addresses, which holds key and owner; they were released \
                 again",
            )
        };
        Err(Error::new(kind, operation, message))
    }

    /// Releases what a claim has in these ranges. After the limit, no call is sent any more.
    ///
    /// # Errors
    /// `Busy` if the limit passed and addresses are left; otherwise those of reads and releases.
    pub(super) async fn give_back(&self, ranges: &[&RangeId], claim: &str, limit: Option<Instant>) -> Result<()> {
        for id in ranges {
            let range = match self.range(Operation::Allocate, id).await {
                Err(error) if error.is_not_found() => continue,
                range => range?,
            };
            let looked = Instant::now();
            let records = self.records(Operation::Allocate, &range).await?;
            let mine = records.iter().filter(|record| record.live_mark().is_some_and(|mark| mark.claim == claim));
            let mine: Vec<IpAddr> = mine.map(|record| record.address).collect();
            self.release(&range, &mine, claim, looked, limit).await?;
        }
        Ok(())
    }

    /// Releases addresses of a claim that it had at a look. One that it does not have any more is no error.
    async fn release(
        &self,
        range: &Range,
        addresses: &[IpAddr],
        claim: &str,
        mut looked: Instant,
        limit: Option<Instant>,
    ) -> Result<()> {
        let operation = Operation::Allocate;
        for part in addresses.chunks(PER_CALL) {
            let mut part = part.to_vec();
            let mut attempt = 1;
            while let Err(error) =
                self.release_call(operation, range, &part, false, self.release_limit(looked, limit)).await
            {
                // One of them may be free already, which fails the call for all; the next one names those that are left.
                looked = Instant::now();
                let records = self.records(operation, range).await?;
                let has = |address: &IpAddr| {
                    records.iter().any(|record| {
                        record.address == *address && record.live_mark().is_some_and(|mark| mark.claim == claim)
                    })
                };
                part.retain(has);
                match part.first() {
                    None => break,
                    Some(left) if attempt == ATTEMPTS || limit.is_some_and(|limit| Instant::now() >= limit) => {
                        return Err(error.with_context("address", left));
                    }
                    Some(_) => tokio::time::sleep(PAUSE * attempt).await,
                }
                attempt += 1;
            }
        }
        Ok(())
    }

    /// Returns the time until which addresses may be released that had their allocation at a look.
    ///
    /// The call names no allocation. Once another process releases the address, the next one can have it after the release
    /// time, and a call that is carried out then frees that one. So none is sent after half of the time; the other half is
    /// for the server. A process that was stopped in between looks again.
    pub(super) fn release_limit(&self, looked: Instant, limit: Option<Instant>) -> Option<Instant> {
        // Without a release time there is no time in which a call is safe; `check` warns of it.
        let own = (!self.release_wait.is_zero()).then(|| looked + self.release_wait.min(LONGEST) / 2);
        match (own, limit) {
            (Some(own), Some(limit)) => Some(own.min(limit)),
            (own, limit) => own.or(limit),
        }
    }

    /// Sends one call that releases, and waits for its end. After the limit, nothing is sent.
    pub(super) async fn release_call(
        &self,
        operation: Operation,
        range: &Range,
        addresses: &[IpAddr],
        unregistered: bool,
        limit: Option<Instant>,
    ) -> Result<()> {
        let body = ReleaseAddressesBody::new(addresses.iter().copied()).map_err(failed(operation))?;
        let ranges = self.client.network_ip_ranges();
        let id = range.id.as_str();
        let call = if unregistered { ranges.release_unregistered(id, body) } else { ranges.release(id, body) };
        let sent = match limit {
            None => call.await,
            // `timeout_at` would send it before it looks at the time.
            Some(limit) if Instant::now() >= limit => return Err(too_late(operation, Outcome::NotApplied)),
            // The client may repeat the call, so it is dropped at the limit.
            Some(limit) => {
                timeout_at(limit, call.into_future()).await.map_err(|_| too_late(operation, Outcome::Unknown))?
            }
        };
        self.ended(sent.map_err(failed(operation))?).await.map_err(failed(operation))
    }

    /// Releases one address that had its record at a look, also one that another user allocated. Returns false if it was
    /// free.
    pub(super) async fn release_one(
        &self,
        operation: Operation,
        range: &Range,
        record: &Record,
        mut looked: Instant,
    ) -> Result<bool> {
        let unregistered = match &record.state {
            State::Released => return Ok(false),
            State::ByUser => false,
            State::Unregistered => true,
            State::ForMachine(path) => {
                let message = "the address belongs to a machine; delete the machine or its deployment";
                let machine = path.as_deref().unwrap_or("not named by the server");
                let error = Error::new(ErrorKind::Conflict, operation, message).with_context("address", record.address);
                return Err(error.with_context("machine", machine));
            }
        };
        let mut attempt = 1;
        // True if a call may have been carried out although it failed.
        let mut uncertain = false;
        loop {
            let limit = self.release_limit(looked, None);
            let Err(error) = self.release_call(operation, range, &[record.address], unregistered, limit).await else {
                return Ok(true);
            };
            uncertain |= error.outcome() == Outcome::Unknown && error.kind() != ErrorKind::Conflict;
            // Another caller may have released it at the same moment, or the response was lost.
            looked = Instant::now();
            let now = self.records(operation, range).await.map_err(|error| in_doubt(error, uncertain))?;
            if !now.iter().any(|other| other.is_same(record)) {
                // Whose release it was is not known: this one's if it may have been carried out, and else another one's.
                return Ok(uncertain);
            }
            if attempt == ATTEMPTS {
                return Err(in_doubt(error, uncertain));
            }
            tokio::time::sleep(PAUSE * attempt).await;
            attempt += 1;
        }
    }
}

/// Returns the error, with the outcome that is right if an earlier call may be carried out.
pub(super) fn in_doubt(error: Error, doubt: bool) -> Error {
    if doubt { error.with_outcome(Outcome::Unknown) } else { error }
}

fn too_late(operation: Operation, outcome: Outcome) -> Error {
    let message = "the release could not be sent in time, and another process may rely on the addresses by now; look at \
                   what has them, and deallocate it if nothing uses it; a longer settle time or release time gives more \
                   time";
    Error::new(ErrorKind::Busy, operation, message).with_outcome(outcome)
}

/// Returns true if the server refused the call itself, which may be because of an address that was taken meanwhile.
fn is_refused_at_once(error: &crate::Error) -> bool {
    matches!(error.status(), Some(400 | 409 | 422))
}

/// Returns true if a tracker says that its request failed.
fn is_refusal(error: &crate::Error) -> bool {
    matches!(error, crate::Error::Wait(wait) if matches!(wait.reason, WaitReason::Failed))
}

/// Claims of a key that were found, by their numbers.
pub(super) type Claims = BTreeMap<String, Vec<(Arc<Range>, Record)>>;
