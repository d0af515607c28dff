//! Conformance suite over each layer, and over the stack of layers that the documentation recommends.
#![cfg(all(feature = "conformance", feature = "metrics", feature = "tracing"))]

#[path = "conformance_support/memory.rs"]
mod memory;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ipam_core::IpamProvider;
use ipam_core::conformance::{self, BoxFuture, Fixture, Harness, NoFixture, Setup};
use ipam_core::layers::{Layered, LimitLayer, RetryLayer, ScopeLayer, TimeoutLayer, TraceLayer};
use memory::MemoryHarness;
use tokio::runtime::{Builder, Runtime};

type Wrap = fn(&Setup, Arc<dyn IpamProvider>) -> Arc<dyn IpamProvider>;

/// Harness of memory providers inside layers.
struct Around {
    inner: MemoryHarness,
    runtime: Runtime,
    wrap: Wrap,
}

impl Around {
    fn new(wrap: Wrap) -> Self {
        #[expect(clippy::expect_used, reason = "a test fails by panicking")]
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_time().build().expect("a runtime");
        Self { inner: MemoryHarness::default(), runtime, wrap }
    }
}

#[async_trait]
impl Harness for Around {
    async fn fresh(&self, setup: &Setup) -> Result<Fixture, NoFixture> {
        let mut fixture = self.inner.fresh(setup).await?;
        fixture.provider = (self.wrap)(setup, fixture.provider);
        fixture.others = fixture.others.into_iter().map(|other| (self.wrap)(setup, other)).collect();
        Ok(fixture)
    }

    fn block_on(&self, future: BoxFuture<'_, ()>) {
        self.runtime.block_on(future);
    }

    async fn advance(&self, by: Duration) -> bool {
        self.inner.advance(by).await
    }

    fn tick(&self) -> Duration {
        self.inner.tick()
    }
}

fn limited(provider: Arc<dyn IpamProvider>) -> impl IpamProvider {
    Layered::new(provider, LimitLayer::new().with_concurrency(2).with_rate(1_000_000))
}

fn timeout() -> TimeoutLayer {
    TimeoutLayer::new(Duration::from_secs(30))
}

mod limit {
    use super::{Arc, Around, conformance, limited};

    conformance::tests!(Around::new(|_, provider| Arc::new(limited(provider))));
}

mod timeout {
    use super::{Arc, Around, Layered, conformance};

    conformance::tests!(Around::new(|_, provider| Arc::new(Layered::new(provider, super::timeout()))));
}

mod retry {
    use super::{Arc, Around, Layered, RetryLayer, conformance};

    conformance::tests!(Around::new(|_, provider| Arc::new(Layered::new(provider, RetryLayer::default()))));
}

mod trace {
    use super::{Arc, Around, Layered, TraceLayer, conformance};

    conformance::tests!(Around::new(|_, provider| Arc::new(Layered::new(provider, TraceLayer::new()))));
}

mod scope {
    use super::{Arc, Around, Layered, ScopeLayer, conformance};

    conformance::tests!(Around::new(|setup, provider| {
        let ranges = setup.ranges.iter().map(|range| range.id.clone());
        Arc::new(Layered::new(provider, ScopeLayer::new(ranges)))
    }));
}

mod stack {
    use super::{Arc, Around, Layered, RetryLayer, ScopeLayer, TraceLayer, conformance, limited};

    conformance::tests!(Around::new(|setup, provider| {
        let ranges = setup.ranges.iter().map(|range| range.id.clone());
        let provider = Layered::new(limited(provider), super::timeout());
        let provider = Layered::new(provider, RetryLayer::default());
        let provider = Layered::new(provider, TraceLayer::new());
        Arc::new(Layered::new(provider, ScopeLayer::new(ranges)))
    }));
}
