//! Threads that futures can await, so that the suite works in any runtime.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};
use std::thread;
use std::time::Duration;

/// Result of a thread, and the waker of the future that awaits it.
struct Slot<T> {
    value: Option<T>,
    waker: Option<Waker>,
    /// True once the thread has ended, with or without a value.
    over: bool,
}

/// Wakes the waiting future when the thread ends. A drop guard, so that a panic wakes it too.
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

/// Runs `work` on a new thread, which starts at once. The future returns `None` if the thread panicked.
pub(super) fn start<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> impl Future<Output = Option<T>> + Send {
    let slot = Arc::new(Mutex::new(Slot { value: None, waker: None, over: false }));
    let over = Over(Arc::clone(&slot));
    thread::spawn(move || {
        // A panic skips the next line and drops `over`, so that the waiting future ends with `None`.
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

/// Sleeps without blocking the calling thread.
pub(super) async fn sleep(time: Duration) {
    start(move || thread::sleep(time)).await;
}
