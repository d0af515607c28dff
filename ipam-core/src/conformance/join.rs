//! Several callers at the same time, and waiting, without a runtime of our own.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Barrier, Mutex, PoisonError};
use std::task::{Poll, Waker};
use std::thread;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::harness::Harness;

/// What a thread leaves behind, and who waits for it.
struct Slot<T> {
    value: Option<T>,
    waker: Option<Waker>,
    /// Whether the thread is over, with or without a value.
    over: bool,
}

/// Tells the waiter when the thread ends, also by a panic.
struct Over<T>(Arc<Mutex<Slot<T>>>);

impl<T> Drop for Over<T> {
    fn drop(&mut self) {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        slot.over = true;
        let waker = slot.waker.take();
        drop(slot);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// Runs `work` on a thread of its own. `None` if it panicked.
async fn on_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    start(work).await
}

fn start<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> impl Future<Output = Option<T>> + Send {
    let slot = Arc::new(Mutex::new(Slot { value: None, waker: None, over: false }));
    let over = Over(Arc::clone(&slot));
    thread::spawn(move || {
        let value = work();
        over.0.lock().unwrap_or_else(PoisonError::into_inner).value = Some(value);
    });
    poll_fn(move |context| {
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if slot.over {
            return Poll::Ready(slot.value.take());
        }
        slot.waker = Some(context.waker().clone());
        Poll::Pending
    })
}

/// Waits without keeping the caller's thread.
pub(super) async fn sleep(time: Duration) {
    on_thread(move || thread::sleep(time)).await;
}

/// Runs every future on a thread of its own, all at the same time: none begins before every thread is there. `None`
/// stands for one that panicked.
pub(super) async fn all<T: Send + 'static>(
    harness: &Arc<dyn Harness>,
    futures: Vec<BoxFuture<'static, T>>,
) -> Vec<Option<T>> {
    let begin = Arc::new(Barrier::new(futures.len()));
    let running: Vec<_> = futures
        .into_iter()
        .map(|future| {
            let (harness, begin) = (Arc::clone(harness), Arc::clone(&begin));
            start(move || {
                begin.wait();
                let mut answer = None;
                harness.block_on(future.map(|value| answer = Some(value)).boxed());
                answer
            })
        })
        .collect();
    let mut answers = Vec::with_capacity(running.len());
    for thread in running {
        answers.push(thread.await.flatten());
    }
    answers
}

/// Polls `future` at most `polls` times and drops it then. `None` if it was not ready.
pub(super) async fn drop_after<T>(polls: usize, future: BoxFuture<'_, T>) -> Option<T> {
    let mut future = Some(future);
    let mut left = polls;
    poll_fn(move |context| {
        let Some(running) = future.as_mut().filter(|_| left > 0) else {
            future = None;
            return Poll::Ready(None);
        };
        left -= 1;
        match Pin::new(running).poll(context) {
            Poll::Ready(value) => Poll::Ready(Some(value)),
            Poll::Pending if left == 0 => {
                future = None;
                Poll::Ready(None)
            }
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}
