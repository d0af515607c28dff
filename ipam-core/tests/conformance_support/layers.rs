//! Harness of another harness's providers inside layers.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ipam_core::conformance::{BoxFuture, Fixture, Harness, NoFixture, Setup};
use ipam_core::layers::{Layered, LimitLayer, RetryLayer, ScopeLayer, TimeoutLayer, TraceLayer};
use ipam_core::{IpamProvider, RangeId};
use tokio::runtime::Runtime;

type Provider = Arc<dyn IpamProvider>;

/// Puts a provider inside of layers. The ids are those of the set-up's ranges.
pub(crate) type Wrap = fn(&[RangeId], Provider) -> Provider;

/// Each layer alone, and the stack of layers that the documentation recommends.
pub(crate) const LAYERS: [(&str, Wrap); 6] =
    [("limit", limit), ("timeout", timeout), ("retry", retry), ("trace", trace), ("scope", scope), ("stack", stack)];

fn limited(provider: Provider) -> impl IpamProvider {
    Layered::new(provider, LimitLayer::new().with_concurrency(2).with_rate(1_000_000))
}

fn time_limit() -> TimeoutLayer {
    TimeoutLayer::new(Duration::from_secs(30))
}

pub(crate) fn limit(_: &[RangeId], provider: Provider) -> Provider {
    Arc::new(limited(provider))
}

pub(crate) fn timeout(_: &[RangeId], provider: Provider) -> Provider {
    Arc::new(Layered::new(provider, time_limit()))
}

pub(crate) fn retry(_: &[RangeId], provider: Provider) -> Provider {
    Arc::new(Layered::new(provider, RetryLayer::default()))
}

pub(crate) fn trace(_: &[RangeId], provider: Provider) -> Provider {
    Arc::new(Layered::new(provider, TraceLayer::new()))
}

pub(crate) fn scope(ranges: &[RangeId], provider: Provider) -> Provider {
    Arc::new(Layered::new(provider, ScopeLayer::new(ranges.iter().cloned())))
}

pub(crate) fn stack(ranges: &[RangeId], provider: Provider) -> Provider {
    let provider = Layered::new(limited(provider), time_limit());
    let provider = Layered::new(provider, RetryLayer::default());
    let provider = Layered::new(provider, TraceLayer::new());
    Arc::new(Layered::new(provider, ScopeLayer::new(ranges.iter().cloned())))
}

/// Harness of providers inside layers.
pub(crate) struct Around {
    pub(crate) inner: Arc<dyn Harness>,
    /// Runtime whose timers the layers use.
    pub(crate) runtime: &'static Runtime,
    pub(crate) wrap: Wrap,
}

/// Guard of a fixture: that of the inner fixture, and the ranges of the set-up.
struct Inside {
    guard: Fixture,
    ranges: Vec<RangeId>,
}

impl Around {
    /// Puts the providers of a fixture inside the layers. The fixture itself becomes the guard, for the hooks.
    fn around(&self, inner: Fixture, ranges: Vec<RangeId>) -> Fixture {
        let wrap = |provider: &Provider| (self.wrap)(&ranges, Arc::clone(provider));
        let mut fixture = Fixture::new(wrap(&inner.provider));
        fixture.others = inner.others.iter().map(wrap).collect();
        fixture.ranges.clone_from(&inner.ranges);
        fixture.blocks.clone_from(&inner.blocks);
        fixture.spaces.clone_from(&inner.spaces);
        fixture.with_guard(Inside { guard: inner, ranges })
    }
}

#[async_trait]
impl Harness for Around {
    async fn fresh(&self, setup: &Setup) -> Result<Fixture, NoFixture> {
        let inner = self.inner.fresh(setup).await?;
        Ok(self.around(inner, setup.ranges.iter().map(|range| range.id.clone()).collect()))
    }

    fn block_on(&self, future: BoxFuture<'_, ()>) {
        self.runtime.block_on(future);
    }

    fn skip(&self, name: &str) -> Option<String> {
        self.inner.skip(name)
    }

    async fn advance(&self, by: Duration) -> bool {
        self.inner.advance(by).await
    }

    fn tick(&self) -> Duration {
        self.inner.tick()
    }

    async fn open_another(&self, fixture: &Fixture) -> Option<Provider> {
        let inside = fixture.guard.downcast_ref::<Inside>()?;
        let other = self.inner.open_another(&inside.guard).await?;
        Some((self.wrap)(&inside.ranges, other))
    }

    async fn reopen(&self, fixture: Fixture) -> Option<Fixture> {
        let Fixture { guard, provider, others, .. } = fixture;
        // The layers hold the providers, too.
        drop((provider, others));
        let Inside { guard, ranges } = *guard.downcast::<Inside>().ok()?;
        let inner = self.inner.reopen(guard).await?;
        Some(self.around(inner, ranges))
    }
}
