//! A bounded queue from callers that may not block to threads that may.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use super::events;

/// How long a thread looks out for callers when none has come meanwhile. A caller that was answered and asks again is
/// back sooner; putting the thread to sleep and waking it would take about as long.
const QUIET: Duration = Duration::from_micros(50);

/// What callers push and threads pop. Works with any executor, or none.
pub(super) struct Queue<T> {
    state: Mutex<State<T>>,
    filled: Condvar,
    limit: usize,
    /// How many items were pushed ever, to be looked at without the lock. Overflows.
    pushed: AtomicUsize,
}

struct State<T> {
    items: VecDeque<T>,
    /// How many threads sleep until there is an item. Nobody else has to be notified, which costs a call of the system.
    asleep: usize,
    /// Callers that wait for room. All are woken when there is some, so that none is forgotten when another gave up.
    waiting: Vec<Waker>,
    closed: bool,
    /// A thread was told that there is nothing more to do.
    ended: bool,
}

/// The queue was closed, and gives the item back.
#[derive(Debug)]
pub(super) struct Closed<T>(pub(super) T);

impl<T> Queue<T> {
    /// A queue that makes callers wait while it holds `limit` items.
    pub(super) fn new(limit: usize) -> Self {
        let state = State { items: VecDeque::new(), asleep: 0, waiting: Vec::new(), closed: false, ended: false };
        Self { state: Mutex::new(state), filled: Condvar::new(), limit, pushed: AtomicUsize::new(0) }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // Nothing that can panic runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an item, as soon as there is room.
    pub(super) async fn push(&self, item: T) -> Result<(), Closed<T>>
    where
        T: Send,
    {
        let mut item = Some(item);
        // Since when the queue was found full.
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

    /// Adds an item at once, room or not, as long as a thread takes items. For what must not be lost, and is rare.
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

    /// The same as [`pop`](Self::pop), for the only thread that pops, which has just answered `answered` callers. They
    /// often ask again at once, and what is taken together shares a transaction: it looks out for as many as there were,
    /// those that are here already included, as long as they keep coming and at most for `longest`.
    ///
    /// So a lone caller never waits for company: it is all that is looked out for.
    pub(super) fn pop_together(
        &self,
        limit: usize,
        answered: usize,
        longest: Duration,
        until: Option<Instant>,
    ) -> Option<Vec<T>> {
        let (mut seen, mut missing) = {
            let state = self.lock();
            let missing = if state.closed { 0 } else { answered.min(limit.saturating_sub(state.items.len())) };
            (self.pushed.load(Ordering::Relaxed), missing)
        };
        let start = Instant::now();
        let mut last = start;
        while missing > 0 {
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

    /// Waits for items and takes what is there, at most `limit`. `None` once the queue is closed and empty.
    pub(super) fn pop(&self, limit: usize) -> Option<Vec<T>> {
        self.pop_until(limit, None)
    }

    /// The same, but waits no longer than until then, and returns nothing if nothing has come.
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
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
        Some(items)
    }

    /// Takes no more items. What is in it is still handed out.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        self.filled.notify_all();
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Drops what is left. For a thread that ends early: whoever waits for an answer learns that there will be none.
    pub(super) fn clear(&self) {
        let mut state = self.lock();
        state.ended = true;
        let items = std::mem::take(&mut state.items);
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
    fn who_sleeps_is_woken() {
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
    fn it_looks_out_for_callers_and_not_for_long() {
        const LONG: Duration = Duration::from_secs(3600);
        let queue = Queue::new(9);
        block_on(queue.push(1)).unwrap();
        assert_eq!(queue.pop_together(9, 0, LONG, None), Some(vec![1]));
        for item in [2, 3, 4] {
            block_on(queue.push(item)).unwrap();
        }
        assert_eq!(queue.pop_together(2, 5, LONG, None), Some(vec![2, 3]), "no more than the limit");
        assert_eq!(queue.pop_together(9, 5, LONG, None), Some(vec![4]), "those who do not come are not waited for");
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
        assert_eq!(queue.pop(9), Some(vec![3]), "what must not be lost is taken as long as a thread takes it");
        assert_eq!(queue.pop(9), None);
        assert_eq!(queue.push_now(4).unwrap_err().0, 4);
    }

    #[test]
    fn nobody_waits_longer_than_told() {
        let queue = Queue::<u8>::new(1);
        assert_eq!(queue.pop_until(9, Some(Instant::now() + Duration::from_millis(5))), Some(Vec::new()));
    }
}
