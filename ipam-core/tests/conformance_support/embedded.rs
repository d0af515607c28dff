//! Harness of embedded providers whose clock the cases advance. The whole store is checked after each case.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use futures_executor::block_on;
use ipam_core::conformance::{Fixture, Harness, NoFixture, Setup};
use ipam_core::{EmbeddedConfig, EmbeddedProvider, IpamProvider};
use tempfile::TempDir;

/// Harness that is ahead of the clock of the host.
#[derive(Default)]
pub(crate) struct EmbeddedHarness {
    ahead: Arc<AtomicU64>,
}

impl EmbeddedHarness {
    fn config(&self, path: PathBuf) -> EmbeddedConfig {
        let ahead = Arc::clone(&self.ahead);
        EmbeddedConfig::new(path)
            .with_busy_timeout(Duration::from_secs(60))
            .with_clock(move || SystemTime::now() + Duration::from_millis(ahead.load(Ordering::SeqCst)))
    }
}

/// Directory of a store, which is checked when the guard is dropped.
struct Sound(Option<TempDir>);

impl Drop for Sound {
    fn drop(&mut self) {
        let Some(directory) = &self.0 else { return };
        let report = block_on(async {
            let provider = EmbeddedProvider::open(directory.path().join("ipam.db")).await?;
            provider.check_store().await
        });
        if !std::thread::panicking() {
            assert_eq!(report.expect("the store can be checked").violations, Vec::<String>::new());
        }
    }
}

fn failed(error: impl ToString) -> NoFixture {
    NoFixture::Failed(error.to_string())
}

#[async_trait]
impl Harness for EmbeddedHarness {
    async fn fresh(&self, setup: &Setup) -> Result<Fixture, NoFixture> {
        let directory = tempfile::tempdir().map_err(failed)?;
        let config = self.config(directory.path().join("ipam.db"));
        let provider = EmbeddedProvider::open(config.clone()).await.map_err(failed)?;
        // A second writer on the same file, as another process has it.
        let other = EmbeddedProvider::open(config).await.map_err(failed)?;
        let fixture = setup.define(Arc::new(provider)).await?;
        Ok(fixture.with_other(Arc::new(other)).with_guard(Sound(Some(directory))))
    }

    async fn advance(&self, by: Duration) -> bool {
        self.ahead.fetch_add(u64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
        true
    }

    fn tick(&self) -> Duration {
        Duration::from_secs(3600)
    }

    async fn open_another(&self, fixture: &Fixture) -> Option<Arc<dyn IpamProvider>> {
        let directory = fixture.guard.downcast_ref::<Sound>()?.0.as_ref()?;
        let provider = EmbeddedProvider::open(self.config(directory.path().join("ipam.db"))).await.ok()?;
        Some(Arc::new(provider))
    }

    async fn reopen(&self, fixture: Fixture) -> Option<Fixture> {
        let Fixture { provider, others, ranges, blocks, spaces, mut guard, .. } = fixture;
        drop((provider, others));
        let directory = guard.downcast_mut::<Sound>()?.0.take()?;
        let provider = EmbeddedProvider::open(self.config(directory.path().join("ipam.db"))).await.ok()?;
        let mut fixture = Fixture::new(Arc::new(provider)).with_guard(Sound(Some(directory)));
        (fixture.ranges, fixture.blocks, fixture.spaces) = (ranges, blocks, spaces);
        Some(fixture)
    }
}
