//! Pacing: how long operations go on, and how they wait in between.

use std::time::{Duration, Instant};

use ipam_core::BackoffConfig;

/// How long the operations of a provider go on, and how long they wait in between.
///
/// phpIPAM does not tell when a lock is free, when another claim is undone, or whether a request whose response was lost is
/// still carried out. So the provider looks again, with growing waits and jitter. All of these waits follow from four
/// times:
///
/// | it waits | at first | at most | in all |
/// | --- | --- | --- | --- |
/// | where other writers were quicker, or hold the server's lock | `first` | `longest` | until the claim's deadline |
/// | for another call's claim with the same key | `first` | `longest` | `settle`; a quarter of it to deallocate |
/// | for a later claim of the same address to be undone | twice `first` | | `settle` |
/// | before it repeats a change whose response was lost | twice `first` | | `settle` |
/// | before it looks again for what a lost response was about | `settle` / 30 | | `settle` / 10: two waits |
/// | before it repeats a read that PHP gave up | `settle` / 50 | | `settle` / 7: three waits |
///
/// An operation that went wrong half-way is cleaned up after by the calls that follow: at once, and again after a fifth of
/// `settle`, after `settle`, after 6 and after 24 times `settle`. [`close`](ipam_core::IpamProvider::close) takes twice
/// `settle` at most, the sweep on connecting two fifths of it.
///
/// A test of a caller's own can run over short ones:
///
/// ```
/// use std::time::Duration;
/// use phpipam_client::provider::{Pacing, PhpIpamConfig};
///
/// let pacing = Pacing::new().with_deadline(Duration::from_secs(2)).with_settle(Duration::from_millis(200));
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
    /// A minute for a claim, five seconds for what has to settle, 10 to 160 ms between attempts.
    pub const fn new() -> Self {
        Self {
            deadline: Duration::from_secs(60),
            settle: Duration::from_secs(5),
            retry: BackoffConfig::new(Duration::from_millis(10), Duration::from_millis(160)),
        }
    }

    /// Sets how long one claim may take, beside a tenth of a second for each address. At least a second, as the marks on the
    /// server count in seconds; see [`PhpIpamConfig::with_claim_time`](super::PhpIpamConfig::with_claim_time).
    pub const fn with_deadline(mut self, deadline: Duration) -> Self {
        let least = Duration::from_secs(1);
        self.deadline = if deadline.as_nanos() < least.as_nanos() { least } else { deadline };
        self
    }

    /// Sets how long to wait for what is about to settle: another call's claim, the undoing of a later one, a request whose
    /// response was lost. A server that carries out requests late needs more.
    pub const fn with_settle(mut self, settle: Duration) -> Self {
        self.settle = settle;
        self
    }

    /// Sets the first and the longest wait between two attempts at what other writers got first; a millisecond at least.
    pub fn with_retry(mut self, first: Duration, longest: Duration) -> Self {
        let first = first.max(Duration::from_millis(1));
        self.retry = BackoffConfig::new(first, longest.max(first));
        self
    }

    /// How long a claim of so many addresses may take: each is a call of its own.
    pub(crate) fn time_for(&self, count: u32) -> Duration {
        const EACH: Duration = Duration::from_millis(100);
        self.deadline.saturating_add(EACH.saturating_mul(count))
    }

    pub(crate) fn settle(&self) -> Duration {
        self.settle
    }

    /// Waits until a deadline while other writers are quicker or hold the server's lock.
    pub(crate) fn contention(&self, until: Instant) -> Waits {
        self.waits("other writers were quicker", self.retry, Duration::MAX).until(until)
    }

    /// Waits for the pending claim of another call.
    pub(crate) fn pending(&self) -> Waits {
        self.waits("another call with the key is under way", self.retry, self.settle)
    }

    /// The same for a caller that wants to give back what is claimed.
    pub(crate) fn pending_briefly(&self) -> Waits {
        Waits { left: self.settle / 4, ..self.pending() }
    }

    /// Waits for a later claim of the same address to be undone.
    pub(crate) fn contested(&self) -> Waits {
        self.growing("a later claim has the same address", self.retry.initial.saturating_mul(2), self.settle)
    }

    /// Waits before a change is repeated whose response was lost, or that met the server's lock.
    pub(crate) fn change(&self) -> Waits {
        self.growing("a change was not confirmed", self.retry.initial.saturating_mul(2), self.settle)
    }

    /// Waits before the next look for what a lost response was about.
    pub(crate) fn lookup(&self) -> Waits {
        self.growing("a response was lost", self.settle / 30, self.settle / 10)
    }

    /// Waits before a read is repeated that PHP gave up.
    pub(crate) fn reading(&self) -> Waits {
        self.growing("the server returned nothing", self.settle / 50, self.settle / 7)
    }

    /// How long after a claim was abandoned in this process it is looked at: a request that was under way may still be
    /// carried out, at the latest when the server's own lock and time limits end.
    pub(crate) fn revisits(&self) -> [Duration; 5] {
        [Duration::ZERO, self.settle / 5, self.settle, self.settle.saturating_mul(6), self.settle.saturating_mul(24)]
    }

    /// How long closing may clean up.
    pub(crate) fn closing(&self) -> Duration {
        self.settle.saturating_mul(2)
    }

    /// How long connecting may clean up.
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

/// Growing waits of one loop, up to a total and to a deadline.
#[derive(Debug)]
pub(crate) struct Waits {
    reason: &'static str,
    backoff: BackoffConfig,
    /// How much may still be waited. Only waits count: on a slow server there are as many attempts as on a quick one.
    left: Duration,
    until: Option<Instant>,
    number: u32,
    waited: Duration,
}

impl Waits {
    /// Waits before the next attempt. `false`, without a wait, if there is to be none.
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
        // A schedule of no time at all has no waits.
        if wait > self.left || wait.is_zero() || self.until.is_some_and(|until| Instant::now() >= until) {
            return None;
        }
        crate::trace::pause(self.reason, self.number, self.waited, wait);
        self.number += 1;
        self.left = self.left.saturating_sub(wait);
        self.waited = self.waited.saturating_add(wait);
        Some(wait)
    }

    /// The same waits, none of which begins after `deadline`.
    pub(crate) fn until(mut self, deadline: Instant) -> Self {
        self.until = Some(deadline);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers of waits and their sums in milliseconds, with the shortest and the longest jitter.
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
