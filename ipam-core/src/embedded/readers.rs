//! The threads that read. Each has a connection of its own and sees what is committed, hence on the disk.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_channel::oneshot;

use super::codes;
use super::connection::open_to_read;
use super::job::{Job, Jobs};
use super::shared::Shared;
use super::store::{Sql, SqliteStore};
use crate::engine::SystemRandom;
use crate::{Error, ErrorKind, Result};

/// The last thread that ends closes the queue, however it ends: nobody waits for threads that are gone.
struct Closer<'j>(&'j Jobs, &'j AtomicUsize);

impl Drop for Closer<'_> {
    fn drop(&mut self) {
        if self.1.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.close();
            self.0.clear();
        }
    }
}

/// Does what is queued until the queue is closed. Opens its connection when there is something to read, or at once if
/// somebody waits to hear how that goes.
pub(super) fn run(shared: &Shared, jobs: &Arc<Jobs>, alive: &AtomicUsize, opened: Option<oneshot::Sender<Result<()>>>) {
    let _closer = Closer(jobs, alive);
    let open = || {
        let (connection, identity) = open_to_read(&shared.config, &shared.path)?;
        shared.opened(identity).map(|()| connection)
    };
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
    while let Some(batch) = jobs.pop(1) {
        let Some(job) = batch.into_iter().next() else { continue };
        // Another file in its place is not even opened: the old one's log would be written into it.
        let reopened = || if shared.in_place() { open() } else { Err(shared.moved("open")) };
        let connection = match ready.take().map_or_else(reopened, Ok) {
            Ok(connection) => connection,
            Err(error) => {
                let operation = job.operation();
                job.answer(Err(error.with_operation(operation)));
                continue;
            }
        };
        let mut reader = Reader { shared, random: &mut random, store: SqliteStore::new(&connection, 1) };
        // A connection that failed is closed, and the next read opens another.
        if reader.read(job) && !reader.serve(jobs) {
            return;
        }
    }
}

struct Reader<'c> {
    shared: &'c Shared,
    random: &'c mut SystemRandom,
    store: SqliteStore<'c>,
}

impl Reader<'_> {
    /// Reads until the queue is closed (`false`), or the connection fails (`true`).
    fn serve(&mut self, jobs: &Jobs) -> bool {
        while let Some(batch) = jobs.pop(1) {
            for job in batch {
                if !self.read(job) {
                    return true;
                }
            }
        }
        false
    }

    /// Does one job in a transaction, so that all it reads is of one moment. Answers whether the connection can be used
    /// again.
    fn read(&mut self, mut job: Box<dyn Job>) -> bool {
        if job.abandoned() {
            return true;
        }
        let operation = job.operation();
        if !self.shared.in_place() {
            job.answer(Err(self.shared.moved(operation)));
            return false;
        }
        let begun = self.store.db.run(Sql::Begin, []).and_then(|_| self.store.begun());
        if let Err(error) = begun {
            let error: Error = codes::error(operation, error);
            let busy = error.kind() == ErrorKind::Busy;
            job.answer(Err(error));
            return busy && self.end();
        }
        self.store.request_begins(operation);
        job.run(&mut self.store, &mut self.shared.context(self.random));
        let usable = self.end();
        job.answer(Ok(()));
        usable
    }

    /// Ends the transaction, if there is one.
    fn end(&mut self) -> bool {
        self.store.db.connection.is_autocommit() || self.store.db.run(Sql::Rollback, []).is_ok()
    }
}
