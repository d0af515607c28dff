//! Provider with abandoned claims to sweep, around a provider that leaves none.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use ipam_core::conformance::{Fixture, Harness, NoFixture, Setup};
use ipam_core::{
    AbandonedClaim, Allocate, AllocateRange, Allocated, AllocatedRange, Allocation, AllocationId, Block, Capabilities,
    ChangePosition, Changes, Deallocate, DeallocateRange, Deallocated, DefineBlock, DefineRange, Error, Find, Health,
    IpamProvider, ListBlocks, ListRanges, ListRecords, Operation, Page, PortableRecord, Preview, Range, RangeId,
    RemoveBlock, RemoveRange, RemovedRange, RestoreRecords, RestoredRecords, Result, Sweep, Swept, Update, UpdateBlock,
    UpdateRange, Usage,
};

use crate::memory::MemoryHarness;

/// Harness whose providers can have claims of a process that died.
#[derive(Default)]
pub(crate) struct ClaimsHarness(MemoryHarness);

/// Claims of a fixture, shared by its harness and its provider.
pub(crate) type Claims = Arc<Mutex<Vec<(AllocationId, RangeId, IpAddr)>>>;

#[derive(Debug)]
struct Claiming {
    inner: Arc<dyn IpamProvider>,
    claims: Claims,
}

#[async_trait]
impl Harness for ClaimsHarness {
    async fn fresh(&self, setup: &Setup) -> Result<Fixture, NoFixture> {
        let mut fixture = self.0.fresh(setup).await?;
        fixture.others.clear();
        let claims = Claims::default();
        let memory = Arc::clone(&fixture.provider);
        fixture.provider = Arc::new(Claiming { inner: Arc::clone(&memory), claims: Arc::clone(&claims) });
        Ok(fixture.with_guard((memory, claims)))
    }

    async fn advance(&self, by: Duration) -> bool {
        self.0.advance(by).await
    }

    fn tick(&self) -> Duration {
        self.0.tick()
    }

    async fn abandon(&self, fixture: &Fixture, range: &RangeId) -> Option<IpAddr> {
        let (memory, claims) = fixture.guard.downcast_ref::<(Arc<dyn IpamProvider>, Claims)>()?;
        let result = memory.allocate(&Allocate::one("dead", range.clone())).await.ok()?;
        let claim = result.lines.into_iter().flatten().next()?;
        claims.lock().unwrap_or_else(PoisonError::into_inner).push((claim.id, claim.range, claim.address));
        Some(claim.address)
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl IpamProvider for Claiming {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }
    fn validate_allocate(&self, request: &Allocate) -> Result<()> {
        self.inner.validate_allocate(request)
    }
    async fn check(&self) -> Result<Health> {
        self.inner.check().await
    }
    async fn list_ranges(&self, request: &ListRanges) -> Result<Page<Range>> {
        self.inner.list_ranges(request).await
    }
    async fn allocate(&self, request: &Allocate) -> Result<Allocated> {
        self.inner.allocate(request).await
    }
    async fn deallocate(&self, request: &Deallocate) -> Result<Deallocated> {
        self.inner.deallocate(request).await
    }
    async fn find(&self, request: &Find) -> Result<Page<Allocation>> {
        let mut page = self.inner.find(request).await?;
        let claims = self.claims.lock().unwrap_or_else(PoisonError::into_inner);
        page.items.retain(|found| claims.iter().all(|(id, _, _)| *id != found.id));
        Ok(page)
    }
    async fn preview_allocate(&self, request: &Allocate) -> Result<Preview> {
        self.inner.preview_allocate(request).await
    }
    async fn update(&self, request: &Update) -> Result<Allocation> {
        self.inner.update(request).await
    }
    async fn usage(&self, ranges: &[RangeId]) -> Result<Vec<Usage>> {
        self.inner.usage(ranges).await
    }
    async fn define_range(&self, request: &DefineRange) -> Result<Range> {
        self.inner.define_range(request).await
    }
    async fn update_range(&self, request: &UpdateRange) -> Result<Range> {
        self.inner.update_range(request).await
    }
    async fn remove_range(&self, request: &RemoveRange) -> Result<RemovedRange> {
        self.inner.remove_range(request).await
    }
    async fn list_blocks(&self, request: &ListBlocks) -> Result<Page<Block>> {
        self.inner.list_blocks(request).await
    }
    async fn define_block(&self, request: &DefineBlock) -> Result<Block> {
        self.inner.define_block(request).await
    }
    async fn update_block(&self, request: &UpdateBlock) -> Result<Block> {
        self.inner.update_block(request).await
    }
    async fn remove_block(&self, request: &RemoveBlock) -> Result<Option<Block>> {
        self.inner.remove_block(request).await
    }
    async fn allocate_range(&self, request: &AllocateRange) -> Result<AllocatedRange> {
        self.inner.allocate_range(request).await
    }
    async fn deallocate_range(&self, request: &DeallocateRange) -> Result<RemovedRange> {
        self.inner.deallocate_range(request).await
    }
    async fn changes(&self, since: Option<&ChangePosition>, limit: u32) -> Result<Changes> {
        self.inner.changes(since, limit).await
    }
    async fn sweep(&self, request: &Sweep) -> Result<Swept> {
        let limit = usize::try_from(request.limit)
            .map_err(|_| Error::invalid(Operation::Sweep, "limit", request.limit, "-"))?;
        let (swept, more) = {
            let mut claims = self.claims.lock().unwrap_or_else(PoisonError::into_inner);
            let count = limit.min(claims.len());
            let more = claims.len() > count;
            if request.dry_run {
                (claims.iter().take(count).cloned().collect::<Vec<_>>(), more)
            } else {
                (claims.drain(..count).collect(), more)
            }
        };
        if !request.dry_run {
            for (id, _, _) in &swept {
                self.inner.deallocate(&Deallocate::id(id.clone())).await?;
            }
        }
        let claims = swept.into_iter().map(|(_, range, address)| AbandonedClaim::new(range, Some(address)));
        Ok(Swept::new(claims.collect(), more))
    }
    async fn list_records(&self, request: &ListRecords) -> Result<Page<PortableRecord>> {
        self.inner.list_records(request).await
    }
    async fn restore_records(&self, request: &RestoreRecords) -> Result<RestoredRecords> {
        self.inner.restore_records(request).await
    }
    async fn close(&self) -> Result<()> {
        self.inner.close().await
    }
}
