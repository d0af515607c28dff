//! Provider under test, with the steps that cases share.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::harness::{Harness, Limits};
use super::outcome::{CaseResult, Stop, same, some};
use super::setup::{Fixture, Setup};
use super::{join, threads};
use crate::{
    Allocate, AllocateLine, Allocated, Allocation, BlockId, Capabilities, Deallocate, Find, IpamProvider, RangeId,
    Result, Retry, SpaceId,
};

/// Provider under test, with the set-up of the case.
pub(super) struct Stage {
    pub(super) harness: Arc<dyn Harness>,
    pub(super) fixture: Fixture,
    pub(super) provider: Arc<dyn IpamProvider>,
    pub(super) can: Capabilities,
    setup: Setup,
}

impl Stage {
    pub(super) fn new(harness: Arc<dyn Harness>, fixture: Fixture, setup: Setup) -> Self {
        let provider = Arc::clone(&fixture.provider);
        // Read once. A case of its own checks that they do not change.
        Self { harness, can: provider.capabilities(), provider, fixture, setup }
    }

    /// Returns the provider's id of a range of the set-up.
    pub(super) fn range(&self, name: &str) -> RangeId {
        self.fixture.ranges.get(name).cloned().unwrap_or_else(|| RangeId::from(name))
    }

    /// Returns the provider's id of a block of the set-up.
    pub(super) fn block(&self, name: &str) -> BlockId {
        self.fixture.blocks.get(name).cloned().unwrap_or_else(|| BlockId::from(name))
    }

    /// Returns the provider's id of an address space of the set-up.
    pub(super) fn space(&self, name: &str) -> SpaceId {
        self.fixture.spaces.get(name).cloned().unwrap_or_else(|| SpaceId::from(name))
    }

    pub(super) fn limits(&self) -> Limits {
        self.harness.limits()
    }

    /// Ends the provider and opens it again. Skips the case if the harness cannot.
    pub(super) async fn reopen(self) -> CaseResult<Self> {
        // The stage holds a handle of its own. It must be dropped first, or the provider would outlive its "process".
        let Self { harness, fixture, provider, can: _, setup } = self;
        drop(provider);
        match harness.reopen(fixture).await {
            Some(fixture) => Ok(Self::new(harness, fixture, setup)),
            None => Err(Stop::Skip("the harness cannot reopen the provider".to_owned())),
        }
    }

    /// Returns the time of `count` ticks of the harness.
    pub(super) fn ticks(&self, count: u32) -> Duration {
        self.harness.tick() * count
    }

    /// Lets `ticks` ticks pass. Skips the case if the harness cannot.
    pub(super) async fn wait(&self, ticks: u32) -> CaseResult {
        if self.harness.advance(self.ticks(ticks)).await {
            return Ok(());
        }
        Err(Stop::Skip(format!("the harness cannot let {:?} pass", self.ticks(ticks))))
    }

    /// Allocates one line, without a key.
    pub(super) async fn take(&self, line: AllocateLine) -> Result<Allocated> {
        self.provider.allocate(&Allocate::new("tester").with_line(line)).await
    }

    /// Allocates the next address of "lan".
    pub(super) async fn take_one(&self) -> CaseResult<Allocation> {
        self.one(Allocate::one("tester", self.range("lan"))).await
    }

    /// Allocates, and checks that the result is one address.
    pub(super) async fn one(&self, request: Allocate) -> CaseResult<Allocation> {
        let result = self.provider.allocate(&request).await?;
        same(result.iter().count(), 1, "one address was requested")?;
        some(result.lines.into_iter().flatten().next(), "address")
    }

    /// Deallocates one address of "lan", for any owner.
    pub(super) async fn deallocate_address(&self, address: &str) -> CaseResult {
        let result =
            self.provider.deallocate(&Deallocate::address(self.range("lan"), super::literals::ip(address))).await?;
        same(result.freed().count(), 1, format_args!("{address} must be deallocated"))
    }

    /// Returns all allocations that match, from all pages.
    pub(super) async fn found(&self, request: Find) -> CaseResult<Vec<Allocation>> {
        super::pages::find(&*self.provider, &request).await
    }

    /// Returns the allocated addresses of a range of the set-up, in ascending order.
    pub(super) async fn taken(&self, range: &str) -> CaseResult<Vec<IpAddr>> {
        let found = self.found(Find::default().with_range(self.range(range))).await?;
        Ok(super::literals::sorted(&found))
    }

    /// Returns the allocated addresses of a range of the set-up as texts.
    pub(super) async fn taken_texts(&self, range: &str) -> CaseResult<Vec<String>> {
        Ok(self.taken(range).await?.iter().map(ToString::to_string).collect())
    }

    /// Checks that no range of the set-up has an allocation.
    pub(super) async fn nothing_taken(&self) -> CaseResult {
        for range in &self.setup.ranges {
            let taken = self.taken_texts(range.id.as_str()).await?;
            same(taken, [""; 0], format_args!("no address of {:?} may be taken", range.id))?;
        }
        Ok(())
    }

    /// Returns the handle of a caller: callers use the provider and its other handles by turns.
    pub(super) fn handle(&self, caller: usize) -> Arc<dyn IpamProvider> {
        // The first caller always has the provider itself, so that a fixture without other handles works alike.
        match caller.checked_rem(self.fixture.others.len() + 1) {
            None | Some(0) => Arc::clone(&self.provider),
            Some(other) => self.fixture.others.get(other - 1).map_or_else(|| Arc::clone(&self.provider), Arc::clone),
        }
    }

    /// Runs [`Limits::tasks`] callers at the same time, each with its handle. Returns their results.
    pub(super) async fn callers<T: Send + 'static>(
        &self,
        work: impl Fn(usize, Arc<dyn IpamProvider>) -> BoxFuture<'static, T>,
    ) -> CaseResult<Vec<T>> {
        let callers = self.limits().tasks;
        let futures = (0..callers).map(|caller| work(caller, self.handle(caller))).collect();
        let results = join::all(&self.harness, futures).await;
        results.into_iter().map(|result| some(result, "result, because a caller's thread panicked")).collect()
    }
}

/// Repeats a call while its error says that repeating is safe, as every caller should.
pub(super) async fn with_retries<T, F: Future<Output = Result<T>> + Send>(call: impl Fn() -> F + Send) -> Result<T> {
    // With pauses of 5 ms this takes one second. A provider that is busy for longer fails the case.
    const ATTEMPTS: u32 = 200;
    for _ in 1..ATTEMPTS {
        match call().await {
            Err(error) if error.retry() == Retry::Safe => {
                threads::sleep(error.retry_after().unwrap_or(Duration::from_millis(5))).await;
            }
            result => return result,
        }
    }
    call().await
}
