//! Harness of memory providers with all capabilities and a clock that cases can advance.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use ipam_core::MemoryProvider;
use ipam_core::conformance::{Fixture, Harness, NoFixture, Setup};

/// Harness that is the clock of its providers.
#[derive(Default)]
pub(crate) struct MemoryHarness {
    /// Milliseconds that the providers' clock is ahead of the host's clock.
    passed: Arc<AtomicU64>,
}

#[async_trait::async_trait]
impl Harness for MemoryHarness {
    async fn fresh(&self, setup: &Setup) -> Result<Fixture, NoFixture> {
        let passed = Arc::clone(&self.passed);
        let clock = move || SystemTime::now() + Duration::from_millis(passed.load(Ordering::SeqCst));
        let provider = MemoryProvider::builder().with_clock(clock).with_actor("conformance").build();
        let other = Arc::new(provider.clone());
        Ok(setup.define(Arc::new(provider)).await?.with_other(other))
    }

    async fn advance(&self, by: Duration) -> bool {
        let Ok(by) = u64::try_from(by.as_millis()) else { return false };
        self.passed.fetch_add(by, Ordering::SeqCst);
        true
    }

    fn tick(&self) -> Duration {
        Duration::from_secs(60)
    }
}
