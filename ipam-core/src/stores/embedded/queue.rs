//! Bounded queue between async callers, which must not block, and threads, which may.
//!
//! It works with any executor, or none. A channel of `futures` or `std` would do the first half; what they lack is
//! [`Queue::pop_together`], which bars E2 and E3 depend on.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use super::events;

/// Longest pause between two pushes for which `pop_together` keeps polling.
// A caller that got its result and sends its next request is back sooner; putting the thread to sleep and waking it
// takes about as long.
const QUIET: Duration = Duration::from_micros(50);

/// Queue that callers push to and threads pop from.
pub(super) struct Queue<T> {
    state: Mutex<State<T>>,
    filled: Condvar,
    limit: usize,
    /// Number of items ever pushed, modulo 2^64.
    // Read without the lock, so that polling does not slow the callers down.
    pushed: AtomicUsize,
}

struct State<T> {
    items: VecDeque<T>,
    /// Number of threads that sleep until there is an item.
    // A notification is a system call (bar E1), and is left out when no thread sleeps.
    asleep: usize,
    /// Wakers of callers that wait for room.
    // All of them are woken when there is room: a single one may belong to a caller that has dropped its future, and
    // the others would wait on.
    waiting: Vec<Waker>,
    closed: bool,
    /// True once a thread was told that the queue is closed and empty. Until then `push_now` still works.
    ended: bool,
}

/// Error of a push to a closed queue; holds the item.
#[derive(Debug)]
pub(super) struct Closed<T>(pub(super) T);

impl<T> Queue<T> {
    /// Creates a queue that lets callers wait while it holds `limit` items.
    pub(super) fn new(limit: usize) -> Self {
        let state = State { items: VecDeque::new(), asleep: 0, waiting: Vec::new(), closed: false, ended: false };
        Self { state: Mutex::new(state), filled: Condvar::new(), limit, pushed: AtomicUsize::new(0) }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // No code that can panic runs under the lock, so that a poisoned state is consistent.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an item as soon as there is room.
    pub(super) async fn push(&self, item: T) -> Result<(), Closed<T>>
    where
        T: Send,
    {
        let mut item = Some(item);
        // Time at which the queue was found full.
        let mut full: Option<Instant> = None;
        poll_fn(|context| {
            let mut state = self.lock();
            if !state.closed && state.items.len() >= self.limit {
                if !state.waiting.iter().any(|waker| waker.will_wake(context.waker())) {
                    state.waiting.push(context.waker().clone());
                }
                full.get_or_insert_with(Instant::now);
                return Poll::Pending;
            }
            let Some(item) = item.take() else { return Poll::Pending };
            if state.closed {
                return Poll::Ready(Err(Closed(item)));
            }
            self.add(state, item);
            if let Some(full) = full {
                events::queue_waited(full.elapsed());
            }
            Poll::Ready(Ok(()))
        })
        .await
    }

    /// Adds an item at once, even if the queue is full or closed, as long as a thread still takes items.
    ///
    // For undos, which must not be lost and come from `drop`, where waiting is impossible. They are rare.
    pub(super) fn push_now(&self, item: T) -> Result<(), Closed<T>> {
        let state = self.lock();
        if state.ended {
            return Err(Closed(item));
        }
        self.add(state, item);
        Ok(())
    }

    fn add(&self, mut state: MutexGuard<'_, State<T>>, item: T) {
        state.items.push_back(item);
        self.pushed.fetch_add(1, Ordering::Relaxed);
        let asleep = state.asleep > 0;
        drop(state);
        if asleep {
            self.filled.notify_one();
        }
    }

    /// Waits for items like [`pop`](Self::pop), but first polls for the callers that got their results just now.
    ///
    /// These often send their next request at once, and requests that are popped together share a transaction. Without
    /// the polling, the first to come back would get a transaction of its own, and the others the next one.
    ///
    /// Polls until `served` items are in the queue, no item has come for [`QUIET`], or `longest` has passed. A lone
    /// caller therefore never waits for others: its own request is all that is polled for. Only one thread may call
    /// this.
    pub(super) fn pop_together(
        &self,
        limit: usize,
        served: usize,
        longest: Duration,
        until: Option<Instant>,
    ) -> Option<Vec<T>> {
        let (mut seen, mut missing) = {
            let state = self.lock();
            let missing = if state.closed { 0 } else { served.min(limit.saturating_sub(state.items.len())) };
            (self.pushed.load(Ordering::Relaxed), missing)
        };
        let start = Instant::now();
        let mut last = start;
        while missing > 0 {
            // Yields, because the callers may need this processor to get their results.
            std::thread::yield_now();
            let now = Instant::now();
            let pushed = self.pushed.load(Ordering::Relaxed);
            let came = pushed.wrapping_sub(seen);
            if came > 0 {
                missing = missing.saturating_sub(came);
                (seen, last) = (pushed, now);
            }
            if now - last > QUIET || now - start > longest {
                break;
            }
        }
        self.pop_until(limit, until)
    }

    /// Waits for items and takes up to `limit` of them. `None` once the queue is closed and empty.
    pub(super) fn pop(&self, limit: usize) -> Option<Vec<T>> {
        self.pop_until(limit, None)
    }

    /// Waits for items like [`pop`](Self::pop), until the deadline `until` at most. Returns an empty list if none has
    /// come.
    pub(super) fn pop_until(&self, limit: usize, until: Option<Instant>) -> Option<Vec<T>> {
        let mut state = self.lock();
        while state.items.is_empty() {
            if state.closed {
                state.ended = true;
                return None;
            }
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return Some(Vec::new());
            }
            state.asleep += 1;
            state = match left {
                Some(left) => self.filled.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0,
                None => self.filled.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
            state.asleep -= 1;
        }
        let count = state.items.len().min(limit);
        let items = state.items.drain(..count).collect();
        let waiting = std::mem::take(&mut state.waiting);
        // A waker may run the caller's code, which may push: not under the lock.
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
        Some(items)
    }

    /// Closes the queue: no more items are added, and those in it are still popped.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        self.filled.notify_all();
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Drops all items. For a thread that ends early: dropping a job tells its caller that no result will come.
    pub(super) fn clear(&self) {
        let mut state = self.lock();
        state.ended = true;
        let items = std::mem::take(&mut state.items);
        // Dropping a job wakes its caller, which may push again: not under the lock.
        drop(state);
        drop(items);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

    use std::sync::Arc;

    use futures_executor::block_on;
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn a_full_queue_makes_callers_wait_and_wakes_them() {
        let queue = Arc::new(Queue::new(2));
        block_on(queue.push(1)).unwrap();
        block_on(queue.push(2)).unwrap();
        assert!(queue.push(3).now_or_never().is_none(), "no room for a third");
        let pusher = Arc::clone(&queue);
        let thread = std::thread::spawn(move || block_on(pusher.push(4)));
        let mut seen = Vec::new();
        while seen.len() < 3 {
            seen.extend(queue.pop(1).unwrap());
        }
        thread.join().unwrap().unwrap();
        assert_eq!(seen, [1, 2, 4]);
    }

    #[test]
    fn a_sleeping_thread_is_notified() {
        let queue = Arc::new(Queue::new(1));
        let popper = Arc::clone(&queue);
        let thread = std::thread::spawn(move || popper.pop(9));
        while queue.lock().asleep == 0 {
            std::thread::yield_now();
        }
        block_on(queue.push(1)).unwrap();
        assert_eq!(thread.join().unwrap(), Some(vec![1]));
        assert_eq!(queue.lock().asleep, 0);
    }

    #[test]
    fn it_polls_for_callers_and_not_for_long() {
        const LONG: Duration = Duration::from_secs(3600);
        let queue = Queue::new(9);
        block_on(queue.push(1)).unwrap();
        assert_eq!(queue.pop_together(9, 0, LONG, None), Some(vec![1]));
        for item in [2, 3, 4] {
            block_on(queue.push(item)).unwrap();
        }
        assert_eq!(queue.pop_together(2, 5, LONG, None), Some(vec![2, 3]), "no more than the limit");
        assert_eq!(
            queue.pop_together(9, 5, LONG, None),
            Some(vec![4]),
            "callers that do not come back are not waited for"
        );
        queue.close();
        assert_eq!(queue.pop_together(9, 5, LONG, None), None);
    }

    #[test]
    fn a_closed_queue_hands_out_what_it_has() {
        let queue = Queue::new(1);
        block_on(queue.push(1)).unwrap();
        queue.close();
        assert_eq!(block_on(queue.push(2)).unwrap_err().0, 2);
        assert_eq!(queue.pop(9), Some(vec![1]));
        queue.push_now(3).unwrap();
        assert_eq!(queue.pop(9), Some(vec![3]), "an undo is taken as long as a thread pops");
        assert_eq!(queue.pop(9), None);
        assert_eq!(queue.push_now(4).unwrap_err().0, 4);
    }

    #[test]
    fn a_pop_returns_at_its_deadline() {
        let queue = Queue::<u8>::new(1);
        assert_eq!(queue.pop_until(9, Some(Instant::now() + Duration::from_millis(5))), Some(Vec::new()));
    }
}
