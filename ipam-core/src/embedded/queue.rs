//! A bounded queue from callers that may not block to threads that may.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

/// What callers push and threads pop. Works with any executor, or none.
pub(super) struct Queue<T> {
    state: Mutex<State<T>>,
    filled: Condvar,
    limit: usize,
}

struct State<T> {
    items: VecDeque<T>,
    /// Callers that wait for room. All are woken when there is some, so that none is forgotten when another gave up.
    waiting: Vec<Waker>,
    closed: bool,
}

/// The queue was closed, and gives the item back.
#[derive(Debug)]
pub(super) struct Closed<T>(pub(super) T);

impl<T> Queue<T> {
    /// A queue that makes callers wait while it holds `limit` items.
    pub(super) fn new(limit: usize) -> Self {
        let state = State { items: VecDeque::new(), waiting: Vec::new(), closed: false };
        Self { state: Mutex::new(state), filled: Condvar::new(), limit }
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
        poll_fn(|context| {
            let mut state = self.lock();
            if !state.closed && state.items.len() >= self.limit {
                if !state.waiting.iter().any(|waker| waker.will_wake(context.waker())) {
                    state.waiting.push(context.waker().clone());
                }
                return Poll::Pending;
            }
            let Some(item) = item.take() else { return Poll::Pending };
            if state.closed {
                return Poll::Ready(Err(Closed(item)));
            }
            state.items.push_back(item);
            drop(state);
            self.filled.notify_one();
            Poll::Ready(Ok(()))
        })
        .await
    }

    /// Adds an item at once, room or not. For what must not be lost, and is rare.
    pub(super) fn push_now(&self, item: T) {
        let mut state = self.lock();
        if !state.closed {
            state.items.push_back(item);
            drop(state);
            self.filled.notify_one();
        }
    }

    /// Waits for items and takes what is there, at most `limit`. `None` once the queue is closed and empty.
    pub(super) fn pop(&self, limit: usize) -> Option<Vec<T>> {
        let mut state = self.lock();
        while state.items.is_empty() {
            if state.closed {
                return None;
            }
            state = self.filled.wait(state).unwrap_or_else(PoisonError::into_inner);
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
        let items = std::mem::take(&mut self.lock().items);
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
    fn a_closed_queue_hands_out_what_it_has() {
        let queue = Queue::new(1);
        block_on(queue.push(1)).unwrap();
        queue.close();
        assert_eq!(block_on(queue.push(2)).unwrap_err().0, 2);
        assert_eq!(queue.pop(9), Some(vec![1]));
        assert_eq!(queue.pop(9), None);
    }
}
