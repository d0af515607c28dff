//! Memory provider and its builder.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;

use super::state::State;
use crate::engine::{self, Context, Random, SeededRandom, SystemRandom};
use crate::{
    Allocate, AllocateRange, Allocated, AllocatedRange, Allocation, Block, Capabilities, ChangePosition, Changes,
    Deallocate, DeallocateRange, Deallocated, DefineBlock, DefineRange, Find, Health, IpamProvider, ListBlocks,
    ListRanges, ListRecords, Page, PortableRecord, Preview, Range, RangeId, RemoveBlock, RemoveRange, RemovedRange,
    RestoreRecords, RestoredRecords, Result, Sweep, Swept, Update, UpdateBlock, UpdateRange, Usage,
};

/// Source of the current time.
pub(super) type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// Default number of changes that the feed keeps.
const FEED_LIMIT: usize = 100_000;

/// Provider that keeps everything in memory, for tests, examples, and programs that plan anew with each start.
///
/// It has all capabilities but `durable`: everything is lost when the process ends. A clone is another handle to the
/// same addresses. No async runtime is needed: a future does all of its work when it is first polled, and nothing
/// before. After [`close`](IpamProvider::close) the provider works on.
///
/// The feed of changes keeps the newest 100 000 entries: see [`MemoryProviderBuilder::with_feed_limit`]. `changes`
/// fails with [`InvalidInput`](crate::ErrorKind::InvalidInput) for a position whose next entries were dropped. The
/// reader has missed changes then: [`changes`](IpamProvider::changes) says how it goes on.
///
/// ```
/// use ipam_core::{Allocate, DefineRange, IpamProvider, MemoryProvider};
///
/// # futures_executor::block_on(async {
/// let ipam = MemoryProvider::new();
/// ipam.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse()?)).await?;
/// let taken = ipam.allocate(&Allocate::one("vm-42", "lan")).await?;
/// assert_eq!(taken.lines[0][0].address.to_string(), "192.0.2.1");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct MemoryProvider {
    inner: Arc<Inner>,
}

struct Inner {
    state: Mutex<Locked>,
    clock: Clock,
    actor: Option<String>,
}

// One lock for everything: a request takes about a microsecond, less than handing a lock from thread to thread costs,
// and a request may touch several ranges and the feed.
struct Locked {
    state: State,
    random: Box<dyn Random + Send>,
}

impl Default for MemoryProvider {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryProvider {
    /// Creates an empty provider.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Returns a builder, to set the clock, the random seed, the actor and the length of the feed.
    #[must_use]
    pub fn builder() -> MemoryProviderBuilder {
        MemoryProviderBuilder::default()
    }

    fn lock(&self) -> MutexGuard<'_, Locked> {
        // A panic can only have come from the clock or from the engine, which writes last: the state is consistent.
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> SystemTime {
        (self.inner.clock)()
    }

    /// Runs one request.
    fn with<T>(&self, run: impl FnOnce(&mut State, &mut Context<'_>) -> Result<T>) -> Result<T> {
        let mut locked = self.lock();
        // Read under the lock: otherwise two threads could run in the other order than they read the clock, and the
        // feed would show a time that goes backwards.
        let now = self.now();
        let Locked { state, random } = &mut *locked;
        run(state, &mut Context { now, random: &mut **random, actor: self.inner.actor.as_deref() })
    }
}

// The number of allocations and not the allocations, which may be a million.
impl fmt::Debug for MemoryProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let allocations = self.lock().state.records.len();
        f.debug_struct("MemoryProvider")
            .field("actor", &self.inner.actor)
            .field("allocations", &allocations)
            .finish_non_exhaustive()
    }
}

/// Builder of a [`MemoryProvider`].
///
/// ```
/// use ipam_core::MemoryProvider;
///
/// let ipam = MemoryProvider::builder().with_random_seed(7).with_actor("test").with_feed_limit(1000).build();
/// assert!(format!("{ipam:?}").contains("test"));
/// ```
#[derive(Clone)]
pub struct MemoryProviderBuilder {
    clock: Clock,
    seed: Option<u64>,
    actor: Option<String>,
    feed_limit: usize,
}

impl Default for MemoryProviderBuilder {
    fn default() -> Self {
        Self { clock: Arc::new(SystemTime::now), seed: None, actor: None, feed_limit: FEED_LIMIT }
    }
}

impl MemoryProviderBuilder {
    /// Sets the source of the current time; [`SystemTime::now`] by default. For tests of expiry and quarantine.
    ///
    /// The function is called with a lock held and must not call the provider.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicU64, Ordering};
    /// use std::time::{Duration, SystemTime};
    /// use ipam_core::{Allocate, AllocateLine, DefineRange, Find, IpamProvider, MemoryProvider};
    ///
    /// # futures_executor::block_on(async {
    /// let seconds = Arc::new(AtomicU64::new(0));
    /// let clock = Arc::clone(&seconds);
    /// let now = move || SystemTime::UNIX_EPOCH + Duration::from_secs(clock.load(Ordering::Relaxed));
    /// let ipam = MemoryProvider::builder().with_clock(now).build();
    /// ipam.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse()?)).await?;
    /// let line = AllocateLine::next("lan", 1).with_expiry(Duration::from_secs(60));
    /// ipam.allocate(&Allocate::new("vm-42").with_line(line)).await?;
    /// seconds.store(60, Ordering::Relaxed);
    /// assert!(ipam.find(&Find::default()).await?.items.is_empty(), "the address has expired");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn with_clock(mut self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Sets the seed of the random numbers; by default they come from the operating system.
    ///
    /// The same seed and requests give the same keys made by the provider, ids of child prefixes, and addresses of
    /// ranges with [`Order::Random`](crate::Order::Random). They can then be guessed: for tests only.
    ///
    /// ```
    /// use ipam_core::{Allocate, DefineRange, IpamProvider, MemoryProvider, Order, RangePolicy};
    ///
    /// # futures_executor::block_on(async {
    /// let mut addresses = Vec::new();
    /// for _ in 0..2 {
    ///     let ipam = MemoryProvider::builder().with_random_seed(7).build();
    ///     let policy = RangePolicy::default().with_order(Order::Random);
    ///     ipam.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse()?).with_policy(policy)).await?;
    ///     addresses.push(ipam.allocate(&Allocate::one("vm-42", "lan")).await?.lines[0][0].address);
    /// }
    /// assert_eq!(addresses[0], addresses[1]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub const fn with_random_seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Sets the name of the actor in the feed of changes; none by default.
    ///
    /// ```
    /// use ipam_core::{DefineRange, IpamProvider, MemoryProvider};
    ///
    /// # futures_executor::block_on(async {
    /// let ipam = MemoryProvider::builder().with_actor("provisioner").build();
    /// ipam.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse()?)).await?;
    /// assert_eq!(ipam.changes(None, 10).await?.items[0].actor.as_deref(), Some("provisioner"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn with_actor(mut self, actor: impl Into<String>) -> Self {
        self.actor = Some(actor.into());
        self
    }

    /// Sets the number of the newest changes that the feed keeps; 100 000 by default, and 0 for none.
    ///
    /// ```
    /// use ipam_core::{DefineRange, IpamProvider, MemoryProvider};
    ///
    /// # futures_executor::block_on(async {
    /// let ipam = MemoryProvider::builder().with_feed_limit(1).build();
    /// ipam.define_range(&DefineRange::new("a", "192.0.2.0/25".parse()?)).await?;
    /// ipam.define_range(&DefineRange::new("b", "192.0.2.128/25".parse()?)).await?;
    /// let changes = ipam.changes(None, 10).await?.items;
    /// assert_eq!(changes.len(), 1);
    /// assert_eq!(changes[0].range, Some("b".into()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub const fn with_feed_limit(mut self, limit: usize) -> Self {
        self.feed_limit = limit;
        self
    }

    /// Creates the provider.
    #[must_use]
    pub fn build(self) -> MemoryProvider {
        let random: Box<dyn Random + Send> = match self.seed {
            Some(seed) => Box::new(SeededRandom::new(seed)),
            None => Box::new(SystemRandom::default()),
        };
        let state = Mutex::new(Locked { state: State::new(self.feed_limit), random });
        MemoryProvider { inner: Arc::new(Inner { state, clock: self.clock, actor: self.actor }) }
    }
}

impl fmt::Debug for MemoryProviderBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryProviderBuilder")
            .field("seed", &self.seed)
            .field("actor", &self.actor)
            .field("feed_limit", &self.feed_limit)
            .finish_non_exhaustive()
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl IpamProvider for MemoryProvider {
    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::full("memory");
        capabilities.durable = false;
        capabilities
    }

    fn validate_allocate(&self, request: &Allocate) -> Result<()> {
        request.validate()
    }

    async fn check(&self) -> Result<Health> {
        Ok(Health::new().with_version(env!("CARGO_PKG_VERSION")))
    }

    async fn list_ranges(&self, request: &ListRanges) -> Result<Page<Range>> {
        self.with(|state, _| engine::list_ranges(state, request))
    }

    async fn allocate(&self, request: &Allocate) -> Result<Allocated> {
        self.with(|state, context| engine::allocate(state, context, request))
    }

    async fn deallocate(&self, request: &Deallocate) -> Result<Deallocated> {
        self.with(|state, context| engine::deallocate(state, context, request))
    }

    async fn find(&self, request: &Find) -> Result<Page<Allocation>> {
        self.with(|state, context| engine::find(state, context.now, request))
    }

    async fn preview_allocate(&self, request: &Allocate) -> Result<Preview> {
        self.with(|state, context| engine::preview(state, context, request))
    }

    async fn update(&self, request: &Update) -> Result<Allocation> {
        self.with(|state, context| engine::update(state, context, request))
    }

    async fn usage(&self, ranges: &[RangeId]) -> Result<Vec<Usage>> {
        self.with(|state, context| engine::usage(state, context.now, ranges))
    }

    async fn define_range(&self, request: &DefineRange) -> Result<Range> {
        self.with(|state, context| engine::define_range(state, context, request))
    }

    async fn update_range(&self, request: &UpdateRange) -> Result<Range> {
        self.with(|state, context| engine::update_range(state, context, request))
    }

    async fn remove_range(&self, request: &RemoveRange) -> Result<RemovedRange> {
        self.with(|state, context| engine::remove_range(state, context, request))
    }

    async fn list_blocks(&self, request: &ListBlocks) -> Result<Page<Block>> {
        self.with(|state, _| engine::list_blocks(state, request))
    }

    async fn define_block(&self, request: &DefineBlock) -> Result<Block> {
        self.with(|state, context| engine::define_block(state, context, request))
    }

    async fn update_block(&self, request: &UpdateBlock) -> Result<Block> {
        self.with(|state, context| engine::update_block(state, context, request))
    }

    async fn remove_block(&self, request: &RemoveBlock) -> Result<Option<Block>> {
        self.with(|state, context| engine::remove_block(state, context, request))
    }

    async fn allocate_range(&self, request: &AllocateRange) -> Result<AllocatedRange> {
        self.with(|state, context| engine::allocate_range(state, context, request))
    }

    async fn deallocate_range(&self, request: &DeallocateRange) -> Result<RemovedRange> {
        self.with(|state, context| engine::deallocate_range(state, context, request))
    }

    async fn changes(&self, since: Option<&ChangePosition>, limit: u32) -> Result<Changes> {
        self.with(|state, _| engine::changes(state, since, limit))
    }

    async fn sweep(&self, _: &Sweep) -> Result<Swept> {
        // Each request is written at once, so that there are no abandoned claims.
        Ok(Swept::default())
    }

    async fn list_records(&self, request: &ListRecords) -> Result<Page<PortableRecord>> {
        self.with(|state, context| engine::list_records(state, context.now, request))
    }

    async fn restore_records(&self, request: &RestoreRecords) -> Result<RestoredRecords> {
        self.with(|state, context| engine::restore_records(state, context, request))
    }

    async fn close(&self) -> Result<()> {
        Ok(())
    }
}
