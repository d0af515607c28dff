//! A fixture with what cases do to it all the time.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::harness::{Harness, Limits};
use super::outcome::{Stop, Verdict, same, some};
use super::setup::{Fixture, Setup};
use super::{join, threads};
use crate::{
    Allocate, AllocateLine, Allocated, Allocation, BlockId, Capabilities, Deallocate, Find, IpamProvider, RangeId,
    Result, Retry, SpaceId,
};

/// A provider under test, with the plan of the case.
pub(super) struct Stage {
    pub(super) harness: Arc<dyn Harness>,
    pub(super) fixture: Fixture,
    pub(super) provider: Arc<dyn IpamProvider>,
    pub(super) can: Capabilities,
    plan: Setup,
}

impl Stage {
    pub(super) fn new(harness: Arc<dyn Harness>, fixture: Fixture, plan: Setup) -> Self {
        let provider = Arc::clone(&fixture.provider);
        Self { harness, can: provider.capabilities(), provider, fixture, plan }
    }

    /// What a range of the plan is called here.
    pub(super) fn range(&self, name: &str) -> RangeId {
        self.fixture.ranges.get(name).cloned().unwrap_or_else(|| RangeId::from(name))
    }

    /// What a block of the plan is called here.
    pub(super) fn block(&self, name: &str) -> BlockId {
        self.fixture.blocks.get(name).cloned().unwrap_or_else(|| BlockId::from(name))
    }

    /// What an address space of the plan is called here.
    pub(super) fn space(&self, name: &str) -> SpaceId {
        self.fixture.spaces.get(name).cloned().unwrap_or_else(|| SpaceId::from(name))
    }

    pub(super) fn limits(&self) -> Limits {
        self.harness.limits()
    }

    /// Ends the provider and opens it again, with no handle left in between.
    pub(super) async fn reopen(self) -> Verdict<Self> {
        let Self { harness, fixture, provider, can: _, plan } = self;
        drop(provider);
        match harness.reopen(fixture).await {
            Some(fixture) => Ok(Self::new(harness, fixture, plan)),
            None => Err(Stop::Skip("the harness cannot end the provider and open it again".to_owned())),
        }
    }

    /// Some ticks of the provider's clock.
    pub(super) fn ticks(&self, count: u32) -> Duration {
        self.harness.tick() * count
    }

    /// Lets some ticks pass.
    pub(super) async fn wait(&self, ticks: u32) -> Verdict {
        if self.harness.advance(self.ticks(ticks)).await {
            return Ok(());
        }
        Err(Stop::Skip(format!("the harness cannot let {:?} pass", self.ticks(ticks))))
    }

    /// Takes one line, without a key.
    pub(super) async fn take(&self, line: AllocateLine) -> Result<Allocated> {
        self.provider.allocate(&Allocate::new("somebody").with_line(line)).await
    }

    /// Takes the next address of "lan".
    pub(super) async fn take_one(&self) -> Verdict<Allocation> {
        self.one(Allocate::one("somebody", self.range("lan"))).await
    }

    /// Takes what must be one address.
    pub(super) async fn one(&self, request: Allocate) -> Verdict<Allocation> {
        let answer = self.provider.allocate(&request).await?;
        same(answer.iter().count(), 1, "one address was asked for")?;
        some(answer.lines.into_iter().flatten().next(), "address")
    }

    /// Gives one address of "lan" back, whoever has it.
    pub(super) async fn give_back(&self, address: &str) -> Verdict {
        let answer =
            self.provider.deallocate(&Deallocate::address(self.range("lan"), super::literals::ip(address))).await?;
        same(answer.freed().count(), 1, format_args!("{address} was to be freed"))
    }

    /// Everything that matches, page after page.
    pub(super) async fn found(&self, request: Find) -> Verdict<Vec<Allocation>> {
        super::pages::find(&*self.provider, &request).await
    }

    /// The addresses taken in a range of the plan, in ascending order.
    pub(super) async fn taken(&self, range: &str) -> Verdict<Vec<IpAddr>> {
        let found = self.found(Find::default().with_range(self.range(range))).await?;
        Ok(super::literals::sorted(&found))
    }

    /// The same as texts.
    pub(super) async fn taken_texts(&self, range: &str) -> Verdict<Vec<String>> {
        Ok(self.taken(range).await?.iter().map(ToString::to_string).collect())
    }

    /// Checks that no range of the plan has an allocation.
    pub(super) async fn nothing_taken(&self) -> Verdict {
        for range in &self.plan.ranges {
            let taken = self.taken_texts(range.id.as_str()).await?;
            same(taken, [""; 0], format_args!("nothing may be taken in {:?}", range.id))?;
        }
        Ok(())
    }

    /// The provider, by another handle for another caller.
    pub(super) fn handle(&self, caller: usize) -> Arc<dyn IpamProvider> {
        match caller.checked_rem(self.fixture.others.len() + 1) {
            None | Some(0) => Arc::clone(&self.provider),
            Some(other) => self.fixture.others.get(other - 1).map_or_else(|| Arc::clone(&self.provider), Arc::clone),
        }
    }

    /// As many callers as the limits say, at the same time, each with its handle.
    pub(super) async fn callers<T: Send + 'static>(
        &self,
        work: impl Fn(usize, Arc<dyn IpamProvider>) -> BoxFuture<'static, T>,
    ) -> Verdict<Vec<T>> {
        let callers = self.limits().tasks;
        let futures = (0..callers).map(|caller| work(caller, self.handle(caller))).collect();
        let answers = join::all(&self.harness, futures).await;
        answers.into_iter().map(|answer| some(answer, "answer, because a caller's thread panicked")).collect()
    }
}

/// Asks again while the provider says that asking again is safe, as every caller should.
pub(super) async fn patiently<T, F: Future<Output = Result<T>> + Send>(call: impl Fn() -> F + Send) -> Result<T> {
    const ATTEMPTS: u32 = 200;
    for _ in 1..ATTEMPTS {
        match call().await {
            Err(error) if error.retry() == Retry::Safe => {
                threads::sleep(error.retry_after().unwrap_or(Duration::from_millis(5))).await;
            }
            answer => return answer,
        }
    }
    call().await
}
