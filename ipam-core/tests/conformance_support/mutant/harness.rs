//! A harness whose providers have one defect.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use ipam_core::conformance::{Fixture, Harness, Limits, NoFixture, Plan};
use ipam_core::net::HostPolicy;
use ipam_core::{DefineRange, RangeId, RangePolicy, Result};

use super::Mutant;
use super::defect::Defect;

/// A harness whose providers have the defect.
pub(crate) struct MutantHarness {
    pub(crate) base: Arc<dyn Harness>,
    pub(crate) defect: Defect,
}

#[async_trait]
impl Harness for MutantHarness {
    async fn fresh(&self, plan: &Plan) -> Result<Fixture, NoFixture> {
        let mut plan = plan.clone();
        for range in &mut plan.ranges {
            spoil(self.defect, range);
        }
        let mut fixture = self.base.fresh(&plan).await?;
        fixture.provider = Arc::new(Mutant::new(fixture.provider, self.defect));
        // These have no defect.
        fixture.others.clear();
        Ok(fixture)
    }

    fn block_on(&self, future: BoxFuture<'_, ()>) {
        self.base.block_on(future);
    }

    async fn advance(&self, by: Duration) -> bool {
        self.base.advance(by).await
    }

    fn tick(&self) -> Duration {
        self.base.tick()
    }

    fn limits(&self) -> Limits {
        self.base.limits().with_settle(Duration::from_millis(200))
    }

    async fn plant(&self, fixture: &Fixture, range: &RangeId, address: std::net::IpAddr) -> bool {
        self.base.plant(fixture, range, address).await
    }

    async fn reopen(&self, fixture: Fixture) -> Option<Fixture> {
        if self.defect == Defect::ForgetsOnReopen {
            drop(fixture);
            return self.base.fresh(&Plan::empty()).await.ok();
        }
        None
    }
}

/// A range as the defect plans it.
pub(super) fn spoil(defect: Defect, range: &mut DefineRange) {
    match defect {
        Defect::DropsGateway => range.network.gateway = None,
        Defect::DropsReservations => range.reserved.clear(),
        Defect::DropsPolicy => range.policy = RangePolicy::default(),
        Defect::DropsFirstAndLast => range.addresses = None,
        Defect::UsesAllAddresses => range.hosts = HostPolicy::All,
        _ => {}
    }
}
