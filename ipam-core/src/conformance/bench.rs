//! Start of a case: a fresh provider, or the proof that an unsupported operation is refused.

use std::sync::Arc;

use super::harness::Harness;
use super::literals::net;
use super::needs::Need;
use super::outcome::{CaseResult, Stop, fail};
use super::setup::{NoFixture, Setup};
use super::stage::Stage;
use super::undeclared::must_be_refused;
use crate::Capabilities;

/// Context of a running case, from which it creates its [`Stage`].
pub(super) struct Bench {
    pub(super) harness: Arc<dyn Harness>,
    /// Capabilities that the case needs.
    pub(super) needs: &'static [Need],
}

impl Bench {
    /// Returns a fresh provider with this set-up. Stops the case if the provider lacks a needed capability.
    pub(super) async fn stage(&self, setup: Setup) -> CaseResult<Stage> {
        let stage = match self.harness.fresh(&setup).await {
            Ok(fixture) => Stage::new(Arc::clone(&self.harness), fixture, setup),
            Err(NoFixture::Failed(why)) => return fail(format_args!("the harness could not set up: {why}")),
            // The reason may be a missing capability (policies, for example). The refusal of that is checked before skipping.
            Err(NoFixture::Unfit(why)) => return self.undeclared().await.and(Err(Stop::Skip(why))),
        };
        match self.missing(&stage.can) {
            None => Ok(stage),
            Some(_) => self
                .undeclared()
                .await
                .and(Err(Stop::Skip("two providers of the harness have different capabilities".to_owned()))),
        }
    }

    fn missing(&self, can: &Capabilities) -> Option<Need> {
        self.needs.iter().copied().find(|need| !need.declared(can))
    }

    /// Checks that a missing capability is refused, and stops the case. Returns normally if none is missing.
    async fn undeclared(&self) -> CaseResult {
        // The plainest set-up: the one of the case may be just what the provider cannot have.
        let setup = Setup::empty().range("lan", net("10.20.0.0/24"));
        let fixture = match self.harness.fresh(&setup).await {
            Ok(fixture) => fixture,
            Err(NoFixture::Failed(why)) => return fail(format_args!("the harness could not set up: {why}")),
            Err(NoFixture::Unfit(why)) => return Err(Stop::Skip(why)),
        };
        let stage = Stage::new(Arc::clone(&self.harness), fixture, setup);
        match self.missing(&stage.can) {
            None => Ok(()),
            Some(need) => must_be_refused(need, &stage).await.and(Err(Stop::Undeclared(need))),
        }
    }

    /// Returns a stage whose only range is "lan".
    pub(super) async fn lan(&self, prefix: &str) -> CaseResult<Stage> {
        self.stage(Setup::empty().range("lan", net(prefix))).await
    }
}
