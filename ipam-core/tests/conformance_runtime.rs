//! Conformance suite in a tokio runtime, with one thread and with several, over a provider whose futures need tokio.
//!
//! The suite itself needs no runtime.
#![cfg(feature = "conformance")]

#[path = "conformance_support/reference.rs"]
mod reference;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ipam_core::conformance::{BoxFuture, Fixture, Harness, NoFixture, Setup};
use ipam_core::{
    Allocate, Allocated, Allocation, Capabilities, Deallocate, Deallocated, Find, Health, IpamProvider, ListRanges,
    Page, Range, RangeId, Result,
};
use tokio::runtime::{Builder, Runtime};

struct OnTokio(Runtime);

impl OnTokio {
    fn new(mut builder: Builder) -> Self {
        #[expect(clippy::expect_used, reason = "a test fails by panicking")]
        Self(builder.enable_time().build().expect("a runtime"))
    }
}

#[async_trait]
impl Harness for OnTokio {
    async fn fresh(&self, setup: &Setup) -> Result<Fixture, NoFixture> {
        let mut fixture = reference::ReferenceHarness.fresh(setup).await?;
        fixture.provider = Arc::new(Timed(fixture.provider));
        Ok(fixture)
    }

    fn block_on(&self, future: BoxFuture<'_, ()>) {
        self.0.block_on(future);
    }

    async fn plant(&self, fixture: &Fixture, range: &RangeId, address: IpAddr) -> bool {
        reference::ReferenceHarness.plant(fixture, range, address).await
    }
}

/// Provider that sleeps on tokio's timer before each call.
#[derive(Debug)]
struct Timed(Arc<dyn IpamProvider>);

async fn soon() {
    tokio::time::sleep(Duration::from_micros(50)).await;
    tokio::task::yield_now().await;
}

#[async_trait]
impl IpamProvider for Timed {
    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }
    async fn check(&self) -> Result<Health> {
        soon().await;
        self.0.check().await
    }
    async fn list_ranges(&self, request: &ListRanges) -> Result<Page<Range>> {
        soon().await;
        self.0.list_ranges(request).await
    }
    async fn allocate(&self, request: &Allocate) -> Result<Allocated> {
        soon().await;
        self.0.allocate(request).await
    }
    async fn deallocate(&self, request: &Deallocate) -> Result<Deallocated> {
        soon().await;
        self.0.deallocate(request).await
    }
    async fn find(&self, request: &Find) -> Result<Page<Allocation>> {
        soon().await;
        self.0.find(request).await
    }
}

mod one_thread {
    use super::{Builder, OnTokio};

    ipam_core::conformance::tests!(OnTokio::new(Builder::new_current_thread()));
}

mod several_threads {
    use super::{Builder, OnTokio};

    ipam_core::conformance::tests!({
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(2);
        OnTokio::new(builder)
    });
}
