//! Floors for the embedded provider: the disk, and SQLite alone.

use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::mpsc;

use futures_channel::oneshot;
use futures_util::future::join_all;
use rusqlite::Connection;

use crate::support::per_call;

/// A file whose blocks were written before, so that a sync has data to write and nothing else.
pub(crate) struct RawLog {
    file: File,
    at: u64,
}

const LOG: u64 = 16 << 20;

impl RawLog {
    pub(crate) fn new(path: &Path) -> Self {
        let mut file = OpenOptions::new().create(true).truncate(true).write(true).open(path).unwrap();
        file.write_all(&vec![0xff; usize::try_from(LOG).unwrap()]).unwrap();
        file.sync_all().unwrap();
        Self { file, at: 0 }
    }

    /// Appends so many times 64 bytes, each synced; nanoseconds of one.
    pub(crate) fn append(&mut self, count: usize) -> f64 {
        per_call(count, || {
            for _ in 0..count {
                self.file.seek(SeekFrom::Start(self.at)).unwrap();
                self.file.write_all(&[7; 64]).unwrap();
                self.file.sync_data().unwrap();
                self.at = (self.at + 64) % LOG;
            }
        })
    }
}

type Insert = (u32, oneshot::Sender<()>);

/// One thread that inserts rows of one number into a SQLite file, all that wait in one transaction.
pub(crate) struct Rows {
    queue: mpsc::Sender<Insert>,
    next: std::sync::atomic::AtomicU32,
    path: std::path::PathBuf,
}

impl Rows {
    pub(crate) fn new(path: &Path) -> Self {
        let connection = Connection::open(path).unwrap();
        connection
            .execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000;
                 CREATE TABLE row (n INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;",
            )
            .unwrap();
        let (queue, inserts) = mpsc::channel();
        std::thread::spawn(move || write(&connection, &inserts));
        Self { queue, next: 0.into(), path: path.to_owned() }
    }

    /// `count` rows by as many tasks as asked; nanoseconds of one.
    pub(crate) fn insert(&self, runtime: &tokio::runtime::Runtime, tasks: usize, count: usize) -> f64 {
        let each = count / tasks;
        let step = u32::try_from(each).unwrap();
        per_call(each * tasks, || {
            let handles: Vec<_> = (0..tasks)
                .map(|_| {
                    let queue = self.queue.clone();
                    let first = self.next.fetch_add(step, std::sync::atomic::Ordering::Relaxed);
                    runtime.spawn(async move {
                        for n in first..first + step {
                            let (done, committed) = oneshot::channel();
                            queue.send((n, done)).unwrap();
                            committed.await.unwrap();
                        }
                    })
                })
                .collect();
            runtime.block_on(join_all(handles)).into_iter().for_each(Result::unwrap);
        })
    }

    pub(crate) fn check(&self) {
        let connection = Connection::open(&self.path).unwrap();
        let count: u32 = connection.query_row("SELECT count(*) FROM row", [], |row| row.get(0)).unwrap();
        assert_eq!(count, self.next.load(std::sync::atomic::Ordering::Relaxed));
    }
}

fn write(connection: &Connection, inserts: &mpsc::Receiver<Insert>) {
    let prepare = |sql: &str| connection.prepare(sql).unwrap();
    let (mut begin, mut commit) = (prepare("BEGIN IMMEDIATE"), prepare("COMMIT"));
    let mut insert =
        prepare("INSERT INTO row VALUES (?1, 'sixty-four bytes of text, as an allocation may have in a row of it')");
    while let Ok(first) = inserts.recv() {
        let batch: Vec<Insert> = std::iter::once(first).chain(inserts.try_iter()).collect();
        begin.execute([]).unwrap();
        for (n, _) in &batch {
            insert.execute([n]).unwrap();
        }
        commit.execute([]).unwrap();
        for (_, done) in batch {
            done.send(()).unwrap();
        }
    }
}
