//! What this process knows of its own claims: which are under way, and which ends are loose.
//!
//! There is no task in the background. A caller that goes away in the middle of a claim leaves an entry here, and so
//! does an answer that was lost; the next calls of the provider look after them.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use ipam_core::AllocationKey;

use crate::provider::key::mark::Nonce;

/// How long after it became loose an end is looked at: a request that was under way may still be carried out, at the
/// latest when the server's own lock and time limits end.
const LOOKS: [Duration; 5] =
    [Duration::ZERO, Duration::from_secs(1), Duration::from_secs(5), Duration::from_secs(30), Duration::from_secs(120)];

/// Beyond this many, the oldest are forgotten; `sweep` finds what they leave.
const MOST: usize = 10_000;

/// A claim that may have left rows that nobody has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) key: AllocationKey,
    pub(crate) nonce: Nonce,
    /// Whether everything of this claim is to be taken back, because nobody knows its key. What has the caller's key is
    /// never taken back that way: another process may have found it and answered with it.
    pub(crate) all: bool,
}

#[derive(Debug)]
struct Waiting {
    end: End,
    since: Instant,
    looks: usize,
}

#[derive(Debug, Default)]
struct State {
    alive: BTreeSet<Nonce>,
    waiting: Vec<Waiting>,
    lanes: HashMap<AllocationKey, Weak<tokio::sync::Mutex<()>>>,
}

/// The claims of one provider in one process.
#[derive(Debug)]
pub(crate) struct Claims {
    /// The upper half of all our nonces.
    instance: u32,
    state: Mutex<State>,
}

/// A claim that is under way. Dropped before it is [finished](Self::finish), it becomes a loose end.
#[derive(Debug)]
pub(crate) struct UnderWay {
    claims: Arc<Claims>,
    end: End,
    /// Whether rows may be there that nobody has.
    loose: bool,
}

impl Claims {
    pub(crate) fn new(instance: u32) -> Arc<Self> {
        Arc::new(Self { instance, state: Mutex::default() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a claim. `random` is any number.
    pub(crate) fn begin(self: &Arc<Self>, key: AllocationKey, keyless: bool, random: u32) -> UnderWay {
        let mut state = self.state();
        let mut low = random;
        let nonce = loop {
            let nonce = Nonce(u64::from(self.instance) << 32 | u64::from(low));
            if state.alive.insert(nonce) {
                break nonce;
            }
            low = low.wrapping_add(1);
        };
        drop(state);
        UnderWay { claims: Arc::clone(self), end: End { key, nonce, all: keyless }, loose: true }
    }

    /// Whether a claim is of this process, and if so, whether it is under way. `None` for others'.
    pub(crate) fn is_under_way(&self, nonce: Nonce) -> Option<bool> {
        (nonce.0 >> 32 == u64::from(self.instance)).then(|| self.state().alive.contains(&nonce))
    }

    /// Whether all of a claim is to be taken back.
    pub(crate) fn is_unwanted(&self, nonce: Nonce) -> bool {
        self.state().waiting.iter().any(|waiting| waiting.end.nonce == nonce && waiting.end.all)
    }

    /// Callers with the same key take turns.
    pub(crate) fn lane(&self, key: &AllocationKey) -> Arc<tokio::sync::Mutex<()>> {
        let mut state = self.state();
        if let Some(lane) = state.lanes.get(key).and_then(Weak::upgrade) {
            return lane;
        }
        state.lanes.retain(|_, lane| lane.strong_count() > 0);
        let lane = Arc::new(tokio::sync::Mutex::new(()));
        state.lanes.insert(key.clone(), Arc::downgrade(&lane));
        lane
    }

    pub(crate) fn add(&self, end: End) {
        let mut state = self.state();
        state.waiting.retain(|waiting| waiting.end != end);
        state.waiting.push(Waiting { end, since: Instant::now(), looks: 0 });
        if state.waiting.len() > MOST {
            state.waiting.remove(0);
        }
    }

    /// The ends that are to be looked at now. Each is handed to one caller, and comes again some times.
    pub(crate) fn due(self: &Arc<Self>) -> Vec<Look> {
        let now = Instant::now();
        let mut due = Vec::new();
        self.state().waiting.retain_mut(|waiting| {
            let age = now.saturating_duration_since(waiting.since);
            let passed = LOOKS.iter().filter(|look| age >= **look).count();
            if passed > waiting.looks {
                waiting.looks = passed;
                due.push(Look { claims: Arc::clone(self), end: waiting.end.clone(), done: false });
            }
            waiting.looks < LOOKS.len()
        });
        due
    }

    /// All ends, whenever they were looked at.
    pub(crate) fn all(self: &Arc<Self>) -> Vec<Look> {
        let mut all = Vec::new();
        self.state().waiting.retain_mut(|waiting| {
            waiting.looks += 1;
            all.push(Look { claims: Arc::clone(self), end: waiting.end.clone(), done: false });
            waiting.looks < LOOKS.len()
        });
        all
    }

    /// Lets an end come again: the look at it failed.
    fn again(&self, end: &End) {
        let mut state = self.state();
        match state.waiting.iter_mut().find(|waiting| waiting.end == *end) {
            Some(waiting) => waiting.looks = waiting.looks.saturating_sub(1),
            None => state.waiting.push(Waiting { end: end.clone(), since: Instant::now(), looks: 0 }),
        }
    }
}

/// A look at a loose end. Dropped before it is [done](Self::done), because it failed or its caller went away, the end
/// comes again.
#[derive(Debug)]
pub(crate) struct Look {
    claims: Arc<Claims>,
    end: End,
    done: bool,
}

impl Look {
    pub(crate) fn end(&self) -> &End {
        &self.end
    }

    pub(crate) fn done(mut self) {
        self.done = true;
    }
}

impl Drop for Look {
    fn drop(&mut self) {
        if !self.done {
            self.claims.again(&self.end);
        }
    }
}

impl UnderWay {
    pub(crate) fn nonce(&self) -> Nonce {
        self.end.nonce
    }

    /// The claim is told to its caller, or undone without a trace. With `doubts`, an answer was lost on the way, and
    /// what it was about may still come.
    pub(crate) fn finish(mut self, doubts: bool) {
        self.loose = false;
        if doubts {
            // What stands is left alone, only doubles of it go.
            self.claims.add(End { all: false, ..self.end.clone() });
        }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.claims.state().alive.remove(&self.end.nonce);
        if self.loose {
            self.claims.add(self.end.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_that_is_dropped_is_looked_at_and_a_finished_one_is_not() {
        let claims = Claims::new(7);
        let claim = claims.begin("k".into(), true, 1);
        let nonce = claim.nonce();
        assert_eq!(claims.is_under_way(nonce), Some(true));
        assert!(claims.due().is_empty());
        drop(claim);
        assert_eq!(claims.is_under_way(nonce), Some(false));
        assert!(claims.is_unwanted(nonce));
        let end = End { key: "k".into(), nonce, all: true };
        let due = claims.due();
        assert_eq!(due.iter().map(Look::end).collect::<Vec<_>>(), [&end]);
        assert!(claims.due().is_empty(), "one caller looks");
        drop(due);
        let again = claims.due();
        assert_eq!(again.iter().map(Look::end).collect::<Vec<_>>(), [&end], "the look failed, or its caller went away");
        again.into_iter().for_each(Look::done);
        assert!(claims.due().is_empty(), "not before its next time");
        claims.begin("k".into(), true, 2).finish(false);
        assert!(claims.due().is_empty());
        assert_eq!(claims.is_under_way(Nonce(8 << 32)), None);
    }

    #[test]
    fn two_claims_never_share_a_number() {
        let claims = Claims::new(1);
        let (one, two) = (claims.begin("a".into(), false, 5), claims.begin("a".into(), false, 5));
        assert_ne!(one.nonce(), two.nonce());
    }
}
