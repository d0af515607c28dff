//! Allocation of addresses.
//!
//! # Steps
//! 1. With a key of the caller: look for claims with it. A complete one is the result.
//! 2. Choose the lowest addresses without a record, and take them by their values. The server refuses one that is taken
//!    meanwhile; then begin again.
//! 3. With a key of the caller: look for claims with it again. If there is another one, give back the own one, wait for a
//!    random time, and begin again.
//!
//! # Why no key gets addresses twice
//! Descriptions never change, so a claim cannot be committed later: it is written complete, and looked at afterwards. Say A
//! returned its claim. Then it did not see that of B in step 3, so B wrote later than that, and B sees A in its own step 3:
//! B gives back. If both see each other, both give back. A third process may see one of them alone, before the other was
//! written or after it was given back. It returns it only after the settle time, and the process of the claim sends no call
//! that gives it back after half of that time. Both times begin when the claim was complete or later: the one with the call
//! that completed it, the other with the first look that showed it whole. So what was returned is not given back.
//!
//! That bound is kept by not sending, never by hoping: a give-back that is late is not begun, and one that is on its way is
//! dropped with its repetitions. What is left has its key. The next call with the key returns it if it is alone by then, or
//! fails with `Busy` and names the addresses of both claims; deallocating the key frees all of them.
//!
//! The price is that addresses that were given back are quarantined by the server, which only calls with one key at the
//! same moment in several processes pay.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use ipam_core::{
    Allocate, Allocated, AllocationKey, Candidate, Deallocate, Error, ErrorKind, Operation, Outcome, Preview, RangeId,
    Result, Retry,
};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::choose::{MOST, exact};
use super::inner::{Inner, NAME, random};
use super::keys::{KeyState, allocated, unsettled};
use super::mark::Claim;
use super::write::{Place, Taken, ranges_of};

/// Number of times that the server may refuse addresses that look free, before others are chosen.
const REFUSALS: u32 = 4;
/// Number of choices that the server may refuse so.
const ROUNDS: u32 = 4;
/// Longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Refuses what the server cannot keep.
pub(super) fn check(operation: Operation, request: &Allocate) -> Result<()> {
    request.validate()?;
    let unsupported = |reason: &str| Error::unsupported(operation, NAME).with_context("reason", reason);
    if request.lines.iter().any(|line| line.expiry.is_some()) {
        return Err(unsupported("addresses do not expire"));
    }
    let count: usize = request.lines.iter().map(|line| line.selection.count() as usize).sum();
    if count > MOST {
        return Err(unsupported("a request has at most 256 addresses"));
    }
    Ok(())
}

/// Allocates addresses.
pub(super) async fn allocate(inner: &Arc<Inner>, request: &Allocate) -> Result<Allocated> {
    inner.open(Operation::Allocate)?;
    check(Operation::Allocate, request)?;
    // In a task, which goes on if this future is dropped: a claim is then finished or given back, never left half.
    let task = tokio::spawn(claim(Arc::clone(inner), request.clone()));
    let mut undo = Undo { inner: Arc::clone(inner), task: Some(task), keyed: request.key.is_some() };
    let Some(task) = undo.task.as_mut() else {
        return Err(Error::new(ErrorKind::Unavailable, Operation::Allocate, "the allocation was not started"));
    };
    let result = task.await;
    undo.task = None;
    // A panic: nothing says how far it came.
    let lost = |error: tokio::task::JoinError| {
        Error::new(ErrorKind::Unavailable, Operation::Allocate, error.to_string()).with_outcome(Outcome::Unknown)
    };
    result.map_err(lost)?
}

/// Allocation whose caller may go away. Without a key it is given back then, because nothing could find it.
struct Undo {
    inner: Arc<Inner>,
    task: Option<JoinHandle<Result<Allocated>>>,
    keyed: bool,
}

impl Drop for Undo {
    fn drop(&mut self) {
        let (Some(task), inner, keyed) = (self.task.take(), Arc::clone(&self.inner), self.keyed) else { return };
        // Without a runtime, the program is ending.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let kept = Arc::clone(&self.inner);
        kept.keep(runtime.spawn(async move {
            if let Ok(Ok(allocated)) = task.await
                && !keyed
            {
                // Nothing is left to tell of a failure; the addresses have their owner.
                let _ = super::deallocate::run(&inner, &Deallocate::key(allocated.key)).await;
            }
        }));
    }
}

async fn claim(inner: Arc<Inner>, request: Allocate) -> Result<Allocated> {
    let operation = Operation::Allocate;
    let number = random(operation)?;
    let keyed = request.key.is_some();
    let key = request.key.clone().unwrap_or_else(|| AllocationKey::from(format!("vra8/{number}")));
    // Callers of one process take turns, and only those of others meet at the server.
    let _turn = inner.lock_keys(operation, request.key.as_slice()).await?;
    let times = (inner.config.claim_time, inner.config.settle_time);
    let fingerprint = request.fingerprint().to_string();
    let mut claim = Claim { owner: request.owner.clone(), key, number, request: fingerprint, times };
    let deadline = Instant::now() + inner.config.claim_time;
    // A claim of another process may be complete at the end of its claim time, and is settled so long after.
    let settled_by = deadline + inner.config.settle_time;
    let mut pause = Duration::from_millis(5);
    let (mut refusals, mut refused) = (0, Refused::new());
    let mut refusal = None;
    // Claim of another process, and since when it was there alone.
    let mut seen: Option<(String, Instant)> = None;
    loop {
        if keyed {
            let looked = Instant::now();
            let claims = inner.claims(operation, &claim.key).await?;
            match inner.state_of(operation, &request, &claim.key, &claims)? {
                KeyState::Taken { allocated, claim: number, settled, wait } => {
                    let since = match seen.take() {
                        Some((other, since)) if other == number => since,
                        // After the look: its rows may have been read at its end.
                        _ => Instant::now(),
                    };
                    // Its process may see another claim and give it back, but not for so long. The begin of the look counts:
                    // a row that was read before the time was over may be of an address that was given back since.
                    if settled || looked.saturating_duration_since(since) >= wait {
                        inner.confirm(&number);
                        return Ok(allocated);
                    }
                    if Instant::now() >= settled_by {
                        return Err(unsettled(operation, &claim.key, &claims));
                    }
                    seen = Some((number, since));
                    back_off(&mut pause).await;
                    continue;
                }
                KeyState::Free => {}
                KeyState::Unsettled if Instant::now() >= deadline => {
                    return Err(unsettled(operation, &claim.key, &claims));
                }
                KeyState::Unsettled => {
                    seen = None;
                    back_off(&mut pause).await;
                    continue;
                }
            }
        }
        match attempt(&inner, &request, &claim, &refused).await {
            Ok(Attempt::Done(allocated)) => return Ok(allocated),
            Ok(Attempt::Again) => {}
            // Another caller may have had the addresses just for the moment of the call, so the same ones are tried again
            // first. One that the server never gives out, such as an address of its own, is passed over then.
            Ok(Attempt::Refused(error, places)) => {
                refusals += 1;
                if refusals % REFUSALS == 0 {
                    let can_choose = request.lines.iter().any(|line| exact(line.selection).is_none());
                    if !can_choose || refusals >= REFUSALS * ROUNDS {
                        return Err(error);
                    }
                    refused.extend(places);
                }
                refusal = Some(error);
            }
            // All that is left was passed over. Other callers may have had it for moments only, so it is tried again; in the
            // end, the server's reason says more.
            Err(error) if error.kind() == ErrorKind::Exhausted && !refused.is_empty() => {
                if refusals >= REFUSALS * ROUNDS {
                    return Err(refusal.unwrap_or(error));
                }
                refused.clear();
            }
            Err(error) => return Err(error),
        }
        if Instant::now() >= deadline {
            let message = "other callers took the chosen addresses until the deadline; try again";
            return Err(Error::new(ErrorKind::Busy, operation, message).with_retry(Retry::Safe));
        }
        back_off(&mut pause).await;
        // Another number: what the last attempt gave back must not be taken for a part of this one.
        claim.number = random(operation)?;
    }
}

/// Result of one attempt.
enum Attempt {
    Done(Allocated),
    /// Another caller was faster.
    Again,
    /// The server refused these addresses, and nothing shows why.
    Refused(Error, Vec<(RangeId, IpAddr)>),
}

/// Addresses that the server refused in this call, although they had no record.
type Refused = BTreeSet<(RangeId, IpAddr)>;

/// Tries once, with other addresses than those that were refused.
async fn attempt(inner: &Arc<Inner>, request: &Allocate, claim: &Claim, refused: &Refused) -> Result<Attempt> {
    let choice = inner.choose(Operation::Allocate, request, refused).await?;
    if choice.must_wait {
        return Ok(Attempt::Again);
    }
    let held: Vec<_> = choice.places.iter().map(|(_, range, address)| (range.clone(), *address)).collect();
    // Another call of this process chose the same at the same moment.
    let Some(_reservation) = inner.reserve(&held) else { return Ok(Attempt::Again) };
    // Without a key of the caller, the one that was made here is all by which what is left can be found.
    let named = |error: Error| match error.outcome() {
        Outcome::Unknown if request.key.is_none() => error.with_context("key", &claim.key),
        _ => error,
    };
    let whole_from = match inner.take(request, claim, &choice.places).await.map_err(named)? {
        Taken::Contended => return Ok(Attempt::Again),
        Taken::Refused(error) => return Ok(Attempt::Refused(error, held)),
        Taken::All(from) => from,
    };
    let error = match finish(inner, request, claim, &choice.places, whole_from).await {
        Err(error) => error,
        done => return done,
    };
    // The addresses are taken. The next call with the key finds them; without a key of the caller nothing would.
    if request.key.is_some() {
        return Err(error.with_outcome(Outcome::Unknown));
    }
    match inner.give_back(&ranges_of(&choice.places), &claim.number, None).await {
        Ok(()) => Err(error),
        Err(left) => Err(named(error.with_context("left behind", left.message()).with_outcome(Outcome::Unknown))),
    }
}

/// Looks at what was taken: whether the key is this claim's alone, and whether the server kept the descriptions.
async fn finish(
    inner: &Arc<Inner>,
    request: &Allocate,
    claim: &Claim,
    places: &[Place],
    whole_from: Instant,
) -> Result<Attempt> {
    let limit = inner.give_back_limit(request, whole_from);
    if request.key.is_some() && !look_again(inner, claim).await? {
        let given = inner.give_back(&ranges_of(places), &claim.number, limit).await;
        let busy =
            |error: Error| error.with_context("key", &claim.key).with_context("also", "another process used the key");
        return given.map(|()| Attempt::Again).map_err(busy);
    }
    let own = inner.read_back(claim, places, limit).await?;
    inner.confirm(&claim.number);
    Ok(Attempt::Done(allocated(request.lines.len(), &claim.key, &own, false)))
}

/// Returns true if no other claim has the key.
async fn look_again(inner: &Inner, claim: &Claim) -> Result<bool> {
    let claims = inner.claims(Operation::Allocate, &claim.key).await?;
    Ok(claims.keys().all(|number| *number == claim.number))
}

/// Waits, longer each time, and by a random part of it.
async fn back_off(pause: &mut Duration) {
    // Two processes that gave way to each other would do so again, if both waited for the same time.
    let share = getrandom::u64().unwrap_or(1 << 63) >> 48;
    let wait = pause.mul_f64(0.5 + f64::from(u32::try_from(share).unwrap_or(0)) / 65_536.0);
    tokio::time::sleep(wait).await;
    *pause = pause.mul_f32(1.6).min(LONGEST_PAUSE);
}

/// Returns the addresses that an allocation would take.
pub(super) async fn preview(inner: &Arc<Inner>, request: &Allocate) -> Result<Preview> {
    let operation = Operation::PreviewAllocate;
    inner.open(operation)?;
    check(operation, request).map_err(|error| error.with_operation(operation))?;
    if let Some(key) = &request.key {
        let claims = inner.claims(operation, key).await?;
        match inner.state_of(operation, request, key, &claims)? {
            KeyState::Taken { allocated, .. } => {
                let candidate =
                    |allocation: ipam_core::Allocation| Candidate::new(allocation.range, allocation.address);
                let lines = allocated.lines.into_iter().map(|line| line.into_iter().map(candidate).collect());
                return Ok(Preview::new(lines.collect()));
            }
            KeyState::Unsettled => return Err(unsettled(operation, key, &claims)),
            KeyState::Free => {}
        }
    }
    let choice = inner.choose(operation, request, &Refused::new()).await?;
    if choice.must_wait {
        let message = "all free addresses are being taken by calls in progress; try again";
        return Err(Error::new(ErrorKind::Busy, operation, message).with_retry(Retry::Safe));
    }
    let mut lines = vec![Vec::new(); request.lines.len()];
    for (line, range, address) in choice.places {
        if let Some(line) = lines.get_mut(line) {
            line.push(Candidate::new(range, address));
        }
    }
    Ok(Preview::new(lines))
}
