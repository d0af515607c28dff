//! What is to be taken back for callers that have gone, and could not be yet.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::job::Job;
use super::open_store::OpenStore;

/// The first and the longest time between two attempts when there is nothing else to do.
const FIRST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(5);

/// How many are kept. Each goes with the next transaction, so that there are more only where the store refuses them alone.
const MOST: usize = 1_024;

/// Undo work that failed, to be repeated until it is done or the store is closed.
pub(super) struct Undos {
    waiting: VecDeque<Box<dyn Job>>,
    delay: Duration,
    due: Option<Instant>,
}

impl Undos {
    pub(super) const fn new() -> Self {
        Self { waiting: VecDeque::new(), delay: FIRST, due: None }
    }

    /// Keeps one that has failed.
    pub(super) fn keep(&mut self, undo: Box<dyn Job>, shared: &OpenStore) {
        self.waiting.push_back(undo);
        if self.waiting.len() > MOST
            && let Some(oldest) = self.waiting.pop_front()
        {
            shared.stands(oldest.label());
        }
    }

    /// When to try again at the latest.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Takes all of them, to be done before the others.
    pub(super) fn take(&mut self, batch: &mut Vec<Box<dyn Job>>) {
        batch.splice(0..0, self.waiting.drain(..));
    }

    /// All were tried: those that are here now have failed.
    pub(super) fn tried(&mut self) {
        if self.waiting.is_empty() {
            (self.delay, self.due) = (FIRST, None);
        } else {
            self.due = Some(Instant::now() + self.delay);
            self.delay = (self.delay * 2).min(LONGEST);
        }
    }

    /// The store is closed: what is left stands.
    pub(super) fn give_up(&mut self, shared: &OpenStore) {
        self.waiting.drain(..).for_each(|undo| shared.stands(undo.label()));
    }
}
