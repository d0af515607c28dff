//! What callers ask the threads to do, and how the answer gets back.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Poller, Poll};

use futures_channel::oneshot;

use super::open_store::OpenStore;
use super::queue::{Closed, Queue};
use super::store::SqliteStore;
use crate::engine::Context;
use crate::{Error, ErrorKind, Operation, Result, Retry};

/// A queue of work of one kind of thread.
pub(super) type Jobs = Queue<Box<dyn Job>>;

/// Work for a thread that has a connection.
pub(super) trait Job: Send {
    /// The method's name, for errors.
    fn operation(&self) -> Operation;

    /// Whether nobody waits for the answer any more.
    fn abandoned(&self) -> bool;

    /// Does the work in the transaction that is open. May be called again after a roll-back. Answers whether it went
    /// well.
    fn run(&mut self, store: &mut SqliteStore<'_>, context: &mut Context<'_>) -> bool;

    /// Sends the caller the result: what `run` came to or, where it went well but could not be kept, with that error. Returns
    /// what is to be done after it.
    fn answer(self: Box<Self>, kept: Result<()>) -> After;

    /// What work that no caller waits for takes back, for people; empty for all other work.
    fn label(&self) -> &str;
}

/// What is to be done after the result of a job was sent.
pub(super) enum After {
    Nothing,
    /// The caller has gone, and this takes back what was done.
    Undo(Box<dyn Job>),
    /// Taking back has failed.
    Again(Box<dyn Job>),
}

/// Makes the job that takes back what was done for a caller that has gone.
pub(super) type Undo<T> = fn(&T) -> Box<dyn Job>;

/// A job that calls one function.
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

    fn answer(mut self: Box<Self>, kept: Result<()>) -> After {
        let Some(reply) = self.reply.take() else {
            let done = kept.is_ok() && self.result.take().is_some_and(|result| result.is_ok());
            return if done { After::Nothing } else { After::Again(self) };
        };
        let (result, maybe) = match (self.result.take(), kept) {
            // Maybe it was kept all the same.
            (Some(Ok(value)), Err(error)) if error.retry() == Retry::IfIdempotent => (Err(error), Some(value)),
            (Some(Ok(_)) | None, Err(error)) => (Err(error), None),
            (Some(result), _) => (result, None),
            (None, Ok(())) => (Err(ended(self.operation)), None),
        };
        let unwanted = match reply.send(result) {
            Ok(()) => None,
            Err(Ok(value)) => Some(value),
            Err(Err(_)) => maybe,
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

/// A job that no caller waits for, which takes back what the label says.
pub(super) fn detached<T, F>(operation: Operation, label: String, work: F) -> Box<dyn Job>
where
    T: Send + 'static,
    F: FnMut(&mut SqliteStore<'_>, &mut Context<'_>) -> Result<T> + Send + 'static,
{
    Box::new(Task { operation, work, result: None, reply: None, undo: None, label })
}

/// Has `work` done by a thread of `jobs`. If the caller goes away before it has the answer, what was done is taken back
/// with `undo`.
pub(super) async fn ask<T, F>(
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
    Answer { receiver, operation, undo: undo.map(|undo| (Arc::clone(shared), Arc::clone(jobs), undo)) }.await
}

/// Waits for the answer, and sees to it that none is lost on the way.
struct Answer<T> {
    receiver: oneshot::Receiver<Result<T>>,
    operation: Operation,
    undo: Option<(Arc<OpenStore>, Arc<Jobs>, Undo<T>)>,
}

impl<T> Future for Answer<T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Poller<'_>) -> Poll<Result<T>> {
        let operation = self.operation;
        let answer = Pin::new(&mut self.receiver).poll(context);
        if answer.is_ready() {
            self.undo = None;
        }
        answer.map(|result| result.unwrap_or_else(|_| Err(ended(operation))))
    }
}

impl<T> Drop for Answer<T> {
    /// The answer may have been sent, and never looked at. Once the channel is closed, the other side sees to the rest.
    fn drop(&mut self) {
        let Some((shared, jobs, undo)) = self.undo.take() else { return };
        self.receiver.close();
        if let Ok(Some(Ok(unwanted))) = self.receiver.try_recv() {
            // Closed meanwhile: it stands, and closing once more says so.
            if let Err(Closed(undo)) = jobs.push_now(undo(&unwanted)) {
                shared.stands(undo.label());
            }
        }
    }
}

fn ended(operation: Operation) -> Error {
    Error::new(ErrorKind::Unavailable, operation, "the store's thread ended before it answered; open the store again")
        .with_retry(Retry::IfIdempotent)
}
