//! What callers ask the threads to do, and how the answer gets back.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Poller, Poll};

use futures_channel::oneshot;

use super::queue::Queue;
use super::store::SqliteStore;
use crate::engine::Context;
use crate::{Error, ErrorKind, Result, Retry};

/// A queue of work of one kind of thread.
pub(super) type Jobs = Queue<Box<dyn Job>>;

/// Work for a thread that has a connection.
pub(super) trait Job: Send {
    /// The method's name, for errors.
    fn operation(&self) -> &'static str;

    /// Whether nobody waits for the answer any more.
    fn abandoned(&self) -> bool;

    /// Does the work in the transaction that is open. May be called again after a roll-back. Answers whether it went
    /// well.
    fn run(&mut self, store: &mut SqliteStore<'_>, context: &mut Context<'_>) -> bool;

    /// Answers the caller: with what `run` came to or, where it went well but could not be kept, with that error. Hands
    /// back what is to be done if the caller has gone.
    fn answer(self: Box<Self>, kept: Result<()>) -> Option<Box<dyn Job>>;
}

/// Makes the job that takes back what was done for a caller that has gone.
pub(super) type Undo<T> = fn(&T) -> Box<dyn Job>;

/// A job that calls one function.
struct Task<T, F> {
    operation: &'static str,
    work: F,
    result: Option<Result<T>>,
    reply: Option<oneshot::Sender<Result<T>>>,
    undo: Option<Undo<T>>,
}

impl<T, F> Job for Task<T, F>
where
    T: Send,
    F: FnMut(&mut SqliteStore<'_>, &mut Context<'_>) -> Result<T> + Send,
{
    fn operation(&self) -> &'static str {
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

    fn answer(self: Box<Self>, kept: Result<()>) -> Option<Box<dyn Job>> {
        let result = match (self.result, kept) {
            (Some(Ok(_)) | None, Err(error)) => Err(error),
            (Some(result), _) => result,
            (None, Ok(())) => Err(ended(self.operation)),
        };
        match self.reply?.send(result) {
            Err(Ok(unwanted)) => self.undo.map(|undo| undo(&unwanted)),
            Ok(()) | Err(Err(_)) => None,
        }
    }
}

/// A job that nobody waits for.
pub(super) fn detached<T, F>(operation: &'static str, work: F) -> Box<dyn Job>
where
    T: Send + 'static,
    F: FnMut(&mut SqliteStore<'_>, &mut Context<'_>) -> Result<T> + Send + 'static,
{
    Box::new(Task { operation, work, result: None, reply: None, undo: None })
}

/// Has `work` done by a thread of `jobs`. If the caller goes away before it has the answer, what was done is taken back
/// with `undo`.
pub(super) async fn ask<T, F>(jobs: &Arc<Jobs>, operation: &'static str, undo: Option<Undo<T>>, work: F) -> Result<T>
where
    T: Send + 'static,
    F: FnMut(&mut SqliteStore<'_>, &mut Context<'_>) -> Result<T> + Send + 'static,
{
    let (reply, receiver) = oneshot::channel();
    let task = Task { operation, work, result: None, reply: Some(reply), undo };
    if jobs.push(Box::new(task)).await.is_err() {
        let message = "the store was closed, or could not be kept open; open it again";
        return Err(Error::new(ErrorKind::Unavailable, operation, message));
    }
    Answer { receiver, operation, undo: undo.map(|undo| (Arc::clone(jobs), undo)) }.await
}

/// Waits for the answer, and sees to it that none is lost on the way.
struct Answer<T> {
    receiver: oneshot::Receiver<Result<T>>,
    operation: &'static str,
    undo: Option<(Arc<Jobs>, Undo<T>)>,
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
        let Some((jobs, undo)) = self.undo.take() else { return };
        self.receiver.close();
        if let Ok(Some(Ok(unwanted))) = self.receiver.try_recv() {
            jobs.push_now(undo(&unwanted));
        }
    }
}

fn ended(operation: &'static str) -> Error {
    Error::new(ErrorKind::Unavailable, operation, "the store's thread ended before it answered; open the store again")
        .with_retry(Retry::IfIdempotent)
}
