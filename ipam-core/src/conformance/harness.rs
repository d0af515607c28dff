//! Harness: the author's part of the suite.

use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::BoxFuture;

use super::setup::{Fixture, NoFixture, Setup};
use super::threads;
use crate::{IpamProvider, RangeId};

/// Source of fresh providers for the cases, and control over their clock and their store.
///
/// Only [`fresh`](Self::fresh) is required. Each optional method makes more cases run; without it those cases are
/// skipped. The test runner runs cases in parallel.
///
/// ```
/// use ipam_core::conformance::{Fixture, Harness, NoFixture, Setup};
/// # use std::sync::Arc;
/// # fn open_my_provider() -> Arc<dyn ipam_core::IpamProvider> { Arc::new(ipam_core::MemoryProvider::new()) }
///
/// struct Mine;
///
/// #[async_trait::async_trait]
/// impl Harness for Mine {
///     async fn fresh(&self, setup: &Setup) -> Result<Fixture, NoFixture> {
///         setup.define(open_my_provider()).await
///     }
/// }
/// ```
///
/// A provider that reads a clock of the harness. Cases of expiry and quarantine advance it, and need not sleep:
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use std::time::{Duration, SystemTime};
/// use ipam_core::MemoryProvider;
/// use ipam_core::conformance::{Fixture, Harness, NoFixture, Setup, check};
///
/// #[derive(Default)]
/// struct Clocked {
///     seconds: Arc<AtomicU64>,
/// }
///
/// #[async_trait::async_trait]
/// impl Harness for Clocked {
///     async fn fresh(&self, setup: &Setup) -> Result<Fixture, NoFixture> {
///         let seconds = Arc::clone(&self.seconds);
///         let now = move || SystemTime::now() + Duration::from_secs(seconds.load(Ordering::SeqCst));
///         setup.define(Arc::new(MemoryProvider::builder().with_clock(now).build())).await
///     }
///
///     async fn advance(&self, by: Duration) -> bool {
///         self.seconds.fetch_add(by.as_secs(), Ordering::SeqCst);
///         true
///     }
///
///     fn tick(&self) -> Duration {
///         Duration::from_secs(60)
///     }
/// }
///
/// check(Clocked::default(), "expiry::expires_an_allocation")?;
/// # Ok::<(), ipam_core::conformance::Failure>(())
/// ```
#[async_trait]
pub trait Harness: Send + Sync + 'static {
    /// Returns a provider that has the blocks and ranges of `setup`, and nothing else.
    ///
    /// Cases run at the same time, each with its own fixture: one must not see the changes of another. If the provider
    /// can define ranges, pass it to [`Setup::define`]. Otherwise create blocks and ranges on its server, and map their
    /// ids with [`Fixture::with_range`], [`Fixture::with_block`] and [`Fixture::with_space`].
    ///
    /// # Errors
    /// [`NoFixture::Unfit`] if the provider cannot have this set-up; the case is skipped. [`NoFixture::Failed`] if
    /// setting up went wrong; the case fails.
    async fn fresh(&self, setup: &Setup) -> Result<Fixture, NoFixture>;

    /// Runs a future to its end on the calling thread.
    ///
    /// It is called from several threads at once. The default polls the future without a runtime. A provider that needs
    /// a runtime enters it here:
    ///
    /// ```
    /// # use ipam_core::conformance::{BoxFuture, Fixture, Harness, NoFixture, Setup};
    /// struct Mine {
    ///     runtime: tokio::runtime::Runtime,
    /// }
    ///
    /// #[async_trait::async_trait]
    /// impl Harness for Mine {
    ///     fn block_on(&self, future: BoxFuture<'_, ()>) {
    ///         self.runtime.block_on(future);
    ///     }
    /// #   async fn fresh(&self, _: &Setup) -> Result<Fixture, NoFixture> { Err(NoFixture::Unfit(String::new())) }
    /// }
    /// ```
    fn block_on(&self, future: BoxFuture<'_, ()>) {
        park_on(future);
    }

    /// Lets the time `by` pass for the provider. Returns `false` if the harness cannot; the case is skipped then.
    ///
    /// The default sleeps, and returns `false` for more than 5 seconds. If the provider reads a clock of the harness,
    /// advance that clock instead.
    async fn advance(&self, by: Duration) -> bool {
        // Cases wait for three ticks, 3 s by default. A case that asks for hours is for harnesses with a clock.
        const MAX_SLEEP: Duration = Duration::from_secs(5);
        if by > MAX_SLEEP {
            return false;
        }
        threads::sleep(by).await;
        true
    }

    /// Returns the unit of time of the cases. The default is 1 second.
    ///
    /// Cases set expiries and quarantines of 2 ticks, and [`advance`](Self::advance) by 3. A tick must be at least the
    /// resolution of the provider's clock (1 second if it stores whole seconds). It must also be longer than a few calls
    /// take on a slow machine, because an allocation must not expire before the case has looked at it. With a clock of
    /// the harness, a tick of an hour costs nothing.
    fn tick(&self) -> Duration {
        Duration::from_secs(1)
    }

    /// Returns the size of the cases with several callers. The default is that of [`Limits`].
    fn limits(&self) -> Limits {
        Limits::default()
    }

    /// Returns the reason to skip a case, or `None` to run it. The default skips nothing.
    ///
    /// `name` is a name such as `"allocate::takes_the_lowest_free_address"`. Skip a case only if the server cannot keep
    /// its sentence, and tell the users of the provider.
    fn skip(&self, name: &str) -> Option<String> {
        let _ = name;
        None
    }

    /// Takes `address` on the server without owner and key, as other users of the server do.
    ///
    /// Returns `false` if the harness cannot, or if the provider has no server; the case is skipped then. That is the
    /// default.
    async fn plant(&self, fixture: &Fixture, range: &RangeId, address: IpAddr) -> bool {
        let _ = (fixture, range, address);
        false
    }

    /// Leaves an abandoned claim of one address of `range`, and returns the address.
    ///
    /// A claim is an address that a provider has taken on the server but not yet acknowledged to its caller. It is
    /// abandoned if the process ended in between. Let so much time pass here that [`sweep`](IpamProvider::sweep)
    /// considers it abandoned. Returns `None` if the provider writes no claims, or if the harness cannot; the case is
    /// skipped then. That is the default.
    async fn abandon(&self, fixture: &Fixture, range: &RangeId) -> Option<IpAddr> {
        let _ = (fixture, range);
        None
    }

    /// Opens another provider of the fixture's store or server, as another process does.
    ///
    /// It must not be a clone of [`Fixture::provider`], and closing that one must not close it. Returns `None` if the
    /// harness cannot; the case is skipped then. That is the default.
    async fn open_another(&self, fixture: &Fixture) -> Option<Arc<dyn IpamProvider>> {
        let _ = fixture;
        None
    }

    /// Ends the provider as if its process had ended, and returns a fixture with a new provider of the same store.
    ///
    /// `fixture` holds the last handles of the provider: dropping its providers ends them. Move its guard, which owns the
    /// store, to the new fixture. Returns `None` if the harness cannot; the case is skipped then. That is the default.
    async fn reopen(&self, fixture: Fixture) -> Option<Fixture> {
        drop(fixture);
        None
    }
}

/// Size of the cases with several callers.
///
/// The default is 8 callers with 12 calls each, and 5 seconds to settle. A slow server may want less:
///
/// ```
/// use std::time::Duration;
/// use ipam_core::conformance::Limits;
///
/// let limits = Limits::default().with_calls(5).with_settle(Duration::from_secs(30));
/// assert_eq!((limits.tasks, limits.calls), (8, 5));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Number of callers at the same time. The default is 8.
    pub tasks: usize,
    /// Number of calls that each caller makes. The default is 12.
    pub calls: usize,
    /// Longest time until an allocation without a key is undone after its call was dropped. The default is 5 seconds.
    pub settle: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { tasks: 8, calls: 12, settle: Duration::from_secs(5) }
    }
}

impl Limits {
    /// Sets the number of callers at the same time.
    #[must_use]
    pub const fn with_tasks(mut self, tasks: usize) -> Self {
        self.tasks = tasks;
        self
    }

    /// Sets the number of calls that each caller makes.
    #[must_use]
    pub const fn with_calls(mut self, calls: usize) -> Self {
        self.calls = calls;
        self
    }

    /// Sets the longest time until an allocation without a key is undone after its call was dropped.
    #[must_use]
    pub const fn with_settle(mut self, settle: Duration) -> Self {
        self.settle = settle;
        self
    }
}

#[async_trait]
// A method that is added later and forgotten here would fall back to its default behind an `Arc`, and skip cases.
#[deny(clippy::missing_trait_methods)]
impl<H: Harness + ?Sized> Harness for Arc<H> {
    async fn fresh(&self, setup: &Setup) -> Result<Fixture, NoFixture> {
        (**self).fresh(setup).await
    }
    fn block_on(&self, future: BoxFuture<'_, ()>) {
        (**self).block_on(future);
    }
    async fn advance(&self, by: Duration) -> bool {
        (**self).advance(by).await
    }
    fn tick(&self) -> Duration {
        (**self).tick()
    }
    fn limits(&self) -> Limits {
        (**self).limits()
    }
    fn skip(&self, name: &str) -> Option<String> {
        (**self).skip(name)
    }
    async fn plant(&self, fixture: &Fixture, range: &RangeId, address: IpAddr) -> bool {
        (**self).plant(fixture, range, address).await
    }
    async fn abandon(&self, fixture: &Fixture, range: &RangeId) -> Option<IpAddr> {
        (**self).abandon(fixture, range).await
    }
    async fn open_another(&self, fixture: &Fixture) -> Option<Arc<dyn IpamProvider>> {
        (**self).open_another(fixture).await
    }
    async fn reopen(&self, fixture: Fixture) -> Option<Fixture> {
        (**self).reopen(fixture).await
    }
}

/// Polls a future on the calling thread, and parks the thread in between.
// Written here: a dependency on an executor would reach every crate that runs the suite.
fn park_on(future: BoxFuture<'_, ()>) {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    while future.as_mut().poll(&mut context) == Poll::Pending {
        thread::park();
    }
}
