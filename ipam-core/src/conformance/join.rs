//! Concurrent callers, and callers that drop their future.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Barrier};
use std::task::Poll;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::harness::Harness;
use super::threads;

/// Runs every future on a thread of its own, all at the same time: none begins before every thread is there. `None`
/// stands for one that panicked.
pub(super) async fn all<T: Send + 'static>(
    harness: &Arc<dyn Harness>,
    futures: Vec<BoxFuture<'static, T>>,
) -> Vec<Option<T>> {
    // Threads start one after another, milliseconds apart. Without the barrier the first would be done before the
    // last begins.
    let begin = Arc::new(Barrier::new(futures.len()));
    let running: Vec<_> = futures
        .into_iter()
        .map(|future| {
            let (harness, begin) = (Arc::clone(harness), Arc::clone(&begin));
            // A thread per caller, not tasks of one executor: a provider may block, and races need real parallelism.
            threads::start(move || {
                begin.wait();
                let mut result = None;
                harness.block_on(future.map(|value| result = Some(value)).boxed());
                result
            })
        })
        .collect();
    let mut results = Vec::with_capacity(running.len());
    for thread in running {
        results.push(thread.await.flatten());
    }
    results
}

/// Polls `future` at most `polls` times and drops it then. `None` if it was not ready.
pub(super) async fn drop_after<T>(polls: usize, future: BoxFuture<'_, T>) -> Option<T> {
    let mut future = Some(future);
    // Counts polls and not time, so that a case drops at the same await in every run.
    let mut left = polls;
    poll_fn(move |context| {
        // Dropped inside a poll, as `select` and timeouts of runtimes do.
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
