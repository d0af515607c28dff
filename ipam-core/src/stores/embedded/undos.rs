//! Undos that failed: allocations without a key whose callers have dropped their futures, and that are still to be
//! undone.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::job::Job;
use super::open_store::OpenStore;

/// First time between two attempts when there is no other work. It doubles with each attempt.
const FIRST: Duration = Duration::from_millis(50);
/// Longest time between two attempts.
const LONGEST: Duration = Duration::from_secs(5);

/// Largest number of undos that are kept.
// A bound for memory only. Any transaction that makes more undos also does those that are kept, so that they pile up
// only if the store refuses the undos and nothing else.
const MOST: usize = 1_024;

/// Failed undos, which are repeated until they succeed or the store is closed.
// Kept in memory only: an undo that is lost with the process leaves an allocation whose key its caller never saw. The
// same happens when a process is killed between the commit and the result, which no store can prevent.
pub(super) struct Undos {
    waiting: VecDeque<Box<dyn Job>>,
    delay: Duration,
    next_attempt: Option<Instant>,
}

impl Undos {
    pub(super) const fn new() -> Self {
        Self { waiting: VecDeque::new(), delay: FIRST, next_attempt: None }
    }

    /// Keeps an undo that has failed.
    pub(super) fn keep(&mut self, undo: Box<dyn Job>, shared: &OpenStore) {
        self.waiting.push_back(undo);
        if self.waiting.len() > MOST
            && let Some(oldest) = self.waiting.pop_front()
        {
            shared.record_failed_undo(oldest.label());
        }
    }

    /// Returns the time of the next attempt, if there is an undo.
    pub(super) fn next_attempt(&self) -> Option<Instant> {
        self.next_attempt
    }

    /// Moves all undos to the front of a batch.
    // First, so that the addresses are free again for the requests of the same batch.
    pub(super) fn take(&mut self, batch: &mut Vec<Box<dyn Job>>) {
        batch.splice(0..0, self.waiting.drain(..));
    }

    /// Schedules the next attempt, after a batch: the undos that are here now have failed again.
    pub(super) fn attempted(&mut self) {
        if self.waiting.is_empty() {
            (self.delay, self.next_attempt) = (FIRST, None);
        } else {
            self.next_attempt = Some(Instant::now() + self.delay);
            self.delay = (self.delay * 2).min(LONGEST);
        }
    }

    /// Reports all undos as failed, when the store is closed.
    pub(super) fn give_up(&mut self, shared: &OpenStore) {
        self.waiting.drain(..).for_each(|undo| shared.record_failed_undo(undo.label()));
    }
}
