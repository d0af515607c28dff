//! What a case starts from.

use std::sync::Arc;

use super::harness::Harness;
use super::literals::net;
use super::needs::Need;
use super::outcome::{Stop, Verdict, fail};
use super::setup::{NoFixture, Setup};
use super::stage::Stage;
use super::unclaimed::must_be_refused;
use crate::Capabilities;

/// What a case is given: a way to a stage.
pub(super) struct Bench {
    pub(super) harness: Arc<dyn Harness>,
    /// What the case needs its provider to claim.
    pub(super) needs: &'static [Need],
}

impl Bench {
    /// A fresh provider with this plan, if it claims what the case needs.
    pub(super) async fn stage(&self, plan: Setup) -> Verdict<Stage> {
        let stage = match self.harness.fresh(&plan).await {
            Ok(fixture) => Stage::new(Arc::clone(&self.harness), fixture, plan),
            Err(NoFixture::Failed(why)) => return fail(format_args!("the harness could not set up: {why}")),
            // A plan that the provider cannot have may be the very thing it does not claim.
            Err(NoFixture::Unfit(why)) => return self.unclaimed().await.and(Err(Stop::Skip(why))),
        };
        match self.missing(&stage.can) {
            None => Ok(stage),
            Some(_) => self.unclaimed().await.and(Err(Stop::Skip("the claims of two providers differ".to_owned()))),
        }
    }

    fn missing(&self, can: &Capabilities) -> Option<Need> {
        self.needs.iter().copied().find(|need| !need.claimed(can))
    }

    /// Stops the case, after looking that what is not claimed is refused, if something is not claimed.
    async fn unclaimed(&self) -> Verdict {
        let plan = Setup::empty().range("lan", net("10.20.0.0/24"));
        let fixture = match self.harness.fresh(&plan).await {
            Ok(fixture) => fixture,
            Err(NoFixture::Failed(why)) => return fail(format_args!("the harness could not set up: {why}")),
            Err(NoFixture::Unfit(why)) => return Err(Stop::Skip(why)),
        };
        let stage = Stage::new(Arc::clone(&self.harness), fixture, plan);
        match self.missing(&stage.can) {
            None => Ok(()),
            Some(need) => must_be_refused(need, &stage).await.and(Err(Stop::Unclaimed(need))),
        }
    }

    /// A stage whose only range is "lan".
    pub(super) async fn lan(&self, prefix: &str) -> Verdict<Stage> {
        self.stage(Setup::empty().range("lan", net(prefix))).await
    }
}
