//! How a store is opened.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// What tells the time. Times are kept in microseconds.
pub(super) type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// How a store is opened: the file, and what differs from the defaults.
///
/// ```
/// use std::time::Duration;
/// use ipam_core::EmbeddedConfig;
///
/// let config = EmbeddedConfig::new("/var/lib/ipam/store.db")
///     .with_busy_timeout(Duration::from_secs(30))
///     .with_actor("provisioner");
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct EmbeddedConfig {
    /// The file. Its directory has to exist.
    pub path: PathBuf,
    /// How long to wait for another process that holds the store's lock. 5 seconds unless said otherwise.
    pub busy_timeout: Duration,
    /// Who acts, for the feed of changes.
    pub actor: Option<String>,
    /// How many threads read. 2 unless said otherwise; at least one, at most 64.
    pub readers: usize,
    /// How many of the newest entries the feed of changes keeps. 1 000 000 unless said otherwise.
    pub keep_changes: u64,
    /// Whether to write at all. A store that is only read is not created either.
    pub read_only: bool,
    /// Whether to create the store where there is none, which is done unless said otherwise. Where a store must be there
    /// already, a path that was mistyped is an error then, and not a new store without ranges.
    pub create: bool,
    pub(super) clock: Clock,
    pub(super) max_pages: Option<u32>,
}

impl EmbeddedConfig {
    /// The store in the file `path`, with the defaults.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            busy_timeout: Duration::from_secs(5),
            actor: None,
            readers: 2,
            keep_changes: 1_000_000,
            read_only: false,
            create: true,
            clock: Arc::new(SystemTime::now),
            max_pages: None,
        }
    }

    /// Sets how long to wait for another process that holds the store's lock.
    #[must_use]
    pub fn with_busy_timeout(mut self, wait: Duration) -> Self {
        self.busy_timeout = wait;
        self
    }

    /// Sets who acts, for the feed of changes.
    #[must_use]
    pub fn with_actor(mut self, actor: impl Into<String>) -> Self {
        self.actor = Some(actor.into());
        self
    }

    /// Sets how many threads read.
    #[must_use]
    pub fn with_readers(mut self, readers: usize) -> Self {
        self.readers = readers;
        self
    }

    /// Sets how many of the newest entries the feed of changes keeps; at least one is kept always.
    #[must_use]
    pub fn with_keep_changes(mut self, entries: u64) -> Self {
        self.keep_changes = entries;
        self
    }

    /// Sets whether the store is only read.
    #[must_use]
    pub fn with_read_only(mut self, read_only: bool) -> Self {
        self.read_only = read_only;
        self
    }

    /// Sets whether the store is created where there is none.
    #[must_use]
    pub fn with_create(mut self, create: bool) -> Self {
        self.create = create;
        self
    }

    /// Sets what tells the time, for tests of what happens later.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Sets how large the store may grow, in pages of 4096 bytes. What does not fit fails as on a full disk.
    #[must_use]
    pub fn with_max_pages(mut self, pages: u32) -> Self {
        self.max_pages = Some(pages);
        self
    }
}

impl fmt::Debug for EmbeddedConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddedConfig")
            .field("path", &self.path)
            .field("busy_timeout", &self.busy_timeout)
            .field("actor", &self.actor)
            .field("readers", &self.readers)
            .field("keep_changes", &self.keep_changes)
            .field("read_only", &self.read_only)
            .field("create", &self.create)
            .field("max_pages", &self.max_pages)
            .finish_non_exhaustive()
    }
}

impl From<&Path> for EmbeddedConfig {
    fn from(path: &Path) -> Self {
        Self::new(path)
    }
}

impl From<PathBuf> for EmbeddedConfig {
    fn from(path: PathBuf) -> Self {
        Self::new(path)
    }
}

impl From<&PathBuf> for EmbeddedConfig {
    fn from(path: &PathBuf) -> Self {
        Self::new(path)
    }
}

impl From<&str> for EmbeddedConfig {
    fn from(path: &str) -> Self {
        Self::new(path)
    }
}

impl From<String> for EmbeddedConfig {
    fn from(path: String) -> Self {
        Self::new(path)
    }
}
