//! The provider: the trait's methods as jobs for its threads.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use futures_channel::oneshot;
use futures_util::FutureExt;
use futures_util::future::{Shared as Cloneable, join_all};

use super::check::{self, StoreReport};
use super::config::EmbeddedConfig;
use super::files;
use super::job::{Job, Jobs, Undo, ask, detached};
use super::open_store::OpenStore;
use super::queue::Queue;
use super::schema::VERSION;
use super::store::SqliteStore;
use super::threads::Role;
use super::{backup, readers, restore, writer};
use crate::engine::{self, Context};
use crate::{
    Allocate, AllocateRange, Allocated, AllocatedRange, Allocation, Block, Capabilities, ChangePosition, Changes,
    Deallocate, DeallocateRange, Deallocated, DefineBlock, DefineRange, Error, ErrorKind, Find, Health, IpamProvider,
    ListBlocks, ListRanges, Operation, Page, Preview, Range, RangeId, RemoveBlock, RemoveRange, RemovedRange, Result,
    Retry, Sweep, Swept, Update, UpdateBlock, UpdateRange, Usage,
};

/// How many requests wait in a queue before callers have to wait to get in.
const QUEUE: usize = 1_024;

/// How long dropping the last handle waits at most.
const LINGER: Duration = Duration::from_secs(1);

/// A provider kept in one SQLite file: durable, and shared by the processes of one host. See the [module](super).
///
/// A clone is another handle to the same threads and connections. They end when the last handle is dropped, after what
/// was requested before, and write the log back into the file; [`close`](IpamProvider::close) waits for that and reports a
/// failure. Dropping the last handle waits for at most a second.
#[derive(Clone)]
pub struct EmbeddedProvider {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<OpenStore>,
    /// `None` where the store is only read.
    writes: Option<Arc<Jobs>>,
    reads: Arc<Jobs>,
    /// Each is cancelled when its thread ends.
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
    /// A program often ends after its last handle has gone. The log is written back in a few milliseconds, which is waited
    /// for; longer work is not.
    fn drop(&mut self) {
        self.close();
        self.shared.running.wait_for_all(LINGER);
    }
}

impl EmbeddedProvider {
    /// Opens the store in a file, and creates it if there is none; its directory has to exist.
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
    /// - `Config`: the directory does not exist, or the path leads to a directory; the store is not to be created,
    ///   or to be read only, and there is none; the file system cannot share memory between processes.
    /// - `Corrupt`: the file is damaged or cut short, belongs to another program, or is of a newer version. It is left as
    ///   it is.
    /// - `PermissionDenied`: the file or its directory cannot be written.
    /// - `Busy`: another process held the store's lock for longer than the time to wait.
    pub async fn open(config: impl Into<EmbeddedConfig>) -> Result<Self> {
        let config = config.into();
        let path = settled(&config.path)?;
        let (read_only, threads) = (config.read_only, config.readers.clamp(1, 64));
        let shared = Arc::new(OpenStore::new(config, path));
        let reads: Arc<Jobs> = Arc::new(Queue::new(QUEUE));
        let mut ended = Vec::with_capacity(threads + 1);
        let (opened, answer) = oneshot::channel();
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
            // Where there is no writer, the first reader says whether the store can be opened.
            let opened = opened.take();
            let spawned = spawn("ipam-reader", &shared, Role::Reader, move || readers::run(&reading, &jobs, opened));
            ended.push(spawned.inspect_err(|_| {
                reads.close();
                if let Some(writes) = &writes {
                    writes.close();
                }
            })?);
        }
        // From here on, dropping it ends the threads.
        let inner = Inner { shared, writes, reads, ended };
        match answer.await {
            Ok(answer) => answer?,
            Err(_) => {
                return Err(Error::new(ErrorKind::Unavailable, Operation::Open, "the store's thread ended early"));
            }
        }
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Where the store is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.inner.shared.path
    }

    /// Looks through the whole store: SQLite's own check of the file, then whether the records agree with one another.
    /// Changes nothing, and keeps nobody from writing meanwhile. Takes as long as reading the file does.
    ///
    /// # Errors
    /// Those of reading. What is found to be wrong is no error, but in the report.
    pub async fn check_store(&self) -> Result<StoreReport> {
        self.read(Operation::CheckStore, check::check).await
    }

    /// Writes a copy of the store, as it is at this moment, to a new file. Keeps nobody from writing meanwhile.
    ///
    /// # Errors
    /// `AlreadyExists` if there is something at `target`; `Config` if its directory does not exist; those of reading and
    /// writing files.
    pub async fn backup_to(&self, target: impl Into<PathBuf>) -> Result<()> {
        let target = target.into();
        backup::must_not_lie_beside(self.path(), &target)?;
        self.read(Operation::Backup, move |store, _| backup::backup(store, &target)).await
    }

    /// Puts a copy of a backup in the place of a store, or where there is none yet. The backup stays as it is.
    ///
    /// The backup is checked, and brought to the newest version of the schema, before anything is changed. The old store's
    /// log (`-wal`, `-shm`) goes in the same step. Whenever the process is killed or the power fails, either the old store
    /// is there, whole, or the new one. Dropping the future does not stop it.
    ///
    /// # Errors
    /// - `Busy`: the store is open, in this process or another one.
    /// - `Corrupt`: the backup is damaged, not sound, of another program or of a newer version, or what is at the path of
    ///   the store is no store.
    /// - `Config`: there is no backup, it has a log beside it, it is the store itself, or the directory of the store does
    ///   not exist.
    /// - Those of reading and writing files. The old store is as it was then, unless the message says that the new one was
    ///   restored.
    pub async fn restore(backup: impl Into<PathBuf>, store: impl Into<PathBuf>) -> Result<()> {
        let backup = settled(&backup.into()).map_err(|error| error.with_operation(Operation::Restore))?;
        let store = settled(&store.into()).map_err(|error| error.with_operation(Operation::Restore))?;
        let (done, answer) = oneshot::channel();
        let work = move || {
            // Who has gone does not want to know.
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
                "the thread that restores ended early; look at the store",
            )
        };
        answer.await.map_err(ended)?
    }

    async fn read<T, F>(&self, operation: Operation, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&mut SqliteStore<'_>, &mut Context<'_>) -> Result<T> + Send + 'static,
    {
        ask(&self.inner.shared, &self.inner.reads, operation, None, work).await
    }

    async fn write<T, F>(&self, operation: Operation, undo: Option<Undo<T>>, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&mut SqliteStore<'_>, &mut Context<'_>) -> Result<T> + Send + 'static,
    {
        match &self.inner.writes {
            Some(writes) => ask(&self.inner.shared, writes, operation, undo, work).await,
            None if self.inner.shared.is_closed.load(Ordering::Acquire) => Err(self.inner.shared.closed(operation)),
            None => Err(Error::new(ErrorKind::PermissionDenied, operation, "the store was opened to be read only")),
        }
    }
}

impl fmt::Debug for EmbeddedProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddedProvider").field("config", &self.inner.shared.config).finish_non_exhaustive()
    }
}

/// The path without links, whatever the working directory becomes: side files are beside the file itself.
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

/// Starts a thread. What it answers is cancelled when the thread has ended.
fn spawn(
    name: &str,
    shared: &OpenStore,
    role: Role,
    work: impl FnOnce() + Send + 'static,
) -> Result<Cloneable<oneshot::Receiver<()>>> {
    let (alive, ended) = oneshot::channel::<()>();
    // The thread counts itself out.
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

/// Gives back what was allocated without a key for a caller that has gone.
fn give_back(answer: &Allocated) -> Box<dyn Job> {
    const NAMED: usize = 4;
    let mut addresses: Vec<String> = answer.iter().take(NAMED).map(|one| one.address.to_string()).collect();
    if answer.iter().nth(NAMED).is_some() {
        addresses.push(format!("{} addresses in all", answer.iter().count()));
    }
    let label = format!("{} (key {})", addresses.join(" "), answer.key);
    let request = Deallocate::key(answer.key.clone());
    detached(Operation::Deallocate, label, move |store, context| engine::deallocate(store, context, &request))
}

/// Gives back the child prefix that was allocated without a key for a caller that has gone.
fn give_back_range(answer: &AllocatedRange) -> Box<dyn Job> {
    let label = format!("the range {} (key {})", answer.range.net, answer.key);
    let request = DeallocateRange::key(answer.key.clone());
    detached(Operation::DeallocateRange, label, move |store, context| {
        engine::deallocate_range(store, context, &request)
    })
}

/// Method that writes: clones the request for the thread, and calls the engine's function.
macro_rules! written {
    ($self:ident, $operation:ident, $function:ident, $request:ident, $undo:expr) => {{
        let request = $request.clone();
        $self
            .write(Operation::$operation, $undo, move |store, context| engine::$function(store, context, &request))
            .await
    }};
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl IpamProvider for EmbeddedProvider {
    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::full("embedded");
        if self.inner.writes.is_none() {
            capabilities.update = false;
            capabilities.define_ranges = false;
            capabilities.define_blocks = false;
            capabilities.allocate_ranges = false;
            capabilities.sweep = false;
        }
        capabilities
    }

    async fn check(&self) -> Result<Health> {
        self.read(Operation::Check, |_, _| Ok(())).await?;
        if self.inner.writes.is_some() {
            // Takes the lock of writers, and lets go of it.
            self.write(Operation::Check, None, |_, _| Ok(())).await?;
        }
        let mut health = Health::new().with_version(format!("store {VERSION}, SQLite {}", rusqlite::version()));
        if let Some(kind) = files::network_file_system(self.path()) {
            health = health.with_warning(format!(
                "the store {} lies on a network file system ({kind}), whose locks are not to be trusted: two hosts may \
                 damage it; move it to a local disk",
                self.path().display()
            ));
        }
        Ok(health)
    }

    async fn list_ranges(&self, request: &ListRanges) -> Result<Page<Range>> {
        let request = request.clone();
        self.read(Operation::ListRanges, move |store, _| engine::list_ranges(store, &request)).await
    }

    async fn allocate(&self, request: &Allocate) -> Result<Allocated> {
        let undo: Option<Undo<Allocated>> = if request.key.is_none() { Some(give_back) } else { None };
        written!(self, Allocate, allocate, request, undo)
    }

    async fn deallocate(&self, request: &Deallocate) -> Result<Deallocated> {
        written!(self, Deallocate, deallocate, request, None)
    }

    async fn find(&self, request: &Find) -> Result<Page<Allocation>> {
        let request = request.clone();
        self.read(Operation::Find, move |store, context| engine::find(store, context.now, &request)).await
    }

    async fn preview_allocate(&self, request: &Allocate) -> Result<Preview> {
        let request = request.clone();
        self.read(Operation::PreviewAllocate, move |store, context| engine::preview(store, context, &request)).await
    }

    async fn update(&self, request: &Update) -> Result<Allocation> {
        written!(self, Update, update, request, None)
    }

    async fn usage(&self, ranges: &[RangeId]) -> Result<Vec<Usage>> {
        let ranges = ranges.to_vec();
        self.read(Operation::Usage, move |store, context| engine::usage(store, context.now, &ranges)).await
    }

    async fn define_range(&self, request: &DefineRange) -> Result<Range> {
        written!(self, DefineRange, define_range, request, None)
    }

    async fn update_range(&self, request: &UpdateRange) -> Result<Range> {
        written!(self, UpdateRange, update_range, request, None)
    }

    async fn remove_range(&self, request: &RemoveRange) -> Result<RemovedRange> {
        written!(self, RemoveRange, remove_range, request, None)
    }

    async fn list_blocks(&self, request: &ListBlocks) -> Result<Page<Block>> {
        let request = request.clone();
        self.read(Operation::ListBlocks, move |store, _| engine::list_blocks(store, &request)).await
    }

    async fn define_block(&self, request: &DefineBlock) -> Result<Block> {
        written!(self, DefineBlock, define_block, request, None)
    }

    async fn update_block(&self, request: &UpdateBlock) -> Result<Block> {
        written!(self, UpdateBlock, update_block, request, None)
    }

    async fn remove_block(&self, request: &RemoveBlock) -> Result<Option<Block>> {
        written!(self, RemoveBlock, remove_block, request, None)
    }

    async fn allocate_range(&self, request: &AllocateRange) -> Result<AllocatedRange> {
        let undo: Option<Undo<AllocatedRange>> = if request.key.is_none() { Some(give_back_range) } else { None };
        written!(self, AllocateRange, allocate_range, request, undo)
    }

    async fn deallocate_range(&self, request: &DeallocateRange) -> Result<RemovedRange> {
        written!(self, DeallocateRange, deallocate_range, request, None)
    }

    async fn changes(&self, since: Option<&ChangePosition>, limit: u32) -> Result<Changes> {
        let since = since.cloned();
        self.read(Operation::Changes, move |store, _| engine::changes(store, since.as_ref(), limit)).await
    }

    async fn sweep(&self, _: &Sweep) -> Result<Swept> {
        if self.inner.writes.is_none() {
            return Err(Error::unsupported(Operation::Sweep, "embedded").with_context("path", self.path().display()));
        }
        // Each request is one transaction, so that no claim is ever left.
        self.read(Operation::Sweep, |_, _| Ok(Swept::default())).await
    }

    async fn close(&self) -> Result<()> {
        self.inner.close();
        join_all(self.inner.ended.iter().cloned()).await;
        self.inner.shared.closed_well()
    }
}
