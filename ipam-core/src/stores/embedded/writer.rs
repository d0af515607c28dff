//! The one thread that writes: it takes everything that is queued, does it in one transaction, and answers when that is
//! on the disk.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_channel::oneshot;

use super::closing;
use super::connection::{Files, busy, open_to_write};
use super::job::{After, Job, Jobs};
use super::lock_wait::LockWait;
use super::open_files::Gone;
use super::open_store::OpenStore;
use super::sqlite_errors;
use super::store::{Sql, SqliteStore};
use super::threads::{Role, Running};
use super::undos::Undos;
use crate::engine::SystemRandom;
use crate::{Error, Operation, Result};

/// The most requests in one transaction. Others wait for the next one, so that nobody waits long for the first.
const MAX_BATCH: usize = 512;

/// How long work that no caller waits for waits for the lock.
const SHORT: Duration = Duration::from_millis(100);

/// How a transaction failed as a whole.
enum Failed {
    /// It could not begin; nothing was done.
    Begin(rusqlite::Error),
    /// What the only request left to the end could not be written; nothing was kept.
    Write(Error),
    /// A file is not the one that was opened; nothing was kept.
    Gone(Gone),
    /// It is unknown whether it was kept.
    Commit(rusqlite::Error),
    /// The same: it was committed into a file that may be gone.
    Lost(Gone),
}

/// How a transaction ended that did not fail as a whole.
#[derive(PartialEq, Eq)]
enum Done {
    /// Every request has its own result, and what those that succeeded wrote is kept.
    Each,
    /// One request failed after it had begun to write; nothing was kept of any.
    Aborted,
}

/// Ends with the thread, however it ends: nobody waits for a thread that is gone.
struct Closer<'j>(&'j Jobs, &'j Running);

impl Drop for Closer<'_> {
    fn drop(&mut self) {
        self.0.close();
        self.0.clear();
        self.1.ends(Role::Writer);
    }
}

/// Opens the store, says how that went, and does what is queued until the queue is closed.
pub(super) fn run(shared: &OpenStore, jobs: &Arc<Jobs>, opened: oneshot::Sender<Result<()>>) {
    let _closer = Closer(jobs, &shared.running);
    let open = || open_to_write(&shared.config, &shared.path).and_then(|opened| shared.opened(opened));
    let mut connection = match open() {
        Ok(connection) => connection,
        Err(error) => {
            // If the caller has gone, nobody misses the reason.
            let _ = opened.send(Err(error));
            return;
        }
    };
    if opened.send(Ok(())).is_err() {
        return;
    }
    let mut random = SystemRandom::default();
    let mut next: Vec<Box<dyn Job>> = Vec::new();
    let mut undos = Undos::new();
    loop {
        let store = SqliteStore::new(&connection.connection, shared.config.keep_changes);
        let mut writer = Writer {
            shared,
            jobs,
            random: &mut random,
            files: connection.files(),
            undos: &mut undos,
            store,
            others_write: false,
        };
        if writer.serve(&mut next) == End::Closed {
            drop(writer);
            undos.give_up(shared);
            // The last connection that is closed removes the log.
            shared.running.wait_for_readers();
            if let Err(error) = closing::checkpoint(&connection, shared) {
                let _ = shared.closing.set(error);
            }
            return;
        }
        drop(writer);
        // What an old connection remembers after a failed commit may be wrong, so it is never used again.
        drop(connection);
        connection = loop {
            if next.is_empty() {
                match jobs.pop_until(MAX_BATCH, undos.due()) {
                    Some(batch) => next = batch,
                    None => {
                        shared.running.wait_for_readers();
                        let last = if shared.in_place() { open() } else { Err(shared.moved(Operation::Close)) };
                        match last {
                            // What is left is tried once more, and the end comes there.
                            Ok(connection) => break connection,
                            Err(error) => {
                                undos.give_up(shared);
                                let _ = shared.closing.set(closing::unfinished(&error));
                                return;
                            }
                        }
                    }
                }
            }
            match if shared.in_place() { open() } else { Err(shared.moved(Operation::Open)) } {
                Ok(connection) => break connection,
                Err(error) => {
                    for job in next.drain(..) {
                        let again = sqlite_errors::error_like(&error, job.operation());
                        if let After::Again(undo) | After::Undo(undo) = job.answer(Err(again)) {
                            undos.keep(undo, shared);
                        }
                    }
                    undos.tried();
                }
            }
        };
    }
}

#[derive(PartialEq, Eq)]
enum End {
    /// There is nothing more to do, ever.
    Closed,
    /// The connection must not be used again.
    Doubtful,
}

struct Writer<'c> {
    shared: &'c OpenStore,
    jobs: &'c Jobs,
    random: &'c mut SystemRandom,
    files: &'c Files,
    undos: &'c mut Undos,
    store: SqliteStore<'c>,
    /// Whether another process had written before the last transaction began.
    others_write: bool,
}

impl Writer<'_> {
    /// Does one batch after the other, `next` first. Leaves in `next` what was not done.
    fn serve(&mut self, next: &mut Vec<Box<dyn Job>>) -> End {
        let (mut answered, mut took) = (0, Duration::ZERO);
        loop {
            let mut batch = std::mem::take(next);
            if batch.is_empty() {
                match self.jobs.pop_together(MAX_BATCH, answered, took / 4, self.undos.due()) {
                    Some(jobs) => batch = jobs,
                    None => return self.last(next),
                }
            }
            answered = batch.len();
            let start = Instant::now();
            // What nobody waits for any more is not begun.
            batch.retain(|job| !job.abandoned());
            // Alone, what is to be taken back does not keep the thread from those who come meanwhile.
            let wait = if batch.iter().all(|job| !job.label().is_empty()) { SHORT } else { Duration::MAX };
            self.undos.take(&mut batch);
            if !batch.is_empty() {
                let usable = self.batch(batch, next, wait);
                self.undos.tried();
                if !usable {
                    return End::Doubtful;
                }
            }
            // Looking out takes time of a processor that other processes with work to do can use better.
            took = if self.others_write { Duration::ZERO } else { start.elapsed() };
        }
    }

    /// The queue is closed and empty: what is to be taken back is tried once more.
    fn last(&mut self, next: &mut Vec<Box<dyn Job>>) -> End {
        let mut batch = Vec::new();
        self.undos.take(&mut batch);
        if !batch.is_empty() {
            self.batch(batch, next, Duration::MAX);
            next.drain(..).for_each(|undo| self.undos.keep(undo, self.shared));
        }
        End::Closed
    }

    /// Does one batch, and sends the results. What is still to be done is added to `next`. Waits for the lock no longer than
    /// `wait`. Returns whether the connection can be used again.
    fn batch(&mut self, mut batch: Vec<Box<dyn Job>>, next: &mut Vec<Box<dyn Job>>, wait: Duration) -> bool {
        match self.transaction(&mut batch, wait) {
            Ok(Done::Aborted) if batch.len() > 1 => {
                // Each on its own, so that one does not fail the others.
                let mut usable = true;
                for job in batch {
                    if usable {
                        let mut alone = vec![job];
                        // One that aborts alone has its own error.
                        let result = self.transaction(&mut alone, wait).map(|_| ());
                        usable = self.answer(alone, result, next);
                    } else {
                        next.push(job);
                    }
                }
                usable
            }
            result => self.answer(batch, result.map(|_| ()), next),
        }
    }

    /// Answers a batch. What is to be undone for callers that have gone is added to `next`.
    fn answer(&mut self, batch: Vec<Box<dyn Job>>, result: Result<(), Failed>, next: &mut Vec<Box<dyn Job>>) -> bool {
        for job in batch {
            let kept = match &result {
                Ok(()) => Ok(()),
                Err(failed) => Err(self.error(failed, job.operation())),
            };
            match job.answer(kept) {
                After::Nothing => {}
                After::Undo(undo) => next.push(undo),
                After::Again(undo) => self.undos.keep(undo, self.shared),
            }
        }
        match result {
            Ok(()) | Err(Failed::Write(_) | Failed::Gone(_) | Failed::Lost(_)) => true,
            Err(Failed::Begin(error)) => sqlite_errors::is_busy(&error),
            Err(Failed::Commit(_)) => false,
        }
    }

    /// One transaction: all of the batch, or nothing.
    fn transaction(&mut self, batch: &mut [Box<dyn Job>], wait: Duration) -> Result<Done, Failed> {
        let wait = self.shared.config.busy_timeout.min(wait);
        let begin = || self.store.db.run(Sql::BeginImmediate, []);
        LockWait::new("write", wait).insist(begin).map_err(Failed::Begin)?;
        match self.store.begun() {
            Ok(others) => self.others_write = others,
            Err(error) => {
                self.roll_back();
                return Err(Failed::Begin(error));
            }
        }
        let alone = batch.len() == 1;
        let mut wrote = false;
        for job in batch {
            if job.abandoned() {
                continue;
            }
            self.store.request_begins(job.operation());
            let well = job.run(&mut self.store, &mut self.shared.context(self.random));
            // SQLite rolls the whole transaction back by itself, such as when the disk is full.
            let lost = self.store.db.connection.is_autocommit();
            if well && !lost {
                wrote |= self.store.wrote();
            } else if self.store.wrote() || lost {
                // The engine checks before it writes; what fails after that is the store itself. All begin anew rather
                // than have every request pay for a savepoint.
                self.roll_back();
                return Ok(Done::Aborted);
            }
        }
        if !wrote {
            self.roll_back();
            return Ok(Done::Each);
        }
        if let Err(error) = self.store.write_pages() {
            self.roll_back();
            return if alone { Err(Failed::Write(error)) } else { Ok(Done::Aborted) };
        }
        if let Err(gone) = self.look() {
            self.roll_back();
            return Err(Failed::Gone(gone));
        }
        if let Err(error) = self.store.db.run(Sql::Commit, []) {
            self.roll_back();
            return Err(Failed::Commit(error));
        }
        // What went into a file without a name is gone with the process.
        self.look().map_err(Failed::Lost)?;
        Ok(Done::Each)
    }

    /// Looks whether the files are those that were opened.
    fn look(&self) -> Result<(), Gone> {
        match self.files {
            Files::Shared(held) => held.look(),
            Files::Alone(_) => Ok(()),
        }
    }

    fn roll_back(&mut self) {
        self.store.forget();
        if !self.store.db.connection.is_autocommit() {
            // If it fails, the next BEGIN does too, and the connection is given up.
            let _ = self.store.db.run(Sql::Rollback, []);
        }
    }

    fn error(&self, failed: &Failed, operation: Operation) -> Error {
        match failed {
            Failed::Begin(error) if sqlite_errors::is_busy(error) => {
                busy(operation, &self.shared.path, self.shared.config.busy_timeout, sqlite_errors::copy(error))
            }
            Failed::Begin(error) => sqlite_errors::error(operation, sqlite_errors::copy(error))
                .with_context("path", self.shared.path.display()),
            Failed::Write(error) => sqlite_errors::error_like(error, operation),
            Failed::Commit(error) => sqlite_errors::commit_error(operation, error),
            Failed::Gone(gone) => gone.error(operation, &self.shared.path),
            Failed::Lost(gone) => gone.error_after_commit(operation, &self.shared.path),
        }
    }
}
