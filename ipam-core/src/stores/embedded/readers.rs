//! The threads that read. Each has a connection of its own and sees what is committed, hence on the disk.

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

/// The last thread that ends closes the queue, however it ends: nobody waits for threads that are gone.
struct Closer<'j>(&'j Jobs, &'j Running);

impl Drop for Closer<'_> {
    fn drop(&mut self) {
        if self.1.ends(Role::Reader) == 0 {
            self.0.close();
            self.0.clear();
        }
    }
}

/// Does what is queued until the queue is closed. Opens its connection when there is something to read, or at once if
/// somebody waits to hear how that goes.
pub(super) fn run(shared: &OpenStore, jobs: &Arc<Jobs>, opened: Option<oneshot::Sender<Result<()>>>) {
    let _closer = Closer(jobs, &shared.running);
    let open = || open_to_read(&shared.config, &shared.path).and_then(|opened| shared.opened(opened));
    let mut ready = None;
    if let Some(opened) = opened {
        match open() {
            Ok(connection) => ready = Some(connection),
            Err(error) => {
                // If the caller has gone, nobody misses the reason.
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
        // Another file in its place is not even opened: the old one's log would be written into it.
        let reopened = || if shared.in_place() { open() } else { Err(shared.moved(Operation::Open)) };
        let opened = match ready.take().map_or_else(reopened, Ok) {
            Ok(opened) => opened,
            Err(error) => {
                let operation = job.operation();
                job.answer(Err(error.with_operation(operation)));
                continue;
            }
        };
        let store = SqliteStore::new(&opened.connection, 1);
        let mut reader = Reader { shared, random: &mut random, files: opened.files(), store };
        // A connection that failed is closed, and the next read opens another.
        match reader.serve(job, jobs) {
            End::Closed => return,
            End::Failed => attempts = 0,
            // Others write all the time: a reader that may not share a log with them does not get through.
            End::Outdated(job) if attempts == ATTEMPTS => {
                let message = "the store is being written, and its directory cannot be; allow this user to write the \
                               directory, or try again later";
                let error = Error::new(ErrorKind::Unavailable, job.operation(), message).with_retry(Retry::Safe);
                job.answer(Err(error.with_context("path", shared.path.display())));
                attempts = 0;
            }
            End::Outdated(job) => {
                next = Some(job);
                attempts += 1;
            }
        }
    }
}

/// How often a file that is read alone is opened again because it has changed, before the caller is told so.
const ATTEMPTS: usize = 5;

/// Why a connection is no longer used.
enum End {
    /// There is nothing more to do, ever.
    Closed,
    /// It failed; the caller was told.
    Failed,
    /// The file that it reads alone has changed; this is still to be done.
    Outdated(Box<dyn Job>),
}

struct Reader<'c> {
    shared: &'c OpenStore,
    random: &'c mut SystemRandom,
    files: &'c Files,
    store: SqliteStore<'c>,
}

impl Reader<'_> {
    /// Reads, `job` first, until the queue is closed or the connection cannot be used any more.
    fn serve(&mut self, job: Box<dyn Job>, jobs: &Jobs) -> End {
        let mut next = Some(job);
        loop {
            let Some(job) = next.take().or_else(|| jobs.pop(1)?.into_iter().next()) else { return End::Closed };
            if let Some(end) = self.read(job) {
                return end;
            }
        }
    }

    /// Does one job in a transaction, so that all it reads is of one moment. Returns the end if the connection cannot be
    /// used again.
    fn read(&mut self, mut job: Box<dyn Job>) -> Option<End> {
        if job.abandoned() {
            return None;
        }
        let operation = job.operation();
        if let Files::Shared(held) = self.files
            && let Err(gone) = held.look()
        {
            job.answer(Err(gone.error(operation, &self.shared.path)));
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
            job.answer(Err(error));
            return if busy && self.end() { None } else { Some(End::Failed) };
        }
        self.store.request_begins(operation);
        job.run(&mut self.store, &mut self.shared.context(self.random));
        let usable = self.end();
        if self.is_outdated() {
            return Some(End::Outdated(job));
        }
        job.answer(Ok(()));
        if usable { None } else { Some(End::Failed) }
    }

    /// Whether what is read alone is not what it was.
    fn is_outdated(&self) -> bool {
        match self.files {
            Files::Shared(_) => false,
            Files::Alone(stamp) => *stamp != Stamp::of(&self.shared.path),
        }
    }

    /// Ends the transaction, if there is one.
    fn end(&mut self) -> bool {
        self.store.db.connection.is_autocommit() || self.store.db.run(Sql::Rollback, []).is_ok()
    }
}
