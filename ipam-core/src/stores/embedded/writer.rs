//! Writer: the one thread that writes. It does all queued requests in one transaction, and sends the results when that
//! is on the disk.
//!
//! A sync takes longer than the statements of a request, and many requests can share one (bars E2 and E3). There is no
//! timer that collects them, so that a lone caller waits only for its own sync (bar E1).

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

/// Largest number of requests in one transaction.
// Bounds the time of the first request of a batch, which gets its result with the last. Well above the 128 callers of
// bar E2, so that the limit does not cut their batches.
const MAX_BATCH: usize = 512;

/// Longest wait for the lock, if no caller waits for any job of the batch.
// The busy timeout would be right for the undo, and would keep callers that come meanwhile waiting for as long.
const SHORT: Duration = Duration::from_millis(100);

/// Failure of a transaction as a whole.
enum Failed {
    /// The transaction could not begin; nothing was done.
    Begin(rusqlite::Error),
    /// The pages that the only request had changed could not be written; nothing was kept.
    Write(Error),
    /// A file is no longer the one that was opened; nothing was kept.
    Gone(Gone),
    /// The commit failed; it is unknown whether it was kept.
    Commit(rusqlite::Error),
    /// The commit went into a file that may be deleted; it is unknown whether it was kept.
    Lost(Gone),
}

/// End of a transaction that did not fail as a whole.
#[derive(PartialEq, Eq)]
enum Done {
    /// Each request has its own result; the writes of those that succeeded are kept.
    Each,
    /// One request failed after it had begun to write; nothing was kept of any request.
    Aborted,
}

/// Guard that closes the queue when the thread ends, also by a panic, so that no caller waits for a thread that is
/// gone.
struct Closer<'j>(&'j Jobs, &'j Running);

impl Drop for Closer<'_> {
    fn drop(&mut self) {
        self.0.close();
        self.0.clear();
        self.1.ends(Role::Writer);
    }
}

/// Opens the store, reports the outcome to `opened`, and does the queued jobs until the queue is closed.
pub(super) fn run(shared: &OpenStore, jobs: &Arc<Jobs>, opened: oneshot::Sender<Result<()>>) {
    let _closer = Closer(jobs, &shared.running);
    let open = || open_to_write(&shared.config, &shared.path).and_then(|opened| shared.opened(opened));
    let mut connection = match open() {
        Ok(connection) => connection,
        Err(error) => {
            // Sending fails if the caller has dropped the future of `open`.
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
            // SQLite removes the log with the last connection, so that the readers have to close theirs first.
            shared.running.wait_for_readers();
            if let Err(error) = closing::checkpoint(&connection, shared) {
                let _ = shared.closing.set(error);
            }
            return;
        }
        drop(writer);
        // After a failed commit SQLite's page cache may differ from the file, as may the memo of the store. A
        // connection in doubt is never used again.
        drop(connection);
        connection = loop {
            if next.is_empty() {
                match jobs.pop_until(MAX_BATCH, undos.next_attempt()) {
                    Some(batch) => next = batch,
                    None => {
                        shared.running.wait_for_readers();
                        let last = if shared.in_place() { open() } else { Err(shared.moved(Operation::Close)) };
                        match last {
                            // The outer loop finds the queue closed: it tries the undos once more, and returns.
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
                        if let After::RetryUndo(undo) | After::Undo(undo) = job.finish(Err(again)) {
                            undos.keep(undo, shared);
                        }
                    }
                    undos.attempted();
                }
            }
        };
    }
}

/// Reason why [`Writer::serve`] returns.
#[derive(PartialEq, Eq)]
enum End {
    /// The queue is closed and empty.
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
    /// True if another process had written before the last transaction began.
    others_write: bool,
}

impl Writer<'_> {
    /// Does one batch after the other, `next` first. Leaves in `next` the jobs that were not done.
    fn serve(&mut self, next: &mut Vec<Box<dyn Job>>) -> End {
        let (mut served, mut took) = (0, Duration::ZERO);
        loop {
            let mut batch = std::mem::take(next);
            if batch.is_empty() {
                // A quarter of the last transaction: waiting for callers that do not come back costs no more than that,
                // and the sync that they would need alone costs more.
                match self.jobs.pop_together(MAX_BATCH, served, took / 4, self.undos.next_attempt()) {
                    Some(jobs) => batch = jobs,
                    None => return self.last(next),
                }
            }
            served = batch.len();
            let start = Instant::now();
            // A job whose caller has dropped its future is not begun.
            batch.retain(|job| !job.abandoned());
            // Jobs with a label have no caller. See `SHORT`.
            let wait = if batch.iter().all(|job| !job.label().is_empty()) { SHORT } else { Duration::MAX };
            self.undos.take(&mut batch);
            if !batch.is_empty() {
                let usable = self.batch(batch, next, wait);
                self.undos.attempted();
                if !usable {
                    return End::Doubtful;
                }
            }
            // `pop_together` polls. Where other processes write, they need the processor more (bar E4: 8 processes).
            took = if self.others_write { Duration::ZERO } else { start.elapsed() };
        }
    }

    /// Tries the undos once more, when the queue is closed and empty.
    fn last(&mut self, next: &mut Vec<Box<dyn Job>>) -> End {
        let mut batch = Vec::new();
        self.undos.take(&mut batch);
        if !batch.is_empty() {
            self.batch(batch, next, Duration::MAX);
            next.drain(..).for_each(|undo| self.undos.keep(undo, self.shared));
        }
        End::Closed
    }

    /// Does one batch, and sends the results. Adds to `next` the jobs that are still to be done. Waits for the lock up
    /// to `wait`. Returns true if the connection can be used again.
    fn batch(&mut self, mut batch: Vec<Box<dyn Job>>, next: &mut Vec<Box<dyn Job>>, wait: Duration) -> bool {
        match self.transaction(&mut batch, wait) {
            Ok(Done::Aborted) if batch.len() > 1 => {
                // Each in a transaction of its own, so that one request does not fail the others. This is rare (full
                // disk, constraint), and cheaper than a savepoint for every request (bars E1 to E3).
                let mut usable = true;
                for job in batch {
                    if usable {
                        let mut alone = vec![job];
                        // A job that aborts alone has kept its own error, which `finish` returns.
                        let result = self.transaction(&mut alone, wait).map(|_| ());
                        usable = self.finish(alone, result, next);
                    } else {
                        next.push(job);
                    }
                }
                usable
            }
            result => self.finish(batch, result.map(|_| ()), next),
        }
    }

    /// Sends the results of a batch. Adds to `next` the undos for callers that have dropped their futures. Returns true
    /// if the connection can be used again.
    fn finish(&mut self, batch: Vec<Box<dyn Job>>, result: Result<(), Failed>, next: &mut Vec<Box<dyn Job>>) -> bool {
        for job in batch {
            let kept = match &result {
                Ok(()) => Ok(()),
                Err(failed) => Err(self.error(failed, job.operation())),
            };
            match job.finish(kept) {
                After::Nothing => {}
                After::Undo(undo) => next.push(undo),
                After::RetryUndo(undo) => self.undos.keep(undo, self.shared),
            }
        }
        match result {
            Ok(()) | Err(Failed::Write(_) | Failed::Gone(_) | Failed::Lost(_)) => true,
            Err(Failed::Begin(error)) => sqlite_errors::is_busy(&error),
            Err(Failed::Commit(_)) => false,
        }
    }

    /// Does the batch in one transaction: all of it, or nothing.
    fn transaction(&mut self, batch: &mut [Box<dyn Job>], wait: Duration) -> Result<Done, Failed> {
        let wait = self.shared.config.busy_timeout.min(wait);
        // IMMEDIATE takes the write lock at once. A transaction that begins by reading could not take it later if
        // another process had written in between (SQLITE_BUSY_SNAPSHOT), and would have to begin anew.
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
            // After some errors, such as a full disk, SQLite has rolled back the whole transaction by itself.
            let lost = self.store.db.connection.is_autocommit();
            if well && !lost {
                wrote |= self.store.wrote();
            } else if self.store.wrote() || lost {
                // The engine writes last, so that a refused request has not written. A failure after the first write is
                // one of the store itself, and part of the request may have been written: all is rolled back.
                self.roll_back();
                return Ok(Done::Aborted);
            }
        }
        if !wrote {
            // Nothing to commit, and so nothing to sync.
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
        // Checked again: a commit into a log that was deleted is lost when the process ends, and must not be reported
        // as done. See `open_files`.
        self.look().map_err(Failed::Lost)?;
        Ok(Done::Each)
    }

    /// Checks that the files are those that were opened.
    fn look(&self) -> Result<(), Gone> {
        match self.files {
            Files::Shared(held) => held.look(),
            Files::Alone(_) => Ok(()),
        }
    }

    fn roll_back(&mut self) {
        self.store.forget();
        if !self.store.db.connection.is_autocommit() {
            // If it fails, the next BEGIN fails too, and the connection is given up.
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
