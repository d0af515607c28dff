//! Pacing: the time limits of operations, and the waits between their attempts.

use std::time::{Duration, Instant};

use ipam_core::BackoffConfig;

/// Time limits of a provider's operations, and the waits between their attempts.
///
/// phpIPAM does not tell when a lock is free, when another claim is undone, or whether a request whose response was
/// lost is still carried out. So the provider sends the request again after a wait. The waits grow and are partly random.
/// Four times determine all of them: `deadline` ([`with_deadline`](Self::with_deadline)), `settle`
/// ([`with_settle`](Self::with_settle)), and `first` and `longest` ([`with_retry`](Self::with_retry)).
///
/// | reason of the wait | shortest wait | longest wait | sum of the waits at most | by default |
/// | --- | --- | --- | --- | --- |
/// | other writers were faster, or hold the server's lock | `first` | `longest` | until the claim's `deadline` | 10 ms to 160 ms, 60 s |
/// | another call with the same key has a pending claim, in `allocate` | `first` | `longest` | `settle` | 10 ms to 160 ms, 5 s |
/// | the same in `deallocate` | `first` | `longest` | `settle` / 4 | 10 ms to 160 ms, 1.25 s |
/// | another process took the same address later and has to undo it | 2 × `first` | no limit | `settle` | from 20 ms, 5 s |
/// | the response to a change was lost, before the change is sent again | 2 × `first` | no limit | `settle` | from 20 ms, 5 s |
/// | the response to an allocation was lost, before its mark is searched for again | `settle` / 30 | no limit | `settle` / 10 | from 167 ms, 500 ms: two waits |
/// | a read returned an empty body, before it is sent again | `settle` / 50 | no limit | `settle` / 7 | from 100 ms, 714 ms: three waits |
///
/// Each wait is twice the one before. "No limit" means that only the sum ends the waits. The time of the requests
/// themselves is not counted, except against the deadline.
///
/// Unfinished claims are cleaned up by later calls: at once, and `settle` / 5, `settle`, 6 × `settle` and 24 × `settle`
/// later, which are 1, 5, 30 and 120 seconds. [`close`](ipam_core::IpamProvider::close) takes up to 2 × `settle`, 10
/// seconds. The sweep of `connect` takes up to 2 × `settle` / 5, 2 seconds.
///
/// A program that tests its own code can use short times:
///
/// ```
/// use std::time::Duration;
/// use phpipam_client::provider::{Pacing, PhpIpamConfig};
///
/// let pacing = Pacing::new().with_deadline(Duration::from_secs(2)).with_settle(Duration::from_millis(200));
/// assert_ne!(pacing, Pacing::default());
/// let config = PhpIpamConfig::new().with_pacing(pacing);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct Pacing {
    deadline: Duration,
    settle: Duration,
    retry: BackoffConfig,
}

impl Pacing {
    /// Creates the default pacing: deadline 60 s, settle time 5 s, retry waits from 10 ms to 160 ms.
    pub const fn new() -> Self {
        Self {
            deadline: Duration::from_secs(60),
            settle: Duration::from_secs(5),
            retry: BackoffConfig::new(Duration::from_millis(10), Duration::from_millis(160)),
        }
    }

    /// Sets the deadline of a claim, 60 s by default: the *claim time*. A claim gets 100 ms more for each of its
    /// addresses. Less than a second is set to a second, because marks on the server hold whole seconds. See
    /// [`PhpIpamConfig::with_claim_time`](super::PhpIpamConfig::with_claim_time).
    ///
    /// ```
    /// use std::time::Duration;
    /// use phpipam_client::provider::Pacing;
    ///
    /// let shortest = Pacing::new().with_deadline(Duration::ZERO);
    /// assert_eq!(shortest, Pacing::new().with_deadline(Duration::from_secs(1)));
    /// ```
    pub const fn with_deadline(mut self, deadline: Duration) -> Self {
        let least = Duration::from_secs(1);
        self.deadline = if deadline.as_nanos() < least.as_nanos() { least } else { deadline };
        self
    }

    /// Sets the settle time, 5 s by default: the time after which the state on the server is expected not to change by
    /// itself, because another call's claim is committed or undone and a late request is carried out. A slow server
    /// needs more.
    pub const fn with_settle(mut self, settle: Duration) -> Self {
        self.settle = settle;
        self
    }

    /// Sets the first and the longest wait between two attempts, 10 ms and 160 ms by default. Less than a millisecond
    /// is set to a millisecond, and a `longest` below `first` to `first`.
    ///
    /// ```
    /// use std::time::Duration;
    /// use phpipam_client::provider::Pacing;
    ///
    /// let (short, long) = (Duration::from_millis(5), Duration::from_millis(50));
    /// assert_eq!(Pacing::new().with_retry(long, short), Pacing::new().with_retry(long, long));
    /// ```
    pub fn with_retry(mut self, first: Duration, longest: Duration) -> Self {
        let first = first.max(Duration::from_millis(1));
        self.retry = BackoffConfig::new(first, longest.max(first));
        self
    }

    /// Returns the claim time of this many addresses, each of which is a request of its own.
    pub(crate) fn time_for(&self, count: u32) -> Duration {
        const EACH: Duration = Duration::from_millis(100);
        self.deadline.saturating_add(EACH.saturating_mul(count))
    }

    pub(crate) fn settle(&self) -> Duration {
        self.settle
    }

    /// Returns the waits while other writers are faster or hold the server's lock, until a deadline.
    pub(crate) fn contention(&self, until: Instant) -> Waits {
        self.waits("other writers were quicker", self.retry, Duration::MAX).until(until)
    }

    /// Returns the waits for the pending claim of another call.
    pub(crate) fn pending(&self) -> Waits {
        self.waits("another call with the key is in progress", self.retry, self.settle)
    }

    /// Returns the same waits for a caller that deallocates: shorter, because there is nothing to return after the
    /// wait.
    pub(crate) fn pending_briefly(&self) -> Waits {
        Waits { left: self.settle / 4, ..self.pending() }
    }

    /// Returns the waits for a later claim of the same address to be undone.
    pub(crate) fn contested(&self) -> Waits {
        self.growing("a later claim has the same address", self.retry.initial.saturating_mul(2), self.settle)
    }

    /// Returns the waits before a change is repeated whose response was lost, or that met the server's lock.
    pub(crate) fn change(&self) -> Waits {
        self.growing("a change was not confirmed", self.retry.initial.saturating_mul(2), self.settle)
    }

    /// Returns the waits before the next look for the row of a lost response.
    pub(crate) fn lookup(&self) -> Waits {
        self.growing("a response was lost", self.settle / 30, self.settle / 10)
    }

    /// Returns the waits before a read is repeated for which PHP returned an empty body (Q21).
    pub(crate) fn reading(&self) -> Waits {
        self.growing("the server returned nothing", self.settle / 50, self.settle / 7)
    }

    /// Returns the times after the end of an unfinished claim at which it is cleaned up.
    pub(crate) fn revisits(&self) -> [Duration; 5] {
        // A request in flight may still be carried out. The last times are beyond the server's own limits: 30 s for its
        // lock, and PHP's usual `max_execution_time` of 30 s.
        [Duration::ZERO, self.settle / 5, self.settle, self.settle.saturating_mul(6), self.settle.saturating_mul(24)]
    }

    /// Returns the time limit of the cleanup by `close`.
    pub(crate) fn closing(&self) -> Duration {
        self.settle.saturating_mul(2)
    }

    /// Returns the time limit of the sweep by `connect`.
    pub(crate) fn connecting(&self) -> Duration {
        self.settle.saturating_mul(2) / 5
    }

    fn growing(&self, reason: &'static str, first: Duration, total: Duration) -> Waits {
        self.waits(reason, BackoffConfig::new(first, total.saturating_mul(2)), total)
    }

    fn waits(&self, reason: &'static str, backoff: BackoffConfig, total: Duration) -> Waits {
        Waits { reason, backoff, left: total, until: None, number: 0, waited: Duration::ZERO }
    }
}

impl Default for Pacing {
    fn default() -> Self {
        Self::new()
    }
}

/// Growing waits of one loop, limited by their sum and by a deadline.
#[derive(Debug)]
pub(crate) struct Waits {
    reason: &'static str,
    backoff: BackoffConfig,
    /// Rest of the sum. Requests do not count, so a slow server gets as many attempts as a quick one.
    left: Duration,
    until: Option<Instant>,
    number: u32,
    waited: Duration,
}

impl Waits {
    /// Waits before the next attempt. Returns false, without a wait, if there is to be none.
    pub(crate) async fn next(&mut self) -> bool {
        match self.step(super::random::random()) {
            None => false,
            Some(wait) => {
                tokio::time::sleep(wait).await;
                true
            }
        }
    }

    fn step(&mut self, random: u64) -> Option<Duration> {
        let wait = self.backoff.delay(self.number, random);
        // Without this, a schedule of zero length would loop without a pause.
        if wait > self.left || wait.is_zero() || self.until.is_some_and(|until| Instant::now() >= until) {
            return None;
        }
        crate::trace::pause(self.reason, self.number, self.waited, wait);
        self.number += 1;
        self.left = self.left.saturating_sub(wait);
        self.waited = self.waited.saturating_add(wait);
        Some(wait)
    }

    /// Returns the same waits, none of which begins after `deadline`.
    pub(crate) fn until(mut self, deadline: Instant) -> Self {
        self.until = Some(deadline);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers of waits and their sums in milliseconds, with the shortest and with the longest random part.
    fn counts(waits: impl Fn() -> Waits) -> [(usize, u128); 2] {
        [0, u64::MAX].map(|random| {
            let mut waits = waits();
            let all: Vec<Duration> = std::iter::from_fn(|| waits.step(random)).collect();
            (all.len(), all.iter().sum::<Duration>().as_millis())
        })
    }

    #[test]
    fn the_waits_are_those_of_the_table() {
        let pacing = Pacing::new();
        assert_eq!(counts(|| pacing.reading()), [(3, 350), (3, 700)]);
        assert_eq!(counts(|| pacing.lookup()), [(2, 249), (2, 499)]);
        assert_eq!(counts(|| pacing.change()), [(8, 2_550), (7, 2_540)]);
        assert_eq!(counts(|| pacing.contested()), [(8, 2_550), (7, 2_540)]);
        assert_eq!(counts(|| pacing.pending()), [(65, 4_955), (34, 4_950)]);
        assert_eq!(counts(|| pacing.pending_briefly()), [(18, 1_195), (10, 1_110)]);
        assert_eq!(pacing.revisits().map(|time| time.as_secs()), [0, 1, 5, 30, 120]);
        assert_eq!((pacing.closing().as_secs(), pacing.connecting().as_secs()), (10, 2));
    }

    #[test]
    fn waits_end_at_the_deadline_and_when_they_are_nothing() {
        let pacing = Pacing::new();
        let mut waits = pacing.contention(Instant::now());
        assert_eq!(waits.step(0), None);
        let mut waits = pacing.contention(Instant::now() + Duration::from_secs(60));
        assert!((0..1_000).all(|_| waits.step(0).is_some()), "the deadline decides");
        let none = pacing.with_retry(Duration::ZERO, Duration::ZERO).with_settle(Duration::ZERO);
        assert_eq!(counts(|| none.pending()), [(0, 0), (0, 0)]);
        assert_eq!(counts(|| none.reading()), [(0, 0), (0, 0)]);
        assert_eq!(none.with_deadline(Duration::ZERO).time_for(0), Duration::from_secs(1));
    }
}
