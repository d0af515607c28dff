//! Harness whose providers have one defect.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use ipam_core::conformance::{Fixture, Harness, Limits, NoFixture, Setup};
use ipam_core::net::HostPolicy;
use ipam_core::{DefineRange, IpamProvider, RangeId, RangePolicy};

use super::Mutant;
use super::defect::Defect;

/// Harness whose providers have the defect.
pub(crate) struct MutantHarness {
    base: Arc<dyn Harness>,
    defect: Defect,
    last: Mutex<Option<Last>>,
}

/// Inner provider of the latest fixture, and the flag that says that its mutant was closed.
type Last = (Arc<dyn IpamProvider>, Arc<AtomicBool>);

impl MutantHarness {
    pub(crate) fn new(base: Arc<dyn Harness>, defect: Defect) -> Self {
        Self { base, defect, last: Mutex::default() }
    }
}

#[async_trait]
impl Harness for MutantHarness {
    async fn fresh(&self, setup: &Setup) -> Result<Fixture, NoFixture> {
        let mut setup = setup.clone();
        for range in &mut setup.ranges {
            corrupt_definition(self.defect, range);
        }
        let mut fixture = self.base.fresh(&setup).await?;
        let inner = Arc::clone(&fixture.provider);
        let closed = Arc::new(AtomicBool::new(false));
        fixture.provider = Arc::new(Mutant::new(Arc::clone(&inner), self.defect).closed_with(&closed));
        // The other handles would bypass the mutant.
        fixture.others.clear();
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some((inner, closed));
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

    async fn abandon(&self, fixture: &Fixture, range: &RangeId) -> Option<std::net::IpAddr> {
        self.base.abandon(fixture, range).await
    }

    async fn open_another(&self, _: &Fixture) -> Option<Arc<dyn IpamProvider>> {
        let (inner, closed) = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        let other = Mutant::new(inner, self.defect);
        // With this defect, closing one provider closes the other.
        Some(Arc::new(if self.defect == Defect::ClosesOthers { other.closed_with(&closed) } else { other }))
    }

    async fn reopen(&self, fixture: Fixture) -> Option<Fixture> {
        if self.defect == Defect::ForgetsOnReopen {
            drop(fixture);
            return self.base.fresh(&Setup::empty()).await.ok();
        }
        if self.defect == Defect::LosesOnClose {
            let (inner, closed) = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
            let mut fixture = fixture;
            closed.store(false, Ordering::SeqCst);
            fixture.provider = inner;
            return Some(fixture);
        }
        None
    }
}

/// Changes the definition of a range as the defect says.
pub(super) fn corrupt_definition(defect: Defect, range: &mut DefineRange) {
    match defect {
        Defect::DropsGateway => range.network.gateway = None,
        Defect::DropsReservations => range.reserved.clear(),
        Defect::DropsPolicy => range.policy = RangePolicy::default(),
        Defect::DropsFirstAndLast => range.addresses = None,
        Defect::UsesAllAddresses => range.hosts = HostPolicy::All,
        _ => {}
    }
}
