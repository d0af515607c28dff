//! The provider, and how it is set up.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;

use super::state::State;
use crate::engine::{self, Context, Random, SeededRandom, SystemRandom};
use crate::{
    Allocate, AllocateRange, Allocated, AllocatedRange, Allocation, Block, Capabilities, ChangePosition, Changes,
    Deallocate, DeallocateRange, Deallocated, DefineBlock, DefineRange, Find, Health, IpamProvider, ListBlocks,
    ListRanges, Page, Preview, Range, RangeId, RemoveBlock, RemoveRange, RemovedRange, Result, Sweep, Swept, Update,
    UpdateBlock, UpdateRange, Usage,
};

/// What tells the time.
pub(super) type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// How many changes the feed keeps, if nothing is said.
const FEED_LIMIT: usize = 100_000;

/// A provider that keeps everything in memory: for tests, examples, and programs that plan anew each time they start.
///
/// It can do all that a provider can, except survive the end of the process. Cloning gives another handle to the same
/// addresses. It needs no executor: every call does its work at once, so that there is nothing to cancel half-way; the
/// future of a call that was never polled has done nothing.
///
/// The feed of changes keeps the last 100 000 entries. A caller that asks for what was dropped gets
/// [`InvalidInput`](crate::ErrorKind::InvalidInput) and starts anew.
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
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// To set up clock, chance and actor.
    #[must_use]
    pub fn builder() -> MemoryProviderBuilder {
        MemoryProviderBuilder::default()
    }

    fn lock(&self) -> MutexGuard<'_, Locked> {
        // Whoever panicked did so between requests or before it wrote anything.
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> SystemTime {
        (self.inner.clock)()
    }

    /// Runs one request.
    fn with<T>(&self, run: impl FnOnce(&mut State, &mut Context<'_>) -> Result<T>) -> Result<T> {
        let mut locked = self.lock();
        // The time is read under the lock, so that it does not run backwards from one request to the next.
        let now = self.now();
        let Locked { state, random } = &mut *locked;
        run(state, &mut Context { now, random: &mut **random, actor: self.inner.actor.as_deref() })
    }
}

impl fmt::Debug for MemoryProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let allocations = self.lock().state.records.len();
        f.debug_struct("MemoryProvider")
            .field("actor", &self.inner.actor)
            .field("allocations", &allocations)
            .finish_non_exhaustive()
    }
}

/// Sets up a [`MemoryProvider`].
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
    /// Sets what tells the time, for tests of expiry and quarantine. It is called with a lock held and must not call the
    /// provider.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Makes chance repeatable: keys made by the provider, ids of carved ranges, and addresses of ranges in order
    /// random can then be guessed by anybody.
    #[must_use]
    pub const fn with_random_seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Sets who the feed of changes says did it.
    #[must_use]
    pub fn with_actor(mut self, actor: impl Into<String>) -> Self {
        self.actor = Some(actor.into());
        self
    }

    /// Sets how many changes the feed keeps; 0 keeps none.
    #[must_use]
    pub const fn with_feed_limit(mut self, limit: usize) -> Self {
        self.feed_limit = limit;
        self
    }

    /// The provider.
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
        // Each request is written at once, so that no claim is ever left.
        Ok(Swept::default())
    }

    async fn close(&self) -> Result<()> {
        Ok(())
    }
}
