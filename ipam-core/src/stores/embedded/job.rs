//! Jobs: requests of callers for the threads, and the way of their results back.
//!
//! A caller may drop its future at any time. An allocation with a key of the caller's is found again by the key. One
//! without would be lost, because no caller knows its key. So it is undone:
//!
//! | future dropped | undone by |
//! | --- | --- |
//! | before the job began | nothing: `abandoned` jobs are not run |
//! | while the job ran | `finish`, whose send fails |
//! | after the send, before the result was polled | `drop` of [`PendingResult`] |
//! | after a commit with unknown outcome, and also if it was not dropped | `finish`, which undoes the value that may have been kept |

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Poller, Poll};

use futures_channel::oneshot;

use super::open_store::OpenStore;
use super::queue::{Closed, Queue};
use super::store::SqliteStore;
use crate::engine::Context;
use crate::{Error, ErrorKind, Operation, Result, Retry};

/// Queue of the jobs of one kind of thread.
pub(super) type Jobs = Queue<Box<dyn Job>>;

/// Request of a caller, or an undo, for a thread that has a connection.
pub(super) trait Job: Send {
    /// Returns the method, for errors.
    fn operation(&self) -> Operation;

    /// Returns true if the caller has dropped its future.
    fn abandoned(&self) -> bool;

    /// Does the work in the open transaction. Returns true if it succeeded. May be called again after a roll-back.
    fn run(&mut self, store: &mut SqliteStore<'_>, context: &mut Context<'_>) -> bool;

    /// Sends the caller the result: that of `run`, or the error `kept` if `run` succeeded but its writes were not kept.
    /// Returns the work that is left.
    fn finish(self: Box<Self>, kept: Result<()>) -> After;

    /// Returns a text for people about what the job undoes; empty for requests of callers.
    fn label(&self) -> &str;
}

/// Work that is left after the result of a job was sent.
pub(super) enum After {
    Nothing,
    /// The caller has no result; this job undoes what was done for it.
    Undo(Box<dyn Job>),
    /// An undo has failed and is to be repeated.
    RetryUndo(Box<dyn Job>),
}

/// Function that makes the job which undoes a result.
pub(super) type Undo<T> = fn(&T) -> Box<dyn Job>;

/// Job that calls one function.
struct Task<T, F> {
    operation: Operation,
    work: F,
    result: Option<Result<T>>,
    reply: Option<oneshot::Sender<Result<T>>>,
    undo: Option<Undo<T>>,
    label: String,
}

impl<T, F> Job for Task<T, F>
where
    T: Send + 'static,
    F: FnMut(&mut SqliteStore<'_>, &mut Context<'_>) -> Result<T> + Send + 'static,
{
    fn operation(&self) -> Operation {
        self.operation
    }

    fn abandoned(&self) -> bool {
        self.reply.as_ref().is_some_and(oneshot::Sender::is_canceled)
    }

    fn run(&mut self, store: &mut SqliteStore<'_>, context: &mut Context<'_>) -> bool {
        let result = (self.work)(store, context);
        let well = result.is_ok();
        self.result = Some(result);
        well
    }

    fn finish(mut self: Box<Self>, kept: Result<()>) -> After {
        let Some(reply) = self.reply.take() else {
            // An undo. It is repeatable: what is free already counts as done.
            let done = kept.is_ok() && self.result.take().is_some_and(|result| result.is_ok());
            return if done { After::Nothing } else { After::RetryUndo(self) };
        };
        let (result, unwanted) = match (self.result.take(), kept) {
            // The outcome of the commit is unknown: the value may have been kept. No caller can find it without a key.
            (Some(Ok(value)), Err(error)) if error.retry() == Retry::IfIdempotent => (Err(error), Some(value)),
            (Some(Ok(_)) | None, Err(error)) => (Err(error), None),
            (Some(result), _) => (result, None),
            (None, Ok(())) => (Err(ended(self.operation)), None),
        };
        // If sending fails, the caller has dropped its future; the value comes back.
        let unwanted = match reply.send(result) {
            Err(Ok(value)) => Some(value),
            Ok(()) | Err(Err(_)) => unwanted,
        };
        match (self.undo, unwanted) {
            (Some(undo), Some(value)) => After::Undo(undo(&value)),
            _ => After::Nothing,
        }
    }

    fn label(&self) -> &str {
        &self.label
    }
}

/// Returns an undo: a job without a caller. The label says what it undoes.
pub(super) fn detached<T, F>(operation: Operation, label: String, work: F) -> Box<dyn Job>
where
    T: Send + 'static,
    F: FnMut(&mut SqliteStore<'_>, &mut Context<'_>) -> Result<T> + Send + 'static,
{
    Box::new(Task { operation, work, result: None, reply: None, undo: None, label })
}

/// Has `work` done by a thread of `jobs`, and returns its result. If the caller drops this future before it has the
/// result, the work is undone with `undo`.
pub(super) async fn submit<T, F>(
    shared: &Arc<OpenStore>,
    jobs: &Arc<Jobs>,
    operation: Operation,
    undo: Option<Undo<T>>,
    work: F,
) -> Result<T>
where
    T: Send + 'static,
    F: FnMut(&mut SqliteStore<'_>, &mut Context<'_>) -> Result<T> + Send + 'static,
{
    let (reply, receiver) = oneshot::channel();
    let task = Task { operation, work, result: None, reply: Some(reply), undo, label: String::new() };
    if jobs.push(Box::new(task)).await.is_err() {
        return Err(shared.closed(operation));
    }
    PendingResult { receiver, operation, undo: undo.map(|undo| (Arc::clone(shared), Arc::clone(jobs), undo)) }.await
}

/// Future of a result. Undoes a result that was sent and never polled.
// A bare receiver would drop such a result: the sender cannot know that it was not polled.
struct PendingResult<T> {
    receiver: oneshot::Receiver<Result<T>>,
    operation: Operation,
    undo: Option<(Arc<OpenStore>, Arc<Jobs>, Undo<T>)>,
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
        let Some((shared, jobs, undo)) = self.undo.take() else { return };
        // In this order: after the close no result can be sent any more, so that one is either in the channel now, or
        // its send fails and `finish` undoes it.
        self.receiver.close();
        if let Ok(Some(Ok(unwanted))) = self.receiver.try_recv() {
            // The store was closed meanwhile: the next `close` reports the allocation.
            if let Err(Closed(undo)) = jobs.push_now(undo(&unwanted)) {
                shared.record_failed_undo(undo.label());
            }
        }
    }
}

fn ended(operation: Operation) -> Error {
    let message = "the store's thread ended before it returned a result; open the store again";
    Error::new(ErrorKind::Unavailable, operation, message).with_retry(Retry::IfIdempotent)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

    use super::*;

    fn undo(value: &u32) -> Box<dyn Job> {
        detached(Operation::Deallocate, format!("undo of {value}"), |_: &mut SqliteStore<'_>, _: &mut Context<'_>| {
            Ok(())
        })
    }

    #[test]
    fn a_value_without_a_key_is_undone_after_an_unknown_outcome() {
        let unknown = || Error::new(ErrorKind::Unavailable, Operation::Allocate, "?").with_retry(Retry::IfIdempotent);
        let refused = || Error::new(ErrorKind::Busy, Operation::Allocate, "!").with_retry(Retry::Safe);
        // Whether the caller waits or has gone, the error, whether it can be undone, and whether it is.
        let cases: [(bool, Error, bool, bool); 5] = [
            (true, unknown(), true, true),
            (false, unknown(), true, true),
            (true, unknown(), false, false),
            (true, refused(), true, false),
            (false, refused(), true, false),
        ];
        for (waits, error, can_undo, undone) in cases {
            let (reply, receiver) = oneshot::channel();
            let receiver = waits.then_some(receiver);
            let work = |_: &mut SqliteStore<'_>, _: &mut Context<'_>| Ok(7);
            let task = Task {
                operation: Operation::Allocate,
                work,
                result: Some(Ok(7)),
                reply: Some(reply),
                undo: can_undo.then_some(undo as Undo<u32>),
                label: String::new(),
            };
            let case = format!("{waits} {error:?} {can_undo}");
            let kind = error.kind();
            let after = Box::new(task).finish(Err(error));
            match after {
                After::Undo(job) => assert_eq!((job.label(), undone), ("undo of 7", true), "{case}"),
                After::Nothing => assert!(!undone, "{case}"),
                After::RetryUndo(_) => panic!("{case}"),
            }
            if let Some(mut receiver) = receiver {
                let sent = receiver.try_recv().unwrap().expect("a result");
                assert_eq!(sent.unwrap_err().kind(), kind);
            }
        }
    }
}
