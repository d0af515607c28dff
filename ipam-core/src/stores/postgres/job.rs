//! Jobs: requests of callers for the tasks that write, and the way of their results back.
//!
//! A caller may drop its future at any time. An allocation with a key of the caller's is found again by the key. One
//! without would be lost, because no caller knows its key. So it is undone:
//!
//! | future dropped | undone by |
//! | --- | --- |
//! | before the job began | nothing: `abandoned` jobs are not run |
//! | while the job ran | `finish`, whose send fails |
//! | after the send, before the result was polled | `drop` of `PendingResult`, in `submit` |
//! | after a commit with unknown outcome, and also if it was not dropped | `finish`, which undoes the value that may have been kept |

use futures_channel::oneshot;

use super::hint::Hint;
use super::view::Kind;
use crate::engine::Context;
use crate::engine::replay::{Attempt, Need, Replay};
use crate::{Error, ErrorKind, Operation, Result, Retry};

/// Request of a caller, or an undo, for a task that has a connection.
pub(super) trait Job: Send {
    /// Returns the method, for errors.
    fn operation(&self) -> Operation;

    /// Returns the kind of transaction that it needs.
    fn kind(&self) -> Kind;

    fn hint(&self) -> &Hint;

    /// Has the job, or what undoes it, wait until the transaction with this lock has ended.
    fn wait_for(&mut self, lock: i64);

    /// Returns true if the caller has dropped its future.
    fn abandoned(&self) -> bool;

    /// Attempts the work. Returns what it needs to go on; `None` if it has ended. Is called again, from the beginning,
    /// after a roll-back.
    fn attempt(&mut self, replay: &mut Replay, context: &mut Context<'_>) -> Option<Need>;

    /// Returns true if the work has ended with a refusal that depends on several records, such as that no address is
    /// free.
    fn is_refused(&self) -> bool;

    /// Ends the work with an error.
    fn fail(&mut self, error: Error);

    /// Sends the caller the result: that of `attempt`, or the error `kept` if it succeeded but its writes were not kept.
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

/// Job that calls one function of the engine.
struct Task<T, F> {
    operation: Operation,
    kind: Kind,
    hint: Hint,
    work: F,
    result: Option<Result<T>>,
    reply: Option<oneshot::Sender<Result<T>>>,
    undo: Option<Undo<T>>,
    label: String,
}

impl<T, F> Job for Task<T, F>
where
    T: Send + 'static,
    F: FnMut(&mut Replay, &mut Context<'_>) -> Result<T> + Send + 'static,
{
    fn operation(&self) -> Operation {
        self.operation
    }

    fn kind(&self) -> Kind {
        self.kind
    }

    fn hint(&self) -> &Hint {
        &self.hint
    }

    fn wait_for(&mut self, lock: i64) {
        self.hint.after = Some(lock);
    }

    fn abandoned(&self) -> bool {
        self.reply.as_ref().is_some_and(oneshot::Sender::is_canceled)
    }

    fn attempt(&mut self, replay: &mut Replay, context: &mut Context<'_>) -> Option<Need> {
        self.result = None;
        match replay.attempt(self.operation, context, &mut self.work) {
            Attempt::Done(result) => {
                self.result = Some(result);
                None
            }
            Attempt::Need(need) => Some(need),
        }
    }

    fn is_refused(&self) -> bool {
        let kind = self.result.as_ref().and_then(|result| result.as_ref().err()).map(Error::kind);
        matches!(kind, Some(ErrorKind::Exhausted | ErrorKind::Conflict | ErrorKind::Corrupt))
    }

    fn fail(&mut self, error: Error) {
        self.result = Some(Err(error));
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
            (Some(undo), Some(value)) => {
                let mut undo = undo(&value);
                if let Some(lock) = self.hint.after {
                    // Before its end, what it has allocated would not be found.
                    undo.wait_for(lock);
                }
                After::Undo(undo)
            }
            _ => After::Nothing,
        }
    }

    fn label(&self) -> &str {
        &self.label
    }
}

/// Returns an undo: a job without a caller. The label says what it undoes.
pub(super) fn detached<T, F>(operation: Operation, kind: Kind, hint: Hint, label: String, work: F) -> Box<dyn Job>
where
    T: Send + 'static,
    F: FnMut(&mut Replay, &mut Context<'_>) -> Result<T> + Send + 'static,
{
    Box::new(Task { operation, kind, hint, work, result: None, reply: None, undo: None, label })
}

/// Returns the error of a request whose task has ended.
pub(super) fn ended(operation: Operation) -> Error {
    let message = "the provider ended before it returned a result; open it again, and look the key up";
    Error::new(ErrorKind::Unavailable, operation, message).with_retry(Retry::IfIdempotent)
}

/// Request to be done by the tasks that write.
pub(super) struct Request<T, F> {
    pub(super) operation: Operation,
    pub(super) kind: Kind,
    pub(super) hint: Hint,
    pub(super) undo: Option<Undo<T>>,
    pub(super) work: F,
}

/// Returns the job of a request, and the future of its result.
pub(super) fn writing<T, F>(request: Request<T, F>) -> (Box<dyn Job>, oneshot::Receiver<Result<T>>)
where
    T: Send + 'static,
    F: FnMut(&mut Replay, &mut Context<'_>) -> Result<T> + Send + 'static,
{
    let Request { operation, kind, hint, undo, work } = request;
    let (reply, receiver) = oneshot::channel();
    let task = Task { operation, kind, hint, work, result: None, reply: Some(reply), undo, label: String::new() };
    (Box::new(task), receiver)
}

/// Returns a job that only reads, and the future of its result.
pub(super) fn reading<T, F>(operation: Operation, work: F) -> (Box<dyn Job>, oneshot::Receiver<Result<T>>)
where
    T: Send + 'static,
    F: FnMut(&mut Replay, &mut Context<'_>) -> Result<T> + Send + 'static,
{
    let (reply, receiver) = oneshot::channel();
    let task = Task {
        operation,
        kind: Kind::Read,
        hint: Hint::default(),
        work,
        result: None,
        reply: Some(reply),
        undo: None,
        label: String::new(),
    };
    (Box::new(task), receiver)
}
