//! Queue of the jobs for the tasks that write.
//!
//! There is no timer that collects jobs: a task that is free takes all that wait, and a lone caller never waits for
//! others.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, Semaphore};

use super::job::Job;
use super::{errors, events};
use crate::{Error, ErrorKind, Operation, Result, Retry};

/// Number of jobs that wait, above which callers wait for room.
const ROOM: usize = 1_024;
/// Largest number of undos that are kept.
const MOST_UNDOS: usize = 1_024;
/// Number of failed undos that the error of closing lists; the others are counted.
const NAMED: usize = 20;
/// Shortest wait for room that is reported.
const VISIBLE: Duration = Duration::from_millis(1);
/// First time between two attempts of an undo. It doubles with each.
const FIRST: Duration = Duration::from_millis(50);
/// Longest time between two attempts of an undo.
const LONGEST: Duration = Duration::from_secs(5);

/// Queue of jobs, and of the undos of callers that have gone.
pub(super) struct Queue {
    state: Mutex<State>,
    added: Notify,
    room: Semaphore,
}

struct State {
    jobs: VecDeque<Box<dyn Job>>,
    undos: VecDeque<Box<dyn Job>>,
    /// Undos that have failed, and the time of their next attempt.
    failed: Vec<Box<dyn Job>>,
    next_attempt: Option<Instant>,
    delay: Duration,
    closed: bool,
    /// Number of undos that were given up, and the labels of the first ones.
    lost: usize,
    named: Vec<String>,
}

impl Queue {
    pub(super) fn new() -> Self {
        let state = State {
            jobs: VecDeque::new(),
            undos: VecDeque::new(),
            failed: Vec::new(),
            next_attempt: None,
            delay: FIRST,
            closed: false,
            lost: 0,
            named: Vec::new(),
        };
        Self { state: Mutex::new(state), added: Notify::new(), room: Semaphore::new(ROOM) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a job, and waits for room, up to `limit`.
    pub(super) async fn push(&self, job: Box<dyn Job>, limit: Duration) -> Result<()> {
        let operation = job.operation();
        let begun = Instant::now();
        let permit = match tokio::time::timeout(limit, self.room.acquire()).await {
            Ok(Ok(permit)) => permit,
            Ok(Err(_)) => return Err(errors::closed(operation)),
            Err(_) => return Err(full(operation, limit)),
        };
        {
            let mut state = self.state();
            if state.closed {
                return Err(errors::closed(operation));
            }
            if begun.elapsed() >= VISIBLE {
                events::queue_waited(begun.elapsed());
            }
            // Given back by `pop`.
            permit.forget();
            state.jobs.push_back(job);
        }
        self.added.notify_one();
        Ok(())
    }

    /// Adds an undo. It is done before the jobs, so that its addresses are free again for them.
    pub(super) fn push_undo(&self, undo: Box<dyn Job>) {
        {
            let mut state = self.state();
            if state.closed && state.jobs.is_empty() && state.undos.len() >= MOST_UNDOS {
                state.give_up(&*undo);
                return;
            }
            state.undos.push_back(undo);
            if state.undos.len() > MOST_UNDOS
                && let Some(oldest) = state.undos.pop_front()
            {
                state.give_up(&*oldest);
            }
        }
        self.added.notify_one();
    }

    /// Keeps an undo that has failed, to be repeated later.
    pub(super) fn retry_undo(&self, undo: Box<dyn Job>) {
        let mut state = self.state();
        // After closing it was tried once more, and close() waits for the end of all.
        if state.closed {
            state.give_up(&*undo);
            return;
        }
        events::undo_failed();
        state.failed.push(undo);
        if state.next_attempt.is_none() {
            let delay = state.delay;
            state.next_attempt = Some(Instant::now() + delay);
            state.delay = (delay * 2).min(LONGEST);
        }
        if state.failed.len() > MOST_UNDOS {
            let oldest = state.failed.remove(0);
            state.give_up(&*oldest);
        }
    }

    /// Takes up to `most` jobs, undos first, and waits for one. Returns `None` once the queue is closed and empty.
    pub(super) async fn pop(&self, most: usize) -> Option<Vec<Box<dyn Job>>> {
        loop {
            // Created before the look, so that a job that is added in between is noticed.
            let added = self.added.notified();
            let wait = {
                let mut state = self.state();
                if state.next_attempt.is_some_and(|at| at <= Instant::now()) || state.closed {
                    let failed = std::mem::take(&mut state.failed);
                    state.undos.extend(failed);
                    state.next_attempt = None;
                }
                let mut taken: Vec<Box<dyn Job>> = Vec::new();
                while taken.len() < most
                    && let Some(undo) = state.undos.pop_front()
                {
                    taken.push(undo);
                }
                if state.failed.is_empty() && state.undos.is_empty() {
                    state.delay = FIRST;
                }
                let mut freed = 0;
                while taken.len() < most
                    && let Some(job) = state.jobs.pop_front()
                {
                    taken.push(job);
                    freed += 1;
                }
                self.room.add_permits(freed);
                if !taken.is_empty() {
                    if !state.jobs.is_empty() || !state.undos.is_empty() {
                        self.added.notify_one();
                    }
                    return Some(taken);
                }
                if state.closed {
                    return None;
                }
                state.next_attempt.map(|at| at.saturating_duration_since(Instant::now()))
            };
            match wait {
                Some(wait) => {
                    // Elapsed or notified: it looks again in both cases.
                    let _ = tokio::time::timeout(wait, added).await;
                }
                None => added.await,
            }
        }
    }

    /// Closes the queue: no job is added any more, and those in it are done.
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.room.close();
        self.added.notify_waiters();
        self.added.notify_one();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.state().closed
    }

    /// Returns the result of closing: an error with the allocations that could not be undone.
    pub(super) fn close_result(&self) -> Result<()> {
        let state = self.state();
        let left: Vec<&str> = state.undos.iter().chain(&state.failed).map(|undo| undo.label()).collect();
        let count = state.lost + left.len();
        if count == 0 {
            return Ok(());
        }
        let named: Vec<&str> = state.named.iter().map(String::as_str).chain(left).take(NAMED).collect();
        let more = count - named.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let message = format!(
            "the provider is closed, but requests without a key whose callers dropped them could not be undone; still \
             allocated: {}{more}; open it again and deallocate by these keys",
            named.join(", ")
        );
        Err(Error::new(ErrorKind::Unavailable, Operation::Close, message)
            .with_context("still allocated", format_args!("{}{more}", named.join(", "))))
    }
}

fn full(operation: Operation, limit: Duration) -> Error {
    let message =
        format!("{ROOM} requests of this program were waiting for {limit:?}; send fewer at a time, or try later");
    Error::new(ErrorKind::Busy, operation, message).with_retry(Retry::Safe)
}

impl State {
    fn give_up(&mut self, undo: &dyn Job) {
        self.lost += 1;
        if self.named.len() < NAMED {
            self.named.push(undo.label().to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

    use super::super::job::reading;
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_full_queue_is_waited_for_up_to_the_limit() {
        let queue = Queue::new();
        let job = || reading(Operation::Find, |_, _| Ok(())).0;
        for _ in 0..ROOM {
            queue.push(job(), Duration::from_secs(1)).await.unwrap();
        }
        let error = queue.push(job(), Duration::from_secs(1)).await.unwrap_err();
        assert_eq!((error.kind(), error.retry()), (ErrorKind::Busy, Retry::Safe), "{error}");
        queue.pop(1).await.expect("a job");
        queue.push(job(), Duration::from_secs(1)).await.unwrap();
        queue.close();
        let error = queue.push(job(), Duration::from_secs(1)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    }
}
