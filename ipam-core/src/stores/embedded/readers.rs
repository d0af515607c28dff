//! Readers: the threads that read. Each has a connection of its own, and sees committed data, which is on the disk.
//!
//! A read takes a snapshot of the log (WAL mode) and neither waits for the writer nor delays it.

use std::sync::Arc;

use futures_channel::oneshot;

use super::connection::{Files, open_to_read};
use super::job::{Job, Jobs};
use super::open_store::OpenStore;
use super::store::{Sql, SqliteStore};
use super::threads::{Role, Running};
use super::unlocked::Stamp;
use super::{events, sqlite_errors};
use crate::engine::SystemRandom;
use crate::{Error, ErrorKind, Operation, Result, Retry};

/// Guard of a thread, dropped also by a panic. That of the last reader closes the queue, so that no caller waits for
/// threads that are gone.
struct Closer<'j>(&'j Jobs, &'j Running);

impl Drop for Closer<'_> {
    fn drop(&mut self) {
        if self.1.ends(Role::Reader) == 0 {
            self.0.close();
            self.0.clear();
        }
    }
}

/// Does the queued jobs until the queue is closed. Opens its connection with the first job, or at once if `opened`
/// waits for the outcome.
// A program that opens a store, writes once and closes it (bar E6) then has no reading connection with a cache of its
// own.
pub(super) fn run(shared: &OpenStore, jobs: &Arc<Jobs>, opened: Option<oneshot::Sender<Result<()>>>) {
    let _closer = Closer(jobs, &shared.running);
    let open = || open_to_read(&shared.config, &shared.path).and_then(|opened| shared.opened(opened));
    let mut ready = None;
    if let Some(opened) = opened {
        match open() {
            Ok(connection) => ready = Some(connection),
            Err(error) => {
                // Sending fails if the caller has dropped the future of `open`.
                let _ = opened.send(Err(error));
                return;
            }
        }
        if opened.send(Ok(())).is_err() {
            return;
        }
    }
    let mut random = SystemRandom::default();
    let (mut next, mut attempts) = (None, 0);
    loop {
        let Some(job) = next.take().or_else(|| jobs.pop(1)?.into_iter().next()) else { return };
        // If another file is in its place, it is not even opened: SQLite would replay the log of the old file into it.
        let reopened = || if shared.in_place() { open() } else { Err(shared.moved(Operation::Open)) };
        let opened = match ready.take().map_or_else(reopened, Ok) {
            Ok(opened) => opened,
            Err(error) => {
                let operation = job.operation();
                job.finish(Err(error.with_operation(operation)));
                continue;
            }
        };
        let store = SqliteStore::new(&opened.connection, 1);
        let mut reader = Reader { shared, random: &mut random, files: opened.files(), store };
        // A connection that failed is closed here; the next read opens another.
        match reader.serve(job, jobs) {
            End::Closed => return,
            End::Failed => attempts = 0,
            // Other processes write all the time, and this one lacks the permission to share their log.
            End::Outdated(job) if attempts == ATTEMPTS => {
                let message = "the store is being written, and its directory is not writable for this user; allow it, or \
                               try again later";
                let error = Error::new(ErrorKind::Unavailable, job.operation(), message).with_retry(Retry::Safe);
                job.finish(Err(error.with_context("path", shared.path.display())));
                attempts = 0;
            }
            End::Outdated(job) => {
                next = Some(job);
                attempts += 1;
            }
        }
    }
}

/// Number of times that a file that is read without locks is opened again because it has changed. After that the
/// request fails.
const ATTEMPTS: usize = 5;

/// Reason why a connection is no longer used.
enum End {
    /// The queue is closed and empty.
    Closed,
    /// The connection failed; the caller has the error.
    Failed,
    /// The file that is read without locks has changed; the job is still to be done.
    Outdated(Box<dyn Job>),
}

struct Reader<'c> {
    shared: &'c OpenStore,
    random: &'c mut SystemRandom,
    files: &'c Files,
    store: SqliteStore<'c>,
}

impl Reader<'_> {
    /// Does jobs, `job` first, until the queue is closed or the connection cannot be used any more.
    fn serve(&mut self, job: Box<dyn Job>, jobs: &Jobs) -> End {
        let mut next = Some(job);
        loop {
            let Some(job) = next.take().or_else(|| jobs.pop(1)?.into_iter().next()) else { return End::Closed };
            if let Some(end) = self.read(job) {
                return end;
            }
        }
    }

    /// Does one job in a transaction, so that all its statements see the same state. Returns the reason if the
    /// connection cannot be used again.
    fn read(&mut self, mut job: Box<dyn Job>) -> Option<End> {
        if job.abandoned() {
            return None;
        }
        let operation = job.operation();
        if let Files::Shared(held) = self.files
            && let Err(gone) = held.look()
        {
            job.finish(Err(gone.error(operation, &self.shared.path)));
            return Some(End::Failed);
        }
        if self.is_outdated() {
            return Some(End::Outdated(job));
        }
        let begun = self.store.db.run(Sql::Begin, []).and_then(|_| self.store.begun());
        if let Err(error) = begun {
            let error: Error = sqlite_errors::error(operation, error);
            let busy = error.kind() == ErrorKind::Busy;
            if busy {
                events::read_was_busy(operation.as_str());
            }
            job.finish(Err(error));
            return if busy && self.end() { None } else { Some(End::Failed) };
        }
        self.store.request_begins(operation);
        job.run(&mut self.store, &mut self.shared.context(self.random));
        let usable = self.end();
        // Checked after the read, too: the file may have changed during it, and then the result is a mixture.
        if self.is_outdated() {
            return Some(End::Outdated(job));
        }
        job.finish(Ok(()));
        if usable { None } else { Some(End::Failed) }
    }

    /// Returns true if a file that is read without locks has changed.
    fn is_outdated(&self) -> bool {
        match self.files {
            Files::Shared(_) => false,
            Files::Alone(stamp) => *stamp != Stamp::of(&self.shared.path),
        }
    }

    /// Ends the transaction, if there is one. Returns true if that succeeded.
    fn end(&mut self) -> bool {
        self.store.db.connection.is_autocommit() || self.store.db.run(Sql::Rollback, []).is_ok()
    }
}
