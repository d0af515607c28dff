//! Embedded provider: opening, backup, check and restore. The methods of its trait are in `methods`.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_channel::oneshot;
use futures_util::FutureExt;
use futures_util::future::{Shared as Cloneable, join_all};

use super::config::EmbeddedConfig;
use super::job::{Jobs, Undo, submit};
use super::open_store::OpenStore;
use super::queue::Queue;
use super::store::SqliteStore;
use super::threads::Role;
use super::{backup, readers, restore, writer};
use crate::engine::Context;
use crate::stores::check::check;
use crate::stores::report::StoreReport;
use crate::{Error, ErrorKind, Operation, Result, Retry};

/// Length of a queue, above which callers wait for room.
// Two full transactions of the writer: the queue never keeps it waiting, and memory stays bounded.
const QUEUE: usize = 1_024;

/// Longest wait of dropping the last handle.
const LINGER: Duration = Duration::from_secs(1);

/// Provider in one SQLite file: durable, and shared by the processes of one host. See the [module](super) for its
/// promises, its errors and the rules for its files.
///
/// A clone is another handle to the same threads and connections. These end when the provider is
/// [closed](crate::IpamProvider::close) or the last handle is dropped: the requests that are queued are done first, and
/// the log is written back into the file. `close` waits for this and reports a failure; dropping the last handle waits
/// for at most a second.
///
/// After `close` the file alone is the whole store, unless another process uses it: if that reads or writes for longer
/// than two seconds, the log stays beside the file, and `close` succeeds. Copy a store that others may use with
/// [`backup_to`](Self::backup_to).
///
/// ```
/// # futures_executor::block_on(async {
/// use ipam_core::{Allocate, DefineRange, EmbeddedProvider, IpamProvider};
///
/// # let directory = tempfile::tempdir().unwrap();
/// # let path = directory.path().join("ipam.db");
/// let ipam = EmbeddedProvider::open(&path).await?;
/// ipam.define_range(&DefineRange::new("lan", "10.0.0.0/24".parse().unwrap())).await?;
/// let request = Allocate::one("vm-42", "lan").with_key("vm-42/eth0");
/// ipam.allocate(&request).await?;
/// ipam.close().await?;
///
/// // Another process, or the next start: the key finds the same address.
/// let ipam = EmbeddedProvider::open(&path).await?;
/// let again = ipam.allocate(&request).await?;
/// assert!(again.repeated);
/// assert_eq!(again.lines[0][0].address.to_string(), "10.0.0.1");
/// # Ok::<(), ipam_core::Error>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct EmbeddedProvider {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<OpenStore>,
    /// Queue of the writer; `None` if the store is only read.
    writes: Option<Arc<Jobs>>,
    reads: Arc<Jobs>,
    /// One channel per thread, cancelled when the thread ends.
    ended: Vec<Cloneable<oneshot::Receiver<()>>>,
}

impl Inner {
    fn close(&self) {
        self.shared.is_closed.store(true, Ordering::Release);
        if let Some(writes) = &self.writes {
            writes.close();
        }
        self.reads.close();
    }
}

impl Drop for Inner {
    /// Closes the store, and waits up to [`LINGER`].
    // A program often ends right after its last handle. Writing the log back takes a few milliseconds; without the wait
    // it would be cut off, and the log would stay beside the file. Longer work must not hang a program that ends.
    fn drop(&mut self) {
        self.close();
        self.shared.running.wait_for_all(LINGER);
    }
}

impl EmbeddedProvider {
    /// Opens the store in a file, and creates it if there is none.
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// use ipam_core::{DefineRange, EmbeddedProvider, IpamProvider, IpamProviderExt};
    ///
    /// # let directory = tempfile::tempdir().unwrap();
    /// # let path = directory.path().join("ipam.db");
    /// let provider = EmbeddedProvider::open(path).await?;
    /// provider.define_range(&DefineRange::new("lan", "10.0.0.0/24".parse().unwrap())).await?;
    /// let allocation = provider.allocate_one("lan", "vm-42").await?;
    /// assert_eq!(allocation.address.to_string(), "10.0.0.1");
    /// provider.close().await?;
    /// # Ok::<(), ipam_core::Error>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// - `Config`: the directory does not exist; the path is not a regular file, or a file with several names; there is
    ///   no store, and [`create`](EmbeddedConfig::create) is false or [`read_only`](EmbeddedConfig::read_only) is true;
    ///   or the file system cannot share memory between processes.
    /// - `InvalidInput`: the path is empty.
    /// - `Corrupt`: the file is damaged or truncated, belongs to another program, has a newer version, or the log
    ///   beside it is not its own. It is left as it is.
    /// - `PermissionDenied`: the file cannot be read, or it cannot be written and `read_only` is false.
    /// - `Busy`: another process held the store's lock for longer than [`busy_timeout`](EmbeddedConfig::busy_timeout).
    /// - `Unavailable`: the files cannot be opened, the disk is full, or no thread can be started.
    pub async fn open(config: impl Into<EmbeddedConfig>) -> Result<Self> {
        let config = config.into();
        let path = settled(&config.path)?;
        let (read_only, threads) = (config.read_only, config.readers.clamp(1, 64));
        let shared = Arc::new(OpenStore::new(config, path));
        let reads: Arc<Jobs> = Arc::new(Queue::new(QUEUE));
        let mut ended = Vec::with_capacity(threads + 1);
        let (opened, outcome) = oneshot::channel();
        let mut opened = Some(opened);
        let mut writes = None;
        if !read_only && let Some(opened) = opened.take() {
            let jobs: Arc<Jobs> = Arc::new(Queue::new(QUEUE));
            writes = Some(Arc::clone(&jobs));
            let writing = Arc::clone(&shared);
            ended.push(spawn("ipam-writer", &shared, Role::Writer, move || writer::run(&writing, &jobs, opened))?);
        }
        for _ in 0..threads {
            let (reading, jobs) = (Arc::clone(&shared), Arc::clone(&reads));
            // Without a writer, the first reader reports whether the store can be opened.
            let opened = opened.take();
            let spawned = spawn("ipam-reader", &shared, Role::Reader, move || readers::run(&reading, &jobs, opened));
            ended.push(spawned.inspect_err(|_| {
                reads.close();
                if let Some(writes) = &writes {
                    writes.close();
                }
            })?);
        }
        // Built before the wait: if the caller drops the future, dropping `inner` ends the threads.
        let inner = Inner { shared, writes, reads, ended };
        match outcome.await {
            Ok(outcome) => outcome?,
            Err(_) => {
                return Err(Error::new(ErrorKind::Unavailable, Operation::Open, "the store's thread ended early"));
            }
        }
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Returns the path of the store's file: absolute and without symbolic links.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.inner.shared.path
    }

    /// Checks the whole store: SQLite's own check of the file, then the agreement of the records with one another.
    ///
    /// Changes nothing and does not block writers. Takes as long as reading the whole file.
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// use ipam_core::{DefineRange, EmbeddedProvider, IpamProvider, IpamProviderExt};
    ///
    /// # let directory = tempfile::tempdir().unwrap();
    /// # let path = directory.path().join("ipam.db");
    /// let ipam = EmbeddedProvider::open(path).await?;
    /// ipam.define_range(&DefineRange::new("lan", "10.0.0.0/24".parse().unwrap())).await?;
    /// ipam.allocate_one("lan", "vm-42").await?;
    /// let report = ipam.check_store().await?;
    /// assert!(report.is_sound(), "{:?}", report.violations);
    /// assert_eq!((report.ranges, report.allocations), (1, 1));
    /// # Ok::<(), ipam_core::Error>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// Damage is not an error: it is listed in the report. `Unavailable` if the file cannot be read at all; otherwise
    /// the [errors of an open store](super#errors).
    pub async fn check_store(&self) -> Result<StoreReport> {
        self.read(Operation::CheckStore, |store, context| check(store, context.now)).await
    }

    /// Writes a copy of the store, in its current state, to a new file. Does not block writers.
    ///
    /// The copy appears under its name only when it is complete and synced.
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// use ipam_core::{DefineRange, EmbeddedProvider, IpamProvider, IpamProviderExt};
    ///
    /// # let directory = tempfile::tempdir().unwrap();
    /// # let (path, copy) = (directory.path().join("ipam.db"), directory.path().join("copy.db"));
    /// let ipam = EmbeddedProvider::open(path).await?;
    /// ipam.define_range(&DefineRange::new("lan", "10.0.0.0/24".parse().unwrap())).await?;
    /// ipam.backup_to(&copy).await?;
    ///
    /// let copy = EmbeddedProvider::open(copy).await?;
    /// assert_eq!(copy.get_range("lan").await?.name, "lan");
    /// # Ok::<(), ipam_core::Error>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// - `AlreadyExists`: there is something at `target`, or a log of an earlier store beside it.
    /// - `Config`: the directory of `target` does not exist, or `target` is the name of one of the store's own side
    ///   files.
    /// - `InvalidInput`: `target` is not valid UTF-8.
    /// - `PermissionDenied` or `Unavailable`: `target` cannot be written, or the disk is full.
    ///
    /// Otherwise the [errors of an open store](super#errors).
    pub async fn backup_to(&self, target: impl Into<PathBuf>) -> Result<()> {
        let target = target.into();
        backup::must_not_lie_beside(self.path(), &target)?;
        self.read(Operation::Backup, move |store, _| backup::backup(store, &target)).await
    }

    /// Replaces a store by a copy of a backup, or creates it if there is none. The backup stays as it is.
    ///
    /// The copy is checked, and upgraded to the newest version of the schema, before the store is changed. The log of
    /// the old store (`-wal`, `-shm`) is removed in the same step. If the process is killed or the power fails, either
    /// the complete old store or the complete new one is there afterwards. Dropping the future does not stop the work.
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// use ipam_core::{DefineRange, EmbeddedProvider, Find, IpamProvider, IpamProviderExt};
    ///
    /// # let directory = tempfile::tempdir().unwrap();
    /// # let (path, backup) = (directory.path().join("ipam.db"), directory.path().join("backup.db"));
    /// let ipam = EmbeddedProvider::open(&path).await?;
    /// ipam.define_range(&DefineRange::new("lan", "10.0.0.0/24".parse().unwrap())).await?;
    /// ipam.backup_to(&backup).await?;
    /// ipam.allocate_one("lan", "vm-42").await?;
    /// ipam.close().await?;
    ///
    /// EmbeddedProvider::restore(&backup, &path).await?;
    /// let ipam = EmbeddedProvider::open(&path).await?;
    /// assert!(ipam.find(&Find::default()).await?.items.is_empty());
    /// # Ok::<(), ipam_core::Error>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// - `Busy`: the store is open, in this process or another one.
    /// - `Corrupt`: the backup is damaged, fails the check, belongs to another program or has a newer version; or the
    ///   file at the path of the store is not a store.
    /// - `Config`: there is no backup, it has a log or journal beside it, or it is the store itself; or the directory
    ///   of the store does not exist, or its path is not a regular file.
    /// - `InvalidInput`: a path is empty, or the path of the store is not valid UTF-8.
    /// - `PermissionDenied` or `Unavailable`: a file cannot be read or written, the disk is full, the store's file was
    ///   replaced meanwhile, or no thread can be started.
    ///
    /// After an error the old store is as it was, unless the message says that the new one was restored.
    pub async fn restore(backup: impl Into<PathBuf>, store: impl Into<PathBuf>) -> Result<()> {
        let backup = settled(&backup.into()).map_err(|error| error.with_operation(Operation::Restore))?;
        let store = settled(&store.into()).map_err(|error| error.with_operation(Operation::Restore))?;
        let (done, outcome) = oneshot::channel();
        // A thread of its own, so that a dropped future cannot stop the work between two of its steps.
        let work = move || {
            // Sending fails if the caller has dropped the future.
            let _ = done.send(restore::restore(&backup, &store));
        };
        std::thread::Builder::new().name("ipam-restore".to_owned()).spawn(work).map_err(|error| {
            Error::new(ErrorKind::Unavailable, Operation::Restore, format!("no thread can be started: {error}"))
                .with_source(error)
        })?;
        let ended = |_| {
            Error::new(
                ErrorKind::Unavailable,
                Operation::Restore,
                "the restoring thread ended early; check the store before using it",
            )
        };
        outcome.await.map_err(ended)?
    }

    /// Returns true if the store was opened to be read only.
    pub(super) fn is_read_only(&self) -> bool {
        self.inner.writes.is_none()
    }

    /// Closes the store: waits for the threads, and returns the result of closing.
    pub(super) async fn close_threads(&self) -> Result<()> {
        self.inner.close();
        join_all(self.inner.ended.iter().cloned()).await;
        self.inner.shared.close_result()
    }

    /// Has `work` done by a reader.
    pub(super) async fn read<T, F>(&self, operation: Operation, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&mut SqliteStore<'_>, &mut Context<'_>) -> Result<T> + Send + 'static,
    {
        submit(&self.inner.shared, &self.inner.reads, operation, None, work).await
    }

    /// Has `work` done by the writer. If the caller drops the future, the work is undone with `undo`.
    pub(super) async fn write<T, F>(&self, operation: Operation, undo: Option<Undo<T>>, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&mut SqliteStore<'_>, &mut Context<'_>) -> Result<T> + Send + 'static,
    {
        match &self.inner.writes {
            Some(writes) => submit(&self.inner.shared, writes, operation, undo, work).await,
            None if self.inner.shared.is_closed.load(Ordering::Acquire) => Err(self.inner.shared.closed(operation)),
            None => {
                let message = "the store was opened read-only; open it without `read_only` to write";
                Err(Error::new(ErrorKind::PermissionDenied, operation, message))
            }
        }
    }
}

impl fmt::Debug for EmbeddedProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddedProvider").field("config", &self.inner.shared.config).finish_non_exhaustive()
    }
}

/// Returns the absolute path without symbolic links.
// A later change of the working directory must not lead to another file, and SQLite puts its side files beside the file
// itself, not beside a link to it.
fn settled(path: &Path) -> Result<PathBuf> {
    let invalid = |remedy: &str| Err(Error::invalid(Operation::Open, "path", path.display(), remedy));
    if path.as_os_str().is_empty() {
        return invalid("name a file");
    }
    let Ok(absolute) = std::path::absolute(path) else { return invalid("name a file") };
    if let Ok(real) = std::fs::canonicalize(&absolute) {
        return Ok(real);
    }
    let (Some(parent), Some(name)) = (absolute.parent(), absolute.file_name()) else { return invalid("name a file") };
    Ok(std::fs::canonicalize(parent).map_or_else(|_| absolute.clone(), |parent| parent.join(name)))
}

/// Starts a thread. Returns a channel that is cancelled when the thread has ended.
fn spawn(
    name: &str,
    shared: &OpenStore,
    role: Role,
    work: impl FnOnce() + Send + 'static,
) -> Result<Cloneable<oneshot::Receiver<()>>> {
    let (alive, ended) = oneshot::channel::<()>();
    // Counted here, and out by the thread itself, so that `wait_for_all` never misses a thread that is starting.
    shared.running.starts(role);
    let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
        let _alive = alive;
        work();
    });
    match thread {
        Ok(_) => Ok(ended.shared()),
        Err(error) => {
            shared.running.ends(role);
            Err(Error::new(ErrorKind::Unavailable, Operation::Open, format!("no thread can be started: {error}"))
                .with_retry(Retry::Safe)
                .with_source(error))
        }
    }
}
