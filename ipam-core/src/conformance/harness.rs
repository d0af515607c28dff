//! What a provider's author gives the suite.

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

/// Makes fresh providers for the cases, and runs them. Only [`fresh`](Self::fresh) has to be written.
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
///     async fn fresh(&self, plan: &Setup) -> Result<Fixture, NoFixture> {
///         plan.define(open_my_provider()).await
///     }
/// }
/// ```
#[async_trait]
pub trait Harness: Send + Sync + 'static {
    /// A provider that holds what `plan` asks for and nothing else.
    ///
    /// Cases run at the same time, each with its own fixture: what one does, another must not see. A provider that
    /// owns its plan passes itself to [`Setup::define`]. Any other creates blocks and ranges by its server's means, and
    /// says in the fixture what their names became.
    ///
    /// # Errors
    /// [`NoFixture::Unfit`] skips the case, [`NoFixture::Failed`] fails it.
    async fn fresh(&self, plan: &Setup) -> Result<Fixture, NoFixture>;

    /// Runs a future to its end on the calling thread. It is called from several threads at once. A provider that needs
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

    /// Lets `by` pass, for the provider too. `false` if that cannot be; cases that need time are skipped then.
    ///
    /// The default sleeps for up to 5 seconds. A harness whose provider takes its time from it moves that clock.
    async fn advance(&self, by: Duration) -> bool {
        const PATIENCE: Duration = Duration::from_secs(5);
        if by > PATIENCE {
            return false;
        }
        threads::sleep(by).await;
        true
    }

    /// The shortest time that the provider can tell apart and that a slow machine does not lose by accident. Expiries
    /// and rests of the cases are small multiples of it.
    fn tick(&self) -> Duration {
        Duration::from_secs(1)
    }

    /// How hard the cases with several callers try.
    fn limits(&self) -> Limits {
        Limits::default()
    }

    /// Why the case `name` (such as `"allocate::takes_the_lowest_free_address"`) must not run, if so. It is printed.
    fn skip(&self, name: &str) -> Option<String> {
        let _ = name;
        None
    }

    /// Takes `address` without owner and key, the way other users of the provider's server do. `false` if there is no
    /// such way; the cases about it are skipped then.
    async fn plant(&self, fixture: &Fixture, range: &RangeId, address: IpAddr) -> bool {
        let _ = (fixture, range, address);
        false
    }

    /// Leaves a claim of one address of `range`, as a process leaves it that died after it claimed the address and before
    /// it acknowledged it, and lets so much time pass that the claim counts as abandoned. Returns its address; `None` if
    /// there is no such way, or if the provider leaves no claims. The cases about it are skipped then.
    async fn abandon(&self, fixture: &Fixture, range: &RangeId) -> Option<IpAddr> {
        let _ = (fixture, range);
        None
    }

    /// Opens one more provider of the fixture's store or server, as another process opens it: not a handle of
    /// [`Fixture::provider`], and not ended by closing that one. `None` if that cannot be; the cases about it are skipped
    /// then.
    async fn open_another(&self, fixture: &Fixture) -> Option<Arc<dyn IpamProvider>> {
        let _ = fixture;
        None
    }

    /// Ends the provider as if its process had ended, and answers a fixture of one that has what was durable. The
    /// fixture holds the last handles. `None` if that cannot be; the cases about it are skipped then.
    async fn reopen(&self, fixture: Fixture) -> Option<Fixture> {
        drop(fixture);
        None
    }
}

/// How hard the cases with several callers try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Callers at the same time.
    pub tasks: usize,
    /// What each of them does, in calls.
    pub calls: usize,
    /// How long an allocation may stay whose caller went away without a key.
    pub settle: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { tasks: 8, calls: 12, settle: Duration::from_secs(5) }
    }
}

impl Limits {
    /// Sets how many callers there are at the same time.
    #[must_use]
    pub const fn with_tasks(mut self, tasks: usize) -> Self {
        self.tasks = tasks;
        self
    }

    /// Sets how many calls each of them makes.
    #[must_use]
    pub const fn with_calls(mut self, calls: usize) -> Self {
        self.calls = calls;
        self
    }

    /// Sets how long an allocation may stay whose caller went away without a key.
    #[must_use]
    pub const fn with_settle(mut self, settle: Duration) -> Self {
        self.settle = settle;
        self
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<H: Harness + ?Sized> Harness for Arc<H> {
    async fn fresh(&self, plan: &Setup) -> Result<Fixture, NoFixture> {
        (**self).fresh(plan).await
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

/// Polls on the calling thread, which sleeps in between.
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
