//! Claims of this process: those in progress, and unfinished ones that have to be cleaned up.
//!
//! There is no background task. A caller that drops its future in the middle of a claim leaves an entry here, and so
//! does a lost response. The next calls of the provider [clean up](super::cleanup).

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ipam_core::AllocationKey;

use crate::provider::map::mark::Nonce;

/// Largest number of entries, so that an unreachable server does not fill the memory. The oldest are forgotten; a sweep
/// finds their addresses.
const MAX_ENTRIES: usize = 10_000;

/// Claim that may have left rows that no caller was told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UnfinishedClaim {
    pub(crate) key: AllocationKey,
    pub(crate) nonce: Nonce,
    /// True if all rows of the claim are to be deleted, because no caller knows its key. Rows under a caller's key are
    /// never deleted as a whole: another process may have found them and returned them.
    pub(crate) undo_whole: bool,
}

#[derive(Debug)]
struct Entry {
    claim: UnfinishedClaim,
    since: Instant,
    visits: usize,
}

#[derive(Debug, Default)]
struct State {
    alive: BTreeSet<Nonce>,
    waiting: Vec<Entry>,
}

/// Claims of one provider in one process.
#[derive(Debug)]
pub(crate) struct Claims {
    /// Upper half of the nonces of this provider.
    instance: u32,
    /// Times after the end of a claim at which it is cleaned up.
    revisits: [Duration; 5],
    state: Mutex<State>,
}

/// Guard of a claim in progress. If it is dropped before it is [finished](Self::finish), the claim is queued for
/// cleanup.
#[derive(Debug)]
pub(crate) struct ClaimGuard {
    claims: Arc<Claims>,
    claim: UnfinishedClaim,
    /// True if rows may be left that no caller was told of.
    abandoned: bool,
}

impl Claims {
    pub(crate) fn new(instance: u32, revisits: [Duration; 5]) -> Arc<Self> {
        Arc::new(Self { instance, revisits, state: Mutex::default() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a claim. `random` is any number; the nonce is made unique in this process.
    pub(crate) fn begin(self: &Arc<Self>, key: AllocationKey, keyless: bool, random: u32) -> ClaimGuard {
        let mut state = self.state();
        let mut low = random;
        let nonce = loop {
            // The upper half tells this process's claims from others, without a list of all claims that it ever made.
            let nonce = Nonce(u64::from(self.instance) << 32 | u64::from(low));
            if state.alive.insert(nonce) {
                break nonce;
            }
            low = low.wrapping_add(1);
        };
        drop(state);
        ClaimGuard {
            claims: Arc::clone(self),
            claim: UnfinishedClaim { key, nonce, undo_whole: keyless },
            abandoned: true,
        }
    }

    /// Returns true if a claim of this process is in progress, false if it has ended, and `None` if it is another
    /// process's.
    pub(crate) fn is_in_progress(&self, nonce: Nonce) -> Option<bool> {
        (nonce.0 >> 32 == u64::from(self.instance)).then(|| self.state().alive.contains(&nonce))
    }

    /// Returns true if all rows of a claim are to be deleted.
    pub(crate) fn must_be_undone(&self, nonce: Nonce) -> bool {
        self.state().waiting.iter().any(|waiting| waiting.claim.nonce == nonce && waiting.claim.undo_whole)
    }

    pub(crate) fn add(&self, claim: UnfinishedClaim) {
        let mut state = self.state();
        // A claim that is queued twice starts its times again: the newer lost response counts.
        state.waiting.retain(|waiting| waiting.claim != claim);
        state.waiting.push(Entry { claim, since: Instant::now(), visits: 0 });
        if state.waiting.len() > MAX_ENTRIES {
            state.waiting.remove(0);
        }
    }

    /// Returns the claims whose next cleanup time has come. Each is given to one caller, and comes again at its further
    /// times.
    pub(crate) fn ready(self: &Arc<Self>) -> Vec<CleanupTask> {
        let now = Instant::now();
        let mut due = Vec::new();
        self.state().waiting.retain_mut(|waiting| {
            let age = now.saturating_duration_since(waiting.since);
            // A caller that comes late skips the times in between: one visit sees all that happened until now.
            let passed = self.revisits.iter().filter(|revisit| age >= **revisit).count();
            if passed > waiting.visits {
                waiting.visits = passed;
                due.push(CleanupTask { claims: Arc::clone(self), claim: waiting.claim.clone(), done: false });
            }
            waiting.visits < self.revisits.len()
        });
        due
    }

    /// Returns all unfinished claims, whatever their next time is.
    pub(crate) fn all(self: &Arc<Self>) -> Vec<CleanupTask> {
        let mut all = Vec::new();
        self.state().waiting.retain_mut(|waiting| {
            waiting.visits += 1;
            all.push(CleanupTask { claims: Arc::clone(self), claim: waiting.claim.clone(), done: false });
            waiting.visits < self.revisits.len()
        });
        all
    }

    /// Puts a claim back whose cleanup failed.
    fn put_back(&self, claim: &UnfinishedClaim) {
        let mut state = self.state();
        match state.waiting.iter_mut().find(|waiting| waiting.claim == *claim) {
            // The visit did not happen, so it is not counted.
            Some(waiting) => waiting.visits = waiting.visits.saturating_sub(1),
            None => state.waiting.push(Entry { claim: claim.clone(), since: Instant::now(), visits: 0 }),
        }
    }
}

/// Cleanup of one unfinished claim. If it is dropped before it is [done](Self::done), because it failed or its caller
/// was dropped, the claim is put back.
#[derive(Debug)]
pub(crate) struct CleanupTask {
    claims: Arc<Claims>,
    claim: UnfinishedClaim,
    done: bool,
}

impl CleanupTask {
    pub(crate) fn claim(&self) -> &UnfinishedClaim {
        &self.claim
    }

    pub(crate) fn done(mut self) {
        self.done = true;
    }
}

impl Drop for CleanupTask {
    fn drop(&mut self) {
        if !self.done {
            self.claims.put_back(&self.claim);
        }
    }
}

impl ClaimGuard {
    pub(crate) fn nonce(&self) -> Nonce {
        self.claim.nonce
    }

    /// Ends a claim that its caller was told of, or that is undone. With `response_lost` the request may still be
    /// carried out, so the claim is queued for cleanup.
    pub(crate) fn finish(mut self, response_lost: bool) {
        self.abandoned = false;
        if response_lost {
            // The rows of the claim stay; only duplicates of them are deleted.
            self.claims.add(UnfinishedClaim { undo_whole: false, ..self.claim.clone() });
        }
    }
}

impl Drop for ClaimGuard {
    fn drop(&mut self) {
        // Before it is queued: from now on the claim counts as ended, and another call with the key may undo it.
        self.claims.state().alive.remove(&self.claim.nonce);
        if self.abandoned {
            self.claims.add(self.claim.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REVISITS: [Duration; 5] = [Duration::ZERO, LATER, LATER, LATER, LATER];
    const LATER: Duration = Duration::from_secs(60);

    #[test]
    fn a_claim_that_is_dropped_is_looked_at_and_a_finished_one_is_not() {
        let claims = Claims::new(7, REVISITS);
        let claim = claims.begin("k".into(), true, 1);
        let nonce = claim.nonce();
        assert_eq!(claims.is_in_progress(nonce), Some(true));
        assert!(claims.ready().is_empty());
        drop(claim);
        assert_eq!(claims.is_in_progress(nonce), Some(false));
        assert!(claims.must_be_undone(nonce));
        let abandoned = UnfinishedClaim { key: "k".into(), nonce, undo_whole: true };
        let due = claims.ready();
        assert_eq!(due.iter().map(CleanupTask::claim).collect::<Vec<_>>(), [&abandoned]);
        assert!(claims.ready().is_empty(), "one caller visits");
        drop(due);
        let again = claims.ready();
        assert_eq!(
            again.iter().map(CleanupTask::claim).collect::<Vec<_>>(),
            [&abandoned],
            "the look failed, or its caller went away"
        );
        again.into_iter().for_each(CleanupTask::done);
        assert!(claims.ready().is_empty(), "not before its next time");
        claims.begin("k".into(), true, 2).finish(false);
        assert!(claims.ready().is_empty());
        assert_eq!(claims.is_in_progress(Nonce(8 << 32)), None);
    }

    #[test]
    fn two_claims_never_share_a_number() {
        let claims = Claims::new(1, REVISITS);
        let (one, two) = (claims.begin("a".into(), false, 5), claims.begin("a".into(), false, 5));
        assert_ne!(one.nonce(), two.nonce());
    }
}
