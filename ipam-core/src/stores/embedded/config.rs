//! Settings of a store.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Source of the current time. The store keeps times in microseconds.
pub(super) type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// Settings for opening an [`EmbeddedProvider`](super::EmbeddedProvider).
///
/// A path converts to the settings with all defaults, so that `open` also accepts a path.
///
/// ```
/// use std::time::Duration;
/// use ipam_core::EmbeddedConfig;
///
/// let config = EmbeddedConfig::new("/var/lib/ipam/store.db")
///     .with_busy_timeout(Duration::from_secs(30))
///     .with_actor("provisioner");
/// assert_eq!(config.actor.as_deref(), Some("provisioner"));
/// assert_eq!(EmbeddedConfig::from("/var/lib/ipam/store.db").busy_timeout, Duration::from_secs(5));
/// ```
// Fields are public to be read; `non_exhaustive` makes callers use the setters, so that a new field breaks no program.
#[derive(Clone)]
#[non_exhaustive]
pub struct EmbeddedConfig {
    /// Path of the store's file. Its directory has to exist.
    pub path: PathBuf,
    /// Longest wait for another process that holds the store's lock; 5 seconds by default.
    pub busy_timeout: Duration,
    /// Name of the actor in the feed of changes; `None` by default.
    pub actor: Option<String>,
    /// Number of reading threads; 2 by default. Values below 1 and above 64 count as 1 and 64.
    pub readers: usize,
    /// Number of the newest entries that the feed of changes keeps; 1 000 000 by default. 0 counts as 1.
    pub keep_changes: u64,
    /// True if the store is only read; false by default. A read-only store is not created.
    pub read_only: bool,
    /// True if the store is created if there is none; the default. With false, a mistyped path is an error and not a
    /// new, empty store.
    pub create: bool,
    pub(super) clock: Clock,
    pub(super) max_pages: Option<u32>,
}

impl EmbeddedConfig {
    /// Creates the settings for the file `path`, with the defaults.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            // Long enough for a checkpoint of another process, and short enough that a caller notices a process that
            // hangs with the lock.
            busy_timeout: Duration::from_secs(5),
            actor: None,
            // Two, so that a long read such as a check does not keep short ones waiting. Each has a connection of its
            // own.
            readers: 2,
            keep_changes: 1_000_000,
            read_only: false,
            create: true,
            clock: Arc::new(SystemTime::now),
            max_pages: None,
        }
    }

    /// Sets the longest wait for another process that holds the store's lock; 5 seconds by default. After it a request
    /// fails with `Busy`.
    #[must_use]
    pub fn with_busy_timeout(mut self, wait: Duration) -> Self {
        self.busy_timeout = wait;
        self
    }

    /// Sets the name of the actor in the feed of changes.
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// use ipam_core::{DefineRange, EmbeddedConfig, EmbeddedProvider, IpamProvider};
    ///
    /// # let directory = tempfile::tempdir().unwrap();
    /// # let path = directory.path().join("ipam.db");
    /// let ipam = EmbeddedProvider::open(EmbeddedConfig::new(path).with_actor("provisioner")).await?;
    /// ipam.define_range(&DefineRange::new("lan", "10.0.0.0/24".parse().unwrap())).await?;
    /// let changes = ipam.changes(None, 10).await?;
    /// assert_eq!(changes.items[0].actor.as_deref(), Some("provisioner"));
    /// # Ok::<(), ipam_core::Error>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn with_actor(mut self, actor: impl Into<String>) -> Self {
        self.actor = Some(actor.into());
        self
    }

    /// Sets the number of reading threads, from 1 to 64; 2 by default.
    #[must_use]
    pub fn with_readers(mut self, readers: usize) -> Self {
        self.readers = readers;
        self
    }

    /// Sets the number of the newest entries that the feed of changes keeps; 1 000 000 by default. 0 counts as 1.
    ///
    /// Older entries are removed after every 1024 changes, so that up to 1023 more may be kept for a while.
    #[must_use]
    pub fn with_keep_changes(mut self, entries: u64) -> Self {
        self.keep_changes = entries;
        self
    }

    /// Sets whether the store is only read; false by default. Requests that write then fail with `PermissionDenied`.
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// use ipam_core::{DefineRange, EmbeddedConfig, EmbeddedProvider, ErrorKind, IpamProvider, IpamProviderExt};
    ///
    /// # let directory = tempfile::tempdir().unwrap();
    /// # let path = directory.path().join("ipam.db");
    /// # EmbeddedProvider::open(&path).await?.close().await?;
    /// let ipam = EmbeddedProvider::open(EmbeddedConfig::new(path).with_read_only(true)).await?;
    /// let error = ipam.allocate_one("lan", "vm-42").await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    /// # Ok::<(), ipam_core::Error>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn with_read_only(mut self, read_only: bool) -> Self {
        self.read_only = read_only;
        self
    }

    /// Sets whether the store is created if there is none; true by default.
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// use ipam_core::{EmbeddedConfig, EmbeddedProvider, ErrorKind};
    ///
    /// # let directory = tempfile::tempdir().unwrap();
    /// # let path = directory.path().join("mistyped.db");
    /// let error = EmbeddedProvider::open(EmbeddedConfig::new(path).with_create(false)).await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Config);
    /// # Ok::<(), ipam_core::Error>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn with_create(mut self, create: bool) -> Self {
        self.create = create;
        self
    }

    /// Sets the source of the current time; [`SystemTime::now`] by default. For tests of expiry and quarantine.
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// use std::time::{Duration, SystemTime};
    /// use ipam_core::{DefineRange, EmbeddedConfig, EmbeddedProvider, IpamProvider, IpamProviderExt};
    ///
    /// # let directory = tempfile::tempdir().unwrap();
    /// # let path = directory.path().join("ipam.db");
    /// let noon = SystemTime::UNIX_EPOCH + Duration::from_secs(12 * 3600);
    /// let ipam = EmbeddedProvider::open(EmbeddedConfig::new(path).with_clock(move || noon)).await?;
    /// ipam.define_range(&DefineRange::new("lan", "10.0.0.0/24".parse().unwrap())).await?;
    /// assert_eq!(ipam.allocate_one("lan", "vm-42").await?.created, Some(noon));
    /// # Ok::<(), ipam_core::Error>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn with_clock(mut self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Sets the largest size of the store's file, in pages of 4096 bytes; no limit by default.
    ///
    /// A request that does not fit fails as on a full disk: `Unavailable`, with nothing changed. The log comes on top
    /// of this size.
    #[must_use]
    pub fn with_max_pages(mut self, pages: u32) -> Self {
        self.max_pages = Some(pages);
        self
    }
}

// By hand, because a clock has no `Debug`.
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
