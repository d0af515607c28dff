//! Store for a database behind a network: operations of the engine run over the records that were fetched so far.
//!
//! A store behind a network cannot serve the synchronous reads of an operation. [`Replay`] serves them from memory. A
//! read whose result is missing ends the attempt with [`Need`]; the provider fetches it, asynchronously, and runs the
//! same operation again. Operations read before they write, and write nothing but a log here, so that an attempt that
//! is cut short leaves no trace. Random numbers and ids that an attempt was given come again in the next one, so that
//! all of them take the same way.
//!
//! How a provider uses it, in one transaction of its database:
//!
//! 1. Prefetch what the waiting operations will most likely read, in one statement, and [`provide`](Replay::provide)
//!    it.
//! 2. For each operation: [`attempt`](Replay::attempt) it until it is [`Attempt::Done`]. On [`Need::Read`], fetch and
//!    provide; on [`Need::Flush`], [give it up](Replay::give_up), and do it in the next transaction.
//! 3. Send the writes of [`into_log`](Replay::into_log) together with the commit. Only then may results be returned.
//!    If the commit fails, drop the `Replay` and begin anew.
//!
//! Several operations can share one transaction: each sees the writes of those before it. Reads of a range's pages, of
//! its high-water mark and of requests combine the fetched value with the log. If the log touches any other read, it
//! has to be flushed first.

mod read;
mod reads;
mod store;
mod write;

use std::collections::HashMap;

pub(crate) use read::{Read, Value};
pub(crate) use write::Write;

use crate::engine::context::Context;
use crate::engine::random::Random;
use crate::{AllocationId, Error, ErrorKind, Operation, Result, Retry};

/// Largest number of attempts of one operation, after which it fails.
// Each attempt fetches at least one record. An operation that needs more would hold its transaction for minutes.
const MAX_ATTEMPTS: u32 = 10_000;

/// Reason why an attempt could not end.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Need {
    /// The result of this read is missing: fetch it, and [`provide`](Replay::provide) it.
    Read(Read),
    /// The log has to be written first.
    Flush,
}

/// Result of an attempt.
#[derive(Debug)]
pub(crate) enum Attempt<T> {
    /// The operation has ended with this result. Its writes, if it succeeded, are in the log.
    Done(Result<T>),
    /// The attempt ended early; nothing was written.
    Need(Need),
}

/// Records that were fetched so far, and the log of writes.
#[derive(Debug, Default)]
pub(crate) struct Replay {
    /// Results of reads, as they are in the database after all flushes.
    fetched: HashMap<Read, Value>,
    /// Writes of finished operations that are not flushed.
    log: Vec<Write>,
    /// Operation in progress.
    progress: Progress,
}

/// State of an operation from one attempt to the next.
#[derive(Debug, Default)]
struct Progress {
    /// Name of the operation, for errors.
    name: Option<Operation>,
    attempts: u32,
    /// Random numbers that it was given. Each attempt gets the same ones, so that it takes the same way.
    drawn: Vec<u128>,
    /// Ids that were issued for it, in the order of its requests.
    ids: Vec<(read::Place, AllocationId)>,
    /// Number of `ids` that this attempt has used.
    used_ids: usize,
    /// Places for which this attempt needs further ids.
    wanted_ids: Vec<read::Place>,
    /// First need of this attempt.
    need: Option<Need>,
    /// Writes of this attempt.
    writes: Vec<Write>,
}

impl Replay {
    /// Creates a replay without any fetched record.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Runs an operation over what has been fetched.
    ///
    /// Between the first attempt and [`Attempt::Done`], the operation, the time and the source of randomness must stay
    /// the same. `Unavailable` if it has been attempted too often.
    pub(crate) fn attempt<T>(
        &mut self,
        operation: Operation,
        context: &mut Context<'_>,
        run: impl FnOnce(&mut Self, &mut Context<'_>) -> Result<T>,
    ) -> Attempt<T> {
        self.progress.name = Some(operation);
        self.progress.attempts += 1;
        if self.progress.attempts > MAX_ATTEMPTS {
            self.progress = Progress::default();
            return Attempt::Done(Err(endless(operation)));
        }
        let mut drawn = std::mem::take(&mut self.progress.drawn);
        let mut random = Recorded { source: &mut *context.random, drawn: &mut drawn, next: 0 };
        let result = run(self, &mut Context { now: context.now, random: &mut random, actor: context.actor });
        let Progress { used_ids, wanted_ids, need, writes, .. } = &mut self.progress;
        *used_ids = 0;
        let (wanted, need, writes) = (std::mem::take(wanted_ids), need.take(), std::mem::take(writes));
        // An operation may have continued after a failed read, and then its result does not count. Ids come last: an
        // operation runs on with stand-ins, so that all of its ids are fetched at once.
        let need = need.or(if wanted.is_empty() { None } else { Some(Need::Read(Read::NewAllocationIds(wanted))) });
        if let Some(need) = need {
            self.progress.drawn = drawn;
            return Attempt::Need(need);
        }
        self.progress = Progress::default();
        if result.is_ok() {
            self.log.extend(writes);
        }
        Attempt::Done(result)
    }

    /// Takes in the result of a read, as it is in the database with everything flushed.
    pub(crate) fn provide(&mut self, read: Read, value: Value) {
        // Ids belong to the operation in progress and are used once. All other results may serve later operations, too.
        if let (Read::NewAllocationIds(places), Value::AllocationIds(ids)) = (&read, &value) {
            let issued = places.iter().cloned().zip(ids.iter().cloned());
            self.progress.ids.extend(issued);
            return;
        }
        self.fetched.insert(read, value);
    }

    /// Returns the writes of finished operations, in order, for the database. Drops the fetched results that they
    /// change.
    #[cfg(test)]
    pub(crate) fn flush(&mut self) -> Vec<Write> {
        let log = std::mem::take(&mut self.log);
        self.fetched.retain(|read, _| !log.iter().any(|write| write.touches(read)));
        log
    }

    /// Returns the writes of finished operations, when nothing is read any more.
    pub(crate) fn into_log(self) -> Vec<Write> {
        self.log
    }

    /// Ends the operation in progress without a result, such as when a read could not be fetched.
    pub(crate) fn give_up(&mut self) {
        self.progress = Progress::default();
    }

    /// An error of the operation in progress.
    fn error(&self, kind: ErrorKind, message: &'static str) -> Error {
        Error::new(kind, self.progress.name.unwrap_or(Operation::Check), message)
    }

    /// Returns true if there is nothing to flush.
    #[cfg(test)]
    pub(crate) fn is_flushed(&self) -> bool {
        self.log.is_empty()
    }
}

/// Random numbers that come again in the next attempt.
struct Recorded<'a> {
    source: &'a mut dyn Random,
    drawn: &'a mut Vec<u128>,
    next: usize,
}

impl Random for Recorded<'_> {
    fn next(&mut self) -> u128 {
        let number = match self.drawn.get(self.next) {
            Some(number) => *number,
            None => {
                let number = self.source.next();
                self.drawn.push(number);
                number
            }
        };
        self.next += 1;
        number
    }
}

fn endless(operation: Operation) -> Error {
    let message = format!("the request needs more than {MAX_ATTEMPTS} reads; request fewer addresses at once");
    Error::new(ErrorKind::Unavailable, operation, message).with_retry(Retry::Never)
}
