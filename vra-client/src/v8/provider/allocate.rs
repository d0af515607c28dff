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
//! B gives back. If both see each other, both give back. A third process that saw one of them alone, before the other was
//! written, returns it only after the settle time: until then it may be given back, and afterwards it is not any more.
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
fn check(operation: Operation, request: &Allocate) -> Result<()> {
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
    let _turn = inner.lock(request.key.iter().map(|key| format!("key {key}"))).await;
    let mut claim = Claim { owner: request.owner.clone(), key, number, request: request.fingerprint().to_string() };
    let deadline = Instant::now() + inner.config.claim_time;
    let mut pause = Duration::from_millis(5);
    let (mut refusals, mut refused) = (0, Refused::new());
    let mut refusal = None;
    // Claim of another process, and since when it was there alone.
    let mut seen: Option<(String, Instant)> = None;
    loop {
        if keyed {
            let snapshot = inner.snapshot(operation).await?;
            let claims = inner.claims(operation, &snapshot, &claim.key).await?;
            match inner.state_of(operation, &request, &claim.key, &claims)? {
                KeyState::Taken { allocated, claim, settled } => {
                    let (number, since) = seen.get_or_insert_with(|| (claim.clone(), Instant::now()));
                    if *number != claim {
                        (*number, *since) = (claim.clone(), Instant::now());
                    }
                    // Its process may see a third claim and give it back, but not for so long.
                    if settled || since.elapsed() >= inner.config.settle_time {
                        inner.confirm(&claim);
                        return Ok(allocated);
                    }
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
            // All that is left was passed over: the server's reason says more.
            Err(error) if error.kind() == ErrorKind::Exhausted && !refused.is_empty() => {
                return Err(refusal.unwrap_or(error));
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
    let begun = Instant::now();
    match inner.take(request, claim, &choice.places).await? {
        Taken::Contended => return Ok(Attempt::Again),
        Taken::Refused(error) => return Ok(Attempt::Refused(error, held)),
        Taken::All => {}
    }
    let error = match finish(inner, request, claim, &choice.places, begun).await {
        Err(error) => error,
        done => return done,
    };
    // The addresses are taken. The next call with the key finds them; without a key of the caller nothing would.
    if request.key.is_some() {
        return Err(error.with_outcome(Outcome::Unknown));
    }
    match inner.give_back(&ranges_of(&choice.places), &claim.number).await {
        Ok(()) => Err(error),
        Err(left) => Err(error.with_context("left behind", left.message()).with_outcome(Outcome::Unknown)),
    }
}

/// Looks at what was taken: whether the key is this claim's alone, and whether the server kept the descriptions.
async fn finish(
    inner: &Arc<Inner>,
    request: &Allocate,
    claim: &Claim,
    places: &[Place],
    begun: Instant,
) -> Result<Attempt> {
    if request.key.is_some() && !look_again(inner, claim).await? {
        // Another process may have returned this claim by now, so it stays, and the key is settled by people.
        if begun.elapsed() > inner.config.settle_time / 2 {
            let message = "another process used the key at the same moment, and this claim took too long to be given back; \
                           deallocate the key, or raise the settle time";
            return Err(Error::new(ErrorKind::Busy, Operation::Allocate, message).with_context("key", &claim.key));
        }
        inner.give_back(&ranges_of(places), &claim.number).await?;
        return Ok(Attempt::Again);
    }
    let own = inner.read_back(claim, places).await?;
    inner.confirm(&claim.number);
    Ok(Attempt::Done(allocated(request.lines.len(), &claim.key, &own, false)))
}

/// Returns true if no other claim has the key.
async fn look_again(inner: &Inner, claim: &Claim) -> Result<bool> {
    let snapshot = inner.snapshot(Operation::Allocate).await?;
    let claims = inner.claims(Operation::Allocate, &snapshot, &claim.key).await?;
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
        let snapshot = inner.snapshot(operation).await?;
        let claims = inner.claims(operation, &snapshot, key).await?;
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
