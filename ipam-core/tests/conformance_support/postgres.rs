//! Harness of providers on PostgreSQL whose clock the cases advance.
#![allow(dead_code, reason = "each test program uses a part of it")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use ipam_core::conformance::{BoxFuture, Fixture, Harness, NoFixture, Setup};
use ipam_core::{IpamProvider, PostgresConfig, PostgresProvider};

use crate::postgres_support::{Proxy, Server, no_server, runtime, shared, shared_proxy};

/// Harness that is ahead of the clock of the server.
#[derive(Default)]
pub(crate) struct PostgresHarness {
    /// True to connect through a proxy that pools transactions.
    proxied: bool,
    ahead: Arc<AtomicU64>,
}

impl PostgresHarness {
    /// Returns the harness of providers behind a proxy that pools transactions.
    pub(crate) fn proxied() -> Self {
        Self { proxied: true, ..Self::default() }
    }
}

/// Settings of the provider of a fixture.
struct Store(PostgresConfig);

fn failed(error: impl ToString) -> NoFixture {
    NoFixture::Failed(error.to_string())
}

#[async_trait]
impl Harness for PostgresHarness {
    async fn fresh(&self, setup: &Setup) -> Result<Fixture, NoFixture> {
        let fresh = if self.proxied { shared_proxy().map(Proxy::fresh) } else { shared().map(Server::fresh) };
        let fresh = fresh.ok_or_else(|| failed("no server"))?;
        let ahead = Arc::clone(&self.ahead);
        let config = fresh
            .with_lock_timeout(Duration::from_secs(60))
            .with_clock_offset(move || Duration::from_millis(ahead.load(Ordering::SeqCst)));
        let provider = PostgresProvider::open(config.clone()).await.map_err(failed)?;
        // With connections of its own, as another host has it.
        // One that connects directly prepares its statements.
        let prepared = config.clone().with_prepared_statements(!self.proxied);
        let other = PostgresProvider::open(prepared).await.map_err(failed)?;
        let fixture = setup.define(Arc::new(provider)).await?;
        Ok(fixture.with_other(Arc::new(other)).with_guard(Store(config)))
    }

    fn block_on(&self, future: BoxFuture<'_, ()>) {
        runtime().block_on(future);
    }

    fn skip(&self, _: &str) -> Option<String> {
        let proxy = || (self.proxied && shared_proxy().is_none()).then_some("pgbouncer is not installed");
        no_server().or_else(proxy).map(str::to_owned)
    }

    async fn advance(&self, by: Duration) -> bool {
        let Ok(by) = u64::try_from(by.as_millis()) else { return false };
        self.ahead.fetch_add(by, Ordering::SeqCst);
        true
    }

    fn tick(&self) -> Duration {
        Duration::from_secs(3600)
    }

    async fn open_another(&self, fixture: &Fixture) -> Option<Arc<dyn IpamProvider>> {
        let config = fixture.guard.downcast_ref::<Store>()?.0.clone();
        Some(Arc::new(PostgresProvider::open(config).await.ok()?))
    }

    async fn reopen(&self, fixture: Fixture) -> Option<Fixture> {
        let Fixture { provider, others, ranges, blocks, spaces, guard, .. } = fixture;
        drop((provider, others));
        let config = guard.downcast_ref::<Store>()?.0.clone();
        let provider = PostgresProvider::open(config.clone()).await.ok()?;
        let mut fixture = Fixture::new(Arc::new(provider)).with_guard(Store(config));
        (fixture.ranges, fixture.blocks, fixture.spaces) = (ranges, blocks, spaces);
        Some(fixture)
    }
}
