//! Way of a request into the queue, and of its result back.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Poller, Poll};
use std::time::Duration;

use futures_channel::oneshot;

use super::job::{Request, Undo, ended, writing};
use super::queue::Queue;
use crate::engine::Context;
use crate::engine::replay::Replay;
use crate::{Operation, Result};

/// Has a request done, and returns its result. Waits up to `room_wait` for room in the queue. If the caller drops this future before it has the result, the work is
/// undone.
pub(super) async fn submit<T, F>(jobs: &Arc<Queue>, room_wait: Duration, request: Request<T, F>) -> Result<T>
where
    T: Send + 'static,
    F: FnMut(&mut Replay, &mut Context<'_>) -> Result<T> + Send + 'static,
{
    let (operation, undo) = (request.operation, request.undo);
    let (job, receiver) = writing(request);
    jobs.push(job, room_wait).await?;
    PendingResult { receiver, operation, undo: undo.map(|undo| (Arc::clone(jobs), undo)) }.await
}

/// Future of a result. Undoes a result that was sent and never polled.
// A bare receiver would drop such a result: the sender cannot know that it was not polled.
struct PendingResult<T> {
    receiver: oneshot::Receiver<Result<T>>,
    operation: Operation,
    undo: Option<(Arc<Queue>, Undo<T>)>,
}

impl<T> Future for PendingResult<T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Poller<'_>) -> Poll<Result<T>> {
        let operation = self.operation;
        let result = Pin::new(&mut self.receiver).poll(context);
        if result.is_ready() {
            // The caller has it now.
            self.undo = None;
        }
        result.map(|result| result.unwrap_or_else(|_| Err(ended(operation))))
    }
}

impl<T> Drop for PendingResult<T> {
    fn drop(&mut self) {
        let Some((jobs, undo)) = self.undo.take() else { return };
        // In this order: after the close no result can be sent any more, so that one is either in the channel now, or
        // its send fails and `finish` undoes it.
        self.receiver.close();
        if let Ok(Some(Ok(unwanted))) = self.receiver.try_recv() {
            jobs.push_undo(undo(&unwanted));
        }
    }
}
